"""Make one box of what several tiles saw of one thing.

A box that touches its tile's edge, where that edge is not the picture's, is *cut*: the thing may
go on outside. Everything rests on one question: what would box B look like through the tile of
box A? That is B clipped to A's tile. If A is about that (they overlap well, or one is a
tighter outline of the other, a cut A lies inside, or A is a poor outline: `core.loose`), A *is
explained by* B. Then:

1. Boxes that are not cut go first, those of the finer tile before the coarser (its pixels are
   smaller, so the foot and with it the range is better), then by score. Whatever such a box
   explains is dropped: coarser doubles and fragments alike. The kept box takes the best score.
2. Of what is left, two cut boxes of the same kind that continue each other across a seam (one is
   cut where the other begins, they touch or overlap, and agree along the seam) become their
   union, seen through the union of their tiles. Again, until nothing joins: four tiles may meet.
3. Boxes that are still cut go by area, and drop what they explain.

So a small thing within the outline of a large one stays: it is not what the large one would look
like. Only boxes of one kind are compared here; doubles of different kinds and within one tile are
`rig.core.boxes`' part, which is also the only caller. Order of tiles and boxes does not matter:
ties are broken by coordinates.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rig.core.loose import COVERED, FINER, is_small

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]
Indices = NDArray[np.intp]

TOUCH_INPUT_PX = 1.5
"""How near to an edge, in model-input pixels, counts as touching it: a box's usual error."""

ECHO_SHARE = 0.4
"""A box that overlaps a better one by this share..."""

ECHO_SCORE = 0.8
"""...and is less sure by this factor only repeats it: a person's outline with another's edge, or
with the shadow's (seen in the demo: it led a life of its own and took the runner's name). Two
people who cover each other that far are as sure as each other, or one is hardly seen at all."""

COARSE_INPUT_PX = 3.0
"""A box seen at half the scale or less than another's is about the same thing within this many of
its own pixels: so small, a person's outline is loose (seen in the demo: two tracks for one)."""

TOUCH_LEAST_PX = 2.0
"""And at least this many picture pixels."""

FRAGMENT_INSIDE = 0.7
"""A cut box with this share of its area in the other box can be a fragment of it..."""

FRAGMENT_SHARE = 0.25
"""...if it also fills this share of what can be seen of the other box in its tile."""

NESTED_INSIDE = 0.95
"""A box with this share of its area inside a box of its kind..."""

NESTED_SHARE = 0.5
"""...and at least this share of its area is a looser or tighter outline of the same thing. Two
people in line do not look so: from above head height the farther head stands higher."""

SEAM_SHARE = 0.6
"""Two parts must overlap along the seam by this share of the shorter..."""

SEAM_RATIO = 0.35
"""...and this share of the longer: legs in stride are wider than head and chest."""


@dataclass(frozen=True, slots=True, eq=False)
class Sightings:
    """Boxes in picture pixels with the tile each was seen through, N rows each.

    `boxes`, `views` (N, 4) x0 y0 x1 y1; `pixel_px` (N,) picture pixels per input pixel; `is_cut`
    (N, 4) by side left, top, right, bottom; `tiles` (N,) number of the tile, unique for a join.
    """

    boxes: Floats
    scores: Floats
    kinds: Indices
    views: Floats
    pixel_px: Floats
    is_cut: Flags
    tiles: Indices

    def take(self, rows: Indices | Flags) -> Sightings:
        """Only these rows, in this order."""
        return Sightings(*(getattr(self, name)[rows] for name in self.__slots__))


def find_cuts(boxes: Floats, views: Floats, pixel_px: Floats, picture: Floats) -> Flags:
    """(N, 4): which sides touch the tile's edge where that is not the edge of `picture` (4,)."""
    touch = np.maximum(TOUCH_INPUT_PX * pixel_px, TOUCH_LEAST_PX)[:, None]
    is_inner = np.abs(views - picture) >= 1.0
    is_cut: Flags = is_inner & (np.abs(boxes - views) <= touch)
    return is_cut


def find_overlaps(boxes: Floats) -> tuple[Indices, Indices]:
    """Rows (i, j), i < j, of all boxes (N, 4) that share some area, ordered by i, then j."""
    x0, y0, x1, y1 = boxes.T
    meets = x0[:, None] < x1
    meets &= meets.T
    tall = y0[:, None] < y1
    meets &= tall
    meets &= tall.T
    first, second = np.divmod(np.flatnonzero(meets), max(len(boxes), 1))
    is_ordered = first < second
    return first[is_ordered], second[is_ordered]


