"""What the detector says of a picture: boxes, the tiles looked through, kinds and detections.

Part of `rig.records`, whose conventions hold and through which everybody imports these.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle in the picture, x1 > x0 and y1 > y0, in pixels."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width_px(self) -> float:
        """Width in pixels."""
        return self.x1 - self.x0

    @property
    def height_px(self) -> float:
        """Height in pixels."""
        return self.y1 - self.y0

    @property
    def centre_px(self) -> tuple[float, float]:
        """Middle of the box, (x, y) in pixels."""
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2

    @property
    def sides_px(self) -> tuple[float, float, float, float]:
        """(x0, y0, x1, y1), a row for arithmetic on many boxes."""
        return self.x0, self.y0, self.x1, self.y1

    def overlap(self, other: Box) -> float:
        """Intersection over union with another box, 0 to 1."""
        width = min(self.x1, other.x1) - max(self.x0, other.x0)
        height = min(self.y1, other.y1) - max(self.y0, other.y0)
        if width <= 0 or height <= 0:
            return 0.0
        both = width * height
        return both / (self.width_px * self.height_px + other.width_px * other.height_px - both)


@dataclass(frozen=True, slots=True)
class Tile:
    """A rectangle of the picture that the detector judges in one inference.

    It is resized to `input_width_px` x `input_height_px` (aspect kept, rest padded).
    """

    x0: int
    y0: int
    x1: int
    y1: int
    input_width_px: int
    input_height_px: int

    @property
    def scale(self) -> float:
        """Model-input pixels per picture pixel."""
        width, height = self.x1 - self.x0, self.y1 - self.y0
        return min(self.input_width_px / width, self.input_height_px / height)

    def holds(self, x_px: float, y_px: float) -> bool:
        """Whether a picture point lies inside."""
        return self.x0 <= x_px < self.x1 and self.y0 <= y_px < self.y1


class Kind(StrEnum):
    """What a detection is; everything but a person is judged the same way."""

    PERSON = "person"
    CYCLE = "cycle"
    ANIMAL = "animal"
    VEHICLE = "vehicle"
    OBJECT = "object"
    STRANGE = "strange"
    """Reported by the class-free lane check: something is there that was not."""


@dataclass(frozen=True, slots=True)
class Detection:
    """One thing in one picture, box in pixels of the full picture.

    `is_bottom_cut`: the lower edge is the picture's (or tile's) edge or hidden by another box,
    so the feet are lower than the box says. `pixel_px`: picture pixels per model-input pixel.
    `is_weak`: scored below the card's threshold, good only to go on with what is followed.
    `colours`: mean blue, green, red of its upper and of its lower middle, 0 to 255; () unknown.
    """

    kind: Kind
    score: float
    box: Box
    is_bottom_cut: bool = False
    is_top_cut: bool = False
    pixel_px: float = 1.0
    is_weak: bool = False
    colours: tuple[int, ...] = ()
