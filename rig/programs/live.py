"""The live rig: judge the newest picture, tell the horn, then everything else.

Decides the order of one turn, and that nothing in it waits without end. What is dangerous is
`core.pipeline`'s to say, who may start the guarding `core.arming`'s. Nothing is caught here and
carried on: an error ends the program, the horn sounds, and whoever supervises it starts it anew.

One turn: the newest picture, or none within WAIT_S; what the links brought; a word to the horn
before and after every inference; the decision; its word. Only then log, shared pictures, flag,
state. Called by `programs.watch`.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from rig.config import Config
from rig.core.card import Card
from rig.core.datagrams import Edge, Message, PoseFall, Restarted, Silence, Slot
from rig.core.heads import other_heads
from rig.core.log_events import is_alert_change
from rig.core.pipeline import Pipeline
from rig.devices.board import BoardMeter
from rig.devices.run_folder import RunFolder
from rig.devices.service_notify import ServiceNotifier
from rig.devices.video import boottime_ns
from rig.errors import RigError
from rig.programs.judging import Mount, say
from rig.programs.live_desk import Desk
from rig.programs.live_links import Links, Voice
from rig.programs.live_log import LiveLog
from rig.programs.live_priority import go_first
from rig.programs.live_source import LiveSource
from rig.programs.observer import Observer, References
from rig.programs.timeline import Timeline, format_row
from rig.records import Cause, Command, Decision, Frame, Level, Picture, Seen

WAIT_S = 0.1
"""Without a picture the loop turns this often: a third of what the horn waits for a word."""
POSE_S = 0.5
"""An older word of the gait program about a fall does not count."""
SESSION_S = 1.0
RUNNER_SEEN_S = 0.7
"""The gait program looks so long where the runner was seen last: detectors miss who falls."""
TOLD_BY_HORN: dict[type, Cause] = {
    Silence: Cause.DECIDER_SILENT,
    Restarted: Cause.HORN_RESTARTED,
}
LOGGED: dict[type, str] = {Edge: "edge", Silence: "silence", Restarted: "restarted"}
"""Messages that are events of the session, and the kind of their line."""


class Shelf(Protocol):
    """Where other programs find the newest pictures."""

    def put(self, frame: Frame) -> Slot | None:
        """Lay a copy of the picture down, waiting for nobody; where it lies, if anywhere."""
        ...


@dataclass(frozen=True, slots=True)
class Given:
    """What a live run is made of: all of it opened, nothing begun.

    Without a shelf no other program gets pictures; the guarding is the same.
    """

    config: Config
    mount: Mount
    card: Card
    source: LiveSource
    empty: Picture | None
    shelf: Shelf | None = None


class LiveWatch:
    """The loop, and what it keeps from turn to turn."""

    def __init__(self, given: Given) -> None:
        config, mount, card = given.config, given.mount, given.card
        folder = RunFolder(Path(config.links.folder))
        self._given, self._source = given, given.source
        self._links = Links(folder.path)
        self._voice = Voice(self._links.horn, boottime_ns)
        references = References(mount.still, given.empty)
        self._observer = Observer(mount.site, config, card, references, self._voice.beat)
        self._log = LiveLog(config, mount, card)
        missed = self._observer.check_detector()
        self._desk = Desk(config, mount.site, folder, self._log, missed, self._voice.beat)
        self._pipeline = self._new_pipeline()
        self._timeline = Timeline()
        self._notifier = ServiceNotifier()
        self._board = BoardMeter(Path(config.log.sessions))
        self._decision: Decision | None = None
        self._frame_ns: int | None = None
        self._judged_ns: int | None = None
        """Of the last frame whose stamp could be: for the horn, another one is not judged."""
        self._picture: Picture | None = None
        self._falling: PoseFall | None = None
        self._session_told: tuple[Path | None, int] = (None, 0)
        self._is_ready = False
        self._is_ending = False

    def run(self) -> None:
        """Turn until SIGTERM or Ctrl-C. Raises what ends the program."""
        with ExitStack() as ending:
            ending.callback(self._links.close)
            ending.callback(self._source.close)
            ending.callback(self._log.close)
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, self._end)
            go_first()
            try:
                while not self._is_ending:
                    self._turn()
            except RigError as error:
                self._log.put_event("fatal", boottime_ns(), {"sentence": str(error)})
                raise
            self._notifier.stopping()
            self._desk.end_session(boottime_ns())
        if self._desk.is_armed or self._desk.is_left_armed:
            sentence = "ended while armed: the horn sounds until that is acknowledged"
            print(f"rig: {sentence}", file=sys.stderr)

    def _end(self, *_: object) -> None:
        self._is_ending = True

    # ------------------------------------------------------------------ until the horn knows

    def _turn(self) -> None:
        frame = self._source.newest(WAIT_S)
        heard = self._links.receive()
        self._voice.beat()
        if frame is not None:
            self._frame_ns, self._picture = frame.t_ns, frame.picture
        commands = self._desk.turn(heard, self._frame_ns, self._decision, boottime_ns())
        if Command.ARM in commands:
            self._begin()
        if self._desk.wants_picture and self._picture is not None:
            self._observer.confirm_empty(self._picture)
        seen = self._see(frame, heard, commands)
        before, now_ns = self._decision, boottime_ns()
        decision = self._decision = self._pipeline.step(seen, now_ns)
        self._judged_ns = self._judged_ns if decision.t_ns is None else decision.t_ns
        sound = self._desk.sound(now_ns)
        desk = self._desk
        self._voice.say(decision, sound, self._judged_ns, desk.slow_limit_s, desk.is_well)
        self._keep(frame, seen, before, decision)
        self._note(heard, now_ns)

    def _see(
        self, frame: Frame | None, heard: Sequence[Message], commands: tuple[Command, ...]
    ) -> Seen:
        """The picture, and what the other programs told."""
        for message in heard:
            if isinstance(message, PoseFall):
                self._falling = message
        faults = tuple(TOLD_BY_HORN[type(m)] for m in heard if type(m) in TOLD_BY_HORN)
        seen = Seen(None, view=None, commands=commands)
        if frame is not None:
            seen = self._observer.see(frame, self._decision, commands)
        now_ns = boottime_ns()
        board = self._board.read_if_due(now_ns)
        pose_fall = self._pose_fall(now_ns)
        return replace(seen, pose_fall=pose_fall, board=board, horn_faults=faults)

    def _pose_fall(self, now_ns: int) -> bool | None:
        word = self._falling
        if word is None or now_ns - word.t_ns > POSE_S * 1e9:
            return None
        return word.is_falling

    def _begin(self) -> None:
        """A session begins with a pipeline that remembers nothing, so that it can be replayed."""
        self._pipeline, self._timeline = self._new_pipeline(), Timeline()

    def _new_pipeline(self) -> Pipeline:
        given = self._given
        return Pipeline(given.mount.site, given.config, given.card.input.min_object_px)

    # ------------------------------------------------------------------ what nobody waits for

    def _keep(
        self, frame: Frame | None, seen: Seen, before: Decision | None, decision: Decision
    ) -> None:
        if self._desk.is_armed:
            self._log.put(seen, decision)
        if is_alert_change(before, decision) or decision.alert.level >= Level.CAUTION:
            self._links.tell_sounded(decision.alert, decision.now_ns)
        if self._desk.is_armed and (row := self._timeline.add(decision)) is not None:
            say(format_row(row))
        if frame is not None:
            self._share(frame, seen, decision)
            self._desk.pace.add(frame.t_ns, frame.sequence, decision.now_ns)
            self._tell_supervisor()
        self._desk.follow(decision)

    def _share(self, frame: Frame, seen: Seen, decision: Decision) -> None:
        shelf = self._given.shelf
        if shelf is not None and (slot := shelf.put(frame)) is not None:
            heads = other_heads(seen, decision, (slot.width_px, slot.height_px))
            self._links.tell_slot(replace(slot, heads=heads))
            runner = decision.runner.track
            if runner is not None and frame.t_ns - runner.seen_t_ns <= RUNNER_SEEN_S * 1e9:
                self._links.tell_runner(runner.box, frame.t_ns)

    def _tell_supervisor(self) -> None:
        """Alive only with each judged picture: a loop that sees nothing is to be started anew."""
        if not self._is_ready:
            self._notifier.ready("judging pictures")
        self._is_ready = True
        self._notifier.alive()

    def _note(self, heard: Sequence[Message], now_ns: int) -> None:
        for message in heard:
            if (kind := LOGGED.get(type(message))) is not None:
                self._log.put_event(kind, now_ns, message)
        session = self._log.session
        told, told_ns = self._session_told
        is_due = session != told or now_ns - told_ns >= SESSION_S * 1e9
        if session is not None and is_due:
            self._links.tell_session(session)
            self._session_told = (session, now_ns)
