"""The simulated runner: closed-form course, obedience, and independence of the frame rate."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rig.records import Level
from rig.sim.sim_runner import SOUND_MPS, Habits, SimRunner

S = 1_000_000_000
PLAIN = Habits(start_m=1.5, go_s=2.0, speed_mps=3.0, accel_mps2=1.5, brake_mps2=2.5)


def ns(t_s: float) -> int:
    return round(t_s * S)


def test_sets_off_and_reaches_the_drill_speed() -> None:
    runner = SimRunner(PLAIN)
    assert runner.advance(ns(1.99)).along_mps == 0
    assert runner.advance(ns(3.0)).along_mps == pytest.approx(1.5)
    assert runner.advance(ns(3.0)).along_m == pytest.approx(1.5 + 0.75)
    cruise = runner.advance(ns(5.0))
    assert cruise.along_mps == pytest.approx(3.0)
    assert cruise.along_m == pytest.approx(1.5 + 3.0 + 3.0)


@pytest.mark.parametrize("level", [Level.STOP, Level.FAULT])
def test_stops_after_reaction_sound_and_braking(level: Level) -> None:
    runner = SimRunner(PLAIN)
    heard_m = runner.advance(ns(6.0)).along_m
    runner.hears(level, ns(6.0))
    wait_s = PLAIN.reaction_s + (PLAIN.horn_along_m - heard_m) / SOUND_MPS
    assert runner.advance(ns(6.0 + wait_s - 1e-3)).along_mps == pytest.approx(3.0)
    end = runner.advance(ns(6.0 + wait_s + 3.0 / 2.5 + 1e-6))
    assert end.along_mps == 0
    assert end.along_m == pytest.approx(heard_m + 3.0 * wait_s + 9.0 / 5.0, abs=1e-6)
    assert runner.advance(ns(30.0)).along_m == pytest.approx(end.along_m)


@pytest.mark.parametrize("level", [Level.SILENT, Level.OK, Level.CUE, Level.CAUTION])
def test_runs_on_below_a_stop(level: Level) -> None:
    runner, deaf = SimRunner(PLAIN), SimRunner(PLAIN)
    runner.hears(level, ns(6.0))
    runner.hears(Level.SILENT, ns(6.5))
    assert runner.advance(ns(9.0)) == deaf.advance(ns(9.0))


def test_repeated_stop_does_not_put_off_the_braking() -> None:
    once, often = SimRunner(PLAIN), SimRunner(PLAIN)
    once.hears(Level.STOP, ns(6.0))
    for step in range(100):
        often.hears(Level.STOP, ns(6.0 + 0.033 * step))
    assert once.advance(ns(12.0)) == often.advance(ns(12.0))


def test_goes_on_only_after_quiet_and_not_while_cautioned() -> None:
    runner = SimRunner(PLAIN)
    runner.hears(Level.STOP, ns(6.0))
    runner.hears(Level.CAUTION, ns(9.0))
    stood = runner.advance(ns(15.0)).along_m
    assert runner.advance(ns(15.0)).along_mps == 0
    runner.hears(Level.OK, ns(15.0))
    assert runner.advance(ns(15.0 + PLAIN.resume_after_s - 0.01)).along_m == pytest.approx(stood)
    assert runner.advance(ns(17.0)).along_m > stood + 0.5
    assert runner.event_s("go 2", ns(17.0)) == pytest.approx(15.0 + PLAIN.resume_after_s)


def test_a_new_sound_cancels_the_planned_start() -> None:
    runner = SimRunner(PLAIN)
    runner.hears(Level.STOP, ns(6.0))
    runner.hears(Level.SILENT, ns(10.0))
    runner.hears(Level.CAUTION, ns(10.3))
    assert runner.advance(ns(14.0)).along_mps == 0
    assert runner.event_s("go 2", ns(14.0)) is None


def test_does_not_set_off_into_a_sounding_buzzer() -> None:
    runner = SimRunner(PLAIN)
    runner.hears(Level.CAUTION, ns(1.0))
    assert runner.advance(ns(5.0)).along_mps == 0
    runner.hears(Level.SILENT, ns(5.0))
    assert runner.advance(ns(7.0)).along_mps > 0


def test_events_are_unknown_before_they_happen() -> None:
    runner = SimRunner(PLAIN)
    runner.hears(Level.STOP, ns(6.0))
    stop_s = runner.event_s("stop 1", ns(20.0))
    assert stop_s is not None
    assert runner.event_s("stop 1", ns(stop_s - 0.001)) is None
    assert runner.event_s("stop 2", ns(20.0)) is None


def test_deaf_runner_stands_where_they_give_up_and_walks_back() -> None:
    habits = Habits(gives_up_m=42.0, returns_after_s=2.0, return_mps=1.25)
    runner = SimRunner(habits)
    stop_s = runner.event_s("stop 1", ns(100.0))
    assert stop_s is not None
    assert runner.advance(ns(stop_s + 1.0)).along_m == pytest.approx(42.0)
    walking = runner.advance(ns(stop_s + 4.0))
    assert walking.along_mps == -1.25
    assert walking.along_m == pytest.approx(42.0 - 2.5)
    assert runner.advance(ns(99.0)).along_m == pytest.approx(habits.start_m)


def test_expected_stop_at_the_lane_end_is_shorter() -> None:
    runner = SimRunner(Habits())
    times = [t / 100 for t in range(3000) if runner.advance(ns(t / 100)).along_m >= 37.0]
    heard_m = runner.advance(ns(times[0])).along_m
    runner.hears(Level.STOP, ns(times[0]))
    way = runner.advance(ns(40.0)).along_m - heard_m
    assert way == pytest.approx(3.0 * (0.25 + (45.5 - heard_m) / SOUND_MPS) + 9.0 / 6.0, abs=1e-6)


def test_fall_takes_less_than_a_second_and_nobody_rises() -> None:
    runner = SimRunner(Habits(falls_at_m=16.0))
    fall_s = runner.event_s("fall 1", ns(60.0))
    assert fall_s is not None
    assert runner.advance(ns(fall_s)).along_m == pytest.approx(16.0)
    assert runner.fall_share(ns(fall_s)) == 0
    assert runner.fall_share(ns(fall_s + 0.35)) == pytest.approx(0.25, abs=1e-6)
    assert runner.fall_share(ns(fall_s + 0.7)) == pytest.approx(1.0)
    runner.hears(Level.STOP, ns(fall_s + 1.0))
    runner.hears(Level.SILENT, ns(fall_s + 5.0))
    assert runner.advance(ns(fall_s + 20.0)).along_mps == 0


def _play(period_s: float, sounds: Callable[[float], Level]) -> SimRunner:
    """Told at each frame; the sounds change only at whole tenths of a second."""
    runner = SimRunner(PLAIN)
    for step in range(round(20.0 / period_s)):
        runner.hears(sounds(round(step * period_s, 6)), ns(step * period_s))
        runner.advance(ns(step * period_s))
    return runner


@settings(max_examples=25, deadline=None)
@given(changes=st.lists(st.tuples(st.integers(0, 190), st.sampled_from(list(Level))), max_size=6))
def test_course_does_not_depend_on_the_frame_rate(changes: list[tuple[int, Level]]) -> None:
    table = sorted(changes, key=lambda change: change[0])

    def sounds(t_s: float) -> Level:
        past = [level for tenth, level in table if tenth <= t_s * 10 + 1e-6]
        return past[-1] if past else Level.SILENT

    slow, fast = _play(0.1, sounds), _play(0.02, sounds)
    for tenth in range(0, 250, 7):
        assert slow.advance(ns(tenth / 10)) == fast.advance(ns(tenth / 10))


@settings(max_examples=40, deadline=None)
@given(changes=st.lists(st.tuples(st.floats(0, 25), st.sampled_from(list(Level))), max_size=8))
def test_speed_never_jumps_and_the_runner_never_teleports(
    changes: list[tuple[float, Level]],
) -> None:
    runner, habits = SimRunner(PLAIN), PLAIN
    told = sorted(changes, key=lambda change: change[0])
    last = runner.advance(0)
    for step in range(1, 1500):
        t_s = step * 0.02
        while told and told[0][0] <= t_s:
            at, level = told.pop(0)
            runner.hears(level, ns(at))
        now = runner.advance(ns(t_s))
        hardest = max(habits.brake_mps2, habits.expected_brake_mps2, habits.accel_mps2)
        assert abs(now.along_mps - last.along_mps) <= hardest * 0.02 + 1e-6
        assert -1e-9 <= now.along_m - last.along_m <= habits.speed_mps * 0.02 + 1e-6
        last = now
