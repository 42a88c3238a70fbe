"""From light to file: vignette, noise and compression of a picture.

Decides levels, never places. Called by `render` after everything is drawn.
"""

from __future__ import annotations

import cv2
import numpy as np

from rig.core.camera_pose import CameraPose
from rig.records import Picture

_GAMMA = 2.2
"""Levels are the light to the power of 1 by this."""
_VIGNETTE_FULL = 250.0
"""The level that stands for a share of 1 in the stored vignette."""


class SensorNoise:
    """Noise of the sensor from a few ready-made planes, shifted by a seeded amount each frame."""

    _SPARE = 64

    def __init__(self, size: tuple[int, int], sd: float, seed: int) -> None:
        width, height = size
        dice = np.random.default_rng((seed, 5))
        shape = (height + self._SPARE, width + self._SPARE, 3)
        values = dice.normal(0.0, max(sd, 1e-6), shape)
        self._seed, self._sd = seed, sd
        self._up = np.clip(np.rint(values), 0, 255).astype(np.uint8)
        self._down = np.clip(np.rint(-values), 0, 255).astype(np.uint8)

    def add(self, picture: Picture, number: int) -> Picture:
        """The picture with the noise of frame `number`."""
        if self._sd <= 0.0:
            return picture
        mixed = (number * 2654435761 + self._seed * 40503) & 0xFFFFFFFF
        row, column = (mixed >> 8) % self._SPARE, (mixed >> 20) % self._SPARE
        height, width = picture.shape[:2]
        window = (slice(row, row + height), slice(column, column + width))
        brighter = cv2.add(picture, self._up[window])
        return np.asarray(cv2.subtract(brighter, self._down[window]), np.uint8)


class Vignette:
    """Less light toward the corners: by the fourth power of the cosine of a ray's angle."""

    def __init__(self, pose: CameraPose, size: tuple[int, int], strength: float) -> None:
        width, height = size
        columns, rows = np.meshgrid(np.linspace(0.5, width - 0.5, width // 8),
                                    np.linspace(0.5, height - 0.5, height // 8))  # fmt: skip
        rays = pose.to_rays(np.stack([columns.ravel(), rows.ravel()], axis=1))
        cosine = 1.0 / np.linalg.norm(rays, axis=1).reshape(columns.shape)
        light = 1.0 - strength * (1.0 - cosine**4)
        share = (light ** (1.0 / _GAMMA)).astype(np.float32)
        wide = cv2.resize(share, size, interpolation=cv2.INTER_CUBIC)
        levels = np.asarray(np.clip(wide, 0.0, 1.0) * _VIGNETTE_FULL + 0.5, np.uint8)
        self._levels = cv2.cvtColor(levels, cv2.COLOR_GRAY2BGR)

    def dim(self, picture: Picture) -> Picture:
        """The picture with less light toward its corners."""
        return np.asarray(cv2.multiply(picture, self._levels, scale=1 / _VIGNETTE_FULL), np.uint8)


def compress(picture: Picture, quality: int | None) -> Picture:
    """The picture after JPEG of this quality (1 to 100); None: as it was."""
    if quality is None:
        return picture
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
