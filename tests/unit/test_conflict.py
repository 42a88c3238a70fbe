"""Meetings in closed form against marching in small steps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.core.conflict import Meeting, Thing, first_meeting

STEP_S = 0.002


def march(
    speed: float, brake: float, thing: Thing, reach: float, corridor: float, horizon: float
) -> float | None:
    """The first time of contact, by looking at every step."""
    for number in range(int(horizon / STEP_S) + 1):
        t = number * STEP_S
        braked = min(t, speed / brake) if brake > 0 else t
        travel = speed * braked - brake * braked**2 / 2
        along = thing.gap_m + thing.along_mps * t - travel
        across = thing.across_m + thing.across_mps * t
        if abs(along) <= reach and abs(across) <= corridor:
            return t
    return None


@given(
    speed=st.floats(0, 8),
    brake=st.sampled_from([0.0, 1.0, 2.0, 3.5]),
    gap=st.floats(-5, 30),
    along=st.floats(-6, 6),
    across=st.floats(-6, 6),
    across_speed=st.one_of(st.just(0.0), st.floats(-4, 4)),
)
def test_closed_form_agrees_with_marching(
    speed: float, brake: float, gap: float, along: float, across: float, across_speed: float
) -> None:
    thing = Thing(gap, along, across, across_speed)
    marched = march(speed, brake, thing, 0.7, 0.9, 6.0)
    meeting = first_meeting(speed, brake, thing, 0.7, 0.9, 6.0)
    if marched is None:
        # a contact shorter than a step may be missed by marching: then it must be a graze
        if meeting is not None:
            assert march(speed, brake, thing, 0.7 + 0.05, 0.9 + 0.05, 6.0 + STEP_S) is not None
        return
    assert meeting is not None
    # marching is late by a step, or by the whole of an earlier graze
    assert meeting.ttc_s <= marched + 1e-6
    wider = march(speed, brake, thing, 0.7 + 0.05, 0.9 + 0.05, 6.0)
    assert wider is not None
    assert meeting.ttc_s >= wider - STEP_S - 1e-6


@pytest.mark.parametrize(
    ("thing", "expected"),
    [
        (Thing(10.0, 0.0, 0.0, 0.0), Meeting(3.0, 9.0)),  # standing: (10 - 1) / 3
        (Thing(10.0, -1.5, 0.0, 0.0), Meeting(2.0, 6.0)),  # oncoming
        (Thing(10.0, 1.5, 0.0, 0.0), Meeting(6.0, 18.0)),  # same way, slower, at the horizon
        (Thing(10.0, 1.501, 0.0, 0.0), None),  # just past the horizon
        (Thing(10.0, 0.0, 0.9, 0.0), Meeting(3.0, 9.0)),  # on the corridor's edge
        (Thing(10.0, 0.0, 0.9001, 0.0), None),  # beside it
        (Thing(10.0, 0.0, 4.5, -1.2), Meeting(3.0, 9.0)),  # comes in just in time
        (Thing(10.0, 0.0, -0.9, 0.5), Meeting(3.0, 9.0)),  # still inside
        (Thing(10.0, 0.0, -0.9, 0.7), None),  # leaves at 2.57 s, before 3.0 s
        (Thing(0.5, 0.0, 0.0, 0.0), Meeting(0.0, 0.0)),  # touching already
        (Thing(-5.0, 0.0, 0.0, 0.0), None),  # passed
    ],
)
def test_known_meetings(thing: Thing, expected: Meeting | None) -> None:
    meeting = first_meeting(3.0, 0.0, thing, 1.0, 0.9, 6.0)
    if expected is None:
        assert meeting is None
    else:
        assert meeting is not None
        assert meeting.ttc_s == pytest.approx(expected.ttc_s)
        assert meeting.travel_m == pytest.approx(expected.travel_m)


def test_a_braking_runner_stops_short_or_meets_at_the_root() -> None:
    # 4 m/s braking at 2 m/s2 stops after 4 m
    far, near = Thing(5.01, 0.0, 0.0, 0.0), Thing(4.0, 0.0, 0.0, 0.0)
    assert first_meeting(4.0, 2.0, far, 1.0, 0.9, 6.0) is None
    met = first_meeting(4.0, 2.0, near, 1.0, 0.9, 6.0)
    assert met is not None
    assert met.ttc_s == pytest.approx(1.0)  # 4 t - t^2 = 3
    assert met.travel_m == pytest.approx(3.0)


def test_a_stopped_runner_is_hit_by_what_comes() -> None:
    met = first_meeting(4.0, 2.0, Thing(12.0, -2.0, 0.0, 0.0), 1.0, 0.9, 6.0)
    assert met is not None
    assert met.ttc_s == pytest.approx(3.5)  # stands at 4 m from 2 s on; 12 - 2 t = 5
    assert met.travel_m == pytest.approx(4.0)
