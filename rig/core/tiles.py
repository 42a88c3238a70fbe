"""Which parts of the picture the detector looks at, and when.

The whole view, shrunk to the model's input, is judged in every frame. What is too small in it
(far people, and things of 30 cm) is covered by far tiles at native or halved scale, which take
turns in the inferences that are left of the frame's budget. Decides the tiles once, from the
calibrated site and the model card's facts, and the turns at run time. Called by `rig watch`,
`rig bench` and the range card.

Choice: the places of `rig.core.tile_needs` that the whole view shows too small are covered
greedily, each time by the tile that covers the most (people count before things), up to TURNS_MOST
tiles for each free inference. Greedy covering is within ln(n) + 1 of the fewest (Chvatal 1979).
Where nothing is too small, the free inferences enlarge people below COMFORT least heights.

Turns: each frame takes the tiles with the highest (frames since looked at) x (2 for urgent tiles,
1 for others). So urgent tiles come more often and no tile waits longer than `turns_most` frames.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from rig.core.lane import Site
from rig.core.tile_needs import Flags, Floats, Needs, project_needs
from rig.records import Box, Detection, Tile

TURNS_MOST = 3
"""Far tiles for each free inference: at 10 frames a second each comes round within 0.6 s."""

MARGIN_PX = 4.0
"""Model-input pixels kept free around a thing, so that it is not cut by the tile's edge."""

GAIN_LEAST = 0.05
"""A tile for things alone must cover this share of all that are too small in the whole view."""

NEARLY = 0.9
"""Among tiles that cover this share of the best, the smallest and then the sharpest is taken."""

SEEN_WEIGHT = 1e-4
"""Of what is already shown well enough a tile takes in as much as it can for nothing."""

COMFORT = 2.0
"""At this many times the least height a person is found with hardly a miss [J: of the people of
street_static 7 % were found at 27 px, just above the least height, and 98 % at 80 px]."""

LEGIBLE_SHARE = 0.8
"""A box this share of the least visible height tall is still worth following by itself [J]."""

URGENT_WEIGHT = 2
"""How much faster an urgent tile's turn comes."""

URGENT_SHARE = 0.25
"""A tile is urgent when it holds this share of a box of interest, or is filled so far by it."""


@dataclass(frozen=True, slots=True)
class InputFacts:
    """What of a model decides the tiles: largest input, its sides' step, least visible height."""

    width_px: int
    height_px: int
    multiple_px: int
    min_object_px: float


@dataclass(frozen=True, slots=True)
class Coverage:
    """Model-input pixels of height at one metre of the lane, in the best tile; 0: not seen.

    The least over the lane's width. Compare with the card's `min_object_px`.
    """

    along_m: float
    person_px: float
    thing_px: float


def whole_view(width_px: int, height_px: int, facts: InputFacts) -> Tile:
    """The whole picture as one tile: shrunk to fit the input, never enlarged."""
    scale = min(facts.width_px / width_px, facts.height_px / height_px, 1.0)
    return _tile(0, 0, width_px, height_px, scale, facts)


