"""Placing: foot and head, the smaller-gap rule, sigmas against Monte Carlo, what is left out."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rig.config import PlacingLimits, TrackerLimits
from rig.core.camera_pose import CameraPose, lens_preset
from rig.core.lane import Lane, Site, arc_line, straight_lane
from rig.core.placing import UNREGISTERED_SIGMA_PX, Placer
from rig.core.tracker import Tracker
from rig.records import Box, Detection, Kind, Placed, ViewShift

LENS = lens_preset("camera-module-3", 1280, 720)
POSE = CameraPose(LENS, 46.0, 1.2, 2.4, math.pi + 0.02, math.radians(4))
SITE = Site(POSE, straight_lane(40.0), tilt_sigma_rad=0.0)
LIMITS = PlacingLimits()
STILL = ViewShift(sigma_px=0.0)


def person(along_m: float, across_m: float = 0.0, tall_m: float = 1.7) -> Detection:
    box = Placer(SITE, LIMITS).box_of(along_m, across_m, 0.5, tall_m)
    assert box is not None
    return Detection(Kind.PERSON, 0.9, box)


def placed(detection: Detection, site: Site = SITE, **options: float | Box | None) -> Placed:
    view = STILL
    runner_height_m, runner_box = options.get("runner_height_m"), options.get("runner_box")
    assert not isinstance(runner_height_m, Box)
    assert not isinstance(runner_box, float)
    (found,) = Placer(site, LIMITS).place((detection,), view, runner_height_m, runner_box)
    return found


def with_bottom(detection: Detection, y1: float, is_cut: bool = False) -> Detection:
    return replace(detection, box=replace(detection.box, y1=y1), is_bottom_cut=is_cut)


# --------------------------------------------------------------------------- where


@settings(max_examples=60, deadline=None)
@given(along=st.floats(0, 39.5), across=st.floats(-3, 3), tall=st.floats(1.5, 1.9))
def test_a_thing_drawn_at_a_place_is_placed_there(along: float, across: float, tall: float) -> None:
    found = placed(person(along, across, tall))
    assert (found.along_m, found.across_m) == pytest.approx((along, across), abs=0.12)
    assert found.width_m == pytest.approx(0.5, rel=0.06)
    assert found.height_m == pytest.approx(tall, rel=0.03)


def test_a_thing_on_a_bend_is_placed_in_the_bends_frame() -> None:
    lane = Lane(((0.0, 0.0), *arc_line((10.0, 0.0), 0.0, 36.5, 0.9)))
    site = Site(replace(POSE, x_m=20.0, y_m=-14.0, pan_rad=math.pi / 2 + 0.1, tilt_rad=0.1), lane)
    box = Placer(site, LIMITS).box_of(22.0, 0.5, 0.5, 1.7)
    assert box is not None
    found = placed(Detection(Kind.PERSON, 0.9, box), site)
    assert (found.along_m, found.across_m) == pytest.approx((22.0, 0.5), abs=0.15)


@pytest.mark.parametrize("view", [ViewShift(12.0, -7.0, 0.0), ViewShift(-5.0, 9.0, 0.02)])
def test_a_view_shift_is_undone(view: ViewShift) -> None:
    x0, y0, x1, y1 = (getattr(person(20.0).box, key) for key in ("x0", "y0", "x1", "y1"))
    centre = np.array([640.0, 360.0])
    turn = np.array(
        [[math.cos(view.roll_rad), -math.sin(view.roll_rad)],
         [math.sin(view.roll_rad), math.cos(view.roll_rad)]]
    )  # fmt: skip
    foot = turn @ (np.array([(x0 + x1) / 2, y1]) - centre) + centre + (view.dx_px, view.dy_px)
    half = (x1 - x0) / 2
    moved = Box(foot[0] - half, foot[1] - (y1 - y0), foot[0] + half, foot[1])
    (found,) = Placer(SITE, LIMITS).place((Detection(Kind.PERSON, 0.9, moved),), view)
    straight = placed(person(20.0))
    assert (found.along_m, found.across_m) == pytest.approx(
        (straight.along_m, straight.across_m), abs=1e-6
    )


def test_an_unregistered_picture_costs_sigma_not_silence() -> None:
    placer = Placer(SITE, LIMITS)
    (known,) = placer.place((person(20.0),), STILL)
    (unknown,) = placer.place((person(20.0),), None)
    (as_bad,) = placer.place((person(20.0),), ViewShift(sigma_px=UNREGISTERED_SIGMA_PX))
    assert unknown.along_m == known.along_m
    assert unknown.along_sigma_m == as_bad.along_sigma_m > 2 * known.along_sigma_m


def test_feet_above_the_horizon_too_far_and_missing_are_left_out() -> None:
    horizon = 360 - LENS.focal_px * math.tan(POSE.tilt_rad)
    sky = Detection(Kind.OBJECT, 0.9, Box(600, 100, 640, horizon - 1))
    far = Detection(Kind.OBJECT, 0.9, Box(600, 200, 640, horizon + 20))  # 2.4 m * 985 / 20 px
    near = Detection(Kind.OBJECT, 0.9, Box(600, 200, 640, horizon + 40))
    placer = Placer(SITE, LIMITS)
    assert placer.place((), STILL) == ()
    assert [p.detection for p in placer.place((sky, far, near), STILL)] == [near]


def test_the_range_limit_is_where_it_says() -> None:
    horizon = 360 - LENS.focal_px * math.tan(POSE.tilt_rad)
    for reach, is_kept in ((79.0, True), (81.0, False)):
        row = horizon + LENS.focal_px * 2.4 / (reach * math.cos(POSE.tilt_rad) ** 2)
        thing = Detection(Kind.OBJECT, 0.9, Box(620, row - 30, 660, row))
        assert bool(Placer(SITE, LIMITS).place((thing,), STILL)) is is_kept


# --------------------------------------------------------------------------- foot and head


def test_foot_and_head_agree_so_the_foot_is_taken() -> None:
    for along in (5.0, 15.0, 30.0):
        clean, headless = person(along), replace(person(along), is_top_cut=True)
        assert placed(clean).along_m == placed(headless).along_m
        assert placed(clean).along_sigma_m == placed(headless).along_sigma_m
        assert placed(headless).height_m is None


def test_a_shadow_that_lengthens_the_box_is_overruled_by_the_head() -> None:
    """The foot alone would put an obstacle nearer to the camera, farther from the runner."""
    tall = with_bottom(person(30.0), person(30.0).box.y1 + 200)
    foot = placed(replace(tall, is_top_cut=True))
    found = placed(tall)
    assert foot.along_m > 36
    assert found.along_m == pytest.approx(30.0, abs=0.7)
    assert found.along_m + found.along_sigma_m >= foot.along_m - 1e-9


def test_a_child_stays_where_its_feet_are_with_the_feets_sigma() -> None:
    child = person(30.0, tall_m=1.1)
    found = placed(child)
    assert found.along_m == pytest.approx(30.0, abs=0.1)
    assert found.along_sigma_m == placed(replace(child, is_top_cut=True)).along_sigma_m
    assert found.height_m == pytest.approx(1.1, abs=0.02)


def test_hidden_feet_obstacle_takes_the_smaller_along_runner_the_larger() -> None:
    whole = person(30.0)
    knees = with_bottom(whole, whole.box.y1 - 0.3 * whole.box.height_px, is_cut=True)
    obstacle = placed(knees)
    runner = placed(knees, runner_box=knees.box, runner_height_m=1.7)
    assert obstacle.along_m < 27
    assert runner.along_m == pytest.approx(30.0, abs=0.5)
    assert abs(obstacle.along_m - runner.along_m) <= obstacle.along_sigma_m + 1e-9
    assert obstacle.height_m is None
    assert runner.height_m is None


def test_the_runners_box_must_overlap_by_more_than_half() -> None:
    whole = person(30.0)
    knees = with_bottom(whole, whole.box.y1 - 0.3 * whole.box.height_px, is_cut=True)
    wide = knees.box.width_px
    beside = replace(knees.box, x0=knees.box.x0 + 0.4 * wide, x1=knees.box.x1 + 0.4 * wide)
    near = replace(knees.box, x0=knees.box.x0 + 0.2 * wide, x1=knees.box.x1 + 0.2 * wide)
    assert placed(knees, runner_box=beside).along_m == placed(knees).along_m
    assert placed(knees, runner_box=near).along_m > placed(knees).along_m


def test_a_runner_whose_lower_half_is_hidden_is_still_known_by_the_last_whole_box() -> None:
    whole = person(30.0)
    waist = with_bottom(whole, whole.box.y1 - 0.6 * whole.box.height_px, is_cut=True)
    assert waist.box.overlap(whole.box) < 0.5
    assert placed(waist, runner_box=whole.box).along_m == pytest.approx(30.0, abs=0.5)


def test_only_the_best_overlap_is_the_runner_and_only_a_person() -> None:
    whole = person(30.0)
    knees = with_bottom(whole, whole.box.y1 - 0.3 * whole.box.height_px, is_cut=True)
    shifted = Box(knees.box.x0 + 3, knees.box.y0, knees.box.x1 + 3, knees.box.y1)
    other = replace(knees, box=shifted)
    best, second = Placer(SITE, LIMITS).place((knees, other), STILL, None, whole.box)
    assert best.along_m == pytest.approx(30.0, abs=0.5)
    assert second.along_m < 27
    cycle = replace(knees, kind=Kind.CYCLE)
    assert placed(cycle, runner_box=whole.box) == placed(cycle)


def test_a_learnt_height_counts_for_the_runner_only() -> None:
    whole = person(30.0, tall_m=1.5)
    knees = with_bottom(whole, whole.box.y1 - 0.3 * whole.box.height_px, is_cut=True)
    learnt = placed(knees, runner_box=knees.box, runner_height_m=1.5)
    assert learnt.along_m == pytest.approx(30.0, abs=0.5)
    assert placed(knees, runner_height_m=1.5) == placed(knees)


def test_a_head_seen_above_hidden_feet_beyond_the_horizon_is_still_placed() -> None:
    low = Site(replace(POSE, height_m=2.4, tilt_rad=0.0), straight_lane(40.0), tilt_sigma_rad=0.0)
    box = Placer(low, LIMITS).box_of(36.0, 0.0, 0.5, 1.7)
    assert box is not None
    peek = Detection(Kind.PERSON, 0.9, replace(box, y0=box.y0 - 200, y1=300.0), is_bottom_cut=True)
    assert Placer(low, LIMITS).place((peek,), STILL) == ()  # nor a head below that height
    head = replace(peek, box=replace(box, y1=box.y0 + 20), is_bottom_cut=True)
    assert placed(head, low, runner_box=head.box).along_m == pytest.approx(36.0, abs=0.6)


def test_cut_things_without_a_head_say_how_little_they_know() -> None:
    thing = replace(person(30.0), kind=Kind.CYCLE)
    cut = replace(thing, is_bottom_cut=True)
    assert placed(cut).along_m == placed(thing).along_m
    # half a metre hidden of 2.4 m camera height, 16 m away
    assert placed(cut).along_sigma_m == pytest.approx(16 * 0.5 / 2.4, rel=0.1)


def test_a_camera_at_head_height_does_not_trust_heads() -> None:
    level = Site(replace(POSE, height_m=1.75), straight_lane(40.0), tilt_sigma_rad=0.0)
    box = Placer(level, LIMITS).box_of(25.0, 0.0, 0.5, 1.6)
    assert box is not None
    whole = Detection(Kind.PERSON, 0.9, box)
    assert placed(whole, level) == replace(
        placed(replace(whole, is_top_cut=True), level),
        detection=whole, height_m=placed(whole, level).height_m,
    )  # fmt: skip


# --------------------------------------------------------------------------- sigma


@pytest.mark.parametrize("along", [2.0, 15.0, 25.0, 35.0])
def test_sigma_is_what_monte_carlo_finds(along: float) -> None:
    random = np.random.default_rng(7)
    limits = replace(LIMITS, across_sigma_most_m=0.6)
    site = replace(SITE, tilt_sigma_rad=0.001)
    placer, view = Placer(site, limits), ViewShift(sigma_px=1.0)
    clean = replace(person(along), kind=Kind.OBJECT)
    (expected,) = placer.place((clean,), view)
    box, count = clean.box, 1500
    across_px = np.hypot(max(1.5, 0.03 * box.width_px), 1.0) * random.standard_normal(count)
    tilt_px = 0.001 * LENS.focal_px
    down_px = math.hypot(max(1.5, 0.03 * box.height_px), 1.0, tilt_px)
    moved = [
        replace(clean, box=Box(box.x0 + dx, box.y0, box.x1 + dx, box.y1 + dy))
        for dx, dy in zip(across_px, down_px * random.standard_normal(count), strict=True)
    ]
    cloud = np.array([(p.along_m, p.across_m) for p in placer.place(moved, view)])
    assert expected.along_sigma_m == pytest.approx(cloud[:, 0].std(), rel=0.3)
    assert expected.across_sigma_m == pytest.approx(cloud[:, 1].std(), rel=0.3)


def test_across_sigma_is_honest_and_capped_only_where_it_is_judged() -> None:
    """The tracker must know how vague a place is; neighbours must not alarm for it."""
    limits = replace(LIMITS, across_sigma_most_m=0.05)
    placer = Placer(SITE, limits)
    (found,) = placer.place((person(1.0),), None)
    assert found.across_sigma_m > 0.2
    (track,) = Tracker(TrackerLimits(), placer).update((found,), (), 1)
    assert track.across_sigma_m == 0.05


def test_sigma_grows_with_distance_scatter_and_tilt() -> None:
    sigmas = [placed(person(along)).along_sigma_m for along in (35.0, 25.0, 15.0, 5.0)]
    assert sigmas == sorted(sigmas)
    loose = replace(SITE, tilt_sigma_rad=0.005)
    assert placed(person(5.0), loose).along_sigma_m > 1.5 * sigmas[-1]


# --------------------------------------------------------------------------- back to boxes


def test_box_of_is_clipped_and_none_out_of_view() -> None:
    placer = Placer(SITE, LIMITS)
    assert placer.box_of(60.0, 0.0, 0.5, 1.7) is None
    assert placer.box_of(20.0, 40.0, 0.5, 1.7) is None
    edge = placer.box_of(43.0, 0.0, 0.6, 1.7)
    assert edge is not None
    assert edge.y1 == 720
