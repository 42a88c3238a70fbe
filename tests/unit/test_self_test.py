"""The self-test: each check fails alone, with a sentence and a remedy."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from rig.core.self_test import (
    ANSWER_S,
    BEFORE_SOUND,
    CHECKS,
    CROWD_M,
    CROWD_MOST,
    FRESH_S,
    LOOKING_AFTER_RAD,
    TURNS_LEAST,
    failures,
    look_from_travel_rad,
)
from rig.records import Cause, Hazard, Track
from tests.unit.arming_evidence import LANE, SITE, good, ns, track


def hazard(cause: Cause) -> tuple[Hazard, ...]:
    return (Hazard(cause, detail="told so"),)


BESIDE = track(20.0, LANE.width_m / 2 + 0.2)
BAD = {
    "no lane": ({"site": None}, "no lane file"),
    "mount C": (
        {"site": replace(SITE, pose=replace(SITE.pose, x_m=-4.0, pan_rad=0.0))},
        "mount C",
    ),
    "no frame": ({"frame_ns": None}, "no picture yet"),
    "old frame": ({"frame_ns": ns(-FRESH_S - 0.01)}, "not fresh"),
    "a frame of tomorrow": ({"frame_ns": ns(1.0)}, "not fresh"),
    "stale": ({"faults": hazard(Cause.CAMERA_STALE)}, "told so"),
    "blind": ({"faults": hazard(Cause.CAMERA_BLIND)}, "uncover the lens"),
    "moved": ({"faults": hazard(Cause.CAMERA_MOVED)}, "calibrate anew"),
    "no still": ({"site": replace(SITE, still=None)}, "--still"),
    "test picture": ({"test_picture_failure": "two people of four"}, "two people of four"),
    "detector": ({"faults": hazard(Cause.DETECTOR_FAILED)}, "told so"),
    "few turns": ({"turns": TURNS_LEAST - 1}, "wait a few seconds"),
    "slow for the horn": ({"judged_age_p99_s": 0.41}, "at most 0.40 s"),
    "slow for itself": (
        {"judged_age_p99_s": 0.6, "slow_limit_s": 1.0},
        "at most 0.50 s",
    ),
    "on the lane": ({"tracks": (track(22.0, 0.3),)}, "(person) is on the lane at 22 m"),
    "on the run-off": ({"tracks": (track(LANE.length_m + 1.0),)}, "is on the lane"),
    "leaning in": ({"tracks": (BESIDE,)}, "is on the lane at 20 m"),
    "crowd": ({"tracks": (track(20.0, 2.0),) * (CROWD_MOST + 1)}, "less crowded"),
    "disk": ({"log_refusal": "the card is full"}, "the card is full"),
}


def test_a_good_rig_passes() -> None:
    assert failures(good(), CHECKS) == ()


@pytest.mark.parametrize(("changes", "wanted"), BAD.values(), ids=BAD.keys())
def test_each_check_fails_alone_with_a_remedy(changes: dict[str, object], wanted: str) -> None:
    (sentence,) = failures(replace(good(), **changes), BEFORE_SOUND)
    assert wanted in sentence
    assert "; " in sentence or ": " in sentence, "a remedy follows"


@pytest.mark.parametrize(
    "tracks",
    [
        (track(LANE.box_start_m + 1.0),),  # the runner, in the start box
        (track(20.0, LANE.width_m / 2 + 0.26),),  # beside the lane
        (track(20.0, is_confirmed=False),),
        (track(20.0, CROWD_M + LANE.width_m / 2 + 0.1),) * 50,  # far off
        (track(LANE.length_m + LANE.run_off_m + 0.1),),  # the coach at the rig
    ],
)
def test_who_may_be_there_when_arming(tracks: tuple[Track, ...]) -> None:
    assert failures(replace(good(), tracks=tracks), BEFORE_SOUND) == ()


def test_a_horn_that_answered_long_ago_does_not_count() -> None:
    for answered_ns in (None, ns(-ANSWER_S - 0.01)):
        (sentence,) = failures(replace(good(), answered_ns=answered_ns), CHECKS)
        assert "rig horn" in sentence
    assert failures(replace(good(), answered_ns=ns(-ANSWER_S)), CHECKS) == ()


@pytest.mark.parametrize("bend_rad", [0.0, 2.0, -1.0])
@pytest.mark.parametrize("off_rad", [0.0, LOOKING_AFTER_RAD - 0.01, LOOKING_AFTER_RAD + 0.01, 3.0])
def test_the_mount_is_told_by_where_it_looks(off_rad: float, bend_rad: float) -> None:
    far = (40.0 * math.cos(bend_rad), 40.0 * math.sin(bend_rad))
    site = replace(SITE, lane=replace(LANE, centre_line=((0.0, 0.0), far)))
    site = replace(site, pose=replace(SITE.pose, x_m=0.0, y_m=0.0, pan_rad=bend_rad + off_rad))
    assert look_from_travel_rad(site) == pytest.approx(off_rad)
    found = failures(replace(good(), site=site), BEFORE_SOUND)
    assert any("mount C" in sentence for sentence in found) == (off_rad < LOOKING_AFTER_RAD)
