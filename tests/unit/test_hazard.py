"""The hazard law: levels over distance, speed and side; dense at the limits."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.config import HazardLimits
from rig.core.alerts import ALERTS
from rig.core.hazard import assess
from rig.core.lane import straight_lane
from rig.core.stopping import latency_s, stop_end_m, stop_m
from rig.records import Box, Cause, Hazard, Kind, Level, Phase, Runner, Track

LIMITS = HazardLimits()
LANE = straight_lane(60.0)
BOX = Box(0.0, 0.0, 10.0, 30.0)
REACH = LIMITS.runner_reach_m + 0.25
"""Runner's reach plus the half width of the things below."""


def track(
    along: float,
    across: float = 0.0,
    v: float = 0.0,
    across_v: float = 0.0,
    number: int = 2,
    sigma: float = 0.0,
    speed_sigma: float = 0.0,
) -> Track:
    return Track(
        number, Kind.PERSON, 0, 0, 0, along, across, v, across_v,
        sigma, min(sigma, 0.2), speed_sigma, speed_sigma, 0.5, 1.7, 0.9, BOX, True,
    )  # fmt: skip


def runner(v: float, along: float = 10.0, phase: Phase = Phase.RUNNING) -> Runner:
    return Runner(phase, track(along, v=v, number=1))


def judged(who: Runner, *others: Track, limits: HazardLimits = LIMITS) -> tuple[Hazard, ...]:
    return assess(who, others, LANE, limits, 0)


def level(who: Runner, *others: Track, limits: HazardLimits = LIMITS) -> Level:
    found = [ALERTS[h.cause].level for h in judged(who, *others, limits=limits)]
    return max((lv for lv in found if lv > Level.OK), default=Level.SILENT)


def test_stop_distance_is_the_formula_of_the_design() -> None:
    delay = 0.35 + 30.0 / 343.0 + 0.7
    assert stop_m(3.0, LIMITS) == pytest.approx(3.0 * delay + 9.0 / 4.0 + 1.0)
    assert latency_s(LIMITS) == pytest.approx(0.35 + 30.0 / 343.0)
    assert stop_end_m(3.0, LIMITS) == pytest.approx(3 * (0.35 + 30 / 343) + 9 / 6 + 0.3)


@pytest.mark.parametrize("v", [0.5, 1.0, 2.0, 3.0, 4.5, 6.0])
@pytest.mark.parametrize(("off", "expected"), [(-0.01, Level.STOP), (0.01, Level.CAUTION)])
def test_stop_begins_at_the_stopping_distance(v: float, off: float, expected: Level) -> None:
    thing = track(10.0 + REACH + stop_m(v, LIMITS) + off)
    assert level(runner(v), thing) is expected


@pytest.mark.parametrize("v", [1.0, 3.0, 6.0])
@pytest.mark.parametrize(("off", "expected"), [(-0.01, Level.CAUTION), (0.01, Level.SILENT)])
def test_caution_begins_at_four_seconds_or_a_second_and_a_half(
    v: float, off: float, expected: Level
) -> None:
    reach = max(4.0 * v, stop_m(v, LIMITS) + 1.5 * v)
    assert level(runner(v), track(10.0 + REACH + reach + off)) is expected


@given(
    v=st.floats(0.5, 7.0),
    more_v=st.floats(0.0, 3.0),
    gap=st.floats(0.0, 40.0),
    closer=st.floats(0.0, 10.0),
    across=st.floats(-2.0, 2.0),
    sigma=st.floats(0.0, 2.0),
)
def test_closer_or_faster_never_lowers_the_level(
    v: float, more_v: float, gap: float, closer: float, across: float, sigma: float
) -> None:
    far = track(10.5 + gap, across, sigma=sigma)
    near = track(10.5 + max(0.0, gap - closer), across, sigma=sigma)
    assert level(runner(v), near) >= level(runner(v), far)
    assert level(runner(v + more_v), far) >= level(runner(v), far)


@given(
    v=st.floats(0.5, 6.0),
    oncoming=st.floats(0.0, 5.0),
    more=st.floats(0.0, 3.0),
    gap=st.floats(0.5, 40.0),
)
def test_a_faster_oncomer_never_lowers_the_level(
    v: float, oncoming: float, more: float, gap: float
) -> None:
    slow, fast = track(10.0 + gap, v=-oncoming), track(10.0 + gap, v=-oncoming - more)
    assert level(runner(v), fast) >= level(runner(v), slow)


