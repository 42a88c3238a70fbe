"""From a pose model's maps to joints, and the frame that a person is put into before it looks.

Decides the geometry that training and the rig share: how much of the picture round a box the
model sees, and how a joint is read from its map. Runs no model (`devices.pose` does).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rig.records import Box

Floats = NDArray[np.float64]

INPUT_HEIGHT_PX: Final = 128
INPUT_WIDTH_PX: Final = 96
CELL_PX: Final = 4
"""A map has one cell per so many pixels of the input."""
MARGIN: Final = 1.25
"""The frame's height in heights of the box: arms and feet reach beyond loose boxes."""
_REACH: Final = 2
"""A joint is the centre of mass of the cells up to so many from the best one."""


def frame_height(width: float, height: float) -> float:
    """The height of the frame, of the input's shape, that holds a box with its margin."""
    return MARGIN * max(float(height), float(width) * INPUT_HEIGHT_PX / INPUT_WIDTH_PX)


def frame_of(box: Box) -> tuple[int, int, int, int]:
    """The frame's left, top, width and height in whole picture pixels; it may reach outside."""
    tall = max(frame_height(box.x1 - box.x0, box.y1 - box.y0), float(INPUT_WIDTH_PX) / 4)
    height, width = round(tall), round(tall * INPUT_WIDTH_PX / INPUT_HEIGHT_PX)
    left = round((box.x0 + box.x1) / 2 - width / 2)
    top = round((box.y0 + box.y1) / 2 - height / 2)
    return left, top, width, height


def read_maps(maps: NDArray[np.float32]) -> tuple[Floats, Floats]:
    """Joints (J, 2) in input pixels and their confidence (J,), from maps (J, H, W).

    A map's cells hold the chance of the joint being there; what is missing to 1 is the chance
    of its being outside the frame. The confidence is the chance within two cells of the best.
    """
    joints, height, width = maps.shape
    best = maps.reshape(joints, -1).argmax(1)
    padded = np.zeros((joints, height + 2 * _REACH, width + 2 * _REACH))
    padded[:, _REACH:-_REACH, _REACH:-_REACH] = maps
    steps = np.arange(2 * _REACH + 1)
    rows, columns = (best // width)[:, None] + steps, (best % width)[:, None] + steps
    near = padded[np.arange(joints)[:, None, None], rows[:, :, None], columns[:, None, :]]
    mass = np.maximum(near.sum((1, 2)), 1e-9)
    x_cell = (near.sum(1) * columns).sum(1) / mass - _REACH
    y_cell = (near.sum(2) * rows).sum(1) / mass - _REACH
    points = (np.stack([x_cell, y_cell], 1) + 0.5) * CELL_PX
    return points, np.clip(near.sum((1, 2)), 0.0, 1.0)
