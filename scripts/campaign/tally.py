"""What the real detector found of the truth in a picture drill, and which boxes were false.

Counts only; `causes` draws the conclusions. Called by `pictures` once a frame; its figures go into
the drill's record.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rig.core.overlap import share_inside
from rig.records import Box, Decision, Detection, Kind, Level, Seen
from rig.sim.scenes import RUNNER_ID, ActorTruth, Scene

BINS_PX = (8, 12, 16, 24, 32, 48, 64, 96, 128, 192)
"""Limits of the pixel heights that are counted apart."""
VISIBLE_LEAST = 0.25
"""Less of somebody than this nobody need find: the noise model's blind share."""
WHOLE = 0.7
MATCH_IOU = 0.3
TOUCHES_IOU = 0.05
"""A box that overlaps somebody less than this is nobody's."""
_DUE_M = 0.9
"""Half a lane and half a person: nearer to its middle somebody is in the way."""
_EXAMPLES = 8


def bin_of(height_px: float) -> str:
    """The name of a height's bin, such as "16-24"."""
    edges = (0, *BINS_PX)
    for low, high in zip(edges, BINS_PX, strict=False):
        if height_px < high:
            return f"{low}-{high}"
    return f"{BINS_PX[-1]}+"


@dataclass(slots=True)
class ActorTally:
    """Frames in which one actor was in view, and those in which something was found there.

    `bins` and `hidden` hold [frames, found] by pixel height, for whoever is at least 70 %
    visible and for the rest. `due`: the same while in the lane beyond the runner (of the runner:
    always), with the heights in pixels. `named` are finds as the right kind.
    """

    name: str
    bins: dict[str, list[int]] = field(default_factory=dict)
    hidden: dict[str, list[int]] = field(default_factory=dict)
    due: list[int] = field(default_factory=lambda: [0, 0])
    due_px: list[int] = field(default_factory=list)
    named: int = 0
    by_lane_check: int = 0

    def add(self, actor: ActorTruth, box: Box, found: Sequence[Detection], is_due: bool) -> None:
        """One frame in which the actor was in view."""
        is_found = bool(found)
        table = self.bins if actor.visible >= WHOLE else self.hidden
        counts = table.setdefault(bin_of(box.height_px), [0, 0])
        for one in (counts, self.due) if is_due else (counts,):
            one[0] += 1
            one[1] += is_found
        if is_due:
            self.due_px.append(round(box.height_px))
        self.named += any(d.kind is actor.kind for d in found)
        self.by_lane_check += all(d.kind is Kind.STRANGE for d in found) and is_found

    def to_plain(self) -> dict[str, Any]:
        """JSON values."""
        ranked = sorted(self.due_px)
        return {
            "name": self.name, "bins": self.bins, "hidden": self.hidden, "due": self.due,
            "due_px": ranked[len(ranked) // 2] if ranked else None, "named": self.named,
            "by_lane_check": self.by_lane_check,
        }  # fmt: skip


class Tally:
    """Counts of one picture drill."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._half_m = _DUE_M
        self._actors: dict[str, ActorTally] = {}
        self._false: Counter[str] = Counter()
        self._examples: list[list[Any]] = []
        self._frames = self._false_frames = 0
        self._alerts: list[dict[str, Any]] = []
        self._last: tuple[Level, str] | None = None

    def add(
        self, seen: Seen, decision: Decision, truth: Sequence[ActorTruth], is_spoilt: bool = False
    ) -> None:
        """One turn; `truth` is of the frame's own time, boxes where the picture shows them.

        What a picture shows that is spoilt on purpose says nothing of the detector.
        """
        self._note_alert(decision, truth)
        if seen.t_ns is None or is_spoilt:
            return
        self._frames += 1
        things = (*seen.detections, *seen.strange_things)
        me = next((a for a in truth if a.actor_id == RUNNER_ID), None)
        for actor in truth:
            if actor.box is None or actor.visible < VISIBLE_LEAST:
                continue
            box = actor.box
            found = [d for d in things if is_of(d, box)]
            tally = self._actors.setdefault(actor.actor_id, ActorTally(actor.name))
            tally.add(actor, box, found, self._is_due(actor, me))
        boxes = [a.box for a in truth if a.box is not None]
        false = [d for d in things if all(not is_near(d.box, box) for box in boxes)]
        self._false_frames += bool(false)
        for one in false:
            self._false[str(one.kind)] += 1
            if len(self._examples) < _EXAMPLES:
                self._examples.append([self._seconds(seen.t_ns), str(one.kind), *_plain(one)])

    def to_plain(self) -> dict[str, Any]:
        """JSON values: `actors`, `false_boxes`, `alerts`."""
        return {
            "actors": {name: one.to_plain() for name, one in self._actors.items()},
            "false_boxes": {
                "frames": self._frames, "with": self._false_frames, "kinds": dict(self._false),
                "examples": self._examples,
            },
            "alerts": self._alerts,
        }  # fmt: skip

    def _is_due(self, actor: ActorTruth, me: ActorTruth | None) -> bool:
        if actor.actor_id == RUNNER_ID:
            return True
        is_beyond = me is None or actor.along_m > me.along_m
        return is_beyond and abs(actor.across_m) < self._half_m + actor.width_m / 2 - 0.25

    def _note_alert(self, decision: Decision, truth: Sequence[ActorTruth]) -> None:
        """Whom each alert that begins is about: an actor, "nothing" (a false box) or no thing."""
        alert = decision.alert
        now = (alert.level, str(alert.cause))
        if alert.level >= Level.CAUTION and now != self._last:
            about, kind, tall = _about(decision, truth)
            self._alerts.append({
                "t_s": self._seconds(decision.now_ns), "level": alert.level.name,
                "cause": now[1], "about": about, "kind": kind, "px": tall,
            })  # fmt: skip
        self._last = now

    def _seconds(self, t_ns: int) -> float:
        return round((t_ns - self._scene.start_ns) / 1e9, 2)


def is_of(found: Detection, box: Box) -> bool:
    """Whether a detection is of whoever fills this box.

    The lane check sees the ground that a thing hides, so its boxes need only lie on it.
    """
    if found.kind is Kind.STRANGE:
        return share_inside(found.box, box) > 0.5 or found.box.overlap(box) > MATCH_IOU
    return found.box.overlap(box) > MATCH_IOU


def is_near(found: Box, box: Box) -> bool:
    """Whether a box touches somebody's enough to be about them, well or badly."""
    return found.overlap(box) > TOUCHES_IOU or share_inside(found, box) > 0.3


def _about(decision: Decision, truth: Sequence[ActorTruth]) -> tuple[str | None, str, int]:
    hazard = decision.alert.hazard
    number = None if hazard is None else hazard.track_id
    track = next((t for t in decision.tracks if t.track_id == number), None)
    if number is None or track is None:
        return None, "", 0
    near = [a for a in truth if a.full_box is not None and is_near(track.box, a.full_box)]
    best = max(near, key=lambda a: track.box.overlap(a.full_box or track.box), default=None)
    tall = round(track.box.height_px)
    return ("nothing" if best is None else best.actor_id), str(track.kind), tall


def _plain(found: Detection) -> list[float]:
    box = found.box
    return [round(found.score, 2), *(round(v) for v in box.sides_px)]
