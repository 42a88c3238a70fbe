"""The empty track as a camera sees it: ground by ray casting, then what stands round it.

Decides what the ground looks like at each place. People and things are drawn by `render`.
One call takes about a second at 1280x720, so `render` keeps the result.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rig.core.camera_pose import CameraPose
from rig.core.lane import Lane
from rig.records import Picture
from rig.sim.backdrop import paint_backdrop
from rig.sim.floor import View, paint_floor, paint_marks
from rig.sim.light import Light
from rig.sim.surfaces import SURFACES, Surface, random_surface
from rig.sim.texture import mix, spread
from rig.sim.wetness import wet_ground

__all__ = ["GROUND_MOST_M", "SURFACES", "Surface", "random_surface", "render_ground"]

GROUND_MOST_M = 95.0
"""Beyond this from the camera the stadium's edge hides the ground."""


def render_ground(
    pose: CameraPose,
    size: tuple[int, int],
    surface: Surface,
    light: Light,
    seed: int,
    lane: Lane | None = None,
    wetness: float = 0.0,
) -> Picture:
    """The empty scene, uint8 BGR, `size` (width, height).

    Without a lane the lanes run along x about y = 0 with no start box or end. `wetness` is from 0
    (dry) to 1 (a closed film of water).
    """
    width, height = size
    columns, rows = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    pixels = np.stack([columns.ravel(), rows.ravel()], axis=1)
    rays = pose.to_rays(pixels)
    picture = np.zeros((height, width, 3), np.float32)
    view = _look(pose, rays, (height, width), lane)
    paint_floor(picture, view, surface, seed)
    if lane is not None:
        paint_marks(picture, view, surface, lane)
    _light_ground(picture, view, light)
    rays = rays.reshape(height, width, 3)
    if wetness > 0.0:
        wet_ground(picture, view, rays, pose, light, surface, seed, wetness, GROUND_MOST_M)
    paint_backdrop(picture, rays, pose, light, seed, GROUND_MOST_M)
    return np.asarray(np.clip(picture, 0.0, 255.0) + 0.5).astype(np.uint8)


def _look(
    pose: CameraPose, rays: NDArray[np.float64], shape: tuple[int, int], lane: Lane | None
) -> View:
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
    right, down = np.meshgrid(np.arange(shape[1], dtype=np.float32),
                              np.arange(shape[0], dtype=np.float32))  # fmt: skip
    along, across = np.nan_to_num(along), np.nan_to_num(across, nan=500.0)
    return View(along, across, reach, *spans, right, down)


def _straighten(places: NDArray[np.float64], lane: Lane) -> NDArray[np.float64]:
    """Lane coordinates of a straight lane: a turn and a shift."""
    (x0, y0), (x1, y1) = lane.centre_line
    length = lane.length_m
    cos, sin = (x1 - x0) / length, (y1 - y0) / length
    offset = places - (x0, y0)
    return np.stack(
        [offset[:, 0] * cos + offset[:, 1] * sin, offset[:, 1] * cos - offset[:, 0] * sin], axis=1
    )


def _light_ground(picture: NDArray[np.float32], view: View, light: Light) -> None:
    share = (light.sky + light.sun * float(light.to_sun[2])) * light.exposure
    picture *= np.asarray(light.tint, np.float32) * np.float32(share)
    air = np.clip(light.haze * view.far / 100.0, 0.0, 0.5).astype(np.float32)
    mix(picture, np.asarray(light.sky_low, np.float32), air)
