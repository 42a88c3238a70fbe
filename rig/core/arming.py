"""Who may start the guarding and when: confirmations, self-test, refusals, and the way back.

    DISARMED -> WALKED     long press: "lane walked and empty"; the horn ticks
    WALKED   -> PROVING    short press within CONFIRM_S: "the runner hears the tick"
    DISARMED -> PROVING    an order that brings both confirmations
    PROVING  -> OPENED     the horn has answered its chirp, and session and flag are there
    OPENED   -> ARMED      with the next picture: what came before may be old by then
    ARMED    -> DISARMED   order, long press, acknowledged fault, idle (`core.runner` decides)
    LEFT_ARMED -> DISARMED acknowledged: a start that finds the last run armed comes back disarmed

Decides what is asked of the pipeline, what is refused and with which sentence, and which sound
confirms. The pipeline stays the judge of whether the rig guards: `follow` takes over what it
decided. Does nothing itself: `programs.live` carries out the `Act`s. Time is an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from rig.core.datagrams import Edge, Message, Order, Press
from rig.core.patterns import PATTERNS
from rig.core.self_test import BEFORE_SOUND, NO_ANSWER, Evidence, failures, unconfirmed
from rig.records import Cause, Command, Level, Phase

CONFIRM_S = 30.0
"""From "the lane is empty" to "the runner hears the tick": a lane's length to walk [J]."""
TEST_S = 10.0
"""A horn test ticks this long: five ticks."""
PROVE_S = 1.0
"""The horn answers in milliseconds; one that needs longer than this is not to be trusted. So long
a picture may be awaited, too."""
CHIRP_S = PATTERNS["armed"].period_s


_PRESSED = Order("press", "", False, False)
"""A press stands for an order; who presses stands at the rig and needs no token."""


NO_PICTURE = "the camera gave no picture just then; check its ribbon cable and arm again"


class Stage(StrEnum):
    """Where arming stands."""

    DISARMED = "disarmed"
    WALKED = "walked"
    PROVING = "proving"
    OPENED = "opened"
    ARMED = "armed"
    LEFT_ARMED = "left armed"


