"""The pose model's card: what its weights are and how to feed them, from TOML text.

Checks the card alone, as `core.card` does the detector's; whether the weights are unaltered and of
the claimed shape is `rig.devices`' part. Called by `rig.devices.model_card`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rig.core.card import (
    Key,
    Tables,
    is_choice,
    is_file_name,
    is_number,
    is_sha256,
    is_text,
    read_tables,
)
from rig.core.gait.keypoints import JOINTS
from rig.core.pose_maps import INPUT_HEIGHT_PX, INPUT_WIDTH_PX

DECODER: Final = "chance_maps"
"""One output: a map of chances for each joint (`core.pose_maps.read_maps`)."""


@dataclass(frozen=True, slots=True)
class PoseCard:
    """A pose model's card whose every value is allowed.

    Its input is float32 [1, 3, height, width], 0 to 255 in blue green red; what the picture does
    not fill is `pad_value`.
    """

    path: Path
    name: str
    weights: Path
    sha256: str
    input_name: str
    output_name: str
    pad_value: int


def _is_joints(value: Any) -> str | None:
    return None if value == list(JOINTS) else "the joints of rig/core/gait/keypoints.py in order"


_TABLES: Final[Tables] = {
    "": {
        "name": Key(is_text),
        "file": Key(is_file_name),
        "sha256": Key(is_sha256),
        "decoder": Key(is_choice(DECODER)),
        "joints": Key(_is_joints),
    },
    "input": {
        "name": Key(is_text),
        "width_px": Key(is_number(INPUT_WIDTH_PX, INPUT_WIDTH_PX, is_whole=True)),
        "height_px": Key(is_number(INPUT_HEIGHT_PX, INPUT_HEIGHT_PX, is_whole=True)),
        "colour": Key(is_choice("bgr")),
        "pad_value": Key(is_number(0, 255, is_whole=True)),
    },
    "output": {"name": Key(is_text)},
}


def parse_pose_card(text: str, path: Path) -> PoseCard:
    """The card in this text; `path` is its file, beside which the weights lie.

    Raises ModelError with one line for each problem.
    """
    data = read_tables(text, path, _TABLES)
    laid = data["input"]
    return PoseCard(
        path=path,
        name=data["name"],
        weights=path.parent / data["file"],
        sha256=data["sha256"],
        input_name=laid["name"],
        output_name=data["output"]["name"],
        pad_value=laid["pad_value"],
    )
