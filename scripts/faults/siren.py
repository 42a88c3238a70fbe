"""What the siren's pin did: the horn's records, its guard's switch, and its deaths, on one clock.

Decides what counts as heard and as silence; measures nothing itself. Called by `staged_rig`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from faults.tapped_horn import PREFIX
from rig.causes import Cause, Level

GUARD = "guard switch"
DEAD = "horn dead"
CHUNK_BYTES = 1 << 16
UPTIME_STEP_S = 0.01
"""/proc/uptime, the guard's clock, is rounded down to this; taken as late as it may have been."""


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """The siren's pin at one time; `cause` is what it sounds for, if anything."""

    t_ns: int
    heard_ns: int
    """When the horn last received a word; 0: it was not the horn."""
    is_on: bool
    level: Level
    cause: str
    since_ns: int
    is_of_watch: bool
    is_healthy: bool
    is_armed: bool


class SirenRecord:
    """All that the horns of a folder wrote down; each line is read once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[Path, int] = {}
        self._changes: list[Change] = []

    def read(self) -> list[Change]:
        """In order."""
        for path in self._folder.glob(f"{PREFIX}.*"):
            begun = self._read.get(path, 0)
            with path.open("rb") as file:
                file.seek(begun)
                whole = file.read(CHUNK_BYTES).split(b"\0", 1)[0].rpartition(b"\n")[0]
            self._changes += map(_change, whole.splitlines())
            self._read[path] = begun + len(whole) + bool(whole)
        self._changes.sort()
        return self._changes


def _change(line: bytes) -> Change:
    t_ns, heard_ns, is_on, level, cause, *rest = json.loads(line)
    return Change(t_ns, heard_ns, is_on, Level[level], cause or "", *rest)


def read_guard(path: Path) -> list[Change]:
    """When the guard switched the siren on."""
    if not path.exists():
        return []
    times_s = [float(line.split()[0]) for line in path.read_text().splitlines()]
    return [_bare(round((t + UPTIME_STEP_S) * 1e9), True, GUARD) for t in times_s]


def died(t_ns: int) -> Change:
    """A dead horn's pin falls back: the pull-down switches the siren off."""
    return _bare(t_ns, False, DEAD)


def _bare(t_ns: int, is_on: bool, cause: str) -> Change:
    return Change(t_ns, 0, is_on, Level.FAULT, cause, 0, False, False, True)


def tones(changes: Iterable[Change], from_ns: int, until_ns: int) -> list[Change]:
    """Each time that the siren went on for a FAULT or STOP in this time."""
    return [
        c for c in changes if from_ns <= c.t_ns <= until_ns and c.is_on and c.level >= Level.FAULT
    ]


def longest_quiet_s(changes: Sequence[Change], from_ns: int, until_ns: int) -> float:
    """The longest time for which the siren was off between two times."""
    levels = [(c.t_ns, c.is_on and c.level >= Level.FAULT) for c in sorted(changes)]
    before = [is_on for t_ns, is_on in levels if t_ns <= from_ns]
    inside = [(t_ns, is_on) for t_ns, is_on in levels if from_ns < t_ns < until_ns]
    steps = [(from_ns, before[-1] if before else False), *inside, (until_ns, True)]
    quiet_ns, off_ns = 0, None
    for (t_ns, is_on), (next_ns, _) in pairwise(steps):
        off_ns = None if is_on else (t_ns if off_ns is None else off_ns)
        if off_ns is not None:
            quiet_ns = max(quiet_ns, next_ns - off_ns)
    return quiet_ns / 1e9


def told_by_watch(changes: Iterable[Change], from_ns: int, until_ns: int) -> set[tuple[str, int]]:
    """Cause and beginning of each sound of the armed watch: the log has to tell of each."""
    return {
        (c.cause, c.since_ns)
        for c in changes
        if c.is_of_watch and c.is_armed and c.cause and from_ns <= c.t_ns <= until_ns
    } - {(Cause.DECIDER_SILENT.value, 0)}
