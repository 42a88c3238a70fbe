"""The lane's shape on the ground, and the calibrated site that everything else works from.

Decides how far along and across the lane a place on the ground is. Does not know about cameras
or people. Called by placing, tiles, hazards, drawing and the simulation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rig.core.camera_pose import CameraPose, Floats
from rig.errors import LaneError

Point = tuple[float, float]

_TURN_MOST_RAD = math.radians(60)
_EXTENSION_COST_M = 1e-6
"""A place on both the lane and its straight extension (a closed lap) is on the lane."""


@dataclass(frozen=True, slots=True)
class Lane:
    """A lane around a centre line of two or more ground points, run from the first to the last.

    Between points the lane is cut at mitre lines (half the corner's angle), so along and across
    are continuous over the whole neighbourhood and beyond the ends, where it goes on straight.
    `exit_zone_m` are the last metres; `run_off_m` is declared free past the end.
    Raises LaneError where the shape cannot be a lane.
    """

    centre_line: tuple[Point, ...]
    width_m: float = 1.22
    box_start_m: float = 0.0
    box_length_m: float = 3.0
    exit_zone_m: float = 5.0
    run_off_m: float = 3.0

    def __post_init__(self) -> None:
        problems = lane_problems(self)
        if problems:
            raise LaneError("\n".join(problems))

    @property
    def length_m(self) -> float:
        """Length of the centre line."""
        return float(_shape(self).starts[-1])

    def to_lane(self, ground_m: Floats) -> Floats:
        """(along, across) of ground places, (N, 2) to (N, 2); NaN stays NaN."""
        return _shape(self).to_lane(np.asarray(ground_m, dtype=np.float64))

    def to_ground(self, lane_m: Floats) -> Floats:
        """Ground places of (along, across), (N, 2) to (N, 2); the inverse of `to_lane`."""
        return _shape(self).to_ground(np.asarray(lane_m, dtype=np.float64))

    def directions(self, along_m: Floats) -> Floats:
        """Unit vectors (N, 2) of travel on the ground at `along_m` (N,)."""
        return _shape(self).directions(np.asarray(along_m, dtype=np.float64))


def straight_lane(length_m: float, width_m: float = 1.22) -> Lane:
    """A straight lane from (0, 0) along x."""
    return Lane(((0.0, 0.0), (length_m, 0.0)), width_m)


def arc_line(
    start: Point,
    heading_rad: float,
    radius_m: float,
    turn_rad: float,
    step_m: float = 2.0,
) -> tuple[Point, ...]:
    """Points along an arc, for a lane's centre line; positive `turn_rad` bends to the left.

    A running track's bend has a radius of 36.5 m (World Athletics: 36.50 m). With the default
    step of 2 m the polyline leaves that arc by at most 1.4 cm (step^2 / 8 radius).
    """
    if radius_m <= 0 or turn_rad == 0:
        raise LaneError(
            f"arc of radius {radius_m:g} m and turn {turn_rad:g} rad is no bend; "
            "give a radius above 0 m and a turn that is not 0"
        )
    side = math.copysign(1.0, turn_rad)
    pieces = max(1, math.ceil(abs(turn_rad) * radius_m / step_m))
    angles = heading_rad + np.linspace(0.0, turn_rad, pieces + 1)
    x = start[0] + side * radius_m * (np.sin(angles) - math.sin(heading_rad))
    y = start[1] - side * radius_m * (np.cos(angles) - math.cos(heading_rad))
    return tuple((float(a), float(b)) for a, b in zip(x, y, strict=True))


def lane_problems(lane: Lane) -> list[str]:
    """One sentence for each thing that cannot be true of a lane; empty if it is sound."""
    line = np.asarray(lane.centre_line, dtype=np.float64)
    if line.ndim != 2 or line.shape[0] < 2 or line.shape[1:] != (2,):
        return [f"lane centre line has {len(lane.centre_line)} points; give at least 2 of (x, y)"]
    if not np.all(np.isfinite(line)):
        return ["lane centre line holds a number that is not finite; give metres"]
    steps = np.diff(line, axis=0)
    if np.any(np.hypot(steps[:, 0], steps[:, 1]) < 0.01):
        return ["lane centre line holds a point twice (closer than 0.01 m); remove one"]
    return _bend_problems(lane, steps) + _zone_problems(lane, steps)


def _bend_problems(lane: Lane, steps: Floats) -> list[str]:
    headings = np.arctan2(steps[:, 1], steps[:, 0])
    turns = np.abs((np.diff(headings) + math.pi) % (2 * math.pi) - math.pi)
    if turns.size and turns.max() > _TURN_MOST_RAD:
        sentence = (
            f"lane centre line turns by {math.degrees(turns.max()):.0f} degrees in one point; "
            f"at most {math.degrees(_TURN_MOST_RAD):.0f} is a lane: add points to the bend"
        )
        return [sentence]
    return []


def _zone_problems(lane: Lane, steps: Floats) -> list[str]:
    length = float(np.hypot(steps[:, 0], steps[:, 1]).sum())
    box_end = lane.box_start_m + lane.box_length_m
    overlap = (
        f"start box ends at {box_end:g} m, in the exit zone that begins at "
        f"{length - lane.exit_zone_m:g} m; shorten one of them or lengthen the lane"
    )
    rules = (
        (lane.width_m > 0, f"lane width_m is {lane.width_m:g}; give more than 0 m"),
        (
            lane.box_length_m > 0,
            f"box_length_m is {lane.box_length_m:g}; give more than 0 m",
        ),
        (
            lane.exit_zone_m >= 0,
            f"exit_zone_m is {lane.exit_zone_m:g}; give 0 m or more",
        ),
        (lane.run_off_m >= 0, f"run_off_m is {lane.run_off_m:g}; give 0 m or more"),
        (box_end <= length - lane.exit_zone_m, overlap),
    )
    return [sentence for holds, sentence in rules if not holds]


class _Shape:
    """The lane's centre line taken apart for arithmetic.

    Each piece i runs from corner i along `unit[i]`. At a corner the lane is cut along the mitre
    `corner + d * mitre`, which has across component 1 to both pieces, so an across distance d is
    the plain distance from the piece's line and the offset lines of the pieces meet.
    """

    def __init__(self, lane: Lane) -> None:
        self.corners = np.asarray(lane.centre_line, dtype=np.float64)
        steps = np.diff(self.corners, axis=0)
        self.lengths = np.hypot(steps[:, 0], steps[:, 1])
        self.unit = steps / self.lengths[:, None]
        self.left = np.stack([-self.unit[:, 1], self.unit[:, 0]], axis=1)
        self.starts = np.concatenate([[0.0], np.cumsum(self.lengths)])
        both = self.left[:-1] + self.left[1:]
        inner = both / (both * self.left[1:]).sum(axis=1, keepdims=True)
        self.mitre = np.concatenate([self.left[:1], inner, self.left[-1:]])
        self.lean_in = (self.mitre[:-1] * self.unit).sum(axis=1)
        self.lean = (self.mitre[1:] * self.unit).sum(axis=1) - self.lean_in

    def to_lane(self, ground: Floats) -> Floats:
        offset = ground[:, None, :] - self.corners[None, :-1, :]
        run = (offset * self.unit).sum(axis=2)
        across = (offset * self.left).sum(axis=2)
        room = self.lengths + across * self.lean
        share = (run - across * self.lean_in) / np.where(room > 1e-9, room, np.nan)
        along = self.starts[:-1] + share * self.lengths
        cost = np.abs(across)
        cost = np.where((share >= -1e-12) & (share <= 1 + 1e-12), cost, np.inf)
        self._extend(run, across, along, cost)
        cost = np.where(np.isnan(cost), np.inf, cost)
        cost, along = self._rescue(run, across, along, cost)
        rows = np.arange(len(ground))
        best = cost.argmin(axis=1)
        return np.stack([along[rows, best], across[rows, best]], axis=1)

    def _extend(self, run: Floats, across: Floats, along: Floats, cost: Floats) -> None:
        """Straight on before the first corner and past the last."""
        is_before, is_past = run[:, 0] < 0, run[:, -1] > self.lengths[-1]
        along[is_before, 0] = run[is_before, 0]
        cost[is_before, 0] = np.abs(across[is_before, 0]) + _EXTENSION_COST_M
        along[is_past, -1] = self.starts[-2] + run[is_past, -1]
        cost[is_past, -1] = np.abs(across[is_past, -1]) + _EXTENSION_COST_M

    def _rescue(
        self, run: Floats, across: Floats, along: Floats, cost: Floats
    ) -> tuple[Floats, Floats]:
        """Places past a bend's centre belong to no piece: take the nearest piece for them."""
        is_lost = np.isinf(cost.min(axis=1)) & np.isfinite(across[:, 0])
        if not is_lost.any():
            return cost, along
        held = np.clip(run, 0.0, self.lengths)
        near = np.hypot(across, run - held)
        lost = is_lost[:, None]
        return np.where(lost, near, cost), np.where(lost, self.starts[:-1] + held, along)

    def to_ground(self, lane: Floats) -> Floats:
        along, across = lane[:, 0], lane[:, 1]
        piece = self._pieces(along)
        run = along - self.starts[piece]
        share = np.clip(run / self.lengths[piece], 0.0, 1.0)[:, None]
        mitre = self.mitre[piece] * (1 - share) + self.mitre[piece + 1] * share
        on_line = self.corners[piece] + run[:, None] * self.unit[piece]
        return np.asarray(on_line + across[:, None] * mitre, dtype=np.float64)

    def directions(self, along: Floats) -> Floats:
        return np.asarray(self.unit[self._pieces(along)], dtype=np.float64)

    def _pieces(self, along: Floats) -> NDArray[np.intp]:
        piece = np.searchsorted(self.starts, along, side="right") - 1
        return np.clip(piece, 0, len(self.lengths) - 1)


@lru_cache(maxsize=8)
def _shape(lane: Lane) -> _Shape:
    return _Shape(lane)


@dataclass(frozen=True, slots=True)
class Site:
    """One calibrated mount: everything that a lane file holds.

    `still` is the calibration still's file name beside the lane file (None: none kept);
    `error_px`, `error_m` are the worst point's errors at calibration, None where not measured.
    `tilt_sigma_rad` is what calibration leaves unknown of the angle under which the lane is seen,
    one standard deviation; range sigma includes it.
    """

    pose: CameraPose
    lane: Lane
    still: str | None = None
    error_px: float | None = None
    error_m: float | None = None
    tilt_sigma_rad: float = 0.001
