"""Real people and animals cut from photographs, pasted at known places on a rendered ground.

Decides which cut-outs are kept from training for tests, and how one is fitted to the scene.
Called by `composites`; `is_kept_for_tests` also by scene tests.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from detector.pictures import DATA_DIR, UInt8Array
from rig.core.camera_pose import CameraPose
from rig.records import Box

#: Label in cutouts.json -> name of our class, and least and greatest height in metres.
KINDS: Final[dict[str, tuple[str, float, float]]] = {
    "person": ("person", 1.50, 1.95),
    "dog": ("animal", 0.35, 0.75),
    "goat": ("animal", 0.55, 0.90),
    "cyclist": ("cycle", 1.60, 1.85),
    "motorcyclist": ("cycle", 1.50, 1.75),
}


def is_kept_for_tests(file_name: str) -> bool:
    """A fixed fifth of the cut-outs, by the hash of the file name, is never trained on."""
    return int(hashlib.sha1(file_name.encode()).hexdigest(), 16) % 5 == 0


@dataclass(frozen=True, slots=True, eq=False)
class Cutout:
    """One cut-out: BGRA pixels trimmed to what is visible, our class, height range in metres."""

    pixels: UInt8Array
    class_name: str
    least_m: float
    most_m: float


def load_cutouts(is_for_tests: bool, data_dir: Path = DATA_DIR) -> list[Cutout]:
    """All cut-outs of one side of the split; empty if the data are absent."""
    path = data_dir / "cutouts" / "cutouts.json"
    if not path.is_file():
        return []
    out = []
    for row in json.loads(path.read_text()):
        if is_kept_for_tests(row["file"]) != is_for_tests:
            continue
        pixels = cv2.imread(str(path.parent / row["file"]), cv2.IMREAD_UNCHANGED)
        rows, columns = np.nonzero(pixels[..., 3] > 40)
        trimmed = pixels[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        out.append(Cutout(np.ascontiguousarray(trimmed), *KINDS[row["label"]]))
    return out


def paste(
    picture: UInt8Array,
    pose: CameraPose,
    cutout: Cutout,
    x_m: float,
    y_m: float,
    height_m: float,
    brightness: float,
    is_mirrored: bool,
) -> Box | None:
    """Draw a cut-out standing at (x, y), in place. Returns its clipped box, None if not in view."""
    foot, top = pose.to_pixels(np.array([[x_m, y_m, 0.0], [x_m, y_m, height_m]]))
    tall = foot[1] - top[1]
    if not np.isfinite(tall) or tall < 4 or tall > 1.6 * picture.shape[0]:
        return None
    scale = tall / cutout.pixels.shape[0]
    wide = max(2, round(cutout.pixels.shape[1] * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(cutout.pixels, (wide, max(4, round(tall))), interpolation=method)
    small = small[:, ::-1] if is_mirrored else small
    if scale > 1.3:
        small = cv2.GaussianBlur(small, (0, 0), 0.5)
    _darken_contact(picture, foot, wide)
    x0, y0 = round(foot[0] - wide / 2), round(foot[1]) - small.shape[0]
    return _blend(picture, small, x0, y0, brightness)


def _darken_contact(picture: UInt8Array, foot: np.ndarray, wide: int) -> None:
    """A soft dark ellipse where the thing stands."""
    reach = max(2, int(wide * 0.6))
    low = max(1, int(reach * 0.3))
    x0, y0 = int(foot[0]) - 2 * reach, int(foot[1]) - 2 * low
    x1, y1 = x0 + 4 * reach, y0 + 4 * low
    cx0, cy0 = max(0, x0), max(0, y0)
    cx1, cy1 = min(picture.shape[1], x1), min(picture.shape[0], y1)
    if cx1 <= cx0 or cy1 <= cy0:
        return
    ys, xs = np.mgrid[cy0:cy1, cx0:cx1]
    far = ((xs - foot[0]) / reach) ** 2 + ((ys - foot[1]) / low) ** 2
    shade = (1 - 0.45 * np.exp(-far * 1.5))[..., None]
    picture[cy0:cy1, cx0:cx1] = (picture[cy0:cy1, cx0:cx1] * shade).astype(np.uint8)


def _blend(
    picture: UInt8Array, small: UInt8Array, x0: int, y0: int, brightness: float
) -> Box | None:
    height, width = picture.shape[:2]
    x1, y1 = x0 + small.shape[1], y0 + small.shape[0]
    cx0, cy0, cx1, cy1 = max(0, x0), max(0, y0), min(width, x1), min(height, y1)
    if cx1 - cx0 < 2 or cy1 - cy0 < 2:
        return None
    part = small[cy0 - y0 : cy1 - y0, cx0 - x0 : cx1 - x0].astype(np.float32)
    alpha = part[..., 3:] / 255
    under = picture[cy0:cy1, cx0:cx1]
    mixed = part[..., :3] * brightness * alpha + under * (1 - alpha)
    under[:] = np.clip(mixed, 0, 255).astype(np.uint8)
    return Box(float(cx0), float(cy0), float(cx1), float(cy1))
