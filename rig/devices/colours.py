"""The colours of what was found: with them the tracker tells two people apart who pass close by.

Not biometric: six numbers a box, of clothes in that light. Decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import cv2

from rig.records import Box, Detection, Picture

UPPER_SHARE, LOWER_SHARE = 0.15, 0.75
"""Of the height, from the top: from below the head to the knees; feet and ground differ less."""
MIDDLE_SHARE = 0.4
"""Of the width: what is beside the middle is mostly background."""
LEAST_PX = 2


def with_colours(picture: Picture, found: Iterable[Detection]) -> tuple[Detection, ...]:
    """The detections with their colours; uint8 [height, width, 3] blue green red.

    What is smaller than a few pixels, or mostly outside the picture, stays without.
    """
    return tuple(replace(one, colours=_colours(picture, one.box)) for one in found)


def _colours(picture: Picture, box: Box) -> tuple[int, ...]:
    height, width = picture.shape[:2]
    middle = (box.x0 + box.x1) / 2
    half = MIDDLE_SHARE / 2 * box.width_px
    y0, y1 = (int(box.y0 + share * box.height_px) for share in (UPPER_SHARE, LOWER_SHARE))
    x0, x1 = int(middle - half), int(middle + half) + 1
    cut = picture[max(0, y0) : max(0, min(height, y1)), max(0, x0) : max(0, min(width, x1))]
    if min(cut.shape[:2]) < LEAST_PX:
        return ()
    means = cv2.resize(cut, (1, 2), interpolation=cv2.INTER_AREA)
    return tuple(int(value) for value in means.reshape(-1))
