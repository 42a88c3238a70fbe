"""Where an actor of a scene is at a time: a table of waypoints, walked in straight lines.

Decides places in the lane frame only. Called by `scenes`. Everything is closed form in the time
asked for, so truth does not depend on how often anybody asks.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass

_SETTLE_S = 0.3
"""How long a walker takes to bring the feet together."""


@dataclass(frozen=True, slots=True)
class Waypoint:
    """Be at (along, across) at `t_s`."""

    t_s: float
    along_m: float
    across_m: float


@dataclass(frozen=True, slots=True)
class Place:
    """One moment: place and velocity in the lane frame, direction faced, metres walked so far.

    `heading_rad` is 0 facing along the direction of travel and grows to the left; `still` is 0
    while moving and 1 while standing.
    """

    along_m: float
    across_m: float
    along_mps: float
    across_mps: float
    heading_rad: float
    walked_m: float
    still: float

    @property
    def speed_mps(self) -> float:
        """Speed over the ground."""
        return math.hypot(self.along_mps, self.across_mps)


@dataclass(frozen=True, slots=True)
class Path:
    """Waypoints in order of time. Before the first and after the last one the actor stands.

    `after` names an event of the runner ("stop 1": its first stop); then times count from that
    event, and until it happens the actor waits at the first waypoint. `facing_rad` is where
    the actor looks while standing (None: where they last walked).
    """

    waypoints: tuple[Waypoint, ...]
    after: str | None = None
    facing_rad: float | None = None

    def place(self, t_s: float | None) -> Place:
        """The place at `t_s` since the path's zero; None: its event has not happened yet."""
        first = self.waypoints[0]
        if t_s is None:
            return self._standing(0, first)
        index = bisect_right([point.t_s for point in self.waypoints], t_s) - 1
        if index < 0:
            return self._standing(0, first)
        if index == len(self.waypoints) - 1:
            return self._standing(index, self.waypoints[-1], self._still(t_s))
        start, end = self.waypoints[index : index + 2]
        lasts = end.t_s - start.t_s
        share = (t_s - start.t_s) / lasts
        along_mps = (end.along_m - start.along_m) / lasts
        across_mps = (end.across_m - start.across_m) / lasts
        if math.hypot(along_mps, across_mps) < 1e-6:
            return self._standing(index, start, self._still(t_s))
        return Place(
            start.along_m + (end.along_m - start.along_m) * share,
            start.across_m + (end.across_m - start.across_m) * share,
            along_mps,
            across_mps,
            math.atan2(across_mps, along_mps),
            self._walked(t_s),
            self._still(t_s),
        )

    def _standing(self, index: int, point: Waypoint, still: float = 1.0) -> Place:
        heading = self.facing_rad
        if heading is None or still < 0.5:
            heading = self._last_heading(index)
        walked = self._walked(self.waypoints[index].t_s)
        return Place(point.along_m, point.across_m, 0.0, 0.0, heading, walked, still)

    def _last_heading(self, index: int) -> float:
        for start, end in zip(
            reversed(self.waypoints[:index]), reversed(self.waypoints[1 : index + 1]), strict=True
        ):
            if math.hypot(end.along_m - start.along_m, end.across_m - start.across_m) > 1e-6:
                return math.atan2(end.across_m - start.across_m, end.along_m - start.along_m)
        return self.facing_rad if self.facing_rad is not None else math.pi

    def _walked(self, t_s: float) -> float:
        walked = 0.0
        for start, end in zip(self.waypoints, self.waypoints[1:], strict=False):
            share = min(max((t_s - start.t_s) / (end.t_s - start.t_s), 0.0), 1.0)
            far = math.hypot(end.along_m - start.along_m, end.across_m - start.across_m)
            walked += far * share
        return walked

    def _still(self, t_s: float) -> float:
        """1 standing, 0 moving, from how far the last moments brought the actor."""
        moved = self._walked(t_s) - self._walked(t_s - _SETTLE_S)
        share = min(moved / (0.5 * _SETTLE_S), 1.0)
        return 1.0 - share * share * (3.0 - 2.0 * share)


def stand(along_m: float, across_m: float, facing_rad: float = 0.0) -> Path:
    """Somebody or something that stays."""
    return Path((Waypoint(0.0, along_m, across_m),), None, facing_rad)


def go(
    start: tuple[float, float],
    end: tuple[float, float],
    speed_mps: float,
    start_s: float = 0.0,
    after: str | None = None,
    facing_rad: float | None = None,
) -> Path:
    """From one (along, across) to another at a speed, beginning at `start_s`."""
    lasts = math.dist(start, end) / speed_mps
    points = (Waypoint(start_s, *start), Waypoint(start_s + lasts, *end))
    return Path(points, after, facing_rad)


def cross(
    along_m: float,
    from_across_m: float,
    to_across_m: float,
    speed_mps: float,
    start_s: float,
    after: str | None = None,
) -> Path:
    """Across the lane at one place."""
    return go((along_m, from_across_m), (along_m, to_across_m), speed_mps, start_s, after)
