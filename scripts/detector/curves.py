"""Draws the training curves as a picture, with OpenCV alone. Called by `training`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import cv2
import numpy as np

from detector.classes import CLASSES
from detector.pictures import UInt8Array

_SIZE: Final = (420, 900)
_MARGIN: Final = 60
_COLOURS: Final = (
    (40, 40, 220),
    (200, 120, 0),
    (0, 150, 0),
    (180, 0, 180),
    (0, 140, 230),
    (150, 150, 240),
    (120, 200, 240),
)


def draw_curves(history: list[dict[str, float]], path: Path) -> None:
    """Loss (upper panel) and AP50 per class (lower) over pictures seen; nothing if no history."""
    if not history:
        return
    at = [row["pictures"] / 1000 for row in history]
    loss = {"loss": [row["loss"] for row in history]}
    names = [*CLASSES, "rendered_person", "rendered_object"]
    accuracy = {name: [row.get(name, float("nan")) for row in history] for name in names}
    top = max(1.0, *(v for v in loss["loss"] if np.isfinite(v)))
    picture = np.concatenate(
        [
            _panel(at, loss, top, "training loss"),
            _panel(
                at,
                accuracy,
                1.0,
                "AP50 on held-out pictures, averaged weights",
            ),
        ]
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.stem + ".part.png")
    cv2.imwrite(str(part), picture)
    part.replace(path)


def _panel(at: list[float], lines: dict[str, list[float]], top: float, title: str) -> UInt8Array:
    height, width = _SIZE
    panel = np.full((height, width, 3), 255, np.uint8)
    last = max(at[-1], 1e-9)
    left, right, upper, lower = _MARGIN, width - 190, 40, height - 50

    def place(x: float, y: float) -> tuple[int, int]:
        return (
            round(left + (right - left) * x / last),
            round(lower - (lower - upper) * min(y, top) / top),
        )

    for tenth in range(0, 11, 2):
        y = top * tenth / 10
        cv2.line(panel, place(0, y), place(last, y), (225, 225, 225), 1)
        _write(panel, f"{y:.2f}", (8, place(0, y)[1] + 4))
        _write(panel, f"{last * tenth / 10:.0f}", (place(last * tenth / 10, 0)[0] - 8, lower + 18))
    _write(panel, title, (left, 24))
    _write(panel, "thousand pictures seen", (left, height - 12))
    for i, (name, values) in enumerate(lines.items()):
        points = [place(x, y) for x, y in zip(at, values, strict=True) if np.isfinite(y)]
        colour = _COLOURS[i % len(_COLOURS)]
        if points:
            cv2.polylines(panel, [np.array(points, np.int32)], False, colour, 2, cv2.LINE_AA)
            text = f"{name} {values[-1]:.2f}" if np.isfinite(values[-1]) else name
            _write(panel, text, (right + 8, upper + 18 + 22 * i), colour)
    return panel


def _write(
    panel: UInt8Array, text: str, at: tuple[int, int], colour: tuple[int, int, int] = (60, 60, 60)
) -> None:
    cv2.putText(panel, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.45, colour, 1, cv2.LINE_AA)
