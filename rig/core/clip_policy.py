"""Which clips go, and whether there is room for new ones.

Decides by age, room and star alone; reads no disk. Starred clips stay, whatever happens; events
are never touched. Called by `programs.clip_keeper`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

DAY_S: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class StoredClip:
    """One clip on disk; `written_s` is wall time."""

    path: Path
    size_bytes: int
    written_s: float
    is_starred: bool


def expired(clips: Iterable[StoredClip], now_s: float, keep_days: float) -> list[StoredClip]:
    """Those older than they may be. A clip from the time to come (a wrong clock) stays."""
    oldest_s = now_s - keep_days * DAY_S
    return [clip for clip in _oldest_first(clips) if clip.written_s < oldest_s]


def dropped_for_room(
    clips: Sequence[StoredClip], free_mb: float, free_least_mb: float
) -> list[StoredClip]:
    """The oldest ones, until there is room; all of them where that is not enough."""
    gone = []
    for clip in _oldest_first(clips):
        if free_mb >= free_least_mb:
            break
        gone.append(clip)
        free_mb += clip.size_bytes / 1e6
    return gone


def _oldest_first(clips: Iterable[StoredClip]) -> list[StoredClip]:
    return sorted((c for c in clips if not c.is_starred), key=lambda c: (c.written_s, c.path))
