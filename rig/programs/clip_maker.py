"""One clip in the making: blurs heads and writes the pictures, a moment after they came.

Decides which heads are blurred in a picture: its own, and those of the pictures around it, since
somebody may be found a moment late or missed for a moment. The heads are `core.heads`' part, the
file `devices.clips`'. Called by `programs.clip_thread`.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rig.core.alerts import pattern_of
from rig.core.clip_plan import Kept
from rig.core.heads import Rectangle, rectangles
from rig.devices.clip_pictures import blur_heads, unpack_picture
from rig.devices.clips import ClipWriter
from rig.errors import LogError

AROUND_NS: Final = 400_000_000
"""Heads of pictures so near in time are blurred too: three misses of a detector at 10 Hz."""


@dataclass(frozen=True, slots=True)
class Made:
    """A clip that lies on disk."""

    path: Path
    from_ns: int
    until_ns: int
    pictures: int
    size_bytes: int


class ClipMaker:
    """Takes pictures in the order of their times. Each method raises LogError as the disk fails."""

    def __init__(self, path: Path, rate_hz: float, is_blurring: bool) -> None:
        self.path = path
        self._rate_hz, self._is_blurring = rate_hz, is_blurring
        self._writer: ClipWriter | None = None
        self._waiting: deque[Kept] = deque()
        self._heads: deque[tuple[int, tuple[int, ...]]] = deque()
        self._first_ns = self._last_ns = 0

    def add(self, kept: Kept) -> int:
        """Take a picture; how many could be written now. One that is not newer is left out."""
        newest_ns = self._waiting[-1].t_ns if self._waiting else self._last_ns
        if kept.t_ns <= newest_ns:
            return 0
        self._waiting.append(kept)
        self._heads.append((kept.t_ns, kept.heads))
        return self._write_until(kept.t_ns - AROUND_NS)

    def finish(self) -> Made | None:
        """Write what waits, and the file's end; None where there was no picture at all."""
        if self._waiting:
            self._write_until(self._waiting[-1].t_ns)
        if self._writer is None:
            return None
        pictures = self._writer.pictures
        self._writer.__exit__(None, None, None)
        size_bytes = self.path.stat().st_size
        return Made(self.path, self._first_ns, self._last_ns, pictures, size_bytes)

    def give_up(self, error: LogError) -> None:
        """Remove what was written."""
        if self._writer is not None:
            self._writer.__exit__(LogError, error, None)

    def _write_until(self, t_ns: int) -> int:
        written = 0
        while self._waiting and self._waiting[0].t_ns <= t_ns:
            self._write(self._waiting.popleft())
            written += 1
        return written

    def _write(self, kept: Kept) -> None:
        if self._writer is None:
            self._writer = ClipWriter(self.path, kept.size_px, self._rate_hz)
            self._first_ns = kept.t_ns
        picture = unpack_picture(kept.data)
        if self._is_blurring:
            blur_heads(picture, self._heads_around(kept.t_ns))
        self._writer.add(picture, kept.t_ns, kept.alert, pattern_of(kept.alert))
        self._last_ns = kept.t_ns

    def _heads_around(self, t_ns: int) -> set[Rectangle]:
        while self._heads and self._heads[0][0] < t_ns - AROUND_NS:
            self._heads.popleft()
        near = [heads for at_ns, heads in self._heads if at_ns <= t_ns + AROUND_NS]
        return {head for heads in near for head in rectangles(heads)}