def area(boxes: Floats) -> Floats:
    """Area of each box (N, 4), 0 where it is inside out."""
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 0)
    product: Floats = sides[:, 0] * sides[:, 1]
    return product


def clip(boxes: Floats, views: Floats) -> Floats:
    """The part of each box (N, 4) inside its view (N, 4) or (4,); may come out inside out."""
    low = np.maximum(boxes[:, :2], views[..., :2])
    high = np.minimum(boxes[:, 2:], views[..., 2:])
    return np.concatenate([low, high], axis=1)


def is_nested(one: Floats, other: Floats, both: Floats) -> Flags:
    """(P,) whether two areas with the area `both` in common are outlines of one thing."""
    smaller, larger = np.minimum(one, other), np.maximum(one, other)
    nested: Flags = (both > 0) & (both >= NESTED_INSIDE * smaller)
    return nested & (smaller >= NESTED_SHARE * larger)


def drop_beaten(first: Indices, second: Indices, count: int) -> Flags:
    """(count,) which rows stay when row `first` drops row `second`; pairs ordered by `first`.

    Only a row that itself stays drops another, and `first` < `second` throughout, so every row's
    fate is settled before its own turn comes.
    """
    stays = [True] * count
    for winner, loser in zip(first.tolist(), second.tolist(), strict=True):
        if stays[winner]:
            stays[loser] = False
    return np.array(stays, dtype=np.bool_)


def merge_sightings(seen: Sightings, same_iou: float) -> Sightings:
    """One sighting per thing; rules in the module's text. `same_iou`: above it, two are one."""
    if not seen.tiles.size or seen.tiles.min() == seen.tiles.max():
        return seen
    seen = _drop_explained(seen.take(_rank(seen)), same_iou, is_cut_allowed=False)
    if not seen.is_cut.any():
        return seen
    joined = _join_all(seen)
    return _drop_explained(joined.take(_rank(joined)), same_iou, is_cut_allowed=True)


def _rank(seen: Sightings) -> Indices:
    """Row order: uncut before cut, uncut by fine pixels then score, cut by area; ties by place."""
    is_cut = seen.is_cut.any(axis=1)
    size = np.where(is_cut, -area(seen.boxes), seen.pixel_px)
    x0, y0, x1, y1 = seen.boxes.T
    return np.lexsort((y1, x1, y0, x0, seen.kinds, -seen.scores, size, is_cut))


def _drop_explained(seen: Sightings, same_iou: float, is_cut_allowed: bool) -> Sightings:
    """Drop every row that an earlier one explains; the earlier takes the better score.

    Unless `is_cut_allowed`, a cut row drops nothing (it may yet be joined to its other part).
    """
    first, second = find_overlaps(seen.boxes)
    is_pair = seen.kinds[first] == seen.kinds[second]
    is_pair &= seen.tiles[first] != seen.tiles[second]
    if not is_cut_allowed:
        is_pair &= ~seen.is_cut[first].any(axis=1)
    first, second = first[is_pair], second[is_pair]
    if not first.size:
        return seen
    is_same = _is_explained(seen, second, first, same_iou)
    first, second = first[is_same], second[is_same]
    stays = drop_beaten(first, second, len(seen.boxes))
    scores = seen.scores.copy()
    is_final = stays[first]
    np.maximum.at(scores, first[is_final], seen.scores[second[is_final]])
    return replace(seen, scores=scores).take(stays)


def _is_explained(seen: Sightings, part: Indices, whole: Indices, same_iou: float) -> Flags:
    """(P,) whether row `part` is about what row `whole` looks like through the tile of `part`."""
    box = seen.boxes[part]
    other = clip(seen.boxes[whole], seen.views[part])
    both = area(clip(box, other))
    own, visible = area(box), area(other)
    union = np.maximum(own + visible - both, 1e-6)
    pixel_px = seen.pixel_px[part], seen.pixel_px[whole]
    is_coarse = np.maximum(*pixel_px) >= 2 * np.minimum(*pixel_px)
    touch = np.where(is_coarse, COARSE_INPUT_PX, TOUCH_INPUT_PX) * np.maximum(*pixel_px)
    is_near = np.abs(box - other).max(axis=1) <= touch
    is_fragment = seen.is_cut[part].any(axis=1) & (both >= FRAGMENT_INSIDE * own)
    is_fragment &= both >= FRAGMENT_SHARE * visible
    is_explained: Flags = (both >= same_iou * union) | (is_near & (both > 0)) | is_fragment
    is_explained |= is_echo(both / union, seen.scores[whole], seen.scores[part])
    is_explained |= _is_poor(seen, part, whole)
    return is_explained | is_nested(own, visible, both)


