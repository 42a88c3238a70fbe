"""Writes the pose model's card: what the rig reads, and what people should know of the weights.

Called by `export`; the rig's reader is `rig.core.pose_card`.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Final

from detector.checkpoints import Progress

from pose_training.evaluation import Result
from rig.core.gait.keypoints import JOINTS
from rig.core.pose_card import DECODER
from rig.core.pose_maps import INPUT_HEIGHT_PX, INPUT_WIDTH_PX

_SOURCES: Final = (
    ("LSP extended (Johnson & Everingham 2011), small crops", "joints marked by hand", "research"),
    (
        "people on the detector's photographs (models/rearguard-detector.toml)",
        "joints by two public tinypose models (PaddleDetection), where sure and agreed",
        "weights Apache-2.0; pictures as there",
    ),
    ("drawn runners, walkers, standers, falls", "rig/sim: exact joints, feet included", "our own"),
)


@dataclass(frozen=True, slots=True)
class CardNumbers:
    """Everything on the card that is measured."""

    file: str
    sha256: str
    macs: int
    parameters: int
    progress: Progress
    photographs: Result
    drawn: Result
    parity: float
    ms: float


def write_card(numbers: CardNumbers) -> str:
    """The card as TOML text."""
    lines = [
        "# Written by scripts/export-pose; the numbers are measured by it.",
        f'name = "{numbers.file.removesuffix(".onnx")}"',
        f'file = "{numbers.file}"',
        f'sha256 = "{numbers.sha256}"',
        f'decoder = "{DECODER}"',
        f"joints = {json.dumps(list(JOINTS))}",
        "",
        "[input]",
        'name = "images"',
        f"width_px = {INPUT_WIDTH_PX}",
        f"height_px = {INPUT_HEIGHT_PX}",
        'colour = "bgr"',
        "pad_value = 114",
        "",
        "[output]",
        'name = "maps"',
        "",
        "[training]",
        'command = "scripts/train-pose"',
        'start = "random weights; no public weights used or fine-tuned"',
        f"steps = {numbers.progress.step}",
        f"people = {numbers.progress.pictures}",
        f"hours = {numbers.progress.trained_s / 3600:.2f}",
        'machine = "one shared x86-64 core, bfloat16"',
        "sources = [",
    ]
    lines += [
        f"  {{ what = {json.dumps(a)}, joints = {json.dumps(b)}, terms = {json.dumps(c)} }},"
        for a, b, c in _SOURCES
    ]
    lines += ["]", "", *_accuracy(numbers), *_cost(numbers), ""]
    return "\n".join(lines)


def _accuracy(numbers: CardNumbers) -> list[str]:
    lines = [
        "[accuracy]",
        "# Held-out people. PCK: share of joints nearer than 0.1 and 0.2 of the torso; errors as",
        "# shares of box height: [median, share of joints within 0.05].",
        'command = "scripts/evaluate-pose"',
    ]
    for name, result in (("photographs", numbers.photographs), ("drawn", numbers.drawn)):
        lines += [
            f"{name} = {{ people = {result.people}, pck10 = {result.pck10:.3f}, "
            f"pck20 = {result.pck20:.3f}, oks = {result.oks:.3f}, knee = {_pair(result.knee)}, "
            f"ankle = {_pair(result.ankle)}{_feet(result)} }}"
        ]
    return [
        *lines,
        'not_checked = "toes and heels on photographs: no picture with marked feet was at hand, '
        'they were learnt from drawn people alone"',
        "",
    ]


def _pair(pair: tuple[float, float]) -> str:
    return f"[{pair[0]:.3f}, {pair[1]:.3f}]"


def _feet(result: Result) -> str:
    return f", feet = {_pair(result.feet)}" if math.isfinite(result.feet[0]) else ""


def _cost(numbers: CardNumbers) -> list[str]:
    return [
        "[cost]",
        f"parameters = {numbers.parameters}",
        f"macs = {numbers.macs}",
        f"onnxruntime_one_thread_ms = {numbers.ms:.2f}",
        'machine = "x86-64, AVX-512; not a Raspberry Pi"',
        'command = "scripts/evaluate-pose"',
        f"largest_difference_pytorch_onnx = {numbers.parity:.1e}",
    ]
