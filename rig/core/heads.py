"""Whose heads are blurred in clips: those of everybody but the runner.

Decides by boxes, not by faces: a face that looks away now looks at the camera a moment later, and
a detector of faces misses the small ones. Whom the detector does not find is not blurred. Where
nobody is locked, everybody is somebody else. Called by `programs.live`, which tells the rectangles
with each picture; blurred by `devices.clip_pictures`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

from rig.core.datagrams import HEADS_MOST
from rig.records import Box, Decision, Kind, Seen, Track

WITH_FACES: Final = frozenset({Kind.PERSON, Kind.CYCLE})
RUNNER_OVERLAP: Final = 0.5
"""The box that overlaps most with the runner's, by at least this, is the runner."""
HEAD_OF_HEIGHT, HEAD_OF_WIDTH = 0.24, 0.55
"""A head with hair and chin is 0.15 of a body and half of its shoulders; and room for error."""
MARGIN_ABOVE, MARGIN_ASIDE = 0.06, 0.05
LYING: Final = 0.9
"""Wider than so much of its height: nobody knows at which end the head is."""

Rectangle = tuple[int, int, int, int]


def other_heads(seen: Seen, decision: Decision, size_px: tuple[int, int]) -> tuple[int, ...]:
    """x0, y0, x1, y1 in whole pixels of each head that is not the runner's, one after another.

    `size_px` is the picture's (width, height). Whoever was seen a moment ago counts as well.
    """
    runner = decision.runner.track
    boxes = [d.box for d in seen.detections if d.kind in WITH_FACES]
    if runner is not None:
        boxes = _without(boxes, runner.box)
    boxes += [track.box for track in decision.tracks if _is_other(track, runner)]
    heads = {_head(box, size_px) for box in boxes}
    largest_first = sorted((h for h in heads if h is not None), key=_area, reverse=True)
    if len(largest_first) > HEADS_MOST:
        rest = largest_first[HEADS_MOST - 1 :]
        largest_first = [*largest_first[: HEADS_MOST - 1], _around(rest)]
    return tuple(side for head in largest_first for side in head)


def rectangles(heads: tuple[int, ...]) -> list[Rectangle]:
    """The rectangles of what `other_heads` gave."""
    return [(heads[i], heads[i + 1], heads[i + 2], heads[i + 3]) for i in range(0, len(heads), 4)]


def _without(boxes: list[Box], runner: Box) -> list[Box]:
    """All but the one that is the runner."""
    best = max(boxes, key=runner.overlap, default=None)
    if best is None or runner.overlap(best) < RUNNER_OVERLAP:
        return boxes
    return [box for box in boxes if box is not best]


def _is_other(track: Track, runner: Track | None) -> bool:
    is_runner = runner is not None and track.track_id == runner.track_id
    return track.kind in WITH_FACES and not is_runner


def _head(box: Box, size_px: tuple[int, int]) -> Rectangle | None:
    """The part of a body's box that holds the head; None where that is out of the picture."""
    width, height = box.width_px, box.height_px
    part = min(height, max(HEAD_OF_HEIGHT * height, HEAD_OF_WIDTH * width))
    bottom = box.y1 if width > LYING * height else box.y0 + part
    x0 = max(0, math.floor(box.x0 - MARGIN_ASIDE * width))
    y0 = max(0, math.floor(box.y0 - MARGIN_ABOVE * height))
    x1 = min(size_px[0], math.ceil(box.x1 + MARGIN_ASIDE * width))
    y1 = min(size_px[1], math.ceil(bottom))
    return (x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None


def _area(head: Rectangle) -> int:
    return (head[2] - head[0]) * (head[3] - head[1])


def _around(heads: Iterable[Rectangle]) -> Rectangle:
    x0, y0, x1, y1 = zip(*heads, strict=True)
    return min(x0), min(y0), max(x1), max(y1)
