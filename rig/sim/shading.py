"""How rounded parts look under a light: form, folds of cloth, one limb's shade on the next.

Every part is inflated from its outline (the distance to its edge gives the surface's slope), so a
body is shaded point by point and not part by part. Decides colours and cover of a window's pixels,
never which pixels belong to a part: that is `strokes`, the only caller.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from rig.core.camera_pose import CameraPose
from rig.sim.light import Colour, Light

Floats = NDArray[np.float64]
Plane = NDArray[np.float32]

_SHIFT = 4
"""cv2 draws on a grid of 1/16 px."""
_GRID_MOST_PX = 9600.0
_ROUND_LEAST_PX = 1.3
"""A part of a smaller radius (in samples) is a flat spot."""
_SMOOTH_FROM_PX = 8.0
"""The steps of a larger outline's edge would show as streaks."""
_FOLDS_LEAST_PX = 5.0
_FOLD_DEPTH = 0.26
_OCCLUSION = 0.34
_OCCLUSION_M = 0.12
"""A nearer part this far before a farther one shades it fully."""


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """One part as drawn: its hull (K, 2) and circles in samples of the window, and its look.

    `facing` is a flat face's normal in the camera's axes (right, down, away), None if round.
    """

    hull: Floats
    centres: Floats
    radii: Floats
    radius_m: float
    colour: Colour
    is_cloth: bool
    depth_m: float
    facing: Floats | None


class Canvas:
    """Samples of a window: colour, slope (right, down), depth and how much light gets in."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self.colour = np.zeros((*shape, 3), np.uint8)
        self.cover = np.zeros(shape, np.uint8)
        self.slope = np.zeros((*shape, 2), np.float32)
        self.depth = np.full(shape, 1e4, np.float32)
        self.open = np.ones(shape, np.float32)

    def draw(self, part: Outline) -> None:
        """Lay a part over what is there."""
        radius = float(part.radii.max())
        points = np.clip(part.hull, -_GRID_MOST_PX, _GRID_MOST_PX)
        grid = cv2.convexHull(np.rint(points * (1 << _SHIFT)).astype(np.int32))
        cv2.fillConvexPoly(self.cover, grid, 255, lineType=cv2.LINE_8, shift=_SHIFT)
        cv2.fillConvexPoly(self.colour, grid, part.colour, lineType=cv2.LINE_8, shift=_SHIFT)
        pad = math.ceil(min(radius, 24.0)) + 2
        low, high = points.min(axis=0), points.max(axis=0)
        rows, columns = self.cover.shape
        x0, y0 = max(math.floor(low[0]) - pad, 0), max(math.floor(low[1]) - pad, 0)
        x1, y1 = min(math.ceil(high[0]) + pad, columns), min(math.ceil(high[1]) + pad, rows)
        if x1 - x0 < 2 or y1 - y0 < 2:
            return
        mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
        moved = grid - np.array([x0, y0], np.int32) * (1 << _SHIFT)
        cv2.fillConvexPoly(mask, moved, 255, lineType=cv2.LINE_8, shift=_SHIFT)
        area = (slice(y0, y1), slice(x0, x1))
        self._shade_farther(area, mask, part.depth_m, pad - 2)
        inside = mask > 0
        np.copyto(self.slope[area], self._slope(part, mask, radius, (x0, y0)),
                  where=inside[..., None])  # fmt: skip
        np.copyto(self.depth[area], np.float32(part.depth_m), where=inside)
        np.copyto(self.open[area], np.float32(1.0), where=inside)

    def _shade_farther(
        self, area: tuple[slice, slice], mask: NDArray[np.uint8], depth_m: float, reach: int
    ) -> None:
        if reach < 2:
            return
        size = 2 * (reach // 2) + 1
        near = cv2.blur(cv2.blur(mask, (size, size)), (size, size))
        gap = np.clip((self.depth[area] - np.float32(depth_m)) * (1 / _OCCLUSION_M), 0.0, 1.0)
        self.open[area] *= 1.0 - near * (gap * np.float32(_OCCLUSION / 255.0))

    def _slope(
        self, part: Outline, mask: NDArray[np.uint8], radius: float, corner: tuple[int, int]
    ) -> Plane:
        """Right and down components of the surface's normal over the mask's window."""
        slope = np.zeros((*mask.shape, 2), np.float32)
        if part.facing is not None:
            slope[:] = part.facing[:2]
            return slope
        if radius < _ROUND_LEAST_PX:
            return slope
        tube = _tube_slope(part, mask.shape, corner)
        if tube is not None:
            slope = tube
        else:
            inside = cv2.distanceTransform(mask, cv2.DIST_L2, 3)
            if radius > _SMOOTH_FROM_PX:
                inside = cv2.GaussianBlur(inside, (0, 0), 0.12 * radius)
            steep = np.maximum(1.0 - inside * np.float32(1.0 / radius), 0.0)
            slope[..., 0] = -cv2.Sobel(inside, cv2.CV_32F, 1, 0, ksize=3, scale=0.125) * steep
            slope[..., 1] = -cv2.Sobel(inside, cv2.CV_32F, 0, 1, ksize=3, scale=0.125) * steep
        if part.is_cloth and radius > _FOLDS_LEAST_PX:
            slope += _folds(part, mask.shape, corner)
        return slope

    def lit(self, pose: CameraPose, light: Light) -> NDArray[np.uint8]:
        """The samples' colours under a light."""
        sun = (pose.axes @ light.to_sun).astype(np.float32)
        up = pose.axes[:, 2].astype(np.float32)
        right, down = self.slope[..., 0], self.slope[..., 1]
        toward = np.sqrt(np.maximum(1.0 - right * right - down * down, np.float32(0.03)))
        sunlit = right * sun[0] + down * sun[1] - toward * sun[2]
        sunlit = np.clip((sunlit + np.float32(0.45)) * np.float32(1 / 1.45), 0.0, 1.0)
        upward = right * up[0] + down * up[1] - toward * up[2]
        skylit = np.float32(0.95) + np.float32(0.2) * upward
        share = sunlit * np.float32(light.sun) * self.open + skylit * np.float32(light.sky)
        share *= self.open * np.float32(light.exposure)
        tint = np.asarray(light.tint, np.float32)
        return np.asarray(np.minimum(self.colour * (share[..., None] * tint), 255.0), np.uint8)


