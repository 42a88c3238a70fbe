"""The trained network as an ONNX graph with the output contract `ltrb_maps`.

Called by `export`, and by `training` to judge pictures faster than PyTorch does one by one.
"""

from __future__ import annotations

import io
import warnings
from typing import Final

import numpy as np
import onnx
import torch
from torch import nn

from detector.network import Detector, ExportedDetector
from detector.pictures import UInt8Array
from detector.running import as_input, open_session
from detector.validation import letterbox

_OUTPUTS: Final = ("p8", "p16", "p32")


def fold(detector: Detector) -> ExportedDetector:
    """Fold normalisations and the input's scale into the convolutions; exact but for rounding."""
    for module in detector.modules():
        if hasattr(module, "conv") and hasattr(module, "norm"):
            module.conv = nn.utils.fuse_conv_bn_eval(module.conv, module.norm)
            module.norm = nn.Identity()
    with torch.no_grad():
        detector.stem.conv.weight.mul_(detector.scale)  # type: ignore[arg-type]  # a buffer
        detector.scale.fill_(1.0)  # type: ignore[operator]  # a buffer
    return ExportedDetector(detector).eval()


def to_onnx(exported: ExportedDetector) -> bytes:
    """The graph as bytes: batch 1, height and width open, opset 17."""
    axes = {"images": {2: "height", 3: "width"}}
    axes |= {name: {2: f"{name}_h", 3: f"{name}_w"} for name in _OUTPUTS}
    file = io.BytesIO()
    with warnings.catch_warnings():
        # The tracing exporter says it is old; the new one needs a further package.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            exported,
            (torch.zeros(1, 3, 320, 320),),
            file,
            input_names=["images"],
            output_names=list(_OUTPUTS),
            dynamic_axes=axes,
            opset_version=17,
            dynamo=False,
        )
    graph = onnx.load_from_string(file.getvalue())
    onnx.checker.check_model(graph)
    data: bytes = graph.SerializeToString()
    return data


def check_parity(exported: nn.Module, data: bytes, pictures: list[UInt8Array]) -> float:
    """Largest difference between PyTorch and ONNX Runtime over pictures and tile shapes.

    Distances relative to the larger of 1 px and their size, scores absolute.
    """
    session = open_session(data)
    worst = 0.0
    for number, picture in enumerate(pictures):
        tile, _ = letterbox(picture, 320)
        tile = tile[:192] if number % 2 else tile
        feed = as_input(tile)
        with torch.no_grad():
            expected = exported(torch.from_numpy(feed))
        for a, b in zip(expected, session.run(list(_OUTPUTS), {"images": feed}), strict=True):
            difference = np.abs(a.numpy() - b) / np.maximum(1.0, np.abs(b))
            worst = max(worst, float(difference.max()))
    return worst
