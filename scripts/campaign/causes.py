"""Why a picture drill failed: not seen, seen where nothing was, or seen and decided wrongly.

Reads a drill's record alone (`tally` made its figures), so old results can be sorted anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from campaign.verdict import BLAMELESS
from rig.records import Cause, Level
from rig.sim.families_course import BLOCKED
from rig.sim.scenes import RUNNER_ID

UNSEEN_SHARE = 0.5
"""A thing found in fewer of the frames in which it was in the way counts as not detected."""
RUNNER_SHARE = 0.7
"""The lock lives on one detection in 0.5 s, but speed and place suffer below about this [J]."""

THING_UNSEEN = "thing not detected"
RUNNER_UNSEEN = "runner not detected"
FALSE_BOX = "false box stood"
FALSE_STRANGE = "lane check saw what was not there"
RUNNER_TWICE = "a second box of the runner taken for somebody else"
MISPLACED = "seen, but placed or decided wrongly"
FAULT_UNNOTICED = "camera fault not noticed"
FAULT_DROWNED = "camera fault met by a STOP before its own sound"
FALSE_FAULT = "sound picture called a fault"
_FAULTS = frozenset(
    str(c) for c in Cause if c.name.startswith(("CAMERA", "DETECTOR", "DECIDER", "HORN"))
)
_Record = dict[str, Any]


def cause_of(record: _Record) -> tuple[str, str]:
    """The cause of the gravest failure that is the rig's, and the evidence in words."""
    failure = next(one for one in record["failures"] if one not in BLAMELESS)
    word = failure.split(":")[0]
    return _SORTERS.get(word, _by_seeing)(record, failure)


def _by_touch(record: _Record, failure: str) -> tuple[str, str]:
    names = [n for n in record["touched"] if n not in record["unseen_touched"]]
    return _by_seeing(record, failure, names or _in_the_way(record))


def _by_seeing(record: _Record, failure: str, names: list[str] | None = None) -> tuple[str, str]:
    for name in names or []:
        found = record["actors"].get(name)
        if found is None:
            return THING_UNSEEN, f"{name} was never in view"
        if _share(found) < UNSEEN_SHARE:
            return THING_UNSEEN, _words(name, found, record)
    runner = record["actors"].get(RUNNER_ID)
    if runner is not None and _share(runner) < RUNNER_SHARE:
        return RUNNER_UNSEEN, _words(RUNNER_ID, runner, record)
    seen = [_words(name, record["actors"][name], record) for name in names or []
            if name in record["actors"]]  # fmt: skip
    return MISPLACED, "; ".join(seen)


def _by_alert(record: _Record, failure: str) -> tuple[str, str]:
    """A sound that should not have been: by what stood where nothing was."""
    _, _, wrong = failure.partition(": ")
    causes = {wrong} if wrong else set(record["false_causes"])
    alerts = [a for a in record["alerts"] if a["cause"] in causes]
    for alert in sorted(alerts, key=lambda a: a["about"] != "nothing"):
        said = f"{alert['cause']} at {alert['t_s']:.1f} s"
        if alert["about"] == "nothing":
            false = FALSE_STRANGE if alert["kind"] == "strange" else FALSE_BOX
            return false, f"{said}: {alert['kind']} of {alert['px']} px"
        if alert["cause"] in _FAULTS:
            return FALSE_FAULT, said
        if alert["about"] == RUNNER_ID:
            return RUNNER_TWICE, f"{said}: {alert['kind']} of {alert['px']} px"
        if alert["about"] is not None:
            return MISPLACED, f"{said}, about {alert['about']} ({alert['px']} px)"
    return _by_seeing(record, failure)


def _by_silence(record: _Record, failure: str) -> tuple[str, str]:
    """Something was not heard: a thing that was not seen, or a fault that was not noticed."""
    wanted = set(failure.partition(": ")[2].split("/"))
    if wanted & _FAULTS:
        stops = [a for a in record["alerts"] if a["level"] == Level.STOP.name]
        lost = [f"{a['cause']} at {a['t_s']:.1f} s" for a in stops]
        return (FAULT_DROWNED, lost[-1]) if lost else (FAULT_UNNOTICED, "")
    names = _in_the_way(record) if wanted & {str(c) for c in BLOCKED} else []
    return _by_seeing(record, failure, names)


def _by_release(record: _Record, failure: str) -> tuple[str, str]:
    stops = [a for a in record["alerts"] if a["level"] == Level.STOP.name]
    if any(a["about"] == "nothing" for a in stops):
        return _by_alert({**record, "alerts": stops, "false_causes": [a["cause"] for a in stops]},
                         "slow release")  # fmt: skip
    return _by_seeing(record, failure)


_SORTERS: dict[str, Callable[[_Record, str], tuple[str, str]]] = {
    "missed": _by_touch,
    "too late": _by_touch,
    "near miss": _by_touch,
    "false stop": _by_alert,
    "false caution": _by_alert,
    "wrong cause": _by_alert,
    "unheard": _by_silence,
    "fault late": lambda record, failure: (FAULT_UNNOTICED, "noticed too late"),
    "slow release": _by_release,
}
"""How each kind of failure is looked into; the others ask whether the runner was seen."""


def _in_the_way(record: _Record) -> list[str]:
    return [n for n, a in record["actors"].items() if n != RUNNER_ID and a["due"][0] > 0]


def _share(found: dict[str, Any]) -> float:
    frames, hits = found["due"]
    return hits / frames if frames else 1.0


def _words(name: str, found: dict[str, Any], record: _Record) -> str:
    frames, hits = found["due"]
    tall = "" if found["due_px"] is None else f", {found['due_px']} px high in the median"
    hidden = sum(frames for frames, _ in found["hidden"].values())
    cover = f", partly hidden in {hidden} frames" if hidden else ""
    return f"{name} found in {hits} of {frames} frames{tall}{cover}, {record['light']}"
