"""Sessions recorded by a small decider, so that what replay should find is known exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rig.config import Config
from rig.config_file import config_to_dict
from rig.core.codec import encode
from rig.core.log_events import StepLine
from rig.devices.eventlog import new_segment
from rig.devices.run_header import describe_run
from rig.records import (
    Alert,
    Box,
    Cause,
    Decision,
    Detection,
    Hazard,
    Kind,
    Level,
    Phase,
    Runner,
    Seen,
)

SPEED_MPS = 3.0
SECOND_NS = 1_000_000_000


class SmallDecider:
    """STOP when what is seen is nearer than the way of the reaction time; remembers since when."""

    def __init__(self, header: Mapping[str, Any], config: Config) -> None:
        self.lane = header["lane"]
        self._config = config
        self._alert = Alert(Level.SILENT, None, 0)

    def step(self, seen: Seen, now_ns: int) -> Decision:
        """The detection's x0 is the gap in metres."""
        gap_m = min((each.box.x0 for each in seen.detections), default=99.0)
        is_near = gap_m < SPEED_MPS * self._config.hazard.reaction_s + 1.0
        level, cause = (Level.STOP, Cause.COLLISION) if is_near else (Level.SILENT, None)
        since_ns = self._alert.since_ns if level is self._alert.level else now_ns
        hazard = Hazard(cause, 1, gap_m, SPEED_MPS, gap_m / SPEED_MPS) if cause else None
        self._alert = Alert(level, cause, since_ns, hazard)
        return Decision(seen.t_ns, now_ns, self._alert, Runner(Phase.RUNNING, None), (), ())


def seen_at(now_ns: int, gap_m: float) -> Seen:
    """One thing that far away."""
    return Seen(now_ns, (Detection(Kind.PERSON, 0.9, Box(gap_m, 0.0, gap_m + 1.0, 2.0)),))


def approach(gaps_m: Sequence[float], start_ns: int = 5 * SECOND_NS) -> list[StepLine]:
    """A step each half second, decided with the default configuration."""
    decider = SmallDecider({"lane": ""}, Config())
    steps = []
    for turn, gap_m in enumerate(gaps_m):
        now_ns = start_ns + turn * SECOND_NS // 2
        seen = seen_at(now_ns, gap_m)
        steps.append(StepLine(seen, decider.step(seen, now_ns)))
    return steps


def louder(step: StepLine) -> StepLine:
    """The same step with a FAULT where the decider decided otherwise."""
    alert = replace(step.decision.alert, level=Level.FAULT, cause=Cause.CAMERA_STALE)
    return replace(step, decision=replace(step.decision, alert=alert))


def record(
    session: Path,
    steps: Sequence[StepLine | tuple[str, Any]],
    is_closed: bool = True,
    **header: Any,
) -> Path:
    """One segment of steps, and of other lines given as (kind, value); returns its path."""
    about = describe_run("watch", config_to_dict(Config()), "a lane", {"model": "ab"}, 12.0)
    writer = new_segment(session, "steps", about | header, 1)
    for step in steps:
        if isinstance(step, tuple):
            writer.write(step[0], None, step[1])
        else:
            writer.write("step", step.decision.now_ns, encode(step))
    if is_closed:
        writer.close(None)
    return writer.path
