"""The report's part on picture drills: scores, failures by cause, what the detector found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from campaign.causes import cause_of
from campaign.statistics import Totals, add_up, has_failed
from campaign.tally import BINS_PX
from campaign.words import HEADS, rate, replay_command, share, table, totals_row
from rig.sim.scenes import RUNNER_ID

_Records = Sequence[dict[str, Any]]


def picture_lines(records: _Records, clips: Mapping[str, str]) -> list[str]:
    """All of it, as Markdown; `clips` are names of files by replay command."""
    totals = add_up(records)
    lines = [*_overall(totals, records), ""]
    lines += ["### Failures by cause", "", *cause_lines(records, clips), ""]
    lines += ["### What the detector found", "", *found_lines(records), ""]
    lines += ["### False boxes", "", *false_lines(records), ""]
    rows = [
        totals_row(name, add_up(r for r in records if r["family"] == name))
        for name in sorted({r["family"] for r in records})
    ]
    return [*lines, "### By family, with pictures", "",
            *table(HEADS, [totals_row("**all**", totals), *rows])]  # fmt: skip


def _overall(t: Totals, records: _Records) -> list[str]:
    hours = t.clear_s / 3600
    return [
        f"- drills: {t.drills}, without a failure {share(t.passed, t.drills)}",
        f"- touched, visible for longer than a stop takes: {share(t.touched, t.drills)}"
        f" (missed {t.missed}, too late {t.too_late})",
        f"- touched, never visible for that long: {share(t.unseen, t.drills)}",
        f"- lane end overrun by more than 0.5 m: {share(t.overruns, t.drills)}",
        f"- false alerts: {t.false_alerts} in {hours:.2f} h of clear drill, "
        f"{rate(t.false_alerts, hours)} an hour",
        f"- never armed: {share(t.never_armed, t.drills)}; "
        f"RUNNER_LOST sounded {t.lost_alarms} times",
    ]


def cause_lines(records: _Records, clips: Mapping[str, str]) -> list[str]:
    """How many failures have which cause, and each failure's evidence."""
    by_cause: dict[str, list[str]] = {}
    for r in records:
        if has_failed(r):
            cause, evidence = cause_of(r)
            said = f"{r['family']}, seed {r['seed']}: {'; '.join(r['failures'])}"
            said += f" ({evidence})" if evidence else ""
            clip = clips.get(replay_command(r))
            by_cause.setdefault(cause, []).append(f"{said}: {clip}" if clip else said)
    ranked = sorted(by_cause.items(), key=lambda item: -len(item[1]))
    lines = table(("cause", "drills"), [(c, share(len(f), len(records))) for c, f in ranked])
    for cause, found in ranked:
        lines += ["", f"{cause[0].upper()}{cause[1:]}:", "", *(f"- {one}" for one in found)]
    return lines


def found_lines(records: _Records) -> list[str]:
    """Share of frames in which somebody in view was found, by pixel height and by light."""
    bins = [f"{low}-{high}" for low, high in zip((0, *BINS_PX), BINS_PX, strict=False)]
    bins.append(f"{BINS_PX[-1]}+")
    kinds = sorted({a["name"] for r in records for n, a in r["actors"].items() if n != RUNNER_ID})
    rows = [("runner", *_bin_cells(_actors(records, "runner"), "bins", bins))]
    rows += [(kind, *_bin_cells(_actors(records, kind), "bins", bins)) for kind in kinds]
    rows.append(("anybody partly hidden", *_bin_cells(_everybody(records), "hidden", bins)))
    used = [n for n, one in enumerate(bins, 1) if any(row[n] != "-" for row in rows)]
    heads = ("frames found of frames in view", *(f"{bins[n - 1]} px" for n in used))
    lines = table(heads, [(row[0], *(row[n] for n in used)) for row in rows])
    lights = sorted({r["light"] for r in records})
    light_rows = [(light, *_due(r for r in records if r["light"] == light)) for light in lights]
    heads = ("light", "drills", "runner found", "in the way found")
    return [*lines, "", *table(heads, light_rows)]


def _actors(records: Iterable[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [
        a
        for r in records
        for n, a in r["actors"].items()
        if (n == RUNNER_ID if kind == "runner" else n != RUNNER_ID and a["name"] == kind)
    ]


def _everybody(records: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [a for r in records for a in r["actors"].values()]


def _bin_cells(actors: Sequence[dict[str, Any]], key: str, bins: Sequence[str]) -> list[str]:
    cells = []
    for one in bins:
        counts = [a[key][one] for a in actors if one in a[key]]
        frames, found = sum(c[0] for c in counts), sum(c[1] for c in counts)
        cells.append(f"{100 * found / frames:.0f} % of {frames}" if frames else "-")
    return cells


def _due(records: Iterable[dict[str, Any]]) -> tuple[object, ...]:
    mine = list(records)
    counts = {True: [0, 0], False: [0, 0]}
    for r in mine:
        for name, actor in r["actors"].items():
            both = counts[name == RUNNER_ID]
            both[0] += actor["due"][0]
            both[1] += actor["due"][1]
    cells = [f"{100 * hit / n:.0f} % of {n}" if n else "-" for n, hit in
             (counts[True], counts[False])]  # fmt: skip
    return (len(mine), *cells)


def false_lines(records: _Records) -> list[str]:
    """How often something was reported where nothing was."""
    frames = sum(r["false_boxes"]["frames"] for r in records)
    with_one = sum(r["false_boxes"]["with"] for r in records)
    kinds: Counter[str] = Counter()
    for r in records:
        kinds.update(r["false_boxes"]["kinds"])
    said = ", ".join(f"{kind} {count}" for kind, count in kinds.most_common()) or "none"
    return [f"Frames with a box of nothing: {share(with_one, frames)}. Boxes by kind: {said}."]
