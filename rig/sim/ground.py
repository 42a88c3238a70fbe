"""The empty track as a camera sees it: ground by ray casting, then what stands round it.

Decides what the ground looks like at each place. People and things are drawn by `render`.
One call takes about a second at 1280x720, so `render` keeps the result.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rig.core.camera_pose import CameraPose
from rig.core.lane import Lane
from rig.records import Picture
from rig.sim.backdrop import paint_backdrop
from rig.sim.light import Colour, Light
from rig.sim.texture import Plane, mix, noise, spread, stripe

LANE_WIDTH_M = 1.22
LINE_WIDTH_M = 0.05
"""World Athletics: lanes 1.22 m, lines 5 cm."""
GROUND_MOST_M = 95.0
"""Beyond this from the camera the stadium's edge hides the ground."""


@dataclass(frozen=True, slots=True)
class Surface:
    """What the ground is made of.

    `lanes_left`, `lanes_right`: lanes beside the drill's own. `grain` is the texture's contrast,
    `wear` how worn and patchy it is. `beyond` is the colour outside the track.
    """

    name: str
    track: Colour
    line: Colour = (225.0, 228.0, 230.0)
    beyond: Colour = (62.0, 118.0, 88.0)
    lanes_left: int = 3
    lanes_right: int = 4
    apron_m: float = 1.2
    grain: float = 1.0
    wear: float = 1.0
    lane_width_m: float = LANE_WIDTH_M


SURFACES: dict[str, Surface] = {
    "red": Surface("red", (70.0, 78.0, 168.0)),
    "worn red": Surface("worn red", (92.0, 98.0, 150.0), (190.0, 194.0, 198.0), wear=2.4),
    "blue": Surface("blue", (158.0, 112.0, 62.0)),
    "grey": Surface("grey", (118.0, 116.0, 114.0), wear=1.5),
    "brick": Surface("brick", (56.0, 84.0, 150.0), grain=1.6, wear=1.4),
    "green": Surface("green", (84.0, 122.0, 70.0), beyond=(66.0, 108.0, 98.0)),
    "asphalt": Surface(
        "asphalt", (86.0, 84.0, 82.0), lanes_left=0, lanes_right=1, grain=2.0, wear=2.0
    ),
    "grass": Surface(
        "grass", (64.0, 128.0, 94.0), beyond=(60.0, 116.0, 86.0), grain=2.6, apron_m=0.0
    ),
}


