"""A steady pace across: how soon it is known, how honestly, and when it stops counting."""

from __future__ import annotations

import random
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.config import HazardLimits, TrackerLimits
from rig.core.motion import Motion
from rig.core.pace import MEMORY_S, Pace

SIGMA_M = 0.15
"""What a person's place across is known by at 30 m."""
SIGMAS = (0.8, SIGMA_M)
RATES_HZ = [8.0, 15.0, 30.0]


def walk(speed: float, seconds: float, rate_hz: float, dice: random.Random | None = None) -> Motion:
    """The filter of somebody who came from 4 m at one speed across."""
    motion = Motion((10.0, 4.0), SIGMAS, TrackerLimits())
    go_on(motion, speed, seconds, rate_hz, dice, 4.0)
    return motion


def go_on(
    motion: Motion, speed: float, seconds: float, rate_hz: float,
    dice: random.Random | None, from_m: float,
) -> None:  # fmt: skip
    """More sightings, from a place across."""
    for number in range(1, round(seconds * rate_hz) + 1):
        motion.predict(1 / rate_hz)
        off = 0.0 if dice is None else dice.gauss(0, SIGMA_M)
        motion.correct((10.0, from_m + speed * number / rate_hz + off), SIGMAS)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("speed", [-0.9, -0.6, 0.5, 0.7])
def test_a_slow_walker_is_no_stander_after_two_seconds(speed: float, rate_hz: float) -> None:
    limits = HazardLimits()
    for seed in range(30):
        found, sigma = walk(speed, 2.0, rate_hz, random.Random(seed)).across_speed()
        assert abs(found) > limits.crosser_sigmas * sigma
        assert found == pytest.approx(speed, abs=0.4)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_a_stander_does_not_walk(rate_hz: float) -> None:
    limits = HazardLimits()
    counted = 0
    for seed in range(100):
        found, sigma = walk(0.0, 2.0, rate_hz, random.Random(seed)).across_speed()
        counted += abs(found) > max(limits.crosser_mps, limits.crosser_sigmas * sigma)
    assert counted <= 2


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_claimed_sigma_is_the_scatter(rate_hz: float) -> None:
    paces = []
    for seed in range(200):
        dice, pace = random.Random(seed), Pace()
        for number in range(round(3 * rate_hz)):
            pace.predict(1 / rate_hz)
            pace.correct(0.7 * number / rate_hz + dice.gauss(0, SIGMA_M), SIGMA_M)
        paces.append(pace.speed())
    scatter = (sum((speed - 0.7) ** 2 for speed, _ in paces) / len(paces)) ** 0.5
    assert paces[0][1] == pytest.approx(scatter, rel=0.2)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_who_stops_is_soon_believed_to_stand(rate_hz: float) -> None:
    motion = walk(-0.8, 3.0, rate_hz)
    go_on(motion, 0.0, 1.5, rate_hz, None, 4.0 - 0.8 * 3.0)
    assert abs(motion.across_speed()[0]) < HazardLimits().crosser_mps


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_who_starts_is_seen_to_start_no_later_than_by_the_speed_of_now(rate_hz: float) -> None:
    motion = walk(0.0, 3.0, rate_hz)
    go_on(motion, 3.0, 0.5, rate_hz, None, 4.0)
    assert motion.across_speed()[0] >= 0.9 * motion.across.speed


def test_one_sighting_tells_no_speed() -> None:
    pace = Pace()
    assert pace.speed() == (0.0, inf)
    pace.correct(2.0, 0.1)
    pace.predict(0.5)
    assert pace.speed() == (0.0, inf)


def test_who_is_not_seen_keeps_no_pace() -> None:
    motion = walk(0.7, 3.0, 15.0)
    assert motion.across_speed()[0] != motion.across.speed
    motion.fade(0.9)
    assert motion.across_speed() == (motion.across.speed, motion.across.vv**0.5)


@given(
    st.floats(-5, 5),
    st.floats(-3, 3),
    st.floats(0.02, 0.4),
    st.lists(st.floats(0.02, 0.5), min_size=2, max_size=40),
)
def test_a_straight_line_is_found_whatever_the_times(
    place: float, speed: float, sigma: float, gaps_s: list[float]
) -> None:
    pace, t_s = Pace(), 0.0
    pace.correct(place, sigma)
    for gap_s in gaps_s:
        t_s += gap_s
        pace.predict(gap_s)
        pace.correct(place + speed * t_s, sigma)
    found, found_sigma = pace.speed()
    assert found == pytest.approx(speed, abs=1e-5)
    assert 0.0 < found_sigma < inf


@given(st.lists(st.floats(0.02, 0.4), min_size=1, max_size=8))
def test_many_short_predictions_are_one_long_one(steps_s: list[float]) -> None:
    one, many = Pace(), Pace()
    for pace in (one, many):
        pace.correct(1.0, 0.1)
        pace.predict(MEMORY_S / 3)
        pace.correct(1.4, 0.2)
    one.predict(sum(steps_s))
    for step_s in steps_s:
        many.predict(step_s)
    for pace in (one, many):
        pace.correct(1.5, 0.1)
    assert many.speed() == pytest.approx(one.speed(), rel=1e-5)
