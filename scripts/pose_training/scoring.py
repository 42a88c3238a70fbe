"""How good found joints are: PCK of the torso, errors as shares of box height, OKS.

Decides nothing about pictures. Called by `training` while it runs and by `evaluation`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from rig.core.gait.keypoints import JOINTS, NUMBERS, numbers_of

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_SPREADS: Final = {
    "head": 0.026, "shoulder": 0.079, "elbow": 0.072, "wrist": 0.062,
    "hip": 0.107, "knee": 0.087, "ankle": 0.089, "heel": 0.089, "toe": 0.089,
}  # fmt: skip
"""COCO's per-joint spreads (pycocotools, kpt_oks_sigmas); the head's is the eyes' and ears'
rough mean of .025 to .035, heel and toe take the ankle's."""
COMMON: Final = numbers_of(*(name for name in JOINTS if not name.endswith(("heel", "toe", "head"))))
"""The twelve joints that every model and every source has."""
FOOT_ENDS: Final = numbers_of("left_heel", "right_heel", "left_toe", "right_toe")
KNEES: Final = numbers_of("left_knee", "right_knee")
ANKLES: Final = numbers_of("left_ankle", "right_ankle")


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Found against true joints of N people: distances (N, 17) px, what they are held against."""

    far_px: Floats
    known: Bools
    torso_px: Floats
    box_height_px: Floats
    area_px: Floats

    def pck(self, share: float, joints: npt.NDArray[np.intp] = COMMON) -> float:
        """Share of known joints nearer than `share` of the torso."""
        has_torso = np.isfinite(self.torso_px)
        known = self.known[has_torso][:, joints]
        near = self.far_px[has_torso][:, joints] < share * self.torso_px[has_torso, None]
        return float(near[known].mean()) if known.any() else float("nan")

    def error(self, joints: npt.NDArray[np.intp]) -> tuple[float, float]:
        """Median distance as a share of the box's height, and the share of joints within 5 %."""
        shares = (self.far_px / self.box_height_px[:, None])[:, joints][self.known[:, joints]]
        shares = shares[np.isfinite(shares)]  # a model without these joints gives NaN
        if not len(shares):
            return float("nan"), float("nan")
        return float(np.median(shares)), float((shares < 0.05).mean())

    def oks(self) -> float:
        """Mean object keypoint similarity over the common joints (COCO's formula, area of box).

        COCO takes the person's outline for the area; a box has about twice that, so half of it.
        """
        spreads = np.array([_SPREADS[name.split("_")[-1]] for name in JOINTS])
        scale = 2 * self.area_px[:, None] * 0.5 * (2 * spreads) ** 2
        near = np.exp(-(self.far_px**2) / scale)[:, COMMON]
        known = self.known[:, COMMON]
        each = (near * known).sum(1) / np.maximum(known.sum(1), 1)
        return float(each[known.any(1)].mean())

    def count(self) -> int:
        """How many people there are."""
        return len(self.far_px)


def judge(found: Floats, wanted: Floats, known: Bools, boxes: Floats) -> Judged:
    """Found and wanted (N, 17, 2), known (N, 17), boxes (N, 4), all in the same pixels.

    The torso is the longer diagonal from a shoulder to the other side's hip.
    """
    far = np.hypot(*np.moveaxis(found - wanted, 2, 0))
    torso = np.full(len(found), np.nan)
    for shoulder, hip in (("left_shoulder", "right_hip"), ("right_shoulder", "left_hip")):
        a, b = NUMBERS[shoulder], NUMBERS[hip]
        long = np.hypot(*(wanted[:, a] - wanted[:, b]).T)
        torso = np.fmax(torso, np.where(known[:, a] & known[:, b], long, np.nan))
    size = boxes[:, 2:] - boxes[:, :2]
    return Judged(far, known, torso, size[:, 1], size.prod(1))
