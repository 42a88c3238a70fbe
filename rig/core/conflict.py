"""When two things meet on the lane, in closed form.

A meeting is an overlap in time of two conditions: along, the runner's reach touches the thing's
extent; across, the thing is inside the corridor (the runner counts as the whole lane's width).
The runner moves at a constant speed or brakes to standing; the thing keeps its speed.
Decides nothing about alerts: `core.hazard` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Thing:
    """What may be met, relative to the runner now and the lane's centre line."""

    gap_m: float
    """From runner's middle to the thing's middle, along; positive in the direction of travel."""
    along_mps: float
    across_m: float
    across_mps: float


@dataclass(frozen=True, slots=True)
class Meeting:
    """The first contact: in how many seconds, after how many metres of the runner's way."""

    ttc_s: float
    travel_m: float


def first_meeting(
    runner_mps: float,
    brake_mps2: float,
    thing: Thing,
    reach_m: float,
    corridor_m: float,
    horizon_s: float,
) -> Meeting | None:
    """The earliest time in 0..`horizon_s` at which both conditions hold, or None.

    `reach_m` is the sum of both half extents along, `corridor_m` the half width across in which
    the thing is in the way. `brake_mps2` 0 means that the runner keeps `runner_mps`.
    """
    inside = _inside_corridor(thing, corridor_m)
    if inside is None:
        return None
    start, end = max(0.0, inside[0]), min(horizon_s, inside[1])
    times = [
        max(start, touch[0])
        for touch in _touching(runner_mps, brake_mps2, thing, reach_m, horizon_s)
        if max(start, touch[0]) <= min(end, touch[1])
    ]
    if not times:
        return None
    ttc_s = min(times)
    return Meeting(ttc_s, _travel_m(runner_mps, brake_mps2, ttc_s))


def _travel_m(speed_mps: float, brake_mps2: float, t_s: float) -> float:
    if brake_mps2 > 0:
        t_s = min(t_s, speed_mps / brake_mps2)
    return speed_mps * t_s - brake_mps2 * t_s**2 / 2


def _inside_corridor(thing: Thing, corridor_m: float) -> Interval | None:
    """When |across| <= corridor_m, over all times."""
    if thing.across_mps == 0.0:
        return (-inf, inf) if abs(thing.across_m) <= corridor_m else None
    edges = (
        (-corridor_m - thing.across_m) / thing.across_mps,
        (corridor_m - thing.across_m) / thing.across_mps,
    )
    return min(edges), max(edges)


def _touching(
    speed_mps: float, brake_mps2: float, thing: Thing, reach_m: float, horizon_s: float
) -> list[Interval]:
    """When the distance along is within `reach_m`: up to two intervals for each motion piece."""
    closing = thing.along_mps - speed_mps
    if brake_mps2 <= 0.0:
        return _within(thing.gap_m, closing, 0.0, reach_m, 0.0, horizon_s)
    stop_s = speed_mps / brake_mps2
    braking = _within(thing.gap_m, closing, brake_mps2 / 2, reach_m, 0.0, min(stop_s, horizon_s))
    if stop_s >= horizon_s:
        return braking
    gap_then = thing.gap_m + closing * stop_s + brake_mps2 / 2 * stop_s**2
    standing = _within(
        gap_then - thing.along_mps * stop_s, thing.along_mps, 0.0, reach_m, stop_s, horizon_s
    )
    return braking + standing


def _within(
    c0: float, c1: float, c2: float, reach_m: float, start_s: float, end_s: float
) -> list[Interval]:
    """Where -reach <= c0 + c1 t + c2 t^2 <= reach within [start, end]; c2 >= 0."""
    low = _below(c0 - reach_m, c1, c2)
    if low is None:
        return []
    hole = _below(c0 + reach_m, c1, c2)
    pieces = [low] if hole is None else [(low[0], hole[0]), (hole[1], low[1])]
    clipped = [(max(a, start_s), min(b, end_s)) for a, b in pieces]
    return [(a, b) for a, b in clipped if a <= b]


def _below(c0: float, c1: float, c2: float) -> Interval | None:
    """Where c0 + c1 t + c2 t^2 <= 0 for c2 >= 0: one interval, maybe unbounded."""
    if c2 == 0.0:
        if c1 == 0.0:
            return (-inf, inf) if c0 <= 0 else None
        root = -c0 / c1
        return (-inf, root) if c1 > 0 else (root, inf)
    under = c1 * c1 - 4 * c2 * c0
    if under < 0:
        return None
    root = sqrt(under)
    return (-c1 - root) / (2 * c2), (-c1 + root) / (2 * c2)
