"""The sky of a simulated scene: its colours, clouds, and the glare round the sun.

Decides nothing about light on the ground. Called by `backdrop`.
"""

from __future__ import annotations

import math
import random

import numpy as np
from numpy.typing import NDArray

from rig.sim.light import Light
from rig.sim.texture import Plane, mix, noise


def paint_sky(up: Plane, turn: Plane, light: Light, seed: int) -> NDArray[np.float32]:
    """The sky by height angle and azimuth (radians), float32 BGR [height, width, 3]."""
    low, high = (np.asarray(c, np.float32) for c in (light.sky_low, light.sky_high))
    share = np.clip(up / np.float32(0.5), 0.0, 1.0)[..., None] ** np.float32(0.7)
    sky = np.asarray(low + (high - low) * share, np.float32)
    _clouds(sky, up, turn, light, seed)
    if light.sun > 0.2 and light.name != "floodlit":
        _glare(sky, up, turn, light)
    return sky


def _clouds(sky: NDArray[np.float32], up: Plane, turn: Plane, light: Light, seed: int) -> None:
    """Clouds on a flat layer: small and crowded toward the horizon, white above, grey below."""
    dice = random.Random(f"clouds {seed}")
    cover = dice.uniform(-0.9, 0.5) if light.sun > 0.3 else dice.uniform(-0.3, 0.7)
    far = _reach(up)
    x, y = far * np.cos(turn), far * np.sin(turn)
    step = np.asarray(0.035 * far * far + 0.02, np.float32)
    billow = np.zeros_like(up)
    lit = np.zeros_like(up)
    for octave, weight in ((0.35, 1.0), (0.8, 0.6), (1.9, 0.38), (4.4, 0.24), (10.0, 0.15)):
        number = seed + 21 + int(octave * 10)
        billow += np.float32(weight) * noise(x, y, octave, number, step * np.float32(0.4))
        beyond = _reach(up + np.float32(0.012))
        lit += np.float32(weight) * noise(beyond * np.cos(turn), beyond * np.sin(turn), octave,
                                          number, step * np.float32(0.4))  # fmt: skip
    body = np.clip((billow + np.float32(cover)) * np.float32(0.75), 0.0, 1.0)
    relief = np.clip(0.5 + 0.35 * (billow - lit), 0.0, 1.0)
    bright = max(float(sky.max()), 60.0)
    white = np.asarray(light.sky_low, np.float32) * np.float32(min(1.12, 252.0 / bright))
    grey = white * np.float32(0.74)
    cloud = grey + (white - grey) * relief[..., None].astype(np.float32)
    thin = body * np.clip(up * np.float32(14.0) + np.float32(0.1), 0.0, 1.0) * np.float32(0.85)
    mix(sky, cloud.astype(np.float32), thin.astype(np.float32))


def _reach(up: Plane) -> Plane:
    """How far away the cloud layer is in this direction, in its heights."""
    return np.asarray(1.0 / np.tan(np.clip(up, 0.0357, 1.5)), np.float32)


def _glare(sky: NDArray[np.float32], up: Plane, turn: Plane, light: Light) -> None:
    """The sun's disc, if in view, and the brightness round it."""
    turned = turn - np.float32(light.sun_azimuth_rad)
    height = np.float32(light.sun_height_rad)
    near = np.sin(up) * math.sin(height) + np.cos(up) * math.cos(height) * np.cos(turned)
    away = np.arccos(np.clip(near, -1.0, 1.0))
    glow = 0.55 * np.exp(-away / 0.22) + 0.6 * np.exp(-away / 0.05) + (away < 0.012)
    warm = np.asarray((225.0, 246.0, 255.0), np.float32)
    share = np.clip(glow * np.float32(light.sun * 1.3), 0.0, 1.0)
    mix(sky, warm, share.astype(np.float32))
