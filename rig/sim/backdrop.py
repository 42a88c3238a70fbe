"""What stands round the track and above it: trees, stands with people, boards, a fence, masts.

Drawn by direction (azimuth and height angle seen from the camera), so any camera may look any
way. Decides nothing about the ground or the sky. Called by `ground`.
"""

from __future__ import annotations

import math
import random

import cv2
import numpy as np
from numpy.typing import NDArray

from rig.core.camera_pose import CameraPose
from rig.sim.light import Light
from rig.sim.sky import paint_sky
from rig.sim.texture import Plane, mix, noise, stripe
from rig.sim.trees import plant_trees

Picture32 = NDArray[np.float32]
_FULL_TURN = np.float32(2 * math.pi)


def paint_backdrop(
    picture: Picture32,
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
    layer = paint_sky(up, turn, light, seed)
    bright = (light.sky + 0.4 * light.sun) * light.exposure
    tint = np.asarray(light.tint, np.float32) * np.float32(bright)
    plant_trees(layer, up, turn, span, tint, light, seed)
    _stands(layer, up, turn, span, tint, base, seed)
    _masts(layer, up, turn, span, tint, base, light, seed)
    _boards(layer, up, turn, span, tint, base, seed)
    _fence(layer, up, turn, span, tint, base, seed)
    mix(view, layer, stripe(up, base, 9.0, span))


def _azimuth(rays: NDArray[np.float64], pan_rad: float) -> Plane:
    """Directions on the ground, cut opposite to where the camera looks so that no seam shows."""
    cos, sin = math.cos(pan_rad), math.sin(pan_rad)
    forward = rays[..., 0] * cos + rays[..., 1] * sin
    left = rays[..., 1] * cos - rays[..., 0] * sin
    return np.asarray(np.arctan2(left, forward) + pan_rad, dtype=np.float32)


def _aside(turn: Plane, middle: float) -> Plane:
    """Angle from a direction, between minus and plus half a turn."""
    half = np.float32(math.pi)
    return np.asarray(np.mod(turn - np.float32(middle) + half, _FULL_TURN) - half, np.float32)


def _stands(
    layer: Picture32, up: Plane, turn: Plane, span: Plane,
    tint: NDArray[np.float32], base: float, seed: int,
) -> None:  # fmt: skip
    """Up to three terraces with rows of seats, people, a shaded back wall and a roof."""
    dice = random.Random(f"stands {seed}")
    for index in range(dice.randint(1, 3)):
        middle, half = dice.uniform(-math.pi, math.pi), dice.uniform(0.12, 0.40)
        top = dice.uniform(0.035, 0.09)
        crowd = dice.choice((0.0, 0.15, 0.5, 0.8))
        seat = np.asarray([dice.uniform(60, 190) for _ in range(3)], np.float32)
        aside = _aside(turn, middle)
        inside = stripe(aside, -half, half, span) * stripe(up, base, top, span)
        if not inside.any():
            continue
        colour = _terrace(up, aside, tint, (base, top), seat, crowd, seed + 50 + 3 * index)
        post = stripe(np.mod(aside, np.float32(0.055)), 0.0, 0.0016, span)
        post = post * stripe(up, base + 0.6 * (top - base), top, span)
        mix(colour, np.asarray((120.0, 118.0, 116.0), np.float32) * tint, post)
        mix(colour, np.asarray((92.0, 90.0, 88.0), np.float32) * tint,
            stripe(up, top - 0.005, top, span))  # fmt: skip
        mix(layer, colour, inside.astype(np.float32))


def _terrace(
    up: Plane, aside: Plane, tint: NDArray[np.float32], rise: tuple[float, float],
    seat: NDArray[np.float32], crowd: float, seed: int,
) -> Picture32:  # fmt: skip
    """Rows of seats, each seat maybe taken: a head over coloured clothes."""
    base, top = rise
    rows = 9.0
    level = (up - np.float32(base)) * np.float32(rows / (0.72 * (top - base)))
    row = np.floor(level)
    within = level - row
    place = aside * np.float32(1.0 / 0.0052) + row * np.float32(0.37)
    column = np.floor(place)
    beside = np.abs(place - column - np.float32(0.5))
    key = column * np.float32(12.9898) + row * np.float32(78.233) + np.float32(seed % 97)
    drawn = np.mod(np.sin(key) * np.float32(43758.547), np.float32(1.0))
    other = np.mod(drawn * np.float32(97.13), np.float32(1.0))
    grey = 0.72 + 0.25 * within + 0.05 * noise(aside, up, 300.0, seed)
    colour = np.asarray((128.0, 130.0, 132.0), np.float32) * tint * grey[..., None]
    mix(colour, seat * tint, ((within < 0.42) & (beside < 0.4)).astype(np.float32) * 0.85)
    taken = drawn < crowd
    hues = np.stack([60 + 150 * other, 60 + 140 * np.mod(other * 7, 1),
                     60 + 150 * np.mod(other * 13, 1)], axis=2)  # fmt: skip
    clothes = taken & (within < 0.62) & (beside < 0.34)
    mix(colour, (hues * tint).astype(np.float32), clothes.astype(np.float32))
    head = taken & (within >= 0.62) & (within < 0.92) & (beside < 0.16)
    skin = np.asarray((104.0, 128.0, 172.0), np.float32) * (0.5 + 0.7 * other)[..., None] * tint
    mix(colour, skin.astype(np.float32), head.astype(np.float32))
    wall = (row >= rows).astype(np.float32)
    mix(colour, np.asarray((52.0, 50.0, 50.0), np.float32) * tint, wall * np.float32(0.8))
    soft = cv2.GaussianBlur(colour, (0, 0), 0.55)
    return np.asarray(soft, np.float32)


def _masts(
    layer: Picture32, up: Plane, turn: Plane, span: Plane,
    tint: NDArray[np.float32], base: float, light: Light, seed: int,
) -> None:  # fmt: skip
    """Floodlight masts, lit where the light is theirs."""
    dice = random.Random(f"masts {seed}")
    steel = np.asarray((118.0, 118.0, 116.0), np.float32) * tint
    is_lit = light.name == "floodlit"
    for index in range(6):
        aside = _aside(turn, index * math.pi / 3 + dice.uniform(-0.4, 0.4))
        top, thin = dice.uniform(0.13, 0.2), 0.0011
        mix(layer, steel, stripe(aside, -thin, thin, span) * stripe(up, base, top, span))
        head = stripe(aside, -0.011, 0.011, span) * stripe(up, top, top + 0.011, span)
        lamps = np.asarray((250.0, 252.0, 250.0), np.float32) if is_lit else steel * 0.8
        mix(layer, lamps, head)
        if is_lit:
            far = np.sqrt(aside * aside + (up - np.float32(top + 0.005)) ** 2)
            glow = 0.75 * np.exp(-far / 0.012) + 0.22 * np.exp(-far / 0.06)
            mix(layer, lamps, np.clip(glow, 0.0, 1.0).astype(np.float32))


def _boards(
    layer: Picture32, up: Plane, turn: Plane, span: Plane,
    tint: NDArray[np.float32], base: float, seed: int,
) -> None:  # fmt: skip
    """A hedge along the ground's edge and, here and there, advertising boards before it."""
    dice = random.Random(f"boards {seed}")
    top = base + dice.uniform(0.010, 0.018)
    rough = top + 0.0016 * noise(turn, np.zeros_like(up), 140.0, seed + 59)
    hedge = (
        0.85 + 0.25 * noise(turn, up, 420.0, seed + 60) + 0.2 * noise(turn, up, 130.0, seed + 61)
    )
    green = np.asarray((40.0, 70.0, 52.0), np.float32) * tint
    green = green * np.clip(hedge + 30.0 * (up - np.float32(base)), 0.3, 1.7)[..., None]
    mix(layer, green.astype(np.float32), stripe((rough - up).astype(np.float32), 0.0, 9.0, span))
    hues = np.asarray([[dice.uniform(70, 225)] * 3 for _ in range(11)], np.float32)
    hues += np.asarray([[dice.uniform(-70, 30) for _ in range(3)] for _ in range(11)], np.float32)
    place = turn * np.float32(19.0)
    board = np.floor(place).astype(np.int32)
    within = (place - np.floor(place)).astype(np.float32)
    shown = np.mod(board * 7 + seed, 11) < dice.choice((0, 3, 6))
    cover = stripe(up, base + 0.0005, base + 0.0085, span) * shown
    cover = cover * stripe(within, 0.03, 0.97, span * np.float32(19.0))
    face = hues[board % 11] * tint * np.float32(0.9)
    mark = noise(turn, up, 520.0, seed + 63) + 0.6 * noise(turn, up, 210.0, seed + 64)
    word = (mark > 0.5) & (np.abs(within - 0.5) < 0.3)
    word &= np.abs(up - np.float32(base + 0.0045)) < 0.0018
    mix(face, 235.0 * tint, word.astype(np.float32) * np.float32(0.8))
    mix(layer, face.astype(np.float32), cover.astype(np.float32))


def _fence(
    layer: Picture32, up: Plane, turn: Plane, span: Plane,
    tint: NDArray[np.float32], base: float, seed: int,
) -> None:  # fmt: skip
    """A wire fence on posts: rails and posts show, the mesh only dims what is beyond it."""
    dice = random.Random(f"fence {seed}")
    if dice.random() < 0.35:
        return
    top = base + dice.uniform(0.016, 0.026)
    grey = np.asarray((140.0, 140.0, 138.0), np.float32) * tint * np.float32(0.85)
    inside = stripe(up, base, top, span)
    post = stripe(np.mod(turn, np.float32(0.024)), 0.0, 0.0009, span) * inside
    rail = stripe(up, top - 0.0009, top, span) + stripe(up, base + 0.009, base + 0.0096, span)
    mix(layer, grey, (inside * np.float32(0.13)).astype(np.float32))
    mix(layer, grey, np.clip(0.8 * post + 0.7 * rail, 0.0, 1.0).astype(np.float32))
