"""Writes the model card: what the rig reads, and what people should know about the weights.

Called by `export`; the rig's reader is `rig.core.card`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from detector.checkpoints import Progress
from detector.classes import CLASSES
from detector.rendered import HEIGHTS_PX, Rendered

#: An epoch: as many tiles as there are training photographs.
_TILES_PER_EPOCH: Final = 10_160

#: A person is found reliably from the height on from which this share is found ...
RELIABLE_RECALL: Final = 0.9
#: ... and this share in every interval of heights.
LEAST_RECALL: Final = 0.8
#: Said where no height reaches it: more than far tiles give, so the planner asks for the most.
_UNRELIABLE_PX: Final = 40

_VOC: Final = "research; pictures from Flickr"
_UNCLEAR: Final = "terms unclear"
_SOURCES: Final = (
    ("PASCAL VOC2007 test", "smsjb/voc @ 17a579fd", _VOC),
    ("people by wearable camera", "ahsanirfan961/Person-Tracker @ b2c8d712", _UNCLEAR),
    ("runners", "antonndang/athlete-finishline-tracking @ 92405918", "CC BY 4.0, says uploader"),
    ("field players", "Juank0621/football_yolo11 @ c324e538", _UNCLEAR),
    ("pitch from the stand", "clone234234/footbaal_detection @ cb7b223f", _UNCLEAR),
    ("plant cameras", "KhiemCE22/Application-PPE @ 5f521585", _UNCLEAR),
    (
        "Animal-Pose (ICCV 2019)",
        "mateusrafael4/Atividade_programacao_pose_estimation @ dab5c740",
        "research",
    ),
    ("TraCon cones (arXiv 2205.11830)", "ikatsamenis/Cone-Detection @ 7ac4af37", "research"),
    ("building sites", "runtueee/PPE_detection @ f74a6fda", _UNCLEAR),
    ("cartons", "AustinBao/DetectPackages @ dc80fc24", _UNCLEAR),
    ("rendered lanes, figures, things", "rig/sim, scripts/detector/composites.py", "our own"),
    ("cut-out people, dogs, riders, goats", "DAVIS and portrait cut-outs", "research"),
)


@dataclass(frozen=True, slots=True)
class CardNumbers:
    """Everything on the card that is measured.

    `ap50` (photographs) and `tiles_ap50` (rendered tiles) map class to (AP50, wanted boxes).
    """

    sha256: str
    macs: int
    parameters: int
    progress: Progress
    ap50: dict[str, tuple[float, int]]
    tiles_ap50: dict[str, tuple[float, int]]
    scores: dict[str, float]
    parity: float
    ms: float
    rendered: Rendered


def write_card(numbers: CardNumbers) -> str:
    """The card as TOML text."""
    return "\n".join(
        [*_head(numbers), *_training(numbers), *_accuracy(numbers), *_cost(numbers), ""]
    )


def _head(numbers: CardNumbers) -> list[str]:
    least = numbers.rendered.least_height_px(RELIABLE_RECALL, LEAST_RECALL)
    scores = ", ".join(f"{name} = {numbers.scores[name]:.2f}" for name in CLASSES)
    return [
        "# Written by scripts/export-detector; the numbers are measured by it.",
        'name = "rearguard-detector"',
        'file = "rearguard-detector.onnx"',
        f'sha256 = "{numbers.sha256}"',
        'decoder = "ltrb_maps"',
        f"classes = {json.dumps(list(CLASSES))}",
        "",
        "[input]",
        'name = "images"',
        "width_px = 320",
        "height_px = 320",
        "multiple_px = 32",
        'colour = "bgr"',
        "mean = [0, 0, 0]",
        "scale = [1, 1, 1]",
        "pad_value = 114",
        f"# Least height in a tile from which on {RELIABLE_RECALL} of clearly seen rendered people",
        f"# are found, {LEAST_RECALL} in every interval; {_UNRELIABLE_PX} where none reaches that.",
        f"min_object_px = {least or _UNRELIABLE_PX}",
        "",
        "[thresholds]",
        "# Best F2 on held-out photographs and rendered tiles together, among scores with a",
        "# precision of a half or more there.",
        f"score = {{{scores}}}",
        "nms_iou = 0.6",
        "",
    ]


def _training(numbers: CardNumbers) -> list[str]:
    progress = numbers.progress
    lines = [
        "[training]",
        'command = "scripts/train-detector --resume"',
        'start = "random weights; no public weights used or fine-tuned"',
        f"steps = {progress.step}",
        "# A tile is one picture, or a mosaic of four or nine, or part of a rendered scene (30 %).",
        f"tiles = {progress.pictures}",
        f"epochs = {progress.pictures / _TILES_PER_EPOCH:.1f}",
        f"hours = {progress.trained_s / 3600:.2f}",
        'machine = "two shared x86-64 cores, bfloat16"',
        "sources = [",
    ]
    lines += [f"  {_inline(row)}," for row in _SOURCES]
    return [*lines, "]", ""]


def _inline(row: tuple[str, str, str]) -> str:
    what, where, terms = (json.dumps(text) for text in row)
    return f"{{ what = {what}, where = {where}, terms = {terms} }}"


def _accuracy(numbers: CardNumbers) -> list[str]:
    lines = [
        "[accuracy]",
        "# AP at overlap 0.5, own implementation (scripts/detector/accuracy.py), difficult boxes",
        "# neither wanted nor wrong; n is the number of wanted boxes.",
        'command = "scripts/evaluate-detector photographs"',
        'pictures = "719 held-out photographs, whole picture shrunk or enlarged to 320"',
    ]
    lines += [
        f"{name}_ap50 = {{ value = {value:.3f}, n = {n} }}"
        for name, (value, n) in numbers.ap50.items()
    ]
    lines += [
        f"{name}_ap50_rendered = {{ value = {value:.3f}, n = {n} }}"
        for name, (value, n) in numbers.tiles_ap50.items()
        if n
    ]
    return [
        *lines,
        *_rendered(numbers.rendered),
        'not_checked = "hurdles, balls, bags and benches on photographs: only rendered ones exist"',
        "",
    ]


def _rendered(result: Rendered) -> list[str]:
    """Recall from 20 px on and per height, and false detections in empty lanes."""
    lines = [
        "# Rendered lanes, cameras and figures kept from training, at the thresholds above;",
        "# [least height px, recall, people].",
        'rendered_command = "scripts/evaluate-detector rendered"',
    ]
    for kind in result.wanted:
        name = kind.replace("-", "").replace(" ", "_")
        recall, n = result.recall_from(kind, 20)
        rows = [
            f"[{HEIGHTS_PX[i]}, {result.found[kind][i] / wanted:.3f}, {wanted}]"
            for i, wanted in enumerate(result.wanted[kind])
            if wanted
        ]
        lines.append(f"{name}_recall_from_20px = {{ value = {recall:.3f}, n = {n} }}")
        lines.append(f"{name}_recall_by_height = [{', '.join(rows)}]")
    false = ", ".join(f"{name} = {n}" for name, n in result.false.items())
    return [*lines, f"empty_tiles = {result.n_empty}", f"false_in_empty_tiles = {{ {false} }}"]


def _cost(numbers: CardNumbers) -> list[str]:
    return [
        "[cost]",
        f"parameters = {numbers.parameters}",
        f"macs_320x320 = {numbers.macs}",
        f"onnxruntime_one_thread_ms = {numbers.ms:.2f}",
        'machine = "x86-64, AVX-512; not a Raspberry Pi"',
        'command = "scripts/evaluate-detector cost --rivals"',
        f"largest_difference_pytorch_onnx = {numbers.parity:.1e}",
    ]
