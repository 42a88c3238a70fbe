"""One box per thing in the picture, out of what each tile's candidates say.

Decides which boxes are doubles, within a tile and across tiles (`rig.core.seams` has the rules
for cut boxes), and whether a box's upper or lower edge is the thing's own. Does not know metres.
Called by `rig.devices.detector`; `merge` is the same for callers that hold records.

Within a tile: greedy suppression by score of boxes of one kind that overlap by more than the
card's limit, or of which one is a tighter outline of the other. Boxes of different kinds are the
same thing only if they agree closely; then a person stays before anything else (a rig that loses
its runner to "animal" has lost its runner) and otherwise the better score. A rider is a person
and a cycle, and both stay, unless both boxes are drawn around the two together.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rig.core.decode import KIND_NUMBERS, KINDS, NO_CANDIDATES, Candidates
from rig.core.seams import (
    Flags,
    Floats,
    Indices,
    Sightings,
    area,
    clip,
    drop_beaten,
    find_cuts,
    find_overlaps,
    is_echo,
    is_nested,
    merge_sightings,
)
from rig.records import Box, Detection, Kind, Tile

SAME_THING_IOU = 0.8
"""Boxes of two kinds that agree this well are one thing under two names."""

PICTURE_EDGE_PX = 2.0
"""A box that ends this near to the picture's edge goes on outside."""

HIDING_PX = 4.0
"""A box hides another's foot only if it stands lower by more than this..."""

HIDING_SHARE = 0.1
"""...and by more than this share of the other's height: a nearer thing stands lower. Less is
within the scatter of two lower edges, and hides no more than that scatter either."""

UNION_INSIDE = 0.6
"""Two boxes with this share of their areas inside a box..."""

UNION_SHARE = 0.65
"""...that together cover this share of it..."""

UNION_HEIGHT = 0.75
"""...are nearly as tall as it..."""

UNION_APART = 0.3
"""...and overlap each other by less than this: two people whom the box takes for one."""

UNION_SCORE = 0.6
"""The two must be at least this sure, relative to the box."""

_PERSON = KIND_NUMBERS[Kind.PERSON]


def merge(
    found: Sequence[tuple[Tile, tuple[Detection, ...]]],
    nms_iou: float,
    picture_width_px: int,
    picture_height_px: int,
) -> tuple[Detection, ...]:
    """One detection per thing from what each tile's detections (picture pixels) say.

    Above `nms_iou` two boxes of one kind are the same. Sets `is_bottom_cut` and `is_top_cut`.
    The result is ordered by score and does not depend on the order of tiles or detections.
    """
    arrays = [(tile, _to_candidates(detections)) for tile, detections in found]
    return merge_candidates(arrays, nms_iou, picture_width_px, picture_height_px)


def merge_candidates(
    found: Sequence[tuple[Tile, Candidates]],
    nms_iou: float,
    picture_width_px: int,
    picture_height_px: int,
) -> tuple[Detection, ...]:
    """As `merge`, for raw candidates in picture pixels."""
    picture = np.array([0, 0, picture_width_px, picture_height_px], np.float32)
    found = [(tile, some) for tile, some in found if some.scores.size]
    if not found:
        return ()
    seen = suppress(_sight(found, picture), nms_iou)
    seen = merge_sightings(seen, nms_iou)
    x0, y0, x1, y1 = seen.boxes.T
    return _to_detections(seen.take(np.lexsort((y1, x1, y0, x0, -seen.scores))), picture)


def suppress(seen: Sightings, nms_iou: float) -> Sightings:
    """The sightings without doubles within each tile; persons first, then by score."""
    x0, y0, x1, y1 = seen.boxes.T
    is_other = seen.kinds != _PERSON
    seen = seen.take(np.lexsort((y1, x1, y0, x0, seen.kinds, -seen.scores, is_other)))
    first, second = find_overlaps(seen.boxes)
    is_pair = seen.tiles[first] == seen.tiles[second]
    first, second = first[is_pair], second[is_pair]
    if not first.size:
        return seen
    is_double = _is_double(seen, first, second, nms_iou)
    seen = seen.take(drop_beaten(first[is_double], second[is_double], len(seen.boxes)))
    return seen.take(~find_unions(seen))


def find_unions(seen: Sightings) -> Flags:
    """(N,) whether a row is only two people side by side, who are both found, taken for one."""
    boxes, kinds, scores = seen.boxes, seen.kinds, seen.scores
    is_union = np.zeros(len(boxes), np.bool_)
    first, second = find_overlaps(boxes)
    if first.size < 2:
        return is_union
    sizes, tall = area(boxes), boxes[:, 3] - boxes[:, 1]
    whole, part = np.concatenate([first, second]), np.concatenate([second, first])
    both = area(clip(boxes[whole], boxes[part]))
    is_part = (kinds[whole] == kinds[part]) & (both >= UNION_INSIDE * sizes[part])
    is_part &= tall[part] >= UNION_HEIGHT * tall[whole]
    is_part &= scores[part] >= UNION_SCORE * scores[whole]
    is_part &= sizes[part] < sizes[whole]
    for row in np.flatnonzero(np.bincount(whole[is_part], minlength=len(boxes)) >= 2):
        mine = is_part & (whole == row)
        is_union[row] = _is_made_of(boxes, sizes[row], part[mine], both[mine])
    return is_union


