"""A starter is reckoned faster than estimated, until they have an even pace, and nobody else is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from rig.core.encounters import START_FADE_S, Scene
from rig.core.set_off import HELD_S, RISE_MPS, RISE_S, SLOW_MPS, SetOffWatch
from tests.unit.hazard_people import LANE, LIMITS, track


def told(speeds: Iterable[float], step_s: float = RISE_S) -> list[float | None]:
    """What the watch says to speeds that follow each other by `step_s`."""
    watch, me = SetOffWatch(), track(5.0)
    return [
        watch.update(replace(me, along_mps=speed), round(number * step_s * 1e9))
        for number, speed in enumerate(speeds)
    ]


def test_the_time_counts_from_when_the_runner_was_last_slow_and_got_no_faster() -> None:
    just_less = RISE_MPS - 0.01
    slow = [0.0, just_less, SLOW_MPS - 0.01]
    assert told([*slow, SLOW_MPS, SLOW_MPS]) == pytest.approx([0, 0, 0, RISE_S, 2 * RISE_S])


def test_who_gets_faster_while_still_slow_has_set_off() -> None:
    assert told([0.0, RISE_MPS, 2 * RISE_MPS])[:2] == pytest.approx([0.0, RISE_S])


@pytest.mark.parametrize("rise_mps", [RISE_MPS + 0.01, 2.0])
def test_a_start_is_as_long_as_the_speed_rises(rise_mps: float) -> None:
    rises = 6
    speeds = [number * rise_mps for number in range(rises)]
    found = told([*speeds, speeds[-1], speeds[-1]])
    most = [min(number * RISE_S, HELD_S) for number in range(rises)]
    assert found == pytest.approx([*most, HELD_S + RISE_S, min(HELD_S + 2 * RISE_S, 7 * RISE_S)])


def test_who_brakes_is_no_starter_until_they_are_slow_again() -> None:
    found = told([0.0, 2.0, 3.0, 3.0 - RISE_MPS, 2.4, 0.5, 0.5, 1.5])
    assert found[3:5] == [None, None]
    assert found[6:] == pytest.approx([0.0, RISE_S])


def test_who_was_never_seen_slow_is_no_starter() -> None:
    assert told([3.0, 4.0, 5.0]) == [None, None, None]


def test_at_any_frame_rate_a_start_is_known_by_its_end() -> None:
    for rate_hz in (5, 8, 15, 30):
        speeds = [min(4.0, 1.5 * number / rate_hz) for number in range(4 * rate_hz)]
        found = told(speeds, 1 / rate_hz)
        assert all(one is not None and one <= HELD_S for one in found[: round(2.6 * rate_hz)])
        assert found[-1] is not None
        assert found[-1] > HELD_S + 0.5


@pytest.mark.parametrize(("going_s", "share"), [
    (None, 0.0), (0.0, 0.0), (0.1, 1.0), (LIMITS.start_s - START_FADE_S, 1.0),
    (LIMITS.start_s - START_FADE_S / 2, 0.5), (LIMITS.start_s, 0.0), (60.0, 0.0),
])  # fmt: skip
def test_a_starter_gets_faster_until_the_estimate_has_caught_up(
    going_s: float | None, share: float
) -> None:
    scene = Scene(track(5.0, v=2.0), (), LANE, LIMITS, going_s)
    assert scene.start_share == pytest.approx(share)
    assert scene.start_mps == pytest.approx(share * LIMITS.start_more_mps)
