"""Pictures of a simulated track: for drills frame by frame, and single ones for training.

`Renderer` draws a scene's actors over its empty ground, which is made once. `draw_person` and
`draw_thing` put one figure at a place into any picture and give its exact box. Decides nothing
about what happens: that is `scenes`. Nothing here reads a clock; the same arguments give the
same picture.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from rig.core.camera_pose import CameraPose
from rig.records import Box, Picture
from rig.sim.figures import Look, build_person, place_parts, random_look
from rig.sim.ground import SURFACES, Surface, random_surface, render_ground
from rig.sim.light import LIGHTS, Colour, Light, random_light
from rig.sim.scenes import Scene
from rig.sim.strokes import Part, flatten, paint
from rig.sim.things import THINGS, build_thing

__all__ = [
    "LIGHTS",
    "SURFACES",
    "THINGS",
    "Light",
    "Look",
    "Renderer",
    "SensorNoise",
    "Surface",
    "draw_parts",
    "draw_person",
    "draw_thing",
    "random_light",
    "random_look",
    "random_surface",
    "render_ground",
]


def draw_person(
    picture: Picture,
    pose: CameraPose,
    x_m: float,
    y_m: float,
    heading_rad: float,
    height_m: float,
    look: Look,
    light: Light,
) -> Box | None:
    """Draw somebody who stands over (x, y) facing `heading_rad`, in place.

    Posture is the look's own. Returns the exact box clipped to the picture (shadow not
    included), None where nothing of the person is in it. Others must be drawn farthest first.
    """
    parts = place_parts(build_person(height_m, look), x_m, y_m, heading_rad)
    return draw_parts(picture, pose, parts, light)


def draw_thing(
    picture: Picture,
    pose: CameraPose,
    name: str,
    x_m: float,
    y_m: float,
    size_m: float | None,
    light: Light,
    heading_rad: float = 0.0,
    colour: Colour | None = None,
    phase: float = 0.0,
) -> Box | None:
    """Draw a thing of the table `THINGS` in place; exact clipped box, None if out of view.

    `size_m` None takes the usual size; `phase` moves the legs of a dog or a cyclist.
    """
    parts = place_parts(build_thing(name, size_m, colour, phase), x_m, y_m, heading_rad)
    return draw_parts(picture, pose, parts, light)


def draw_parts(
    picture: Picture, pose: CameraPose, parts: Sequence[Part], light: Light
) -> Box | None:
    """Draw one figure's parts (ground frame) with its shadow, in place; its exact clipped box."""
    flats = flatten(parts, pose)
    if not flats:
        return None
    _darken(picture, pose, parts, light)
    return paint(picture, flats, pose, light, light.sky_low)


def _darken(picture: Picture, pose: CameraPose, parts: Sequence[Part], light: Light) -> None:
    """Cast shadow along the sun and a soft dark patch where the figure touches the ground."""
    if light.sun > 0.0:
        share = light.sun * float(light.to_sun[2])
        depth = share / (share + light.sky)
        outlines = [_shadow_outline(part, light) for part in parts]
        _shade_area(picture, pose, outlines, depth, light.shadow_blur_m)
    if light.contact > 0.0:
        outlines = [spot for part in parts for spot in _contact_outline(part)]
        _shade_area(picture, pose, outlines, light.contact, 0.04)


_ARC = np.linspace(0.0, 2 * math.pi, 12, endpoint=False)
_RING = np.stack([np.cos(_ARC), np.sin(_ARC)], axis=1)


def _shadow_outline(part: Part, light: Light) -> NDArray[np.float64]:
    sun = light.to_sun
    fall = part.centres[:, :2] - part.centres[:, 2:] * (sun[:2] / sun[2])
    return np.asarray((fall[:, None] + _RING * part.radii[:, None, None]).reshape(-1, 2))


def _contact_outline(part: Part) -> list[NDArray[np.float64]]:
    """A patch under what is lower than 6 cm."""
    low = part.centres[:, 2] - part.radii < 0.06
    if not low.any():
        return []
    reach = part.radii[low, None, None] * 1.4 + 0.02
    return [np.asarray((part.centres[low, None, :2] + _RING * reach).reshape(-1, 2))]


