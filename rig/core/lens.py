"""Lenses: from a direction to a pixel and back, with Brown-Conrady distortion.

Decides where in the picture a ray of light lands. Knows nothing of where the camera stands
(`camera_pose`) or of the lane. Called by `camera_pose`, `pose_fit` and the lane file.

The distortion is the one OpenCV documents ("Camera Calibration and 3D Reconstruction"), in its
order k1, k2, p1, p2, k3, so that coefficients measured with OpenCV's tools can be typed in.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rig.errors import LaneError

Floats = NDArray[np.float64]

_NEWTON_STEPS = 12
_SETTLED = 1e-12
_PROFILE_POINTS = 512
_PROFILE_FAR = 8.0
"""tan of 83 degrees: as far off the axis as a picture is ever asked about."""


@dataclass(frozen=True, slots=True)
class Lens:
    """How a camera maps directions to pixels of a picture of one size.

    `focal_px` is the same across and down (square pixels); `cx_px`, `cy_px` is where the optical
    axis meets the picture; k1, k2, k3 are radial and p1, p2 tangential distortion.
    """

    name: str
    width_px: int
    height_px: int
    focal_px: float
    cx_px: float
    cy_px: float
    k1: float = 0.0
    k2: float = 0.0
    p1: float = 0.0
    p2: float = 0.0
    k3: float = 0.0

    @property
    def is_pinhole(self) -> bool:
        """Whether there is no distortion at all."""
        return not (self.k1 or self.k2 or self.p1 or self.p2 or self.k3)

    @property
    def field_deg(self) -> float:
        """Horizontal angle of view through the middle of the picture, in degrees."""
        edges = np.array([[0.0, self.cy_px], [float(self.width_px), self.cy_px]])
        tangents = self.to_rays(edges)[:, 0]
        return math.degrees(math.atan(tangents[1]) - math.atan(tangents[0]))

    def with_focal(self, focal_px: float) -> Lens:
        """The same lens with another focal length (distortion is kept: it is per ray angle)."""
        return Lens(
            self.name, self.width_px, self.height_px, focal_px, self.cx_px, self.cy_px,
            self.k1, self.k2, self.p1, self.p2, self.k3,
        )  # fmt: skip

    def to_pixels(self, rays: Floats) -> Floats:
        """Pixels (N, 2) of rays (N, 2) given as x/z right and y/z down of the optical axis.

        NaN beyond the radius at which the radial polynomial turns back: a pixel there would
        also belong to another, nearer ray.
        """
        bent = rays if self.is_pinhole else self._distort(rays)
        return np.asarray(bent * self.focal_px + (self.cx_px, self.cy_px), dtype=np.float64)

    def to_rays(self, pixels: Floats) -> Floats:
        """Rays (N, 2) of pixels (N, 2): the inverse of `to_pixels`, NaN where no ray lands."""
        bent = (np.asarray(pixels, dtype=np.float64) - (self.cx_px, self.cy_px)) / self.focal_px
        return bent if self.is_pinhole else self._straighten(bent)

    def _distort(self, rays: Floats) -> Floats:
        x, y = rays[:, 0], rays[:, 1]
        square = x * x + y * y
        is_known = square < _turning_radius(self.k1, self.k2, self.k3) ** 2
        x, y = np.where(is_known, x, np.nan), np.where(is_known, y, np.nan)
        bent = np.empty_like(rays)
        radial = 1 + square * (self.k1 + square * (self.k2 + square * self.k3))
        bent[:, 0] = x * radial + 2 * self.p1 * x * y + self.p2 * (square + 2 * x * x)
        bent[:, 1] = y * radial + self.p1 * (square + 2 * y * y) + 2 * self.p2 * x * y
        return bent

    def _straighten(self, bent: Floats) -> Floats:
        """Invert `_distort`: radial profile by table, then Newton on both coordinates.

        The table start keeps Newton on the near side of the turning point, where the mapping
        has one solution; started at the bent point itself it may cross.
        """
        radii, bent_radii = _radial_profile(self.k1, self.k2, self.k3)
        far = np.hypot(bent[:, 0], bent[:, 1])
        first = np.interp(far, bent_radii, radii, right=np.nan)
        rays = bent * (first / np.where(far > 0, far, 1.0))[:, None]
        for _ in range(_NEWTON_STEPS):
            step = self._newton_step(rays, bent)
            rays = rays - step
            if not np.any(np.abs(step) > _SETTLED):
                break
        return rays

    def _newton_step(self, rays: Floats, bent: Floats) -> Floats:
        x, y = rays[:, 0], rays[:, 1]
        square = x * x + y * y
        radial = 1 + square * (self.k1 + square * (self.k2 + square * self.k3))
        slope = 2 * (self.k1 + square * (2 * self.k2 + 3 * square * self.k3))
        miss = self._distort(rays) - bent
        xx = radial + slope * x * x + 2 * self.p1 * y + 6 * self.p2 * x
        yy = radial + slope * y * y + 6 * self.p1 * y + 2 * self.p2 * x
        xy = slope * x * y + 2 * self.p1 * x + 2 * self.p2 * y
        determinant = xx * yy - xy * xy
        determinant = np.where(determinant > 1e-9, determinant, np.nan)
        step = np.empty_like(rays)
        step[:, 0] = (yy * miss[:, 0] - xy * miss[:, 1]) / determinant
        step[:, 1] = (xx * miss[:, 1] - xy * miss[:, 0]) / determinant
        return step


@lru_cache(maxsize=16)
def _turning_radius(k1: float, k2: float, k3: float) -> float:
    """The smallest ray radius at which r(1 + k1 r^2 + k2 r^4 + k3 r^6) stops growing."""
    roots = np.roots([7 * k3, 5 * k2, 3 * k1, 1.0])
    real = roots[np.abs(roots.imag) < 1e-9].real
    squares = real[real > 0]
    return float(np.sqrt(squares.min())) if squares.size else _PROFILE_FAR


@lru_cache(maxsize=16)
def _radial_profile(k1: float, k2: float, k3: float) -> tuple[Floats, Floats]:
    """Ray radii and their bent radii, both growing, up to the turning point."""
    most = min(_turning_radius(k1, k2, k3), _PROFILE_FAR)
    radii = np.linspace(0.0, most, _PROFILE_POINTS)
    square = radii * radii
    return radii, radii * (1 + square * (k1 + square * (k2 + square * k3)))


@dataclass(frozen=True, slots=True)
class LensPreset:
    """A lens as its maker describes it: full horizontal field, and distortion."""

    field_deg: float
    source: str
    k1: float = 0.0
    k2: float = 0.0


LENS_PRESETS: dict[str, LensPreset] = {
    "camera-module-3": LensPreset(
        66.0,
        "Raspberry Pi camera documentation: 66 degrees horizontal; distortion nominal 0",
    ),
    "camera-module-3-wide": LensPreset(
        102.0,
        "Raspberry Pi camera documentation: 102 degrees horizontal, 67 vertical, 120 diagonal; "
        "k1 nominal, between no distortion and what the published diagonal implies",
        k1=-0.06,
    ),
    "camera-module-2": LensPreset(
        62.2,
        "Raspberry Pi camera documentation: 62.2 degrees horizontal, full 4:3 sensor width",
    ),
    "camera-module-1": LensPreset(
        53.5,
        "Raspberry Pi camera documentation: 53.50 degrees horizontal, full 4:3 sensor width",
    ),
    "hq-6mm": LensPreset(
        55.3,
        "geometry: 6 mm before the HQ camera's 6.287 mm wide sensor; distortion nominal 0",
    ),
    "hq-16mm": LensPreset(
        22.2,
        "geometry: 16 mm before the HQ camera's 6.287 mm wide sensor; distortion nominal 0",
    ),
    "pinhole-30": LensPreset(30.0, "ideal lens of this field, for clips from unknown cameras"),
    "pinhole-45": LensPreset(45.0, "ideal lens of this field, for clips from unknown cameras"),
    "pinhole-66": LensPreset(66.0, "ideal lens of this field, for tests and simulation"),
    "pinhole-90": LensPreset(90.0, "ideal lens of this field, for clips from unknown cameras"),
}


def lens_preset(name: str, width_px: int, height_px: int) -> Lens:
    """The preset lens for a picture of this size that spans the sensor's full width.

    A sensor mode that crops the sides sees less: its focal length is then found from the points.
    """
    preset = LENS_PRESETS.get(name)
    if preset is None:
        known = ", ".join(LENS_PRESETS)
        raise LaneError(f"lens {name!r} is not known; use one of: {known}")
    edge = math.tan(math.radians(preset.field_deg) / 2)
    bent = edge * (1 + preset.k1 * edge**2 + preset.k2 * edge**4)
    focal_px = width_px / 2 / bent
    return Lens(
        name,
        width_px,
        height_px,
        focal_px,
        width_px / 2,
        height_px / 2,
        preset.k1,
        preset.k2,
    )
