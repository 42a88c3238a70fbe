"""The camera of a picture drill: draws what a scene looks like at a time, spoilt as staged.

Draws with the renderer of `rig demo`; adds what a drill's conditions stage: a swaying mast, a
cloud's edge, and each fault of camera or mast as it looks in a picture. Whoever drills and stands
about is dressed by the drill's seed, which also draws weather and lens (`rig.sim.effects`).
Decides nothing about danger. Called by `pictures`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np

from rig.records import Picture
from rig.sim.effects import draw_effects
from rig.sim.families import Drill
from rig.sim.figures import Look, random_look
from rig.sim.ground import random_surface
from rig.sim.render import Renderer
from rig.sim.scenes import RUNNER_ID, Scene
from rig.sim.shutter import Shift

KNOCKED_PX = 70
"""As `rig.sim.noise_faults` has it."""
SHADE = 0.42
"""What a cloud leaves of the light of a sunny day [J]."""
_PENUMBRA_SHARE = 0.12
_SWAY_DOWN = 0.6
_NS = 1_000_000_000


def dress(drill: Drill) -> Scene:
    """The drill's scene with clothes, surface, weather and camera of its own, by its seed.

    The runner is the same object: what it hears moves it here too.
    """
    scene = drill.scene
    number = sum(map(ord, drill.family)) * 1009 + drill.seed

    def clothes(spare: int) -> Look:
        return random_look(number * 31 + spare, "run")

    actors = tuple(
        replace(actor, look=clothes(n)) if actor.name == "person" else actor
        for n, actor in enumerate(scene.actors, 1)
    )
    surface = random_surface(number)
    effects = draw_effects(number, scene.light)
    return replace(scene, actors=actors, runner_look=clothes(0), surface=surface, effects=effects)


class Camera:
    """Pictures of one drill, in order of time."""

    def __init__(self, drill: Drill) -> None:
        self._drill = drill
        self._conditions = drill.conditions
        self.scene = dress(drill)
        self._renderer = Renderer(self.scene)
        self._unseen: dict[str, Renderer] = {}
        self._last: Picture | None = None
        self._phase = 2 * math.pi * drill.noise_rng.random()

    def empty_lane(self) -> Picture:
        """What the coach confirms before arming: the same view with nobody in it."""
        nobody = replace(self.scene, actors=(), runner=None)
        return Renderer(nobody).picture(self.scene.start_ns)

    def shoot(self, t_ns: int) -> Picture | None:
        """The picture whose light came at `t_ns`; None where the camera gives none."""
        t_s = (t_ns - self.scene.start_ns) / _NS
        faults = [f for f in self._conditions.faults if f.from_s <= t_s < f.to_s]
        renderer = self._pick(faults[0].actor_id if faults else "")
        picture = self._overcast(renderer.picture(t_ns, self._sway_of_rows(t_s)), t_s)
        for fault in faults:
            change = SPOILT.get(fault.kind)
            if change is None:
                continue
            spoilt = change(picture, self._last)
            if spoilt is None:
                return None
            picture = spoilt
        self._last = picture
        return picture

    def shoot_still(self, t_ns: int) -> Picture:
        """The picture of a mast that stands still and a camera without fault: for clips."""
        return self._renderer.picture(t_ns)

    def is_spoilt(self, t_ns: int) -> bool:
        """Whether a staged fault holds at this time."""
        t_s = (t_ns - self.scene.start_ns) / _NS
        return any(f.from_s <= t_s < f.to_s for f in self._conditions.faults)

    def _pick(self, unseen_id: str) -> Renderer:
        """The scene's renderer, or one that leaves out an actor whom nobody can see."""
        if not unseen_id:
            return self._renderer
        if unseen_id not in self._unseen:
            scene = self.scene
            runner = None if unseen_id == RUNNER_ID else scene.runner
            rest = tuple(a for a in scene.actors if a.actor_id != unseen_id)
            self._unseen[unseen_id] = Renderer(replace(scene, actors=rest, runner=runner))
        return self._unseen[unseen_id]

    def _sway(self, t_s: float) -> tuple[float, float]:
        """As the noise model's mast: a slow swing, up and down by 0.6 of sideways."""
        turn = 2 * math.pi * self._conditions.sway_hz * t_s + self._phase
        sway_px = self._conditions.sway_px
        return sway_px * math.sin(turn), _SWAY_DOWN * sway_px * math.sin(1.31 * turn + 1.0)

    def _sway_of_rows(self, t_s: float) -> tuple[Shift, Shift]:
        """Where the mast leans when the first and the last row are read."""
        half_s = self.scene.effects.shutter.readout_s / 2
        return self._sway(t_s - half_s), self._sway(t_s + half_s)

    def _overcast(self, picture: Picture, t_s: float) -> Picture:
        """A cloud's soft edge on its way over the picture, from left to right; then its shade."""
        if self._drill.cloud is None or t_s < self._drill.cloud[0]:
            return picture
        from_s, to_s = self._drill.cloud
        width = picture.shape[1]
        soft = _PENUMBRA_SHARE * width
        edge = (t_s - from_s) / (to_s - from_s) * (width + soft)
        covered = np.clip((edge - np.arange(width)) / soft, 0.0, 1.0)
        light = (1.0 - (1.0 - SHADE) * covered).astype(np.float32)
        return np.asarray(picture * light[None, :, None], np.uint8)


def move(picture: Picture, dx_px: float, dy_px: float) -> Picture:
    """The picture moved right and down by parts of pixels; its edges are drawn on."""
    if dx_px == dy_px == 0.0:
        return picture
    by = np.array([[1.0, 0.0, dx_px], [0.0, 1.0, dy_px]])
    size = (picture.shape[1], picture.shape[0])
    moved = cv2.warpAffine(picture, by, size, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8)


def _cover(picture: Picture, last: Picture | None) -> Picture:
    """A cloth over the lens: dark, even, with the sensor's noise."""
    noise = np.random.default_rng(int(picture[0, 0, 0])).normal(38.0, 2.0, picture.shape)
    return np.asarray(noise.clip(0, 255), np.uint8)


def _fog(picture: Picture, last: Picture | None) -> Picture:
    """A fogged lens: hardly an outline is left."""
    small = cv2.resize(picture, (32, 18), interpolation=cv2.INTER_AREA)
    even = cv2.resize(small, (picture.shape[1], picture.shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.asarray(even * 0.4 + 90.0, np.uint8)


SPOILT: dict[str, Callable[[Picture, Picture | None], Picture | None]] = {
    "no frames": lambda picture, last: None,
    "frozen picture": lambda picture, last: picture if last is None else last,
    "dark": lambda picture, last: np.asarray(picture * 0.04, np.uint8),
    "covered": _cover,
    "blurred": _fog,
    "camera moved": lambda picture, last: move(picture, KNOCKED_PX, 0.0),
    "view lost": lambda picture, last: np.ascontiguousarray(picture[::-1, ::-1]),
}
"""What a fault of `rig.sim.noise_faults` makes of a picture; the others are not the camera's."""