def _tube_slope(part: Outline, shape: tuple[int, ...], corner: tuple[int, int]) -> Plane | None:
    """Slope of a long limb, round about its axis and without end caps: joints show no rings."""
    first, last = part.centres[0] - corner, part.centres[-1] - corner
    line = last - first
    long = float(np.hypot(*line))
    start, end = float(part.radii[0]), float(part.radii[-1])
    if not 2 <= len(part.radii) <= 3 or long < 1.4 * max(start, end):
        return None
    unit = line / long
    right = (np.arange(shape[1], dtype=np.float32) - np.float32(first[0]))[None, :]
    down = (np.arange(shape[0], dtype=np.float32) - np.float32(first[1]))[:, None]
    along = right * np.float32(unit[0]) + down * np.float32(unit[1])
    aside = down * np.float32(unit[0]) - right * np.float32(unit[1])
    girth = start + np.clip(along * np.float32(1.0 / long), 0.0, 1.0) * np.float32(end - start)
    round_ = np.clip(aside / np.maximum(girth, np.float32(0.5)), -0.97, 0.97)
    facing = np.array([-unit[1], unit[0]], np.float32)
    return np.asarray(round_[..., None] * facing, np.float32)


def _folds(part: Outline, shape: tuple[int, ...], corner: tuple[int, int]) -> Plane:
    """Folds of cloth: they move and turn with the part."""
    first, last = part.centres[0] - corner, part.centres[-1] - corner
    turn = math.atan2(*(last - first)[::-1])
    zoom = 150.0 * part.radius_m / float(part.radii.max())
    cos, sin = math.cos(turn) * zoom, math.sin(turn) * zoom
    shift = (part.radius_m * 7919.0 + part.colour[0] * 31.0) % 256.0
    rows = np.array([[cos * 0.6, sin * 0.6, 0.0], [-sin * 1.5, cos * 1.5, 0.0]])
    rows[:, 2] = shift - rows[:, :2] @ first
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(_fold_tile(), rows, (shape[1], shape[0]), flags=flags,
                       borderMode=cv2.BORDER_WRAP), np.float32)  # fmt: skip


@lru_cache(maxsize=1)
def _fold_tile() -> Plane:
    """Slopes of wrinkled cloth, repeating, 256 samples square."""
    dice = np.random.default_rng(29)
    height = np.zeros((256, 256), np.float32)
    for cell, depth in ((6.0, 1.0), (14.0, 3.2)):
        grain = np.tile(dice.standard_normal((256, 256)).astype(np.float32), (3, 3))
        soft = cv2.GaussianBlur(grain, (0, 0), cell)[256:512, 256:512]
        height += depth * soft / soft.std()
    tile = np.stack([np.roll(height, -1, 1) - np.roll(height, 1, 1),
                     np.roll(height, -1, 0) - np.roll(height, 1, 0)], axis=2)  # fmt: skip
    return np.asarray(_FOLD_DEPTH * np.tanh(tile / tile.std() * 0.6), np.float32)


def render_outlines(
    parts: Sequence[Outline],
    shape: tuple[int, int],
    size: tuple[int, int],
    pose: CameraPose,
    light: Light,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Colours (already times cover) and cover, `size` (width, height), from `shape` samples.

    Parts come farthest first.
    """
    canvas = Canvas(shape)
    for part in parts:
        canvas.draw(part)
    small = cv2.resize(canvas.lit(pose, light), size, interpolation=cv2.INTER_AREA)
    cover = cv2.resize(canvas.cover, size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8), np.asarray(cover, np.uint8)