class Act(StrEnum):
    """What the program has to do now."""

    KEEP_PICTURE = "this picture is the empty lane"
    OPEN = "begin the session and set the flag, then call `opened`"
    CLOSE = "remove the flag and end the session"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is told to whoever asked: done, or refused with every reason in a line of its own."""

    t_ns: int
    asked: str
    is_done: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Sound:
    """What the horn plays while the pipeline is not armed."""

    level: Level
    cause: Cause
    pattern: str
    since_ns: int


@dataclass(slots=True)
class Outcome:
    """Of one turn: what goes to the pipeline, what to do, what to say."""

    commands: list[Command] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)


class Arming:
    """Remembers where arming stands; one for each run of the deciding program."""

    def __init__(self, long_press_s: float, was_left_armed: bool, now_ns: int) -> None:
        self.stage = Stage.LEFT_ARMED if was_left_armed else Stage.DISARMED
        self.answered_ns: int | None = None
        """When the horn last told of a sound."""
        self._long_press_s = long_press_s
        self._since_ns = now_ns
        self._test_ns: int | None = None
        self._is_proven = False
        self._commands: tuple[Command, ...] = ()
        self._out = Outcome()

    def turn(self, heard: Sequence[Message], evidence: Evidence) -> Outcome:
        """Take in what came since the last turn."""
        self._out = Outcome()
        for message in heard:
            if isinstance(message, Order):
                _ORDERS[message.command](self, message, evidence)
            elif isinstance(message, Press):
                self._press(message, evidence)
            elif isinstance(message, Edge) and message.is_on:
                self._hear_edge(message)
        self._go_on(evidence)
        self._commands = tuple(self._out.commands)
        return self._out

    def opened(self, refusal: str | None, now_ns: int) -> Outcome:
        """Session and flag are there, or why not; the answer to `Act.OPEN`."""
        self._out = Outcome()
        if refusal is None:
            self._enter(Stage.OPENED, now_ns)
        else:
            self._refuse(now_ns, (refusal,))
        return self._out

    def follow(self, phase: Phase, idle_s: float, now_ns: int) -> Outcome:
        """After a decision: whether the pipeline still guards."""
        self._out = Outcome()
        if self.stage is Stage.ARMED and phase is Phase.DISARMED:
            self.stage = Stage.DISARMED
            self._out.acts.append(Act.CLOSE)
            self._answer(now_ns, Command.DISARM, True, f"disarmed: {self._why(idle_s)}")
        return self._out

    def sound(self, now_ns: int) -> Sound | None:
        """What is heard while the pipeline is not armed."""
        if self.stage is Stage.LEFT_ARMED:
            return Sound(Level.FAULT, Cause.DECIDER_SILENT, "fault", self._since_ns)
        if self.stage is Stage.WALKED:
            return Sound(Level.OK, Cause.GUARD, "guard", self._since_ns)
        if self.stage is Stage.PROVING:
            return Sound(Level.OK, Cause.ARMED, "armed", self._since_ns)
        if self.stage is Stage.DISARMED and self._test_ns is not None:
            return Sound(Level.OK, Cause.GUARD, "guard", self._test_ns)
        return None

    # ------------------------------------------------------------------ orders

    def _arm(self, order: Order, evidence: Evidence) -> None:
        if self.stage is Stage.ARMED:
            self._answer(evidence.now_ns, "arm", True, "the rig is armed already")
        elif self.stage is Stage.LEFT_ARMED:
            self._refuse(
                evidence.now_ns,
                ("the deciding program was started anew in a drill; acknowledge that first",),
            )
        elif missing := unconfirmed(order.lane_is_empty, order.tick_is_heard):
            self._refuse(evidence.now_ns, missing)
        elif self._passes(evidence):
            self._out.acts.append(Act.KEEP_PICTURE)
            self._prove(evidence.now_ns)

    def _disarm(self, _: Order, evidence: Evidence) -> None:
        if self.stage is Stage.ARMED:
            self._out.commands.append(Command.DISARM)
        elif self.stage is Stage.LEFT_ARMED:
            self._release(evidence.now_ns, "disarm")
        else:
            self._back_off()
            self._answer(evidence.now_ns, "disarm", True, "the rig is not armed")

    def _acknowledge(self, _: Order, evidence: Evidence) -> None:
        if self.stage is Stage.ARMED:
            self._out.commands.append(Command.ACKNOWLEDGE)
            self._answer(evidence.now_ns, "acknowledge", True, "acknowledged")
        elif self.stage is Stage.LEFT_ARMED:
            self._release(evidence.now_ns, "acknowledge")
        else:
            self._answer(evidence.now_ns, "acknowledge", True, "nothing sounds")

    def _test_horn(self, _: Order, evidence: Evidence) -> None:
        now_ns = evidence.now_ns
        if self.stage in (Stage.ARMED, Stage.LEFT_ARMED):
            self._answer(now_ns, "test_horn", False, "the horn is in use; disarm first")
            return
        self._test_ns = now_ns
        self._answer(now_ns, "test_horn", True, f"the horn ticks for {TEST_S:g} s")

    # ------------------------------------------------------------------ button

    def _press(self, press: Press, evidence: Evidence) -> None:
        is_long = press.held_s >= self._long_press_s
        if self.stage is Stage.ARMED and is_long:
            self._disarm(_PRESSED, evidence)
        elif self.stage in (Stage.ARMED, Stage.LEFT_ARMED):
            self._acknowledge(_PRESSED, evidence)
        elif is_long and self._passes(evidence):
            self._out.acts.append(Act.KEEP_PICTURE)
            self._enter(Stage.WALKED, evidence.now_ns)
            sentence = (
                f"the horn ticks; press short within {CONFIRM_S:g} s when the runner hears it"
            )
            self._answer(evidence.now_ns, "walked", True, sentence)
        elif self.stage is Stage.WALKED and not is_long and self._passes(evidence):
            self._prove(evidence.now_ns)

    # ------------------------------------------------------------------ the horn's answer, time

    def _prove(self, now_ns: int) -> None:
        self._test_ns, self._is_proven = None, False
        self._enter(Stage.PROVING, now_ns)

    def _hear_edge(self, edge: Edge) -> None:
        self.answered_ns = edge.edge_ns
        if self.stage is Stage.PROVING and edge.since_ns == self._since_ns:
            self._is_proven = True

    def _go_on(self, evidence: Evidence) -> None:
        """What time and the horn's answer bring."""
        held_s = (evidence.now_ns - self._since_ns) / 1e9
        if self._test_ns is not None and evidence.now_ns - self._test_ns > TEST_S * 1e9:
            self._test_ns = None
        if (step := _STEPS.get(self.stage)) is not None:
            step(self, evidence, held_s)

    def _go_on_walked(self, evidence: Evidence, held_s: float) -> None:
        if held_s > CONFIRM_S:
            sentence = f"nobody said within {CONFIRM_S:g} s that the runner hears the tick"
            self._refuse(evidence.now_ns, (f"{sentence}; press long to begin again",))

    def _go_on_proving(self, evidence: Evidence, held_s: float) -> None:
        """The chirp sounds to its end, then the self-test is passed once more."""
        if self._is_proven and held_s >= CHIRP_S:
            if self._passes(evidence):
                self._out.acts.append(Act.OPEN)
        elif held_s > PROVE_S:
            self._refuse(evidence.now_ns, (NO_ANSWER,))

    def _go_on_opened(self, evidence: Evidence, held_s: float) -> None:
        if evidence.frame_ns is not None and evidence.frame_ns > self._since_ns:
            self.stage = Stage.ARMED
            self._out.commands.append(Command.ARM)
            self._answer(evidence.now_ns, Command.ARM, True, "armed: the rig guards the lane")
        elif held_s > PROVE_S:
            self._refuse(evidence.now_ns, (NO_PICTURE,))

    # ------------------------------------------------------------------ bookkeeping

    def _passes(self, evidence: Evidence) -> bool:
        """Run the self-test; where it fails, refuse with every reason."""
        found = failures(evidence, BEFORE_SOUND)
        if found:
            self._refuse(evidence.now_ns, found)
        return not found

    def _refuse(self, now_ns: int, reasons: Sequence[str]) -> None:
        self._back_off()
        self._answer(now_ns, Command.ARM, False, "\n".join(reasons))

    def _back_off(self) -> None:
        if self.stage is Stage.OPENED:
            self._out.acts.append(Act.CLOSE)
        if self.stage in (Stage.WALKED, Stage.PROVING, Stage.OPENED):
            self.stage = Stage.DISARMED

    def _release(self, now_ns: int, asked: str) -> None:
        self.stage = Stage.DISARMED
        self._out.acts.append(Act.CLOSE)
        self._answer(now_ns, asked, True, "acknowledged: the rig is disarmed")

    def _enter(self, stage: Stage, now_ns: int) -> None:
        self.stage, self._since_ns = stage, now_ns

    def _answer(self, now_ns: int, asked: str, is_done: bool, sentence: str) -> None:
        self._out.answers.append(Answer(now_ns, str(asked), is_done, sentence))

    def _why(self, idle_s: float) -> str:
        if Command.DISARM in self._commands:
            return "as asked"
        if Command.ACKNOWLEDGE in self._commands:
            return "the fault was acknowledged; find its cause before arming again"
        return f"nobody moved for {idle_s:g} s"


_STEPS: dict[Stage, Callable[[Arming, Evidence, float], None]] = {
    Stage.WALKED: Arming._go_on_walked,
    Stage.PROVING: Arming._go_on_proving,
    Stage.OPENED: Arming._go_on_opened,
}

_ORDERS: dict[str, Callable[[Arming, Order, Evidence], None]] = {
    "arm": Arming._arm,
    "disarm": Arming._disarm,
    "acknowledge": Arming._acknowledge,
    "test_horn": Arming._test_horn,
}
