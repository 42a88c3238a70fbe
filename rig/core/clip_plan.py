"""Which stretch of time a clip covers, which alerts it holds, and which pictures wait for one.

Decides nothing about files or pictures' contents, and has no clock: time is an argument. A clip
begins `before_s` before its first alert began and ends `after_s` after its last one began; an
alert while a clip is open makes it longer, up to `longest_s`, and then the next clip goes on where
it ended. Called by `programs.record`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from rig.causes import Cause, Level
from rig.config import ClipOptions
from rig.records import Alert

WITHOUT_CLIP: Final = frozenset({Cause.LANE_END_SOON})
"""Every run ends with its countdown: that is no reason to keep pictures of people."""
KNOWN_MOST: Final = 64
LAG_NS: Final = 500_000_000
"""A clip waits for so long for its last pictures: judging and sending take a while."""


@dataclass(frozen=True, slots=True)
class ClipAlert:
    """An alert that a clip was made for."""

    level: Level
    cause: Cause
    since_ns: int


@dataclass(frozen=True, slots=True)
class Span:
    """The time that a clip covers, and its alerts in order."""

    begin_ns: int
    end_ns: int
    alerts: tuple[ClipAlert, ...]


class Heard(Enum):
    """What an alert does to the clips."""

    KNOWN = "nothing: it was heard before"
    BEGUN = "a clip begins; one that was open is over"
    JOINED = "the open clip holds it too"
    LATE = "its time is over: there cannot be a clip of it"


def is_worth_a_clip(level: Level, cause: Cause | None) -> bool:
    """Whether somebody will want to see why it sounded."""
    return level >= Level.CAUTION and cause is not None and cause not in WITHOUT_CLIP


class ClipPlanner:
    """The open clip's span, if any."""

    def __init__(self, options: ClipOptions) -> None:
        self.span: Span | None = None
        self._before_ns = round(options.before_s * 1e9)
        self._after_ns = round(options.after_s * 1e9)
        self._longest_ns = round(options.longest_s * 1e9)
        self._known: deque[ClipAlert] = deque(maxlen=KNOWN_MOST)
        self._last_end_ns = 0

    def hear(self, alert: ClipAlert, now_ns: int) -> Heard:
        """Take an alert that is worth a clip."""
        if alert in self._known:
            return Heard.KNOWN
        self._known.append(alert)
        if alert.since_ns + self._after_ns + LAG_NS < now_ns:
            return Heard.LATE
        span = self.span
        if span is not None and alert.since_ns < span.begin_ns + self._longest_ns:
            end_ns = max(span.end_ns, alert.since_ns + self._after_ns)
            end_ns = min(end_ns, span.begin_ns + self._longest_ns)
            self.span = replace(span, end_ns=end_ns, alerts=(*span.alerts, alert))
            return Heard.JOINED
        if span is not None:
            self._last_end_ns = span.end_ns
        # No picture stands in two clips.
        begin_ns = max(alert.since_ns - self._before_ns, self._last_end_ns)
        self.span = Span(begin_ns, alert.since_ns + self._after_ns, (alert,))
        return Heard.BEGUN

    def end_if_over(self, now_ns: int, newest_ns: int | None) -> Span | None:
        """The clip that is over by now; `newest_ns` is the newest picture's time."""
        span = self.span
        if span is None:
            return None
        has_all = newest_ns is not None and newest_ns > span.end_ns
        return self.end() if has_all or now_ns > span.end_ns + LAG_NS else None

    def end(self) -> Span | None:
        """The open clip, which is over now."""
        span, self.span = self.span, None
        if span is not None:
            self._last_end_ns = span.end_ns
        return span


@dataclass(frozen=True, slots=True)
class Kept:
    """A picture that waits in memory: packed, with the heads to blur and what sounded then."""

    t_ns: int
    size_px: tuple[int, int]
    data: bytes
    heads: tuple[int, ...]
    alert: Alert


class PictureRing:
    """The last pictures, at most `most_ns` old and `most_bytes` in all; `dropped` for room."""

    def __init__(self, most_ns: int, most_bytes: int) -> None:
        self.dropped = 0
        self.held_bytes = 0
        self._most_ns, self._most_bytes = most_ns, most_bytes
        self._kept: deque[Kept] = deque()

    def add(self, kept: Kept) -> None:
        """Take the newest one; older ones go."""
        if self._kept and self._kept[-1].size_px != kept.size_px:
            self.clear()  # another camera: no clip holds both
        self._kept.append(kept)
        self.held_bytes += len(kept.data)
        while self._kept[0].t_ns < kept.t_ns - self._most_ns:
            self._drop()
        while self.held_bytes > self._most_bytes and len(self._kept) > 1:
            self._drop()
            self.dropped += 1

    def since(self, begin_ns: int) -> Iterator[Kept]:
        """The pictures from a time on, oldest first."""
        return (kept for kept in self._kept if kept.t_ns >= begin_ns)

    def clear(self) -> None:
        """Forget all."""
        self._kept.clear()
        self.held_bytes = 0

    def _drop(self) -> None:
        self.held_bytes -= len(self._kept.popleft().data)


@dataclass(frozen=True, slots=True)
class ClipBegun:
    """A line: this clip is being made; where no `clip` follows, the recorder was stopped."""

    name: str
    alert: ClipAlert


@dataclass(frozen=True, slots=True)
class ClipLine:
    """A line: the clip lies on disk. `lost_pictures` did not find room in memory meanwhile.

    Times are of its first and last picture; both 0 where it was recovered after a stop.
    """

    name: str
    alerts: tuple[ClipAlert, ...]
    from_ns: int
    until_ns: int
    pictures: int
    lost_pictures: int
    size_bytes: int
    is_recovered: bool


@dataclass(frozen=True, slots=True)
class ClipLost:
    """A line: there is no clip of these alerts, and why."""

    reason: str
    alerts: tuple[ClipAlert, ...]


@dataclass(frozen=True, slots=True)
class ClipDropped:
    """A line: this clip was removed, and why."""

    name: str
    reason: str
    size_bytes: int


ClipEvent = ClipBegun | ClipLine | ClipLost | ClipDropped
CLIP_KINDS: dict[type, str] = {
    ClipBegun: "clip_begun",
    ClipLine: "clip",
    ClipLost: "clip_lost",
    ClipDropped: "clip_dropped",
}
"""The `kind` of the line that each record stands in."""
