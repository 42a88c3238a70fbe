"""Power cuts, simulated: what of the log and the clips is on disk afterwards, and what starts."""
