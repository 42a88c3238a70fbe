"""Trains, exports and measures the pose model; the rig itself never imports this."""
