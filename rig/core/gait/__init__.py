"""How the runner moves: from keypoints over time to steps, cadence and what may be said of them.

Pure, and apart from the guard: nothing here is called by `core.pipeline`.
"""
