"""The gait log's lines: a runner's keypoints, frame by frame, as plain JSON and back.

Decides the form of a `pose` line in `gait.NNNN.jsonl`, whose sealing is that of every log
(`core.log_lines`, docs/log-format.md) and whose meaning stands in docs/gait.md. Keypoints are
kept, not conclusions, so that a later version reads more out of an old session.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np

from rig.core.gait.keypoints import JOINTS, Floats, Keypoints
from rig.core.log_lines import Line
from rig.errors import LogError
from rig.records import Box

STREAM: Final = "gait"
POSE: Final = "pose"
FORMAT: Final = 1
"""Of the pose lines; stands in the first line as `gait_format`."""


def pose_value(
    points_px: Floats,
    confidence: Floats,
    across_m: float | None,
    box: Box | None = None,
    is_seen: bool = True,
) -> dict[str, object]:
    """The value of a `pose` line; its `t_ns` is the frame's.

    `points` has one [x, y, confidence] for each of `JOINTS`, to a tenth of a pixel; null for a
    joint that was not found. No runner: all null. `box` is where the joints were looked for,
    `is_seen` whether the detector saw somebody there now.
    """
    rows: list[list[float] | None] = []
    for (x, y), sure in zip(points_px, np.nan_to_num(confidence), strict=True):
        is_found = np.isfinite(x) and np.isfinite(y) and sure > 0
        rows.append(
            [round(float(x), 1), round(float(y), 1), round(float(sure), 3)] if is_found else None
        )
    known = across_m is not None and np.isfinite(across_m)
    place_m = round(float(across_m or 0.0), 3) if known else None
    value: dict[str, object] = {"across_m": place_m, "points": rows}
    if box is None:
        return value
    return value | {"box": [round(side, 1) for side in box.sides_px], "is_seen": is_seen}


def boxes_of(lines: Iterable[Line]) -> tuple[list[Box | None], list[bool]]:
    """Of all `pose` lines: box (None before boxes were logged) and whether it was seen."""
    boxes: list[Box | None] = []
    is_seen: list[bool] = []
    for line in lines:
        if line.kind == POSE:
            value = line.value if isinstance(line.value, dict) else {}
            boxes.append(_box(value.get("box")))
            is_seen.append(value.get("is_seen") is True)
    return boxes, is_seen


def _box(sides: object) -> Box | None:
    is_list = isinstance(sides, list) and len(sides) == len(Box.__dataclass_fields__)
    if not isinstance(sides, list) or not is_list:
        return None
    numbers = [s for s in sides if isinstance(s, int | float) and np.isfinite(s)]
    return Box(*map(float, numbers)) if len(numbers) == len(sides) else None


def keypoints_of(lines: Iterable[Line]) -> Keypoints:
    """The keypoints of all `pose` lines, times in seconds of the frames' clock.

    Other kinds are skipped. Raises LogError for a pose line of another form.
    """
    times, points, sure, across = [], [], [], []
    for line in lines:
        if line.kind != POSE:
            continue
        table = _table(line)
        times.append((line.t_ns or 0) / 1e9)
        points.append(table[:, :2])
        sure.append(np.nan_to_num(table[:, 2]))
        place = line.value.get("across_m")
        across.append(np.nan if place is None else float(place))
    joints = len(JOINTS)
    return Keypoints(
        np.array(times, np.float64),
        np.array(points, np.float64).reshape(-1, joints, 2),
        np.array(sure, np.float64).reshape(-1, joints),
        np.array(across, np.float64),
    )


def _table(line: Line) -> Floats:
    """(J, 3) x, y, confidence; NaN for null."""
    value: Mapping[str, Any] = line.value if isinstance(line.value, dict) else {}
    rows = value.get("points")
    if not isinstance(rows, list) or len(rows) != len(JOINTS) or line.t_ns is None:
        raise LogError(
            f"line {line.number} is no pose of {len(JOINTS)} joints with a time; read this session "
            "with the version that wrote it"
        )
    try:
        filled = [row if row is not None else [np.nan] * 3 for row in rows]
        return np.array(filled, np.float64).reshape(len(JOINTS), 3)
    except (TypeError, ValueError) as error:
        raise LogError(f"line {line.number} holds joints that are no numbers: {error}") from error