def random_surface(seed: int) -> Surface:
    """A surface by seed: material, tone, wear and number of lanes."""
    dice = random.Random(f"surface {seed}")
    base = dice.choice(tuple(SURFACES.values()))
    tone = dice.uniform(0.75, 1.2)
    blue, green, red = (min(240.0, c * tone * dice.uniform(0.92, 1.08)) for c in base.track)
    return replace(
        base,
        track=(blue, green, red),
        lanes_left=dice.randint(0, 7),
        lanes_right=dice.randint(0, 7),
        wear=base.wear * dice.uniform(0.5, 2.0),
        grain=base.grain * dice.uniform(0.6, 1.6),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """Per pixel: place on the ground in the lane frame, and how much of it one pixel covers."""

    along: Plane
    across: Plane
    far: Plane
    along_span: Plane
    across_span: Plane

    @property
    def span(self) -> Plane:
        """Square root of a pixel's area on the ground."""
        return np.asarray(np.sqrt(self.along_span * self.across_span), dtype=np.float32)


def render_ground(
    pose: CameraPose,
    size: tuple[int, int],
    surface: Surface,
    light: Light,
    seed: int,
    lane: Lane | None = None,
) -> Picture:
    """The empty scene, uint8 BGR, `size` (width, height).

    Without a lane the lanes run along x about y = 0 with no start box or end.
    """
    width, height = size
    columns, rows = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    pixels = np.stack([columns.ravel(), rows.ravel()], axis=1)
    rays = pose.to_rays(pixels)
    picture = np.zeros((height, width, 3), np.float32)
    view = _look(pose, rays, (height, width), lane)
    _paint_ground(picture, view, surface, seed)
    if lane is not None:
        _paint_marks(picture, view, surface, lane)
    _light_ground(picture, view, light)
    paint_backdrop(picture, rays.reshape(height, width, 3), pose, light, seed, GROUND_MOST_M)
    return np.asarray(np.clip(picture, 0.0, 255.0) + 0.5).astype(np.uint8)


def _look(
    pose: CameraPose, rays: NDArray[np.float64], shape: tuple[int, int], lane: Lane | None
) -> _View:
    falling = np.where(rays[:, 2] < -1e-6, -rays[:, 2], np.nan)
    flat = rays[:, :2] * (pose.height_m / falling)[:, None]
    far = np.hypot(flat[:, 0], flat[:, 1])
    is_near = far < GROUND_MOST_M * 1.2
    places = np.where(is_near[:, None], flat + pose.position_m[:2], np.nan)
    if lane is not None and len(lane.centre_line) > 2:
        places[is_near] = lane.to_lane(places[is_near])
    elif lane is not None:
        places = _straighten(places, lane)
    along = places[:, 0].reshape(shape).astype(np.float32)
    across = places[:, 1].reshape(shape).astype(np.float32)
    spans = spread(along), spread(across)
    reach = np.nan_to_num(far, nan=1e6).reshape(shape).astype(np.float32)
    return _View(np.nan_to_num(along), np.nan_to_num(across, nan=500.0), reach, *spans)


def _straighten(places: NDArray[np.float64], lane: Lane) -> NDArray[np.float64]:
    """Lane coordinates of a straight lane: a turn and a shift."""
    (x0, y0), (x1, y1) = lane.centre_line
    length = lane.length_m
    cos, sin = (x1 - x0) / length, (y1 - y0) / length
    offset = places - (x0, y0)
    return np.stack(
        [offset[:, 0] * cos + offset[:, 1] * sin, offset[:, 1] * cos - offset[:, 0] * sin], axis=1
    )


def _paint_ground(picture: NDArray[np.float32], view: _View, surface: Surface, seed: int) -> None:
    span = view.span
    along, across = view.along, view.across
    turf = 1.0 + 0.10 * noise(along, across, 5.0, seed + 1, span)
    turf += 0.07 * noise(along, across, 0.7, seed + 2, span)
    turf += 0.05 * np.sign(np.sin(along * np.float32(0.9)))
    picture[:] = np.asarray(surface.beyond, np.float32) * turf[..., None]
    left, right = _edges(surface)
    strip = stripe(across, -right - surface.apron_m, left + surface.apron_m, view.across_span)
    rough = 1.0 + surface.grain * (
        0.035 * noise(along, across, 140.0, seed + 3, span)
        + 0.030 * noise(along, across, 30.0, seed + 4, span)
    )
    rough += surface.wear * (
        0.030 * noise(along, across, 1.3, seed + 5, span)
        + 0.022 * noise(along * np.float32(0.08), across, 3.0, seed + 6, view.across_span)
        + 0.030 * noise(along, across, 0.17, seed + 7, span)
    )
    floor = np.asarray(surface.track, np.float32) * rough[..., None]
    mix(picture, floor.astype(np.float32), strip)
    worn = np.clip(0.92 - 0.10 * surface.wear * noise(along, across, 6.0, seed + 8, span), 0.3, 1)
    line = np.asarray(surface.line, np.float32)
    for index in range(-surface.lanes_right, surface.lanes_left + 2):
        middle = (index - 0.5) * surface.lane_width_m
        share = stripe(across, middle - LINE_WIDTH_M / 2, middle + LINE_WIDTH_M / 2,
                       view.across_span)  # fmt: skip
        mix(picture, line, share * worn)


def _edges(surface: Surface) -> tuple[float, float]:
    """Half widths of the track to the left and right of the drill's centre line."""
    width = surface.lane_width_m
    return (surface.lanes_left + 0.5) * width, (surface.lanes_right + 0.5) * width


def _paint_marks(picture: NDArray[np.float32], view: _View, surface: Surface, lane: Lane) -> None:
    """The start box, the lane's end and a tick at the lane's edge every five metres."""
    half = lane.width_m / 2
    white = np.asarray(surface.line, np.float32)
    yellow = np.asarray((70.0, 200.0, 230.0), np.float32)
    box_end = lane.box_start_m + lane.box_length_m
    bars = [(lane.box_start_m, half, -half, white), (box_end, half, -half, white),
            (lane.length_m, half, -half, yellow)]  # fmt: skip
    ticks = range(5, int(lane.length_m), 5)
    bars += [(float(m), -half + 0.25, -half, yellow) for m in ticks]
    bars += [(float(m), half, half - 0.25, yellow) for m in ticks]
    for along, left, right, colour in bars:
        share = stripe(view.along, along - LINE_WIDTH_M / 2, along + LINE_WIDTH_M / 2,
                       view.along_span)  # fmt: skip
        mix(picture, colour, 0.9 * share * stripe(view.across, right, left, view.across_span))


def _light_ground(picture: NDArray[np.float32], view: _View, light: Light) -> None:
    share = (light.sky + light.sun * float(light.to_sun[2])) * light.exposure
    picture *= np.asarray(light.tint, np.float32) * np.float32(share)
    air = np.clip(light.haze * view.far / 100.0, 0.0, 0.5).astype(np.float32)
    mix(picture, np.asarray(light.sky_low, np.float32), air)
