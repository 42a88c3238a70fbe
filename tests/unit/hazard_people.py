"""Runner and others on an empty lane, for tests of the hazard law."""

from __future__ import annotations

from rig.config import HazardLimits
from rig.core.alerts import ALERTS
from rig.core.hazard import assess
from rig.core.lane import straight_lane
from rig.records import Box, Hazard, Kind, Level, Phase, Runner, Track

LIMITS = HazardLimits()
LANE = straight_lane(60.0)
BOX = Box(0.0, 0.0, 10.0, 30.0)
REACH = LIMITS.runner_reach_m + 0.25
"""Runner's reach plus the half width of the things below."""


def track(
    along: float,
    across: float = 0.0,
    v: float = 0.0,
    across_v: float = 0.0,
    number: int = 2,
    sigma: float = 0.0,
    speed_sigma: float = 0.0,
) -> Track:
    return Track(
        number, Kind.PERSON, 0, 0, 0, along, across, v, across_v,
        sigma, min(sigma, 0.2), speed_sigma, speed_sigma, 0.5, 1.7, 0.9, BOX, True,
    )  # fmt: skip


def runner(v: float, along: float = 10.0, phase: Phase = Phase.RUNNING) -> Runner:
    return Runner(phase, track(along, v=v, number=1))


def judged(who: Runner, *others: Track, limits: HazardLimits = LIMITS) -> tuple[Hazard, ...]:
    return assess(who, others, LANE, limits, 0)


def level(who: Runner, *others: Track, limits: HazardLimits = LIMITS) -> Level:
    found = [ALERTS[h.cause].level for h in judged(who, *others, limits=limits)]
    return max((lv for lv in found if lv > Level.OK), default=Level.SILENT)
