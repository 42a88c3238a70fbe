"""The one thread of `rig record` that writes clips and tends the disk.

Decides the order of work and its pace: a clip's waiting pictures are written at twice the speed at
which new ones come, not all at once, since the moment of an alert is when `watch` needs the
processor. The loop only appends and never waits. A clip that fails is given up, said and logged;
the next one is tried. Called by `programs.record`.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from rig.config import ClipOptions
from rig.core.clip_plan import ClipAlert, ClipBegun, ClipLine, ClipLost, Kept
from rig.devices.clip_folder import name_clip
from rig.errors import LogError
from rig.programs.clip_keeper import ClipKeeper
from rig.programs.clip_maker import ClipMaker, Made

TIDY_S: Final = 60.0
LEAVE_S: Final = 10.0
"""So long after its last line a session's segment gets its END."""
IDLE_S: Final = 0.2
PACE: Final = 2.0
"""Times the rate at which pictures come."""


@dataclass(frozen=True, slots=True)
class Begin:
    """A clip begins in this session; the pictures follow."""

    session: Path
    alert: ClipAlert


@dataclass(frozen=True, slots=True)
class Finish:
    """The clip is over; all of its alerts."""

    alerts: tuple[ClipAlert, ...]


@dataclass(frozen=True, slots=True)
class Lose:
    """There will be no clip of these."""

    session: Path
    lost: ClipLost


Item = Begin | Kept | Finish | Lose


class ClipThread:
    """Owns the clip that is being written, and the keeper."""

    def __init__(
        self, options: ClipOptions, keeper: ClipKeeper, say: Callable[[str], None]
    ) -> None:
        self._options, self._keeper, self._say = options, keeper, say
        self._items: deque[Item] = deque()
        self._queued_bytes = self._taken_bytes = 0
        self._lost_pictures = 0
        self._wake = threading.Event()
        self._is_closing = False
        self._turned_s = self._tidied_s = self._written_s = time.monotonic()
        self._session: Path | None = None
        self._maker: ClipMaker | None = None
        self._failure: str | None = None
        self._thread = threading.Thread(target=self._run, name="clips", daemon=True)

    # ------------------------------------------------------------------ for the loop's thread

    def start(self) -> None:
        """Begin; the first that is done is to make whole what an earlier run left."""
        self._thread.start()

    def put(self, item: Item) -> None:
        """Take something to do. Pictures beyond half of `clips.memory_mb` are counted instead."""
        if isinstance(item, Kept):
            size = len(item.data)
            if self.backlog_bytes + size > self._options.memory_mb * 1e6 / 2:
                self._lost_pictures += 1
                return
            self._queued_bytes += size
        self._items.append(item)
        self._wake.set()

    @property
    def backlog_bytes(self) -> int:
        """Pictures that wait here."""
        return self._queued_bytes - self._taken_bytes

    @property
    def is_alive(self) -> bool:
        """Whether the thread has not ended by an error of the program."""
        return self._thread.is_alive()

    @property
    def silent_s(self) -> float:
        """For how long it has not come round: a disk that hangs."""
        return time.monotonic() - self._turned_s

    def close(self, timeout_s: float) -> bool:
        """Let it write what waits, without pace; whether it ended in time."""
        self._is_closing = True
        self._wake.set()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    # ------------------------------------------------------------------ the clips' own thread

    def _run(self) -> None:
        self._keeper.recover()
        self._keeper.tidy()
        while not (self._is_closing and not self._items):
            self._wake.wait(IDLE_S)
            self._wake.clear()
            while self._items:
                self._turned_s = time.monotonic()
                self._take(self._items.popleft())
            self._rest()
        self._finish(Finish(()))
        self._keeper.leave()

    def _rest(self) -> None:
        """Nothing waits."""
        now_s = self._turned_s = time.monotonic()
        if now_s - self._tidied_s > TIDY_S:
            self._tidied_s = now_s
            self._keeper.tidy()
        if self._maker is None and now_s - self._written_s > LEAVE_S:
            self._keeper.leave()

    def _take(self, item: Item) -> None:
        if isinstance(item, Kept):
            self._taken_bytes += len(item.data)
            self._add(item)
            return
        self._written_s = time.monotonic()
        if isinstance(item, Begin):
            self._begin(item)
        elif isinstance(item, Finish):
            self._finish(item)
        else:
            self._say(f"no clip: {item.lost.reason}")
            self._keeper.note(item.session, item.lost)

    def _begin(self, item: Begin) -> None:
        self._keeper.tidy()
        self._session, self._failure, self._lost_pictures = item.session, None, 0
        if not self._keeper.has_room:
            self._failure = f"less than {self._options.free_least_mb:g} MB of room"
            return
        try:
            path = name_clip(item.session, datetime.now(), item.alert.cause.value)
        except LogError as error:
            self._failure = str(error)
            return
        self._maker = ClipMaker(path, self._options.rate_hz, self._options.blur_faces)
        self._keeper.note(item.session, ClipBegun(path.name, item.alert))

    def _add(self, kept: Kept) -> None:
        if self._maker is None:
            return
        begun_s = time.monotonic()
        try:
            written = self._maker.add(kept)
        except LogError as error:
            self._maker.give_up(error)
            self._failure, self._maker = str(error), None
            return
        spare_s = written / (PACE * self._options.rate_hz) - (time.monotonic() - begun_s)
        if spare_s > 0 and not self._is_closing:
            time.sleep(spare_s)

    def _finish(self, item: Finish) -> None:
        session, self._session = self._session, None
        maker, self._maker = self._maker, None
        if session is None:
            return
        made: Made | None = None
        if maker is not None:
            try:
                made = maker.finish()
            except LogError as error:
                self._failure = str(error)
        if made is None:
            reason = self._failure or "watch shared no picture (its start says why)"
            self._say(f"no clip: {reason}")
            self._keeper.note(session, ClipLost(reason, item.alerts))
            return
        self._keeper.note(
            session,
            ClipLine(made.path.name, item.alerts, made.from_ns, made.until_ns, made.pictures,
                     self._lost_pictures, made.size_bytes, False),
        )  # fmt: skip
        self._say(
            f"clip {made.path}: {(made.until_ns - made.from_ns) / 1e9:.1f} s, "
            f"{', '.join(a.cause.value.replace('_', ' ') for a in item.alerts) or 'ended early'}"
        )
