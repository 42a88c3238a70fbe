"""What stands round the track and above it: sky, trees, a stand, a fence.

Drawn by direction (azimuth and height angle seen from the camera), so any camera may look any
way. Decides nothing about the ground. Called by `ground`. A later, richer picture goes here.
"""

from __future__ import annotations

import math
import random

import numpy as np
from numpy.typing import NDArray

from rig.core.camera_pose import CameraPose
from rig.sim.light import Light
from rig.sim.texture import Plane, mix, noise, stripe

_CROWD = 0.5


def paint_backdrop(
    picture: NDArray[np.float32],
    rays: NDArray[np.float64],
    pose: CameraPose,
    light: Light,
    seed: int,
    edge_m: float,
) -> None:
    """Paint every pixel that looks above or past the ground's edge, in place.

    `rays` [height, width, 3] are ground vectors of the pixels' light; `edge_m` is how far the
    ground reaches from the camera. All of it is far away: no parallax.
    """
    flat = np.hypot(rays[..., 0], rays[..., 1])
    rise = np.arctan2(rays[..., 2], flat).astype(np.float32)
    base = -math.atan2(pose.height_m, edge_m)
    pixel = 1.0 / pose.lens.focal_px
    lowest = int(np.flatnonzero((rise > base - 2 * pixel).any(axis=1)).max(initial=-1)) + 1
    if lowest == 0:
        return
    view, up = picture[:lowest], rise[:lowest]
    turn = _azimuth(rays[:lowest], pose.pan_rad)
    span = np.full_like(up, pixel)
    layer = _sky(up, turn, light, seed)
    bright = (light.sky + 0.4 * light.sun) * light.exposure
    tint = np.asarray(light.tint, np.float32) * np.float32(bright)
    _trees(layer, up, turn, span, tint, light, seed)
    _stands(layer, up, turn, span, tint, base, seed)
    _fence(layer, up, turn, span, tint, base, seed)
    mix(view, layer, stripe(up, base, 9.0, span))


def _azimuth(rays: NDArray[np.float64], pan_rad: float) -> Plane:
    """Directions on the ground, cut opposite to where the camera looks so that no seam shows."""
    cos, sin = math.cos(pan_rad), math.sin(pan_rad)
    forward = rays[..., 0] * cos + rays[..., 1] * sin
    left = rays[..., 1] * cos - rays[..., 0] * sin
    return np.asarray(np.arctan2(left, forward) + pan_rad, dtype=np.float32)


def _sky(up: Plane, turn: Plane, light: Light, seed: int) -> NDArray[np.float32]:
    low, high = (np.asarray(c, np.float32) for c in (light.sky_low, light.sky_high))
    share = np.clip(up / np.float32(0.5), 0.0, 1.0)[..., None] ** np.float32(0.7)
    sky = low + (high - low) * share
    cloud = noise(turn, up * np.float32(3.0), 5.0, seed + 21)
    cloud = cloud + np.float32(0.5) * noise(turn, up * np.float32(3.0), 13.0, seed + 22)
    cloud = np.clip(cloud * 0.35, 0.0, 0.7) * np.clip(up * 20.0, 0.0, 1.0)
    mix(sky, low * np.float32(1.06), cloud.astype(np.float32))
    return np.asarray(sky, np.float32)


def _trees(
    layer: NDArray[np.float32], up: Plane, turn: Plane, span: Plane,
    tint: NDArray[np.float32], light: Light, seed: int,
) -> None:  # fmt: skip
    """Two rows of trees, the farther one paler."""
    dice = random.Random(f"trees {seed}")
    level = np.zeros_like(up)
    for row, (height, pale) in enumerate(((0.085, 0.35), (0.05, 0.12))):
        tall = height * dice.uniform(0.6, 1.4)
        top = tall * (
            1.0
            + 0.20 * noise(turn, level, 7.0, seed + 30 + row)
            + 0.11 * noise(turn, level, 40.0, seed + 32 + row)
            + 0.06 * noise(turn, level, 170.0, seed + 34 + row)
        )
        leaf = 1.0 + 0.22 * noise(turn, up, 330.0, seed + 36 + row)
        leaf += 0.18 * noise(turn, up, 95.0, seed + 38 + row) + 2.2 * (up - top)
        green = np.asarray((38.0, 74.0, 56.0), np.float32) * np.float32(dice.uniform(0.7, 1.25))
        colour = green * tint * np.clip(leaf, 0.25, 1.8)[..., None]
        mix(colour, np.asarray(light.sky_low, np.float32), np.full_like(up, pale))
        mix(layer, colour, stripe((top - up).astype(np.float32), 0.0, 9.0, span))


def _stands(
    layer: NDArray[np.float32], up: Plane, turn: Plane, span: Plane,
    tint: NDArray[np.float32], base: float, seed: int,
) -> None:  # fmt: skip
    """Up to three low buildings or terraces with rows of seats, at seeded directions."""
    dice = random.Random(f"stands {seed}")
    for index in range(dice.randint(1, 3)):
        middle, half = dice.uniform(-math.pi, math.pi), dice.uniform(0.10, 0.35)
        top = dice.uniform(0.03, 0.085)
        away = np.mod(turn - np.float32(middle - math.pi), np.float32(2 * math.pi))
        inside = stripe(away - np.float32(math.pi), -half, half, span)
        inside = inside * stripe(up, base, top, span)
        rows = np.mod((up - np.float32(base)) * np.float32(260.0), np.float32(1.0))
        grey = np.asarray((150.0, 148.0, 144.0), np.float32) * np.float32(dice.uniform(0.6, 1.2))
        shade = 0.78 + 0.3 * rows
        shade *= 1.0 + 0.10 * noise(turn, up, 90.0, seed + 50 + index)
        colour = (grey * tint) * shade[..., None]
        dots = noise(turn, up, 420.0, seed + 53 + index) > (1.2 if dice.random() < _CROWD else 9.0)
        hue = np.asarray([dice.uniform(40, 220) for _ in range(3)], np.float32)
        mix(colour, hue * tint, dots.astype(np.float32) * np.float32(0.7))
        roof = stripe(up, top - 0.006, top, span)
        mix(colour, np.asarray((70.0, 66.0, 64.0), np.float32) * tint, roof)
        mix(layer, colour, inside.astype(np.float32))


def _fence(
    layer: NDArray[np.float32], up: Plane, turn: Plane, span: Plane,
    tint: NDArray[np.float32], base: float, seed: int,
) -> None:  # fmt: skip
    """A hedge and boards along the ground's edge."""
    dice = random.Random(f"fence {seed}")
    top = base + dice.uniform(0.010, 0.018)
    hedge = 1.0 + 0.3 * noise(turn, up, 160.0, seed + 60)
    green = np.asarray((44.0, 78.0, 58.0), np.float32) * tint
    mix(layer, green * np.clip(hedge, 0.3, 2)[..., None], stripe(up, base - 1.0, top, span))
    if dice.random() < 0.6:
        board = np.floor(turn * np.float32(24.0)).astype(np.int32) % 7
        hues = np.asarray([[dice.uniform(60, 235) for _ in range(3)] for _ in range(7)], np.float32)
        mix(layer, hues[board] * tint, stripe(up, base, base + 0.009, span))
