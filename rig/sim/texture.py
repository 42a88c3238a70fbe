"""Seeded noise over the ground and anti-aliased stripes: what `ground` and `backdrop` colour with.

Decides nothing about the scene. All arrays are float32 pictures [height, width].
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]

_TILE = 256


@lru_cache(maxsize=8)
def _noise_tile(seed: int) -> Plane:
    """Smooth noise with mean 0 and standard deviation 1, one cell a sample, made to repeat."""
    dice = np.random.default_rng((seed, 71))
    tile = dice.standard_normal((_TILE, _TILE)).astype(np.float32)
    wide = cv2.copyMakeBorder(tile, 2, 2, 2, 2, cv2.BORDER_WRAP)
    soft = cv2.GaussianBlur(wide, (3, 3), 0.7)[2:-2, 2:-2]
    soft = (soft - soft.mean()) / soft.std()
    padded = cv2.copyMakeBorder(soft, 0, 1, 0, 1, cv2.BORDER_WRAP)
    return np.asarray(padded, dtype=np.float32)


def noise(u: Plane, v: Plane, per_unit: float, seed: int, footprint: Plane | None = None) -> Plane:
    """Noise at (u, v) with `per_unit` cells a unit, faded where a pixel covers several cells."""
    tile = _noise_tile(seed % 8)
    jump = np.float32((seed * 37.7) % _TILE)
    x = np.mod(u * np.float32(per_unit) + jump, np.float32(_TILE))
    y = np.mod(v * np.float32(per_unit) + jump, np.float32(_TILE))
    value = cv2.remap(tile, x, y, cv2.INTER_LINEAR)
    if footprint is not None:
        value = value / (1.0 + (footprint * np.float32(per_unit)) ** 2)
    return np.asarray(value, dtype=np.float32)


def stripe(value: Plane, low: float, high: float, footprint: Plane) -> Plane:
    """Share of each pixel that lies between `low` and `high`, where a pixel is `footprint` wide."""
    half = np.maximum(footprint, np.float32(1e-5)) * np.float32(0.5)
    inside = np.minimum(value + half, np.float32(high)) - np.maximum(value - half, np.float32(low))
    return np.asarray(np.clip(inside / (2 * half), 0.0, 1.0), dtype=np.float32)


def spread(plane: Plane) -> Plane:
    """How much a quantity changes over one pixel (sum over both axes): a pixel's footprint."""
    down = np.abs(np.gradient(plane, axis=0))
    across = np.abs(np.gradient(plane, axis=1))
    return np.asarray(np.nan_to_num(down + across, nan=1e3), dtype=np.float32)


def mix(picture: NDArray[np.float32], colour: NDArray[np.float32], share: Plane) -> None:
    """Lay `colour` (3,) or a picture over `picture` in place, by share."""
    picture += (colour - picture) * share[..., None]
