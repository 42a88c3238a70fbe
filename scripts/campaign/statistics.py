"""Shares with their intervals, and totals over many drills' records."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
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
    false_drills: int = 0
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
    delays_s: list[float] = field(default_factory=list)
    slow_releases: int = 0
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


def poisson(count: int) -> tuple[float, float]:
    """95 % interval of a Poisson mean of which `count` came (Garwood 1936, by bisection).

    Where none came its upper end is the rule of three's.
    """
    if count == 0:
        return 0.0, RULE_OF_THREE
    most = count + 10.0 * math.sqrt(count) + 10.0
    low = _solve(lambda mean: 1.0 - _at_most(count - 1, mean), 0.025, most)
    high = _solve(lambda mean: 1.0 - _at_most(count, mean), 0.975, most)
    return low, high


def _at_most(count: int, mean: float) -> float:
    """Probability of at most `count` events."""
    logs = (k * math.log(mean) - mean - math.lgamma(k + 1) for k in range(count + 1))
    return min(1.0, sum(math.exp(one) for one in logs))


def _solve(rising: Callable[[float], float], goal: float, most: float) -> float:
    low, high = 1e-9, most
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < goal else (low, middle)
    return (low + high) / 2


def rate_interval(count: int, hours: float) -> tuple[float, float]:
    """95 % interval of events an hour."""
    if hours <= 0:
        return 0.0, math.inf
    low, high = poisson(count)
    return low / hours, high / hours


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
    totals.false_drills += record["false_alerts"] > 0
    totals.clear_s += record["clear_s"]
    totals.lost_alarms += record["lost_alarms"]
    totals.margins_m += [metres for _, metres, _ in record["margins"]]
    totals.margins_s += [seconds for _, _, seconds in record["margins"]]
    totals.late_stops += len(record["late"])
    totals.releases_s += record["releases_s"]
    totals.slow_releases += "slow release" in failures
    totals.delays_s += [seconds for _, seconds in record["delays"]]
    totals.failures.update(failures)


def has_failed(record: dict[str, Any]) -> bool:
    """Whether a failure of this drill is the rig's."""
    return _blames(record["failures"])


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
