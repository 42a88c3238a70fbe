"""How the picture itself is: brightness, spread, sharpness, and whether it is the same again.

Measures; `core.health` judges. Brightness, spread and sharpness are of the picture averaged down
to an eighth: in single pixels the sensor's noise alone looks sharp and spread out, so that a
covered lens at dusk would pass for a picture. Sameness is of single pixels, every eighth in row
and column, for the opposite reason: noise is what tells a live sensor from a frozen one.
Called by `programs.observer`.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from rig.records import Picture, Vitals

STEP_PX = 8
HALVINGS = 3
GREEN = 1


class VitalsMeter:
    """Remembers the last picture, to notice a frozen one."""

    def __init__(self) -> None:
        self._last: NDArray[np.uint8] | None = None
        self._changed_ns = 0

    def measure(self, picture: Picture, t_ns: int, inference_s: float) -> Vitals:
        """The vitals of one picture whose light arrived at `t_ns`."""
        small = _shrink(picture)
        mean, spread = cv2.meanStdDev(small)
        _, sharpness = cv2.meanStdDev(cv2.Laplacian(small, cv2.CV_16S))
        return Vitals(
            inference_s=inference_s,
            luma_mean=float(mean[0, 0]),
            luma_sd=float(spread[0, 0]),
            sharpness=float(sharpness[0, 0]),
            same_picture_s=self._same_s(picture, t_ns),
        )

    def _same_s(self, picture: Picture, t_ns: int) -> float:
        """For how long the picture has been the very same.

        Only the very same counts: a driver that hangs gives the same buffer again, while the
        least noise of a live sensor changes some pixel. Recordings of a still scene repeat a
        picture now and then, because coding drops the noise; over the ten clips that this was
        tried on never for longer than 0.2 s.
        """
        pixels = np.ascontiguousarray(picture[::STEP_PX, ::STEP_PX, GREEN])
        if self._last is None or not np.array_equal(pixels, self._last):
            self._changed_ns = t_ns
        self._last = pixels
        return max(0, t_ns - self._changed_ns) / 1e9


def _shrink(picture: Picture) -> NDArray[np.uint8]:
    """The green of the picture averaged down to an eighth; OpenCV's halving is its fastest way."""
    for _ in range(HALVINGS):
        height, width = picture.shape[:2]
        size = (max(1, width // 2), max(1, height // 2))
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    return np.ascontiguousarray(picture[:, :, GREEN])
