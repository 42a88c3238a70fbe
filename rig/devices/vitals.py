"""How the picture itself is: brightness, spread, sharpness, what is hidden, and sameness.

Measures; `core.health` judges. Brightness, spread, sharpness and detail are of the picture
averaged down to an eighth: in single pixels the sensor's noise alone looks sharp and spread out,
so that a covered lens at dusk would pass for a picture. Sameness is of single pixels, every eighth
in row and column, for the opposite reason: noise is what tells a live sensor from a frozen one.
Called by `programs.observer`.

What lies on the lens (a hand, a leaf, drops) is far out of focus, so nothing fine is left where it
lies, while whoever stands before the camera has outlines. So detail is compared cell by cell with
the calibration still, which shows the lane empty. Without a still nothing is compared.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from rig.records import Picture, Vitals

STEP_PX = 8
HALVINGS = 3
GREEN = 1
CELLS = (16, 9)
"""Columns and rows in which detail is compared; one is 80 px of 1280, a person at 20 m."""
DETAIL_LEAST = 0.05
"""Mean Laplacian over brightness for a reference cell to count. A noise of 6 of 255 (dusk) makes
0.03 of a grey of 100; lane lines, fences and trees make 0.1 and more."""
LEFT_MOST = 0.3
"""A cell with less than this share of its reference's detail is hidden: blur over an eighth of a
cell leaves a quarter, a stranger's plain back at close range a half."""
DARK_GREY = 4.0
"""Added to brightness before dividing: a black cell has no detail, whatever its noise."""

Cells = NDArray[np.float64]


class VitalsMeter:
    """Remembers the last picture, to notice a frozen one, and what detail there should be.

    Without `still`, the calibration still, nothing counts as hidden.
    """

    def __init__(self, still: Picture | None = None) -> None:
        self._last: NDArray[np.uint8] | None = None
        self._changed_ns = 0
        self._reference = None if still is None else _detail(*_laplace(still))

    def measure(self, picture: Picture, t_ns: int, inference_s: float) -> Vitals:
        """The vitals of one picture whose light arrived at `t_ns`."""
        small, edges = _laplace(picture)
        mean, spread = cv2.meanStdDev(small)
        _, sharpness = cv2.meanStdDev(edges)
        hidden, left = self._compare(_detail(small, edges))
        return Vitals(
            inference_s=inference_s,
            luma_mean=float(mean[0, 0]),
            luma_sd=float(spread[0, 0]),
            sharpness=float(sharpness[0, 0]),
            same_picture_s=self._same_s(picture, t_ns),
            hidden_share=hidden,
            detail_share=left,
        )

    def _compare(self, detail: Cells) -> tuple[float, float]:
        """Share of the reference's textured cells that are hidden, and of its detail left."""
        if self._reference is None:
            return 0.0, 1.0  # nothing to compare with: `sharpness` alone judges such a view
        is_textured = self._reference > DETAIL_LEAST
        if not is_textured.any():
            return 0.0, 1.0
        before, now = self._reference[is_textured], detail[is_textured]
        return float((now < LEFT_MOST * before).mean()), float(detail.sum() / self._reference.sum())

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


def _laplace(picture: Picture) -> tuple[NDArray[np.uint8], NDArray[np.int16]]:
    """The picture's green averaged down to an eighth, and its Laplacian."""
    small = _shrink(picture)
    return small, np.asarray(cv2.Laplacian(small, cv2.CV_16S), np.int16)


def _detail(small: NDArray[np.uint8], edges: NDArray[np.int16]) -> Cells:
    """Mean Laplacian over brightness of each cell, [rows, columns]: alike in sun and shade."""
    fine = cv2.resize(np.abs(edges).astype(np.float32), CELLS, interpolation=cv2.INTER_AREA)
    grey = cv2.resize(small, CELLS, interpolation=cv2.INTER_AREA)
    return np.asarray(fine / (grey + DARK_GREY), np.float64)


def _shrink(picture: Picture) -> NDArray[np.uint8]:
    """The green of the picture averaged down to an eighth; OpenCV's halving is its fastest way."""
    for _ in range(HALVINGS):
        height, width = picture.shape[:2]
        size = (max(1, width // 2), max(1, height // 2))
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    return np.ascontiguousarray(picture[:, :, GREEN])