@given(
    things=st.lists(
        st.tuples(st.floats(8, 50), st.floats(-3, 3), st.floats(-3, 3), st.floats(-2, 2)),
        max_size=6,
    ),
    v=st.floats(0, 6),
    seed=st.randoms(use_true_random=False),
)
def test_the_order_of_things_does_not_matter(
    things: list[tuple[float, float, float, float]], v: float, seed: object
) -> None:
    tracks = [track(*thing, number=n + 2) for n, thing in enumerate(things)]
    mixed = list(tracks)
    seed.shuffle(mixed)  # type: ignore[attr-defined]  # a random.Random by its strategy
    key = lambda h: (h.cause, h.track_id or 0)  # noqa: E731
    assert sorted(judged(runner(v), *tracks), key=key) == sorted(judged(runner(v), *mixed), key=key)


@pytest.mark.parametrize("across", [0.87, -0.87, 1.22, -1.22, 2.5])
@pytest.mark.parametrize("v", [0.0, 3.0, 6.0])
def test_people_beside_the_corridor_who_stay_there_never_alert(across: float, v: float) -> None:
    assert level(runner(v), track(13.0, across)) is Level.SILENT


@pytest.mark.parametrize("v_other", [-4.0, 0.0, 3.0, 6.0])
def test_a_neighbour_passing_never_alerts(v_other: float) -> None:
    assert level(runner(3.0), track(12.0, 1.22, v=v_other, speed_sigma=0.1)) is Level.SILENT


def test_a_conflict_only_by_sigma_is_at_most_caution() -> None:
    beside = track(13.0, 0.61 + 0.25 + 0.1, sigma=0.5)  # 10 cm outside, sigma 20 cm
    assert level(runner(3.0), beside) is Level.CAUTION
    assert level(runner(3.0), track(13.0, 0.61 + 0.25 + 0.21, sigma=0.5)) is Level.SILENT


@pytest.mark.parametrize(
    ("across_v", "sigma", "expected"),
    [
        (-1.4, 0.1, Level.STOP),
        (-1.4, 0.71, Level.SILENT),  # 2 sigmas are 1.42 m/s: it may well stand
        (-0.39, 0.0, Level.SILENT),  # under 0.4 m/s
        (1.4, 0.1, Level.SILENT),  # walks away
    ],
)
def test_a_crosser_counts_when_the_across_speed_is_sure(
    across_v: float, sigma: float, expected: Level
) -> None:
    crosser = track(15.0, 2.5, across_v=across_v, speed_sigma=sigma)
    assert level(runner(3.0), crosser) is expected


def test_a_crosser_who_clears_in_time_is_silent() -> None:
    # leaves the corridor 0.9 s from now; the runner is there after (10 - reach) / 3 = 3.1 s
    assert level(runner(3.0), track(20.0, 0.0, across_v=1.0)) is Level.SILENT


def test_a_crosser_is_predicted_for_three_seconds_only() -> None:
    soon = track(16.0, 4.5, across_v=-1.3)  # in the corridor after 2.8 s
    late = track(16.0, 5.5, across_v=-1.3)  # after 3.6 s
    assert level(runner(2.0), soon) > Level.SILENT
    assert level(runner(2.0), late) is Level.SILENT


def test_what_the_runner_passed_never_alerts() -> None:
    assert level(runner(3.0), track(9.9), track(7.0, v=6.0)) is Level.SILENT


def test_three_futures_one_that_only_a_slower_runner_meets() -> None:
    # at 4 m/s the runner is past before the crosser comes in; at 2 m/s they meet
    crosser = track(13.6, 3.6, across_v=-1.5)
    assert level(runner(4.0), crosser) >= Level.CAUTION


class TestStandingRunner:
    """Slower than 0.5 m/s: the lane is judged by the drill's speed."""

    def test_lane_not_clear_within_four_seconds_of_the_drill(self) -> None:
        for off, expected in ((-0.01, Level.CAUTION), (0.01, Level.SILENT)):
            thing = track(10.0 + REACH + 12.0 + off)
            assert level(runner(0.0, phase=Phase.IN_BOX), thing) is expected

    @pytest.mark.parametrize(("gap", "expected"), [(2.09, Level.STOP), (2.11, Level.CAUTION)])
    def test_stop_only_for_what_hits_within_two_seconds(self, gap: float, expected: Level) -> None:
        oncomer = track(10.0 + REACH + gap, v=-1.0)
        assert level(runner(0.0), oncomer) is expected

    def test_something_that_stands_near_is_no_stop(self) -> None:
        assert level(runner(0.0), track(10.7)) is Level.CAUTION

    @pytest.mark.parametrize(
        ("v", "sigma", "expected"),
        [
            (0.6, 0.0, Level.SILENT),  # surely moving, and slow: 6 m are far
            (0.6, 0.39, Level.SILENT),
            (0.6, 0.41, Level.CAUTION),  # may well stand: the lane is judged for the drill too
            (0.4, 0.0, Level.CAUTION),
        ],
    )
    def test_who_may_be_standing_is_told_that_the_lane_is_not_clear(
        self, v: float, sigma: float, expected: Level
    ) -> None:
        me = replace(track(10.0, v=v, number=1), along_sigma_mps=sigma)
        assert level(Runner(Phase.RUNNING, me), track(16.0)) is expected


