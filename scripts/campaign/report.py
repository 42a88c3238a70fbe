"""The report of a campaign: Markdown of everything that the given records say.

Sections whose records are missing are left out, so that any results give a report. Called by
`command`; comparison, picture drills and plots have modules of their own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from campaign import results
from campaign.compare import comparison_lines, sweep_seeds_only, without_sweep
from campaign.picture_report import picture_lines
from campaign.play import LAW
from campaign.statistics import Totals, add_up, badness, has_failed, quantile
from campaign.verdict import RELEASE_MOST_S
from campaign.words import HEADS, number, rate, replay_command, share, table, totals_row

WORST = 10
WANTED_DRILLS, WANTED_HOURS = 5000, 6.0
BANDS_MPS = ((0.0, 3.0), (3.0, 4.5), (4.5, 99.0))
_Records = Sequence[dict[str, Any]]


def report_lines(records: _Records, clips: Mapping[str, str] | None = None) -> list[str]:
    """Everything, as Markdown; `clips` are links by replay command."""
    exact = [r for r in without_sweep(records) if r["decider"] == LAW and r["eye"] == "boxes"]
    pictures = [r for r in records if r["eye"] == "pictures"]
    lines, links = state_lines(records), clips or {}
    if exact:
        lines += ["## Exact places plus noise", "", *law_lines(exact), ""]
    by_decider = _by_decider(r for r in without_sweep(records) if r["eye"] == "boxes")
    if set(by_decider) - {LAW}:
        swept = _by_decider(sweep_seeds_only(records))
        lines += ["## Against the baselines", "", *comparison_lines(by_decider, swept), ""]
    if pictures:
        lines += ["## With pictures", "", *picture_lines(pictures, links), ""]
    for title, mine in (("", exact), (" with pictures", pictures)):
        if worst := worst_lines(mine, links):
            lines += [f"## Worst drills{title}", "", *worst, ""]
    return lines


def state_lines(records: _Records) -> list[str]:
    """Which code made the records, and a warning where it is not one."""
    states = results.states_of(records)
    if len(states) < 2:
        return [f"Code: {one}." for one in states] + [""]
    said = ", ".join(states)
    return [f"**Results of {len(states)} states of the code ({said}): sums mean nothing.**", ""]


def law_lines(records: _Records) -> list[str]:
    """The exact drills of the law: what is wanted, overall figures, tables, failures, phases."""
    totals = add_up(records)
    lines = [*wanted_lines(totals, records), "", *overall_lines(totals), ""]
    for title, key in _GROUPS:
        lines += [f"### By {title}", "", *_grouped(records, key), ""]
    lines += ["### Failures by kind", ""]
    lines += [f"- {kind}: {count}" for kind, count in totals.failures.most_common()]
    return [*lines, "", "### Rotation drills", "", *phase_lines(records)]


def wanted_lines(t: Totals, records: _Records) -> list[str]:
    """What the drills must show, and whether they do."""
    hours = t.clear_s / 3600
    rotation = [r for r in records if _is_rotation(r)]
    good = sum(in_order(r["wanted_phases"], r["phases"]) for r in rotation)
    rows = (
        (f"at least {WANTED_DRILLS} drills", t.drills, t.drills >= WANTED_DRILLS),
        ("no touch of what was visible for longer than a stop takes",
         share(t.touched, t.drills), t.touched == 0),
        (f"no false alert in at least {WANTED_HOURS:g} h of clear drill",
         f"{t.false_alerts} in {hours:.2f} h", t.false_alerts == 0 and hours >= WANTED_HOURS),
        (f"release within {RELEASE_MOST_S:g} s", f"slower in {share(t.slow_releases, t.drills)}",
         t.slow_releases == 0),
        ("phases of the rotation drills in order", share(good, len(rotation)),
         0 < good == len(rotation)),
    )  # fmt: skip
    return table(
        ("wanted", "found", "met"),
        [(what, found, "yes" if is_met else "**no**") for what, found, is_met in rows],
    )


def overall_lines(t: Totals) -> list[str]:
    """The figures that the whole campaign is about."""
    hours = t.clear_s / 3600
    return [
        f"- drills: {t.drills}, without a failure {share(t.passed, t.drills)}",
        f"- touched, visible for longer than a stop takes: {share(t.touched, t.drills)}"
        f" (missed {t.missed}, too late {t.too_late})",
        f"- touched, never visible for that long: {share(t.unseen, t.drills)}",
        f"- near misses (< 0.5 m): {share(t.near, t.drills)}",
        f"- lane end overrun by more than 0.5 m: {share(t.overruns, t.drills)}",
        f"- false alerts: {t.false_alerts} in {hours:.2f} h of clear drill, "
        f"{rate(t.false_alerts, hours)} an hour, of which STOP or FAULT {t.false_stops}, "
        f"{rate(t.false_stops, hours)} an hour",
        f"- stop margin: {number(quantile(t.margins_m, 0.05))} m at the 5 % quantile, "
        f"{number(quantile(t.margins_m, 0.5))} m in the median; "
        f"STOPs later than needed {share(t.late_stops, len(t.margins_m))}",
        f"- STOP after it was due by the exact places: {number(quantile(t.delays_s, 0.5))} s in "
        f"the median, {number(quantile(t.delays_s, 0.95))} s at the 95 % quantile",
        f"- time to release: {number(quantile(t.releases_s, 0.5))} s in the median, "
        f"{number(quantile(t.releases_s, 0.95))} s at the 95 % quantile",
        f"- wrong cause: {share(t.wrong_cause, t.drills)}; "
        f"RUNNER_LOST sounded {t.lost_alarms} times; "
        f"lock astray: {share(t.astray, t.drills)}; "
        f"never armed: {share(t.never_armed, t.drills)}",
    ]


def band_of(record: dict[str, Any]) -> str:
    """The speed band of a drill."""
    speed = record["speed_mps"]
    if speed is None:
        return "nobody reacts"
    low, high = next(band for band in BANDS_MPS if speed < band[1])
    return f"{max(low, 1.5):g} to {high if high < 90 else 6:g} m/s"


_GROUPS: tuple[tuple[str, Callable[[dict[str, Any]], str]], ...] = (
    ("speed", band_of),
    ("frame rate", lambda r: f"{r['rate_hz']:g} Hz"),
    ("lens", lambda r: str(r["lens"])),
    ("family", lambda r: str(r["family"])),
)


def _grouped(records: _Records, key: Callable[[dict[str, Any]], str]) -> list[str]:
    names = sorted({key(r) for r in records}, key=lambda name: (len(name.split()[0]), name))
    if key is _GROUPS[-1][1]:
        names = sorted(names)
    rows = [totals_row(name, add_up(r for r in records if key(r) == name)) for name in names]
    return table(HEADS, [totals_row("**all**", add_up(records)), *rows])


# ----------------------------------------------------------------------- phases


def in_order(wanted: Sequence[str], gone_through: Sequence[str]) -> bool:
    """Whether the phases were gone through in this order, others between them."""
    rest = iter(gone_through)
    return all(phase in rest for phase in wanted)


def _is_rotation(record: dict[str, Any]) -> bool:
    """Drills that go on after the first finish."""
    return len(record["wanted_phases"]) > 3


def phase_lines(records: _Records) -> list[str]:
    """For each rotation family how many went through all phases, and all changes of phase."""
    rotation = [r for r in records if _is_rotation(r)]
    if not rotation:
        return ["None was played."]
    rows = []
    for family in sorted({r["family"] for r in rotation}):
        mine = [r for r in rotation if r["family"] == family]
        good = sum(in_order(r["wanted_phases"], r["phases"]) for r in mine)
        rows.append((family, " > ".join(mine[0]["wanted_phases"]), share(good, len(mine))))
    changes = Counter(change for r in rotation for change in pairwise(r["phases"]))
    said = ", ".join(f"{a} > {b} {n}" for (a, b), n in sorted(changes.items()))
    return [*table(("family", "wanted", "gone through"), rows), "", f"All changes: {said}."]


# ----------------------------------------------------------------------- worst


def worst_records(records: Iterable[dict[str, Any]], most: int = WORST) -> list[dict[str, Any]]:
    """The worst failed drills, gravest first."""
    bad = [record for record in records if has_failed(record)]
    bad.sort(key=lambda r: (-badness(r), r["family"], r["seed"]))
    return bad[:most]


def worst_lines(records: Iterable[dict[str, Any]], clips: Mapping[str, str]) -> list[str]:
    """The worst drills, each with the command that plays it again and its clip."""
    lines = []
    for n, r in enumerate(worst_records(records), 1):
        command = replay_command(r)
        clip = f" ({clips[command]})" if command in clips else ""
        lines.append(
            f"{n}. {r['family']}, seed {r['seed']} ({r['rate_hz']:g} Hz, {r['speed_mps']} m/s): "
            f"{'; '.join(r['failures'])}: `{command}`{clip}"
        )
    return lines


def _by_decider(records: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        found.setdefault(record["decider"], []).append(record)
    return found
