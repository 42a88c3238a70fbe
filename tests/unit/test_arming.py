"""Arming: refused with every reason, allowed only when proven, and never left by accident."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.core.arming import CHIRP_S, CONFIRM_S, PROVE_S, TEST_S, Act, Arming, Outcome, Stage
from rig.core.datagrams import ORDERS, Edge, Message, Order, Press
from rig.records import Cause, Command, Level, Phase
from tests.unit.arming_evidence import T0, good, ns, track

LONG_S = 1.5
IDLE_S = 600.0


def asking(command: str = "arm", empty: bool = True, heard: bool = True) -> Order:
    return Order(command, "t", empty, heard)


def edge(since_ns: int, is_on: bool = True) -> Edge:
    return Edge(1, since_ns, Cause.ARMED, "armed", since_ns + 3_000_000, is_on)


def fresh(was_left_armed: bool = False) -> Arming:
    return Arming(LONG_S, was_left_armed, T0)


def sentences(outcome: Outcome) -> str:
    return "\n".join(answer.sentence for answer in outcome.answers)


def prove(arming: Arming, at_s: float) -> Outcome:
    """The horn tells of the sound that is asked for."""
    sound = arming.sound(ns(at_s))
    assert sound is not None
    return arming.turn([edge(sound.since_ns)], good(at_s))


def armed() -> Arming:
    arming = fresh()
    arming.turn([asking()], good())
    assert prove(arming, 0.2).acts == [Act.OPEN]
    arming.opened(None, ns(0.25))
    assert arming.turn([], good(0.3)).commands == [Command.ARM]
    assert arming.stage is Stage.ARMED
    return arming


# ------------------------------------------------------------------------------- by order


@pytest.mark.parametrize(("empty", "heard"), [(False, False), (True, False), (False, True)])
def test_both_confirmations_are_needed(empty: bool, heard: bool) -> None:
    arming = fresh()
    outcome = arming.turn([asking("arm", empty, heard)], good())
    assert (outcome.commands, outcome.acts, arming.stage) == ([], [], Stage.DISARMED)
    assert ("--lane-is-empty" in sentences(outcome)) == (not empty)
    assert ("--tick-is-heard" in sentences(outcome)) == (not heard)


def test_a_refusal_names_every_reason() -> None:
    arming = fresh()
    bad = replace(good(), site=None, log_refusal="full", turns=0)
    outcome = arming.turn([asking()], bad)
    assert [a.is_done for a in outcome.answers] == [False]
    assert sentences(outcome).count("\n") == 2
    assert arming.stage is Stage.DISARMED
    assert arming.sound(T0) is None


def test_armed_only_after_the_horn_answered_its_chirp() -> None:
    arming = fresh()
    outcome = arming.turn([asking()], good())
    assert outcome.acts == [Act.KEEP_PICTURE]
    sound = arming.sound(T0)
    assert sound is not None
    assert (sound.pattern, sound.level, sound.since_ns) == ("armed", Level.OK, T0)
    for late in (edge(T0 - 1), edge(T0, is_on=False)):  # another sound's edge, or its end
        assert arming.turn([late], good(0.02)).acts == []
    assert prove(arming, CHIRP_S - 0.01).acts == [], "the chirp sounds to its end"
    assert arming.turn([], good(CHIRP_S)).acts == [Act.OPEN]
    assert arming.opened(None, ns(0.9)).commands == []
    assert arming.sound(ns(0.9)) is None
    old = replace(good(1.0), frame_ns=ns(0.89))
    assert arming.turn([], old).commands == [], "a picture from before the disk's wait"
    assert arming.turn([], good(1.0)).commands == [Command.ARM]
    assert arming.stage is Stage.ARMED


@pytest.mark.parametrize("message", [None, asking("disarm")])
def test_what_was_opened_is_closed_when_no_picture_comes(message: Message | None) -> None:
    arming = fresh()
    arming.turn([asking()], good())
    prove(arming, 0.2)
    arming.opened(None, ns(0.2))
    late = replace(good(0.3 if message else 0.2 + PROVE_S + 0.01), frame_ns=ns(0.1))
    outcome = arming.turn([message] if message else [], late)
    assert (outcome.commands, outcome.acts) == ([], [Act.CLOSE])
    assert arming.stage is Stage.DISARMED


def test_a_horn_that_does_not_answer_is_a_refusal() -> None:
    arming = fresh()
    arming.turn([asking()], good())
    assert arming.turn([], good(PROVE_S)).answers == []
    outcome = arming.turn([], good(PROVE_S + 0.01))
    assert "the horn has not answered" in sentences(outcome)
    assert arming.turn([edge(T0)], good(PROVE_S + 0.02)).acts == []
    assert arming.sound(ns(PROVE_S + 0.02)) is None


def test_what_went_bad_while_the_horn_was_asked_refuses() -> None:
    arming = fresh()
    arming.turn([asking()], good())
    outcome = arming.turn([edge(T0)], replace(good(0.2), tracks=(track(20.0),)))
    assert (outcome.acts, arming.stage) == ([], Stage.DISARMED)
    assert "is on the lane" in sentences(outcome)


def test_a_session_or_flag_that_cannot_be_made_refuses() -> None:
    arming = fresh()
    arming.turn([asking()], good())
    prove(arming, 0.2)
    outcome = arming.opened("the card is full", ns(0.2))
    assert (outcome.commands, arming.stage) == ([], Stage.DISARMED)
    assert sentences(outcome) == "the card is full"


def test_every_order_that_can_be_sent_is_answered() -> None:
    for command in ORDERS:
        assert fresh().turn([asking(command)], replace(good(), turns=0)).answers


# ------------------------------------------------------------------------------- by button


def press(held_s: float) -> Press:
    return Press(T0, held_s)


def test_a_long_and_then_a_short_press_arm() -> None:
    arming = fresh()
    assert arming.turn([press(0.2)], good()).answers == []
    assert arming.turn([press(LONG_S)], good()).acts == [Act.KEEP_PICTURE]
    sound = arming.sound(ns(1.0))
    assert sound is not None
    assert sound.pattern == "guard"
    assert arming.turn([press(0.2)], good(CONFIRM_S)).acts == []
    assert prove(arming, CONFIRM_S + 0.2).acts == [Act.OPEN]


def test_nobody_confirming_in_time_begins_anew() -> None:
    arming = fresh()
    arming.turn([press(LONG_S)], good())
    outcome = arming.turn([], good(CONFIRM_S + 0.01))
    assert "press long to begin again" in sentences(outcome)
    assert arming.turn([press(0.2)], good(CONFIRM_S + 0.02)).answers == []
    assert arming.stage is Stage.DISARMED


def test_a_long_press_disarms_and_a_short_one_acknowledges() -> None:
    arming = armed()
    assert arming.turn([press(0.2)], good(1)).commands == [Command.ACKNOWLEDGE]
    assert arming.stage is Stage.ARMED
    assert arming.turn([press(LONG_S)], good(2)).commands == [Command.DISARM]
    outcome = arming.follow(Phase.DISARMED, IDLE_S, ns(2))
    assert outcome.acts == [Act.CLOSE]
    assert sentences(outcome) == "disarmed: as asked"


# ------------------------------------------------------------------------------- the way back


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (asking("disarm"), "as asked"),
        (asking("acknowledge"), "the fault was acknowledged"),
        (None, "nobody moved for 600 s"),
    ],
)
def test_the_pipeline_decides_and_the_reason_is_told(message: Message | None, reason: str) -> None:
    arming = armed()
    for phase in (Phase.WAITING, Phase.RUNNING):
        assert arming.follow(phase, IDLE_S, ns(1)).answers == []
    arming.turn([message] if message else [], good(2))
    outcome = arming.follow(Phase.DISARMED, IDLE_S, ns(2))
    assert (outcome.acts, arming.stage) == ([Act.CLOSE], Stage.DISARMED)
    assert f"disarmed: {reason}" in sentences(outcome)
    assert arming.follow(Phase.DISARMED, IDLE_S, ns(3)).acts == []


@pytest.mark.parametrize("message", [asking("acknowledge"), asking("disarm"), press(0.1)])
def test_a_start_that_was_left_armed_faults_until_acknowledged(message: Message) -> None:
    arming = fresh(was_left_armed=True)
    refused = arming.turn([asking()], good(1))
    assert "acknowledge that first" in sentences(refused)
    sound = arming.sound(ns(900))
    assert sound is not None
    assert (sound.level, sound.cause) == (Level.FAULT, Cause.DECIDER_SILENT)
    assert arming.turn([message], good(901)).acts == [Act.CLOSE]
    assert (arming.stage, arming.sound(ns(902))) == (Stage.DISARMED, None)


def test_a_horn_test_ticks_and_ends_by_itself() -> None:
    arming = fresh()
    arming.turn([asking("test_horn")], good())
    assert arming.sound(ns(1)) is not None
    arming.turn([], good(TEST_S + 0.1))
    assert arming.sound(ns(TEST_S + 0.1)) is None
    assert arming.turn([edge(T0)], good(11)).acts == []


def test_a_rig_that_guards_does_not_play() -> None:
    arming = armed()
    assert [a.is_done for a in arming.turn([asking("test_horn")], good(1)).answers] == [False]
    assert arming.sound(ns(1)) is None


MESSAGES = st.one_of(
    st.builds(
        Order,
        st.sampled_from(ORDERS),
        st.just("t"),
        st.booleans(),
        st.booleans(),
    ),
    st.builds(Press, st.just(T0), st.sampled_from([0.1, LONG_S])),
    st.just(None),
)


@given(st.booleans(), st.lists(st.tuples(st.lists(MESSAGES, max_size=3), st.booleans())))
def test_nothing_arms_without_both_confirmations_and_the_horn(
    was_left_armed: bool, turns: list[tuple[list[Message | None], bool]]
) -> None:
    """Whatever comes, and without an answering horn: never armed, never told to open."""
    arming = fresh(was_left_armed)
    for number, (messages, is_well) in enumerate(turns):
        heard = [m for m in messages if m is not None]
        evidence = good(number * 0.3) if is_well else replace(good(number * 0.3), turns=0)
        outcome = arming.turn(heard, evidence)
        assert Act.OPEN not in outcome.acts
        assert outcome.commands == []
        assert arming.stage is not Stage.ARMED
