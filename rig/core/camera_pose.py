"""Where the camera stands and looks: metres on the track to pixels and back.

Decides nothing; it is the geometry that placing, tiles, the lane check and drawing share.
How a pose is found from measured points is in `pose_fit`. Ground frame: x along the straight,
y to the left, z up, metres; the track is z = 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from rig.core.lens import LENS_PRESETS, Floats, Lens, LensPreset, lens_preset

__all__ = ["LENS_PRESETS", "CameraPose", "Floats", "Lens", "LensPreset", "lens_preset"]

_DEPTH_LEAST_M = 1e-3
"""Nearer to the lens plane than this nothing is imaged."""
_RISE_LEAST = 1e-9
"""A ray flatter than this reaches the ground a billion heights away: it is the horizon."""


@dataclass(frozen=True, slots=True)
class CameraPose:
    """A camera over the ground.

    `pan_rad` 0 looks along +x and grows to the left (pi looks along -x); `tilt_rad` is positive
    looking down; `roll_rad` positive turns the picture's content from x (right) toward y (down).
    """

    lens: Lens
    x_m: float
    y_m: float
    height_m: float
    pan_rad: float
    tilt_rad: float
    roll_rad: float = 0.0

    @property
    def axes(self) -> Floats:
        """Rows: the camera's right, down and viewing direction as ground vectors (3, 3)."""
        return _axes(self.pan_rad, self.tilt_rad, self.roll_rad)

    @property
    def position_m(self) -> Floats:
        """The lens's place (x, y, z)."""
        return np.array([self.x_m, self.y_m, self.height_m])

    def to_pixels(self, points_m: Floats) -> Floats:
        """Pixels (N, 2) of points (N, 3) in metres; NaN for those not in front of the lens.

        Pixels may lie outside the picture; nothing is clipped.
        """
        points = np.asarray(points_m, dtype=np.float64)
        seen = (points - self.position_m) @ self.axes.T
        depth = np.where(seen[:, 2] > _DEPTH_LEAST_M, seen[:, 2], np.nan)
        return self.lens.to_pixels(seen[:, :2] / depth[:, None])

    def to_ground(self, pixels: Floats) -> Floats:
        """Places (N, 2) on z = 0 that pixels (N, 2) show; NaN at and above the horizon."""
        return self.to_level(pixels, 0.0)

    def to_level(self, pixels: Floats, z_m: Floats | float) -> Floats:
        """Places (N, 2) where the pixels' (N, 2) light rays meet the level `z_m` (N,) or one.

        NaN for a ray that does not reach that level: rising from a camera above it, or falling
        from one below it.
        """
        rays = self.to_rays(pixels)
        rise = rays[:, 2]
        reach = (z_m - self.height_m) / np.where(np.abs(rise) > _RISE_LEAST, rise, np.nan)
        reach = np.where(reach > 0, reach, np.nan)
        return np.asarray(rays[:, :2] * reach[:, None] + (self.x_m, self.y_m), dtype=np.float64)

    def to_rays(self, pixels: Floats) -> Floats:
        """Ground vectors (N, 3) of the light rays of pixels (N, 2), 1 deep along the view."""
        flat = self.lens.to_rays(np.asarray(pixels, dtype=np.float64))
        axes = self.axes
        return np.asarray(flat @ axes[:2] + axes[2], dtype=np.float64)


@lru_cache(maxsize=16)
def _axes(pan_rad: float, tilt_rad: float, roll_rad: float) -> Floats:
    """Kept: asked for dozens of times a frame, of a camera that does not turn."""
    cos_pan, sin_pan = math.cos(pan_rad), math.sin(pan_rad)
    cos_tilt, sin_tilt = math.cos(tilt_rad), math.sin(tilt_rad)
    cos_roll, sin_roll = math.cos(roll_rad), math.sin(roll_rad)
    right = np.array([sin_pan, -cos_pan, 0.0])
    down = np.array([-cos_pan * sin_tilt, -sin_pan * sin_tilt, -cos_tilt])
    view = np.array([cos_pan * cos_tilt, sin_pan * cos_tilt, -sin_tilt])
    axes = np.stack(
        [
            cos_roll * right - sin_roll * down,
            sin_roll * right + cos_roll * down,
            view,
        ]
    )
    axes.flags.writeable = False
    return axes
