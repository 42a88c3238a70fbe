"""Hidden feet: what hides them bounds the place, and a far bound does not drown the head."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from rig.config import PlacingLimits, TrackerLimits
from rig.core.camera_pose import CameraPose, lens_preset
from rig.core.hidden_feet import HIDER_GAP_M, find_hiding
from rig.core.lane import Site, straight_lane
from rig.core.motion import Motion
from rig.core.placing import Placer
from rig.core.tracker import Tracker
from rig.records import Box, Detection, Kind, Placed, Tile, ViewShift

LENS = lens_preset("camera-module-3", 1280, 720)
POSE = CameraPose(LENS, 46.0, 0.0, 2.3, math.pi, math.radians(4))
SITE = Site(POSE, straight_lane(40.0), tilt_sigma_rad=0.0)
PLACER = Placer(SITE, PlacingLimits())
STILL = ViewShift(sigma_px=0.1)
VIEW = (Tile(0, 0, 1280, 720, 1280, 720),)
HIDER_M = 25.0


def seen(along_m: float, tall_m: float = 1.75) -> Detection:
    box = PLACER.box_of(along_m, 0.0, 0.5, tall_m)
    assert box is not None
    return Detection(Kind.PERSON, 0.9, box)


def behind(along_m: float, hider: Detection) -> Detection:
    """Somebody at this place of whom only what is above the hider's head can be seen."""
    whole = seen(along_m)
    low = min(whole.box.y1, hider.box.y0)
    return replace(whole, box=replace(whole.box, y1=low), is_bottom_cut=low < whole.box.y1)


def place(runner: Detection, hider: Detection) -> Placed:
    return PLACER.place((runner, hider), STILL, 1.75, runner.box)[0]


@pytest.mark.parametrize("along_m", [8.0, 12.0, 20.0, 23.5])
@pytest.mark.parametrize("tall_m", [1.1, 1.6])
def test_a_head_above_a_stander_places_the_runner_with_the_heads_sigma(
    along_m: float, tall_m: float
) -> None:
    """Not with a sigma that reaches to where the ray above the stander's head meets the ground."""
    found = place(behind(along_m, hider := seen(HIDER_M, tall_m)), hider)
    assert found.along_m == pytest.approx(along_m, abs=1.0)
    assert found.along_sigma_m < 0.3 * (POSE.x_m - along_m)
    assert found.along_least_m is not None
    assert found.along_most_m is not None
    assert found.along_least_m <= along_m <= found.along_most_m


def test_nobody_with_hidden_feet_is_nearer_than_what_hides_them() -> None:
    found = place(behind(20.0, hider := seen(HIDER_M, 1.6)), hider)
    assert found.along_most_m == pytest.approx(HIDER_M - HIDER_GAP_M, abs=0.1)
    assert place(seen(20.0), replace(hider, box=Box(10, 300, 60, 500))).along_most_m is None


def test_who_is_hidden_too_bounds_nobody() -> None:
    """Its own foot is lower than it seems, so it stands nearer the camera than its box says."""
    found = place(behind(20.0, hider := seen(HIDER_M, 1.6)), replace(hider, is_bottom_cut=True))
    assert found.along_most_m is None


def test_an_edge_seen_well_below_the_hiders_top_is_a_foot() -> None:
    boxes = np.array([[100.0, 50.0, 140.0, 160.0], [90.0, 40.0, 150.0, 190.0]])
    hides, is_beside = find_hiding(boxes, np.array([True, False]))
    assert hides.tolist() == [[False, True], [False, False]]
    assert is_beside.tolist() == [True, False]
    boxes[1, 1] = 155.0
    assert not find_hiding(boxes, np.array([True, False]))[1].any()


def test_a_blank_head_leaves_the_stretch_up_to_what_hides() -> None:
    """The camera is no higher than the head: it says nothing, and the bounds say all."""
    level = Placer(replace(SITE, pose=replace(POSE, height_m=1.75)), PlacingLimits())
    whole, near = (level.box_of(m, 0.0, 0.5, 1.75) for m in (10.0, HIDER_M))
    assert whole is not None
    assert near is not None
    hider = Detection(Kind.PERSON, 0.9, replace(near, y0=near.y0 + 5))
    cut = Detection(Kind.PERSON, 0.9, replace(whole, y1=hider.box.y0), is_bottom_cut=True)
    found = level.place((cut, hider), STILL, 1.8, cut.box)[0]
    assert found.along_most_m is not None
    assert found.along_m == pytest.approx(found.along_most_m / 2)
    assert found.along_sigma_m > 5


@pytest.mark.parametrize("rate_hz", [8.0, 30.0])
def test_a_runner_who_stops_before_a_stander_never_passes_them(rate_hz: float) -> None:
    """Only the head shows, its height is wrong by 10 cm, and it says: five metres past."""
    tracker, hider = Tracker(TrackerLimits(), PLACER), seen(HIDER_M, 1.72)
    box: Box | None = None
    for number in range(round(12 * rate_hz)):
        along_m = min(21.0, 8.0 + 3.5 * number / rate_hz)
        runner = behind(along_m, hider)
        box = box or runner.box
        placed = PLACER.place((runner, hider), STILL, 1.65, box)
        box = runner.box
        tracks = tracker.update(placed, VIEW, round(number / rate_hz * 1e9))
        assert tracks[0].along_m <= HIDER_M - HIDER_GAP_M + 0.1


def test_limits_on_the_estimate_hold_and_keep_the_speed() -> None:
    motion = Motion((10.0, 0.0), (0.3, 0.1), TrackerLimits())
    for number in range(20):
        motion.predict(0.1)
        motion.correct((10.0 + 0.3 * number, 0.0), (0.3, 0.1))
    speed = motion.along.speed
    motion.limit_along(None, 12.0)
    assert motion.along.place == pytest.approx(12.0)
    assert motion.along.speed == pytest.approx(speed, abs=0.3)
    motion.limit_along(13.0, 12.5)
    assert motion.along.place == pytest.approx(13.0)


def test_a_vague_head_still_moves_a_runner_of_whom_nothing_else_shows() -> None:
    """Placed by the bound of hidden feet, the lock stayed where it was (trials: hurdle)."""
    low = Placer(replace(SITE, pose=replace(POSE, height_m=1.9)), PlacingLimits())
    whole, near = (low.box_of(m, 0.0, 0.5, 1.7) for m in (15.0, HIDER_M))
    assert whole is not None
    assert near is not None
    hider = Detection(Kind.PERSON, 0.9, replace(near, y0=near.y0 + 6))
    cut = Detection(Kind.PERSON, 0.9, replace(whole, y1=hider.box.y0), is_bottom_cut=True)
    found = low.place((cut, hider), STILL, None, cut.box)[0]
    assert found.along_m == pytest.approx(15.0, abs=1.0)
    assert found.along_sigma_m > 10
