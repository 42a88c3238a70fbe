"""Who is who in a clip, by their boxes alone; and which of them the runner is.

No lane is needed: a person's next box is the one nearest to where the last ones point, of about
the same height. Who is not found for a moment keeps the last box, moved on, since detectors miss
who falls. Decides nothing for the guard, which follows people in metres (`core.tracker`). Called by
`rig gait --video` and by the evaluation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from rig.records import Box

FAR_MOST: Final = 0.45
"""Of the height: farther from the expected place is somebody else. A runner of 8 m/s seen at 10 Hz
goes 0.45 heights between two pictures, and mostly where expected."""
TALL_MOST: Final = 1.7
"""One person's boxes differ by less than this factor from one picture to the next."""
COAST_S: Final = 0.7
"""Looked for so long at the expected place."""
KNOWN_S: Final = 0.3
"""Of movement before it is believed."""
_STEADY: Final = 0.5


@dataclass(slots=True)
class Person:
    """One person now: the box seen or expected."""

    number: int
    box: Box
    t_s: float
    seen_s: float
    first_s: float
    dx_px_s: float = 0.0
    dy_px_s: float = 0.0

    def expected(self, t_s: float) -> Box:
        """Where the box is then, if nothing changes."""
        gone_s = t_s - self.t_s
        dx, dy = self.dx_px_s * gone_s, self.dy_px_s * gone_s
        box = self.box
        return Box(box.x0 + dx, box.y0 + dy, box.x1 + dx, box.y1 + dy)

    def see(self, box: Box, t_s: float) -> None:
        """Take the box of this time."""
        gone_s = max(t_s - self.seen_s, 1e-3)
        (x, y), (x_before, y_before) = box.centre_px, self.box.centre_px
        share = _STEADY if self.seen_s - self.first_s > 0 else 1.0
        if self.seen_s == self.t_s:
            self.dx_px_s += share * ((x - x_before) / gone_s - self.dx_px_s)
            self.dy_px_s += share * ((y - y_before) / gone_s - self.dy_px_s)
        self.box, self.t_s, self.seen_s = box, t_s, t_s


class People:
    """Follows everybody in a clip; `now` are those seen, or expected, in the last picture."""

    def __init__(self) -> None:
        self.now: list[Person] = []
        self._count = 0

    def update(self, boxes: Sequence[Box], t_s: float) -> list[Person]:
        """Take one picture's boxes."""
        pairs = _pair([person.expected(t_s) for person in self.now], boxes)
        for row, column in pairs.items():
            self.now[row].see(boxes[column], t_s)
        for row, person in enumerate(self.now):
            if row not in pairs:
                person.box, person.t_s = person.expected(t_s), t_s
        self.now = [person for person in self.now if t_s - person.seen_s <= COAST_S]
        for column, box in enumerate(boxes):
            if column not in pairs.values():
                self._count += 1
                self.now.append(Person(self._count, box, t_s, t_s, t_s))
        return self.now


def _pair(expected: Sequence[Box], boxes: Sequence[Box]) -> dict[int, int]:
    """Row of who is expected to column of the box, the nearest pairs first."""
    costs = []
    for row, mine in enumerate(expected):
        for column, box in enumerate(boxes):
            tall = max(mine.height_px, mine.width_px), max(box.height_px, box.width_px)
            (x, y), (x_box, y_box) = mine.centre_px, box.centre_px
            far = float(np.hypot(x - x_box, y - y_box)) / max(tall)
            if far <= FAR_MOST and max(tall) <= TALL_MOST * min(tall):
                costs.append((far, row, column))
    pairs: dict[int, int] = {}
    for _, row, column in sorted(costs):
        if row not in pairs and column not in pairs.values():
            pairs[row] = column
    return pairs


def moved_heights(boxes: Sequence[Box]) -> float:
    """How far somebody went, in their own heights: across the picture, and toward or away."""
    if not boxes:
        return 0.0
    feet = np.array([((b.x0 + b.x1) / 2, b.y1) for b in boxes])
    tall = np.array([b.height_px for b in boxes])
    aside = float(np.ptp(feet[:, 0])) / float(np.median(tall))
    # Who comes twice as near was as many heights away as the focal length has pixels; five will do.
    return aside + 5.0 * float(np.ptp(np.log(tall)))
