"""Photographs of real people and animals, cut out, standing at exact places on the ground.

A cut-out is a flat thing that faces the camera; its box is the rectangle of its pixels. Decides
where its pixels land, how they are lit and what shadow they cast. Knows no files: whoever has
photographs hands them over. Drawn by `render`, boxed by `scenes`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from rig.core.camera_pose import CameraPose
from rig.records import Box, Picture
from rig.sim.light import Light
from rig.sim.strokes import Flat, Part

Floats = NDArray[np.float64]

_CLEAR_LEVEL = 60
"""Cover below this is the rim of the cutting and not the thing."""
_SLABS = 24
"""A shadow is cast by so many slices of the outline."""
_NEAREST_M = 1.5
_MARGIN_PX = 2
_MEAN_LEVEL = 118.0
"""Photographs are exposed to about this mean."""


@dataclass(frozen=True, slots=True, eq=False)
class Cutout:
    """One photograph: BGRA [rows, columns, 4], upright, feet on the lowest row.

    Make it with `trim`, which ends the picture where the thing ends.
    """

    pixels: NDArray[np.uint8]

    @property
    def aspect(self) -> float:
        """Width by height."""
        rows, columns = self.pixels.shape[:2]
        return float(columns / rows)


def trim(pixels: NDArray[np.uint8], is_mirrored: bool = False) -> Cutout:
    """A cut-out without the pale rim of its cutting, from BGRA pixels.

    Raises ValueError where nothing is left.
    """
    eroded = cv2.erode(pixels[..., 3], np.ones((3, 3), np.uint8))
    cover = np.asarray(cv2.GaussianBlur(eroded, (3, 3), 0.6), np.uint8)
    cover[cover < _CLEAR_LEVEL] = 0
    if not cover.any():
        raise ValueError("the cut-out's cover is empty; give a picture with an opaque thing in it")
    rows, columns = np.nonzero(cover)
    area = (slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1))
    cut = np.dstack([pixels[..., :3], cover])[area]
    return Cutout(np.ascontiguousarray(cut[:, ::-1] if is_mirrored else cut))


@dataclass(frozen=True, slots=True)
class Standee:
    """A cut-out at a place: the camera's picture holds it in `box`, not clipped."""

    cutout: Cutout
    x_m: float
    y_m: float
    height_m: float

    def box(self, pose: CameraPose) -> Box | None:
        """The exact rectangle, None where the place lies too near or out of the lens's reach."""
        points = np.array([[self.x_m, self.y_m, 0.0], [self.x_m, self.y_m, self.height_m]])
        depth = (points - pose.position_m) @ pose.axes[2]
        foot, top = pose.to_pixels(points)
        tall = float(foot[1] - top[1])
        if float(depth.min()) < _NEAREST_M or not math.isfinite(tall) or tall <= 1.0:
            return None
        half = tall * self.cutout.aspect / 2
        middle = float(foot[0])
        return Box(middle - half, float(top[1]), middle + half, float(foot[1]))

    def outlines(self, pose: CameraPose, light: Light) -> list[Floats]:
        """Where the slices of the outline cast their shadows on the ground, each (4, 2) metres."""
        sun = light.to_sun
        along = -sun[:2] / max(float(sun[2]), 0.05)
        foot = np.array([self.x_m, self.y_m])
        right = pose.axes[0][:2] / max(float(np.linalg.norm(pose.axes[0][:2])), 1e-6)
        wide = self.height_m * self.cutout.aspect
        found: list[Floats] = []
        for corners in slabs(self.cutout):
            aside = (corners[:, :1] - 0.5) * wide
            found.append(foot + right * aside + along * (1.0 - corners[:, 1:]) * self.height_m)
        return found


def flatten_standee(standee: Standee, pose: CameraPose) -> list[Flat]:
    """The outline's slices as they land in the picture; together they fill the exact box."""
    box = standee.box(pose)
    if box is None:
        return []
    place = np.array([standee.x_m, standee.y_m, standee.height_m / 2])
    depth = float((place - pose.position_m) @ pose.axes[2])
    part = Part(place[None], np.zeros(1), (0.0, 0.0, 0.0))
    corner, size = np.array([box.x0, box.y0]), np.array([box.width_px, box.height_px])
    return [
        Flat(part, corner + corners * size, np.zeros(4), depth) for corners in slabs(standee.cutout)
    ]


