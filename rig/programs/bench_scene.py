"""What `rig bench` measures with: a rendered drill, and a crowd of any size to put into it.

The pictures are rendered, so registration, lane check and inference have real work. The crowd's
detections are made from where it stands, as maps in the detector's own output layout: so decoding
and everything after it gets exactly the number of things that is asked for, whatever the model
happens to see. Decides nothing; called by `rig.programs.bench_measure`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rig.core.decode import STRIDES
from rig.core.lane import Site
from rig.core.placing import Placer
from rig.records import Box, Kind, Picture, Tile
from rig.sim.drills import first_light_drill
from rig.sim.render import Renderer

RATE_HZ = 30.0
"""Frames a second of the simulated camera."""

PICTURES = 10
"""Pictures that are rendered and then taken in turn."""

START_S = 2.3
"""The runner stands in the start box this long, then runs: every phase's code is measured."""

SPEED_MPS = 4.0
"""How fast the runner runs."""

CELLS = ((0, 0), (1, 0), (0, 1))
"""Cells of a map that answer for one thing: detectors of this kind give several."""

LEVEL_MOST_PX = (48.0, 96.0, math.inf)
"""Height in input pixels up to which p8, p16 and p32 answer for a thing."""

SHOWN_LEAST = 0.3
"""Share of a thing that a tile must hold for its maps to show it."""


@dataclass(frozen=True, slots=True, eq=False)
class Drill:
    """A site, its empty picture and pictures with people in it."""

    site: Site
    empty: Picture
    pictures: tuple[Picture, ...]


def render_drill() -> Drill:
    """The demo's drill at 1280 x 720, a picture every 0.7 s."""
    scene = first_light_drill()
    renderer = Renderer(scene)
    times = [round(number * 0.7e9) for number in range(PICTURES)]
    return Drill(scene.site, renderer.empty(), tuple(renderer.picture(t) for t in times))


class Crowd:
    """A runner on the lane and `count` - 1 people and things around it, each going its way."""

    def __init__(self, placer: Placer, count: int, seed: int = 5) -> None:
        rng = np.random.default_rng(seed)
        self._placer = placer
        length = placer.site.lane.length_m
        others = count - 1
        self._along = rng.uniform(2.0, length - 8.0, others)
        self._across = rng.uniform(1.2, 5.0, others) * rng.choice((-1, 1), others)
        self._speed = rng.uniform(-1.0, 1.0, others)
        kinds = [kind for kind in Kind if kind is not Kind.STRANGE]
        self._kinds = [kinds[number] for number in rng.integers(0, len(kinds), others)]

    def boxes(self, t_s: float) -> list[tuple[Kind, Box]]:
        """Everybody who is in the picture at `t_s` seconds."""
        run = max(0.0, t_s - START_S) * SPEED_MPS
        places = [(Kind.PERSON, 1.5 + min(run, self._placer.site.lane.length_m - 6.0), 0.0)]
        along = self._along + np.sin(t_s * self._speed)
        places += zip(self._kinds, along.tolist(), self._across.tolist(), strict=True)
        sized = ((kind, self._placer.box_of(a, c, 0.5, 1.7)) for kind, a, c in places)
        return [(kind, box) for kind, box in sized if box is not None]


def draw_maps(
    things: list[tuple[Kind, Box]], tile: Tile, classes: tuple[Kind, ...]
) -> list[NDArray[np.float32]]:
    """The detector's maps p8, p16, p32 that mean just these things, seen through the tile."""
    width, height = tile.input_width_px, tile.input_height_px
    maps = [np.zeros((1, 4 + len(classes), height // s, width // s), np.float32) for s in STRIDES]
    for kind, box in things:
        x0, y0 = max(box.x0, tile.x0), max(box.y0, tile.y0)
        x1, y1 = min(box.x1, tile.x1), min(box.y1, tile.y1)
        share = max(0.0, x1 - x0) * max(0.0, y1 - y0) / (box.width_px * box.height_px)
        if kind in classes and share >= SHOWN_LEAST:
            sides = np.array([x0 - tile.x0, y0 - tile.y0, x1 - tile.x0, y1 - tile.y0])
            _draw(maps, sides * min(tile.scale, 1.0), classes.index(kind))
    return maps


def _draw(maps: list[NDArray[np.float32]], sides: NDArray[np.float64], number: int) -> None:
    """Set the cells that answer for one box `sides` (4,) in input pixels."""
    x0, y0, x1, y1 = sides
    level = next(i for i, most in enumerate(LEVEL_MOST_PX) if y1 - y0 <= most)
    stride, cells = STRIDES[level], maps[level][0]
    rows, columns = cells.shape[1:]
    column, row = int((x0 + x1) / 2 / stride), int((y0 + y1) / 2 / stride)
    for right, down in CELLS:
        x, y = min(column + right, columns - 1), min(row + down, rows - 1)
        middle_x, middle_y = (x + 0.5) * stride, (y + 0.5) * stride
        is_inside = x0 < middle_x < x1 and y0 < middle_y < y1
        if (right or down) and not is_inside:
            continue  # a reach cannot be negative, so only points inside the box answer
        cells[:4, y, x] = (middle_x - x0, middle_y - y0, x1 - middle_x, y1 - middle_y)
        cells[4 + number, y, x] = 0.9 - 0.05 * (right + down)
