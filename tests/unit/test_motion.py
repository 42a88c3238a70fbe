"""Place and speed on the lane: the filter by itself."""

from __future__ import annotations

import random

import pytest

from rig.config import TrackerLimits
from rig.core.motion import Axis, Motion

SIGMAS = (0.8, 0.1)
"""What a person's foot is known by at 33 m."""


def follow(
    speed: float, seconds: float, rate_hz: float, noise: random.Random | None = None
) -> Motion:
    """The filter after a thing moved at one speed for a while."""
    motion = Motion((10.0, 0.0), SIGMAS, TrackerLimits())
    for number in range(1, round(seconds * rate_hz) + 1):
        motion.predict(1 / rate_hz)
        off = (0.0, 0.0) if noise is None else (noise.gauss(0, 0.8), noise.gauss(0, 0.1))
        motion.correct((10.0 + speed * number / rate_hz + off[0], off[1]), SIGMAS)
    return motion


@pytest.mark.parametrize("rate_hz", [8.0, 15.0, 30.0])
@pytest.mark.parametrize("speed", [-3.0, 0.0, 1.4, 4.5])
def test_an_even_pace_is_found(speed: float, rate_hz: float) -> None:
    motion = follow(speed, 3.0, rate_hz)
    assert motion.along.speed == pytest.approx(speed, abs=0.15)
    assert motion.along.place == pytest.approx(10.0 + 3.0 * speed, abs=0.3)


@pytest.mark.parametrize("rate_hz", [8.0, 15.0, 30.0])
def test_claimed_speed_sigma_is_no_smaller_than_the_scatter(rate_hz: float) -> None:
    found = [follow(0.0, 3.0, rate_hz, random.Random(seed)) for seed in range(40)]
    scatter = (sum(m.along.speed**2 for m in found) / len(found)) ** 0.5
    claimed = sum(m.along.vv**0.5 for m in found) / len(found)
    assert 0.1 < scatter < 1.0
    assert scatter < claimed < 4 * scatter


def test_two_short_predictions_are_one_long_one() -> None:
    one, two = Axis(1.0, 2.0, 0.5, 0.1, 0.7), Axis(1.0, 2.0, 0.5, 0.1, 0.7)
    one.predict(0.4, 1.5)
    two.predict(0.1, 1.5)
    two.predict(0.3, 1.5)
    for name in ("place", "speed", "pp", "pv", "vv"):
        assert getattr(one, name) == pytest.approx(getattr(two, name))


def test_variances_stay_positive_and_shrink_with_sightings() -> None:
    motion = Motion((10.0, 0.0), SIGMAS, TrackerLimits())
    before = motion.along.pp
    for _ in range(200):
        motion.predict(1 / 30)
        motion.correct((10.0, 0.0), SIGMAS)
        for axis in (motion.along, motion.across):
            assert axis.pp > 0
            assert axis.vv > 0
            assert axis.pp * axis.vv >= axis.pv**2 - 1e-12
    assert motion.along.pp < before / 4


def test_unseen_it_is_known_less_and_less() -> None:
    motion = follow(3.0, 2.0, 15.0)
    sigma = motion.along.pp
    for _ in range(10):
        motion.predict(0.1)
        assert motion.along.pp > sigma
        sigma = motion.along.pp


def test_fading_takes_the_speed_and_not_the_place() -> None:
    motion = follow(3.0, 2.0, 15.0)
    place = motion.along.place
    motion.fade(0.5)
    motion.predict(0.0)
    assert motion.along.speed == pytest.approx(1.5, abs=0.1)
    assert motion.along.place == pytest.approx(place)


def test_held_by_another_thing_it_is_as_fast_and_less_sure_than_that() -> None:
    motion, other = follow(3.0, 2.0, 15.0), follow(0.0, 2.0, 15.0)
    motion.hold_along(12.0, other.along)
    assert motion.along.place == pytest.approx(12.0)
    assert motion.along.speed == pytest.approx(other.along.speed)
    assert motion.along.pp > other.along.pp
    assert motion.along.vv > other.along.vv
    assert motion.along.pv == pytest.approx(0.0)
