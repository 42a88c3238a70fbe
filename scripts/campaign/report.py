"""The report of a campaign: Markdown tables by family and overall, and the worst drills."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from campaign.statistics import Totals, add_up, badness, quantile, rate_most, wilson
from campaign.verdict import BLAMELESS

WORST = 10
_HEAD = (
    "| family | drills | passed | missed | too late | unseen | near | margin m (5 %, median) "
    "| margin s (5 %) | late stops | false/h | release s (median, 95 %) | lost | wrong cause |"
)


def report_lines(records: Sequence[dict[str, Any]]) -> list[str]:
    """Everything, as Markdown."""
    totals = add_up(records)
    lines = [*overall_lines(totals), "", _HEAD, "|---" * 14 + "|"]
    lines += [_row("**all**", totals)]
    for family in sorted({record["family"] for record in records}):
        lines.append(_row(family, add_up(r for r in records if r["family"] == family)))
    lines += ["", "Failures by kind (drills):", ""]
    lines += [f"- {kind}: {count}" for kind, count in totals.failures.most_common()]
    return [*lines, "", "Worst drills:", "", *worst_lines(records)]


def overall_lines(totals: Totals) -> list[str]:
    """The figures that the whole campaign is about."""
    hours = totals.clear_s / 3600
    return [
        f"- drills: {totals.drills}, without a failure {_share(totals.passed, totals.drills)}",
        f"- touched, visible for longer than a stop takes: {_share(totals.touched, totals.drills)}"
        f" (missed {totals.missed}, too late {totals.too_late})",
        f"- touched, never visible for that long: {_share(totals.unseen, totals.drills)}",
        f"- near misses (< 0.5 m): {_share(totals.near, totals.drills)}",
        f"- lane end overrun by more than 0.5 m: {_share(totals.overruns, totals.drills)}",
        f"- false alerts: {totals.false_alerts} in {hours:.2f} h of clear drill "
        f"({_number(totals.per_hour(totals.false_alerts))} an hour, 95 %: at most "
        f"{rate_most(totals.false_alerts, hours):.1f}), of which STOP or FAULT "
        f"{totals.false_stops} (at most {rate_most(totals.false_stops, hours):.1f} an hour)",
        f"- stop margin: {_number(quantile(totals.margins_m, 0.05))} m at the 5 % quantile, "
        f"{_number(quantile(totals.margins_m, 0.5))} m in the median; "
        f"STOPs later than needed {_share(totals.late_stops, len(totals.margins_m))}",
        f"- time to release: {_number(quantile(totals.releases_s, 0.5))} s in the median, "
        f"{_number(quantile(totals.releases_s, 0.95))} s at the 95 % quantile",
        f"- wrong cause: {_share(totals.wrong_cause, totals.drills)}; "
        f"RUNNER_LOST sounded {totals.lost_alarms} times; "
        f"lock astray: {_share(totals.astray, totals.drills)}; "
        f"never armed: {_share(totals.never_armed, totals.drills)}",
    ]


def worst_lines(records: Iterable[dict[str, Any]]) -> list[str]:
    """The worst drills, each with the command that plays it again."""
    bad = [record for record in records if not BLAMELESS.issuperset(record["failures"])]
    bad.sort(key=lambda r: (-badness(r), r["family"], r["seed"]))
    return [
        f"{n}. {r['family']}, seed {r['seed']} ({r['rate_hz']:g} Hz, {r['speed_mps']} m/s): "
        f"{'; '.join(r['failures'])}: `{replay_command(r)}`"
        for n, r in enumerate(bad[:WORST], 1)
    ]


def replay_command(record: dict[str, Any]) -> str:
    """The line that prints this drill's timeline."""
    decider = "" if record["decider"] == "law" else f" --decider {record['decider']}"
    return f'scripts/trials --show "{record["family"]}" --seed {record["seed"]}{decider}'


def sweep_lines(by_decider: Mapping[str, Sequence[dict[str, Any]]]) -> list[str]:
    """One row for each decider on the same drills."""
    lines = ["| decider | drills | touched (visible) | missed | near | false alerts/h "
             "| false STOP/h | clear h |", "|---" * 8 + "|"]  # fmt: skip
    for name, records in by_decider.items():
        t = add_up(records)
        lines.append(
            f"| {name} | {t.drills} | {_share(t.touched, t.drills)} "
            f"| {_share(t.missed, t.drills)} | {t.near} | {_number(t.per_hour(t.false_alerts))} "
            f"| {_number(t.per_hour(t.false_stops))} | {t.clear_s / 3600:.2f} |"
        )
    return lines


def _row(name: str, t: Totals) -> str:
    cells = (
        name, t.drills, t.passed, t.missed, t.too_late, t.unseen, t.near,
        _pair(quantile(t.margins_m, 0.05), quantile(t.margins_m, 0.5)),
        _number(quantile(t.margins_s, 0.05)), t.late_stops,
        _number(t.per_hour(t.false_alerts)),
        _pair(quantile(t.releases_s, 0.5), quantile(t.releases_s, 0.95)),
        t.lost_alarms, t.wrong_cause,
    )  # fmt: skip
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def _share(count: int, total: int) -> str:
    if total == 0:
        return "none tried"
    low, high = wilson(count, total)
    return f"{count} of {total} ({100 * low:.1f} to {100 * high:.1f} %)"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _pair(first: float | None, second: float | None) -> str:
    return "-" if first is None else f"{_number(first)}, {_number(second)}"
