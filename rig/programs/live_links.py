"""What `watch` hears and says on its links; none of them is ever waited for.

Decides the words' form and number: every word to the horn is the whole state, so a lost one costs
nothing. What is said is decided by `core.pipeline` and `core.arming`. Called by `programs.live`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from rig.core.alerts import ALERTS, pattern_of
from rig.core.arming import Sound
from rig.core.datagrams import Message, RunnerAt, SessionIs, Slot, Sounded, Word
from rig.devices.datagram_link import Inbox, Outbox
from rig.records import Alert, Box, Cause, Decision, Hazard, Level, Phase

QUIET = Word(0, 0, None, False, Level.SILENT, None, "silent", 0, None, 0.4, False)


class Links:
    """The sockets of `watch`: its own, and those that it sends to."""

    def __init__(self, folder: Path) -> None:
        self.inbox = Inbox(folder / "watch.sock")
        self.horn = Outbox(folder / "horn.sock")
        self._record = Outbox(folder / "record.sock")
        self._gait = Outbox(folder / "gait.sock")

    def receive(self) -> list[Message]:
        """What lies there now."""
        return self.inbox.receive(0.0)

    def tell_sounded(self, alert: Alert, t_ns: int) -> None:
        """What sounds, for the clips; said again and again, since a datagram may be lost."""
        self._record.send(Sounded(t_ns, alert.level, alert.cause, alert.since_ns))

    def tell_slot(self, slot: Slot) -> None:
        """Where the newest picture lies."""
        self._record.send(slot)
        self._gait.send(slot)

    def tell_session(self, session: Path) -> None:
        """Which session is being written."""
        folder = SessionIs(str(session.absolute()))
        self._record.send(folder)
        self._gait.send(folder)

    def tell_runner(self, box: Box, t_ns: int) -> None:
        """Where the runner is in the picture taken then, for who reads their pose."""
        x0, y0, x1, y1 = (max(0, round(side)) for side in box.sides_px)
        self._gait.send(RunnerAt(t_ns, x0, y0, x1, y1))

    def close(self) -> None:
        """Give the sockets back."""
        for one in (self.inbox, self.horn, self._record, self._gait):
            one.close()


class Mouth(Protocol):
    """What carries words; `devices.datagram_link.Outbox` outside of tests."""

    def send(self, message: Message) -> bool:
        """Whether it was taken; never waits."""
        ...


class Voice:
    """Speaks to the horn; `beat` says again what was said last."""

    def __init__(self, horn: Mouth, now_ns: Callable[[], int]) -> None:
        self._horn, self._now_ns = horn, now_ns
        self.word = QUIET

    def beat(self) -> None:
        """A sign of life, before and after every inference."""
        self.word = replace(self.word, sequence=self.word.sequence + 1, sent_ns=self._now_ns())
        self._horn.send(self.word)

    def say(
        self,
        decision: Decision,
        sound: Sound | None,
        judged_ns: int | None,
        slow_limit_s: float,
        is_well: bool = True,
    ) -> None:
        """The state after a decision; `sound` is heard where the pipeline is not armed.

        `is_well`: nothing is wrong that the decision does not tell.
        """
        alert, is_armed = decision.alert, decision.runner.phase is not Phase.DISARMED
        told: Alert | Sound = alert
        pattern, ticks_per_s = _pattern(alert)
        if not is_armed and sound is not None:
            told, pattern, ticks_per_s = sound, sound.pattern, None
        fault = _first_fault(decision.hazards)
        cause = told.cause if is_armed or sound is not None else fault
        self.word = replace(
            self.word,
            judged_ns=judged_ns,
            is_armed=is_armed,
            level=told.level,
            cause=cause,
            pattern=pattern,
            since_ns=told.since_ns,
            ticks_per_s=ticks_per_s,
            slow_limit_s=slow_limit_s,
            is_well=is_well and fault is None and told.level is not Level.FAULT,
        )
        self.beat()


def _pattern(alert: Alert) -> tuple[str, float | None]:
    pattern = pattern_of(alert)
    is_countdown = alert.cause is not None and ALERTS[alert.cause].pattern == "lane_end"
    return pattern.name, 1.0 / pattern.period_s if is_countdown else None


def _first_fault(hazards: tuple[Hazard, ...]) -> Cause | None:
    """For this the lamp goes out, also where a STOP sounds or the rig is disarmed."""
    return next((h.cause for h in hazards if ALERTS[h.cause].level is Level.FAULT), None)
