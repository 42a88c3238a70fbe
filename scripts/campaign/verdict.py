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

NEAR_MISS_M = 0.5
RELEASE_MOST_S = 2.0
ASTRAY_MOST_S = 0.5
OVERRUN_M = 0.5
SHOWN_S = 6.0
"""Whom the camera saw well for this long should have been locked."""
UNSEEN = "touched, never seen long enough"
HIDDEN = "not armed, the runner was hidden"
DROWNED = "fault drowned by a STOP"
BLAMELESS = frozenset({UNSEEN, HIDDEN, DROWNED})
"""No failure of the rig: what nobody could have seen in time, keeping the runner waiting, and a
fault whose time a STOP took, which ranks above it: the runner stops all the same."""


@dataclass(slots=True)
class Outcome:
    """What happened in one drill; `failures` are the kinds of failure found, sorted by `play`."""

    touched: list[str] = field(default_factory=list)
    unseen_touched: list[str] = field(default_factory=list)
    """Touched, but never visible for as long as a stop takes."""
    shown: list[tuple[str, float, float]] = field(default_factory=list)
    """For each touch: of what, seconds for which it was a visible danger, seconds of a stop."""
    missed: list[str] = field(default_factory=list)
    """Touched without any STOP or FAULT in the seconds before."""
    closest_m: float | None = None
    near_m: float | None = None
    """The same, of things that were visible for as long as a stop takes."""
    due: list[str] = field(default_factory=list)
    """Things for which a STOP fell due."""
    was_blocked: bool = False
    """Somebody was in the lane beyond the runner, as staged or not."""
    late: list[str] = field(default_factory=list)
    """STOPs after the last moment at which they helped, though there was time to see: of what."""
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
    if not outcome.touched and outcome.near_m is not None and outcome.near_m < NEAR_MISS_M:
        found.append("near miss")
    knows_end = _is_by_pipeline(outcome)  # baselines know no lane end
    if knows_end and outcome.end_free_m is not None and outcome.end_free_m < -OVERRUN_M:
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
    found = [
        DROWNED if _is_drowned(drill, outcome) else f"unheard: {'/'.join(sorted(one))}"
        for one in expect.must
        if not (one & heard) and (outcome.due or not one <= BLOCKED)
    ]
    allowed = {*expect.may, *LANE_ENDS, *(c for one in expect.must for c in one)}
    allowed |= BLOCKED if outcome.was_blocked else set()
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


def _is_drowned(drill: Drill, outcome: Outcome) -> bool:
    """A STOP that the row allows began within the fault's own time."""
    faults, within_s = drill.conditions.faults, drill.expect.fault_s
    if within_s is None or not faults:
        return False
    from_s = faults[0].from_s
    times = [outcome.heard[c] for c in drill.expect.may if c in outcome.heard]
    return any(0.0 <= at - from_s <= within_s for at in times)


def _in_order(wanted: tuple[Phase, ...], gone_through: list[str]) -> bool:
    rest = iter(gone_through)
    return all(phase in rest for phase in wanted)


def to_plain(outcome: Outcome) -> dict[str, Any]:
    """The outcome as JSON values."""
    return asdict(outcome)