def _is_poor(seen: Sightings, part: Indices, whole: Indices) -> Flags:
    """(P,) whether `part` is a small coarse box over `whole`, whose finer tile shows all of it.

    Somebody nearer, as large as `part`, would be found by that tile, and hide `whole` from it.
    """
    box, other, views = seen.boxes[part], seen.boxes[whole], seen.views[whole]
    is_poor: Flags = np.all(clip(box, views) == box, axis=1)
    is_poor &= seen.pixel_px[part] >= FINER * seen.pixel_px[whole]
    is_poor &= is_small(box, seen.pixel_px[part])
    return is_poor & (area(clip(box, other)) >= COVERED * area(other))


def is_echo(share: Floats, sure: Floats, unsure: Floats) -> Flags:
    """(P,) whether an unsure box that overlaps a sure one by this share only repeats it."""
    found: Flags = (share > ECHO_SHARE) & (unsure < ECHO_SCORE * sure)
    return found


def _join_all(seen: Sightings) -> Sightings:
    """Join cut rows across seams until no two continue each other."""
    count = int(seen.is_cut.any(axis=1).sum())
    for number in range(count - 1):
        pair = _find_seam(seen)
        if pair is None:
            break
        seen = _join(seen, *pair, tile=-1 - number)
    return seen


def _find_seam(seen: Sightings) -> tuple[int, int] | None:
    """The two rows that agree best along a seam, or None."""
    rows = np.flatnonzero(seen.is_cut.any(axis=1))
    low, high = (grid.ravel() for grid in np.meshgrid(rows, rows, indexing="ij"))
    is_pair = (seen.kinds[low] == seen.kinds[high]) & (seen.tiles[low] != seen.tiles[high])
    low, high = low[is_pair], high[is_pair]
    if not low.size:
        return None
    agreement = np.maximum(*(_agree(seen, low, high, axis) for axis in (0, 1)))
    best = int(agreement.argmax())
    return (int(low[best]), int(high[best])) if agreement[best] > 0 else None


def _agree(seen: Sightings, low: Indices, high: Indices, axis: int) -> Floats:
    """(P,) how well `high` continues `low` along `axis` (0: x, 1: y), 0 where it does not."""
    side, other = axis, 1 - axis
    a, b = seen.boxes[low], seen.boxes[high]
    touch = np.maximum(TOUCH_INPUT_PX * (seen.pixel_px[low] + seen.pixel_px[high]), TOUCH_LEAST_PX)
    is_seam = seen.is_cut[low, side + 2] & seen.is_cut[high, side]
    is_seam &= (b[:, side] - a[:, side + 2] <= touch) & (a[:, side] <= b[:, side])
    is_seam &= a[:, side + 2] <= b[:, side + 2]
    shared = np.minimum(a[:, other + 2], b[:, other + 2]) - np.maximum(a[:, other], b[:, other])
    widths = a[:, other + 2] - a[:, other], b[:, other + 2] - b[:, other]
    shorter, longer = np.minimum(*widths), np.maximum(*widths)
    is_seam &= (shared >= SEAM_SHARE * shorter) & (shared >= SEAM_RATIO * longer)
    agreement: Floats = np.where(is_seam, shared / longer, 0)
    return agreement


def _join(seen: Sightings, low: int, high: int, tile: int) -> Sightings:
    """The rows without these two, and their union at the end."""
    pair = np.array([low, high])
    boxes, views = seen.boxes[pair], seen.views[pair]
    box = np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])
    view = np.concatenate([views[:, :2].min(axis=0), views[:, 2:].max(axis=0)])
    # A side is still cut only where every part that reaches that far is cut.
    is_outer = boxes == box
    is_cut = (seen.is_cut[pair] | ~is_outer).all(axis=0)
    stays = np.ones(len(seen.boxes), dtype=np.bool_)
    stays[pair] = False
    rest = seen.take(stays)
    return Sightings(
        np.vstack([rest.boxes, box]),
        np.append(rest.scores, seen.scores[pair].max()),
        np.append(rest.kinds, seen.kinds[low]),
        np.vstack([rest.views, view]),
        np.append(rest.pixel_px, seen.pixel_px[pair].max()),
        np.vstack([rest.is_cut, is_cut]),
        np.append(rest.tiles, tile),
    )
