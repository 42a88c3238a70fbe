"""From a session's log to the figures: edges against the pictures that decided them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from latency.course import RATE_HZ
from rig.core.codec import decode
from rig.core.datagrams import Edge
from rig.core.log_events import AlertLine, StepLine
from rig.devices.eventlog import read_segment, segment_paths

REST_S = 0.015
"""Beside one period and the inference (the bar of issue 4)."""


@dataclass(frozen=True)
class Processor:
    """Jiffies of the whole machine since its start, from /proc/stat."""

    total: int
    idle: int
    steal: int

    @classmethod
    def now(cls) -> Processor:
        """As it stands."""
        words = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:9]
        numbers = [int(word) for word in words]
        return cls(sum(numbers), numbers[3] + numbers[4], numbers[7])

    def since(self, before: Processor) -> str:
        """How busy the machine was, in words."""
        total = max(1, self.total - before.total)
        busy = 1 - (self.idle - before.idle) / total
        return f"machine: {busy:.0%} busy, {(self.steal - before.steal) / total:.1%} stolen"


@dataclass(frozen=True)
class Sounding:
    """One sound: from light to pin, and how much of that was inference."""

    cause: str
    latency_s: float
    decided_s: float
    inference_s: float

    @property
    def beside_s(self) -> float:
        """All but the inference."""
        return self.latency_s - self.inference_s


def soundings(
    edges: Sequence[Edge], alerts: Sequence[AlertLine], steps: Sequence[StepLine]
) -> list[Sounding]:
    """Each first edge with the alert that it belongs to; edges of the horn's own are left out."""
    decided = {(line.alert.since_ns, line.alert.cause): line for line in reversed(alerts)}
    inference = {step.seen.t_ns: step.seen.vitals.inference_s for step in steps}
    found = []
    for edge in edges:
        line = decided.get((edge.since_ns, edge.cause))
        if edge.is_on and line is not None and line.frame_t_ns is not None:
            cause = edge.cause.value if edge.cause else "none"
            latency_s = (edge.edge_ns - line.frame_t_ns) / 1e9
            decided_s = (edge.edge_ns - line.decided_ns) / 1e9
            found.append(Sounding(cause, latency_s, decided_s, inference[line.frame_t_ns]))
    return found


def report(session: Path) -> int:
    """Print everything; 0 when the bar is met."""
    rows, silences = read_session(session)
    print(f"the horn waited in vain for a word {silences} times; its own FAULT delays other sounds")
    if not rows:
        print("no sound was heard; play it for longer")
        return 1
    causes = ", ".join(sorted({row.cause for row in rows}))
    print(f"{len(rows)} sounds: {causes}")
    print("ms                              median      p95      most")
    _print("light to pin", [row.latency_s for row in rows])
    _print("  of this inference", [row.inference_s for row in rows])
    _print("  of this decision to pin", [row.decided_s for row in rows])
    _print("  all but inference", [row.beside_s for row in rows])
    bar_s = 1 / RATE_HZ + REST_S
    p95_s = float(np.percentile([row.beside_s for row in rows], 95))
    is_met = p95_s <= bar_s
    verdict = "met" if is_met else "MISSED"
    print(
        f"bar: p95 of all but inference at most a period + 15 ms = {bar_s * 1e3:.1f} ms: {verdict}"
    )
    return 0 if is_met else 1


def read_session(session: Path) -> tuple[list[Sounding], int]:
    """The soundings of a session folder, and how often the horn waited in vain for a word."""
    edges, alerts, steps, silences = [], [], [], 0
    for path in segment_paths(session, "events"):
        for line in read_segment(path):
            if line.kind == "edge":
                edges.append(decode(Edge, line.value))
            elif line.kind == "alert":
                alerts.append(decode(AlertLine, line.value))
            silences += line.kind == "silence"
    for path in segment_paths(session, "steps"):
        lines = (line for line in read_segment(path) if line.kind == "step")
        steps += [decode(StepLine, line.value) for line in lines]
    return soundings(edges, alerts, steps), silences


def _print(name: str, values_s: list[float]) -> None:
    ms = np.array(values_s) * 1e3
    print(f"  {name:<28}{np.median(ms):8.1f} {np.percentile(ms, 95):8.1f} {ms.max():9.1f}")
