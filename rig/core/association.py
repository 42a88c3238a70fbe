"""Which sighting belongs to which track: the cheapest pairs inside the gate.

Cost is minus twice the log likelihood of the distance on both axes of the lane, plus penalties
for another kind and for a box that does not overlap the last one. The pairs taken are those of the
least sum for all together, which keeps names when people cross. Used by `core.tracker`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rig.config import TrackerLimits
from rig.records import Box, Kind, Placed

KIND_PENALTY = 4.0
"""Cost in squared sigmas of a sighting of another kind: kinds flicker, places do not."""
PICTURE_PENALTY = 4.0
"""Cost in squared sigmas of a box that does not overlap the last one at all."""

UNSEEN_PENALTY = 10.0
"""Cost in squared sigmas a second: of two tracks, the one that was seen last has the better
claim; an unseen one must not steal the sightings of the thing that hides it."""
UNSEEN_MOST_S = 0.6
VAGUE_MOST_M = 0.7
"""A track reaches no farther than as if its place were known to this: what was not seen for a
second could else be anywhere, and would take whatever comes [J]."""
COLOUR_SIGMA = 20.0
"""Scatter of one mean colour, 0 to 255, of the same clothes from box to box [J]."""
COLOUR_PENALTY_MOST = 6.0
"""Cost in squared sigmas of quite other colours: light changes, so they never forbid a pair."""
SAME_BOX = 0.5
"""A box that overlaps a track's last one by this share may be theirs, however many metres it is
off: far away a lower edge is good to metres, and a start is learnt late, but two people with boxes
so alike would hide each other (trials: dog beside, weaving)."""
ALONE_COST = 22.0
"""Cost of a track without a sighting and a sighting without a track, in the same squared sigmas:
minus twice the log of a miss (one in five: 3) and of a false or new box here and now (one in 100
frames on some 600 m2: 22), less the 4 that the density of a pair leaves out."""
_KINDS = {kind: number for number, kind in enumerate(Kind)}


@dataclass(frozen=True, slots=True)
class Expected:
    """Where a track should be now: place and variance on both axes, kind and last box."""

    along_m: float
    across_m: float
    along_var_m2: float
    across_var_m2: float
    kind: Kind
    box: Box
    unseen_s: float = 0.0
    colours: tuple[float, ...] = ()


def assign(
    tracks: Sequence[Expected], placed: Sequence[Placed], limits: TrackerLimits
) -> list[tuple[int, int]]:
    """Pairs (index of track, index of sighting); each index at most once."""
    if not placed or not tracks:
        return []
    cost = _costs(tracks, placed, limits)
    return cheapest(cost, ALONE_COST)


def cheapest(cost: NDArray[np.float64], alone: float) -> list[tuple[int, int]]:
    """Pairs (row, column) of the least sum, where each row may stay alone at `alone`.

    Infinite costs are no pairs. Shortest augmenting paths with potentials (Kuhn 1955, Jonker and
    Volgenant 1987): each row in turn takes a column, and others move over where that is cheaper
    for all together. One pair at a time, the cheapest first, leaves a track alone whose only
    sighting another took that had two: two people in line then lost a name (trials: leaves again).
    """
    count, width = cost.shape
    padded = np.full((count, width + count), np.inf)
    padded[:, :width] = cost
    padded[np.arange(count), width + np.arange(count)] = alone
    row_of = np.full(width + count, -1)
    row_price, column_price = np.zeros(count), np.zeros(width + count)
    for row in range(count):
        _augment(row, padded, row_of, row_price, column_price)
    return [(int(row_of[c]), int(c)) for c in np.flatnonzero(row_of[:width] >= 0)]


def _augment(
    start: int,
    cost: NDArray[np.float64],
    row_of: NDArray[np.int_],
    row_price: NDArray[np.float64],
    column_price: NDArray[np.float64],
) -> None:
    """Give row `start` a column along the shortest path of rows that move over; in place."""
    width = cost.shape[1]
    far, came = np.full(width, np.inf), np.full(width, -1)
    is_open = np.ones(width, dtype=np.bool_)
    row, column, rows, way = start, -1, [start], 0.0
    while True:
        step = way + cost[row] - row_price[row] - column_price
        is_nearer = is_open & (step < far)
        far[is_nearer], came[is_nearer] = step[is_nearer], column
        column = int(np.where(is_open, far, np.inf).argmin())
        way = float(far[column])
        is_open[column] = False
        if row_of[column] < 0:
            break
        row = int(row_of[column])
        rows.append(row)
    done = np.flatnonzero(~is_open)
    gain = way - far[done]
    held = row_of[done]
    row_price[start] += way
    is_held = held >= 0
    row_price[held[is_held]] += gain[is_held]
    column_price[done] -= gain
    while column >= 0:
        before = int(came[column])
        row_of[column] = start if before < 0 else row_of[before]
        column = before


def _costs(
    tracks: Sequence[Expected], placed: Sequence[Placed], limits: TrackerLimits
) -> NDArray[np.float64]:
    """[tracks, sightings] squared sigmas plus penalties; inf outside the gate."""
    t = np.array([(e.along_m, e.across_m, e.along_var_m2, e.across_var_m2) for e in tracks])
    s = np.array([(p.along_m, p.across_m, p.along_sigma_m, p.across_sigma_m) for p in placed])
    off_along = np.abs(t[:, None, 0] - s[None, :, 0])
    off_across = np.abs(t[:, None, 1] - s[None, :, 1])
    along_var = np.minimum(t[:, None, 2], VAGUE_MOST_M**2) + s[None, :, 2] ** 2
    across_var = np.minimum(t[:, None, 3], VAGUE_MOST_M**2) + s[None, :, 3] ** 2
    along2, across2 = off_along**2 / along_var, off_across**2 / across_var
    gate2 = limits.gate_sigmas**2
    is_near = (along2 < gate2) | (off_along < limits.gate_least_m)
    is_near &= (across2 < gate2) | (off_across < limits.gate_least_m)
    # The logarithm makes it a likelihood: a vague track must not outbid a sure one everywhere.
    cost = along2 + across2 + np.log(along_var * across_var)
    overlaps = _overlaps(tracks, placed)
    is_near |= overlaps >= SAME_BOX
    cost += PICTURE_PENALTY * (1 - overlaps)
    cost += _colour_costs(tracks, placed)
    kinds = np.array([_KINDS[e.kind] for e in tracks])
    is_other = kinds[:, None] != np.array([_KINDS[p.detection.kind] for p in placed])[None, :]
    unseen_s = np.minimum(UNSEEN_MOST_S, [e.unseen_s for e in tracks])
    cost += UNSEEN_PENALTY * unseen_s[:, None]
    return np.where(is_near, cost + KIND_PENALTY * is_other, np.inf)


def _overlaps(tracks: Sequence[Expected], placed: Sequence[Placed]) -> NDArray[np.float64]:
    """[tracks, sightings] intersection over union of the last box and the new one."""
    a = np.array([t.box.sides_px for t in tracks])[:, None, :]
    b = np.array([p.detection.box.sides_px for p in placed])[None, :, :]
    size = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    both = np.prod(np.clip(size, 0, None), axis=-1)
    areas = np.prod(a[..., 2:] - a[..., :2], axis=-1) + np.prod(b[..., 2:] - b[..., :2], axis=-1)
    return np.asarray(both / np.maximum(areas - both, 1e-9))


def _colour_costs(tracks: Sequence[Expected], placed: Sequence[Placed]) -> NDArray[np.float64]:
    """[tracks, sightings] mean squared difference of the colours in sigmas; 0 where unknown."""
    a = np.array([t.colours or _UNKNOWN for t in tracks])[:, None, :]
    b = np.array([p.detection.colours or _UNKNOWN for p in placed])[None, :, :]
    off2 = ((a - b) / COLOUR_SIGMA) ** 2
    costs = np.minimum(off2.mean(axis=-1), COLOUR_PENALTY_MOST)
    return np.asarray(np.nan_to_num(costs, nan=0.0), dtype=np.float64)


_UNKNOWN = (np.nan,) * 6
