"""The newest picture, and never a wait without end: what the live loop asks its source for.

Decides which picture of a video is "now" when it stands in for the camera: it plays at its own
pace on the rig's clock, the newest due picture is given, and what was overtaken is left out. Does
not judge pictures. Called by `programs.live`; the Pi's camera is `devices.picamera`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from rig.devices.video import boottime_ns
from rig.records import Frame


class LiveSource(Protocol):
    """A camera, or what stands in for one.

    `newest` gives the newest picture not given yet, or None when none came within `wait_s`: the
    loop has to go on then, because a camera that gives nothing is a fault and not a pause.
    Gaps in `sequence` are pictures that were overtaken.
    """

    size_px: tuple[int, int]

    def newest(self, wait_s: float) -> Frame | None:
        """The newest picture. Raises SourceError when there will be none any more."""
        ...

    def close(self) -> None:
        """Give the device or file back."""
        ...


class LiveVideo:
    """A video as a camera: at its own pace, stamped with the times at which pictures were due.

    `frames` gives the pictures anew each time it is iterated. When they are over it gives none any
    more, as a camera whose cable came loose, or begins again where `is_repeated`.
    """

    def __init__(
        self,
        frames: Iterable[Frame],
        size_px: tuple[int, int],
        is_repeated: bool = False,
        now_ns: Callable[[], int] = boottime_ns,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.size_px = size_px
        self._frames, self._is_repeated = frames, is_repeated
        self._now_ns, self._sleep = now_ns, sleep
        self._coming = self._play()
        self._held: Frame | None = None
        self._period_ns = 0
        self._last_ns: int | None = None

    def newest(self, wait_s: float) -> Frame | None:
        """See `LiveSource`."""
        frame = self._take()
        while frame is not None and self._is_overtaken(frame):
            following = self._take()
            if following is None or following.t_ns > self._now_ns():
                self._held = following
                break
            frame = following
        return self._wait_for(frame, wait_s)

    def close(self) -> None:
        """End it: no more pictures come."""
        self._coming, self._held = iter(()), None

    def _take(self) -> Frame | None:
        held, self._held = self._held, None
        return held if held is not None else next(self._coming, None)

    def _is_overtaken(self, frame: Frame) -> bool:
        """Whether the next picture should be there too; decoding it to see would cost time."""
        return frame.t_ns + max(self._period_ns, 1) <= self._now_ns()

    def _wait_for(self, frame: Frame | None, wait_s: float) -> Frame | None:
        due_s = float("inf") if frame is None else (frame.t_ns - self._now_ns()) / 1e9
        self._sleep(max(0.0, min(wait_s, due_s)))
        if frame is None or due_s > wait_s:
            self._held = frame
            return None
        return frame

    def _play(self) -> Iterator[Frame]:
        """The pictures with the times at which they are due, from now on."""
        sequence, next_ns = 0, self._now_ns()
        while True:
            shift_ns: int | None = None
            for frame in self._frames:
                shift_ns = next_ns - frame.t_ns if shift_ns is None else shift_ns
                due_ns = frame.t_ns + shift_ns
                if self._last_ns is not None:
                    self._period_ns = due_ns - self._last_ns
                self._last_ns = due_ns
                yield Frame(due_ns, sequence, frame.picture)
                sequence += 1
            if shift_ns is None or not self._is_repeated:
                return
            next_ns = (self._last_ns or 0) + max(self._period_ns, 1)
