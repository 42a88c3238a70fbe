"""How good a detector is on labelled pictures: AP50 per class.

Called by `training` while it runs and by `evaluation`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from detector.accuracy import Found, Wanted, average_precision, match
from detector.classes import CLASSES
from detector.pictures import Labels, UInt8Array

PAD: Final = 114
Look = Callable[[UInt8Array], Found]


@dataclass(frozen=True, slots=True)
class ClassResult:
    """One class over all pictures where its absence is known.

    Every detection's score and verdict (1 right, 0 wrong, -1 ignored), the number of wanted boxes
    and of pictures.
    """

    scores: np.ndarray
    verdicts: np.ndarray
    n: int
    n_pictures: int

    @property
    def ap50(self) -> float:
        """Average precision at the overlap that the verdicts were made with."""
        return average_precision(self.scores, self.verdicts, self.n)


def letterbox(picture: UInt8Array, size_px: int) -> tuple[UInt8Array, float]:
    """Scale to fit a square, aligned to its top left; returns the tile and the scale."""
    height, width = picture.shape[:2]
    scale = size_px / max(height, width)
    new = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    tile = np.full((size_px, size_px, 3), PAD, np.uint8)
    tile[: new[1], : new[0]] = cv2.resize(picture, new, interpolation=method)
    return tile, scale


def judge(
    look: Look, pictures: Iterable[tuple[UInt8Array, Labels]], iou_limit: float = 0.5
) -> dict[str, ClassResult]:
    """AP of every class over pictures, each class only where its absence is known."""
    scores: list[list[np.ndarray]] = [[] for _ in CLASSES]
    verdicts: list[list[np.ndarray]] = [[] for _ in CLASSES]
    n = [0] * len(CLASSES)
    n_pictures = [0] * len(CLASSES)
    for picture, labels in pictures:
        found = look(picture)
        for c in range(len(CLASSES)):
            if labels.unknown >> c & 1:
                continue
            mine = found.classes == c
            wanted = Wanted(
                labels.boxes[labels.classes == c],
                labels.ignored[(labels.ignored_classes >> c & 1).astype(bool)],
            )
            verdict, _ = match(found.boxes[mine], found.scores[mine], wanted, iou_limit)
            scores[c].append(found.scores[mine])
            verdicts[c].append(verdict)
            n[c] += len(wanted.boxes)
            n_pictures[c] += 1
    return {
        name: ClassResult(_join(scores[c]), _join(verdicts[c]), n[c], n_pictures[c])
        for c, name in enumerate(CLASSES)
    }


def _join(parts: list[np.ndarray]) -> np.ndarray:
    return np.concatenate(parts) if parts else np.zeros(0)
