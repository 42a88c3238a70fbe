"""Turns a checkpoint into `models/rearguard-pose.onnx` and its card, checked before in place.

Decides nothing about quality but measures it: the card's numbers come from here. Called by
`scripts/export-pose`.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import sys
import warnings
from pathlib import Path
from typing import Final

import numpy as np
import onnx
import torch
from detector import checkpoints
from detector.export import put_in_place
from detector.network import count_macs, count_parameters
from detector.pictures import DataMissing
from detector.running import open_session
from torch import nn

from pose_training.batches import plain
from pose_training.card import CardNumbers, write_card
from pose_training.evaluation import INPUT, MODEL, OUTPUT, measure_ours, time_models
from pose_training.network import ExportedPose, PoseNet
from pose_training.samples import cache_dir, open_samples
from pose_training.training import load_smooth
from rig.core.pose_maps import INPUT_HEIGHT_PX, INPUT_WIDTH_PX

PARITY_LIMIT: Final = 1e-3
_COMPARED: Final = 40


def fold(net: PoseNet) -> ExportedPose:
    """Fold normalisations and the input's scale into the convolutions; exact but for rounding."""
    for module in net.modules():
        if hasattr(module, "conv") and hasattr(module, "norm"):
            module.conv = nn.utils.fuse_conv_bn_eval(module.conv, module.norm)
            module.norm = nn.Identity()
    with torch.no_grad():
        net.stem.conv.weight.mul_(net.scale)  # type: ignore[arg-type]  # a buffer
        net.scale.fill_(1.0)  # type: ignore[operator]  # a buffer
    return ExportedPose(net).eval()


def to_onnx(exported: ExportedPose) -> bytes:
    """The graph as bytes: batch 1, fixed size, opset 17."""
    file = io.BytesIO()
    with warnings.catch_warnings():
        # The tracing exporter says it is old; the new one needs a further package.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            exported,
            (torch.zeros(1, 3, INPUT_HEIGHT_PX, INPUT_WIDTH_PX),),
            file,
            input_names=[INPUT],
            output_names=[OUTPUT],
            opset_version=17,
            dynamo=False,
        )
    graph = onnx.load_from_string(file.getvalue())
    onnx.checker.check_model(graph)
    data: bytes = graph.SerializeToString()
    return data


def check_parity(plain_net: ExportedPose, data: bytes) -> float:
    """Largest difference of a chance between PyTorch, not folded, and ONNX Runtime."""
    session, worst = open_session(data), 0.0
    for kind in ("lsp", "drawn"):
        samples = open_samples(kind)
        if samples is None:
            raise DataMissing(f"No samples of kind {kind}: run scripts/train-pose first.")
        for i in np.flatnonzero(samples.is_val)[:_COMPARED]:
            image, _ = plain(samples, int(i))
            feed = np.ascontiguousarray(image.transpose(2, 0, 1)[None], np.float32)
            with torch.no_grad():
                expected = plain_net(torch.from_numpy(feed)).numpy()
            found = session.run([OUTPUT], {INPUT: feed})[0]
            worst = max(worst, float(np.abs(expected - found).max()))
    return worst


def export(checkpoint: Path, model_path: Path) -> None:
    """Export, compare, measure, write. Raises ValueError where PyTorch and ONNX disagree."""
    if not checkpoint.is_file():
        raise DataMissing(f"No checkpoint {checkpoint}: run scripts/train-pose first.")
    net, progress = load_smooth(checkpoint)
    macs, parameters = count_macs(net, INPUT_HEIGHT_PX, INPUT_WIDTH_PX), count_parameters(net)
    plain_net = ExportedPose(load_smooth(checkpoint)[0]).eval()
    data = to_onnx(fold(net))
    worst = check_parity(plain_net, data)
    if worst > PARITY_LIMIT:
        raise ValueError(
            f"PyTorch and ONNX differ by {worst:.2g}, allowed is {PARITY_LIMIT}; "
            "nothing was written."
        )
    candidate = cache_dir() / "candidate.onnx"
    candidate.write_bytes(data)
    photographs, drawn = measure_ours(data)
    numbers = CardNumbers(
        file=model_path.name,
        sha256=hashlib.sha256(data).hexdigest(),
        macs=macs,
        parameters=parameters,
        progress=progress,
        photographs=photographs,
        drawn=drawn,
        parity=worst,
        ms=time_models({"ours": open_session(data)}, 100)["ours"],
    )
    put_in_place(data, write_card(numbers), model_path)
    print(f"{model_path} {len(data)} bytes, sha256 {numbers.sha256}, parity {worst:.1e}")
    for name, one in (("photographs", photographs), ("drawn", drawn)):
        print(f"{name}: {one}")


def main(arguments: list[str]) -> int:
    """Entry point; 0 written, 1 if the check failed, 2 if something needed is missing."""
    parser = argparse.ArgumentParser(prog="export-pose", description=__doc__)
    folder = cache_dir() / "run"
    parser.add_argument("--checkpoint", type=Path, default=folder / checkpoints.BEST)
    parser.add_argument("--to", type=Path, default=MODEL, help="the .onnx; the card lies beside it")
    args = parser.parse_args(arguments)
    try:
        export(args.checkpoint, args.to)
    except DataMissing as problem:
        print(problem, file=sys.stderr)
        return 2
    except ValueError as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0
