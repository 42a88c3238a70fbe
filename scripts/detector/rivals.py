"""Decoders of public detectors, for measuring side by side and as teachers; never shipped.

Each turns a BGR picture into detections of our classes. Called by `evaluation` and `teachers`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import cv2
import numpy as np

from detector.accuracy import FloatArray, Found, pick
from detector.classes import ANIMAL, CLASSES, CYCLE, OBJECT, PERSON, VEHICLE
from detector.pictures import DATA_DIR, UInt8Array
from detector.running import Model, as_input, open_session
from detector.validation import letterbox

MODELS_DIR: Final = DATA_DIR.parent / "models"

#: COCO class (0 to 79) -> our class. Birds and trucks are left out, as in the truth.
_FROM_COCO: Final[dict[int, int]] = {
    0: PERSON,
    1: CYCLE, 3: CYCLE,
    2: VEHICLE, 5: VEHICLE, 6: VEHICLE,
    15: ANIMAL, 16: ANIMAL, 17: ANIMAL, 18: ANIMAL, 19: ANIMAL,
    13: OBJECT, 24: OBJECT, 26: OBJECT, 28: OBJECT, 32: OBJECT, 39: OBJECT,
    56: OBJECT, 57: OBJECT, 58: OBJECT, 60: OBJECT, 62: OBJECT,
}  # fmt: skip

_NANODET_MEAN: Final = np.array([103.53, 116.28, 123.675], np.float32)
_NANODET_STD: Final = np.array([57.375, 57.12, 58.395], np.float32)


def ours_from_coco(scores: FloatArray) -> FloatArray:
    """[n, 80] COCO scores to [n, C]: the best of each class's parts."""
    out = np.zeros((len(scores), len(CLASSES)), np.float32)
    for coco, index in _FROM_COCO.items():
        out[:, index] = np.maximum(out[:, index], scores[:, coco])
    return out


def _grid(size_px: int, stride_px: int, half: float) -> FloatArray:
    n = -(-size_px // stride_px)
    ys, xs = np.mgrid[:n, :n]
    return np.stack([xs.ravel() + half, ys.ravel() + half], -1).astype(np.float32) * stride_px


def _expected(distance: FloatArray) -> FloatArray:
    """[n, 32] logits of 8 bins a side to [n, 4] expected distances in strides."""
    bins = distance.reshape(-1, 4, 8)
    power = np.exp(bins - bins.max(-1, keepdims=True))
    out: FloatArray = (power / power.sum(-1, keepdims=True)) @ np.arange(8, dtype=np.float32)
    return out


def _from_distances(centres: FloatArray, distance: FloatArray) -> FloatArray:
    return np.concatenate([centres - distance[:, :2], centres + distance[:, 2:]], -1)


def open_yolox_nano(floor: float) -> Model:
    """YOLOX-nano 416 (Megvii, Apache-2.0)."""
    session = open_session(MODELS_DIR / "yolox_nano_416.onnx")
    grids = [_grid(416, s, 0.0) for s in (8, 16, 32)]
    origin = np.concatenate(grids)
    stride = np.concatenate(
        [np.full((len(g), 1), s) for g, s in zip(grids, (8, 16, 32), strict=True)]
    )

    def look(picture: UInt8Array) -> Found:
        tile, scale = letterbox(picture, 416)
        out = session.run(None, {session.get_inputs()[0].name: as_input(tile)})[0][0]
        middle, half = out[:, :2] * stride + origin, np.exp(out[:, 2:4]) * stride / 2
        boxes = np.concatenate([middle - half, middle + half], -1) / scale
        scores = ours_from_coco(out[:, 5:] * out[:, 4:5])
        return pick(boxes.astype(np.float32), scores, floor)

    return Model("yolox_nano_416", 416, session, look)


def open_picodet_s(floor: float) -> Model:
    """PicoDet-S 320 (PaddleDetection, Apache-2.0)."""
    session = open_session(MODELS_DIR / "picodet_s_320_hs.onnx")
    mean = np.array([123.675, 116.28, 103.53], np.float32)
    std = np.array([58.395, 57.12, 57.375], np.float32)

    def look(picture: UInt8Array) -> Found:
        height, width = picture.shape[:2]
        rgb = cv2.resize(picture, (320, 320))[..., ::-1]
        out = session.run(None, {session.get_inputs()[0].name: as_input((rgb - mean) / std)})
        scores = sorted((o[0] for o in out if o.shape[-1] == 80), key=len, reverse=True)
        bins = sorted((o[0] for o in out if o.shape[-1] == 32), key=len, reverse=True)
        boxes = [
            _from_distances(_grid(320, s, 0.5), _expected(b) * s)
            for s, b in zip((8, 16, 32, 64), bins, strict=True)
        ]
        factor = np.array([width, height, width, height], np.float32) / 320
        return pick(np.concatenate(boxes) * factor, ours_from_coco(np.concatenate(scores)), floor)

    return Model("picodet_s_320", 320, session, look)


def open_nanodet(floor: float) -> Model:
    """NanoDet-Plus-m 1.5x 320 (RangiLyu, Apache-2.0)."""
    session = open_session(MODELS_DIR / "nanodet_plus_m_1.5x_320.onnx")
    names = [o.name for o in session.get_outputs()]
    strides = (8, 16, 32, 64)

    def look(picture: UInt8Array) -> Found:
        tile, scale = letterbox(picture, 320)
        feed = as_input((tile - _NANODET_MEAN) / _NANODET_STD)
        out = dict(zip(names, session.run(None, {session.get_inputs()[0].name: feed}), strict=True))
        scores = sorted((v[0] for k, v in out.items() if "cls" in k), key=lambda v: -v.size)
        bins = sorted((v[0] for k, v in out.items() if "dis" in k), key=lambda v: -v.size)
        flat = np.concatenate([v.reshape(80, -1).T for v in scores])
        boxes = [
            _from_distances(_grid(320, s, 0.0), _expected(b.reshape(-1, 32)) * s)
            for s, b in zip(strides, bins, strict=True)
        ]
        return pick(np.concatenate(boxes) / np.float32(scale), ours_from_coco(flat), floor)

    return Model("nanodet_plus_m_1.5x_320", 320, session, look)


RIVALS: Final[dict[str, Callable[[float], Model]]] = {
    "picodet_s_320": open_picodet_s,
    "yolox_nano_416": open_yolox_nano,
    "nanodet_plus_m_1.5x_320": open_nanodet,
}
