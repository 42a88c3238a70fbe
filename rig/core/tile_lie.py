"""How a tile lies in the detector's input, and so how to get from its boxes to the picture's.

Called by `rig.devices.detector`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rig.records import Tile


@dataclass(frozen=True, slots=True, eq=False)
class Lie:
    """How a tile lies in the model's input.

    `size` (width, height) of its content in input pixels; a box (x0, y0, x1, y1) in input pixels
    times `pixel_px` (4,) plus `origin_px` (4,) is the box in the picture. Edges count, not pixel
    middles: input 0 is the tile's left edge, so there is no half pixel to add.
    """

    size: tuple[int, int]
    pixel_px: NDArray[np.float32]
    origin_px: NDArray[np.float32]


@lru_cache(maxsize=64)
def lie_of(tile: Tile) -> Lie:
    """The aspect is kept but for the rounding to whole input pixels; nothing is enlarged."""
    width, height = tile.x1 - tile.x0, tile.y1 - tile.y0
    scale = min(tile.scale, 1.0)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    pixel_px = np.array([width / size[0], height / size[1]] * 2, np.float32)
    return Lie(size, pixel_px, np.array([tile.x0, tile.y0] * 2, np.float32))
