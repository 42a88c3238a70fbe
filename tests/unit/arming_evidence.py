"""A rig that may arm, for the tests of arming and its self-test."""

from __future__ import annotations

from dataclasses import replace

from rig.core.self_test import Evidence
from rig.records import Box, Kind, Track
from rig.sim.drills import mount_a

SITE = replace(mount_a(), still="still.png")
LANE = SITE.lane
T0 = 5_000_000_000_000


def ns(s: float) -> int:
    return T0 + round(s * 1e9)


def good(at_s: float = 0.0) -> Evidence:
    """A rig that may arm."""
    now_ns = ns(at_s)
    return Evidence(now_ns, now_ns, (), (), SITE, None, None, now_ns, 300, 0.1, 0.4, 0.5)


def track(along_m: float, across_m: float = 0.0, is_confirmed: bool = True) -> Track:
    box = Box(0.0, 0.0, 10.0, 40.0)
    places = (along_m, across_m, 0.0, 0.0, 0.1, 0.1, 0.1, 0.1, 0.5, 1.7, 0.9, box, is_confirmed)
    return Track(1, Kind.PERSON, T0, T0, T0, *places)
