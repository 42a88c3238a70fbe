"""`rig record`: a clip of each alert, from the pictures that `watch` shares.

Decides nothing about danger, and nobody waits for it: it may be killed, stopped or missing while
the rig guards. Which time a clip covers is `core.clip_plan`'s part; clips are written by
`programs.clip_thread`, so that a slow disk costs no picture. It may start before or after `watch`.

One turn: what was announced; the newest picture copied out of the ring and packed; alerts; the
session; a clip that is over; a word to systemd.
"""

from __future__ import annotations

import argparse
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Final

import cv2

from rig.config import ClipOptions, Config
from rig.config_file import config_to_dict
from rig.core.clip_plan import (
    ClipAlert,
    ClipLost,
    ClipPlanner,
    Heard,
    Kept,
    PictureRing,
    Span,
    is_worth_a_clip,
)
from rig.core.datagrams import SessionIs, Slot, Sounded
from rig.devices.clip_folder import lock_sessions
from rig.devices.clip_pictures import pack_picture
from rig.devices.datagram_link import Inbox
from rig.devices.frame_ring import RingReader, ring_path
from rig.devices.run_folder import RunFolder
from rig.devices.run_header import describe_run
from rig.devices.service_notify import ServiceNotifier
from rig.devices.video import boottime_ns
from rig.programs.clip_keeper import ClipKeeper
from rig.programs.clip_thread import Begin, ClipThread, Finish, Lose
from rig.records import Alert, Cause, Level

NICE: Final = 10
"""As in systemd/rig-record.service: clips may wait."""
WAIT_S: Final = 0.1
NOTIFY_S: Final = 5.0
STUCK_S: Final = 20.0
"""A disk that has not answered for so long: systemd is told nothing more, and starts us anew."""
STAMP_MOST_S: Final = 5.0
"""A picture stamped farther from now has a wrong clock, and would spoil the order of the rest."""
SESSION_MOST_S: Final = 5.0
"""`watch` tells the session every second."""
WATCH_SILENT_S: Final = 1.0
"""The horn has sounded long before: what did `watch` see last?"""
CLOSE_MOST_S: Final = 12.0
RATE_SLACK: Final = 0.75
"""Of a period: pictures come a little early or late."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """There are none beside the configuration's."""


def run(_: argparse.Namespace, config: Config) -> int:
    """Record until told to end; 0. 2 where another recorder tends the clips."""
    sessions = Path(config.log.sessions).absolute()
    folder = RunFolder(Path(config.links.folder))
    lock = lock_sessions(sessions)
    os.nice(max(0, NICE - os.nice(0)))
    cv2.setNumThreads(1)
    header = describe_run("record", config_to_dict(config), "", {}, 0.0)
    keeper = ClipKeeper(sessions, config.clips, header, boottime_ns, say)
    thread = ClipThread(config.clips, keeper, say)
    reader = RingReader(ring_path(folder.path, Path(config.links.memory)))
    recorder = Recorder(config.clips, sessions, folder, reader, thread, boottime_ns)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, recorder.stop)
    try:
        recorder.run()
    finally:
        recorder.close()
        os.close(lock)
    return 0


def say(sentence: str) -> None:
    """A line for people, at once."""
    print(f"record: {sentence}", flush=True)


