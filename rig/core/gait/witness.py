"""Whether a fall that a pose tells is borne out by the person's box.

A pose model errs for a few frames now and then, and a false fall stops a drill; the detector errs
in other ways. So a fall counts only once the box is much lower than it stood, or wider than high,
or gone for a moment, while the pose has fallen. A box that the picture's edge cuts bears nothing
out. Called by the gait program, `rig gait --video` and the evaluation; `core.gait.falls` reads
the pose.
"""

from __future__ import annotations

from collections import deque
from statistics import median
from typing import Final

import numpy as np

from rig.core.gait.falls import MEMORY_S, WIDE, FallReader, Posture
from rig.core.gait.keypoints import Floats
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
