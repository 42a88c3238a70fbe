"""The fault matrix: what is heard, how soon, and what is lost when a part of the rig fails."""