class TilePlanner:
    """The tiles of one site, and whose turn it is.

    `tiles_per_frame` inferences are the budget of a frame; the first is the whole view's, so with
    a budget of one there are no far tiles.
    """

    def __init__(self, site: Site, facts: InputFacts, tiles_per_frame: int) -> None:
        lens = site.pose.lens
        self.whole = whole_view(lens.width_px, lens.height_px, facts)
        self._needs = project_needs(site)
        self._min_object_px = facts.min_object_px
        slots = max(tiles_per_frame - 1, 0)
        most = slots * TURNS_MOST
        self.far = tuple(_choose_far(self._needs, self.whole, facts, most)) if most else ()
        self._turns = TileTurns(self.far, slots)

    @property
    def tiles(self) -> tuple[Tile, ...]:
        """Every tile that may be planned, the whole view first."""
        return (self.whole, *self.far)

    def rotation_s(self, rate_hz: float) -> float:
        """The longest time in seconds between two looks through the same tile at this rate."""
        return self._turns.turns_most / rate_hz

    def is_legible(self, found: Detection) -> bool:
        """Whether a box says anything that a far tile will not say better in its turn.

        A thing well under the model's least height is a smudge with loose edges; where a finer
        tile shows it taller, the smudge is left out rather than followed beside the real one.
        """
        tall_px = found.box.height_px / found.pixel_px
        if tall_px >= LEGIBLE_SHARE * self._min_object_px:
            return True
        x, y = found.box.centre_px
        return not any(tile.holds(x, y) and tile.scale * found.pixel_px > 1.5 for tile in self.far)

    def plan(self, turn: int, interest: tuple[Box, ...] = ()) -> tuple[Tile, ...]:
        """The tiles of frame number `turn` (growing), the whole view first, within the budget.

        `interest` are boxes in picture pixels around what matters most now: the runner and the
        lane that they run into.
        """
        return (self.whole, *self._turns.take(turn, interest))

    def coverage(self) -> tuple[Coverage, ...]:
        """How tall a person and a 30 cm thing are in the best tile, for each metre of the lane."""
        needs = self._needs
        best = np.zeros(len(needs.along_m))
        for tile in self.tiles:
            scale = min(tile.scale, 1.0)
            best = np.maximum(best, np.where(_holds(needs, tile), needs.height_px * scale, 0.0))
        return tuple(
            Coverage(
                float(along),
                *(
                    float(best[(needs.along_m == along) & needs.is_on_lane & is_kind].min())
                    for is_kind in (needs.is_person, ~needs.is_person)
                ),
            )
            for along in np.unique(needs.along_m)
        )


class TileTurns:
    """Whose turn it is among the far tiles: at most `slots` a frame."""

    def __init__(self, far: tuple[Tile, ...], slots: int) -> None:
        self.far = far
        self._slots = slots
        # Never looked at yet: as if each had waited its place in the round.
        self._looked = [-1 - number for number in range(len(far), 0, -1)]

    @property
    def turns_most(self) -> int:
        """The most frames from one look through a tile to the next, whatever is urgent."""
        if len(self.far) <= self._slots:
            return 1
        return URGENT_WEIGHT * math.ceil(len(self.far) / self._slots)

    def take(self, turn: int, interest: tuple[Box, ...]) -> tuple[Tile, ...]:
        """The tiles whose turn it is in frame number `turn`; they are counted as looked at."""
        weights = [URGENT_WEIGHT if is_urgent(tile, interest) else 1 for tile in self.far]
        waits = [turn - looked for looked in self._looked]
        order = sorted(range(len(self.far)), key=lambda n: (-waits[n] * weights[n], -waits[n], n))
        chosen = sorted(order[: self._slots])
        for number in chosen:
            self._looked[number] = turn
        return tuple(self.far[number] for number in chosen)


def is_urgent(tile: Tile, interest: tuple[Box, ...]) -> bool:
    """Whether the tile holds enough of a box of interest."""
    own = (tile.x1 - tile.x0) * (tile.y1 - tile.y0)
    for box in interest:
        width = min(tile.x1, box.x1) - max(tile.x0, box.x0)
        height = min(tile.y1, box.y1) - max(tile.y0, box.y0)
        least = URGENT_SHARE * min(own, box.width_px * box.height_px)
        if width > 0 and height > 0 and width * height >= least:
            return True
    return False


def _tile(x0: int, y0: int, width: int, height: int, scale: float, facts: InputFacts) -> Tile:
    """A tile whose input is the smallest that the model takes for this cut and scale."""
    step = facts.multiple_px
    sides = (
        min(math.ceil(round(side * scale) / step) * step, most)
        for side, most in ((width, facts.width_px), (height, facts.height_px))
    )
    return Tile(x0, y0, x0 + width, y0 + height, *sides)


def _frame(needs: Needs, scale: float) -> Floats:
    """(N, 4) the needs' boxes with the margin around them, within the picture."""
    margin = MARGIN_PX / scale
    boxes = needs.boxes + np.array([-margin, -margin, margin, margin])
    framed: Floats = np.clip(boxes, 0, needs.picture_px * 2)
    return framed


def _holds(needs: Needs, tile: Tile) -> Flags:
    """(N,) whether each need lies inside the tile."""
    boxes = _frame(needs, min(tile.scale, 1.0))
    is_held = (boxes[:, :2] >= (tile.x0, tile.y0)).all(axis=1) & needs.is_seen
    is_held &= (boxes[:, 2:] <= (tile.x1, tile.y1)).all(axis=1)
    held: Flags = is_held
    return held


