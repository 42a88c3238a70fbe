"""Look at one person with an ONNX pose model: cut out, infer, read the joints.

Decides whether the graph has the shape that the card claims; a doubt is a ModelError before the
first picture. Knows neither metres nor time. The session comes from the program, which loads it as
the detector's (`devices.detector.load_session`). Called by `rig.programs`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from rig.core.gait.keypoints import JOINTS, MIRRORED, Floats
from rig.core.pose_card import PoseCard
from rig.core.pose_maps import CELL_PX, INPUT_HEIGHT_PX, INPUT_WIDTH_PX, frame_of, read_maps
from rig.errors import ModelError
from rig.records import Box, Picture


class Session(Protocol):
    """What runs a graph; an ONNX Runtime session outside of tests."""

    def run(self, outputs: Sequence[str], feed: Mapping[str, Any]) -> Sequence[Any]:
        """The named outputs for this input."""

    def get_inputs(self) -> Sequence[Any]:
        """What it takes."""

    def get_outputs(self) -> Sequence[Any]:
        """What it gives."""


class PoseModel:
    """One loaded model. Raises ModelError where graph and card do not agree.

    `looks_twice`: also in the mirror, and takes the mean: twice the cost, fewer wrong joints.
    """

    def __init__(self, card: PoseCard, session: Session, *, looks_twice: bool = True) -> None:
        self.card = card
        self._looks_twice = looks_twice
        self._session = session
        self._check_names()
        maps = self._infer(np.zeros((1, 3, INPUT_HEIGHT_PX, INPUT_WIDTH_PX), np.float32))
        wanted = (1, len(JOINTS), INPUT_HEIGHT_PX // CELL_PX, INPUT_WIDTH_PX // CELL_PX)
        if maps.shape != wanted or maps.dtype != np.float32:
            raise self._refusal(f"it gives {maps.dtype} {list(maps.shape)}, not {list(wanted)}")
        if not np.isfinite(maps).all() or maps.min() < 0 or maps.sum((2, 3)).max() > 1.001:
            raise self._refusal("what it gives are no chances: they must add up to 1 at most")

    def look(self, picture: Picture, box: Box) -> tuple[Floats, Floats]:
        """Joints (17, 2) in picture pixels and their confidence (17,), of the person in this box.

        `picture` is uint8 [height, width, 3] in blue green red. Where the box lies outside the
        picture, all are NaN with confidence 0. Confidence is the chance of the joint being there.
        """
        frame = frame_of(box)
        tile = _cut(picture, frame, self.card.pad_value)
        if tile is None:
            return np.full((len(JOINTS), 2), np.nan), np.zeros(len(JOINTS))
        small = _fit(tile)
        feed = np.ascontiguousarray(small.transpose(2, 0, 1)[None], np.float32)
        maps = self._infer(feed)[0]
        if self._looks_twice:
            mirrored = self._infer(np.ascontiguousarray(feed[..., ::-1]))[0]
            maps = (maps + mirrored[MIRRORED][..., ::-1]) / 2
        points, sure = read_maps(maps)
        left, top, wide, tall = frame
        points *= (wide / INPUT_WIDTH_PX, tall / INPUT_HEIGHT_PX)
        return np.asarray(points + np.array((left, top))), sure

    def _infer(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        found = self._session.run([self.card.output_name], {self.card.input_name: values})
        return np.asarray(found[0])

    def _check_names(self) -> None:
        """Before anything is inferred: other names would be the runtime's own error."""
        inputs = [one.name for one in self._session.get_inputs()]
        outputs = [one.name for one in self._session.get_outputs()]
        if inputs != [self.card.input_name] or outputs != [self.card.output_name]:
            raise self._refusal(
                f"it takes {inputs} and gives {outputs}, the card says "
                f"['{self.card.input_name}'] and ['{self.card.output_name}']"
            )
        shape = list(self._session.get_inputs()[0].shape)
        if shape[1:] != [3, INPUT_HEIGHT_PX, INPUT_WIDTH_PX]:
            raise self._refusal(f"its input is {shape}")

    def _refusal(self, what: str) -> ModelError:
        return ModelError(
            f"{self.card.weights} is a model of another shape than card {self.card.path} says: "
            f"{what}; use the card that was written with these weights"
        )


def _cut(picture: Picture, frame: tuple[int, int, int, int], pad: int) -> Picture | None:
    """The frame's pixels, padded where it reaches out; None where it misses the picture."""
    left, top, wide, tall = frame
    height, width = picture.shape[:2]
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + wide, width), min(top + tall, height)
    if x1 <= x0 or y1 <= y0:
        return None
    inner = picture[y0:y1, x0:x1]
    if inner.shape[:2] == (tall, wide):
        return inner
    whole = np.full((tall, wide, 3), pad, np.uint8)
    whole[y0 - top : y1 - top, x0 - left : x1 - left] = inner
    return whole


def _fit(tile: Picture) -> Picture:
    """Averaged down, or enlarged, to the input's size."""
    size = (INPUT_WIDTH_PX, INPUT_HEIGHT_PX)
    method = cv2.INTER_AREA if tile.shape[0] > INPUT_HEIGHT_PX else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(tile, size, interpolation=method), np.uint8)