def _is_made_of(boxes: Floats, size: float, parts: Indices, both: Floats) -> bool:
    """Whether two of these parts, apart from each other, cover a box of this area."""
    for number, one in enumerate(parts[:-1]):
        others = parts[number + 1 :]
        shared = area(clip(boxes[np.full(len(others), one)], boxes[others]))
        least = np.minimum(area(boxes[others]), area(boxes[one : one + 1]))
        covered = both[number] + both[number + 1 :] - shared
        if bool(np.any((shared < UNION_APART * least) & (covered >= UNION_SHARE * size))):
            return True
    return False


def _is_double(seen: Sightings, first: Indices, second: Indices, nms_iou: float) -> Flags:
    """(P,) whether the two rows of each pair are one thing."""
    boxes, kinds = seen.boxes, seen.kinds
    sizes = area(boxes)
    both = area(clip(boxes[first], boxes[second]))
    share = both / (sizes[first] + sizes[second] - both)
    is_same = (share > nms_iou) | is_nested(sizes[first], sizes[second], both)
    is_same |= is_echo(share, seen.scores[first], seen.scores[second])
    is_one_kind = kinds[first] == kinds[second]
    is_double: Flags = np.where(is_one_kind, is_same, share > SAME_THING_IOU)
    return is_double


def _sight(found: list[tuple[Tile, Candidates]], picture: Floats) -> Sightings:
    """All tiles' candidates, each clipped to its tile, with their cut sides."""
    counts = [some.scores.size for _, some in found]
    tiles = np.repeat(np.arange(len(found)), counts)
    views = np.array([(t.x0, t.y0, t.x1, t.y1) for t, _ in found], np.float32)[tiles]
    pixel_px = np.array([1 / tile.scale for tile, _ in found], np.float32)[tiles]
    boxes = clip(np.concatenate([some.boxes for _, some in found]), views)
    seen = Sightings(
        boxes,
        np.concatenate([some.scores for _, some in found]),
        np.concatenate([some.kinds for _, some in found]),
        views,
        pixel_px,
        find_cuts(boxes, views, pixel_px, picture),
        tiles,
    )
    is_inside = area(boxes) > 0
    return seen if is_inside.all() else seen.take(is_inside)


def _to_candidates(detections: tuple[Detection, ...]) -> Candidates:
    """Records as arrays."""
    if not detections:
        return NO_CANDIDATES
    boxes = [d.box.sides_px for d in detections]
    return Candidates(
        np.array(boxes, np.float32),
        np.array([d.score for d in detections], np.float32),
        np.array([KIND_NUMBERS[d.kind] for d in detections], np.intp),
    )


def _to_detections(seen: Sightings, picture: Floats) -> tuple[Detection, ...]:
    """Arrays as records, with the cut edges marked."""
    is_top_cut = seen.is_cut[:, 1] | (seen.boxes[:, 1] <= PICTURE_EDGE_PX)
    is_bottom_cut = seen.is_cut[:, 3] | (seen.boxes[:, 3] >= picture[3] - PICTURE_EDGE_PX)
    is_bottom_cut |= find_hidden_feet(seen.boxes)
    rows = zip(
        seen.kinds.tolist(),
        seen.scores.tolist(),
        seen.boxes.tolist(),
        is_bottom_cut.tolist(),
        is_top_cut.tolist(),
        seen.pixel_px.tolist(),
        strict=True,
    )
    return tuple(
        Detection(KINDS[kind], score, Box(*box), is_bottom, is_top, pixel_px)
        for kind, score, box, is_bottom, is_top, pixel_px in rows
    )


def find_hidden_feet(boxes: Floats) -> Flags:
    """(N,) whether the middle of a box's lower edge lies inside a box that stands lower."""
    is_hidden: Flags = np.asarray(find_hiders(boxes).any(axis=1), dtype=np.bool_)
    return is_hidden


def find_hiders(boxes: NDArray[np.floating], does_touch: bool = False) -> Flags:
    """(N, N) whether box j stands lower than box i and holds the middle of its lower edge.

    With `does_touch` also where that edge is just above box j: what hides cuts off at its top.
    """
    x0, y0, x1, y1 = boxes.T
    foot_x = ((x0 + x1) / 2)[:, None]
    margin = np.maximum(HIDING_PX, HIDING_SHARE * (y1 - y0))[:, None]
    top = y0 - (margin if does_touch else 0.0)
    hides: Flags = (x0 < foot_x) & (foot_x < x1) & (top < y1[:, None]) & (y1[:, None] + margin < y1)
    return hides
