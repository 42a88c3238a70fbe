"""How the picture itself is: brightness, spread, sharpness, and whether it is the same again.

Measures; `core.health` judges. Works on every eighth row and column, where a covered lens, a
dark picture and a frozen camera look the same as in the whole. Called by `programs.observer`.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from rig.records import Picture, Vitals

STEP_PX = 8
NOISE_LUMA = 0.02
"""A live sensor's noise changes the mean absolute luma by more than this between two frames [J]."""


class VitalsMeter:
    """Remembers the last picture, to notice a frozen one."""

    def __init__(self) -> None:
        self._last: NDArray[np.uint8] | None = None
        self._changed_ns = 0

    def measure(self, picture: Picture, t_ns: int, inference_s: float) -> Vitals:
        """The vitals of one picture whose light arrived at `t_ns`."""
        small = np.ascontiguousarray(picture[::STEP_PX, ::STEP_PX, 1])
        mean, spread = cv2.meanStdDev(small)
        _, sharpness = cv2.meanStdDev(cv2.Laplacian(small, cv2.CV_16S))
        if self._last is None or self._is_changed(small):
            self._changed_ns = t_ns
        self._last = small
        return Vitals(
            inference_s=inference_s,
            luma_mean=float(mean[0, 0]),
            luma_sd=float(spread[0, 0]),
            sharpness=float(sharpness[0, 0]),
            same_picture_s=(t_ns - self._changed_ns) / 1e9,
        )

    def _is_changed(self, small: NDArray[np.uint8]) -> bool:
        if self._last is None or self._last.shape != small.shape:
            return True
        return float(cv2.norm(small, self._last, cv2.NORM_L1)) / small.size > NOISE_LUMA
