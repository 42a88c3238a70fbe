"""The tables of `scripts/evaluate-health`, as Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

from rig.records import Cause
from spoiling.judged import Provoked, Suspected
from spoiling.spoilers import ORDINARY, SPOILT

_STALE = frozenset({Cause.CAMERA_STALE})
EXPECTED: dict[str, tuple[frozenset[Cause], float]] = {
    **{row.name: (row.causes, row.within_s) for row in SPOILT},
    "frozen picture": (_STALE, 1.0),
    "no frames": (_STALE, 0.5),
}


def report(provoked: Sequence[Provoked], suspected: Sequence[Suspected]) -> Iterator[str]:
    """Both tables, and every miss and false alarm by name."""
    yield from _provoked_table(provoked)
    yield ""
    yield from _ordinary_table(suspected)
    yield ""
    yield from _list("Not noticed, or too late", (_miss(p) for p in provoked))
    yield from _list("False alarms", (_alarm(s) for s in suspected))


def _provoked_table(provoked: Sequence[Provoked]) -> Iterator[str]:
    yield "| provoked | noticed | right cause | median s | slowest s | limit s |"
    yield "|---|---|---|---|---|---|"
    for name, (causes, within_s) in EXPECTED.items():
        mine = [p for p in provoked if p.row == name]
        times = sorted(p.after_s for p in mine if p.after_s is not None)
        if not mine:
            continue
        right = sum(p.cause in causes for p in mine)
        middle = f"{statistics.median(times):.1f} | {times[-1]:.1f}" if times else "- | -"
        yield f"| {name} | {len(times)} of {len(mine)} | {right} | {middle} | {within_s:g} |"


def _ordinary_table(suspected: Sequence[Suspected]) -> Iterator[str]:
    yield "| ordinary | clips: minutes | faults | drills: minutes | faults |"
    yield "|---|---|---|---|---|"
    for row in ORDINARY:
        mine = [s for s in suspected if s.row == row.name]
        yield f"| {row.name} | {_cells(mine, False)} | {_cells(mine, True)} |"
    yield f"| **all** | {_cells(suspected, False)} | {_cells(suspected, True)} |"
    hours = sum(s.lasted_s for s in suspected) / 3600
    alarms = sum(s.cause is not None for s in suspected)
    yield ""
    yield f"False faults: {alarms} in {hours:.2f} h, {alarms / max(hours, 1e-9):.1f} an hour."


def _cells(suspected: Sequence[Suspected], is_drawn: bool) -> str:
    mine = [s for s in suspected if s.is_drawn is is_drawn]
    minutes = sum(s.lasted_s for s in mine) / 60
    return f"{minutes:.1f} | {sum(s.cause is not None for s in mine)}"


def _miss(one: Provoked) -> str:
    causes, within_s = EXPECTED[one.row]
    if one.after_s is None:
        return f"{one.row}, {one.footage}: not noticed"
    if one.cause not in causes:
        return f"{one.row}, {one.footage}: {one.cause} ({one.detail}) after {one.after_s:.1f} s"
    if one.after_s > within_s:
        return f"{one.row}, {one.footage}: after {one.after_s:.1f} s ({one.detail})"
    return ""


def _alarm(one: Suspected) -> str:
    if one.cause is None:
        return ""
    return f"{one.row}, {one.footage}: {one.cause} ({one.detail}) at {one.lasted_s:.1f} s"


def _list(title: str, lines: Iterator[str]) -> Iterator[str]:
    said = [f"- {line}" for line in lines if line]
    yield f"{title}: {len(said)}"
    yield from said
