"""Whether each picture of a recording has a time of its own, and none is missing between.

Decides which decoded pictures are used and where a recording must end because its times cannot
be trusted. Reads no file and decodes nothing. Called by `devices.video`.
"""

from __future__ import annotations

from fractions import Fraction

JUMP_BACK_S = 1.0
"""A clock that falls back this far began anew: the times after it mean something else."""


class FrameTimes:
    """Judges the pictures of one recording in turn; times are in units of `time_base` seconds.

    `ended_by` says why the recording must end before the picture just judged; `skipped` counts
    the pictures left out because their time was not after the last one's.
    """

    def __init__(self, time_base: Fraction) -> None:
        self.time_base = time_base
        self.last: int | None = None
        self.good = 0
        self.skipped = 0
        self.ended_by: str | None = None
        self._size_px: tuple[int, int] | None = None
        self._promised: set[int] = set()

    def promise(self, time: int) -> None:
        """A picture for this time is in the file: passing it without one is damage."""
        self._promised.add(time)

    def accept(self, time: int | None, size_px: tuple[int, int]) -> bool:
        """Whether the next picture is good to use."""
        if time is None:
            self.ended_by = (
                "holds a picture without a time (remux it: ffmpeg -i IN -c copy OUT.mp4)"
            )
            return False
        if self._size_px not in (None, size_px):
            self.ended_by = f"changes its size to {size_px[0]}x{size_px[1]}"
        elif self.last is not None and (self.last - time) * self.time_base > JUMP_BACK_S:
            self.ended_by = "falls back in time"
        elif any(promised < time for promised in self._promised):
            self.ended_by = "is damaged: a picture is lost"
        elif self.last is not None and time <= self.last:
            self.skipped += 1
        else:
            self.last, self._size_px = time, size_px
            self.good += 1
            self._promised.discard(time)
            return True
        return False
