"""Painting rounded solids into a picture, anti-aliased, with their exact boxes.

Every drawn thing is a list of `Part`s: the convex hull of a few spheres (a limb is two spheres, a
cone's body a ring of tiny ones and a tip). Decides where parts land in the picture and how they
look under a light; knows no people or things. Called by `render` and `scenes`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

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
_DETAIL_LEAST_PX = 0.45
"""A detail (an eye, a mouth) of a smaller radius is not drawn."""
_MOMENT_S = 0.01
"""Over this time a sphere's way in the picture is taken as straight."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The convex hull of spheres: `centres` (N, 3) and `radii` (N,) in metres, one colour.

    `lift_m` draws it as if it were that much nearer to the camera (clothes over skin). `normal`
    is given for flat faces; a part without one is shaded as round. `is_detail` marks what is too
    small to be seen from afar; it lies within the outline of the others. `moves_mps` (N, 3) are the
    spheres' velocities, None where nothing moves while the shutter is open.
    """

    centres: Floats
    radii: Floats
    colour: Colour
    lift_m: float = 0.0
    normal: tuple[float, float, float] | None = None
    is_detail: bool = False
    moves_mps: Floats | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Flat:
    """A part as it lands in the picture: circles `centres_px` (N, 2), `radii_px` (N,).

    `rates_px` (N, 2) are the centres' velocities in the picture, px/s; None: at rest.
    """

    part: Part
    centres_px: Floats
    radii_px: Floats
    depth_m: float
    rates_px: Floats | None = None

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
    rates = _rates(parts, centres, pixels, pose)
    flats, first = [], 0
    for part in parts:
        rows = slice(first, first + len(part.radii))
        first = rows.stop
        if np.isfinite(pixels[rows]).all() and np.isfinite(sizes[rows]).all():
            if part.is_detail and sizes[rows].max() < _DETAIL_LEAST_PX:
                continue
            near = float(depth[rows].mean()) - part.lift_m
            rate = None if part.moves_mps is None or rates is None else rates[rows]
            flats.append(Flat(part, pixels[rows], sizes[rows], near, rate))
    return sorted(flats, key=lambda flat: -flat.depth_m)


def _rates(
    parts: Sequence[Part], centres: Floats, pixels: Floats, pose: CameraPose
) -> Floats | None:
    """Velocities in the picture, px/s (N, 2); None where no part moves."""
    if all(part.moves_mps is None for part in parts):
        return None
    moves = [p.moves_mps if p.moves_mps is not None else np.zeros_like(p.centres) for p in parts]
    later = pose.to_pixels(centres + np.concatenate(moves) * _MOMENT_S)
    return np.nan_to_num((later - pixels) / _MOMENT_S)


def shift_flat(flat: Flat, seconds: Floats | float) -> Flat:
    """The part where its circles are `seconds` (one, or one each) later."""
    if flat.rates_px is None:
        return flat
    late = np.broadcast_to(np.asarray(seconds, np.float64), flat.radii_px.shape)
    return replace(flat, centres_px=flat.centres_px + flat.rates_px * late[:, None])


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
    picture: Picture,
    exposures: Sequence[Sequence[Flat]],
    pose: CameraPose,
    light: Light,
    haze: Colour,
) -> Box | None:
    """Draw parts into the picture in place; their exact box, clipped, or None if out of view.

    `exposures` are the parts at moments while the shutter is open (one where nothing moves); the
    picture shows their mean, and the box holds all of them.
    """
    height, width = picture.shape[:2]
    flats = [flat for exposure in exposures for flat in exposure]
    box = clip(extent(flats), width, height)
    if box is None:
        return None
    x0, y0 = math.floor(box.x0), math.floor(box.y0)
    x1, y1 = math.ceil(box.x1), math.ceil(box.y1)
    patch, cover = render_patch(exposures, (x0, y0, x1, y1), pose, light)
    far = min(flat.depth_m for flat in flats)
    air = min(0.9, light.haze * max(far, 0.0) / 100.0)
    alpha = cover * np.float32(1.0 / 255.0)
    colour = patch * np.float32(1.0 - air)
    colour += alpha[..., None] * (np.asarray(haze, dtype=np.float32) * np.float32(air))
    region = picture[y0:y1, x0:x1]
    region[:] = (region * (1.0 - alpha[..., None]) + colour + 0.5).astype(np.uint8)
    return box


def render_patch(
    exposures: Sequence[Sequence[Flat]],
    window: tuple[int, int, int, int],
    pose: CameraPose,
    light: Light,
    samples: int | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean colours (already times cover) and cover, 0 to 255, of a window's pixels.

    `samples` a pixel and axis, None: as many as the window's size needs; the moments of a blurred
    figure smooth one another's edges.
    """
    x0, y0, x1, y1 = window
    scale = samples or math.ceil(_oversampling(y1 - y0, x1 - x0) / math.sqrt(len(exposures)))
    drawn = [_drawn(flats, window, pose, light, scale) for flats in exposures]
    share = np.float32(1.0 / len(drawn))
    patch = sum(colour.astype(np.float32) for colour, _ in drawn) * share
    cover = sum(shape.astype(np.float32) for _, shape in drawn) * share
    return np.asarray(patch, np.float32), np.asarray(cover, np.float32)


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
    flats: Sequence[Flat],
    window: tuple[int, int, int, int],
    pose: CameraPose,
    light: Light,
    scale: int,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Colours (already times cover) and cover of the window's pixels, `scale` samples an axis."""
    x0, y0, x1, y1 = window
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
