"""Average precision and recall, and the decoding of `ltrb_maps`; numpy only.

Decides how a detection counts as right. Called by `training` (validation), `evaluation`, tests.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Found:
    """Detections of one picture: boxes [n, 4] x1y1x2y2 px, scores [n], classes [n]."""

    boxes: FloatArray
    scores: FloatArray
    classes: npt.NDArray[np.int64]


def iou_matrix(a: npt.NDArray[np.floating], b: npt.NDArray[np.floating]) -> FloatArray:
    """Intersection over union of every box in `a` [n, 4] with every box in `b` [m, 4]."""
    wide = np.minimum(a[:, None, 2], b[None, :, 2]) - np.maximum(a[:, None, 0], b[None, :, 0])
    tall = np.minimum(a[:, None, 3], b[None, :, 3]) - np.maximum(a[:, None, 1], b[None, :, 1])
    inner = np.clip(wide, 0, None) * np.clip(tall, 0, None)
    area_a = (a[:, 2] - a[:, 0]) * (a[:, 3] - a[:, 1])
    area_b = (b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1])
    union = area_a[:, None] + area_b[None] - inner
    out: FloatArray = (inner / np.maximum(union, 1e-9)).astype(np.float32)
    return out


def suppress(boxes: FloatArray, scores: FloatArray, iou_limit: float) -> npt.NDArray[np.int64]:
    """Greedy non-maximum suppression; kept indices, best first."""
    order = np.argsort(-scores, kind="stable")
    overlaps = iou_matrix(boxes[order], boxes[order]) > iou_limit
    is_free = np.ones(len(order), np.bool_)
    kept = []
    for i in range(len(order)):
        if is_free[i]:
            kept.append(order[i])
            is_free &= ~overlaps[i]
    return np.array(kept, np.int64)


def pick(
    boxes: FloatArray, scores: FloatArray, floor: float, iou_limit: float = 0.6, most: int = 300
) -> Found:
    """Class-wise suppression of boxes [n, 4] with scores [n, C] above `floor`."""
    parts = []
    for c in range(scores.shape[1]):
        above = np.flatnonzero(scores[:, c] > floor)
        above = above[np.argsort(-scores[above, c], kind="stable")[:400]]
        kept = above[suppress(boxes[above], scores[above, c], iou_limit)]
        parts.append((boxes[kept], scores[kept, c], np.full(len(kept), c, np.int64)))
    joined = [np.concatenate(column) for column in zip(*parts, strict=True)]
    best = np.argsort(-joined[1], kind="stable")[:most]
    return Found(joined[0][best], joined[1][best], joined[2][best])


def decode_maps(
    maps: list[FloatArray], strides_px: tuple[int, ...] = (8, 16, 32)
) -> tuple[FloatArray, FloatArray]:
    """Output contract `ltrb_maps`, each [4 + C, h, w], to boxes [n, 4] px and scores [n, C]."""
    boxes, scores = [], []
    for level, stride_px in zip(maps, strides_px, strict=True):
        _, height, width = level.shape
        xs = (np.arange(width, dtype=np.float32) + 0.5) * stride_px
        ys = (np.arange(height, dtype=np.float32) + 0.5) * stride_px
        left, top, right, bottom = level[:4]
        box = np.stack([xs - left, ys[:, None] - top, xs + right, ys[:, None] + bottom], -1)
        boxes.append(box.reshape(-1, 4))
        scores.append(level[4:].reshape(level.shape[0] - 4, -1).T)
    return np.concatenate(boxes), np.concatenate(scores)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Truth of one picture and class: boxes [n, 4]; and boxes where a detection counts nothing."""

    boxes: FloatArray
    ignored: FloatArray


def match(
    found: FloatArray, scores: FloatArray, wanted: Wanted, iou_limit: float
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.bool_]]:
    """Greedy matching, best score first.

    Returns a verdict per detection (1 right, 0 wrong, -1 ignored) and which wanted were found.
    """
    verdict = np.zeros(len(found), np.int8)
    is_found = np.zeros(len(wanted.boxes), np.bool_)
    table = iou_matrix(found, wanted.boxes) if len(wanted.boxes) else np.zeros((len(found), 0))
    for i in np.argsort(-scores, kind="stable"):
        free = np.where(is_found, -1.0, table[i])
        if len(free) and free.max() >= iou_limit:
            is_found[int(free.argmax())] = True
            verdict[i] = 1
        elif _lies_in(found[i], wanted.ignored, iou_limit):
            verdict[i] = -1
    return verdict, is_found


def _lies_in(box: FloatArray, ignored: FloatArray, limit: float) -> bool:
    """At least `limit` of the box's own area lies in one ignored box (as COCO treats crowds)."""
    if not len(ignored):
        return False
    low, high = np.maximum(box[:2], ignored[:, :2]), np.minimum(box[2:], ignored[:, 2:])
    inner = np.clip(high - low, 0, None).prod(-1)
    return bool((inner / max(1e-9, float((box[2:] - box[:2]).prod())) >= limit).any())


def average_precision(
    scores: npt.NDArray[np.floating], verdicts: npt.NDArray[np.int8], n_wanted: int
) -> float:
    """Area under the monotone precision-recall curve (all points; NaN if n is 0)."""
    if n_wanted == 0:
        return float("nan")
    counted = verdicts >= 0
    order = np.argsort(-scores[counted], kind="stable")
    right = verdicts[counted][order] == 1
    true = np.cumsum(right)
    precision = true / np.arange(1, len(right) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(envelope[right].sum() / n_wanted)
