"""Training pictures, decoded once into one flat file of bytes so that loading costs little.

Decides how labels become our classes, what is ignored and where the cache lies. Called by
`training`, `evaluation` and `composites`.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from detector.classes import CLASS_OF, IGNORED, unknown_classes

DATA_DIR: Final = Path(__file__).resolve().parents[3] / "shared" / "data"

UInt8Array = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float32]


class DataMissing(Exception):
    """The training pictures are not where they are looked for."""


def cache_dir() -> Path:
    """Folder for caches and checkpoints, outside the repository."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "rearguard" / "detector"


def check_data(data_dir: Path = DATA_DIR) -> None:
    """Raise DataMissing, with the sources to get pictures from, if the labels are not there."""
    path = data_dir / "detect" / "annotations.json"
    if not path.is_file():
        raise DataMissing(
            f"No training pictures: {path} is missing; it is a COCO-style list with `source`, "
            "`split` and `labelled` per picture, and such pictures can be had from PASCAL VOC2007 "
            "test, Animal-Pose, TraCon cones and the exports named, with their terms, in "
            "models/rearguard-detector.toml."
        )


@dataclass(frozen=True, slots=True)
class Labels:
    """What is known about one picture; boxes in its own pixels as x1, y1, x2, y2.

    `boxes` [n, 4], `classes` [n]; `ignored` [m, 4] with the bit masks `ignored_classes` [m];
    `unknown` is the bit mask of classes about which the whole picture says nothing.
    """

    source: str
    split: str
    file_name: str
    boxes: FloatArray
    classes: npt.NDArray[np.int64]
    ignored: FloatArray
    ignored_classes: npt.NDArray[np.int64]
    unknown: int


class PictureStore:
    """Pictures in one memory-mapped file, with their labels. Index gives a view, never a copy."""

    def __init__(self, folder: Path) -> None:
        index = json.loads((folder / "index.json").read_text())
        self._bytes: UInt8Array = np.memmap(folder / "pixels.u8", dtype=np.uint8, mode="r")
        self._shapes: list[tuple[int, int]] = [tuple(row["shape"]) for row in index]
        sizes = [height * width * 3 for height, width in self._shapes]
        self._starts = np.concatenate([[0], np.cumsum(sizes)])
        self.labels = [_labels_from(row) for row in index]

    def __len__(self) -> int:
        return len(self.labels)

    def picture(self, i: int) -> UInt8Array:
        """BGR uint8 [H, W, 3], read only."""
        height, width = self._shapes[i]
        flat = self._bytes[self._starts[i] : self._starts[i + 1]]
        return flat.reshape(height, width, 3)

    def of_split(self, split: str) -> list[int]:
        """Indices of the pictures of `train` or `val`."""
        return [i for i, labels in enumerate(self.labels) if labels.split == split]


class StoreWriter:
    """Writes a PictureStore; it exists for readers only after `close`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._index: list[dict[str, object]] = []
        self._file = (folder / "pixels.u8.part").open("wb")

    def add(self, picture: UInt8Array, labels: Labels) -> None:
        """Append one BGR picture and its labels."""
        self._file.write(np.ascontiguousarray(picture).tobytes())
        row = {name: _plain(getattr(labels, name)) for name in Labels.__dataclass_fields__}
        self._index.append({"shape": list(picture.shape[:2]), **row})

    def close(self) -> None:
        """Put both files in place; the index last, since its presence means complete."""
        self._file.close()
        os.replace(self._folder / "pixels.u8.part", self._folder / "pixels.u8")
        part = self._folder / "index.json.part"
        part.write_text(json.dumps(self._index))
        os.replace(part, self._folder / "index.json")


def _plain(value: object) -> object:
    return np.round(value, 2).tolist() if isinstance(value, np.ndarray) else value


def _labels_from(row: dict[str, object]) -> Labels:
    return Labels(
        source=str(row["source"]),
        split=str(row["split"]),
        file_name=str(row["file_name"]),
        boxes=np.array(row["boxes"], np.float32).reshape(-1, 4),
        classes=np.array(row["classes"], np.int64).reshape(-1),
        ignored=np.array(row["ignored"], np.float32).reshape(-1, 4),
        ignored_classes=np.array(row["ignored_classes"], np.int64).reshape(-1),
        unknown=int(str(row["unknown"])),
    )


def read_labels(data_dir: Path = DATA_DIR) -> list[Labels]:
    """Labels of all pictures of `detect/`, mapped to our classes."""
    check_data(data_dir)
    table = json.loads((data_dir / "detect" / "annotations.json").read_text())
    names = {row["id"]: row["name"] for row in table["categories"]}
    marks: dict[int, list[dict[str, object]]] = {}
    for mark in table["annotations"]:
        marks.setdefault(mark["image_id"], []).append(mark)
    return [_map_labels(row, marks.get(row["id"], []), names) for row in table["images"]]


def _map_labels(
    row: dict[str, object], marks: list[dict[str, object]], names: dict[int, str]
) -> Labels:
    """Difficult and crowd boxes are ignored for their own class; unmapped things by IGNORED."""
    kept: list[list[float]] = []
    classes: list[int] = []
    ignored: list[list[float]] = []
    masks: list[int] = []
    for mark in marks:
        name = names[int(str(mark["category_id"]))]
        x, y, width, height = (float(v) for v in mark["bbox"])  # type: ignore[attr-defined]  # JSON
        box = [x, y, x + width, y + height]
        if name in IGNORED:
            ignored.append(box)
            masks.append(IGNORED[name])
        elif mark["difficult"] or mark["iscrowd"]:
            ignored.append(box)
            masks.append(1 << CLASS_OF[name])
        else:
            kept.append(box)
            classes.append(CLASS_OF[name])
    labelled = row["labelled"]
    assert isinstance(labelled, list)
    return Labels(
        source=str(row["source"]),
        split=str(row["split"]),
        file_name=str(row["file_name"]),
        boxes=np.array(kept, np.float32).reshape(-1, 4),
        classes=np.array(classes, np.int64),
        ignored=np.array(ignored, np.float32).reshape(-1, 4),
        ignored_classes=np.array(masks, np.int64),
        unknown=unknown_classes(str(row["source"]), labelled),
    )


def open_composites() -> PictureStore | None:
    """The rendered training scenes, if `detector.composites` has made them."""
    folder = cache_dir() / "composites"
    return PictureStore(folder) if (folder / "index.json").is_file() else None


def open_photographs(data_dir: Path = DATA_DIR) -> PictureStore:
    """The store of `detect/`, built on first use (about 3 GB, a minute)."""
    folder = cache_dir() / "photographs"
    if not (folder / "index.json").is_file():
        writer = StoreWriter(folder)
        for labels in tqdm(read_labels(data_dir), desc="decoding pictures", mininterval=5):
            path = data_dir / "detect" / "images" / labels.file_name
            picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
            if picture is None:
                raise DataMissing(f"{path} cannot be read as a picture; fetch the data again.")
            writer.add(picture, labels)
        writer.close()
    return PictureStore(folder)
