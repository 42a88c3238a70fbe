"""Painting rounded solids into a picture, anti-aliased, with their exact boxes.

Every drawn thing is a list of `Part`s: the convex hull of a few spheres (a limb is two spheres, a
cone's body a ring of tiny ones and a tip). Decides where parts land in the picture and how they
look under a light; knows no people or things. Called by `render` and `scenes`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from rig.core.camera_pose import CameraPose
from rig.records import Box, Picture
from rig.sim.light import Colour, Light
from rig.sim.shading import Outline, render_outlines

Floats = NDArray[np.float64]

_ARC = np.linspace(0.0, 2 * math.pi, 16, endpoint=False)
_RING = np.stack([np.cos(_ARC), np.sin(_ARC)], axis=1)
"""Sixteen directions; they include right, down, left and up, so that boxes are exact."""
_SHIFT = 4
"""cv2 draws on a grid of 1/16 px."""
_PATCH_MOST_PX = 2400


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The convex hull of spheres: `centres` (N, 3) and `radii` (N,) in metres, one colour.

    `lift_m` draws it as if it were that much nearer to the camera (clothes over skin). `normal`
    is given for flat faces; a part without one is shaded as round.
    """

    centres: Floats
    radii: Floats
    colour: Colour
    lift_m: float = 0.0
    normal: tuple[float, float, float] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Flat:
    """A part as it lands in the picture: circles `centres_px` (N, 2), `radii_px` (N,)."""

    part: Part
    centres_px: Floats
    radii_px: Floats
    depth_m: float

    def hull(self, scale: float = 1.0, shift: tuple[float, float] = (0.0, 0.0)) -> Floats:
        """The outline's points (K, 2); circles shrunk and moved by shares of their radii."""
        radii = self.radii_px[:, None, None]
        ring = _RING[None] * (radii * scale) + radii * np.asarray(shift)
        return np.asarray((self.centres_px[:, None] + ring).reshape(-1, 2))


def flatten(parts: Sequence[Part], pose: CameraPose) -> list[Flat]:
    """Parts as seen, farthest first. Parts that reach behind the lens are left out."""
    if not parts:
        return []
    centres = np.concatenate([part.centres for part in parts])
    radii = np.concatenate([part.radii for part in parts])
    depth = (centres - pose.position_m) @ pose.axes[2]
    pixels = pose.to_pixels(centres)
    beside = pose.to_pixels(centres + pose.axes[0] * 0.01)
    sizes = np.hypot(*(beside - pixels).T) * 100.0 * radii
    flats, first = [], 0
    for part in parts:
        rows = slice(first, first + len(part.radii))
        first = rows.stop
        if np.isfinite(pixels[rows]).all() and np.isfinite(sizes[rows]).all():
            near = float(depth[rows].mean()) - part.lift_m
            flats.append(Flat(part, pixels[rows], sizes[rows], near))
    return sorted(flats, key=lambda flat: -flat.depth_m)


def extent(flats: Sequence[Flat]) -> Box | None:
    """The exact upright rectangle around the outlines, not clipped to any picture."""
    if not flats:
        return None
    centres = np.concatenate([flat.centres_px for flat in flats])
    radii = np.concatenate([flat.radii_px for flat in flats])[:, None]
    low, high = (centres - radii).min(axis=0), (centres + radii).max(axis=0)
    return Box(float(low[0]), float(low[1]), float(high[0]), float(high[1]))


def clip(box: Box | None, width_px: int, height_px: int) -> Box | None:
    """The piece of a box inside the picture; None where nothing is."""
    if box is None:
        return None
    x0, y0 = max(box.x0, 0.0), max(box.y0, 0.0)
    x1, y1 = min(box.x1, float(width_px)), min(box.y1, float(height_px))
    return Box(x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None


def paint(
    picture: Picture, flats: Sequence[Flat], pose: CameraPose, light: Light, haze: Colour
) -> Box | None:
    """Draw parts into the picture in place; their exact box, clipped, or None if out of view."""
    height, width = picture.shape[:2]
    box = clip(extent(flats), width, height)
    if box is None:
        return None
    x0, y0 = math.floor(box.x0), math.floor(box.y0)
    x1, y1 = math.ceil(box.x1), math.ceil(box.y1)
    patch, cover = _drawn(flats, (x0, y0, x1, y1), pose, light)
    far = min(flat.depth_m for flat in flats)
    air = min(0.9, light.haze * max(far, 0.0) / 100.0)
    alpha = cover.astype(np.float32) * (1.0 / 255.0)
    colour = patch.astype(np.float32) * (1.0 - air)
    colour += alpha[..., None] * (np.asarray(haze, dtype=np.float32) * air)
    region = picture[y0:y1, x0:x1]
    region[:] = (region * (1.0 - alpha[..., None]) + colour + 0.5).astype(np.uint8)
    return box


def silhouette(flats: Sequence[Flat], box: Box, width_px: int) -> NDArray[np.bool_]:
    """Which cells of a grid of `width_px` columns over `box` the parts cover (for occlusion)."""
    scale = width_px / box.width_px
    rows = max(1, round(box.height_px * scale))
    mask = np.zeros((rows, width_px), np.uint8)
    for flat in flats:
        points = (flat.hull() - (box.x0, box.y0)) * scale - 0.5
        _fill(mask, points, 255)
    return np.asarray(mask > 0)


def _drawn(
    flats: Sequence[Flat], window: tuple[int, int, int, int], pose: CameraPose, light: Light
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Colours (already times cover) and cover of the window's pixels."""
    x0, y0, x1, y1 = window
    scale = _oversampling(y1 - y0, x1 - x0)
    outlines = [_outline(flat, (x0, y0), scale, pose) for flat in flats]
    shape, size = ((y1 - y0) * scale, (x1 - x0) * scale), (x1 - x0, y1 - y0)
    return render_outlines(outlines, shape, size, pose, light)


def _outline(flat: Flat, corner: tuple[int, int], scale: int, pose: CameraPose) -> Outline:
    part = flat.part
    facing = None if part.normal is None else pose.axes @ np.asarray(part.normal)
    return Outline(
        (flat.hull() - corner) * scale - 0.5,
        (flat.centres_px - corner) * scale - 0.5,
        flat.radii_px * scale,
        float(part.radii.max()),
        part.colour,
        part.lift_m > 0.0,
        flat.depth_m,
        facing,
    )


def _oversampling(height_px: int, width_px: int) -> int:
    """Samples per pixel and axis: the smaller the figure, the more its edges matter."""
    large = max(height_px, width_px)
    return next((s for most, s in ((70, 4), (180, 3), (560, 2)) if large <= most), 1)


def _fill(canvas: NDArray[np.uint8], points: Floats, colour: Colour | int) -> None:
    if np.abs(points).max() > _PATCH_MOST_PX * 4:
        points = np.clip(points, -_PATCH_MOST_PX * 4, _PATCH_MOST_PX * 4)
    grid = np.rint(points * (1 << _SHIFT)).astype(np.int32)
    outline = cv2.convexHull(grid)
    cv2.fillConvexPoly(canvas, outline, colour, lineType=cv2.LINE_8, shift=_SHIFT)
