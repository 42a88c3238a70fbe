"""Judges real clips with the shipped detector and compares with what a person saw in them."""