class TestLaneEnd:
    @pytest.mark.parametrize("v", [0.6, 1.5, 3.0, 6.0])
    def test_counts_down_and_then_stops(self, v: float) -> None:
        need = stop_end_m(v, LIMITS)
        causes = [
            {h.cause for h in judged(runner(v, LANE.length_m - need - off))}
            for off in (-0.01, 0.01, 3.0 * v - 0.01, 3.0 * v + 0.01)
        ]
        assert Cause.LANE_END_NOW in causes[0]
        assert Cause.LANE_END_SOON in causes[1]
        assert Cause.LANE_END_SOON in causes[2]
        assert Cause.LANE_END_SOON not in causes[3]

    def test_a_place_in_doubt_is_taken_nearer_to_the_end(self) -> None:
        need = stop_end_m(3.0, LIMITS)
        me = track(LANE.length_m - need - 0.29, v=3.0, number=1, sigma=0.3)
        assert Cause.LANE_END_NOW in {h.cause for h in judged(Runner(Phase.RUNNING, me))}

    def test_a_standing_runner_hears_nothing_of_it(self) -> None:
        assert level(runner(0.3, LANE.length_m - 1.0)) is Level.SILENT


class TestPhases:
    @pytest.mark.parametrize("phase", [Phase.DISARMED, Phase.WAITING])
    def test_silent_without_a_runner(self, phase: Phase) -> None:
        assert level(runner(3.0, phase=phase), track(13.0)) is Level.SILENT

    @pytest.mark.parametrize(
        ("along", "across", "expected"),
        [
            (10.0, 0.0, Level.CAUTION),
            (54.9, 0.0, Level.CAUTION),  # the exit zone begins at 55 m
            (55.0, 0.0, Level.SILENT),
            (10.0, 0.7, Level.SILENT),  # beside the lane
        ],
    )
    def test_finished_is_silent_but_in_mid_lane(
        self, along: float, across: float, expected: Level
    ) -> None:
        """Who stopped before something and sets off again would be warned too late."""
        who = Runner(Phase.FINISHED, track(along, across, number=1))
        assert level(who, track(along + 3.0)) is expected
        assert level(who, track(along + REACH + 4.0 * 3.0 + 0.01)) is Level.SILENT

    def test_returning_knows_caution_only(self) -> None:
        back = runner(-1.5, phase=Phase.RETURNING)
        assert level(back, track(11.5, v=-4.0)) is Level.CAUTION
        assert level(back, track(13.0)) is Level.SILENT

    def test_a_fall_is_told_in_every_armed_phase(self) -> None:
        for phase in (Phase.IN_BOX, Phase.RUNNING, Phase.FINISHED, Phase.RETURNING):
            down = replace(runner(0.0, phase=phase), is_falling=True)
            assert Cause.FALL in {h.cause for h in judged(down)}

    def test_a_lost_runner_is_told_even_without_a_track(self) -> None:
        lost = Runner(Phase.RUNNING, None, 3.0, is_lost=True)
        assert {h.cause for h in judged(lost)} == {Cause.RUNNER_LOST}


def test_everything_is_predicted_to_now() -> None:
    who, thing = runner(3.0), track(10.0 + REACH + stop_m(3.0, LIMITS) + 0.5)
    assert level(who, thing) is Level.CAUTION
    later = assess(who, (thing,), LANE, LIMITS, 200_000_000)  # 0.6 m on
    assert Cause.COLLISION in {h.cause for h in later}


def test_unconfirmed_tracks_do_not_speak() -> None:
    assert level(runner(3.0), replace(track(12.0), is_confirmed=False)) is Level.SILENT


def test_drift_is_told_in_the_runners_own_left_and_right() -> None:
    limits = replace(LIMITS, has_drift_cue=True)
    # across grows to the left of travel; the runner faces the other way: it is their right
    right = replace(runner(3.0), track=replace(track(10.0, 0.36, v=3.0, number=1)))
    left = replace(runner(3.0), track=replace(track(10.0, -0.36, v=3.0, number=1)))
    assert Cause.DRIFT_RIGHT in {h.cause for h in judged(right, limits=limits)}
    assert Cause.DRIFT_LEFT in {h.cause for h in judged(left, limits=limits)}
    assert Cause.DRIFT_LEFT not in {h.cause for h in judged(left)}


def test_overspeed_is_off_until_the_coach_sets_it() -> None:
    limits = replace(LIMITS, overspeed_mps=3.0)
    assert Cause.OVERSPEED not in {h.cause for h in judged(runner(9.0))}
    assert Cause.OVERSPEED not in {h.cause for h in judged(runner(3.0), limits=limits)}
    assert Cause.OVERSPEED in {h.cause for h in judged(runner(3.01), limits=limits)}
