"""The alert table as data, and the keeper over time."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.core.alerts import ALERTS, AlertKeeper, pattern_of
from rig.core.patterns import PATTERNS
from rig.records import Alert, Cause, Hazard, Level

ROWS = sorted(ALERTS.items())


def play(
    script: Sequence[tuple[float, float, Cause]],
    until_s: float,
    rate_hz: float = 20.0,
    acknowledged_s: float = -1.0,
) -> list[tuple[float, Alert]]:
    """Run the keeper over causes given as (from, to, cause); the alert at each step."""
    keeper, heard = AlertKeeper(), []
    for number in range(int(until_s * rate_hz) + 1):
        t = number / rate_hz
        present = [Hazard(cause) for start, end, cause in script if start <= t < end]
        is_acknowledged = abs(t - acknowledged_s) < 0.5 / rate_hz
        heard.append((t, keeper.decide(present, is_acknowledged, round(t * 1e9))))
    return heard


def spans(heard: Sequence[tuple[float, Alert]]) -> list[tuple[Cause | None, float, float]]:
    """(cause, from, to) of each stretch of one cause."""
    found = []
    for cause, group in itertools.groupby(heard, key=lambda item: item[1].cause):
        times = [t for t, _ in group]
        found.append((cause, times[0], times[-1]))
    return found


def test_every_cause_has_a_row_and_every_row_a_sound() -> None:
    assert set(ALERTS) == set(Cause)
    for cause, row in ROWS:
        alert = Alert(row.level, cause, 0, Hazard(cause, ttc_s=2.0))
        assert pattern_of(alert).segments, f"{cause} has no sound"
        assert row.source, f"{cause} has numbers without a source"


def test_levels_are_those_of_the_design() -> None:
    stop = {Cause.COLLISION, Cause.LANE_END_NOW, Cause.RUNNER_LOST, Cause.FALL}
    assert {c for c, r in ROWS if r.level is Level.STOP} == stop
    assert {c for c, r in ROWS if r.is_latched} == {c for c, r in ROWS if r.level is Level.FAULT}
    assert len({r.pattern for _, r in ROWS if r.level is Level.FAULT}) == 1


def test_nothing_that_means_danger_waits_long() -> None:
    for cause, row in ROWS:
        if row.level is Level.STOP:
            assert row.confirm_s <= 0.1, cause
        if row.level is Level.FAULT:
            assert row.confirm_s <= 0.5, cause


@pytest.mark.parametrize("cause", [c for c, r in ROWS if not r.is_relief])
def test_a_cause_sounds_once_it_held_for_its_confirm_time(cause: Cause) -> None:
    confirm_s = ALERTS[cause].confirm_s
    keeper = AlertKeeper()
    keeper.decide([Hazard(cause)], False, 0)
    before = keeper.decide([Hazard(cause)], False, round(confirm_s * 1e9) - 2000)
    if confirm_s > 0:
        assert before.level is Level.SILENT
    assert keeper.decide([Hazard(cause)], False, round(confirm_s * 1e9)).cause is cause


@pytest.mark.parametrize("rate_hz", [5.0, 8.0, 15.0, 30.0, 60.0])
def test_frame_rate_does_not_change_what_is_heard(rate_hz: float) -> None:
    script = [(1.0, 2.0, Cause.CONFLICT_SOON), (1.5, 1.9, Cause.COLLISION)]
    found = spans(play(script, 6.0, rate_hz))
    assert [cause for cause, _, _ in found] == [
        None, Cause.CONFLICT_SOON, Cause.COLLISION, None,
    ]  # fmt: skip
    start = next(a for c, a, _ in found if c is Cause.COLLISION)
    assert start == pytest.approx(1.58, abs=2.0 / rate_hz)


def test_stop_sounds_for_at_least_one_and_a_half_seconds() -> None:
    found = spans(play([(1.0, 1.2, Cause.COLLISION)], 4.0, 100.0))
    cause, start, end = found[1]
    assert cause is Cause.COLLISION
    assert 1.48 <= end - start <= 1.52


def test_a_flicker_shorter_than_the_confirm_time_is_not_heard() -> None:
    script = [(t / 10, t / 10 + 0.05, Cause.COLLISION) for t in range(10, 40, 2)]
    assert spans(play(script, 5.0, 40.0)) == [(None, 0.0, 5.0)]


def test_a_gap_shorter_than_the_hold_time_does_not_release() -> None:
    script = [(1.0, 3.0, Cause.COLLISION), (3.3, 5.0, Cause.COLLISION)]
    assert [c for c, _, _ in spans(play(script, 7.0))] == [None, Cause.COLLISION, None]


@pytest.mark.parametrize("cause", [c for c, r in ROWS if r.level is Level.STOP])
def test_every_stop_is_released_within_two_seconds_of_its_end(cause: Cause) -> None:
    found = spans(play([(1.0, 6.0, cause)], 12.0, 50.0))
    assert found[-1][0] is None
    assert found[-1][1] <= 8.0


def test_the_highest_level_wins_and_then_the_newest() -> None:
    causes = [c for c, r in ROWS if not r.is_relief and not r.is_once]
    for old, new in itertools.permutations(causes, 2):
        heard = play([(0.0, 4.0, old), (1.0, 4.0, new)], 3.0)[-1][1]
        levels = ALERTS[old].level, ALERTS[new].level
        assert heard.cause is (new if levels[1] >= levels[0] else old)


def test_a_fault_stays_until_acknowledged() -> None:
    script = [(1.0, 1.6, Cause.CAMERA_STALE)]
    assert spans(play(script, 60.0))[-1][0] is Cause.CAMERA_STALE
    found = spans(play(script, 20.0, acknowledged_s=10.0))
    assert found[-1][0] is None
    assert found[-1][1] == pytest.approx(10.0)


def test_a_fault_under_a_stop_is_not_acknowledged_unheard() -> None:
    script = [(1.0, 1.6, Cause.CAMERA_STALE), (0.5, 8.0, Cause.COLLISION)]
    heard = play(script, 12.0, acknowledged_s=5.0)
    assert heard[-1][1].cause is Cause.CAMERA_STALE


def test_a_fault_that_still_holds_is_not_acknowledged_away() -> None:
    heard = play([(1.0, 20.0, Cause.CAMERA_BLIND)], 15.0, acknowledged_s=10.0)
    assert heard[-1][1].cause is Cause.CAMERA_BLIND


def test_all_clear_comes_once_and_only_after_a_warning() -> None:
    never = spans(play([(0.0, 9.5, Cause.ALL_CLEAR), (0.0, 9.5, Cause.GUARD)], 9.0))
    assert never == [(Cause.GUARD, 0.0, 9.0)]
    script = [(1.0, 3.0, Cause.COLLISION), (4.0, 30.0, Cause.ALL_CLEAR), (0.0, 30.0, Cause.GUARD)]
    found = spans(play(script, 20.0))
    assert [c for c, _, _ in found] == [
        Cause.GUARD, Cause.COLLISION, Cause.GUARD, Cause.ALL_CLEAR, Cause.GUARD,
    ]  # fmt: skip
    assert found[3][2] - found[3][1] <= PATTERNS["all_clear"].period_s


@pytest.mark.parametrize("rate_hz", [5.0, 8.0, 15.0, 30.0, 60.0])
def test_all_clear_is_told_once_a_warning_though_the_lane_is_in_doubt_in_between(
    rate_hz: float,
) -> None:
    """A runner unseen for a moment makes the cause vanish and come back: nothing new is clear."""
    clear = [(4.0, 8.0, Cause.ALL_CLEAR), (10.0, 20.0, Cause.ALL_CLEAR)]
    found = spans(play([(1.0, 3.0, Cause.COLLISION), *clear], 15.0, rate_hz))
    assert [c for c, _, _ in found].count(Cause.ALL_CLEAR) == 1
    again = spans(play([(1.0, 3.0, Cause.COLLISION), (8.0, 9.0, Cause.COLLISION), *clear], 15.0))
    assert [c for c, _, _ in again].count(Cause.ALL_CLEAR) == 2


def test_a_sound_keeps_its_rhythm_when_its_cause_changes() -> None:
    heard = play([(1.0, 3.0, Cause.LANE_END_NOW), (2.0, 5.0, Cause.RUNNER_LOST)], 4.0)
    alerts = {a.cause: a.since_ns for _, a in heard if a.level is Level.STOP}
    assert alerts[Cause.LANE_END_NOW] == alerts[Cause.RUNNER_LOST] == round(1e9)


def test_disarming_silences_everything() -> None:
    keeper = AlertKeeper()
    keeper.decide([Hazard(Cause.CAMERA_STALE), Hazard(Cause.FALL)], False, 0)
    keeper.silence()
    assert keeper.decide([], False, 1).level is Level.SILENT


@given(
    st.lists(
        st.tuples(st.floats(0, 5), st.floats(0.05, 5), st.sampled_from(sorted(Cause))), max_size=8
    )
)
def test_while_a_confirmed_stop_holds_nothing_else_is_heard(
    script: list[tuple[float, float, Cause]],
) -> None:
    timed = [(start, start + lasts, cause) for start, lasts, cause in script]
    for t, alert in play([*timed, (2.0, 4.0, Cause.LANE_END_NOW)], 4.0, 10.0):
        if 2.0 <= t < 4.0:
            assert alert.level is Level.STOP


def test_the_countdown_quickens() -> None:
    rates = []
    for ttc_s in (3.4, 2.0, 0.5):
        alert = Alert(
            Level.CAUTION, Cause.LANE_END_SOON, 0, Hazard(Cause.LANE_END_SOON, ttc_s=ttc_s)
        )
        rates.append(1.0 / pattern_of(alert).period_s)
    assert rates == pytest.approx([1.0, 2.0, 4.0])
