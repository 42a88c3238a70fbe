"""Which sighting belongs to which track: the cheapest pairs inside the gate.

Cost is minus twice the log likelihood of the distance on both axes of the lane, plus penalties
for another kind and for a box that does not overlap the last one. Pairs are taken cheapest first;
then two pairs swap partners while that lowers the sum, which keeps names when people cross.
Pure arithmetic on whole arrays: near linear in practice. Used by `core.tracker`.
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
    rows, columns = np.nonzero(np.isfinite(cost))
    order = np.lexsort((columns, rows, cost[rows, columns]))
    row_of: dict[int, int] = {}
    used: set[int] = set()
    for index in order:
        row, column = int(rows[index]), int(columns[index])
        if row not in used and column not in row_of:
            row_of[column] = row
            used.add(row)
    _swap_while_cheaper(row_of, cost)
    return [(row, column) for column, row in row_of.items()]


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
    cost += PICTURE_PENALTY * (1 - _overlaps(tracks, placed))
    cost += _colour_costs(tracks, placed)
    kinds = np.array([_KINDS[e.kind] for e in tracks])
    is_other = kinds[:, None] != np.array([_KINDS[p.detection.kind] for p in placed])[None, :]
    unseen_s = np.minimum(UNSEEN_MOST_S, [e.unseen_s for e in tracks])
    cost += UNSEEN_PENALTY * unseen_s[:, None]
    return np.where(is_near, cost + KIND_PENALTY * is_other, np.inf)


def _swap_while_cheaper(row_of: dict[int, int], cost: NDArray[np.float64]) -> None:
    """Exchange the tracks of two sightings while that lowers the sum (crossing people)."""
    columns = sorted(row_of)
    own = cost[np.ix_([row_of[c] for c in columns], columns)]
    # Only pairs within each other's gates can swap: few, however many things there are.
    rivals = np.argwhere(np.triu(np.isfinite(own) & np.isfinite(own.T), 1))
    pairs = [(columns[a], columns[b]) for a, b in rivals]
    is_better = bool(pairs)
    while is_better:
        is_better = False
        for a, b in pairs:
            now = cost[row_of[a], a] + cost[row_of[b], b]
            if cost[row_of[b], a] + cost[row_of[a], b] < now - 1e-9:
                row_of[a], row_of[b] = row_of[b], row_of[a]
                is_better = True


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
