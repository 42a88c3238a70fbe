"""Whether a coarse box is only a poor outline of what a finer tile shows in its place.

A person of eight to twelve input pixels is below what the detector finds reliably, and when it is
found all the same, its box is two to three input pixels too large on every side, or far off: a
runner 33 px tall at the start box gets one of 56 px from the whole view, with the foot of somebody
2.1 m tall who stands 10 m nearer to the camera. Size alone cannot refuse that: a tall person may
stand there. What can is the finer tile: whoever stood in the larger box would be larger in it than
the runner is, would hide the runner, and be found first.

Answers for pairs of boxes; who repeats whom over time is `core.echoes`, in one frame `core.seams`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Flags = NDArray[np.bool_]

FINER = 2.0
"""A finer tile has pixels smaller by at least this factor."""

SMALL_INPUT_PX = 20.0
"""A taller box is outlined well: whole-view boxes of people of 8 to 12 input pixels are 13 to 21
tall, those of 12 to 16 are 14 to 24 (5th and 95th percentile of 405 boxes of picture drills)."""

LOOSE_INPUT_PX = 4.0
"""A loose side lies this many of its own pixels outside at most: boxes of people of 8 to 12 input
pixels do so by 1 to 3 in the median, and by 3 in the 95th percentile on three sides (as above)."""

TIGHT_INPUT_PX = 1.5
"""And not farther inside than this, a box's usual error."""

ASIDE_INPUT_PX = 1.5
"""Nor are the two middles farther apart sideways than this: who is half aside is somebody else."""

COVERED = 0.7
"""Who has this share of their outline behind somebody is not seen before them [J]."""


def is_small(boxes: Floats, pixel_px: Floats) -> Flags:
    """(P,) whether boxes (P, 4) are so few input pixels tall that their outline may be poor."""
    small: Flags = boxes[:, 3] - boxes[:, 1] <= SMALL_INPUT_PX * pixel_px
    return small


def is_loose_outline(coarse: Floats, coarse_px: Floats, fine: Floats, fine_px: Floats) -> Flags:
    """(P,) whether each box of `coarse` (P, 4) is about what `fine` (P, 4) outlines better.

    Boxes x0 y0 x1 y1 in picture pixels; `coarse_px`, `fine_px` (P,) are picture pixels per input
    pixel. The caller knows whether the finer tile would have shown all of the coarse box.
    """
    out = (fine - coarse) * np.array([1, 1, -1, -1]) / coarse_px[:, None]
    is_about = (out >= -TIGHT_INPUT_PX) & (out <= LOOSE_INPUT_PX)
    is_centred = np.abs(out[:, 0] - out[:, 2]) <= 2 * ASIDE_INPUT_PX
    is_loose: Flags = is_about.all(axis=1) & is_centred
    return is_loose & is_small(coarse, coarse_px) & (coarse_px >= FINER * fine_px)
