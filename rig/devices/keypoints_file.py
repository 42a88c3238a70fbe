"""Keypoints from a file: another program's, or our own kept ones.

Decides which joints an array's columns are. Known are `.npz` (`points_px` (N, J, 2), `confidence`
(N, J), `times_s` (N,), and either `joints`, the J names, or a J that is known) and `.npy`
(N, J, 3) of x, y, confidence at a fixed rate. Called by `rig gait` and `scripts/evaluate-gait`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from rig.core.gait.keypoints import JOINTS, NUMBERS, Keypoints
from rig.errors import SourceError

_COCO: Final = (
    "head", None, None, None, None, "left_shoulder", "right_shoulder", "left_elbow", "right_elbow",
    "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle",
    "right_ankle",
)  # fmt: skip
LAYOUTS: Final[Mapping[int, tuple[str | None, ...]]] = {
    17: _COCO,
    25: (
        "head", None, "right_shoulder", "right_elbow", "right_wrist", "left_shoulder",
        "left_elbow", "left_wrist", None, "right_hip", "right_knee", "right_ankle", "left_hip",
        "left_knee", "left_ankle", None, None, None, None, "left_toe", None, "left_heel",
        "right_toe", None, "right_heel",
    ),
    26: (*_COCO, None, None, None, "left_toe", "right_toe", None, None, "left_heel", "right_heel"),
}  # fmt: skip
"""Number of columns -> our joints: COCO's 17, OpenPose's BODY_25, Halpe's 26."""


def read_keypoints(path: Path, rate_hz: float | None = None) -> Keypoints:
    """The keypoints of a file; `rate_hz` gives times where the file has none.

    Raises SourceError with the remedy where it is missing or of another form.
    """
    arrays = _load(path)
    points, sure = _points(arrays, path)
    if "times_s" in arrays:
        times = np.asarray(arrays["times_s"], np.float64)
    elif rate_hz is not None:
        times = np.arange(len(points)) / rate_hz
    else:
        raise SourceError(f"{path} holds no times_s; give the pictures a second with --rate")
    names = _names(arrays, points.shape[1], path)
    ours = np.full((len(points), len(JOINTS), 2), np.nan)
    our_sure = np.zeros((len(points), len(JOINTS)))
    for column, name in enumerate(names):
        if name in NUMBERS:
            ours[:, NUMBERS[name]], our_sure[:, NUMBERS[name]] = points[:, column], sure[:, column]
    across = np.asarray(arrays.get("across_m", np.full(len(points), np.nan)), np.float64)
    try:
        return Keypoints(times, ours, our_sure, across)
    except ValueError as error:
        raise SourceError(f"{path} holds arrays that do not belong together: {error}") from error


def _load(path: Path) -> dict[str, Any]:
    try:
        found = np.load(path, allow_pickle=False)
        if isinstance(found, np.ndarray):
            return {"all": found}
        with found:
            return {name: found[name] for name in found.files}
    except (OSError, ValueError, EOFError) as error:
        raise SourceError(
            f"{path} is no readable .npz or .npy of keypoints ({error}); see docs/gait.md"
        ) from error


def _points(arrays: Mapping[str, Any], path: Path) -> tuple[Any, Any]:
    whole = arrays.get("all")
    if whole is not None and whole.ndim == 3 and whole.shape[2] == 3:
        return whole[:, :, :2].astype(np.float64), whole[:, :, 2].astype(np.float64)
    points, sure = arrays.get("points_px"), arrays.get("confidence")
    if points is not None and points.ndim == 3 and points.shape[2] == 2:
        sure = np.ones(points.shape[:2]) if sure is None else sure
        if sure.shape == points.shape[:2]:
            return points.astype(np.float64), sure.astype(np.float64)
    raise SourceError(
        f"{path} holds neither points_px (frames, joints, 2) with confidence (frames, joints), nor "
        "an array (frames, joints, 3); docs/gait.md tells the form"
    )


def _names(arrays: Mapping[str, Any], columns: int, path: Path) -> tuple[str | None, ...]:
    if "joints" in arrays and len(arrays["joints"]) == columns:
        return tuple(str(name) for name in arrays["joints"])
    if columns not in LAYOUTS:
        raise SourceError(
            f"{path} has {columns} joints a frame; name them in `joints`, or give one of "
            f"{', '.join(map(str, LAYOUTS))}"
        )
    return LAYOUTS[columns]
