"""How the picture lies against the calibration still: shift and small roll.

Decides where the static world of the still is seen now, or that it cannot tell (None: covered,
dark, blurred, another scene). Does not decide whether the camera was moved too far: that is
`core.health`. Called once a frame by the programs.

Both pictures are reduced to about 320 px of width and flattened (local mean off, local contrast
to one), so exposure, dusk and soft shadow leave them alike. Well textured patches of the still,
one per cell of a grid so that no crowd covers most of them, are followed by pyramidal
Lucas-Kanade (Bouguet 2000) from the last shift; patches that do not correlate are dropped, and
the rest vote for one rigid motion: pairs propose, all count, the agreeing ones are fitted by
least squares. The coarse stage (phase correlation of the whole picture) runs only when that fails.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from rig.errors import LaneError
from rig.records import Picture, ViewShift

Floats = NDArray[np.float64]
Grey = NDArray[np.uint8]

_WIDTH_PX = 320
"""Reduced width; a patch is then followed to about 0.1 px, and 40 of them to 0.1 px unreduced."""
_LOCAL_PX = 17
_CONTRAST_FLOOR = 3.0
"""Grey levels; contrast below this is noise and is not blown up to texture."""
_CONTRAST = 40.0
_GRID = (12, 7)
_MARGIN_PX = 9
_TEXTURE_LEAST = 1e-3
"""Least eigenvalue of `cv2.cornerMinEigenVal` on the flattened picture for a patch to be held."""
_PATCH_PX = 15
_LEVELS = 2
_ALIKE_LEAST = 0.7
"""Correlation below which a patch shows something else (a person, glare) and is dropped."""
_PAIRS = 96
_PAIR_APART_PX = 60.0
_VOTE_PX = 0.5
_FIT_PX = 0.3
_PATCHES_LEAST = 6
_SHARE_LEAST = 0.15
"""Of the still's patches that must agree; a crowd over 40 % of the picture leaves about 0.5."""
_SPREAD_LEAST = 0.1
"""Of the picture's width: agreeing patches in one corner tell no roll."""
_SHIFT_MOST = 0.15
"""Of the picture's width; what is farther off was not followed but met by chance."""
_ROLL_MOST_RAD = math.radians(6.0)
_ROLL_STRAIGHT_RAD = math.radians(0.25)
"""Lucas-Kanade moves patches without turning them; beyond this that costs accuracy."""
_COARSE_ROLLS_RAD = (0.0, math.radians(1.5), math.radians(-1.5))
_COARSE_LEAST = 0.03
"""Least peak of the phase correlation that is worth a fine stage."""
_SIGMA_LEAST_PX = 0.1
"""What all patches share and their scatter cannot show: SD 0.1 px on moved recorded pictures."""


@dataclass(frozen=True, slots=True)
class _Motion:
    """A rigid motion about the picture's centre in reduced pixels; complex x + iy, as turns."""

    shift: complex = 0j
    roll_rad: float = 0.0

    def move(self, points: NDArray[np.complex128]) -> NDArray[np.complex128]:
        """Where still points (relative to the centre) are seen."""
        return np.asarray(points * np.exp(1j * self.roll_rad) + self.shift)


