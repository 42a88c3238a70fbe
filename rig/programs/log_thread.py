"""The one thread of `rig watch` that writes the log.

Decides when lines are written and synced, and what is given up when the disk cannot follow. The
loop only appends to two queues and never waits. Lines are made plain and hashed here.

* Events are never dropped: while the disk fails they wait in memory, and are tried again.
* Steps are: with `steps_most` of them waiting the next ones are counted instead, and a `dropped`
  line stands where they are missing. Programs that judge recordings take `is_patient` instead:
  their loop waits for the disk, and nothing is dropped.
* Event lines are on disk within `sync_s` while the disk works, and steps with them.
* The disk's failure does not stop anything; it stands in `failure` for the page.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, is_dataclass
from typing import Any

from rig.core.codec import encode
from rig.core.log_events import EVENT_KINDS, StepLine, events_of
from rig.devices.eventlog import SegmentWriter
from rig.errors import LogError
from rig.records import Decision, Seen

STEPS_MOST = 900
"""Half a minute at 30 Hz, some 20 MB."""
TURN_MOST_S = 0.1
"""Often and little: a long turn would hold the interpreter's lock against the loop."""
STEPS_A_TURN = 32
RETRY_S = 1.0
PATIENT_S = 0.005
SHOWN_MOST = 4000
"""Characters kept of a value that no line can hold."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    kind: str
    t_ns: int | None
    value: object


class LogThread:
    """Owns the two segment writers once started; `close` ends both with their END lines."""

    def __init__(
        self,
        events: SegmentWriter,
        steps: SegmentWriter,
        sync_s: float,
        steps_most: int = STEPS_MOST,
        is_patient: bool = False,
    ) -> None:
        self.failure: str | None = None
        """Why lines are not getting to the disk; None while they do."""
        self.unwritable = 0
        """Lines whose value could not be written as it was (NaN): an error in the program."""
        self._events, self._steps = events, steps
        self._sync_s = sync_s
        self._steps_most = steps_most
        self._is_patient = is_patient
        self._event_queue: deque[_Waiting] = deque()
        self._step_queue: deque[_Waiting] = deque()
        self._before: Decision | None = None
        self._dropped = 0
        self._last_ns: int | None = None
        self._wake = threading.Event()
        self._is_closing = False
        self._is_unsynced = False
        self._is_sync_lost = False
        self._synced_s = float("-inf")
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)

    def start(self) -> None:
        """Begins writing."""
        self._thread.start()

    # ------------------------------------------------------------------ for the loop's thread

    def put_step(self, seen: Seen, decision: Decision) -> None:
        """Takes one step, and the events that it makes (`core.log_events`).

        Raises LogError only when patient, and the disk fails while the queue is full.
        """
        for event in events_of(self._before, seen, decision):
            self.put_event(EVENT_KINDS[type(event)], decision.now_ns, event)
        self._before = decision
        self._last_ns = decision.now_ns
        if self._is_patient:
            self._wait_for_place()
        elif len(self._step_queue) >= self._steps_most:
            self._dropped += 1
            return
        self._note_dropped()
        self._step_queue.append(_Waiting("step", decision.now_ns, StepLine(seen, decision)))

    def _wait_for_place(self) -> None:
        while len(self._step_queue) >= self._steps_most:
            if self.failure:
                raise LogError(self.failure)
            self._wake.set()
            time.sleep(PATIENT_S)

    def put_event(self, kind: str, t_ns: int, value: object) -> None:
        """Takes one event: a record, or a plain JSON value."""
        self._event_queue.append(_Waiting(kind, t_ns, value))
        self._wake.set()

    def close(self, timeout_s: float = 5.0) -> None:
        """Writes what waits and the END lines.

        Raises LogError when that fails or takes longer than `timeout_s`.
        """
        self.end()
        self._thread.join(timeout_s)
        waiting = len(self._event_queue) + len(self._step_queue)
        if self._thread.is_alive() or self.failure:
            reason = self.failure or f"the disk has not answered for {timeout_s:g} s"
            raise LogError(f"the log ends without {waiting} lines and its END line: {reason}")

    def end(self) -> None:
        """Lets the thread write what waits and the END lines, without waiting for it."""
        self._note_dropped()
        self._is_closing = True
        self._wake.set()

    @property
    def is_whole(self) -> bool:
        """Whether it has ended with all lines and their END on disk."""
        return not self._thread.is_alive() and self.failure is None

    def _note_dropped(self) -> None:
        if self._dropped:
            self._step_queue.append(_Waiting("dropped", self._last_ns, {"steps": self._dropped}))
            self._dropped = 0

    # ------------------------------------------------------------------ the log's own thread

    def _run(self) -> None:
        is_finished = False
        try:
            while not self._is_closing:
                self._wake.wait(min(TURN_MOST_S, max(self._sync_s / 4, 0.005)))
                self._wake.clear()
                self._turn()
            self._finish()
            is_finished = True
        finally:
            if not is_finished:
                self.failure = "the log's thread has ended by an error of the program"

    def _turn(self) -> None:
        try:
            self._drain(self._event_queue, self._events, len(self._event_queue))
            self._drain(self._step_queue, self._steps, STEPS_A_TURN)
            self._sync_if_due()
        except LogError as error:
            self._fail(error)
        else:
            self._recover()

    def _drain(self, queue: deque[_Waiting], writer: SegmentWriter, most: int) -> None:
        for _ in range(min(most, len(queue))):
            waiting = queue[0]
            self._write(writer, waiting)
            queue.popleft()
            self._is_unsynced |= writer is self._events

    def _write(self, writer: SegmentWriter, waiting: _Waiting) -> None:
        value: Any = waiting.value
        try:
            plain = encode(value) if is_dataclass(value) else value
            raw = writer.sealed(waiting.kind, waiting.t_ns, plain)
        except LogError as error:
            self.unwritable += 1
            shown = {"kind": waiting.kind, "reason": str(error), "value": repr(value)[:SHOWN_MOST]}
            raw = writer.sealed("unwritable", waiting.t_ns, shown)
        writer.append(raw)

    def _sync_if_due(self) -> None:
        now_s = time.monotonic()
        if not self._is_unsynced or now_s - self._synced_s < self._sync_s / 2:
            return
        self._synced_s, self._is_unsynced = now_s, False
        self._sync()

    def _sync(self) -> None:
        try:
            self._events.sync()
            self._steps.sync()
        except LogError:
            self._is_sync_lost = True  # Linux forgets the failed pages: a later success is no proof
            raise

    def _fail(self, error: LogError) -> None:
        self.failure = str(error)
        deadline_s = time.monotonic() + RETRY_S
        while not self._is_closing and time.monotonic() < deadline_s:
            time.sleep(TURN_MOST_S)

    def _recover(self) -> None:
        if self.failure and not self._is_sync_lost:
            value = {"failure": self.failure}
            self._event_queue.append(_Waiting("log_recovered", self._last_ns, value))
            self.failure = None

    def _finish(self) -> None:
        try:
            self._drain(self._event_queue, self._events, len(self._event_queue))
            self._drain(self._step_queue, self._steps, len(self._step_queue))
            self._recover()
            self._drain(self._event_queue, self._events, len(self._event_queue))
        except LogError as error:
            self.failure = str(error)
        else:
            self._end()

    def _end(self) -> None:
        for writer in (self._events, self._steps):
            try:
                writer.close(self._last_ns)
            except LogError as error:
                self.failure = str(error)
