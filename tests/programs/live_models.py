"""A detector that finds nothing, until it sees full blue: then its answer is no number."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

from tests.programs.processes import CARD

SIDES = {"p8": 8, "p16": 16, "p32": 32}
LIMIT = 250.0


def write_failing_card(path: Path) -> Path:
    """A card beside such a model."""
    kernel = np.zeros((6, 3, 1, 1), np.float32)
    blue = kernel.copy()
    blue[:, 0] = 1.0
    constants = {"nothing": kernel, "blue": blue, "limit": np.float32(LIMIT), "zero": np.float32(0)}
    tensors = [
        helper.make_tensor(name, TensorProto.FLOAT, np.shape(values), np.ravel(values))
        for name, values in constants.items()
    ]
    nodes = [node for name, side in SIDES.items() for node in _branch(name, side)]
    size = [1, 3, "height", "width"]
    graph = helper.make_graph(
        nodes,
        "failing",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, size)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in SIDES],
        tensors,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    data = model.SerializeToString()
    weights = path.with_suffix(".onnx")
    weights.write_bytes(data)
    sha256 = hashlib.sha256(data).hexdigest()
    names, scores = '"person", "object"', "person = 0.9, object = 0.9"
    text = CARD.format(file=weights.name, sha256=sha256, classes=names, scores=scores)
    path.write_text(text, encoding="utf-8")
    return path


def _branch(name: str, side: int) -> list[onnx.NodeProto]:
    """Zeros, plus nothing times the root of what is left to the limit."""
    of = {word: f"{name}_{word}" for word in ("mean", "flat", "blue", "left", "root", "nil")}
    sides = [side, side]
    return [
        helper.make_node("AveragePool", ["picture"], [of["mean"]], kernel_shape=sides,
                         strides=sides),
        helper.make_node("Conv", [of["mean"], "nothing"], [of["flat"]]),
        helper.make_node("Conv", [of["mean"], "blue"], [of["blue"]]),
        helper.make_node("Sub", ["limit", of["blue"]], [of["left"]]),
        helper.make_node("Sqrt", [of["left"]], [of["root"]]),
        helper.make_node("Mul", [of["root"], "zero"], [of["nil"]]),
        helper.make_node("Add", [of["flat"], of["nil"]], [name]),
    ]  # fmt: skip
