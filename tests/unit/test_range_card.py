"""The range card: reach, stretch and guarded speed from the geometry and the stop law."""

from __future__ import annotations

import math

import pytest

from rig.config import HazardLimits, PlacingLimits
from rig.core.camera_pose import CameraPose, lens_preset
from rig.core.lane import Site, straight_lane
from rig.core.range_card import guarded_speed_mps, range_card, sight

LENS = lens_preset("camera-module-3", 1280, 720)
POSE = CameraPose(LENS, 46.0, 1.2, 2.4, math.pi + 0.02, math.radians(4))
SITE = Site(POSE, straight_lane(40.0), tilt_sigma_rad=0.0)


def test_guarded_speed_solves_the_stop_law() -> None:
    limits = HazardLimits()
    for seen in (1.5, 7.0, 30.0):
        v = guarded_speed_mps(seen, limits, 0.12)
        need = (
            v * (limits.latency_s + limits.reaction_s)
            + v * v / (2 * limits.brake_mps2)
            + limits.margin_m
            + v * 0.12
        )
        assert need == pytest.approx(seen)
    assert guarded_speed_mps(1.0, limits, 0.12) == 0.0
    assert guarded_speed_mps(0.0, limits, 0.12) == 0.0


def test_range_card_reach_is_where_the_thing_is_just_tall_enough() -> None:
    found = sight(SITE, HazardLimits(), 0.3, 12.0, 1.0, 0.12)
    assert found.from_along_m is not None
    # a 0.3 m thing is 12 px tall at about 0.3 * 985 / 12 = 24.6 m
    assert found.reach_m == pytest.approx(24.6, abs=0.6)
    assert found.to_along_m == 40.0
    assert found.guarded_mps == guarded_speed_mps(40.0 - found.from_along_m, HazardLimits(), 0.12)
    assert sight(SITE, HazardLimits(), 0.01, 12.0, 1.0, 0.12).from_along_m is None


def test_range_card_has_people_and_small_things_and_sigmas_that_grow() -> None:
    card = range_card(SITE, PlacingLimits(), HazardLimits(), 12.0, 416 / 1280)
    assert [(s.thing_height_m, s.scale) for s in card.sights] == [
        (1.7, 1.0), (1.7, 416 / 1280), (0.3, 1.0), (0.3, 416 / 1280)
    ]  # fmt: skip
    assert card.sights[2].guarded_mps > card.sights[3].guarded_mps
    assert [r for r, _ in card.sigmas] == [10.0, 20.0, 30.0, 40.0]
    assert [s for _, s in card.sigmas] == sorted(s for _, s in card.sigmas)
