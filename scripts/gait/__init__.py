"""Measures the gait code against force plates; see `scripts/evaluate-gait`."""
