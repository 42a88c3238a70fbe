"""Which sightings a finer tile has just denied, or shown to be somebody who is followed already.

Tiles take turns: in a frame that looks at the whole view alone, a far person's box is poor
(`core.loose`), its foot lies metres nearer to the camera, and no track is there. It would begin one
of somebody who stands in the lane for as long as the runner waits. Where a finer look a moment ago
showed all of that box and found nobody of that size, there was nobody; whoever has come since is
found by the next finer look and begins a track then. Nor does a loose outline move the track that
it repeats: it only says that somebody is still there.

Decides for people only, and only for boxes of few pixels. Called by `core.tracker`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rig.core.followed import Followed
from rig.core.loose import FINER, SMALL_INPUT_PX, TIGHT_INPUT_PX, is_loose_outline
from rig.records import Box, Detection, Kind, Placed, Tile

FRESH_S = 0.8
"""For this long a finer look is worth more than a coarse box [J]: at 8 Hz four tiles take 0.5 s
for their turns, and the detector skips a frame."""

FOUND_OVERLAP = 0.4
"""A finer look found what its own box, weak or strong, overlaps by this share (IoU). Loose boxes
overlap by 0.31 in the median what they are of, true ones by 0.6 (picture drills)."""

AGAIN_OVERLAP = 0.5
"""A box that overlaps another by this share is that one again: what is not there stays [J]."""

Pairs = list[tuple[Followed, Placed]]


@dataclass(frozen=True, slots=True)
class Look:
    """What one frame looked at, and the people that it found."""

    t_ns: int
    tiles: tuple[Tile, ...]
    people: tuple[Detection, ...]

    def has_shown(self, found: Detection) -> bool:
        """Whether a tile finer than the sighting's shows all of its box."""
        return any(
            tile.scale * found.pixel_px >= FINER and _holds(tile, found.box) for tile in self.tiles
        )

    def has_found(self, found: Detection) -> bool:
        """Whether somebody of about that size was found there by finer pixels."""
        return any(
            one.pixel_px * FINER <= found.pixel_px and one.box.overlap(found.box) >= FOUND_OVERLAP
            for one in self.people
        )


@dataclass(frozen=True, slots=True)
class Echoes:
    """What is left of one frame's strong sightings and pairs without those that do not count.

    `still` are tracks that a loose outline says are still about where they were; `gone` those
    that no finer look ever spoke for, and the last ones deny or show to be somebody else.
    """

    strong: list[Placed]
    pairs: Pairs
    still: list[Followed]
    gone: list[Followed]


class FinerLooks:
    """The looks of the last `FRESH_S`."""

    def __init__(self) -> None:
        self._looks: list[Look] = []

    def add(self, placed: Sequence[Placed], tiles: Sequence[Tile], t_ns: int) -> None:
        """Take one frame's look, before its sightings are judged."""
        people = tuple(p.detection for p in placed if p.detection.kind is Kind.PERSON)
        fresh = [look for look in self._looks if t_ns - look.t_ns <= FRESH_S * 1e9]
        self._looks = [*fresh, Look(t_ns, tuple(tiles), people)]

    def part(self, followed: Sequence[Followed], pairs: Pairs, strong: Sequence[Placed]) -> Echoes:
        """Judge each sighting of a person that is small enough to be poor.

        People move between two looks: one that is paired with a track which finer pixels have
        shown is that track's, unless a finer tile denied it in its own frame, or its like.
        """
        known = [track for track in followed if track.is_confirmed]
        track_of = {id(sighting): track for track, sighting in pairs}
        dropped: set[int] = set()
        still: list[Followed] = []
        gone: list[Followed] = []
        for sighting in strong:
            found, mine = sighting.detection, track_of.get(id(sighting))
            if not _is_doubtful(found):
                continue
            if self._is_again(found):
                dropped.add(id(sighting))
            elif mine is not None and mine.finest.pixel_px * FINER <= found.pixel_px:
                if self._repeats(found, mine) and _is_long(found, mine.finest):
                    dropped.add(id(sighting))
                    still.append(mine)
            elif self._is_denied(found) or any(self._repeats(found, track) for track in known):
                dropped.add(id(sighting))
                gone += [mine] if mine is not None else []
        return Echoes(
            [p for p in strong if id(p) not in dropped],
            [(track, p) for track, p in pairs if id(p) not in dropped],
            still,
            gone,
        )

    def _is_again(self, found: Detection) -> bool:
        """Whether it is what a finer tile denied in the same frame, then or now."""
        return any(
            look.has_shown(one)
            and not look.has_found(one)
            and one.box.overlap(found.box) >= AGAIN_OVERLAP
            for look in self._looks
            for one in look.people
            if _is_doubtful(one)
        )

    def _is_denied(self, found: Detection) -> bool:
        """Whether finer looks showed all of the box, and none of them found it."""
        shown = [look for look in self._looks if look.has_shown(found)]
        return bool(shown) and not any(look.has_found(found) for look in shown)

    def _repeats(self, found: Detection, track: Followed) -> bool:
        """Whether it is a loose outline of the track, as a finer look has just shown it."""
        boxes = np.array([found.box.sides_px, track.finest.box.sides_px])
        pixel_px = np.array([found.pixel_px, track.finest.pixel_px])
        is_fresh = any(
            look.t_ns == track.finest_ns and look.has_shown(found) for look in self._looks
        )
        return is_fresh and bool(
            is_loose_outline(boxes[:1], pixel_px[:1], boxes[1:], pixel_px[1:]).all()
        )


def _is_doubtful(found: Detection) -> bool:
    is_small = found.box.height_px <= SMALL_INPUT_PX * found.pixel_px
    return found.kind is Kind.PERSON and is_small


def _is_long(found: Detection, finest: Detection) -> bool:
    """Whether its foot is farther off than a box's usual error, which placing counts with."""
    return found.box.y1 - finest.box.y1 > TIGHT_INPUT_PX * found.pixel_px


def _holds(tile: Tile, box: Box) -> bool:
    return tile.x0 <= box.x0 and tile.y0 <= box.y0 and box.x1 <= tile.x1 and box.y1 <= tile.y1
