"""Faults of camera and detector, at their limits."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from rig.config import HealthLimits
from rig.core.health import FOCAL_PX, Health
from rig.records import Cause, Seen, ViewShift, Vitals

LIMITS = HealthLimits()
MS = 1_000_000
TURNED_PX = FOCAL_PX * math.tan(math.radians(LIMITS.turned_deg))


def causes(seen: Seen, now_ns: int, health: Health | None = None) -> set[Cause]:
    return {h.cause for h in (health or Health(LIMITS)).check(seen, now_ns)}


@pytest.mark.parametrize(("age_ms", "expected"), [(200, set()), (201, {Cause.CAMERA_STALE})])
def test_no_new_frame(age_ms: int, expected: set[Cause]) -> None:
    health = Health(LIMITS)
    assert causes(Seen(0), 0, health) == set()
    assert causes(Seen(None), age_ms * MS, health) == expected


@pytest.mark.parametrize(
    ("vitals", "expected"),
    [
        (Vitals(), None),
        (Vitals(luma_mean=LIMITS.dark_luma - 0.1), Cause.CAMERA_BLIND),
        (Vitals(luma_mean=LIMITS.dark_luma), None),
        (Vitals(luma_sd=LIMITS.flat_luma_sd - 0.1), Cause.CAMERA_BLIND),
        (Vitals(luma_sd=LIMITS.flat_luma_sd), None),
        (Vitals(sharpness=LIMITS.blurred_sharpness - 0.1), Cause.CAMERA_BLIND),
        (Vitals(sharpness=LIMITS.blurred_sharpness), None),
        (Vitals(same_picture_s=LIMITS.frozen_s + 0.01), Cause.CAMERA_STALE),
        (Vitals(same_picture_s=LIMITS.frozen_s), None),
        (Vitals(inference_s=LIMITS.slow_s + 0.01), Cause.DETECTOR_SLOW),
        (Vitals(inference_s=LIMITS.slow_s), None),
        (Vitals(detector_error="no answer"), Cause.DETECTOR_FAILED),
    ],
)
def test_vitals(vitals: Vitals, expected: Cause | None) -> None:
    assert causes(Seen(0, vitals=vitals), 0) == ({expected} if expected else set())


@pytest.mark.parametrize(
    ("view", "is_moved"),
    [
        (ViewShift(TURNED_PX - 0.1, 0.0), False),
        (ViewShift(0.0, -TURNED_PX - 0.1), True),
        (ViewShift(roll_rad=math.radians(LIMITS.rolled_deg - 0.01)), False),
        (ViewShift(roll_rad=-math.radians(LIMITS.rolled_deg + 0.01)), True),
    ],
)
def test_a_moved_view(view: ViewShift, is_moved: bool) -> None:
    assert (Cause.CAMERA_MOVED in causes(Seen(0, view=view), 0)) is is_moved


@pytest.mark.parametrize(("last_ms", "is_moved"), [(1000, False), (1001, True)])
def test_a_view_that_matches_nowhere(last_ms: int, is_moved: bool) -> None:
    health = Health(replace(LIMITS, slow_s=5.0))
    assert causes(Seen(0), 0, health) == set()
    assert causes(Seen(500 * MS, view=None), 500 * MS, health) == set()
    found = causes(Seen(last_ms * MS, view=None), last_ms * MS, health)
    assert found == ({Cause.CAMERA_MOVED} if is_moved else set())


def test_blind_is_said_rather_than_moved() -> None:
    black = Seen(0, view=ViewShift(900.0), vitals=Vitals(luma_mean=0.0))
    assert causes(black, 0) == {Cause.CAMERA_BLIND}


@pytest.mark.parametrize(("gap_ms", "is_slow"), [(500, False), (501, True)])
def test_a_slow_loop(gap_ms: int, is_slow: bool) -> None:
    health = Health(LIMITS)
    causes(Seen(0), 0, health)
    found = causes(Seen(gap_ms * MS), gap_ms * MS, health)
    assert found == ({Cause.DETECTOR_SLOW} if is_slow else set())
