"""What sounded when, as a table that can be read aloud.

Decides the rows' form only. `rig watch` and `rig demo` print each row as `Timeline.add` returns
it; `rig replay` prints two timelines beside each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rig.records import Cause, Decision, Level

NOTHING = "-"


@dataclass(frozen=True, slots=True)
class Row:
    """One change of the alert; `time_s` counts from the timeline's first decision."""

    time_s: float
    level: Level
    cause: Cause | None
    gap_m: float | None
    ttc_s: float | None
    along_m: float | None
    along_mps: float | None


class Timeline:
    """Gathers decisions in order of time into rows and seconds per level."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.seconds: dict[Level, float] = dict.fromkeys(Level, 0.0)
        self.first_ns: int | None = None
        """Time of the first decision."""
        self._last_ns = 0

    def add(self, decision: Decision) -> Row | None:
        """Takes the next decision; returns the row that it makes, None without a change."""
        alert, before = decision.alert, self.rows[-1] if self.rows else None
        if self.first_ns is None:
            self.first_ns = self._last_ns = decision.now_ns
        if before:
            self.seconds[before.level] += (decision.now_ns - self._last_ns) / 1e9
        self._last_ns = decision.now_ns
        if before and (before.level, before.cause) == (alert.level, alert.cause):
            return None
        row = _row_of(decision, self.first_ns)
        self.rows.append(row)
        return row

    @property
    def summary(self) -> str:
        """How long each level sounded and how often it began; silence is said first."""
        parts = [f"{self.seconds[Level.SILENT]:.1f} s silent"]
        for level in reversed(Level):
            times = sum(1 for row in self.rows if row.level is level)
            if times and level is not Level.SILENT:
                often = "once" if times == 1 else f"{times} times"
                parts.append(f"{self.seconds[level]:.1f} s {level.name} ({often})")
        return f"{sum(self.seconds.values()):.1f} s in all: " + ", ".join(parts)


def _row_of(decision: Decision, first_ns: int) -> Row:
    hazard, track = decision.alert.hazard, decision.runner.track
    return Row(
        time_s=(decision.now_ns - first_ns) / 1e9,
        level=decision.alert.level,
        cause=decision.alert.cause,
        gap_m=hazard.gap_m if hazard else None,
        ttc_s=hazard.ttc_s if hazard else None,
        along_m=track.along_m if track else None,
        along_mps=track.along_mps if track else None,
    )


# --------------------------------------------------------------------------- printing

HEADINGS = ("time s", "level", "cause", "gap m", "ttc s", "runner m", "m/s")
WIDTHS = (7, 8, 15, 6, 6, 8, 5)
IS_TEXT = (False, True, True, False, False, False, False)
HEARD = slice(1, 5)
"""The columns that stand twice when two timelines are compared."""


def heading() -> str:
    """The line above the rows of one timeline."""
    return _align(HEADINGS)


def format_row(row: Row) -> str:
    """One row of one timeline, without a line break."""
    return _align(_cells(row))


def format_beside(left: Sequence[Row], right: Sequence[Row], titles: tuple[str, str]) -> list[str]:
    """Two timelines of the same time axis: a line for each moment at which either changed."""
    side_width = len(_align(HEADINGS[HEARD], HEARD))
    first = f"{'':{WIDTHS[0]}}  {titles[0]:{side_width}} | {titles[1]}".rstrip()
    second = _align(HEADINGS[:1]) + "  " + " | ".join([_align(HEADINGS[HEARD], HEARD)] * 2)
    lines = [first, second]
    moments = sorted({row.time_s for row in (*left, *right)})
    for time_s in moments:
        sides = [_side(rows, time_s) for rows in (left, right)]
        lines.append(f"{_align((f'{time_s:.2f}',))}  {sides[0]:{side_width}} | {sides[1]}".rstrip())
    return lines


def _side(rows: Sequence[Row], time_s: float) -> str:
    found = [row for row in rows if row.time_s == time_s]
    return _align(_cells(found[0])[HEARD], HEARD) if found else ""


def _cells(row: Row) -> tuple[str, ...]:
    numbers = (row.gap_m, row.ttc_s, row.along_m, row.along_mps)
    return (
        f"{row.time_s:.2f}",
        row.level.name,
        row.cause.replace("_", " ") if row.cause else NOTHING,
        *(NOTHING if value is None else f"{value:z.1f}" for value in numbers),
    )


def _align(cells: Sequence[str], columns: slice = slice(None)) -> str:
    shape = list(zip(WIDTHS, IS_TEXT, strict=True))[columns]
    return "  ".join(
        f"{cell:{width}}" if is_text else f"{cell:>{width}}"
        for cell, (width, is_text) in zip(cells, shape, strict=False)
    )
