"""The shipped detector, until it sees full blue: then its answer is no number."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

from tests.programs.live_rig import MODELS

LIMIT = 245.0
"""More blue than red and green by this, of 255: nothing that is drawn or filmed."""
SPOILT = "p8"


def write_failing_card(path: Path) -> Path:
    """A card beside such a model."""
    shipped = MODELS / "rearguard-detector.onnx"
    model = onnx.load(str(shipped))
    (name,) = [each.name for each in model.graph.input]
    for node in model.graph.node:
        for number, output in enumerate(node.output):
            if output == SPOILT:
                node.output[number] = "sound"
    kernel = np.array([1.0, -0.5, -0.5], np.float32).reshape(1, 3, 1, 1)
    model.graph.initializer.extend(
        [
            helper.make_tensor("bluer", TensorProto.FLOAT, kernel.shape, kernel.ravel()),
            helper.make_tensor("limit", TensorProto.FLOAT, (), [LIMIT]),
            helper.make_tensor("zero", TensorProto.FLOAT, (), [0.0]),
        ]
    )
    model.graph.node.extend(
        [
            helper.make_node("AveragePool", [name], ["mean"], kernel_shape=[8, 8], strides=[8, 8]),
            helper.make_node("Conv", ["mean", "bluer"], ["blue"]),
            helper.make_node("Sub", ["limit", "blue"], ["left"]),
            helper.make_node("Sqrt", ["left"], ["root"]),
            helper.make_node("Mul", ["root", "zero"], ["nil"]),
            helper.make_node("Add", ["sound", "nil"], [SPOILT]),
        ]
    )
    data = model.SerializeToString()
    path.with_suffix(".onnx").write_bytes(data)
    text = shipped.with_suffix(".toml").read_text(encoding="utf-8")
    known = hashlib.sha256(shipped.read_bytes()).hexdigest()
    text = text.replace(known, hashlib.sha256(data).hexdigest())
    path.write_text(text.replace(shipped.name, path.with_suffix(".onnx").name), encoding="utf-8")
    return path
