"""A wet track: darker, with sky, trees and whoever stands on it mirrored in a film of water.

Decides how much a place mirrors (Fresnel, by the angle of view) and how dark it is. Called by
`ground` for the empty track and by `render` for each figure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from rig.core.camera_pose import CameraPose
from rig.records import Picture
from rig.sim.backdrop import paint_backdrop
from rig.sim.floor import View, edges
from rig.sim.light import Light
from rig.sim.strokes import Part, clip, extent, flatten, render_patch
from rig.sim.surfaces import Surface
from rig.sim.texture import Plane, mix, noise, stripe

_WATER = 0.02
"""Share of light that water mirrors at a right angle (Schlick's r0 for an index of 1.33)."""
_DARKER = 0.40
_ROUGH = 0.62
"""What a rough film still mirrors in one direction."""
_GRASS = 0.10
"""Wet grass beside a wet track: droplets mirror all ways."""
_GRASS_SEED, _FILM_SEED = 33, 34


def wet_ground(
    picture: NDArray[np.float32],
    view: View,
    rays: NDArray[np.float64],
    pose: CameraPose,
    light: Light,
    surface: Surface,
    seed: int,
    wetness: float,
    edge_m: float,
) -> None:
    """Make the lit ground wet, in place; `rays` [height, width, 3], `wetness` 0 to 1."""
    left, right = edges(surface)
    track = stripe(view.across, -right - surface.apron_m, left + surface.apron_m, view.across_span)
    film = _film(view, seed, wetness)
    share = track + (1.0 - track) * np.float32(_GRASS)
    picture *= (1.0 - np.float32(_DARKER * wetness) * (0.35 + 0.65 * film) * share)[..., None]
    mirrored = np.zeros_like(picture)
    paint_backdrop(mirrored, rays * (1.0, 1.0, -1.0), pose, light, seed, edge_m)
    blurred, clear = (
        np.asarray(cv2.GaussianBlur(mirrored, (0, 0), across, sigmaY=down), np.float32)
        for across, down in ((2.5, 18.0), (0.8, 4.0))
    )
    still = np.clip((film - 0.75) * np.float32(4.0), 0.0, 1.0)
    mix(blurred, clear, np.asarray(still, np.float32))
    sine = pose.height_m / np.hypot(view.far, np.float32(pose.height_m))
    grazing = _fresnel(np.asarray(sine, np.float32))
    rough = np.float32(_ROUGH) + np.float32(0.3) * still
    mix(picture, blurred, np.asarray(grazing * share * film * rough * np.float32(_closed(wetness))))


def _film(view: View, seed: int, wetness: float) -> Plane:
    """How closed the film of water is, 0 to 1: more where the track is worn hollow."""
    along, across = view.along * np.float32(0.3), view.across
    pools = noise(along, across, 0.7, seed + _FILM_SEED, view.span)
    fine = noise(along, across, 4.0, seed + _GRASS_SEED, view.span)
    level = 0.42 + 0.38 * wetness + 0.26 * pools + 0.08 * fine
    return np.asarray(np.clip(level, 0.08, 1.0), np.float32)


def _closed(wetness: float) -> float:
    """Share of the ground on which there is a film at all."""
    return min(1.0, 0.35 + 0.75 * wetness)


def _fresnel(sine: Plane) -> Plane:
    """Schlick's approximation, from the sine of the angle between ray and ground."""
    return np.asarray(_WATER + (1.0 - _WATER) * (1.0 - sine) ** 5, np.float32)


def draw_reflection(
    picture: Picture, pose: CameraPose, parts: Sequence[Part], light: Light, wetness: float
) -> None:
    """Draw a figure upside down into the film of water under it, in place, blurred downward."""
    mirrored = [_mirror(part) for part in parts if not part.is_detail]
    flats = flatten(mirrored, pose)
    height, width = picture.shape[:2]
    box = clip(extent(flats), width, height)
    if box is None:
        return
    soft = max(0.6, 0.035 * box.height_px)
    pad = math.ceil(2 * soft)
    x0, y0 = max(math.floor(box.x0) - 2, 0), max(math.floor(box.y0) - pad, 0)
    x1, y1 = min(math.ceil(box.x1) + 2, width), min(math.ceil(box.y1) + pad, height)
    patch, cover = render_patch([flats], (x0, y0, x1, y1), pose, light, samples=1)
    patch, cover = (
        np.asarray(cv2.GaussianBlur(plane, (0, 0), max(0.4, 0.2 * soft), sigmaY=soft), np.float32)
        for plane in (patch, cover)
    )
    far = min(flat.depth_m for flat in flats)
    sine = np.full((1, 1), pose.height_m / math.hypot(far, pose.height_m), np.float32)
    share = np.float32(
        float(_fresnel(sine)[0, 0]) * _ROUGH * _closed(wetness) * (0.45 + 0.4 * wetness)
    )
    region = picture[y0:y1, x0:x1]
    alpha = cover * (share / np.float32(255.0))
    region[:] = (region * (1.0 - alpha[..., None]) + patch * share + 0.5).astype(np.uint8)


def _mirror(part: Part) -> Part:
    """The part under the ground."""
    normal = part.normal
    turned = None if normal is None else (normal[0], normal[1], -normal[2])
    return replace(part, centres=part.centres * (1.0, 1.0, -1.0), normal=turned, moves_mps=None)
