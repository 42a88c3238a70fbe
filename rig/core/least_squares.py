"""Levenberg-Marquardt for a handful of numbers (Marquardt 1963; Press et al., 15.5).

Decides nothing; called by `pose_fit`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from rig.core.lens import Floats

_STEPS_MOST = 100
_DAMPING_MOST = 1e12
_SETTLED = 1e-12


def refined(
    start: Floats,
    free: NDArray[np.intp],
    misses: Callable[[Floats], Floats],
    slopes: Callable[[Floats], Floats],
) -> tuple[float, Floats]:
    """Levenberg-Marquardt with Marquardt's scaling; (sum of squared misses, numbers).

    Only the numbers at the indices `free` move. A step whose misses are NaN is refused like one
    that makes them larger; a start whose misses are NaN costs infinity.
    """
    numbers, damping = start.copy(), 1e-3
    miss = misses(numbers)
    cost = float(miss @ miss)
    if not math.isfinite(cost):
        return math.inf, numbers
    for _ in range(_STEPS_MOST):
        slope = slopes(numbers)[:, free]
        normal, pull = slope.T @ slope, slope.T @ miss
        if not np.all(np.isfinite(normal)):
            return math.inf, numbers
        before = cost
        while damping < _DAMPING_MOST:
            step = np.linalg.solve(normal + damping * np.diag(np.diag(normal) + 1e-12), pull)
            tried = numbers.copy()
            tried[free] -= np.clip(step, -10.0, 10.0)
            miss_tried = misses(tried)
            cost_tried = float(miss_tried @ miss_tried)
            if cost_tried <= cost:
                numbers, miss, cost, damping = tried, miss_tried, cost_tried, damping / 10
                break
            damping *= 10
        if damping >= _DAMPING_MOST or before - cost <= _SETTLED * (before + _SETTLED):
            break
    return cost, numbers
