"""Samples of people on photographs whose joints public pose models find: the teachers.

A joint is taken where the larger teacher is sure of it and sees it again in the mirror, and the
smaller one agrees or the larger is very sure. Called by `training`; the teachers also by
`evaluation`, which measures them beside our own model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import onnxruntime
from detector.classes import PERSON
from detector.pictures import DATA_DIR, DataMissing, open_photographs
from detector.running import open_session

from pose_training.joints import FloatArray, Marks, from_coco
from pose_training.samples import SampleWriter, UInt8Array

KIND: Final = "taught"
MODELS_DIR: Final = DATA_DIR.parent / "models"
TEACHERS: Final = {"tinypose_256x192": (256, 192), "tinypose_128x96": (128, 96)}
"""Public models (PaddleDetection, Apache-2.0): input height and width in px."""
_MEAN: Final = np.array([0.485, 0.456, 0.406], np.float32)
_STD: Final = np.array([0.229, 0.224, 0.225], np.float32)
_MIRROR: Final = np.array([0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15])
_LEAST_HEIGHT_PX: Final = 40.0
_LEAST_KNOWN: Final = 6
_SURE: Final = 0.35
_VERY_SURE: Final = 0.55
_AGREED: Final = 0.07
"""Teachers agree within this share of the box's longer side."""


@dataclass(frozen=True, slots=True)
class Teacher:
    """A public pose model: what it costs lies in its session, how it looks in `look`."""

    name: str
    size_px: tuple[int, int]
    session: onnxruntime.InferenceSession
    look: Callable[[UInt8Array, FloatArray, bool], tuple[FloatArray, FloatArray]]


def open_teacher(name: str) -> Teacher:
    """A teacher by name; its `look(picture, box, is_mirrored)` gives COCO points and scores."""
    path = MODELS_DIR / f"{name}.onnx"
    if not path.is_file():
        raise DataMissing(f"No public pose model to learn from: {path} is missing.")
    session = open_session(path)
    height, width = TEACHERS[name]
    feed_name = session.get_inputs()[0].name

    def maps(tile: UInt8Array) -> FloatArray:
        feed = (tile[..., ::-1] / np.float32(255) - _MEAN) / _STD
        feed = np.ascontiguousarray(feed.transpose(2, 0, 1)[None], np.float32)
        outputs = session.run(None, {feed_name: feed})
        return np.asarray(next(o[0] for o in outputs if o.ndim == 4), np.float32)

    def look(
        picture: UInt8Array, box: FloatArray, is_mirrored: bool
    ) -> tuple[FloatArray, FloatArray]:
        tall = 1.25 * max(float(box[3] - box[1]), float(box[2] - box[0]) * height / width)
        scale = height / tall
        corner = (box[:2] + box[2:]) / 2 - np.array([tall * width / height, tall]) / 2
        matrix = np.array(
            [[scale, 0, -corner[0] * scale], [0, scale, -corner[1] * scale]], np.float64
        )
        tile: UInt8Array = cv2.warpAffine(picture, matrix, (width, height), flags=cv2.INTER_LINEAR)
        found = maps(tile)
        if is_mirrored:
            # The mirrored picture's maps are one cell off once turned back.
            turned = maps(np.ascontiguousarray(tile[:, ::-1]))[_MIRROR][:, :, ::-1]
            found = (found + turned) / 2
        points, scores = _peaks(found)
        return (points * 4 / scale + corner).astype(np.float32), scores

    return Teacher(name, (height, width), session, look)


def _peaks(maps: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Cells (17, 2) of the best places, moved a quarter toward the better neighbour; scores."""
    joints, height, width = maps.shape
    best = maps.reshape(joints, -1).argmax(1)
    rows, columns = best // width, best % width
    numbers = np.arange(joints)
    x = columns + 0.25 * np.sign(
        maps[numbers, rows, np.minimum(columns + 1, width - 1)]
        - maps[numbers, rows, np.maximum(columns - 1, 0)]
    )
    y = rows + 0.25 * np.sign(
        maps[numbers, np.minimum(rows + 1, height - 1), columns]
        - maps[numbers, np.maximum(rows - 1, 0), columns]
    )
    return np.stack([x, y], 1).astype(np.float32), maps[numbers, rows, columns]


def teach(large: Teacher, small: Teacher, picture: UInt8Array, box: FloatArray) -> Marks:
    """The joints that the teachers are sure of."""
    points, scores = large.look(picture, box, True)
    others, _ = small.look(picture, box, False)
    far = np.hypot(*(points - others).T) / max(float(box[3] - box[1]), float(box[2] - box[0]))
    is_sure = (scores >= _SURE) & ((far < _AGREED) | (scores >= _VERY_SURE))
    return from_coco(points, is_sure)


def write_people() -> int:
    """Fill the cache from the detector's photographs; how many samples there are."""
    store = open_photographs()
    large, small = (open_teacher(name) for name in TEACHERS)
    writer = SampleWriter(KIND)
    for i, labels in enumerate(store.labels):
        for box in labels.boxes[labels.classes == PERSON]:
            if box[3] - box[1] < _LEAST_HEIGHT_PX or box[2] - box[0] > 1.6 * (box[3] - box[1]):
                continue
            picture = store.picture(i)
            marks = teach(large, small, picture, box)
            if marks[1].sum() >= _LEAST_KNOWN:
                writer.add(picture, box, marks, labels.split == "val")
    return writer.close()
