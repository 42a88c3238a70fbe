"""Short ways to say boxes, tiles and their merging, for tests."""

from __future__ import annotations

from rig.core.boxes import merge
from rig.records import Box, Detection, Kind, Tile

WIDTH, HEIGHT = 1280, 720
WHOLE = Tile(0, 0, WIDTH, HEIGHT, 320, 192)
IOU = 0.5


def native(x0: int, y0: int, width: int = 320, height: int = 192) -> Tile:
    return Tile(x0, y0, x0 + width, y0 + height, width, height)


def person(x0: float, y0: float, x1: float, y1: float, score: float = 0.8) -> Detection:
    return Detection(Kind.PERSON, score, Box(x0, y0, x1, y1))


def merged(*found: tuple[Tile, tuple[Detection, ...]]) -> tuple[Detection, ...]:
    return merge(found, IOU, WIDTH, HEIGHT)
