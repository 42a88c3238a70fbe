"""Turns a checkpoint into `models/rearguard-detector.onnx` and its card, checked before in place.

Decides nothing about quality but measures it: the card's numbers come from here. Called by
`scripts/export-detector`.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
from pathlib import Path
from typing import Final

from detector import checkpoints
from detector.card import CardNumbers, write_card
from detector.evaluation import ROOT, choose_score
from detector.network import Detector, ExportedDetector, count_macs, count_parameters
from detector.onnx_graph import check_parity, fold, to_onnx
from detector.pictures import (
    DataMissing,
    cache_dir,
    check_data,
    open_composites,
    open_photographs,
)
from detector.rendered import measure_rendered, print_rendered
from detector.running import open_ours, time_interleaved
from detector.validation import judge, pool, val_pictures, val_tiles

MODEL: Final = ROOT / "models" / "rearguard-detector.onnx"
CARD: Final = MODEL.with_suffix(".toml")
PARITY_LIMIT: Final = 1e-3


def put_in_place(data: bytes, card: str, model_path: Path) -> None:
    """Write both files beside their places, then rename both."""
    parts = []
    for path, content in ((model_path, data), (model_path.with_suffix(".toml"), card.encode())):
        part = path.with_name(path.name + ".part")
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        parts.append((part, path))
    for part, path in parts:
        os.replace(part, path)


def export(checkpoint: Path, model_path: Path) -> None:
    """Export, compare, measure, write. Raises ValueError where PyTorch and ONNX disagree."""
    if checkpoint.is_file():
        detector, progress = checkpoints.load_smooth(checkpoint)
    else:
        raise DataMissing(f"No checkpoint {checkpoint}: run scripts/train-detector first.")
    macs, parameters = count_macs(detector, 320, 320), count_parameters(detector)
    plain = ExportedDetector(Detector(detector.widths)).eval()
    plain.detector.load_state_dict(detector.state_dict())
    data = to_onnx(fold(detector))
    check_data()
    pictures = val_pictures(open_photographs())
    worst = check_parity(plain, data, [p for p, _ in pictures[::36]])
    if worst > PARITY_LIMIT:
        raise ValueError(
            f"PyTorch and ONNX differ by {worst:.2g}, allowed is {PARITY_LIMIT}; "
            "nothing was written."
        )
    candidate = cache_dir() / "candidate.onnx"
    candidate.parent.mkdir(parents=True, exist_ok=True)
    candidate.write_bytes(data)
    model = open_ours(candidate)
    results = judge(model.look, pictures)
    composites = open_composites()
    tiles = judge(model.look, val_tiles(composites)) if composites else {}
    both = {name: pool(r, tiles[name]) if tiles else r for name, r in results.items()}
    scores = {name: choose_score(result) for name, result in both.items()}
    drawn = measure_rendered(model.look, scores)
    print_rendered("candidate", drawn)
    numbers = CardNumbers(
        sha256=hashlib.sha256(data).hexdigest(),
        macs=macs,
        parameters=parameters,
        progress=progress,
        ap50={name: (result.ap50, result.n) for name, result in results.items()},
        tiles_ap50={name: (result.ap50, result.n) for name, result in tiles.items()},
        scores=scores,
        rendered=drawn,
        parity=worst,
        ms=time_interleaved([model], 60)[model.name],
    )
    put_in_place(data, write_card(numbers), model_path)
    print(
        f"{model_path} {len(data)} bytes, sha256 {numbers.sha256}, largest difference {worst:.1e}"
    )
    print(" ".join(f"{k} {v:.3f} (n {n})" for k, (v, n) in numbers.ap50.items()))


def main(arguments: list[str]) -> int:
    """Entry point; 0 written, 1 if the check failed, 2 if something needed is missing."""
    parser = argparse.ArgumentParser(prog="export-detector", description=__doc__)
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
