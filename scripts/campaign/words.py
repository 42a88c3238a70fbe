"""Figures as people read them in the report: shares and rates with their intervals, quantiles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from campaign.play import LAW, PICTURES
from campaign.statistics import Totals, quantile, rate_interval, wilson


def share(count: int, total: int) -> str:
    """A count with Wilson's interval."""
    if total == 0:
        return "none tried"
    low, high = wilson(count, total)
    return f"{count} of {total} ({100 * low:.1f} to {100 * high:.1f} %)"


def rate(count: int, hours: float) -> str:
    """Events an hour with the Poisson interval."""
    if hours <= 0:
        return "no clear time"
    low, high = rate_interval(count, hours)
    return f"{count / hours:.2f} ({low:.2f} to {high:.2f})"


def number(value: float | None) -> str:
    """Two decimals, or a dash."""
    return "-" if value is None else f"{value:.2f}"


def pair(first: float | None, second: float | None) -> str:
    """Two numbers in one cell."""
    return "-" if first is None else f"{number(first)}, {number(second)}"


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """A Markdown table."""
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    return lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]


HEADS = (
    "", "drills", "passed", "missed", "too late", "unseen", "near", "margin m (5 %, median)",
    "margin s (5 %)", "late stops", "false alerts/h", "release s (median, 95 %)",
    "RUNNER_LOST", "wrong cause",
)  # fmt: skip


def totals_row(name: str, t: Totals) -> tuple[object, ...]:
    """One row under `HEADS`."""
    return (
        name, t.drills, t.passed, t.missed, t.too_late, t.unseen, t.near,
        pair(quantile(t.margins_m, 0.05), quantile(t.margins_m, 0.5)),
        number(quantile(t.margins_s, 0.05)), t.late_stops,
        number(t.per_hour(t.false_alerts)),
        pair(quantile(t.releases_s, 0.5), quantile(t.releases_s, 0.95)),
        t.lost_alarms, t.wrong_cause,
    )  # fmt: skip


def replay_command(record: dict[str, Any]) -> str:
    """The line that prints this drill's timeline."""
    decider = "" if record["decider"] == LAW else f" --decider {record['decider']}"
    eye = " --pictures" if record["eye"] == PICTURES else ""
    own = " --drills FILE" if record["own"] else ""
    return f'scripts/trials --show "{record["family"]}" --seed {record["seed"]}{decider}{eye}{own}'
