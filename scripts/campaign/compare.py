"""The law beside baselines and ablations, on the same drills, with a verdict from the intervals.

A baseline's best setting is chosen on drills of its own (seeds from `SWEEP_SEED` on), and then held
against the law on the campaign's: nobody is judged on what they were tuned on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from campaign.play import ABLATIONS, BASELINES, LAW, settings_of
from campaign.statistics import Totals, add_up, quantile, rate_interval, wilson
from campaign.words import number, pair, rate, share, table

SWEEP_SEED = 100_001
_Records = Sequence[dict[str, Any]]


def sweep_seeds_only(records: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The records of the sweep."""
    return [r for r in records if r["seed"] >= SWEEP_SEED]


def without_sweep(records: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """All others."""
    return [r for r in records if r["seed"] < SWEEP_SEED]


def cost(t: Totals) -> float:
    """What a setting is chosen by: share of drills with a touch plus share with a false alert."""
    return (t.touched + t.false_drills) / max(1, t.drills)


def best_setting(baseline: str, swept: Mapping[str, _Records]) -> str | None:
    """The setting of least cost; None where nothing was swept."""
    names = [name for name in settings_of(baseline) if swept.get(name)]
    return min(names, key=lambda name: (cost(add_up(swept[name])), name), default=None)


def comparison_lines(
    by_decider: Mapping[str, _Records], swept: Mapping[str, _Records]
) -> list[str]:
    """Tables of the same drills, the verdicts, and the sweep."""
    lines: list[str] = []
    rivals = [n for n in by_decider if n != LAW and n not in ABLATIONS]
    if rivals:
        lines += _table_lines(by_decider, rivals)
    ablations = [n for n in ABLATIONS if n in by_decider]
    if ablations:
        lines += ["### Ablations", "", *_table_lines(by_decider, ablations)]
    if swept:
        lines += ["### The sweep", "", "Each setting on the same drills; best is the least sum of "
                  "the shares of drills with a touch and with a false alert.", "",
                  *table(_HEADS, [_row(n, add_up(r)) for n, r in swept.items()]), ""]  # fmt: skip
        found = [f"{name}: {best_setting(name, swept)}" for name in BASELINES]
        lines += [f"Best setting: {'; '.join(found)}.", ""]
    return lines


def _table_lines(by_decider: Mapping[str, _Records], names: Sequence[str]) -> list[str]:
    """The law and these on the drills that all of them played, with a verdict each."""
    same = _same_drills({name: by_decider.get(name, []) for name in (LAW, *names)})
    totals = {name: add_up(records) for name, records in same.items()}
    if not totals[LAW].drills:
        return ["The law has played none of these drills.", ""]
    lines = [*table(_HEADS, [_row(name, t) for name, t in totals.items()]), ""]
    lines += [f"- {verdict(totals[LAW], name, totals[name])}" for name in names]
    return [*lines, ""]


def _same_drills(by_decider: Mapping[str, _Records]) -> dict[str, list[dict[str, Any]]]:
    keys = [{(r["family"], r["seed"]) for r in records} for records in by_decider.values()]
    common = set.intersection(*keys)
    return {
        name: [r for r in records if (r["family"], r["seed"]) in common]
        for name, records in by_decider.items()
    }


def verdict(law: Totals, name: str, other: Totals) -> str:
    """Whether the law is ahead, and whether the intervals say so."""
    touches = _stand(
        law.touched / max(1, law.drills), other.touched / max(1, other.drills),
        wilson(law.touched, law.drills), wilson(other.touched, other.drills),
    )  # fmt: skip
    hours, others = law.clear_s / 3600, other.clear_s / 3600
    false = _stand(
        law.false_alerts / max(1e-9, hours), other.false_alerts / max(1e-9, others),
        rate_interval(law.false_alerts, hours), rate_interval(other.false_alerts, others),
    )  # fmt: skip
    both = touches == false == _AHEAD
    end = " **Ahead on both at once.**" if both else ""
    return f"law against {name}: on touches {touches}; on false alerts {false}.{end}"


_AHEAD = "ahead, the intervals do not overlap"


def _stand(
    mine: float, others: float, interval: tuple[float, float], other: tuple[float, float]
) -> str:
    if interval[1] < other[0]:
        return _AHEAD
    if other[1] < interval[0]:
        return "worse, the intervals do not overlap"
    word = "ahead" if mine < others else "worse" if mine > others else "level"
    return f"{word}, but the intervals overlap"


_HEADS = ("decider", "drills", "touched (visible)", "missed", "near", "drills with a false alert",
          "false alerts/h", "false STOP/h", "late stops", "margin m (5 %, median)",
          "release s (95 %)", "clear h")  # fmt: skip


def _row(name: str, t: Totals) -> tuple[object, ...]:
    hours = t.clear_s / 3600
    return (
        name, t.drills, share(t.touched, t.drills), share(t.missed, t.drills), t.near,
        share(t.false_drills, t.drills), rate(t.false_alerts, hours), rate(t.false_stops, hours),
        share(t.late_stops, len(t.margins_m)),
        pair(quantile(t.margins_m, 0.05), quantile(t.margins_m, 0.5)),
        number(quantile(t.releases_s, 0.95)), f"{hours:.2f}",
    )  # fmt: skip
