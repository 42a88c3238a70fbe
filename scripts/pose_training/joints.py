"""How other people's joints become ours, and which joints change places in a mirror.

Ours are those of `rig.core.gait.keypoints`. Called by the makers of samples and by `evaluation`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from rig.core.gait.keypoints import JOINTS, NUMBERS

FloatArray = npt.NDArray[np.float32]
Marks = tuple[FloatArray, npt.NDArray[np.bool_]]
"""Points (17, 2) and which of them are known (17,)."""

_SIDES: Final = {"l": "left", "r": "right"}
LSP_NAMES: Final = (
    "r_ankle", "r_knee", "r_hip", "l_hip", "l_knee", "l_ankle", "r_wrist", "r_elbow",
    "r_shoulder", "l_shoulder", "l_elbow", "l_wrist",
)  # fmt: skip
_LSP_NECK, _LSP_TOP = 12, 13
COCO: Final = {
    5: "left_shoulder", 6: "right_shoulder", 7: "left_elbow", 8: "right_elbow",
    9: "left_wrist", 10: "right_wrist", 11: "left_hip", 12: "right_hip",
    13: "left_knee", 14: "right_knee", 15: "left_ankle", 16: "right_ankle",
}  # fmt: skip
_COCO_EARS: Final = (3, 4)
_COCO_FACE: Final = (0, 1, 2, 3, 4)
_LEAST_FACE: Final = 3


def _empty() -> Marks:
    return np.zeros((len(JOINTS), 2), np.float32), np.zeros(len(JOINTS), bool)


def from_lsp(joints: Sequence[Sequence[float]]) -> Marks:
    """LSP's fourteen [x, y, visible]; the head is the middle between neck and head top."""
    points, known = _empty()
    for row, name in enumerate(LSP_NAMES):
        number = NUMBERS[f"{_SIDES[name[0]]}_{name[2:]}"]
        points[number], known[number] = joints[row][:2], joints[row][2] > 0
    neck, top = joints[_LSP_NECK], joints[_LSP_TOP]
    points[0] = (np.array(neck[:2]) + np.array(top[:2])) / 2
    known[0] = neck[2] > 0 and top[2] > 0
    return points, known


def from_coco(found: FloatArray, is_sure: npt.NDArray[np.bool_]) -> Marks:
    """COCO's seventeen (17, 2); the head is between the ears, else the middle of the face."""
    points, known = _empty()
    for row, name in COCO.items():
        points[NUMBERS[name]], known[NUMBERS[name]] = found[row], is_sure[row]
    ears = [i for i in _COCO_EARS if is_sure[i]]
    face = [i for i in _COCO_FACE if is_sure[i]]
    chosen = ears if len(ears) == len(_COCO_EARS) else face if len(face) >= _LEAST_FACE else []
    if chosen:
        points[0], known[0] = found[chosen].mean(0), True
    return points, known


def around(points: FloatArray, known: npt.NDArray[np.bool_]) -> FloatArray:
    """A box (4,) as a detector would draw it, from joints without feet and scalp."""
    low, high = points[known].min(0), points[known].max(0)
    tall = max(float(high[1] - low[1]), float(high[0] - low[0]), 1.0)
    margin = np.array([0.06, 0.09], np.float32) * tall
    return np.concatenate([low - margin, high + margin]).astype(np.float32)