def _shade_area(
    picture: Picture,
    pose: CameraPose,
    outlines: Sequence[NDArray[np.float64]],
    depth: float,
    blur_m: float,
) -> None:
    """Multiply the picture by 1 - depth over ground outlines (N, 2), with soft edges."""
    if not outlines:
        return
    flat = np.concatenate(outlines)
    pixels = pose.to_pixels(np.column_stack([flat, np.zeros(len(flat))]))
    if not np.isfinite(pixels).all():
        return
    height, width = picture.shape[:2]
    distance = float(np.hypot(*(flat.mean(axis=0) - (pose.x_m, pose.y_m))))
    soft = max(0.6, blur_m * pose.lens.focal_px / max(distance, 1.0))
    pad = math.ceil(2.5 * soft)
    low, high = pixels.min(axis=0), pixels.max(axis=0)
    x0, y0 = max(math.floor(low[0]) - pad, 0), max(math.floor(low[1]) - pad, 0)
    x1, y1 = min(math.ceil(high[0]) + pad, width), min(math.ceil(high[1]) + pad, height)
    if x1 - x0 < 1 or y1 - y0 < 1:
        return
    mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
    first = 0
    for outline in outlines:
        piece = pixels[first : first + len(outline)] - (x0, y0) - 0.5
        first += len(outline)
        grid = np.rint(np.clip(piece, -30000, 30000) * 16).astype(np.int32)
        cv2.fillConvexPoly(mask, cv2.convexHull(grid), 255, cv2.LINE_AA, 4)
    blurred = cv2.GaussianBlur(mask, (0, 0), soft * 1.2, sigmaY=max(0.5, soft * 0.35))
    dark = blurred.astype(np.float32) * np.float32(-depth / 255.0) + np.float32(1.0)
    region = picture[y0:y1, x0:x1]
    region[:] = (region * dark[..., None]).astype(np.uint8)


class SensorNoise:
    """Noise of the sensor from a few ready-made planes, shifted by a seeded amount each frame."""

    _SPARE = 64

    def __init__(self, size: tuple[int, int], sd: float, seed: int) -> None:
        width, height = size
        dice = np.random.default_rng((seed, 5))
        shape = (height + self._SPARE, width + self._SPARE, 3)
        values = dice.normal(0.0, max(sd, 1e-6), shape)
        self._seed, self._sd = seed, sd
        self._up = np.clip(np.rint(values), 0, 255).astype(np.uint8)
        self._down = np.clip(np.rint(-values), 0, 255).astype(np.uint8)

    def add(self, picture: Picture, number: int) -> Picture:
        """The picture with the noise of frame `number`."""
        if self._sd <= 0.0:
            return picture
        mixed = (number * 2654435761 + self._seed * 40503) & 0xFFFFFFFF
        row, column = (mixed >> 8) % self._SPARE, (mixed >> 20) % self._SPARE
        height, width = picture.shape[:2]
        window = (slice(row, row + height), slice(column, column + width))
        brighter = cv2.add(picture, self._up[window])
        return np.asarray(cv2.subtract(brighter, self._down[window]), np.uint8)


class Renderer:
    """Pictures of one scene. The empty ground is made at the first picture and kept."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        lens = scene.site.pose.lens
        self._size = (lens.width_px, lens.height_px)
        self._noise = SensorNoise(self._size, scene.light.noise_sd, scene.seed)
        self._empty: Picture | None = None

    def empty(self) -> Picture:
        """The scene without anybody and without noise (a copy)."""
        if self._empty is None:
            scene = self._scene
            self._empty = render_ground(
                scene.site.pose, self._size, scene.surface, scene.light, scene.seed, scene.site.lane
            )
        return self._empty.copy()

    def picture(self, t_ns: int) -> Picture:
        """What the camera sees at `t_ns`, uint8 [height, width, 3]; the caller owns it."""
        picture = self.empty()
        scene = self._scene
        for figure in scene.figures(t_ns):
            draw_parts(picture, scene.site.pose, figure.parts, scene.light)
        return self._noise.add(picture, t_ns - scene.start_ns)
