"""One drill told line by line: what sounded, with the truth beside it."""

from __future__ import annotations

from collections.abc import Iterator

from campaign.pictures import PictureEye, picture_turns
from campaign.play import DECIDERS, PICTURES, Ears, Task, drill_of, turns
from campaign.referee import Referee
from campaign.verdict import find_failures
from rig.records import Decision
from rig.sim.families import FAMILIES, Drill
from rig.sim.noise import Look
from rig.sim.scenes import RUNNER_ID

_EVERY_S = 1.0


def timeline(task: Task) -> Iterator[str]:
    """Lines: the drill's facts, one line at each change or second, the outcome."""
    drill = drill_of(task)
    yield from _facts(drill)
    referee, last, last_s = Referee(drill), "", -_EVERY_S
    for look, decision in _turns(task, drill):
        referee.add(look, decision)
        t_s = (look.now_ns - drill.scene.start_ns) / 1e9
        alert = decision.alert
        state = f"{alert.level.name} {alert.cause or ''} {decision.runner.phase}"
        if state != last or t_s - last_s >= _EVERY_S:
            yield _line(t_s, look, decision)
            last, last_s = state, t_s
    outcome = referee.finish()
    yield f"outcome: {outcome}"
    yield f"failures: {'; '.join(find_failures(drill, outcome)) or 'none'}"


def _turns(task: Task, drill: Drill) -> Iterator[tuple[Look, Decision]]:
    if task.eye != PICTURES:
        yield from turns(drill, DECIDERS[task.decider](drill.scene.site, drill.hazard))
        return
    ears = Ears(drill)
    for turn in picture_turns(drill, PictureEye(drill)):
        ears.hear(turn.decision)
        yield turn.look, turn.decision


def _facts(drill: Drill) -> Iterator[str]:
    conditions, pose = drill.conditions, drill.scene.site.pose
    yield (
        f"{drill.family}, seed {drill.seed}: {_what(drill.family)}; "
        f"{conditions.rate_hz:g} Hz, delay {conditions.delay_s * 1000:.0f} ms, "
        f"sway {conditions.sway_px:.1f} px; lane {drill.scene.site.lane.length_m:.1f} m, "
        f"lens {pose.lens.name}, camera {pose.height_m:.2f} m high, {pose.y_m:+.1f} m beside"
    )
    if drill.scene.runner is not None:
        yield f"runner: {drill.scene.runner.habits}"
    for fault in conditions.faults:
        yield f"fault: {fault.kind} {fault.actor_id} from {fault.from_s:.2f} to {fault.to_s:.2f} s"


def _what(family: str) -> str:
    return FAMILIES[family].what if family in FAMILIES else "a row of one's own"


def _line(t_s: float, look: Look, decision: Decision) -> str:
    alert, runner = decision.alert, decision.runner
    about = alert.hazard
    evidence = "" if about is None or about.gap_m is None else f" gap {about.gap_m:.1f}"
    lock = "" if runner.track is None else f" lock {runner.track.along_m:.1f}"
    people = ", ".join(
        f"{a.actor_id} {a.along_m:.1f}/{a.across_m:+.1f} at {a.along_mps:+.1f}/{a.across_mps:+.1f}"
        f"{'' if a.box is None else f' {a.box.height_px:.0f}px'} seen {a.visible:.1f}"
        for a in sorted(look.truth, key=lambda a: (a.actor_id != RUNNER_ID, a.actor_id))
    )
    return (
        f"{t_s:6.2f} s {alert.level.name:8s}{alert.cause or '-':16s}{evidence} | "
        f"{runner.phase}{lock} | {len(look.seen.detections)} boxes | {people}"
    )
