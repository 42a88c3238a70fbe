"""Tends the clips on disk: what expired or has no room goes, and the log tells of each.

Decides when that is looked at, and where its lines stand: each session's own `clips` segments.
Which clips go is `core.clip_policy`'s part. Lines that cannot be written wait in memory. Called by
`programs.clip_thread`, in its thread.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from rig.config import ClipOptions
from rig.core.clip_plan import CLIP_KINDS, ClipDropped, ClipEvent, ClipLine
from rig.core.clip_policy import StoredClip, dropped_for_room, expired
from rig.core.codec import encode
from rig.devices.clip_folder import free_mb, recover_parts, remove_clip, stored_clips
from rig.devices.eventlog import SegmentWriter, new_segment
from rig.errors import LogError

STREAM: Final = "clips"
WAITING_MOST: Final = 1000
"""Lines that wait for the disk; the oldest are given up."""


class ClipKeeper:
    """The clips of all sessions. `say` takes a sentence for people."""

    def __init__(
        self,
        sessions: Path,
        options: ClipOptions,
        header: Mapping[str, Any],
        now_ns: Callable[[], int],
        say: Callable[[str], None],
    ) -> None:
        self.has_room = True
        """Whether a new clip may be made."""
        self._sessions, self._options, self._header = sessions, options, header
        self._now_ns, self._say = now_ns, say
        self._open: tuple[Path, SegmentWriter] | None = None
        self._waiting: deque[tuple[Path, ClipEvent]] = deque(maxlen=WAITING_MOST)
        self._told: str | None = None

    # ------------------------------------------------------------------ clips

    def recover(self) -> None:
        """After a stop: what was being written takes its name, or goes."""
        for found in self._try(recover_parts, self._sessions) or []:
            session = found.part.parents[1]
            if found.path is None:
                self._say(f"{found.part} held no whole picture and is removed")
            else:
                line = ClipLine(found.path.name, (), 0, 0, found.pictures, 0,
                                found.size_bytes, True)  # fmt: skip
                self.note(session, line)
                self._say(f"{found.path} was cut off and is kept as far as it goes")

    def tidy(self) -> None:
        """Remove what expired and what there is no room for, and try waiting lines again."""
        clips = self._try(stored_clips, self._sessions)
        if clips is None:
            self.has_room = False
            return
        gone = expired(clips, time.time(), self._options.keep_days)
        self._drop(gone, f"older than {self._options.keep_days:g} days")
        least_mb = self._options.free_least_mb
        if (room_mb := self._try(free_mb, self._sessions)) is not None and room_mb < least_mb:
            left = [clip for clip in clips if clip not in gone]
            reason = f"{room_mb:.0f} MB of room, less than clips.free_least_mb = {least_mb:g}"
            self._drop(dropped_for_room(left, room_mb, least_mb), reason)
            room_mb = self._try(free_mb, self._sessions)
        self._judge_room(room_mb)
        self._write_waiting()

    def _judge_room(self, room_mb: float | None) -> None:
        least_mb = self._options.free_least_mb
        had_room, self.has_room = self.has_room, room_mb is not None and room_mb >= least_mb
        if had_room and not self.has_room:
            shown = "no answer" if room_mb is None else f"{room_mb:.0f} MB"
            self._say(
                f"no clips for want of room below {self._sessions} ({shown}, clips.free_least_mb "
                f"is {least_mb:g}); delete sessions or stars; the rig guards and logs on"
            )
        elif self.has_room and not had_room:
            self._say("there is room for clips again")

    def _drop(self, clips: Iterable[StoredClip], reason: str) -> None:
        for clip in clips:
            try:
                remove_clip(clip.path)
            except LogError as error:
                self._tell_trouble(error)
                return
            dropped = ClipDropped(clip.path.name, reason, clip.size_bytes)
            self._waiting.append((clip.path.parents[1], dropped))
            self._say(f"{clip.path} is removed: {reason}")

    # ------------------------------------------------------------------ lines

    def note(self, session: Path, event: ClipEvent) -> None:
        """Write a line into a session's log, now or when the disk lets us."""
        self._waiting.append((session, event))
        self._write_waiting()

    def leave(self) -> None:
        """Close the open segment with its END line."""
        opened, self._open = self._open, None
        if opened is not None:
            self._try(opened[1].close, self._now_ns())

    def _write_waiting(self) -> None:
        try:
            while self._waiting:
                session, event = self._waiting[0]
                if session.is_dir():  # else removed meanwhile, with its clips
                    self._write(session, event)
                self._waiting.popleft()
                self._told = None
        except LogError as error:
            self._tell_trouble(error)

    def _write(self, session: Path, event: ClipEvent) -> None:
        if self._open is None or self._open[0] != session:
            self.leave()
            self._open = session, new_segment(session, STREAM, self._header, self._now_ns())
        writer = self._open[1]
        try:
            writer.write(CLIP_KINDS[type(event)], self._now_ns(), encode(event))
            writer.sync()
        except LogError:
            self.leave()  # the next try begins a segment of its own
            raise

    def _try(self, act: Callable[..., Any], *arguments: Any) -> Any:
        """What an act on the disk gives; None, and said, where the disk refuses."""
        try:
            return act(*arguments)
        except LogError as error:
            self._tell_trouble(error)
            return None

    def _tell_trouble(self, error: LogError) -> None:
        """Once for each trouble."""
        if str(error) != self._told:
            self._say(f"{error}; the rig guards on")
        self._told = str(error)
