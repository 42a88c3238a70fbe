"""A tiny ONNX model whose answers are known to the pixel.

Blue says how sure the first class is, green and red how far the box reaches across and down, each
averaged over a cell of 8 x 8 input pixels. So a painted square of the right size is a beacon whose
box is known through every tile.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from rig.config import DetectorOptions
from rig.core.card import Card, CardInput
from rig.devices.detector import OUTPUTS
from rig.records import Kind, Picture, Tile

CLASSES = (Kind.OBJECT, Kind.PERSON)
WHOLE = Tile(0, 0, 1280, 720, 320, 192)
OPTIONS = DetectorOptions(threads=1)


def save_beacon_model(
    path: Path,
    channels: int = 6,
    outputs: tuple[str, ...] = ("p8", "p16", "p32"),
    input_name: str = "picture",
    rank: int = 4,
    size: tuple[Any, Any] = ("height", "width"),
    score_gain: float = 1 / 255,
) -> str:
    """Write the model; gives its sha256."""
    weights = np.zeros((channels, 3, 1, 1), np.float32)
    weights[[0, 2], 1] = 1.0  # green: left and right
    weights[[1, 3], 2] = 1.0  # red: top and bottom
    weights[4, 0] = score_gain  # blue: the score of the first class
    tensors = [helper.make_tensor("w", TensorProto.FLOAT, weights.shape, weights.ravel())]
    nothing = np.zeros((channels, 3, 1, 1), np.float32)
    tensors.append(helper.make_tensor("z", TensorProto.FLOAT, nothing.shape, nothing.ravel()))
    nodes = []
    for name, stride in zip(outputs, (8, 16, 32), strict=False):
        side = [stride, stride]
        nodes.append(
            helper.make_node(
                "AveragePool", [input_name], [f"mean{stride}"], kernel_shape=side, strides=side
            )
        )
        kernel = "w" if stride == 8 else "z"
        nodes.append(helper.make_node("Conv", [f"mean{stride}", kernel], [name]))
    shape = [1, 3, *size][:rank] if rank <= 4 else [1, 3, *size, 1]
    graph = helper.make_graph(
        nodes,
        "beacons",
        [helper.make_tensor_value_info(input_name, TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        tensors,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    data = model.SerializeToString()
    path.write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def card_for(path: Path, sha256: str, **changes: Any) -> Card:
    about = CardInput("picture", 320, 320, 32, "bgr", (0.0,) * 3, (1.0,) * 3, 0.0, 8.0)
    card = Card(
        path.with_suffix(".toml"),
        "beacons",
        path,
        sha256,
        "ltrb_maps",
        CLASSES,
        about,
        (0.5, 0.5),
        0.5,
    )
    return replace(card, **changes)


def paint(picture: Picture, x0: int, y0: int, side: int, colour: tuple[int, int, int]) -> None:
    picture[y0 : y0 + side, x0 : x0 + side] = colour


def dark(width: int = 1280, height: int = 720) -> Picture:
    return np.zeros((height, width, 3), np.uint8)


def save_flat_model(path: Path) -> str:
    """A model over a vector."""
    nodes = [helper.make_node("Identity", ["picture"], [name]) for name in OUTPUTS]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "flat",
        [value("picture", TensorProto.FLOAT, [1, 3])],
        [value(name, TensorProto.FLOAT, [1, 3]) for name in OUTPUTS],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, path)
    return hashlib.sha256(path.read_bytes()).hexdigest()
