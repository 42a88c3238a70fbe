"""One trial of one row: arm, do it, listen, count what is lost, put right.

Decides whether the trial passed, and with which sentence it failed. Called by the command and by
the tests.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from faults import siren
from faults.siren import Change
from faults.staged_rig import StagedRig, Stuck
from faults.table import Fault
from rig.causes import Cause
from rig.core.codec import decode
from rig.core.log_events import AlertLine
from rig.core.log_lines import Verdict
from rig.devices.eventlog import read_segment, segment_paths, verify_stream
from rig.devices.video import boottime_ns

QUIET_MOST_S = 0.65
"""FAULT's own pause is 0.5 s; a supervised horn's change-over may add to it."""
LATE_MOST_S = 2.0
"""For so long beyond its limit a tone is awaited, so that a miss has a number."""
SETTLED_S = 0.2
"""A line older than this when a program is killed has to be there (the log's turn is 0.1 s)."""
WORD_LIMIT_S = 0.35
HORNS_OWN = frozenset({Cause.DECIDER_SILENT.value})
"""Right for every fault: on a busy machine the horn may miss its words first."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one trial found; an empty `wrongs` passed. Times in seconds, None: never."""

    fault: str
    tone_s: float | None
    after_word_s: float | None
    heard: tuple[str, ...]
    quiet_s: float
    events_lost: int
    steps_lost_s: float
    wrongs: tuple[str, ...]


@dataclass(slots=True)
class _Found:
    """What a trial gathers while it goes."""

    done_ns: int = 0
    tone: Change | None = None
    heard: tuple[str, ...] = ()
    quiet_s: float = 0.0
    events_lost: int = 0
    steps_lost_s: float = 0.0
    wrongs: list[str] = field(default_factory=list)


def try_once(rig: StagedRig, fault: Fault) -> Result:
    """Play one row on a rig that is up and disarmed; leaves it so."""
    found = _Found()
    try:
        rig.arm()
        rig.rest(SETTLED_S)
        armed_ns, session = boottime_ns(), Path(str(rig.state()["session"]))
        _provoke(rig, fault, found)
        _listen(rig, fault, found)
        if (wrong := fault.after(rig)) is not None:
            found.wrongs.append(wrong)
        fault.mend(rig)
        rig.put_right()
        _count_lost(rig, session, armed_ns, found)
        _remove_sessions(rig)
    except Stuck as stuck:
        found.wrongs.append(str(stuck))
    return _result(fault, found)


def _remove_sessions(rig: StagedRig) -> None:
    """The disk is small, so that one row can fill it."""
    rig.wait("the clip is done", lambda: not list(rig.sessions.glob("*/clips/*.part")))
    for session in rig.sessions.iterdir():
        shutil.rmtree(session, ignore_errors=True)


def _provoke(rig: StagedRig, fault: Fault, found: _Found) -> None:
    if fault.is_guarding:
        fault.provoke(rig)
        found.done_ns = boottime_ns()
        rig.fall()
    else:
        found.done_ns = boottime_ns()
        fault.provoke(rig)


def _listen(rig: StagedRig, fault: Fault, found: _Found) -> None:
    """The first right tone, and that the siren does not fall silent after it."""

    def tone() -> Change | None:
        heard = siren.tones(rig.changes(), found.done_ns, boottime_ns())
        return next((c for c in heard if c.cause in fault.causes | HORNS_OWN), None)

    most_s = fault.limit_s + LATE_MOST_S
    try:
        found.tone = rig.wait("a tone", tone, most_s)
    except Stuck:
        found.wrongs.append(f"no tone within {most_s:g} s")
        return
    rig.rest(fault.lasts_s)
    until_ns, changes = boottime_ns(), rig.changes()
    found.quiet_s = siren.longest_quiet_s(changes, found.tone.t_ns, until_ns)
    tones = siren.tones(changes, found.done_ns, until_ns)
    found.heard = tuple(dict.fromkeys(f"{c.level.name} {c.cause}" for c in tones))


def _count_lost(rig: StagedRig, session: Path, armed_ns: int, found: _Found) -> None:
    """All that was sounded or judged before the fault has to stand in the log, unchanged."""
    before_ns = found.done_ns - round(SETTLED_S * 1e9)
    told = siren.told_by_watch(rig.changes(), armed_ns - round(1e9), before_ns)
    logged = set()
    for path in segment_paths(session, "events"):
        for line in read_segment(path):
            if line.kind == "alert":
                alert = decode(AlertLine, line.value).alert
                logged.add((alert.cause.value if alert.cause else "", alert.since_ns))
    found.events_lost = len(told - logged)
    steps = [
        line.t_ns
        for path in segment_paths(session, "steps")
        for line in read_segment(path)
        if line.kind == "step" and line.t_ns is not None and line.t_ns <= found.done_ns
    ]
    found.steps_lost_s = (found.done_ns - max(steps, default=0)) / 1e9
    for stream in ("events", "steps"):
        bad = [r for r in verify_stream(session, stream) if r.verdict not in _MAY_BE]
        found.wrongs += [f"log {r.name}: {r.verdict.value}, {r.reason}" for r in bad]


_MAY_BE = {Verdict.WHOLE, Verdict.NO_END, Verdict.TORN}
"""A killed program leaves a segment without its END, or a torn last line."""


def _result(fault: Fault, found: _Found) -> Result:
    tone_s = after_word_s = None
    if found.tone is not None:
        tone_s = (found.tone.t_ns - found.done_ns) / 1e9
        if fault.is_judged_by_word and found.tone.heard_ns:
            after_word_s = (found.tone.t_ns - found.tone.heard_ns) / 1e9
    return Result(
        fault.name, tone_s, after_word_s, found.heard, found.quiet_s, found.events_lost,
        found.steps_lost_s, (*found.wrongs, *_broken_limits(fault, found, tone_s, after_word_s)),
    )  # fmt: skip


def _broken_limits(
    fault: Fault, found: _Found, tone_s: float | None, after_word_s: float | None
) -> list[str]:
    limits = (
        ("tone", tone_s, fault.limit_s),
        ("tone after the last word", after_word_s, WORD_LIMIT_S),
        ("silence", found.quiet_s, QUIET_MOST_S),
        ("lost events", found.events_lost, 0),
        ("lost steps", found.steps_lost_s if found.done_ns else 0.0, 0.5),
    )
    return [
        f"{name} {value:.3g} above {most:g}"
        for name, value, most in limits
        if value is not None and value > most
    ]
