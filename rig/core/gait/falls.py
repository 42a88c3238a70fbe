"""Whether a person falls, from joints in the picture.

UPRIGHT -> DESCENDING when the hips are low and sink fast, or the trunk tips fast and far ->
FALLEN within a second when the hips are near the ground and the trunk lies or the body is wider
than high. (Trunk and width alone are not enough: who lands from a jump bows so deep, with the hips
up.) Lengths are told in standing torsos, so neither lane nor scale is needed. Slow descents
(sitting, tying a shoe) never leave UPRIGHT. Whose legs may reach out of the picture is not judged.
One frame alone never makes a fall: poses err that much.
A person who vanishes while descending, away from the picture's edge, has fallen. The box-based
check of the guard (`core.fall`) does without this one. Called by the gait program and `rig gait`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import numpy as np

from rig.core.gait.keypoints import Floats, Keypoints, numbers_of

SURE_LEAST: Final = 0.3
MEMORY_S: Final = 3.0
"""Standing height and torso are the median of so long."""
STANDING_LEAST: Final = 5
"""Frames before anything can be told."""
TORSO_M: Final = 0.52
"""0.30 of a body of 1.75 m; speeds need it, lengths do not."""
LOW_SHARE: Final = 0.75
DESCENT_MPS: Final = 0.8
DESCENT_WINDOW_S: Final = 0.35
DESCENT_LEAST_S: Final = 0.09
"""Shorter is noise."""
TIP_RATE_DPS: Final = 120.0
TIP_DEG: Final = 35.0
DOWN_WITHIN_S: Final = 1.0
DOWN_SHARE: Final = 0.45
LYING_DEG: Final = 55.0
WIDE: Final = 0.9
VANISH_WITHIN_S: Final = 0.5
VANISHED_S: Final = 0.25
EDGE_SHARE: Final = 0.03
CONFIRM_S: Final = 0.7
ESCALATE_S: Final = 5.0
UP_SHARE: Final = 0.7
UP_S: Final = 1.0

_HIPS: Final = numbers_of("left_hip", "right_hip")
_ANKLES: Final = numbers_of("left_ankle", "right_ankle")
_SHOULDERS: Final = numbers_of("left_shoulder", "right_shoulder")


class Posture(StrEnum):
    """Of a person."""

    UNKNOWN = "unknown"
    UPRIGHT = "upright"
    DESCENDING = "descending"
    FALLEN = "fallen"


class Witness(StrEnum):
    """Who says that somebody fell. Poses alone err often (docs/gait.md)."""

    POSE_AND_BOX = "pose and box"
    POSE_ALONE = "pose alone"
    UNCHECKED = "pose; no box to check it by"


@dataclass(frozen=True, slots=True)
class Fall:
    """One fall: when the descent began, when it was told, confirmed, escalated, and over.

    `told_s` is when the box bore it out (`core.gait.witness`).
    """

    descended_s: float
    fallen_s: float
    confirmed_s: float | None = None
    escalated_s: float | None = None
    recovered_s: float | None = None
    witness: Witness = Witness.UNCHECKED
    told_s: float | None = None


@dataclass(frozen=True, slots=True)
class _Body:
    """What one frame shows, in pixels and degrees."""

    t_s: float
    hip_px: float
    """Above the lowest joint."""
    torso_px: float
    lean_deg: float
    is_wide: bool
    is_at_edge: bool
    hip_row_px: float
    has_ankles: bool


class FallReader:
    """One person's frames in order of time; keeps the last three seconds and the falls."""

    def __init__(self, width_px: float = np.inf, height_px: float = np.inf) -> None:
        self.posture = Posture.UNKNOWN
        self.falls: list[Fall] = []
        self._size_px = (width_px, height_px)
        self._recent: deque[_Body] = deque()
        self._standing: tuple[float, float] | None = None
        self._descended_s = self._up_s = 0.0

    def update(self, t_s: float, points_px: Floats, confidence: Floats) -> Posture:
        """Take a frame: joints (J, 2) and confidence (J,). Frames that run back are left out."""
        if not np.isfinite(t_s) or (self._recent and t_s <= self._recent[-1].t_s):
            return self.posture
        body = _body(t_s, points_px, np.nan_to_num(confidence), self._size_px)
        if body is None:
            self._miss(t_s)
        else:
            self._take(body)
        return self.posture

    def _take(self, body: _Body) -> None:
        self._recent.append(body)
        while body.t_s - self._recent[0].t_s > MEMORY_S:
            self._recent.popleft()
        if self.posture in (Posture.UNKNOWN, Posture.UPRIGHT):
            self._learn()
        if self._standing is None:
            return
        hip_px, torso_px = self._standing
        share = body.hip_px / hip_px
        if self._may_reach_out(body, hip_px):
            if self.posture is Posture.DESCENDING:
                self.posture = Posture.UPRIGHT
            return
        if self.posture is Posture.UPRIGHT and self._descends(body, share, torso_px):
            self.posture, self._descended_s = Posture.DESCENDING, body.t_s
        if self.posture is Posture.DESCENDING:
            self._follow(body, share)
        elif self.posture is Posture.FALLEN:
            self._lie(body.t_s, share)

    def _learn(self) -> None:
        if len(self._recent) >= STANDING_LEAST:
            hips = float(np.median([body.hip_px for body in self._recent]))
            torso = float(np.median([body.torso_px for body in self._recent]))
            if hips > 0 and torso > 0 and hips > torso / 2:
                self._standing = (hips, torso)
                self.posture = Posture.UPRIGHT

    def _may_reach_out(self, body: _Body, hip_px: float) -> bool:
        """Whether the legs, not found, may lie past the lower edge of the picture."""
        return not body.has_ankles and body.hip_row_px + hip_px > self._size_px[1]

    def _descends(self, body: _Body, share: float, torso_px: float) -> bool:
        window = [b for b in self._recent if body.t_s - b.t_s <= DESCENT_WINDOW_S]
        if body.t_s - window[0].t_s < DESCENT_LEAST_S:
            return False
        times = np.array([b.t_s - body.t_s for b in window])
        sink_px = -float(np.polyfit(times, [b.hip_px for b in window], 1)[0])
        tip_dps = float(np.polyfit(times, [b.lean_deg for b in window], 1)[0])
        is_sinking = share < LOW_SHARE and sink_px / torso_px * TORSO_M > DESCENT_MPS
        return is_sinking or (tip_dps > TIP_RATE_DPS and body.lean_deg > TIP_DEG)

    def _follow(self, body: _Body, share: float) -> None:
        before_px = self._recent[-2].hip_px if len(self._recent) > 1 else body.hip_px
        was_low = before_px < LOW_SHARE * body.hip_px / max(share, 1e-6)
        if was_low and share < DOWN_SHARE and (body.lean_deg > LYING_DEG or body.is_wide):
            self._fall(body.t_s)
        elif body.t_s - self._descended_s > DOWN_WITHIN_S:
            self.posture = Posture.UPRIGHT

    def _fall(self, t_s: float) -> None:
        self.posture, self._up_s = Posture.FALLEN, 0.0
        self.falls.append(Fall(self._descended_s, t_s))

    def _lie(self, t_s: float, share: float) -> None:
        fall = self.falls[-1]
        if share > UP_SHARE:
            self._up_s = self._up_s or t_s
            if t_s - self._up_s >= UP_S:
                self.falls[-1] = replace(fall, recovered_s=t_s)
                self.posture = Posture.UPRIGHT
            return
        self._up_s = 0.0
        self._grow(t_s)

    def _grow(self, t_s: float) -> None:
        fall = self.falls[-1]
        if fall.confirmed_s is None and t_s - fall.fallen_s >= CONFIRM_S:
            fall = replace(fall, confirmed_s=t_s)
        if fall.escalated_s is None and t_s - fall.fallen_s >= ESCALATE_S:
            fall = replace(fall, escalated_s=t_s)
        self.falls[-1] = fall

    def _miss(self, t_s: float) -> None:
        """Nobody in this frame: who was descending has fallen, who lay still lies."""
        if self.posture is Posture.FALLEN:
            self._grow(t_s)
        if self.posture is not Posture.DESCENDING or not self._recent:
            return
        last = self._recent[-1]
        is_sudden = last.t_s - self._descended_s <= VANISH_WITHIN_S
        if last.is_at_edge or not is_sudden:
            if t_s - self._descended_s > DOWN_WITHIN_S:
                self.posture = Posture.UPRIGHT
        elif t_s - last.t_s >= VANISHED_S:
            self._fall(t_s)


