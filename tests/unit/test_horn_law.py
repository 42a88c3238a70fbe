"""The horn's one rule: who relies on it hears when watch is silent, and plays what watch says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.causes import Cause, Level
from rig.core.alerts import ALERTS
from rig.core.datagrams import Press, Restarted, Silence
from rig.core.horn_law import BOUNCE_S, WATCH_GONE_S, ButtonWatch
from rig.core.patterns import PATTERNS
from tests.unit.horn_words import ALIVE_NS, MS, OPTIONS, SLOW_S, Ear, S, word


@pytest.mark.parametrize("cause", [c for c, row in ALERTS.items() if row.level >= Level.CUE])
def test_what_watch_says_is_played(cause: Cause) -> None:
    ear = Ear()
    pins = ear.run(100 * MS, cause)
    assert pins.sound.cause is cause
    assert ear.first(cause) <= 5 * MS
    assert pins.is_armed


def test_the_guards_tick_is_for_a_sounder_and_not_for_a_siren() -> None:
    ear = Ear()
    ear.run(3 * S, Cause.GUARD)
    assert any(p.tone_hz for _, p in ear.heard)
    assert not any(p.is_siren_on for _, p in ear.heard)
    lit = [p.is_healthy for t, p in ear.heard]
    assert all(lit)


@pytest.mark.parametrize("is_armed", [True, False])
def test_the_lamp_is_dark_when_anything_is_wrong(is_armed: bool) -> None:
    for about, is_lit in (
        ({}, True), ({"is_well": False}, False), ({"judged_ns": None}, False),
        ({"judged_ns": 0}, False),
    ):  # fmt: skip
        ear = Ear(begun_ns=10 * S)
        cause = Cause.GUARD if is_armed else None
        ear.law.hear(word(10 * S, cause, is_armed=is_armed, **about), 10 * S)
        pins = ear.law.turn(False, 10 * S + 5 * MS)
        assert pins.is_healthy is is_lit, about
        assert is_armed or not pins.is_siren_on


def test_a_word_of_a_clock_that_jumped_does_not_shut_out_the_next() -> None:
    ear = Ear()
    ear.law.hear(word(90 * S, Cause.GUARD), 210 * MS)
    ear.law.hear(word(240 * MS, Cause.COLLISION), 240 * MS)
    assert ear.law.turn(False, 245 * MS).sound.cause is Cause.COLLISION


def test_a_chirp_is_heard_on_the_siren() -> None:
    ear = Ear()
    ear.run(300 * MS, Cause.ARMED)
    assert any(p.is_siren_on for _, p in ear.heard)


@pytest.mark.parametrize("silent_ns", [ALIVE_NS - 5 * MS, ALIVE_NS, ALIVE_NS + 10 * MS])
def test_a_silent_watch_is_told_at_its_limit(silent_ns: int) -> None:
    ear = Ear()
    ear.law.hear(word(0), 0)
    pins = ear.run(silent_ns + 5 * MS)
    is_told = silent_ns > ALIVE_NS
    assert (pins.sound.level is Level.FAULT) is is_told
    assert pins.is_siren_on is is_told
    assert pins.is_healthy is not is_told


@pytest.mark.parametrize("last", [Cause.COLLISION, Cause.CONFLICT_SOON, Cause.FALL])
def test_an_old_stop_becomes_a_fault(last: Cause) -> None:
    ear = Ear()
    ear.run(100 * MS, last)
    pins = ear.run(600 * MS)
    assert (pins.sound.level, pins.sound.cause) == (Level.FAULT, Cause.DECIDER_SILENT)


@pytest.mark.parametrize(("cause", "told"), [
    (Cause.GUARD, Cause.DECIDER_SILENT), (Cause.CONFLICT_SOON, Cause.DECIDER_SILENT),
    (Cause.COLLISION, Cause.COLLISION),
])  # fmt: skip
def test_a_watch_that_lives_but_judges_nothing_is_told_below_a_stop(
    cause: Cause, told: Cause
) -> None:
    ear = Ear()
    pins = ear.run(S, cause, judged_ns=0)
    assert pins.sound.cause is told
    if told is Cause.DECIDER_SILENT:
        assert SLOW_S * S < ear.first(told) <= SLOW_S * S + 10 * MS


def test_armed_without_any_judged_frame_is_a_fault() -> None:
    assert Ear().run(50 * MS, Cause.GUARD, judged_ns=None).sound.level is Level.FAULT


def test_the_fault_goes_on_until_watch_carries_it() -> None:
    ear = Ear()
    ear.run(100 * MS, Cause.GUARD)
    ear.run(S)
    assert ear.run(5 * S, Cause.GUARD).sound.cause is Cause.DECIDER_SILENT
    assert ear.run(6 * S, Cause.COLLISION).sound.cause is Cause.COLLISION
    ear.run(7 * S, Cause.DECIDER_SILENT)
    assert ear.run(8 * S, Cause.GUARD).sound.cause is Cause.GUARD


def test_a_short_fault_sounds_its_least_time() -> None:
    ear = Ear()
    ear.run(100 * MS, Cause.GUARD)
    ear.run(450 * MS)
    begun = ear.first(Cause.DECIDER_SILENT)
    ear.run(begun + round(PATTERNS["fault"].least_s * 1e9) - 20 * MS, Cause.CAMERA_STALE)
    assert ear.heard[-1][1].sound.cause is Cause.DECIDER_SILENT
    assert ear.run(begun + 3 * S, Cause.CAMERA_STALE).sound.cause is Cause.CAMERA_STALE


def test_disarmed_and_silent_is_silence() -> None:
    ear = Ear()
    ear.run(100 * MS, None)
    ear.law.hear(word(ear.t_ns, None, is_armed=False), ear.t_ns)
    pins = ear.run(5 * S)
    assert not pins.is_siren_on
    assert not pins.is_armed
    assert not pins.is_healthy
    assert not any(p.is_siren_on for _, p in ear.heard)


def test_disarming_ends_the_horns_own_fault() -> None:
    ear = Ear()
    ear.run(100 * MS, Cause.GUARD)
    ear.run(S)
    pins = ear.run(2 * S, Cause.GUARD, is_armed=False)
    assert not pins.is_siren_on
    assert ear.law.tidings(3 * S) == ()


def test_a_horn_that_finds_the_flag_sounds_and_says_so() -> None:
    ear = Ear(has_flag=True, begun_ns=7 * S)
    ear.run(8 * S)
    assert ALIVE_NS < ear.first(Cause.DECIDER_SILENT) - 7 * S <= ALIVE_NS + 10 * MS
    assert ear.law.tidings(8 * S) == (), "nobody hears it yet"
    ear.run(9 * S, Cause.GUARD, is_armed=False)
    kinds = {type(t) for t in ear.law.tidings(ear.t_ns)}
    assert kinds == {Restarted, Silence}
    assert ear.law.tidings(ear.t_ns + 100 * MS) == ()
    assert ear.law.tidings(ear.t_ns + 200 * MS), "again, until watch carries it"
    ear.run(12 * S, Cause.HORN_RESTARTED)
    assert ear.law.tidings(ear.t_ns) == ()


def test_a_horn_without_the_flag_waits_in_silence() -> None:
    ear = Ear(begun_ns=7 * S)
    ear.run(20 * S)
    assert not any(p.is_siren_on or p.is_healthy for _, p in ear.heard)
    assert ear.law.tidings(20 * S) == ()


def test_the_button_is_the_horns_only_when_watch_is_gone() -> None:
    ear = Ear(has_flag=True)
    ear.run(S, Cause.GUARD)
    short, long = Press(0, 0.2), Press(0, OPTIONS.long_press_s)
    gone = round(WATCH_GONE_S * 1e9)
    assert not ear.law.may_disarm(short, S)
    assert not ear.law.may_disarm(long, S + 2 * gone)
    assert ear.law.may_disarm(short, S + gone + MS)
    ear.law.disarm()
    ear.has_flag = False
    assert not ear.run(3 * S).is_siren_on


def test_words_out_of_order_and_from_the_future_do_not_help_a_dead_watch() -> None:
    ear = Ear()
    ear.law.hear(word(200 * MS, Cause.COLLISION), 200 * MS)
    ear.law.hear(word(100 * MS, Cause.GUARD), 201 * MS)
    assert ear.law.turn(False, 202 * MS).sound.cause is Cause.COLLISION
    ear.law.hear(word(90 * S, Cause.GUARD), 210 * MS)
    late = 210 * MS + ALIVE_NS + MS
    assert ear.law.turn(False, late).sound.cause is Cause.DECIDER_SILENT


_STEPS = st.lists(
    st.tuples(st.integers(1, 700), st.sampled_from([None, *Cause]), st.booleans(), st.booleans()),
    min_size=1,
    max_size=25,
)


@given(_STEPS)
def test_armed_and_unheard_for_long_it_is_never_silent(
    steps: list[tuple[int, Cause | None, bool, bool]],
) -> None:
    """Whatever came before: armed, and no word for the limit, is FAULT."""
    ear, t_ns = Ear(), 0
    for wait_ms, cause, is_armed, has_flag in steps:
        t_ns += wait_ms * MS
        ear.law.hear(word(t_ns, cause, is_armed), t_ns)
        ear.law.turn(has_flag, t_ns + MS)
        later = t_ns + ALIVE_NS + 10 * MS
        if is_armed or has_flag:
            pins = ear.law.turn(has_flag, later)
            assert pins.sound.level is Level.FAULT
            assert not pins.is_healthy
            t_ns = later


def test_a_chattering_button_is_one_push() -> None:
    watch, pushes = ButtonWatch(), []
    levels = [(5, False), (10, True), (12, False), (14, True), (900, True), (2010, False),
              (2013, True), (2016, False), (2100, False)]  # fmt: skip
    for at_ms, level in levels:
        if (press := watch.look(level, at_ms * MS)) is not None:
            pushes.append(press)
    assert [round(p.held_s, 3) for p in pushes] == [2.0]
    assert BOUNCE_S < 0.1
