"""The law for a runner who sets off or brakes, and for who may stop in the lane."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rig.core.encounters import PASSES_MPS, START_LAG_M
from rig.core.stopping import stop_end_m, stop_m
from rig.records import Cause, Level
from tests.unit.hazard_people import LANE, LIMITS, REACH, judged, level, runner, track

FASTER_MPS = LIMITS.start_more_mps


@pytest.mark.parametrize("v", [0.5, 2.0, 4.0])
@pytest.mark.parametrize(("off", "is_now"), [(-0.01, True), (0.01, False)])
def test_a_starter_is_stopped_for_the_lane_end_as_somebody_faster_and_farther_along(
    v: float, off: float, is_now: bool
) -> None:
    need_m = stop_end_m(v + FASTER_MPS, LIMITS) + START_LAG_M
    who = replace(runner(v, along=LANE.length_m - need_m - off), going_s=0.5)
    causes = {h.cause for h in judged(who)}
    assert (Cause.LANE_END_NOW in causes) is is_now
    assert Cause.LANE_END_NOW not in {h.cause for h in judged(replace(who, going_s=None))}


@pytest.mark.parametrize("v", [1.0, 3.0])
@pytest.mark.parametrize(("off", "is_stop"), [(-0.01, True), (0.01, False)])
def test_a_starter_is_stopped_for_a_thing_as_somebody_faster_and_farther_along(
    v: float, off: float, is_stop: bool
) -> None:
    reach_m = stop_m(v + FASTER_MPS, LIMITS) + START_LAG_M
    who = replace(runner(v), going_s=0.5)
    assert (level(who, track(10.0 + REACH + reach_m + off)) is Level.STOP) is is_stop


def test_who_walks_across_the_lane_may_stop_in_it() -> None:
    """At 1.2 m/s they are out long before the runner is there; only standing are they hit."""
    near_m = 10.0 + REACH + stop_m(3.0, LIMITS) - 0.1
    assert level(runner(3.0), track(near_m, 0.3, across_v=1.2)) is Level.STOP
    assert level(runner(3.0), track(near_m, 1.5, across_v=1.2)) is Level.SILENT
    assert level(runner(3.0), track(near_m, 0.3, across_v=PASSES_MPS)) is not Level.STOP


def test_a_runner_who_brakes_is_not_stopped_again_for_who_crosses() -> None:
    near_m = 10.0 + REACH + stop_m(3.0, LIMITS) - 0.1
    braking = replace(runner(3.0), is_slowing=True)
    assert level(braking, track(near_m, 0.3, across_v=1.2)) is not Level.STOP


@pytest.mark.parametrize("is_slowing", [False, True])
def test_who_brakes_hears_that_the_lane_is_not_clear_before_they_stand(is_slowing: bool) -> None:
    stander = replace(track(30.0), first_t_ns=-(10**9))
    braking = replace(runner(2.0), is_slowing=is_slowing)
    causes = {h.cause for h in judged(braking, stander)}
    assert (Cause.LANE_NOT_CLEAR in causes) is is_slowing


def test_the_lane_is_not_clear_while_somebody_stands_in_it_however_far() -> None:
    stander = replace(track(45.0), first_t_ns=-(10**9))
    assert Cause.ALL_CLEAR not in {h.cause for h in judged(runner(2.0), stander)}
    assert Cause.ALL_CLEAR in {h.cause for h in judged(runner(2.0), replace(stander, across_m=3.0))}
