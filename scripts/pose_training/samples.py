"""People cut out of pictures with their joints, in one flat file each kind, made once.

A sample is a square of SIDE_PX px round one person, half as large again as what the network sees,
so that it can still be turned, moved and scaled. Decides the form of the cache only. Written by
`photographs`, `taught` and `drawn`; read by `batches` and `training`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from pose_training.joints import FloatArray, Marks
from rig.core.pose_maps import INPUT_HEIGHT_PX, frame_height

UInt8Array = npt.NDArray[np.uint8]
SIDE_PX: Final = 192
PAD: Final = 114
_SPARE: Final = SIDE_PX / INPUT_HEIGHT_PX


def cache_dir() -> Path:
    """Folder for caches and checkpoints, outside the repository."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "rearguard" / "pose"


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """N people: `pixels` (N, S, S, 3) BGR, `points` (N, 17, 2) px, `known` (N, 17) of them.

    `valid` (N, 4) is the part x0, y0, x1, y1 that lies in the source picture; `is_val` (N,).
    """

    pixels: UInt8Array
    points: FloatArray
    known: npt.NDArray[np.bool_]
    valid: FloatArray
    is_val: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.points)


def open_samples(kind: str) -> Samples | None:
    """The samples of a kind, if they have been made."""
    folder = cache_dir() / kind
    if not (folder / "index.npz").is_file():
        return None
    with np.load(folder / "index.npz") as index:
        rows = {name: index[name] for name in ("points", "known", "valid", "is_val")}
    shape = (len(rows["points"]), SIDE_PX, SIDE_PX, 3)
    pixels = np.memmap(folder / "pixels.u8", dtype=np.uint8, mode="r", shape=shape)
    return Samples(pixels=pixels, **rows)


class SampleWriter:
    """Writes one kind of samples; they exist for readers only after `close`."""

    def __init__(self, kind: str) -> None:
        self._folder = cache_dir() / kind
        self._folder.mkdir(parents=True, exist_ok=True)
        self._file = (self._folder / "pixels.u8.part").open("wb")
        self._rows: list[tuple[FloatArray, npt.NDArray[np.bool_], FloatArray, bool]] = []

    def add(self, picture: UInt8Array, box: FloatArray, marks: Marks, is_val: bool) -> None:
        """Cut one person out of a picture; `box` x0, y0, x1, y1 and the marks in its pixels."""
        square, corner, scale = cut_square(picture, box)
        points, known = marks
        height, width = picture.shape[:2]
        edges = (np.array([0, 0, width, height]) - np.tile(corner, 2)) * scale
        self._file.write(square.tobytes())
        moved = ((points - corner) * scale).astype(np.float32)
        valid = np.clip(edges, 0, SIDE_PX).astype(np.float32)
        self._rows.append((moved, known, valid, is_val))

    def close(self) -> int:
        """Put both files in place, the index last; how many there are."""
        self._file.close()
        os.replace(self._folder / "pixels.u8.part", self._folder / "pixels.u8")
        names = ("points", "known", "valid", "is_val")
        columns = {
            n: np.array(c) for n, c in zip(names, zip(*self._rows, strict=True), strict=True)
        }
        part = self._folder / "index.part.npz"
        np.savez(part, **columns)
        os.replace(part, self._folder / "index.npz")
        return len(self._rows)


def cut_square(picture: UInt8Array, box: FloatArray) -> tuple[UInt8Array, FloatArray, float]:
    """The square round a box, its corner in the picture and the scale from picture to square."""
    size = max(8, round(frame_height(box[2] - box[0], box[3] - box[1]) * _SPARE))
    x0, y0 = (round(float((box[i] + box[i + 2]) / 2) - size / 2) for i in (0, 1))
    height, width = picture.shape[:2]
    square = np.full((size, size, 3), PAD, np.uint8)
    left, top = max(x0, 0), max(y0, 0)
    right, bottom = min(x0 + size, width), min(y0 + size, height)
    if right > left and bottom > top:
        square[top - y0 : bottom - y0, left - x0 : right - x0] = picture[top:bottom, left:right]
    method = cv2.INTER_AREA if size > SIDE_PX else cv2.INTER_LINEAR
    scaled: UInt8Array = cv2.resize(square, (SIDE_PX, SIDE_PX), interpolation=method)
    return scaled, np.array([x0, y0], np.float32), SIDE_PX / size
