"""Falls from the height of a box, and what is no fall."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from rig.core.fall import FallState, FallWatch
from rig.records import Box, Kind, Track

TRACK = Track(
    1, Kind.PERSON, 0, 0, 0, 20.0, 0.0, 0.0, 0.0, 0.1, 0.1, 0.1, 0.1, 0.5, 1.75, 0.9,
    Box(0, 0, 20, 60), True,
)  # fmt: skip


def watch(
    height: Callable[[float], float | None], until_s: float, rate_hz: float
) -> list[tuple[float, FallState]]:
    """Heights over time (None: not seen) into fall states."""
    fall, found, last = FallWatch(None), [], TRACK
    for number in range(int(until_s * rate_hz) + 1):
        t_ns, tall_m = round(number / rate_hz * 1e9), height(number / rate_hz)
        last = replace(last, t_ns=t_ns)
        if tall_m is not None:
            last = replace(last, seen_t_ns=t_ns, height_m=tall_m)
        found.append((number / rate_hz, fall.update(last, None, t_ns)))
    return found


def topple(t: float) -> float:
    """Upright until 3 s, then flat within 0.6 s."""
    return 1.75 if t < 3 else max(0.55, 1.75 - 2.0 * (t - 3.0))


@pytest.mark.parametrize("rate_hz", [8.0, 15.0, 30.0])
def test_a_fall_alarms_within_a_second_and_is_confirmed(rate_hz: float) -> None:
    found = watch(topple, 6.0, rate_hz)
    alarm_s = next(t for t, state in found if state.is_falling)
    confirmed_s = next(t for t, state in found if state.is_down)
    assert 3.3 <= alarm_s <= 4.0
    assert confirmed_s == pytest.approx(alarm_s + 0.7, abs=2 / rate_hz)
    assert found[-1][1].is_down


@pytest.mark.parametrize("rate_hz", [8.0, 15.0, 30.0])
def test_who_vanishes_in_mid_fall_has_fallen(rate_hz: float) -> None:
    found = watch(lambda t: topple(t) if t < 3.42 else None, 6.0, rate_hz)
    alarm_s = next(t for t, state in found if state.is_falling)
    assert alarm_s <= 4.2


@pytest.mark.parametrize(
    "height",
    [
        lambda t: 1.75 if t < 3 else max(0.9, 1.75 - 0.6 * (t - 3)),  # sits down slowly
        lambda t: 1.75 - 0.45 * (3 < t < 4),  # bows to tie a shoe and comes up
        lambda t: 1.75 if t < 3 else None,  # is hidden at once
        lambda t: 1.75 + 0.06 * (-1) ** int(t * 7),  # runs
        lambda t: 1.75 if t < 3 else 1.1,  # one wrong box after another, never low
    ],
)
def test_not_falls(height: Callable[[float], float | None]) -> None:
    assert not any(state.is_falling for _, state in watch(height, 8.0, 15.0))


def test_a_cut_box_says_nothing() -> None:
    fall = FallWatch(None)
    for number in range(60):
        t_ns = number * 66_000_000
        tall_m = topple(number * 0.066)
        cut = replace(TRACK, t_ns=t_ns, seen_t_ns=t_ns, height_m=tall_m, is_bottom_cut=True)
        assert not fall.update(cut, None, t_ns).is_falling


def test_upright_for_three_seconds_releases() -> None:
    def height(t: float) -> float:
        return topple(t) if t < 8 else 1.75

    found = watch(height, 14.0, 15.0)
    released_s = next(t for t, state in found if t > 5 and not state.is_falling)
    assert released_s == pytest.approx(11.0, abs=0.2)


def test_up_again_at_once_was_a_stumble() -> None:
    found = watch(lambda t: 1.75 if t > 3.9 else topple(t), 8.0, 15.0)
    falling = [t for t, state in found if state.is_falling]
    assert falling
    assert falling[-1] < 4.1
    assert not any(state.is_down for _, state in found)


def test_acknowledging_releases_and_the_word_of_the_pose_counts() -> None:
    fall = FallWatch(1.75)
    assert fall.update(TRACK, True, 0).is_falling
    fall.acknowledge()
    assert not fall.update(TRACK, None, 10**8).is_falling
    assert not fall.update(TRACK, False, 2 * 10**8).is_falling
