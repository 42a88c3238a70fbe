"""Legs whose names the pose model mixed up are given their own again.

Decides for each frame whether left and right leg are exchanged, by what makes them move least.
Called by `core.gait.cleaning`.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rig.core.gait.keypoints import LEFT_LEG, RIGHT_LEG, Floats

HOLE_TELLS: Final = 2.5
"""Periods: over a longer hole nothing tells which leg is which but the names."""
SWAP_PRICE: Final = 0.05
"""Of the legs' height, for each frame whose names are called wrong [J]."""


def unswap(times_s: Floats, points: Floats) -> Floats:
    """Points (N, J, 2) px with legs exchanged wherever that makes the legs move least.

    The cheapest of all sequences of right and exchanged frames (Viterbi over two states), so a
    swap that lasts is found as well as a lone one. Over a hole legs may have passed each other:
    there the names decide, which are more often right than wrong.
    """
    if len(points) < 2:
        return points
    legs = np.stack([points[:, LEFT_LEG], points[:, RIGHT_LEG]], axis=1)
    steps_s = np.diff(times_s, prepend=times_s[0])
    is_near = steps_s <= HOLE_TELLS * float(np.median(steps_s[1:]))
    stay = np.where(is_near, _leg_travel(legs, legs), 0.0)
    cross = np.where(is_near, _leg_travel(legs, legs[:, ::-1]), 0.0)
    rows = np.flatnonzero(_cheapest_states(stay, cross, SWAP_PRICE * _leg_px(legs)))
    mended = points.copy()
    mended[rows[:, None], LEFT_LEG] = points[rows[:, None], RIGHT_LEG]
    mended[rows[:, None], RIGHT_LEG] = points[rows[:, None], LEFT_LEG]
    return mended


def _cheapest_states(stay: Floats, cross: Floats, price: float) -> NDArray[np.intp]:
    """(N,) 0 for right, 1 for exchanged; each exchanged frame costs `price` as well."""
    cost, came = np.array([0.0, price]), np.zeros((len(stay), 2), np.intp)
    for row in range(1, len(stay)):
        ways = cost[:, None] + np.array([[stay[row], cross[row]], [cross[row], stay[row]]])
        came[row] = ways.argmin(axis=0)
        cost = ways.min(axis=0) + np.array([0.0, price])
    states = np.zeros(len(stay), np.intp)
    states[-1] = int(cost[1] < cost[0])
    for row in range(len(stay) - 1, 0, -1):
        states[row - 1] = came[row, states[row]]
    return states


def _leg_travel(legs: Floats, before: Floats) -> Floats:
    """(N,) how far the joints of legs (N, 2, L, 2) went since the frame before; NaN counts 0."""
    steps = np.zeros(legs.shape[:3])
    steps[1:] = np.linalg.norm(legs[1:] - before[:-1], axis=-1)
    return np.asarray(np.nan_to_num(steps).sum(axis=(1, 2)))


def _leg_px(legs: Floats) -> float:
    """How tall the legs (N, 2, L, 2) stand in the picture."""
    rows = legs[..., 1].reshape(len(legs), -1)
    rows = rows[np.isfinite(rows).any(axis=1)]
    return float(np.median(np.nanmax(rows, axis=1) - np.nanmin(rows, axis=1))) if len(rows) else 0.0
