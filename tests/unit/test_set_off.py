"""A starter is reckoned faster than estimated, for a while, and nobody else is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rig.core.encounters import START_FADE_S, Scene
from rig.core.set_off import SLOW_MPS, SetOffWatch
from tests.unit.hazard_people import LANE, LIMITS, track


def test_the_time_counts_from_when_the_runner_was_last_slow() -> None:
    watch, me = SetOffWatch(), track(5.0)
    speeds = [0.0, 0.9, SLOW_MPS, 3.0, 0.5, 2.0]
    told = [
        watch.update(replace(me, along_mps=speed), number * 10**9)
        for number, speed in enumerate(speeds)
    ]
    assert told == [0.0, 0.0, 1.0, 2.0, 0.0, 1.0]


def test_who_was_never_seen_slow_is_no_starter() -> None:
    assert SetOffWatch().update(track(5.0, v=3.0), 10**9) is None


@pytest.mark.parametrize(("going_s", "share"), [
    (None, 0.0), (0.0, 0.0), (0.1, 1.0), (LIMITS.start_s - START_FADE_S, 1.0),
    (LIMITS.start_s - START_FADE_S / 2, 0.5), (LIMITS.start_s, 0.0), (60.0, 0.0),
])  # fmt: skip
def test_a_starter_gets_faster_until_the_estimate_has_caught_up(
    going_s: float | None, share: float
) -> None:
    scene = Scene(track(5.0, v=2.0), (), LANE, LIMITS, going_s)
    assert scene.start_mps == pytest.approx(share * LIMITS.start_more_mps)
