"""The campaign of drawn drills: plays them, keeps the results, reports. Entry: scripts/trials."""
