"""The hazard law: levels over distance, speed and side; dense at the limits."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.core.hazard import assess
from rig.core.stopping import latency_s, stop_end_m, stop_m
from rig.records import Box, Cause, Kind, Level, Phase, Runner
from tests.unit.hazard_people import LANE, LIMITS, REACH, judged, level, runner, track


def test_stop_distance_is_the_formula_of_the_design() -> None:
    delay = 0.35 + 30.0 / 343.0 + 0.9
    assert stop_m(3.0, LIMITS) == pytest.approx(3.0 * delay + 9.0 / 3.6 + 1.0)
    assert latency_s(LIMITS) == pytest.approx(0.35 + 30.0 / 343.0)
    assert stop_end_m(3.0, LIMITS) == pytest.approx(3 * (0.35 + 30 / 343) + 9 / 4.8 + 0.3)


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


@pytest.mark.parametrize("sigma", [0.0, 0.7, 1.0, 5.0])
def test_a_speed_in_doubt_is_taken_for_a_higher_one(sigma: float) -> None:
    """While a runner speeds up the estimate lags by more than its sigma (trials: steps in)."""
    me = Runner(Phase.RUNNING, replace(track(10.0, v=3.0, number=1), along_sigma_mps=sigma))
    reach = stop_m(3.0 + min(1.0, sigma) * LIMITS.speed_sigmas, LIMITS)
    assert level(me, track(10.0 + REACH + reach - 0.01)) is Level.STOP
    assert level(me, track(10.0 + REACH + reach + 0.01)) is Level.CAUTION


def test_a_fast_runner_needs_more_than_three_seconds_for_a_crosser() -> None:
    # stop_m(6) is 19 m, 3.2 s: in the corridor after 3.1 s, there at the same time as the runner
    crosser = track(10.0 + REACH + 18.8, 4.83, across_v=-1.28)
    assert stop_m(6.0, LIMITS) > 18.8 > 6.0 * LIMITS.horizon_crosser_s
    assert level(runner(6.0), crosser) is Level.STOP


def test_without_the_slower_futures_only_going_on_counts() -> None:
    limits = replace(LIMITS, has_slower_futures=False)
    crosser = track(13.6, 3.6, across_v=-1.5)
    assert level(runner(4.0), crosser) >= Level.CAUTION
    assert level(runner(4.0), crosser, limits=limits) is Level.SILENT
    assert level(runner(4.0), track(13.6), limits=limits) is Level.STOP


def test_three_futures_one_that_only_a_slower_runner_meets() -> None:
    # at 4 m/s the runner is past before the crosser comes in; at 2 m/s they meet
    crosser = track(13.6, 3.6, across_v=-1.5)
    assert level(runner(4.0), crosser) >= Level.CAUTION


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


def test_everything_is_predicted_to_now() -> None:
    who, thing = runner(3.0), track(10.0 + REACH + stop_m(3.0, LIMITS) + 0.5)
    assert level(who, thing) is Level.CAUTION
    later = assess(who, (thing,), LANE, LIMITS, 200_000_000)  # 0.6 m on
    assert Cause.COLLISION in {h.cause for h in later}


def test_unconfirmed_tracks_do_not_speak() -> None:
    assert level(runner(3.0), replace(track(12.0), is_confirmed=False)) is Level.SILENT


@pytest.mark.parametrize(
    ("kind", "left", "off_m", "expected"),
    [
        (Kind.OBJECT, 69.0, 0.0, Level.SILENT),  # inside the runner's box by 0.31
        (Kind.OBJECT, 71.0, 0.0, Level.STOP),  # by 0.29
        (Kind.OBJECT, 69.0, 0.71, Level.STOP),
        (Kind.PERSON, 69.0, 0.0, Level.STOP),  # somebody runs into the runner
    ],
)
def test_the_runners_own_shadow_is_nothing_to_run_into(
    kind: Kind, left: float, off_m: float, expected: Level
) -> None:
    shadow = replace(track(10.01 + off_m), kind=kind, box=Box(left, 90.0, left + 100.0, 100.0))
    me = replace(track(10.0, v=3.0, number=1), box=Box(0.0, 0.0, 100.0, 100.0))
    assert level(Runner(Phase.RUNNING, me), shadow) is expected


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
