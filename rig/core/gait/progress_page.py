"""What `rig progress` shows: lines for the terminal, tables for a spreadsheet, and one page.

Decides only how `core.gait.progress` is told. Empty means not measured. Called by `rig progress`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from rig.core.gait.page import STYLE
from rig.core.gait.svg import Chart

Row = Mapping[str, Any]
MEASURES: Final = (
    "sessions", "repetitions", "distance_m", "backward_m", "backward_share", "minutes",
    "speed_mps", "fastest_mps", "cadence_spm", "asymmetry_pct",
)  # fmt: skip
SESSION_COLUMNS: Final = ("runner", "session_id", "day", "week", *MEASURES[1:], "notes")
WEEK_COLUMNS: Final = (
    "runner", "week", *MEASURES, "held_against", "distance_m_change_pct", "speed_mps_change_pct",
    "cadence_spm_change_pct", "distance_most_m",
)  # fmt: skip
_SHOWN: Final = (
    ("week", "week", ""), ("sessions", "sessions", "d"), ("repetitions", "repetitions", "d"),
    ("distance_m", "distance m", ".0f"), ("backward_share", "backward", ".0%"),
    ("minutes", "minutes", ".1f"), ("speed_mps", "m/s", ".2f"), ("fastest_mps", "fastest", ".2f"),
    ("cadence_spm", "steps/min", ".0f"), ("asymmetry_pct", "asymmetry %", "+.1f"),
    ("distance_m_change_pct", "change %", "+.0f"), ("distance_most_m", "at most m", ".0f"),
)  # fmt: skip
"""Key, heading and format of a week's row; a session's begins with its name."""
NONE: Final = "-"
ABOUT: Final = (
    "A dash is not measured: asymmetry needs a view from the side and 20 contacts of each foot. "
    "No calories: what running backward costs more is an average of small studies, not this runner."
)


def progress_lines(progress: Row) -> list[str]:
    """For the terminal: each runner's weeks, then what is near, passed, left or drifting."""
    lines: list[str] = []
    for runner in progress["runners"]:
        lines += [f"{runner['runner']}", *_table_lines(runner["weeks"])]
        undated = sum(session["day"] is None for session in runner["sessions"])
        if undated:
            lines.append(f"  {undated} sessions without a date are in no week")
        lines += [f"  {warning['sentence']}" for warning in runner["warnings"]]
        lines += [f"  {sentence}" for sentence in left_sentences(runner["left"])]
        lines += [f"  drift: {note}" for note in runner["notes"]]
    return lines


def left_sentences(left: Row) -> list[str]:
    """What the limits still allow."""
    parts = (
        ("repetitions", "{:.0f} repetitions"), ("minutes", "{:.1f} minutes"),
    )  # fmt: skip
    told = [words.format(left[name]) for name, words in parts if left[name] is not None]
    lines = [f"left in {left['session_id']}: {', '.join(told)}"] if told else []
    if left["distance_this_week_m"] is not None:
        lines.append(f"left this week: {left['distance_this_week_m']:.0f} m")
    return lines


def _cells(row: Row) -> list[str]:
    values = [(row.get(key), form) for key, _, form in _SHOWN]
    return [NONE if value is None else format(value, form) for value, form in values]


def _table_lines(rows: Sequence[Row]) -> list[str]:
    table = [[heading for _, heading, _ in _SHOWN], *(_cells(row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        "  " + "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True))
        for line in table
    ]


def progress_csv(progress: Row, name: str, columns: Sequence[str]) -> str:
    """One file over all runners: `name` is "sessions" or "weeks"."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    for runner in progress["runners"]:
        for row in runner[name]:
            told = {**row, "runner": runner["runner"]}
            if "notes" in columns:
                told["notes"] = "; ".join(row["notes"])
            writer.writerow({key: "" if value is None else value for key, value in told.items()})
    return text.getvalue()


def progress_page(progress: Row) -> str:
    """The whole HTML file; it needs nothing else."""
    parts = "\n".join(_runner_part(runner) for runner in progress["runners"])
    unread = "".join(
        f"<p>Not read: {escape(str(row['session_id']))}: {escape(str(row['reason']))}</p>"
        for row in progress.get("unread", ())
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Progress</title>'
        f"<style>{STYLE}.warning{{background:#fdd;padding:.3em}}</style><h1>Progress</h1>"
        f"<p>{escape(ABOUT)}</p>\n{parts}\n{unread}\n</html>\n"
    )


def _runner_part(runner: Row) -> str:
    warnings = "".join(
        f'<p class="warning">{escape(warning["sentence"])}</p>' for warning in runner["warnings"]
    )
    left = "".join(f"<p>{escape(line)}</p>" for line in left_sentences(runner["left"]))
    notes = "".join(f"<p>Drift in {escape(note)}</p>" for note in runner["notes"])
    heads = "".join(f"<th>{escape(heading)}</th>" for _, heading, _ in _SHOWN)
    rows = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in _cells(row))}</tr>"
        for row in runner["weeks"]
    )
    charts = "\n".join(
        _chart(runner["sessions"], key, title, unit)
        for key, title, unit in (
            ("distance_m", "Distance of each session", "m"),
            ("speed_mps", "Speed", "m/s"),
            ("cadence_spm", "Cadence", "steps/min"),
        )
    )
    return (
        f"<h2>{escape(runner['runner'])}</h2>{warnings}{left}{notes}"
        f"<table><tr>{heads}</tr>{rows}</table>{charts}"
    )


def _chart(sessions: Sequence[Row], key: str, title: str, unit: str) -> str:
    """Session by session, the newest on the right."""
    points = [(float(k), s[key]) for k, s in enumerate(sessions, 1) if s[key] is not None]
    if not points:
        return f"<p><b>{escape(title)}</b>: nothing was measured.</p>"
    most, least = max(y for _, y in points), min(y for _, y in points)
    low = 0.0 if key == "distance_m" else 0.9 * least
    chart = Chart(title, "session", unit, (0.5, len(sessions) + 0.5, low, 1.1 * most))
    if key == "distance_m":
        for number, value in points:
            chart.bar(number - 0.3, number + 0.3, 0.0, value, "left")
    else:
        chart.line(points, "plain")
        chart.dots(points, "plain")
    return chart.svg