def _shows(needs: Needs, tile: Tile, facts: InputFacts) -> Flags:
    """(N,) whether each need lies inside the tile and is tall enough in it."""
    is_tall = needs.height_px * min(tile.scale, 1.0) >= facts.min_object_px
    shown: Flags = _holds(needs, tile) & is_tall
    return shown


def _choose_far(needs: Needs, whole: Tile, facts: InputFacts, most: int) -> list[Tile]:
    """Far tiles for what the whole view shows too small; if nothing, for people it shows small."""
    if chosen := _choose(needs, whole, facts, most):
        return chosen
    people = replace(needs, is_seen=needs.is_seen & needs.is_person)
    return _choose(people, whole, replace(facts, min_object_px=COMFORT * facts.min_object_px), most)


def _choose(needs: Needs, whole: Tile, facts: InputFacts, most: int) -> list[Tile]:
    """At most `most` far tiles for what the whole view shows too small."""
    is_open = needs.is_seen & ~_shows(needs, whole, facts)
    is_open &= needs.height_px >= facts.min_object_px
    things = int((is_open & ~needs.is_person).sum())
    weights = np.where(needs.is_person, 1.0 + things, 1.0)
    chosen: list[Tile] = []
    while len(chosen) < most and is_open.any():
        gains = [
            (float(weights[is_open & _shows(needs, tile, facts)].sum()), tile)
            for tile in _best_tiles(
                needs, np.where(is_open, weights, SEEN_WEIGHT * needs.is_seen), whole, facts
            )
        ]
        best = max((gain for gain, _ in gains), default=0.0)
        if best < max(1.0, GAIN_LEAST * things):
            break
        near = [tile for gain, tile in gains if gain >= NEARLY * best]
        tile = min(near, key=lambda t: (t.input_width_px * t.input_height_px, -t.scale))
        chosen.append(tile)
        is_open &= ~_shows(needs, tile, facts)
    return _prune(chosen, needs, whole, facts)


def _prune(chosen: list[Tile], needs: Needs, whole: Tile, facts: InputFacts) -> list[Tile]:
    """Without the tiles whose every need another shows too; highest in the picture first."""
    kept = list(chosen)
    for tile in chosen:
        others = [_shows(needs, t, facts) for t in (whole, *kept) if t is not tile]
        if not (_shows(needs, tile, facts) & ~np.any(others, axis=0)).any():
            kept.remove(tile)
    return sorted(kept, key=lambda tile: (tile.y0, tile.x0, -tile.scale))


def _best_tiles(needs: Needs, weights: Floats, whole: Tile, facts: InputFacts) -> Iterator[Tile]:
    """For each scale and shape the tile that shows the most `weights` (N,)."""
    width, height = needs.picture_px
    shapes = {
        (facts.width_px, facts.height_px),
        (whole.input_width_px, whole.input_height_px),
    }
    scale = 1.0
    while scale > whole.scale * 1.2:
        is_tall = needs.height_px * scale >= facts.min_object_px
        for shape in sorted(shapes):
            cut = (min(width, int(shape[0] / scale)), min(height, int(shape[1] / scale)))
            corner = _best_corner(needs, np.where(is_tall, weights, 0.0), cut, scale)
            yield _tile(*corner, *cut, scale, facts)
        scale /= 2


def _best_corner(
    needs: Needs, weights: Floats, cut: tuple[int, int], scale: float
) -> tuple[int, int]:
    """Upper left corner of the cut (width, height) that holds the most weight."""
    boxes = _frame(needs, scale)
    corners, fits = [], []
    for axis in (0, 1):
        room = needs.picture_px[axis] - cut[axis]
        steps = np.append(np.arange(0, room, max(4, cut[axis] // 16)), room)
        fits.append(
            (boxes[:, axis] >= steps[:, None]) & (boxes[:, axis + 2] <= steps[:, None] + cut[axis])
        )
        corners.append(steps)
    total = (fits[0] * weights) @ fits[1].T
    column, row = np.unravel_index(int(total.argmax()), total.shape)
    return int(corners[0][column]), int(corners[1][row])
