"""The lane frame: straight, bends, beyond the ends, continuity, and what is no lane."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rig.core.lane import Lane, arc_line, straight_lane
from rig.errors import LaneError

RADIUS = 36.5
HALF_LAP = Lane(arc_line((0.0, 0.0), 0.0, RADIUS, math.pi))
RIGHT_BEND = Lane(((-20.0, 0.0), *arc_line((0.0, 0.0), 0.0, 25.0, -1.2)))
BENT = Lane(((0.0, 0.0), (10.0, 0.0), (18.0, 6.0), (30.0, 6.0)))
LANES = (straight_lane(40.0), Lane(((3.0, 4.0), (-20.0, 11.0))), HALF_LAP, RIGHT_BEND, BENT)


def test_straight_lane_is_the_ground_frame() -> None:
    places = np.array([[0.0, 0.0], [-3.0, 0.5], [41.5, -0.6], [20.0, 9.0]])
    assert straight_lane(40).to_lane(places) == pytest.approx(places)
    assert straight_lane(40).length_m == 40.0


def test_across_grows_to_the_left_of_travel() -> None:
    lane = Lane(((0.0, 0.0), (0.0, 30.0)))  # travel along y: left is -x
    assert lane.to_lane(np.array([[-0.4, 10.0]]))[0] == pytest.approx([10.0, 0.4])


def test_half_lap_has_the_length_and_sides_of_a_track_bend() -> None:
    assert HALF_LAP.length_m == pytest.approx(math.pi * RADIUS, rel=2e-4)
    angles = np.linspace(0.05, math.pi - 0.05, 40)
    for across in (-1.22, 0.0, 0.61, 5.0):
        reach = RADIUS - across  # turning left, the left side is the inner one
        places = np.stack([reach * np.sin(angles), RADIUS - reach * np.cos(angles)], axis=1)
        found = HALF_LAP.to_lane(places)
        assert found[:, 1] == pytest.approx(np.full(40, across), abs=0.015)
        assert found[:, 0] == pytest.approx(RADIUS * angles, abs=0.03)


@settings(max_examples=60, deadline=None)
@given(lane=st.sampled_from(LANES), share=st.floats(-0.3, 1.3), across=st.floats(-6, 6))
def test_lane_to_ground_and_back(lane: Lane, share: float, across: float) -> None:
    place = np.array([[share * lane.length_m, across]])
    assert lane.to_lane(lane.to_ground(place)) == pytest.approx(place, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(
    lane=st.sampled_from(LANES),
    share=st.floats(-0.1, 1.1),
    across=st.floats(-4, 4),
    heading=st.floats(0, 2 * math.pi),
)
def test_a_small_step_on_the_ground_is_a_small_step_on_the_lane(
    lane: Lane, share: float, across: float, heading: float
) -> None:
    start = lane.to_ground(np.array([[share * lane.length_m, across]]))
    step = 1e-4 * np.array([[math.cos(heading), math.sin(heading)]])
    moved = lane.to_lane(start + step) - lane.to_lane(start)
    assert np.abs(moved).max() < 3e-4


@pytest.mark.parametrize("corner", [10.0, 20.0])
def test_continuous_over_a_corner(corner: float) -> None:
    along = corner + np.array([-1e-7, 0.0, 1e-7])
    for across in (-3.0, 0.0, 3.0):
        places = BENT.to_ground(np.column_stack([along, np.full(3, across)]))
        assert np.abs(np.diff(places, axis=0)).max() < 1e-6
        assert BENT.to_lane(places)[:, 0] == pytest.approx(along, abs=1e-9)


def test_goes_on_straight_beyond_both_ends() -> None:
    before, past = BENT.to_lane(np.array([[-7.0, 1.5], [42.0, 5.0]]))
    assert before == pytest.approx([-7.0, 1.5])
    assert past == pytest.approx([BENT.length_m + 12.0, -1.0])


def test_past_the_bends_centre_a_place_still_has_finite_numbers() -> None:
    far = HALF_LAP.to_lane(np.array([[-60.0, 36.5], [0.0, 36.5], [-3.0, 36.0]]))
    assert np.isfinite(far).all()
    assert (np.abs(far[:, 1]) > 10).all()


def test_nan_stays_nan_and_no_places_are_none() -> None:
    assert np.isnan(BENT.to_lane(np.array([[math.nan, 1.0], [1.0, 1.0]]))[0]).any()
    assert BENT.to_lane(np.zeros((0, 2))).shape == (0, 2)
    assert BENT.to_ground(np.zeros((0, 2))).shape == (0, 2)


def test_directions_follow_the_bend() -> None:
    travel = HALF_LAP.directions(np.array([-5.0, 0.5, HALF_LAP.length_m / 2, 500.0]))
    assert np.hypot(travel[:, 0], travel[:, 1]) == pytest.approx(np.ones(4))
    assert travel[2] == pytest.approx([0.0, 1.0], abs=0.03)
    assert travel[3] == pytest.approx([-1.0, 0.0], abs=0.03)


def test_arc_leaves_the_true_circle_by_less_than_two_centimetres() -> None:
    line = np.array(arc_line((5.0, 1.0), 0.3, RADIUS, -1.0))
    middles = (line[1:] + line[:-1]) / 2
    centre = np.array([5.0 + RADIUS * math.sin(0.3), 1.0 - RADIUS * math.cos(0.3)])
    assert np.abs(np.hypot(*(line - centre).T) - RADIUS).max() < 1e-9
    assert np.abs(np.hypot(*(middles - centre).T) - RADIUS).max() < 0.02


@pytest.mark.parametrize(
    ("lane", "sentence"),
    [
        (lambda: Lane(((0.0, 0.0),)), "has 1 points; give at least 2"),
        (lambda: Lane(((0.0, 0.0), (math.nan, 1.0))), "not finite"),
        (lambda: Lane(((0.0, 0.0), (20.0, 0.0), (20.0, 0.0))), "holds a point twice"),
        (lambda: Lane(((0.0, 0.0), (20.0, 0.0), (20.0, 20.0))), "turns by 90 degrees"),
        (lambda: Lane(((0.0, 0.0), (20.0, 0.0)), width_m=0.0), "width_m is 0"),
        (lambda: Lane(((0.0, 0.0), (20.0, 0.0)), box_length_m=0.0), "box_length_m is 0"),
        (lambda: Lane(((0.0, 0.0), (20.0, 0.0)), exit_zone_m=-1.0), "exit_zone_m is -1"),
        (lambda: Lane(((0.0, 0.0), (20.0, 0.0)), run_off_m=-1.0), "run_off_m is -1"),
        (lambda: Lane(((0.0, 0.0), (7.9, 0.0))), "start box ends at 3 m, in the exit zone"),
        (lambda: arc_line((0.0, 0.0), 0.0, 0.0, 1.0), "is no bend"),
    ],
)
def test_what_is_no_lane_is_refused(lane: object, sentence: str) -> None:
    assert callable(lane)
    with pytest.raises(LaneError, match=sentence):
        lane()


def test_box_and_exit_zone_may_touch() -> None:
    assert Lane(((0.0, 0.0), (8.0, 0.0))).length_m == 8.0
