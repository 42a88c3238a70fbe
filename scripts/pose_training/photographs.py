"""Samples of people whose joints were marked by hand: the LSP-extended crops.

Called by `training`, and by `evaluation` for the whole pictures of the held-out ones.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import cv2
from detector.pictures import DATA_DIR, DataMissing

from pose_training.joints import FloatArray, Marks, around, from_lsp
from pose_training.samples import SampleWriter, UInt8Array

KIND: Final = "lsp"
_LEAST_KNOWN: Final = 8
Person = tuple[UInt8Array, FloatArray, Marks, bool, bool]
"""Picture, box, marks, whether held out, whether upright."""


def read_people(data_dir: Path = DATA_DIR, only_val: bool = False) -> Iterator[Person]:
    """Everybody of `pose/` with at least eight joints marked."""
    path = data_dir / "pose" / "joints.json"
    if not path.is_file():
        raise DataMissing(
            f"No people to learn from: {path} is missing; it lists crops with fourteen joints "
            "each, as LSP extended has them (see models/README.md)."
        )
    for row in json.loads(path.read_text())["people"]:
        is_val = row["split"] == "val"
        marks = from_lsp(row["joints"])
        if (only_val and not is_val) or marks[1].sum() < _LEAST_KNOWN:
            continue
        picture = cv2.imread(str(path.parent / "images" / row["file"]), cv2.IMREAD_COLOR)
        if picture is None:
            raise DataMissing(f"{row['file']} cannot be read as a picture; fetch the data again.")
        yield picture, around(*marks), marks, is_val, bool(row["upright"])


def write_people() -> int:
    """Fill the cache; how many samples there are."""
    writer = SampleWriter(KIND)
    for picture, box, marks, is_val, _ in read_people():
        writer.add(picture, box, marks, is_val)
    return writer.close()