@lru_cache(maxsize=256)
def slabs(cutout: Cutout) -> tuple[Floats, ...]:
    """Slices of the outline as rectangles (4, 2), in shares of the width and, downward, height."""
    cover = cutout.pixels[..., 3] > 0
    rows, columns = cover.shape
    steps = np.unique(np.linspace(0, rows, _SLABS + 1).astype(int))
    found: list[Floats] = []
    for first, last in pairwise(steps):
        filled = np.flatnonzero(cover[first:last].any(axis=0))
        for piece in np.split(filled, np.flatnonzero(np.diff(filled) > 2) + 1):
            if len(piece) > 0:
                left, right = piece[0] / columns, (piece[-1] + 1) / columns
                top, low = first / rows, last / rows
                found.append(np.array([[left, top], [right, top], [right, low], [left, low]]))
    return tuple(found)


def draw_standee(picture: Picture, pose: CameraPose, standee: Standee, light: Light) -> None:
    """Draw a cut-out into the picture, in place; nothing where it is out of view."""
    box = standee.box(pose)
    if box is None:
        return
    height, width = picture.shape[:2]
    x0, y0 = max(math.floor(box.x0) - _MARGIN_PX, 0), max(math.floor(box.y0) - _MARGIN_PX, 0)
    x1, y1 = min(math.ceil(box.x1) + _MARGIN_PX, width), min(math.ceil(box.y1) + _MARGIN_PX, height)
    if x1 - x0 < 1 or y1 - y0 < 1:
        return
    patch = _fitted(standee.cutout, box, (x0, y0, x1, y1))
    patch[..., :3] *= _lit(standee, pose, light, patch.shape[1])
    far = math.hypot(standee.x_m - pose.x_m, standee.y_m - pose.y_m)
    air = np.float32(min(0.9, light.haze * far / 100.0))
    alpha = patch[..., 3:] * np.float32(1.0 / 255.0)
    haze = np.asarray(light.sky_low, np.float32)
    colour = patch[..., :3] * (1 - air) + alpha * (haze * air)
    region = picture[y0:y1, x0:x1]
    mixed = region * (np.float32(1.0) - alpha) + np.minimum(colour, 255.0 * alpha) + np.float32(0.5)
    region[:] = np.clip(mixed, 0.0, 255.0).astype(np.uint8)


def _fitted(cutout: Cutout, box: Box, window: tuple[int, int, int, int]) -> NDArray[np.float32]:
    """The cut-out scaled to its box, as a window's pixels; colours times cover."""
    x0, y0, x1, y1 = window
    rows, columns = cutout.pixels.shape[:2]
    size = max(1, math.ceil(box.width_px)), max(1, math.ceil(box.height_px))
    source = _premultiplied(cutout)
    if size[0] < columns:
        shrunk = cv2.resize(source, size, interpolation=cv2.INTER_AREA)
        source = np.asarray(shrunk, np.float32)
        rows, columns = source.shape[:2]
    right, down = box.width_px / columns, box.height_px / rows
    by = np.array([[right, 0.0, box.x0 - x0 + right / 2 - 0.5],
                   [0.0, down, box.y0 - y0 + down / 2 - 0.5]])  # fmt: skip
    placed = cv2.warpAffine(source, by, (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR)
    return np.asarray(placed, np.float32)


@lru_cache(maxsize=64)
def _premultiplied(cutout: Cutout) -> NDArray[np.float32]:
    """Colours times cover, evened to a usual exposure."""
    pixels = cutout.pixels.astype(np.float32)
    alpha = pixels[..., 3:] * np.float32(1.0 / 255.0)
    mean = float((pixels[..., :3] * alpha).sum() / max(3.0 * float(alpha.sum()), 1.0))
    even = (_MEAN_LEVEL / max(mean, 20.0)) ** 0.4
    pixels[..., :3] *= alpha * np.float32(even)
    return pixels


def _lit(standee: Standee, pose: CameraPose, light: Light, columns: int) -> NDArray[np.float32]:
    """Factors (1, columns, 3): the scene's light on a photograph, brighter toward the sun."""
    toward = math.atan2(standee.y_m - pose.y_m, standee.x_m - pose.x_m)
    aside = light.sun_azimuth_rad - toward
    facing = -math.cos(aside) * math.cos(light.sun_height_rad)
    sunlit = 0.5 + 0.35 * facing
    side = -math.sin(aside) * math.cos(light.sun_height_rad)
    across = np.linspace(-1.0, 1.0, max(columns, 2), dtype=np.float32)[:columns]
    share = light.sky + light.sun * np.clip(sunlit + 0.3 * side * across, 0.05, 1.0)
    tint = np.asarray(light.tint, np.float32) * np.float32(light.exposure)
    return np.asarray(share[None, :, None] * tint, np.float32)
