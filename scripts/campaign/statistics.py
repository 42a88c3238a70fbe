"""Shares with their intervals, and totals over many drills' records."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from campaign.verdict import BLAMELESS, UNSEEN

RULE_OF_THREE = 3.0
"""Nothing in n trials: at most 3 / n with 95 % (Hanley and Lippman-Hand 1983)."""
Z95 = 1.959964


@dataclass(slots=True)
class Totals:
    """Sums over drills; lists keep what medians and worst values are taken from."""

    drills: int = 0
    passed: int = 0
    touched: int = 0
    """Drills in which the runner touched something that was visible for long enough."""
    missed: int = 0
    too_late: int = 0
    unseen: int = 0
    near: int = 0
    false_alerts: int = 0
    false_stops: int = 0
    clear_s: float = 0.0
    lost_alarms: int = 0
    astray: int = 0
    never_armed: int = 0
    wrong_cause: int = 0
    overruns: int = 0
    late_stops: int = 0
    margins_m: list[float] = field(default_factory=list)
    margins_s: list[float] = field(default_factory=list)
    releases_s: list[float] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)

    def per_hour(self, count: int) -> float | None:
        """Events in an hour of clear drill; None without any clear drill."""
        return count / (self.clear_s / 3600) if self.clear_s > 0 else None


def wilson(count: int, total: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927); 0 to 1 where nothing was tried.

    Where nothing happened its upper end is the rule of three's.
    """
    if total == 0:
        return 0.0, 1.0
    if count == 0:
        return 0.0, min(1.0, RULE_OF_THREE / total)
    share, squared = count / total, Z95 * Z95
    middle = (share + squared / (2 * total)) / (1 + squared / total)
    spread = share * (1 - share) / total + squared / (4 * total * total)
    half = Z95 * math.sqrt(spread) / (1 + squared / total)
    return max(0.0, middle - half), 1.0 if count == total else middle + half


def rate_most(count: int, hours: float) -> float:
    """Upper 95 % bound of events an hour: 3 / hours where none came, else count + 2 sqrt(count)."""
    if hours <= 0:
        return math.inf
    return (RULE_OF_THREE if count == 0 else count + Z95 * math.sqrt(count)) / hours


def add_up(records: Iterable[dict[str, Any]]) -> Totals:
    """The totals of these drills."""
    totals = Totals()
    for record in records:
        _add(totals, record)
    return totals


def _add(totals: Totals, record: dict[str, Any]) -> None:
    failures = record["failures"]
    totals.drills += 1
    totals.passed += not _blames(failures)
    totals.missed += "missed" in failures
    totals.too_late += "too late" in failures
    totals.touched += "missed" in failures or "too late" in failures
    totals.unseen += UNSEEN in failures
    totals.near += "near miss" in failures
    totals.overruns += "lane end overrun" in failures
    totals.never_armed += "never armed" in failures
    totals.astray += "lock astray" in failures
    totals.wrong_cause += any(one.startswith("wrong cause") for one in failures)
    totals.false_alerts += record["false_alerts"]
    totals.false_stops += record["false_stops"]
    totals.clear_s += record["clear_s"]
    totals.lost_alarms += record["lost_alarms"]
    totals.margins_m += [metres for _, metres, _ in record["margins"]]
    totals.margins_s += [seconds for _, _, seconds in record["margins"]]
    totals.late_stops += sum(metres < 0 for _, metres, _ in record["margins"])
    totals.releases_s += record["releases_s"]
    totals.failures.update(failures)


def _blames(failures: Sequence[str]) -> bool:
    """Whether a failure is the rig's."""
    return not BLAMELESS.issuperset(failures)


def quantile(values: Sequence[float], share: float) -> float | None:
    """The value below which this share lies, by rank; None of nothing."""
    if not values:
        return None
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


_WEIGHTS = {"missed": 100, "too late": 60, "near miss": 30, "lane end overrun": 25,
            "false stop": 20, "never armed": 15, UNSEEN: 10, "false caution": 6}  # fmt: skip


def badness(record: dict[str, Any]) -> float:
    """How bad a drill was, for the list of the worst: gravest failures, then the margin."""
    weights = sum(_WEIGHTS.get(one, 4) for one in record["failures"])
    least_m = min((metres for _, metres, _ in record["margins"]), default=0.0)
    return weights + max(0.0, min(9.0, -least_m))