def find_falls(
    keypoints: Keypoints, width_px: float = np.inf, height_px: float = np.inf
) -> tuple[Fall, ...]:
    """Every fall in a person's keypoints, in order of time."""
    reader = FallReader(width_px, height_px)
    order = np.argsort(keypoints.times_s, kind="stable")
    frames: Iterable[int] = (int(row) for row in order)
    for row in frames:
        reader.update(
            float(keypoints.times_s[row]), keypoints.points_px[row], keypoints.confidence[row]
        )
    return tuple(reader.falls)


def _body(
    t_s: float, points_px: Floats, sure: Floats, size_px: tuple[float, float]
) -> _Body | None:
    """None where hips or shoulders were not found."""
    is_found = (sure >= SURE_LEAST) & np.isfinite(points_px).all(axis=1)
    if not (is_found[_HIPS].any() and is_found[_SHOULDERS].any()) or is_found.sum() < 4:
        return None
    found = points_px[is_found]
    hip = points_px[_HIPS][is_found[_HIPS]].mean(axis=0)
    shoulder = points_px[_SHOULDERS][is_found[_SHOULDERS]].mean(axis=0)
    trunk = shoulder - hip
    low, high = found.min(axis=0), found.max(axis=0)
    edge = EDGE_SHARE * np.array(size_px)
    is_at_edge = np.isfinite(edge).all() and bool(
        (low < edge).any() or (high > np.array(size_px) - edge).any()
    )
    lean_deg = float(np.degrees(np.arctan2(abs(trunk[0]), -trunk[1])))
    is_wide = bool(high[0] - low[0] > WIDE * (high[1] - low[1]))
    length_px = float(np.hypot(*trunk))
    return _Body(
        t_s,
        float(high[1] - hip[1]),
        length_px,
        lean_deg,
        is_wide,
        bool(is_at_edge),
        float(hip[1]),
        bool(is_found[_ANKLES].any()),
    )
