"""Shadows on the ground: cast along the sun, and the dark patch where something touches it.

Decides where a figure darkens the ground and how softly. Called by `render`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from rig.core.camera_pose import CameraPose
from rig.records import Picture
from rig.sim.cutouts import Standee
from rig.sim.light import Light
from rig.sim.strokes import Part

Outlines = Sequence[NDArray[np.float64]]


def cast_shadow(picture: Picture, pose: CameraPose, parts: Sequence[Part], light: Light) -> None:
    """Darken the ground for a drawn figure, in place."""
    solid = [part for part in parts if not part.is_detail]
    touching = [spot for part in solid for spot in _contact_outline(part)]
    _darken(picture, pose, [_shadow_outline(part, light) for part in solid], touching, light)


def cast_flat_shadow(picture: Picture, pose: CameraPose, standee: Standee, light: Light) -> None:
    """Darken the ground for a photograph that stands on it, in place."""
    half = 0.5 * standee.height_m * standee.cutout.aspect
    right = pose.axes[0][:2]
    foot = np.array([standee.x_m, standee.y_m])
    spots = [foot + right * (side * 0.5 * half) + _RING * (0.45 * half) for side in (-1.0, 1.0)]
    _darken(picture, pose, standee.outlines(pose, light), spots, light)


def _darken(
    picture: Picture, pose: CameraPose, cast: Outlines, touching: Outlines, light: Light
) -> None:
    if light.sun > 0.0:
        share = light.sun * float(light.to_sun[2])
        depth = share / (share + light.sky)
        _shade_area(picture, pose, cast, depth, light.shadow_blur_m)
    if light.contact > 0.0:
        _shade_area(picture, pose, touching, light.contact, 0.04)


_ARC = np.linspace(0.0, 2 * math.pi, 12, endpoint=False)
_RING = np.stack([np.cos(_ARC), np.sin(_ARC)], axis=1)


def _shadow_outline(part: Part, light: Light) -> NDArray[np.float64]:
    sun = light.to_sun
    fall = part.centres[:, :2] - part.centres[:, 2:] * (sun[:2] / sun[2])
    return np.asarray((fall[:, None] + _RING * part.radii[:, None, None]).reshape(-1, 2))


def _contact_outline(part: Part) -> list[NDArray[np.float64]]:
    """A patch under what is lower than 6 cm."""
    low = part.centres[:, 2] - part.radii < 0.06
    if not low.any():
        return []
    reach = part.radii[low, None, None] * 1.4 + 0.02
    return [np.asarray((part.centres[low, None, :2] + _RING * reach).reshape(-1, 2))]


def _shade_area(
    picture: Picture,
    pose: CameraPose,
    outlines: Outlines,
    depth: float,
    blur_m: float,
) -> None:
    """Multiply the picture by 1 - depth over ground outlines (N, 2), with soft edges."""
    if not outlines:
        return
    flat = np.concatenate(outlines)
    pixels = pose.to_pixels(np.column_stack([flat, np.zeros(len(flat))]))
    if not np.isfinite(pixels).all():
        return
    height, width = picture.shape[:2]
    distance = float(np.hypot(*(flat.mean(axis=0) - (pose.x_m, pose.y_m))))
    soft = max(0.6, blur_m * pose.lens.focal_px / max(distance, 1.0))
    pad = math.ceil(2.5 * soft)
    low, high = pixels.min(axis=0), pixels.max(axis=0)
    x0, y0 = max(math.floor(low[0]) - pad, 0), max(math.floor(low[1]) - pad, 0)
    x1, y1 = min(math.ceil(high[0]) + pad, width), min(math.ceil(high[1]) + pad, height)
    if x1 - x0 < 1 or y1 - y0 < 1:
        return
    mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
    first = 0
    for outline in outlines:
        piece = pixels[first : first + len(outline)] - (x0, y0) - 0.5
        first += len(outline)
        grid = np.rint(np.clip(piece, -30000, 30000) * 16).astype(np.int32)
        cv2.fillConvexPoly(mask, cv2.convexHull(grid), 255, cv2.LINE_AA, 4)
    blurred = cv2.GaussianBlur(mask, (0, 0), soft * 1.2, sigmaY=max(0.5, soft * 0.35))
    dark = blurred.astype(np.float32) * np.float32(-depth / 255.0) + np.float32(1.0)
    region = picture[y0:y1, x0:x1]
    region[:] = (region * dark[..., None]).astype(np.uint8)
