"""Shadows of clouds that drift over the track: how much sun is left at a place and a time.

Decides which share of the sun a cloud takes. Drawn over the empty ground by `render`, which also
dims the sun of each figure; `exposure` meters what is left of the light.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from rig.core.camera_pose import CameraPose
from rig.records import Picture
from rig.sim.light import Light
from rig.sim.texture import Plane, noise

_SHRINK = 8
"""Cloud edges are soft: the shade is reckoned on every eighth pixel."""
_FAR_M = 130.0
_TREE_TOP_RAD = 0.06
"""Higher than this over the horizon sky shows between the trees; on it no shadow falls."""


@dataclass(frozen=True, slots=True)
class Clouds:
    """A field of clouds: their usual width, drift, the share of sky covered, and the seed.

    `softness_m` is the width of a shadow's edge: the sun is 0.0093 rad wide, a cloud 1 km up.
    """

    width_m: float = 60.0
    drift_mps: tuple[float, float] = (6.0, 3.0)
    cover: float = 0.5
    softness_m: float = 9.0
    seed: int = 1

    def shade(self, x_m: Plane, y_m: Plane, t_s: float) -> Plane:
        """Share of the sun that is taken at places and a time, 0 to 1."""
        east = x_m - np.float32(self.drift_mps[0] * t_s)
        north = y_m - np.float32(self.drift_mps[1] * t_s)
        billow = noise(east, north, 1.0 / self.width_m, self.seed)
        billow = billow + 0.35 * noise(east, north, 2.7 / self.width_m, self.seed + 1)
        steep = self.width_m / self.softness_m * 0.5
        level = math.tan((self.cover - 0.5) * 2.6)
        share = np.clip((billow + np.float32(level)) * np.float32(steep) + np.float32(0.5), 0, 1)
        return np.asarray(share * share * (3.0 - 2.0 * share), np.float32)

    def shade_at(self, x_m: float, y_m: float, t_s: float) -> float:
        """Share of the sun that is taken at one place."""
        x, y = np.full((1, 1), x_m, np.float32), np.full((1, 1), y_m, np.float32)
        return float(self.shade(x, y, t_s)[0, 0])


class ShadedView:
    """The shade of clouds in one camera's picture."""

    def __init__(self, pose: CameraPose, size: tuple[int, int], light: Light, clouds: Clouds):
        self._clouds, self._size = clouds, size
        width, height = (max(2, round(n / _SHRINK)) for n in size)
        columns, rows = np.meshgrid((np.arange(width) + 0.5) * size[0] / width,
                                    (np.arange(height) + 0.5) * size[1] / height)  # fmt: skip
        rays = pose.to_rays(np.stack([columns.ravel(), rows.ravel()], axis=1))
        flat = np.hypot(rays[:, 0], rays[:, 1])
        reach = np.where(rays[:, 2] < 0, pose.height_m / np.maximum(-rays[:, 2], 1e-6), np.inf)
        reach = np.minimum(reach, _FAR_M / np.maximum(flat, 1e-6))
        place = rays[:, :2] * reach[:, None] + pose.position_m[:2]
        self._x, self._y = (place[:, k].reshape(height, width).astype(np.float32) for k in (0, 1))
        rise = np.arctan2(rays[:, 2], flat).reshape(height, width)
        direct = light.sun * float(light.to_sun[2])
        share = direct / max(direct + light.sky, 1e-6)
        falls = np.clip((_TREE_TOP_RAD - rise) / _TREE_TOP_RAD, 0.0, 1.0)
        self._depth = (share * falls).astype(np.float32)

    def left(self, t_s: float) -> NDArray[np.float32]:
        """Share of the light that is left, on every eighth pixel."""
        return np.asarray(1.0 - self._depth * self._clouds.shade(self._x, self._y, t_s), np.float32)

    def darken(self, picture: Picture, t_s: float) -> Picture:
        """The empty picture under the clouds of this time."""
        small = np.asarray(self.left(t_s) * 255.0 + 0.5, np.uint8)
        shade = cv2.resize(small, self._size, interpolation=cv2.INTER_LINEAR)
        even = cv2.cvtColor(shade, cv2.COLOR_GRAY2BGR)
        return np.asarray(cv2.multiply(picture, even, scale=1.0 / 255.0), np.uint8)
