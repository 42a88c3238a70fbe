"""What happened in one drill, and what of it is a failure.

`Outcome` is filled by `campaign.referee`; `find_failures` holds it against what the drill's family
says must happen.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from rig.records import Phase
from rig.sim.families import Drill
from rig.sim.families_course import BLOCKED, LANE_ENDS
from rig.sim.score import LANE_END

NEAR_MISS_M = 0.5
RELEASE_MOST_S = 2.0
ASTRAY_MOST_S = 0.5
OVERRUN_M = 0.5
SHOWN_S = 6.0
"""Whom the camera saw well for this long should have been locked."""
UNHEARD_M = 2.0
"""Nothing need have been heard of a thing that the runner never came nearer to while running."""
UNSEEN = "touched, never seen long enough"
HIDDEN = "not armed, the runner was hidden"
BLAMELESS = frozenset({UNSEEN, HIDDEN})
"""No failure of the rig: what nobody could have seen in time, and keeping the runner waiting."""


@dataclass(slots=True)
class Outcome:
    """What happened in one drill; `failures` are the kinds of failure found, sorted by `play`."""

    touched: list[str] = field(default_factory=list)
    unseen_touched: list[str] = field(default_factory=list)
    """Touched, but never visible for as long as a stop takes."""
    missed: list[str] = field(default_factory=list)
    """Touched without any STOP or FAULT in the seconds before."""
    closest_m: float | None = None
    margins: list[tuple[str, float, float]] = field(default_factory=list)
    """For each STOP while running: about what, metres left after the stop, the same in s."""
    delays: list[tuple[str, float]] = field(default_factory=list)
    """From the moment at which a STOP was due by the exact places to the STOP: about what, s."""
    nameless_stops: int = 0
    false_alerts: int = 0
    false_stops: int = 0
    false_causes: list[str] = field(default_factory=list)
    clear_s: float = 0.0
    releases_s: list[float] = field(default_factory=list)
    heard: dict[str, float] = field(default_factory=dict)
    """Causes above OK and when each was first heard, seconds."""
    phases: list[str] = field(default_factory=list)
    lost_alarms: int = 0
    astray_s: float = 0.0
    end_free_m: float | None = None
    shown_s: float = 0.0
    """For how long the runner could be seen well."""


def find_failures(drill: Drill, outcome: Outcome) -> list[str]:
    """Kinds of failure, gravest first; empty where the drill went as it must."""
    found: list[str] = []
    fair = [name for name in outcome.touched if name not in outcome.unseen_touched]
    if fair:
        found.append("missed" if set(fair) & set(outcome.missed) else "too late")
    if outcome.unseen_touched:
        found.append(UNSEEN)
    if not outcome.touched and outcome.closest_m is not None and outcome.closest_m < NEAR_MISS_M:
        found.append("near miss")
    ends = [m for name, m, _ in outcome.margins if name == LANE_END]
    if outcome.end_free_m is not None and ends and outcome.end_free_m < -OVERRUN_M:
        found.append("lane end overrun")
    if outcome.false_stops:
        found.append("false stop")
    elif outcome.false_alerts:
        found.append("false caution")
    if max(outcome.releases_s, default=0.0) > RELEASE_MOST_S:
        found.append("slow release")
    if outcome.touched or not _is_by_pipeline(outcome):
        return found  # what follows a touch says little, and baselines know no phases
    return [*found, *_unexpected(drill, outcome)]


def _is_by_pipeline(outcome: Outcome) -> bool:
    return Phase.WAITING in outcome.phases


def _unexpected(drill: Drill, outcome: Outcome) -> list[str]:
    expect, heard = drill.expect, set(outcome.heard)
    if Phase.IN_BOX in expect.phases and Phase.IN_BOX not in outcome.phases:
        return ["never armed" if outcome.shown_s > SHOWN_S else HIDDEN]
    is_near = outcome.closest_m is not None and outcome.closest_m < UNHEARD_M
    found = [
        f"unheard: {'/'.join(sorted(one))}"
        for one in expect.must
        if not (one & heard) and (is_near or not one <= BLOCKED)
    ]
    allowed = {*expect.may, *LANE_ENDS, *(c for one in expect.must for c in one)}
    found += [f"wrong cause: {cause}" for cause in sorted(heard - allowed)]
    if expect.fault_s is not None and drill.conditions.faults:
        from_s = drill.conditions.faults[0].from_s
        times = [outcome.heard[c] for one in expect.must for c in one if c in outcome.heard]
        if times and min(times) - from_s > expect.fault_s:
            found.append("fault late")
    if not _in_order(expect.phases, outcome.phases):
        found.append("phases")
    if outcome.astray_s > ASTRAY_MOST_S:
        found.append("lock astray")
    return found


def _in_order(wanted: tuple[Phase, ...], gone_through: list[str]) -> bool:
    rest = iter(gone_through)
    return all(phase in rest for phase in wanted)


def to_plain(outcome: Outcome) -> dict[str, Any]:
    """The outcome as JSON values."""
    return asdict(outcome)
