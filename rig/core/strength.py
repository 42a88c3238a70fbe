"""Strong boxes say that something is there; weak ones only that what was there still is.

A detector scores a blurred, dark or half hidden person low. A lower threshold would begin tracks
on clutter; ignoring the low scores loses people who are being followed. So low-scored boxes go on
with tracks but begin none (Zhang et al., ByteTrack, ECCV 2022). Decides which boxes are weak; how
they are used is `core.tracker`'s. Called by `rig.devices.detector`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rig.core.boxes import merge_candidates
from rig.core.decode import KINDS, Candidates
from rig.core.loose import FINER
from rig.core.overlap import share_inside
from rig.records import Detection, Tile

REPEAT_IOU = 0.3
"""A weak box that overlaps a strong one by more is that thing again."""
REPEAT_SHARE = 0.6
"""So is one with more than this share of it inside a strong one, or the other way round."""


def thresholds_of_kinds(
    class_kinds: NDArray[np.intp], scores: NDArray[np.float32]
) -> NDArray[np.float32]:
    """(kinds,) the lowest threshold among the classes of each kind; infinity where it has none."""
    thresholds = np.full(len(KINDS), np.inf, np.float32)
    np.minimum.at(thresholds, class_kinds, scores.astype(np.float32))
    return thresholds


def merge_by_strength(
    found: Sequence[tuple[Tile, Candidates]],
    thresholds: NDArray[np.float32],
    nms_iou: float,
    picture_width_px: int,
    picture_height_px: int,
) -> tuple[Detection, ...]:
    """Strong things as if there were no weak candidates, then weak ones where no strong one is.

    `thresholds` (kinds,): a strong score is above its kind's. Boxes in picture pixels.
    """
    size = (picture_width_px, picture_height_px)
    is_strong = [some.scores > thresholds[some.kinds] for _, some in found]
    strong = merge_candidates(_taken(found, is_strong), nms_iou, *size)
    weak = merge_candidates(_taken(found, [~flags for flags in is_strong]), nms_iou, *size)
    rest = (one for one in weak if not any(_is_repeat(one, s) for s in strong))
    return strong + tuple(replace(one, is_weak=True) for one in rest)


def _taken(
    found: Sequence[tuple[Tile, Candidates]], flags: Sequence[NDArray[np.bool_]]
) -> list[tuple[Tile, Candidates]]:
    return [
        (tile, Candidates(some.boxes[rows], some.scores[rows], some.kinds[rows]))
        for (tile, some), rows in zip(found, flags, strict=True)
    ]


def _is_repeat(weak: Detection, strong: Detection) -> bool:
    """Whether it says nothing new; finer pixels do, for they confirm a coarse box."""
    if weak.pixel_px * FINER <= strong.pixel_px:
        return False
    inside = share_inside(weak.box, strong.box), share_inside(strong.box, weak.box)
    return max(inside) > REPEAT_SHARE or weak.box.overlap(strong.box) > REPEAT_IOU
