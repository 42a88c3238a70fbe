"""The live rig's sessions: one from each arming to the disarming after it.

Decides when a session begins and ends, and that the rig goes on guarding when the disk does not.
Steps and events are written by `programs.log_thread`; nothing here waits for the disk while the
rig guards. A run that finds the session of one that died goes on in it, in segments of its own.
Called by `programs.live`.
"""

from __future__ import annotations

import shutil
import sys
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

from rig.config import Config
from rig.config_file import config_to_dict
from rig.core.card import Card
from rig.devices.eventlog import new_segment
from rig.devices.run_header import describe_run
from rig.devices.session import create_session, writing_refusal
from rig.errors import LogError
from rig.programs.judging import Mount
from rig.programs.log_thread import LogThread
from rig.records import Decision, Seen

END_MOST_S = 5.0


class LiveLog:
    """The session that is being written, if any."""

    def __init__(self, config: Config, mount: Mount, card: Card) -> None:
        self.session: Path | None = None
        self._options = config.log
        self._header = describe_run(
            "watch",
            config_to_dict(config),
            mount.text,
            {card.weights.name: card.sha256},
            card.input.min_object_px,
        )
        self._thread: LogThread | None = None
        self._ending: list[LogThread] = []
        self._told: str | None = None

    def refusal(self) -> str | None:
        """Why no session could be begun now; None when it could."""
        log = self._options
        return writing_refusal(Path(log.sessions), log.free_least_mb)

    @property
    def failure(self) -> str | None:
        """Why lines do not get to the disk; None while they do."""
        return self._thread.failure if self._thread is not None else None

    def open(self, t_ns: int, found: Path | None = None) -> Path:
        """Begin a session, or go on in the one that was found. Raises LogError."""
        self.end()
        log = self._options
        with ExitStack() as undo:
            session = found
            if session is None:
                session = create_session(Path(log.sessions), datetime.now(), log.free_least_mb)
                undo.callback(shutil.rmtree, session)
            events, steps = (
                new_segment(session, stream, self._header, t_ns) for stream in ("events", "steps")
            )
            undo.pop_all()
        self._thread = LogThread(events, steps, log.sync_s)
        self._thread.start()
        self.session = session
        return session

    def put(self, seen: Seen, decision: Decision) -> None:
        """Take one step, and say once on stderr when the disk fails or works again."""
        if self._thread is None:
            return
        self._thread.put_step(seen, decision)
        if self.failure != self._told:
            self._told = self.failure
            what = f"the log is not written: {self._told}" if self._told else "the log is back"
            print(f"rig: {what}; the rig guards on", file=sys.stderr, flush=True)

    def put_event(self, kind: str, t_ns: int, value: object) -> None:
        """Take an event that no step makes."""
        if self._thread is not None:
            self._thread.put_event(kind, t_ns, value)

    def end(self) -> None:
        """Let the session end; its last lines are written while the loop goes on."""
        self._ending = [thread for thread in self._ending if not thread.is_whole]
        if self._thread is not None:
            self._thread.end()
            self._ending.append(self._thread)
        self._thread, self.session, self._told = None, None, None

    def close(self) -> None:
        """End the session and wait for its END lines. Raises LogError where they are missing."""
        self.end()
        lost: LogError | None = None
        for thread in self._ending:
            try:
                thread.close(END_MOST_S)
            except LogError as error:
                lost = error
        self._ending.clear()
        if lost is not None:
            raise lost