class Registration:
    """Finds each picture's shift against one still; remembers the last one as a start.

    Raises LaneError where the still has too little texture to hold on to.
    """

    def __init__(self, still: Picture) -> None:
        self._shape = still.shape
        self._still = _flatten(still)
        height, width = self._still.shape
        self._scale = still.shape[1] / width
        self._centre = complex(width / 2 - 0.5, height / 2 - 0.5)
        spots = _choose(self._still)
        if len(spots) < 2 * _PATCHES_LEAST:
            raise LaneError(
                f"calibration still has {len(spots)} textured patches, registration needs "
                f"{2 * _PATCHES_LEAST}; include lines, fences or buildings in the view"
            )
        self._spots = spots
        self._points = spots[:, 0] + 1j * spots[:, 1] - self._centre
        self._patches = _patches(self._still, spots)
        self._pairs = _pairs(self._points)
        self._window = cv2.createHanningWindow((width // 2, height // 2), cv2.CV_32F)
        self._last = _Motion()

    def find(self, picture: Picture) -> ViewShift | None:
        """The picture's lie against the still; None where too few patches agree.

        `sigma_px` is the agreeing patches' scatter over the root of their number, joined with
        what they all share. Raises LaneError where the picture has another size than the still.
        """
        if picture.shape != self._shape:
            raise LaneError(
                f"picture is {picture.shape[1]}x{picture.shape[0]} px but the calibration still "
                f"is {self._shape[1]}x{self._shape[0]} px; calibrate again with this camera mode"
            )
        now = _flatten(picture)
        starts = [self._last] if self._last == _Motion() else [self._last, _Motion()]
        found = self._first_fit(now, starts) or self._first_fit(now, self._coarse(now))
        if found is None:
            return None
        self._last, sigma = self._straightened(now, found)
        return ViewShift(
            self._last.shift.real * self._scale,
            self._last.shift.imag * self._scale,
            self._last.roll_rad,
            math.hypot(_SIGMA_LEAST_PX, sigma * self._scale),
        )

    def _straightened(self, now: Grey, found: tuple[_Motion, float]) -> tuple[_Motion, float]:
        """The motion followed once more with the roll undone, which biases turned patches."""
        motion, _ = found
        if abs(motion.roll_rad) < _ROLL_STRAIGHT_RAD:
            return found
        rest = self._fit(_moved_back(now, motion, self._centre), _Motion())
        if rest is None:
            return found
        turn = np.exp(1j * motion.roll_rad)
        shift = complex(rest[0].shift * turn + motion.shift)
        return _Motion(shift, motion.roll_rad + rest[0].roll_rad), rest[1]

    def _first_fit(self, now: Grey, starts: list[_Motion]) -> tuple[_Motion, float] | None:
        for start in starts:
            found = self._fit(now, start)
            if found is not None:
                return found
        return None

    def _fit(self, now: Grey, start: _Motion) -> tuple[_Motion, float] | None:
        """Follow all patches from a start and let them vote; None without enough agreement."""
        guess = _flat(start.move(self._points) + self._centre)
        moved, status, _ = cv2.calcOpticalFlowPyrLK(
            self._still,
            now,
            self._spots,
            guess,
            winSize=(_PATCH_PX, _PATCH_PX),
            maxLevel=_LEVELS,
            flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
        )
        seen = np.asarray(moved, dtype=np.float32)
        alike = (_patches(now, seen) * self._patches).mean(axis=1)
        is_good = (status[:, 0] == 1) & (alike > _ALIKE_LEAST)
        places = seen[:, 0] + 1j * seen[:, 1] - self._centre
        return self._vote(places, is_good)

    def _vote(
        self, places: NDArray[np.complex128], is_good: NDArray[np.bool_]
    ) -> tuple[_Motion, float] | None:
        least = max(_PATCHES_LEAST, math.ceil(_SHARE_LEAST * len(self._points)))
        pairs = self._pairs[is_good[self._pairs].all(axis=1)]
        if is_good.sum() < least or not len(pairs):
            return None
        turn = (places[pairs[:, 1]] - places[pairs[:, 0]]) / (
            self._points[pairs[:, 1]] - self._points[pairs[:, 0]]
        )
        turn /= np.abs(turn)
        shift = (places[pairs] - self._points[pairs] * turn[:, None]).mean(axis=1)
        miss = np.abs(places - self._points * turn[:, None] - shift[:, None])
        agrees = (miss < _VOTE_PX) & is_good
        agrees_most = agrees[agrees.sum(axis=1).argmax()]
        for _ in range(2):
            if agrees_most.sum() < least:
                return None
            motion = _rigid(self._points[agrees_most], places[agrees_most])
            miss_most = np.abs(places - motion.move(self._points))
            fitted, agrees_most = agrees_most, (miss_most < _FIT_PX) & is_good
        return self._judged(motion, miss_most, fitted & agrees_most, least)

    def _judged(
        self, motion: _Motion, miss: Floats, agrees: NDArray[np.bool_], least: int
    ) -> tuple[_Motion, float] | None:
        count = int(agrees.sum())
        width = self._still.shape[1]
        if count < least or abs(motion.shift) > _SHIFT_MOST * width:
            return None
        spread = float(np.std(self._points[agrees]))
        if abs(motion.roll_rad) > _ROLL_MOST_RAD or spread < _SPREAD_LEAST * width:
            return None
        return motion, float(np.sqrt((miss[agrees] ** 2).sum() / 2) / (count - 1.5))

    def _coarse(self, now: Grey) -> list[_Motion]:
        """Starts from the whole picture's phase correlation, one per tried roll."""
        small = _half(now)
        starts = []
        for roll in _COARSE_ROLLS_RAD:
            still = _half(_moved_back(self._still, _Motion(0j, -roll), self._centre))
            (dx, dy), peak = cv2.phaseCorrelate(still, small, self._window)
            if peak > _COARSE_LEAST:
                starts.append((peak, _Motion(complex(2 * dx, 2 * dy), roll)))
        starts.sort(key=lambda scored: -scored[0])
        return [motion for _, motion in starts]


def _flatten(picture: Picture) -> Grey:
    """The picture in grey at about 320 px of width, local mean 128 and local contrast alike."""
    height, width = picture.shape[:2]
    half = cv2.resize(picture, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(half, cv2.COLOR_BGR2GRAY)
    size = (_WIDTH_PX, round(height * _WIDTH_PX / width))
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    window = (_LOCAL_PX, _LOCAL_PX)
    mean = cv2.boxFilter(small, cv2.CV_32F, window)
    square = cv2.sqrBoxFilter(small, cv2.CV_32F, window)
    spread = np.sqrt(np.maximum(square - mean * mean, 0.0)) + _CONTRAST_FLOOR
    flat = cv2.subtract(small, mean, dtype=cv2.CV_32F) / spread
    return np.asarray(cv2.convertScaleAbs(flat * _CONTRAST + 128.0), dtype=np.uint8)


def _choose(flat: Grey) -> NDArray[np.float32]:
    """The best textured spot (x, y) of each grid cell that has one, (N, 2)."""
    texture = cv2.cornerMinEigenVal(flat, _PATCH_PX, ksize=3)
    height, width = flat.shape
    columns = np.linspace(_MARGIN_PX, width - _MARGIN_PX, _GRID[0] + 1).astype(int)
    rows = np.linspace(_MARGIN_PX, height - _MARGIN_PX, _GRID[1] + 1).astype(int)
    spots = []
    for top, bottom in itertools.pairwise(rows):
        for left, right in itertools.pairwise(columns):
            cell = texture[top:bottom, left:right]
            y, x = np.unravel_index(int(cell.argmax()), cell.shape)
            if cell[y, x] > _TEXTURE_LEAST:
                spots.append((left + x, top + y))
    return np.array(spots, dtype=np.float32).reshape(-1, 2)


def _pairs(points: NDArray[np.complex128]) -> NDArray[np.intp]:
    """Index pairs (M, 2) of patches far enough apart to tell a roll; the same in every run."""
    first, second = np.triu_indices(len(points), 1)
    is_apart = np.abs(points[first] - points[second]) > _PAIR_APART_PX
    pairs = np.stack([first[is_apart], second[is_apart]], axis=1)
    order = np.random.default_rng(1).permutation(len(pairs))
    return np.asarray(pairs[order[:_PAIRS]], dtype=np.intp)


def _patches(flat: Grey, spots: NDArray[np.float32]) -> Floats:
    """What is seen around spots (N, 2), one row each with mean 0 and spread 1."""
    reach = np.arange(_PATCH_PX, dtype=np.float32) - _PATCH_PX // 2
    x = (spots[:, 0, None, None] + reach[None, None, :]) + 0 * reach[None, :, None]
    y = (spots[:, 1, None, None] + reach[None, :, None]) + 0 * reach[None, None, :]
    shape = (len(spots), _PATCH_PX * _PATCH_PX)
    seen = cv2.remap(
        flat, x.reshape(shape), y.reshape(shape), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    ).astype(np.float32)
    seen -= seen.mean(axis=1, keepdims=True)
    spread = np.sqrt((seen * seen).mean(axis=1, keepdims=True))
    return np.asarray(seen / np.maximum(spread, 1.0))


def _rigid(points: NDArray[np.complex128], places: NDArray[np.complex128]) -> _Motion:
    """Least squares turn and shift (the two-dimensional Procrustes solution)."""
    middle, there = points.mean(), places.mean()
    turn = (np.conj(points - middle) * (places - there)).sum()
    turn /= max(abs(turn), 1e-12)
    return _Motion(complex(there - middle * turn), float(np.angle(turn)))


def _moved_back(flat: Grey, motion: _Motion, centre: complex) -> Grey:
    """The picture as it would be without the motion."""
    cos, sin = math.cos(motion.roll_rad), math.sin(motion.roll_rad)
    turn = np.array([[cos, -sin], [sin, cos]])
    middle = np.array([centre.real, centre.imag])
    shift = middle + np.array([motion.shift.real, motion.shift.imag]) - turn @ middle
    matrix = np.column_stack([turn, shift])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    size = (flat.shape[1], flat.shape[0])
    back = cv2.warpAffine(flat, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(back, dtype=np.uint8)


def _half(flat: Grey) -> NDArray[np.float32]:
    height, width = flat.shape
    small = cv2.resize(flat, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.float32)


def _flat(places: NDArray[np.complex128]) -> NDArray[np.float32]:
    return np.stack([places.real, places.imag], axis=1).astype(np.float32)
