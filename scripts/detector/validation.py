"""How good a detector is on labelled pictures: AP50 per class.

Called by `training` while it runs and by `evaluation`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from detector.accuracy import Found, Wanted, average_precision, match
from detector.classes import CLASSES
from detector.pictures import Labels, PictureStore, UInt8Array

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


def ignore_tiny(labels: Labels, shape: tuple[int, ...], least_px: float = 8.0) -> Labels:
    """The labels with boxes lower than `least_px` in a 320 px tile neither wanted nor wrong."""
    tall = (labels.boxes[:, 3] - labels.boxes[:, 1]) * 320 / max(shape[:2])
    kept = tall >= least_px
    return dataclasses.replace(
        labels,
        boxes=labels.boxes[kept],
        classes=labels.classes[kept],
        ignored=np.concatenate([labels.ignored, labels.boxes[~kept]]),
        ignored_classes=np.concatenate([labels.ignored_classes, 1 << labels.classes[~kept]]),
    )


def pool(a: ClassResult, b: ClassResult) -> ClassResult:
    """Two results as if the pictures had been judged together."""
    return ClassResult(
        np.concatenate([a.scores, b.scores]),
        np.concatenate([a.verdicts, b.verdicts]),
        a.n + b.n,
        a.n_pictures + b.n_pictures,
    )


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


def val_pictures(store: PictureStore) -> list[tuple[UInt8Array, Labels]]:
    """All held-out pictures of a store."""
    return [(store.picture(i), store.labels[i]) for i in store.of_split("val")]


def val_tiles(store: PictureStore) -> list[tuple[UInt8Array, Labels]]:
    """All held-out rendered tiles; what is too small to be taught is not asked for either."""
    return [
        (store.picture(i), ignore_tiny(store.labels[i], store.picture(i).shape))
        for i in store.of_split("val")
    ]