class Recorder:
    """The loop; `turn` is one round of it."""

    def __init__(
        self,
        options: ClipOptions,
        sessions: Path,
        folder: RunFolder,
        reader: RingReader,
        thread: ClipThread,
        now_ns: Callable[[], int],
    ) -> None:
        self._options, self._sessions, self._folder = options, sessions, folder
        self._reader, self._thread, self._now_ns = reader, thread, now_ns
        self._inbox = Inbox(folder.path / "record.sock")
        self._planner = ClipPlanner(options)
        most_ns = round((options.before_s + options.after_s) * 1e9)
        self._ring = PictureRing(most_ns, round(options.memory_mb * 1e6 / 2))
        self._is_fed = False
        """The open clip's session is known, and its pictures go to the thread."""
        self._alert = Alert(Level.SILENT, None, 0)
        self._newest: Kept | None = None
        self._session: tuple[Path, int] | None = None
        self._heard_ns: int | None = None
        self._told_ns = 0
        self._notifier = ServiceNotifier()
        self._is_ending = False

    def stop(self, *_: object) -> None:
        """End after this turn."""
        self._is_ending = True

    def run(self) -> None:
        """Turn until stopped. Raises RuntimeError when the clips' thread has died."""
        self._thread.start()
        say(f"ready; clips of alerts in {self._sessions}")
        self._notifier.ready("waiting for alerts")
        while not self._is_ending:
            self.turn(WAIT_S)
        self._notifier.stopping()

    def turn(self, wait_s: float) -> None:
        """Take what has come, and do what is due."""
        for message in self._inbox.receive(wait_s):
            self._heard_ns = self._now_ns()
            if isinstance(message, Slot):
                self._keep(message)
            elif isinstance(message, Sounded):
                self._hear(message)
            elif isinstance(message, SessionIs):
                self._follow(Path(message.folder))
        now_ns = self._now_ns()
        self._look_for_silence(now_ns)
        newest_ns = None if self._newest is None else self._newest.t_ns
        if (span := self._planner.end_if_over(now_ns, newest_ns)) is not None:
            self._finish(span)
        self._tell_supervisor(now_ns)

    def close(self) -> None:
        """Finish the open clip, if any, and wait for the disk, but not for long."""
        if (span := self._planner.end()) is not None:
            self._finish(span)
        self._inbox.close()
        self._reader.close()
        if not self._thread.close(CLOSE_MOST_S):
            say(f"the disk has not answered for {CLOSE_MOST_S:g} s; the next start mends the clip")

    # ------------------------------------------------------------------ pictures

    def _keep(self, slot: Slot) -> None:
        if not self._is_wanted(slot.t_ns) or (frame := self._reader.read(slot)) is None:
            return
        data = pack_picture(frame.picture, self._options.jpeg_quality)
        size_px = (slot.width_px, slot.height_px)
        kept = Kept(slot.t_ns, size_px, data, slot.heads, self._alert)
        span = self._planner.span
        if self._newest is not None and self._newest.size_px != size_px and span is not None:
            self._finish(self._planner.end() or span)  # another camera: no clip holds both
            span = None
        self._ring.add(kept)
        self._newest = kept
        if span is not None and self._is_fed and span.begin_ns <= kept.t_ns <= span.end_ns:
            self._thread.put(kept)

    def _is_wanted(self, t_ns: int) -> bool:
        """Not more than the rate, but always the first one with another sound."""
        if abs(self._now_ns() - t_ns) > STAMP_MOST_S * 1e9:
            return False
        before = self._newest
        if before is None or self._alert != before.alert:
            return before is None or t_ns > before.t_ns
        return t_ns - before.t_ns >= RATE_SLACK * 1e9 / self._options.rate_hz

    # ------------------------------------------------------------------ alerts

    def _hear(self, message: Sounded) -> None:
        self._alert = Alert(message.level, message.cause, message.since_ns)
        if message.cause is not None and is_worth_a_clip(message.level, message.cause):
            self._plan(ClipAlert(message.level, message.cause, message.since_ns))

    def _plan(self, alert: ClipAlert) -> None:
        now_ns, open_span = self._now_ns(), self._planner.span
        heard = self._planner.hear(alert, now_ns)
        if heard is Heard.BEGUN:
            if open_span is not None:
                self._finish(open_span)
            self._feed()
        elif heard is Heard.LATE and (session := self._fresh_session(now_ns)) is not None:
            late_s = (now_ns - alert.since_ns) / 1e9
            reason = f"the recorder was told {late_s:.0f} s late, or was started then"
            self._thread.put(Lose(session, ClipLost(reason, (alert,))))

    def _feed(self) -> None:
        """Begin to write the open clip, once its session is known."""
        span, session = self._planner.span, self._fresh_session(self._now_ns())
        if span is None or self._is_fed or session is None:
            return
        self._is_fed = True
        self._thread.put(Begin(session, span.alerts[0]))
        for kept in self._ring.since(span.begin_ns):
            self._thread.put(kept)

    def _finish(self, span: Span) -> None:
        if self._is_fed:
            self._thread.put(Finish(span.alerts))
        else:
            causes = ", ".join(alert.cause.value for alert in span.alerts)
            say(f"no clip of {causes}: watch told no session")
        self._is_fed = False

    def _look_for_silence(self, now_ns: int) -> None:
        """An armed `watch` that says nothing: keep what it saw last."""
        heard_ns = self._heard_ns
        if heard_ns is None or now_ns - heard_ns < WATCH_SILENT_S * 1e9:
            return
        self._heard_ns = None  # once
        self._reader.close()  # a dead ring's memory is free only when nobody holds it
        if self._folder.has_flag:
            self._plan(ClipAlert(Level.FAULT, Cause.DECIDER_SILENT, heard_ns))

    # ------------------------------------------------------------------ session, supervisor

    def _follow(self, session: Path) -> None:
        """Clips go only into a session of the configured folder."""
        if session.parent.resolve() != self._sessions.resolve() or not session.is_dir():
            return
        self._session = session, self._now_ns()
        self._feed()

    def _fresh_session(self, now_ns: int) -> Path | None:
        if self._session is None or now_ns - self._session[1] > SESSION_MOST_S * 1e9:
            return None
        return self._session[0]

    def _tell_supervisor(self, now_ns: int) -> None:
        if not self._thread.is_alive:
            raise RuntimeError("the thread that writes clips has ended by an error of the program")
        if now_ns - self._told_ns >= NOTIFY_S * 1e9 and self._thread.silent_s < STUCK_S:
            self._told_ns = now_ns
            self._notifier.alive()
