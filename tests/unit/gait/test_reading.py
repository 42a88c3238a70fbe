"""Contacts, cadence, speed, direction and what is withheld, on runners whose truth is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rig.core.gait.keypoints import LEFT_LEG, NUMBERS, RIGHT_LEG, Keypoints
from rig.core.gait.reading import Stretch, read_gait
from rig.core.gait.speed import Direction, Gait
from rig.core.gait.swaps import unswap
from tests.unit.gait.runners import PLANES, Course, backwards, only, seen, without

WALK = Course(1.26, gait="walk", stride_m=1.42, start_m=5.0)
RUN = Course()


def read(keypoints: Keypoints, view: str = "side") -> Stretch:
    (stretch,) = read_gait(keypoints, PLANES[view])
    return stretch


def course(base: Course, **changes: object) -> Course:
    return Course(**{**{k: getattr(base, k) for k in base.__dataclass_fields__}, **changes})


@pytest.mark.parametrize("is_backward", [True, False])
@pytest.mark.parametrize("view", ["side", "oblique"])
@pytest.mark.parametrize("base", [RUN, WALK], ids=["run", "walk"])
def test_every_contact_is_found_where_it_was(base: Course, view: str, is_backward: bool) -> None:
    way = course(base, is_backward=is_backward)
    found = [c for c in read(seen(way, view), view).contacts if c.foot == "left"]
    whole = [c for c in found if c.touchdown_s is not None and c.takeoff_s is not None]
    for begin, end in way.contacts():
        near = [c for c in whole if c.touchdown_s < end and c.takeoff_s > begin]
        assert len(near) == 1
        assert abs(near[0].touchdown_s - begin) < 0.035
        assert abs(near[0].takeoff_s - end) < 0.035


@pytest.mark.parametrize("speed_mps", [2.0, 3.0, 4.0, 5.0])
@pytest.mark.parametrize("view", ["side", "oblique", "along"])
def test_a_backward_runner_is_told_in_every_view(view: str, speed_mps: float) -> None:
    way = Course(speed_mps, stride_m=0.67 * speed_mps, lasts_s=min(5.0, 13.0 / speed_mps))
    stretch = read(seen(way, view, noise=0.005), view)
    assert stretch.direction is Direction.BACKWARD
    assert stretch.gait is Gait.RUN
    assert stretch.speed is not None
    assert abs(stretch.speed.along_mps - speed_mps) < 0.1
    assert stretch.cadences
    limit = 2.0 if way.lasts_s > 3.2 else 3.0
    assert all(abs(c.steps_per_min - way.steps_per_min) < limit for _, c in stretch.cadences)


@pytest.mark.parametrize("view", ["side", "oblique", "along"])
def test_a_walker_walks_whichever_way(view: str) -> None:
    for is_backward, name in ((True, Direction.BACKWARD), (False, Direction.FORWARD)):
        stretch = read(seen(course(WALK, is_backward=is_backward), view, noise=0.005), view)
        assert (stretch.direction, stretch.gait) == (name, Gait.WALK)


@settings(max_examples=20)
@given(noise=st.sampled_from([0.0, 0.005, 0.01]), seed=st.integers(0, 1000))
def test_played_in_reverse_the_direction_turns_and_the_cadence_stays(
    noise: float, seed: int
) -> None:
    keypoints = seen(Course(lasts_s=4.5), noise=noise, seed=seed)
    forth, back = read(keypoints), read(backwards(keypoints))
    assert {forth.direction, back.direction} == {Direction.BACKWARD, Direction.FORWARD}
    assert forth.cadences[0][1].steps_per_min == pytest.approx(
        back.cadences[-1][1].steps_per_min, abs=0.5
    )


@settings(max_examples=30)
@given(share=st.floats(0.0, 0.4), seed=st.integers(0, 1000))
def test_dropped_frames_do_not_change_the_cadence(share: float, seed: int) -> None:
    keypoints = seen(Course(lasts_s=4.2), noise=0.003)
    kept = np.random.default_rng(seed).random(len(keypoints.times_s)) >= share
    kept[:2] = kept[-2:] = True
    for stretch in read_gait(only(keypoints, kept), PLANES["side"]):
        for _, cadence in stretch.cadences:
            limit = 1.0 if stretch.end_s - stretch.begin_s > 3.5 else 12.0
            assert abs(cadence.steps_per_min - 180.0) < limit


def test_ankles_alone_give_runners_contacts_and_walkers_none() -> None:
    runner = read(without(seen(RUN), "toe", "heel"))
    times = [s.values["contact_time_ms"].value for s in runner.steps if s.takeoff_s is not None]
    assert len(times) > 8
    assert abs(np.mean(times) - 1e3 * 0.34 * 2 / 3) < 60
    assert runner.direction is Direction.BACKWARD
    walker = read(without(seen(WALK), "toe", "heel"))
    assert walker.steps
    assert all("contact_time_ms" not in step.values for step in walker.steps)
    assert all("ankles" in step.withheld["contact_time_ms"] for step in walker.steps)
    assert walker.gait is Gait.WALK


def test_along_the_lane_contacts_are_withheld_with_the_reason() -> None:
    stretch = read(seen(RUN, "along"), "along")
    assert stretch.steps == ()
    assert stretch.contacts == ()
    assert "along the lane" in dict(stretch.withheld)["contacts"]


def test_every_metric_of_every_step_is_there_or_has_its_reason() -> None:
    for keypoints in (seen(RUN, noise=0.01), without(seen(WALK, noise=0.01), "shoulder")):
        for step in read(keypoints).steps:
            for name in ("step_time_s", "stride_length_m", "contact_time_ms", "trunk_lean_deg"):
                assert (name in step.values) != (name in step.withheld)
                if name in step.values:
                    assert math.isfinite(step.values[name].value)
                    assert step.values[name].sigma > 0
                else:
                    assert step.withheld[name]


def test_stride_lengths_are_those_of_the_ground() -> None:
    for view, limit in (("side", 0.02), ("oblique", 0.04)):
        stretch = read(seen(RUN, view), view)
        told = [s.values["stride_length_m"] for s in stretch.steps if "stride_length_m" in s.values]
        lengths = [value.value for value in told]
        assert len(lengths) >= 10
        assert abs(np.mean(lengths) - 2.0) < limit


@pytest.mark.parametrize("swapped", [[40], [40, 41, 42], list(range(60, 75))])
def test_swapped_legs_get_their_names_again(swapped: list[int]) -> None:
    keypoints = seen(RUN, noise=0.002)
    points = keypoints.points_px.copy()
    rows = np.array(swapped)[:, None]
    points[rows, LEFT_LEG], points[rows, RIGHT_LEG] = (
        keypoints.points_px[rows, RIGHT_LEG],
        keypoints.points_px[rows, LEFT_LEG],
    )
    mended = unswap(keypoints.times_s, points)
    assert np.array_equal(mended, keypoints.points_px, equal_nan=True)


def test_a_drifting_runner_drifts_by_as_much() -> None:
    keypoints = seen(RUN)
    across = 0.02 * 3.0 * keypoints.times_s
    moved = Keypoints(keypoints.times_s, keypoints.points_px, keypoints.confidence, across)
    stretch = read(moved)
    assert stretch.lane_drift_m_per_10m == pytest.approx(0.2, abs=0.02)
    nobody = np.full(len(across), np.nan)
    unplaced = Keypoints(keypoints.times_s, keypoints.points_px, keypoints.confidence, nobody)
    assert read(unplaced).lane_offset_m is None


def test_a_stumble_is_told_and_steady_running_is_not() -> None:
    steady = seen(RUN, noise=0.01)
    assert read(steady).stumbles == ()
    points = steady.points_px.copy()
    rows = (steady.times_s > 3.0) & (steady.times_s < 3.35)
    bump = np.sin(np.pi * (steady.times_s[rows] - 3.0) / 0.35)
    for side in ("left", "right"):
        points[rows, NUMBERS[f"{side}_shoulder"], 0] += 60 * bump
        points[rows, NUMBERS[f"{side}_hip"], 1] += 18 * bump
        points[rows, NUMBERS[f"{side}_shoulder"], 1] += 18 * bump
    stumbled = Keypoints(steady.times_s, points, steady.confidence, steady.across_m)
    found = read(stumbled).stumbles
    assert found
    assert all(2.6 < stumble.t_s < 3.4 for stumble in found)
    assert "trunk_rate_dps" in found[0].channels


def test_an_event_in_a_hole_is_not_timed_and_a_cut_contact_not_placed() -> None:
    keypoints = seen(RUN, noise=0.003)
    begin, end = RUN.contacts()[2]
    kept = np.abs(keypoints.times_s - begin) > 0.06
    stretch = read(only(keypoints, kept))
    (hidden,) = [s for s in stretch.steps if s.foot == "left" and begin - 0.1 < s.touchdown_s < end]
    for name in ("contact_time_ms", "step_time_s", "stride_time_s", "flight_time_ms"):
        assert name not in hidden.values
        assert hidden.withheld[name]
    assert "not seen" in hidden.withheld["contact_time_ms"]
    for step in stretch.steps:
        if step.takeoff_s is None:
            assert "stride_length_m" not in step.values
            assert "step_length_m" not in step.values
