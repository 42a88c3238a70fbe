"""People whom the labels of some sources miss: a public model finds them, the loss leaves them out.

Only ignore regions come from it, never labels, so nothing of the public model's answers is taught.
Run as `python -m detector.teachers` from `scripts/`; read by `training` where it has been run.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from tqdm import tqdm

from detector.accuracy import iou_matrix
from detector.classes import PERSON
from detector.pictures import Labels, PictureStore, cache_dir, open_photographs
from detector.rivals import open_nanodet

#: Sources whose far or marginal people are not all labelled.
SOURCES: Final = ("running", "people", "field_players", "pitch_crops", "sites", "plant_cameras")
_LEAST_SCORE: Final = 0.3
_SAME_OVERLAP: Final = 0.35


def missed_path() -> Path:
    """Where the regions are kept."""
    return cache_dir() / "missed-people.json"


def find_missed(store: PictureStore) -> dict[str, list[list[float]]]:
    """Boxes of people that the teacher sees and no label covers, by file name."""
    look = open_nanodet(_LEAST_SCORE).look
    out: dict[str, list[list[float]]] = {}
    for i in tqdm(store.of_split("train"), mininterval=10):
        labels = store.labels[i]
        if labels.source not in SOURCES:
            continue
        found = look(store.picture(i))
        people = found.boxes[found.classes == PERSON]
        if not len(people):
            continue
        overlap = iou_matrix(people, labels.boxes).max(1, initial=0.0)
        missed = people[overlap < _SAME_OVERLAP]
        out[labels.file_name] = np.round(missed, 1).tolist()
    return out


def ignore_missed(store: PictureStore) -> int:
    """Add the regions to the store's labels; returns how many, 0 if they were never looked for."""
    if not missed_path().is_file():
        return 0
    missed = json.loads(missed_path().read_text())
    count = 0
    for i, labels in enumerate(store.labels):
        boxes = missed.get(labels.file_name)
        if boxes and labels.split == "train":
            store.labels[i] = _with_ignored(labels, np.array(boxes, np.float32))
            count += len(boxes)
    return count


def _with_ignored(labels: Labels, boxes: np.ndarray) -> Labels:
    masks = np.full(len(boxes), 1 << PERSON, np.int64)
    return Labels(
        labels.source,
        labels.split,
        labels.file_name,
        labels.boxes,
        labels.classes,
        np.concatenate([labels.ignored, boxes]),
        np.concatenate([labels.ignored_classes, masks]),
        labels.unknown,
    )


if __name__ == "__main__":
    cv2.setNumThreads(1)
    part = missed_path().with_suffix(".part")
    part.write_text(json.dumps(find_missed(open_photographs())))
    os.replace(part, missed_path())
