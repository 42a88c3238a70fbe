"""Whether a fall that a pose tells is borne out by the person's box.

A pose model errs for a few frames now and then, and a false fall stops a drill; the detector errs
in other ways. So a fall counts only once the box is much lower than it stood, or wider than high,
or gone for a moment, while the pose has fallen. A box that the picture's edge cuts bears nothing
out. Called by the gait program, `rig gait --video` and the evaluation; `core.gait.falls` reads
the pose.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median
from typing import Final

import numpy as np

from rig.core.gait.falls import (
    MEMORY_S,
    WIDE,
    Fall,
    FallReader,
    Posture,
    Witness,
    find_falls,
)
from rig.core.gait.keypoints import Floats, Keypoints
from rig.records import Box

LOW_SHARE: Final = 0.72
"""Of the standing height; a running body's box keeps above 0.85 of its median."""
EDGE_SHARE: Final = 0.01
STANDING_LEAST: Final = 5
"""Boxes before anything can be told."""
GONE_S: Final = 0.15
"""Detectors skip single frames, and lose who lies."""
SURE_LEAST: Final = 0.4
"""Mean confidence of the joints below which nobody begins to fall. Who has begun may be unclear:
pose models see few people lie."""


def find_witnessed_falls(
    keypoints: Keypoints,
    boxes: Sequence[Box | None],
    is_seen: Sequence[bool],
    size_px: tuple[float, float],
) -> tuple[Fall, ...]:
    """Every fall that the pose tells, and whether the person's box bore it out.

    One box a frame; where any is missing nothing is checked.
    """
    known = [box for box in boxes if box is not None]
    if len(known) < len(keypoints.times_s) or not known:
        return find_falls(keypoints, *size_px)
    teller = FallTeller(*size_px)
    for row in np.argsort(keypoints.times_s, kind="stable"):
        t_s, points = float(keypoints.times_s[row]), keypoints.points_px[row]
        teller.update(t_s, points, keypoints.confidence[row], known[row], is_seen[row])
    return teller.falls


class FallTeller:
    """One person's frames in order of time; `update` says whether a fall is to be told."""

    def __init__(self, width_px: float, height_px: float) -> None:
        self.reader = FallReader(width_px, height_px)
        self.told_s: list[float] = []
        """When each fall was told first."""
        self._size_px = width_px, height_px
        self._heights: deque[tuple[float, float]] = deque()
        self._seen_s = 0.0
        self._is_told = False

    @property
    def falls(self) -> tuple[Fall, ...]:
        """Every fall of the pose, with when its box bore it out, if it did."""
        begins = [*(fall.fallen_s for fall in self.reader.falls), np.inf]
        spans = zip(self.reader.falls, pairwise(begins), strict=True)
        return tuple(self._witnessed(fall, begin, end) for fall, (begin, end) in spans)

    def _witnessed(self, fall: Fall, begin_s: float, end_s: float) -> Fall:
        told_s = next((t_s for t_s in self.told_s if begin_s <= t_s < end_s), None)
        witness = Witness.POSE_ALONE if told_s is None else Witness.POSE_AND_BOX
        return replace(fall, witness=witness, told_s=told_s)

    def update(
        self, t_s: float, points_px: Floats, confidence: Floats, box: Box, is_seen: bool = True
    ) -> bool:
        """Take a frame: joints (J, 2), confidence (J,) and where they were looked for.

        `is_seen`: the detector saw the person there, and not only before.
        """
        if is_seen:
            self._seen_s = t_s
        is_sure = float(np.nan_to_num(confidence).mean()) >= SURE_LEAST
        is_borne_out = self._bears_out(t_s, box, is_sure)
        if not is_sure and self.reader.posture in (Posture.UNKNOWN, Posture.UPRIGHT):
            return False
        posture = self.reader.update(t_s, points_px, confidence)
        if posture is not Posture.FALLEN:
            self._is_told = False
        elif is_borne_out and not self._is_told:
            self._is_told = True
            self.told_s.append(t_s)
        return self._is_told

    def _bears_out(self, t_s: float, box: Box, is_sure: bool) -> bool:
        width_px, height_px = self._size_px
        edge = EDGE_SHARE * height_px
        is_cut = box.y1 > height_px - edge or box.x0 < edge or box.x1 > width_px - edge
        while self._heights and t_s - self._heights[0][0] > MEMORY_S:
            self._heights.popleft()
        standing = [height for _, height in self._heights]
        # While down, the standing height is kept by not learning from what lies.
        is_low = len(standing) >= STANDING_LEAST and box.height_px < LOW_SHARE * median(standing)
        if not (is_low or is_cut) and self._seen_s == t_s:
            self._heights.append((t_s, box.height_px))
        is_wide = box.width_px > WIDE * box.height_px
        # An unclear pose where the detector sees nobody is most often somebody hidden.
        is_gone = is_sure and t_s - self._seen_s >= GONE_S
        return len(standing) >= STANDING_LEAST and not is_cut and (is_low or is_wide or is_gone)
