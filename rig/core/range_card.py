"""The range card: how far this mount sees people and small things, and so how fast it guards.

Decides the numbers that the coach reads after calibration; nothing at run time depends on them.
Called by `programs.calibrate` and the bench.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rig.config import HazardLimits, PlacingLimits
from rig.core.camera_pose import Floats
from rig.core.lane import Site
from rig.core.placing import Placer
from rig.records import Box, Detection, Kind, ViewShift

PERSON_M = 1.7
SMALL_THING_M = 0.3

_STEP_M = 0.25
_SIGMA_RANGES_M = (10.0, 20.0, 30.0, 40.0)


@dataclass(frozen=True, slots=True)
class Sight:
    """The stretch of lane where an upright thing of one height is big enough to be detected.

    `from_along_m` (far from the camera) to `to_along_m` (near); None where it is nowhere big
    enough. `reach_m` is the far end's distance from the camera on the ground. `guarded_mps` is
    the guarded speed for this thing (`guarded_speed_mps` of the stretch).
    """

    thing_height_m: float
    scale: float
    from_along_m: float | None
    to_along_m: float | None
    reach_m: float
    guarded_mps: float


@dataclass(frozen=True, slots=True)
class RangeCard:
    """What a mount can see: rows for people and small things, whole view and tile."""

    sights: tuple[Sight, ...]
    sigmas: tuple[tuple[float, float], ...]
    """(distance from the camera, one standard deviation of along) in metres, where in view."""


def range_card(
    site: Site,
    placing: PlacingLimits,
    hazard: HazardLimits,
    min_object_px: float,
    whole_scale: float,
    tile_scale: float = 1.0,
    confirm_s: float = 0.12,
) -> RangeCard:
    """The card of a site.

    `min_object_px` is the least height in the model's input at which it finds things (model
    card); the scales are model-input pixels per picture pixel of the whole view and of a tile.
    """
    sights = tuple(
        sight(site, hazard, height_m, min_object_px, scale, confirm_s)
        for height_m in (PERSON_M, SMALL_THING_M)
        for scale in (tile_scale, whole_scale)
    )
    return RangeCard(sights, _sigmas(site, placing))


def sight(
    site: Site,
    hazard: HazardLimits,
    thing_height_m: float,
    min_object_px: float,
    scale: float,
    confirm_s: float,
) -> Sight:
    """The longest unbroken stretch of lane in which the thing is seen whole and big enough."""
    along = np.arange(0.0, site.lane.length_m + _STEP_M / 2, _STEP_M)
    is_seen = _heights_px(site, along, thing_height_m) * scale >= min_object_px
    first, last = _longest_run(is_seen)
    if first is None or last is None:
        return Sight(thing_height_m, scale, None, None, 0.0, 0.0)
    start, end = float(along[first]), float(along[last])
    ground = site.lane.to_ground(np.array([[start, 0.0]]))[0]
    reach = math.hypot(ground[0] - site.pose.x_m, ground[1] - site.pose.y_m)
    return Sight(
        thing_height_m, scale, start, end, reach, guarded_speed_mps(end - start, hazard, confirm_s)
    )


def guarded_speed_mps(seen_m: float, limits: HazardLimits, confirm_s: float) -> float:
    """The largest v with stop_m(v) + v * confirm_s <= seen_m; 0 if even standing needs more.

    stop_m(v) = v (latency + reaction) + v^2 / (2 brake) + margin (design section 5), so v is the
    positive root of v^2 / (2 brake) + v (latency + reaction + confirm) + margin - seen = 0.
    `seen_m` is the stretch of lane in which the thing is seen: a runner who enters it, or starts
    in it, has all of it to be warned and to stop.
    """
    free = seen_m - limits.margin_m
    if free <= 0:
        return 0.0
    delay = limits.latency_s + limits.reaction_s + confirm_s
    brake = limits.brake_mps2
    return brake * (math.sqrt(delay * delay + 2 * free / brake) - delay)


def _heights_px(site: Site, along: Floats, height_m: float) -> Floats:
    """Height in picture pixels of an upright thing on the centre line; 0 where not all in view."""
    ground = site.lane.to_ground(np.stack([along, np.zeros_like(along)], axis=1))
    lens = site.pose.lens
    foot = site.pose.to_pixels(np.column_stack([ground, np.zeros(len(ground))]))
    top = site.pose.to_pixels(np.column_stack([ground, np.full(len(ground), height_m)]))
    in_view = (
        (foot[:, 0] >= 0)
        & (foot[:, 0] <= lens.width_px)
        & (foot[:, 1] <= lens.height_px)
        & (top[:, 1] >= 0)
    )
    tall = np.hypot(*(foot - top).T)
    return np.asarray(np.where(in_view & np.isfinite(tall), tall, 0.0), dtype=np.float64)


def _longest_run(
    flags: np.ndarray[tuple[int], np.dtype[np.bool_]],
) -> tuple[int | None, int | None]:
    """First and last index of the longest run of True, (None, None) if there is none."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    starts, ends = edges[::2], edges[1::2]
    if not len(starts):
        return None, None
    best = int((ends - starts).argmax())
    return int(starts[best]), int(ends[best]) - 1


def _sigmas(site: Site, placing: PlacingLimits) -> tuple[tuple[float, float], ...]:
    """Sigma of along for a person on the centre line at round distances from the camera."""
    placer, pose = Placer(site, placing), site.pose
    along = np.arange(0.0, site.lane.length_m + _STEP_M / 2, _STEP_M)
    ground = site.lane.to_ground(np.stack([along, np.zeros_like(along)], axis=1))
    reach = np.hypot(ground[:, 0] - pose.x_m, ground[:, 1] - pose.y_m)
    rows = []
    for wanted in _SIGMA_RANGES_M:
        nearest = int(np.abs(reach - wanted).argmin())
        box = placer.box_of(float(along[nearest]), 0.0, 0.5, PERSON_M)
        if abs(reach[nearest] - wanted) <= _STEP_M and box is not None:
            placed = placer.place((_person(box),), ViewShift())
            rows += [(wanted, p.along_sigma_m) for p in placed]
    return tuple(rows)


def _person(box: Box) -> Detection:
    return Detection(Kind.PERSON, 1.0, box)
