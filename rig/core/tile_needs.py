"""What must be seen on the lane, in pixels: people and things of 30 cm, every metre.

Projects a person and a small thing, standing anywhere on the lane and beside it, into the
calibration still. Does not choose tiles; `rig.core.tiles` does, and is the only caller.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rig.core.lane import Site

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

PERSON_M = (0.6, 1.7)
"""Width and height of the person to be seen (the height is placing's default)."""

THING_M = (0.3, 0.3)
"""Width and height of the small thing: a ball, a bag, a hurdle's foot."""

BESIDE_M = 1.5
"""Seen this far beside the lane: a walker at 1.5 m/s is on the lane a second later."""

STEP_M = 1.0
"""Distance between the places along the lane that are tried."""

PLACES_ACROSS = 7
"""Places tried across the lane and both margins: one every 0.7 m or so."""


@dataclass(frozen=True, slots=True, eq=False)
class Needs:
    """Things to be seen, N rows: where they stand, how they look, whether they are people.

    `boxes` (N, 4) x0 y0 x1 y1 in picture pixels, clipped to the picture; `height_px` (N,) foot to
    head in picture pixels; `along_m`, `across_m` (N,); `is_person`, `is_on_lane`, `is_seen` (N,).
    `is_seen`: the foot lies in the picture; without it no tile can help. `picture_px`: its size.
    """

    boxes: Floats
    height_px: Floats
    along_m: Floats
    across_m: Floats
    is_person: Flags
    is_on_lane: Flags
    is_seen: Flags
    picture_px: tuple[int, int]


def project_needs(site: Site) -> Needs:
    """Every person and small thing on the lane from its start box to its end, and beside it."""
    lane = site.lane
    reach = lane.width_m / 2 + BESIDE_M
    along = np.append(np.arange(lane.box_start_m, lane.length_m, STEP_M), lane.length_m)
    across = np.linspace(-reach, reach, PLACES_ACROSS)
    across = np.unique(np.append(across, (-lane.width_m / 2, lane.width_m / 2)))
    grid = np.stack(np.meshgrid(along, across, indexing="ij"), axis=-1).reshape(-1, 2)
    people, things = (_project(site, grid, *size) for size in (PERSON_M, THING_M))
    both = np.vstack([grid, grid])
    return Needs(
        boxes=np.vstack([people[0], things[0]]),
        height_px=np.append(people[1], things[1]),
        along_m=both[:, 0],
        across_m=both[:, 1],
        is_person=np.arange(len(both)) < len(grid),
        is_on_lane=np.abs(both[:, 1]) <= lane.width_m / 2 + 1e-9,
        is_seen=np.append(people[2], things[2]),
        picture_px=(site.pose.lens.width_px, site.pose.lens.height_px),
    )


def _project(
    site: Site, places: Floats, width_m: float, height_m: float
) -> tuple[Floats, Floats, Flags]:
    """Clipped boxes (N, 4), heights (N,) and visibility (N,) of things of one size at `places`."""
    corners = [
        _pixels(site, places + np.array([i * width_m / 2, j * width_m / 2]), z)
        for i in (-1, 1)
        for j in (-1, 1)
        for z in (0.0, height_m)
    ]
    foot, head = _pixels(site, places, 0.0), _pixels(site, places, height_m)
    size = np.array([site.pose.lens.width_px, site.pose.lens.height_px], np.float64)
    low, high = np.min(corners, axis=0), np.max(corners, axis=0)
    is_seen = np.all((foot >= 0) & (foot < size) & np.isfinite(low) & np.isfinite(head), axis=1)
    boxes = np.concatenate([np.clip(low, 0, size), np.clip(high, 0, size)], axis=1)
    heights = np.hypot(*(foot - head).T)
    return np.where(is_seen[:, None], boxes, 0.0), np.where(is_seen, heights, 0.0), is_seen


def _pixels(site: Site, places: Floats, z_m: float) -> Floats:
    """Pixels (N, 2) of lane places (N, 2) at the height `z_m`."""
    ground = site.lane.to_ground(places)
    return site.pose.to_pixels(np.column_stack([ground, np.full(len(ground), z_m)]))
