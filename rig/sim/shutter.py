"""How a camera's shutter sees what moves: blur over the exposure, rows read one after another.

Decides where a moving part is drawn at which moment; `strokes` draws it and `scenes` takes its
exact box from the same moments. Turns no light into levels: that is `sensor`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from rig.records import Picture
from rig.sim.strokes import Flat, Part, shift_flat

_SHARP_PX = 0.7
"""What moves less than this while the shutter is open is drawn once."""
_STEP_PX = 1.3
_MOMENTS_MOST = 7
_BODY_MOST_MPS = 16.0
"""No limb of a runner of 6 m/s is faster; a greater step is a change of gait."""

Shift = tuple[float, float]
"""How far a picture's content lies right and down, px."""


@dataclass(frozen=True, slots=True)
class Shutter:
    """`exposure_s` is how long each row gathers light, `readout_s` from the first row to the last.

    A frame's time is the middle of the exposure of its middle row.
    """

    exposure_s: float = 0.0
    readout_s: float = 0.0

    @property
    def span_s(self) -> float:
        """How far from the frame's time light is gathered at most."""
        return (self.exposure_s + self.readout_s) / 2


STILL = Shutter()
"""A global shutter with no exposure time: nothing moves."""


def add_moves(parts: Sequence[Part], before: Sequence[Part], seconds: float) -> list[Part]:
    """Parts with the velocities that brought them here from `before`, `seconds` earlier."""
    if len(parts) != len(before):
        return list(parts)
    moves = [
        (now.centres - then.centres) / seconds for now, then in zip(parts, before, strict=True)
    ]
    if max((float(np.abs(move).max()) for move in moves), default=0.0) > _BODY_MOST_MPS:
        return list(parts)
    return [replace(part, moves_mps=move) for part, move in zip(parts, moves, strict=True)]


def expose(flats: Sequence[Flat], shutter: Shutter, height_px: int) -> list[list[Flat]]:
    """The parts at the moments of one exposure, each row at its own time; at least one moment."""
    rates = [flat.rates_px for flat in flats if flat.rates_px is not None]
    if not rates or shutter == STILL:
        return [list(flats)]
    fastest = max(float(np.hypot(*rate.T).max()) for rate in rates)
    path_px = fastest * shutter.exposure_s
    count = 1 if path_px < _SHARP_PX else min(_MOMENTS_MOST, 1 + math.ceil(path_px / _STEP_PX))
    moments = (np.arange(count) + 0.5) / count - 0.5
    return [
        [shift_flat(flat, moment * shutter.exposure_s + _row_late_s(flat, shutter, height_px))
         for flat in flats]
        for moment in moments
    ]  # fmt: skip


def _row_late_s(flat: Flat, shutter: Shutter, height_px: int) -> np.ndarray:
    """How much later than the middle row the rows of the circles' centres are read."""
    share = np.clip(flat.centres_px[:, 1] / height_px, 0.0, 1.0) - 0.5
    return np.asarray(share * shutter.readout_s)


def move_rows(picture: Picture, first: Shift, last: Shift) -> Picture:
    """The picture moved by `first` at its top row and by `last` at its bottom row, sheared between.

    That is what a swaying mast looks like while rows are read. Edges are drawn on.
    """
    if not any((*first, *last)):
        return picture
    height, width = picture.shape[:2]
    right, down = ((end - start) / height for start, end in zip(first, last, strict=True))
    by = np.array([[1.0, right, first[0]], [0.0, 1.0 + down, first[1]]])
    moved = cv2.warpAffine(picture, by, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8)
