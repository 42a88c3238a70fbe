"""Pictures of a simulated track: for drills frame by frame, and single ones for training.

`Renderer` draws a scene's actors over its empty ground, which is made once. `draw_person` and
`draw_thing` put one figure at a place into any picture and give its exact box. Decides nothing
about what happens: that is `scenes`. Nothing here reads a clock; the same arguments give the
same picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from rig.core.camera_pose import CameraPose
from rig.records import Box, Picture
from rig.sim.cloud_shadows import ShadedView
from rig.sim.cutouts import draw_standee
from rig.sim.effects import Effects
from rig.sim.exposure import AutoExposure, tone_table
from rig.sim.figures import Look, build_person, place_parts, random_look
from rig.sim.ground import SURFACES, Surface, random_surface, render_ground
from rig.sim.light import LIGHTS, Colour, Light, random_light
from rig.sim.scenes import Figure, Scene
from rig.sim.sensor import SensorNoise, Vignette, compress
from rig.sim.shadows import cast_flat_shadow, cast_shadow
from rig.sim.shutter import Shift, move_rows
from rig.sim.strokes import Part, flatten, paint
from rig.sim.things import THINGS, build_thing
from rig.sim.wetness import draw_reflection

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
    cast_shadow(picture, pose, parts, light)
    return paint(picture, [flats], pose, light, light.sky_low)


class Renderer:
    """Pictures of one scene. The empty ground is made at the first picture and kept."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        lens = scene.site.pose.lens
        self._size = (lens.width_px, lens.height_px)
        self._noise = SensorNoise(self._size, scene.light.noise_sd, scene.seed)
        self._empty: Picture | None = None
        self._shaded: ShadedView | None = None
        self._vignette: Vignette | None = None
        self._exposure: AutoExposure | None = None
        self._prepare(scene.effects)

    def _prepare(self, effects: Effects) -> None:
        pose, light = self._scene.site.pose, self._scene.light
        if effects.clouds is not None and light.sun > 0.0:
            self._shaded = ShadedView(pose, self._size, light, effects.clouds)
        if effects.vignette > 0.0:
            self._vignette = Vignette(pose, self._size, effects.vignette)

    def _gain(self, t_s: float) -> float:
        """What the camera's auto exposure makes of the light."""
        metering = self._scene.effects.metering
        if metering is None:
            return 1.0
        if self._exposure is None:
            level = float(cv2.mean(self._still())[1])
            self._exposure = AutoExposure(metering, level, self._mean_light)
        return self._exposure.gain(t_s)

    def _mean_light(self, t_s: float) -> float:
        """What the metering sees: the mean light of the view, to that of a clear sky."""
        return 1.0 if self._shaded is None else float(self._shaded.left(t_s).mean())

    def empty(self) -> Picture:
        """The scene without anybody, without noise and in clear weather (a copy)."""
        return self._still().copy()

    def _still(self) -> Picture:
        if self._empty is None:
            scene = self._scene
            self._empty = render_ground(
                scene.site.pose, self._size, scene.surface, scene.light, scene.seed,
                scene.site.lane, scene.effects.wetness,
            )  # fmt: skip
        return self._empty

    def picture(self, t_ns: int, sway: tuple[Shift, Shift] | None = None) -> Picture:
        """What the camera sees at `t_ns`, uint8 [height, width, 3]; the caller owns it.

        `sway` is how far the view has moved when the first and the last row are read.
        """
        t_s = (t_ns - self._scene.start_ns) / 1e9
        shaded = self._shaded
        picture = self.empty() if shaded is None else shaded.darken(self._still(), t_s)
        for figure in self._scene.figures(t_ns):
            self._draw(picture, figure, t_s)
        if sway is not None:
            picture = move_rows(picture, *sway)
        if self._vignette is not None:
            picture = self._vignette.dim(picture)
        if self._scene.effects.metering is not None:
            picture = np.asarray(cv2.LUT(picture, tone_table(self._gain(t_s))), np.uint8)
        picture = self._noise.add(picture, t_ns - self._scene.start_ns)
        return compress(picture, self._scene.effects.quality)

    def _draw(self, picture: Picture, figure: Figure, t_s: float) -> None:
        """One figure with its shadow and its reflection."""
        scene, pose = self._scene, self._scene.site.pose
        effects, light = scene.effects, self._light_at(figure, t_s)
        if figure.standee is not None:
            cast_flat_shadow(picture, pose, figure.standee, light)
            draw_standee(picture, pose, figure.standee, light)
            return
        exposures = figure.exposures(pose, effects.shutter)
        if not exposures[0]:
            return
        cast_shadow(picture, pose, figure.parts, light)
        if effects.wetness > 0.0:
            draw_reflection(picture, pose, figure.parts, light, effects.wetness)
        paint(picture, exposures, pose, light, light.sky_low)

    def _light_at(self, figure: Figure, t_s: float) -> Light:
        """The scene's light, its sun dimmed by a cloud over the figure's place."""
        scene = self._scene
        if self._shaded is None or scene.effects.clouds is None:
            return scene.light
        here = np.array([(figure.place.along_m, figure.place.across_m)])
        x_m, y_m = scene.site.lane.to_ground(here)[0]
        taken = scene.effects.clouds.shade_at(float(x_m), float(y_m), t_s)
        return replace(scene.light, sun=scene.light.sun * (1.0 - taken))
