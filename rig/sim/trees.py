"""Trees and bushes round a simulated track: single crowns with leaves, in rows.

Decides where they stand (by direction from the camera) and how they look. Called by `backdrop`.
"""

from __future__ import annotations

import math
import random
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from rig.sim.light import Light
from rig.sim.texture import Plane, mix

_STRIP_PX = (8192, 512)
"""A panorama of one full turn; its height reaches `_STRIP_RAD` above the horizon."""
_STRIP_RAD = 0.34
_BROAD, _ANY = (0, 1, 2, 4, 5, 6, 8, 9, 10), tuple(range(12))
"""Kinds of crown: every fourth is a conifer, which stands in the far wood only."""
_BASE = 0.06
"""Share of the strip that lies under the horizon."""


def plant_trees(
    layer: NDArray[np.float32], up: Plane, turn: Plane, span: Plane,
    tint: NDArray[np.float32], light: Light, seed: int,
) -> None:  # fmt: skip
    """A far wood, paler, and nearer trees with gaps between them, laid over `layer`."""
    wide, tall = _STRIP_PX
    x = np.mod(turn, np.float32(2 * math.pi)) * np.float32(wide / (2 * math.pi))
    y = (tall * (1.0 - _BASE)) * (1.0 - up / np.float32(_STRIP_RAD))
    y = np.minimum(y, np.float32(tall - 1.5))
    sun = (light.sun_azimuth_rad, light.sun > 0.3)
    haze = np.asarray(light.sky_low, np.float32)
    for row, pale in enumerate((0.30, 0.18, 0.08)):
        strip = _strip(seed % 64, row, round(sun[0], 2), sun[1])
        seen = cv2.remap(strip, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        colour = seen[..., :3].astype(np.float32) * tint
        share = seen[..., 3].astype(np.float32) * np.float32(1 / 255.0)
        colour /= np.maximum(share, np.float32(0.02))[..., None]
        colour += (haze - colour) * np.float32(pale)
        mix(layer, colour, share)


@lru_cache(maxsize=6)
def _strip(seed: int, row: int, sun_azimuth_rad: float, is_sunny: bool) -> NDArray[np.uint8]:
    """One row of trees, BGRA with colours times cover."""
    dice = random.Random(f"trees {seed} {row}")
    wide, tall = _STRIP_PX
    strip = np.zeros((tall, wide, 4), np.uint8)
    height = (0.075, 0.09, 0.06)[row] * dice.uniform(0.6, 1.35)
    gap = (0.5, 0.55, 0.65)[row]
    if row == 0:
        _undergrowth(strip, round(height / _STRIP_RAD * tall * 0.7), dice)
    at = 0.0
    while at < 2 * math.pi:
        size = height * dice.uniform(0.65, 1.2)
        crown = _crown(
            dice.choice(_BROAD if row else _ANY),
            _aside_of_sun(at, sun_azimuth_rad) if is_sunny else 0,
        )
        _stamp(strip, crown, at, size, dice)
        at += size * gap * dice.uniform(0.4, 1.3)
    return strip


def _undergrowth(strip: NDArray[np.uint8], rise_px: int, dice: random.Random) -> None:
    """Bushes that close the view between the trunks."""
    wide, tall = _STRIP_PX
    foot = round(tall * (1.0 - _BASE)) + 14
    for _ in range(5200):
        y = foot - rise_px * dice.random() ** 0.8
        tone = dice.uniform(0.5, 0.95)
        colour = (30 * tone, 60 * tone, 44 * tone, 255.0)
        cv2.circle(strip, (dice.randrange(wide), round(y)), dice.randrange(4, 9), colour, -1)
    strip[foot - 30 :] = (18, 38, 28, 255)


def _aside_of_sun(at: float, sun_azimuth_rad: float) -> int:
    """Which side of a tree in this direction the sun lights: -1 left, 1 right, 0 this side."""
    side = math.sin(at - sun_azimuth_rad)
    return 0 if abs(side) < 0.35 else (1 if side > 0 else -1)


def _stamp(
    strip: NDArray[np.uint8], crown: NDArray[np.uint8], at: float, size: float, dice: random.Random
) -> None:
    """Lay one tree on the strip, standing a little under the horizon, wrapped at the seam."""
    wide, tall = _STRIP_PX
    rows = max(8, round(size / _STRIP_RAD * tall * (1.0 - _BASE)) + 14)
    columns = max(6, round(rows * dice.uniform(0.75, 1.1)))
    tree = cv2.resize(crown, (columns, rows), interpolation=cv2.INTER_AREA)
    tone = np.array([dice.uniform(0.8, 1.15), dice.uniform(0.82, 1.12),
                     dice.uniform(0.72, 1.2), 1.0], np.float32) * np.float32(1.0)  # fmt: skip
    foot = round(tall * (1.0 - _BASE)) + 14
    top, left = max(foot - rows, 0), round(at / (2 * math.pi) * wide)
    tree = tree[rows - (foot - top) :]
    places = np.arange(left, left + columns) % wide
    beneath = strip[top:foot, places].astype(np.float32)
    cover = tree[..., 3:].astype(np.float32) * np.float32(1 / 255.0)
    laid = beneath * (1.0 - cover) + np.minimum(tree.astype(np.float32) * tone, 255.0)
    strip[top:foot, places] = laid.astype(np.uint8)


@lru_cache(maxsize=40)
def _crown(kind: int, side: int) -> NDArray[np.uint8]:
    """A tree as BGRA (colour times cover), 256 samples square: clumps of leaves over a trunk."""
    dice = np.random.default_rng((kind, 83))
    tree = np.zeros((256, 256, 4), np.uint8)
    bark = (34, 44, 54, 255)
    cv2.fillConvexPoly(tree, np.array([(121, 256), (135, 256), (131, 120), (125, 120)]), bark)
    is_conifer = kind % 4 == 3
    hue = np.array([dice.uniform(26, 44), dice.uniform(66, 92), dice.uniform(44, 68)])
    clumps = []
    for _ in range(120 if not is_conifer else 160):
        level = dice.uniform(0.0, 1.0)
        if is_conifer:
            reach = 8 + 62 * level
            clumps.append((128 + dice.uniform(-reach, reach), 14 + 216 * level, 10 + 10 * level))
        else:
            angle, out = dice.uniform(0, 2 * math.pi), math.sqrt(dice.uniform(0, 1)) * 96
            clumps.append((128 + out * 1.08 * math.cos(angle), 118 + out * math.sin(angle),
                           dice.uniform(13, 27)))  # fmt: skip
    order = dice.permutation(len(clumps))
    for number, index in enumerate(order):
        x, y, size = clumps[index]
        depth = number / len(order)
        _leaves(tree, (x, y), size, hue * (0.42 + 0.45 * depth), side, dice)
    return tree


def _leaves(
    tree: NDArray[np.uint8], at: tuple[float, float], size: float, hue: NDArray[np.float64],
    side: int, dice: np.random.Generator,
) -> None:  # fmt: skip
    """One clump: many small spots, the upper ones and those toward the sun brighter."""
    for _ in range(int(size * 2.6)):
        angle, out = dice.uniform(0, 2 * math.pi), math.sqrt(dice.uniform(0, 1))
        x, y = out * math.cos(angle), out * math.sin(angle)
        light = 0.92 - 0.38 * y + 0.34 * side * x + dice.normal(0, 0.13)
        colour = np.clip(hue * max(light, 0.25), 0, 255)
        place = (round(at[0] + x * size), round(at[1] + y * size * 0.85))
        cv2.circle(tree, place, int(dice.integers(2, 5)), (*colour.tolist(), 255.0), -1)
