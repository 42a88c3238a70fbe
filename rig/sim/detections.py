"""What a detector would say of a simulated scene: the truth, with stated errors.

Decides nothing about danger. It stands in for pictures and detector where thousands of drills
must be played; the errors are fixed numbers, to be replaced by the real detector's measured ones.
Two truths can be looked at: `look_at_truth` the drawn bodies' exact outlines, `look_at_outlines`
upright rectangles of the same sizes at the same places, many times cheaper.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rig.config import PlacingLimits
from rig.core.placing import Placer
from rig.records import Box, Command, Detection, Kind, Seen, Tile
from rig.sim.motion import Place
from rig.sim.scenes import Actor, ActorTruth, Scene
from rig.sim.things import THINGS

EDGE_PX = 2.0
"""A box this near the picture's edge counts as cut by it."""
RUNNER_HEIGHT_M = 1.75
PERSON_WIDTH_M = 0.55
"""Middle of what the drawn bodies' boxes measure, standing and running."""
LYING_M = 0.45
"""Height of a person on the ground; they are then as wide as they were tall."""
BODY_SHARE = 0.5
"""Of a nearer box this share of the width hides what is beyond it: bodies are not boxes."""
GRID = 12
"""Hiding is judged on this many by this many points of a box."""


@dataclass(frozen=True, slots=True)
class DetectionNoise:
    """Errors of a detector. The defaults are the drills' noise model, fixed before tuning."""

    foot_sigma_px: float = 1.5
    foot_sigma_share: float = 0.03
    miss_share: float = 0.2
    least_height_px: float = 12.0
    least_visible: float = 0.35


EXACT = DetectionNoise(0.0, 0.0, 0.0, 4.0, 0.05)
"""No errors at all."""


def look_at_truth(
    scene: Scene,
    t_ns: int,
    noise: DetectionNoise,
    rng: random.Random,
    commands: tuple[Command, ...] = (),
) -> Seen:
    """One step's `Seen` without pictures: every visible actor as a box with these errors."""
    return _look(scene, scene.truth(t_ns), t_ns, noise, rng, commands)


def look_at_outlines(
    scene: Scene,
    t_ns: int,
    noise: DetectionNoise,
    rng: random.Random,
    commands: tuple[Command, ...] = (),
) -> Seen:
    """The same from upright rectangles instead of bodies: for tests of many drills."""
    return _look(scene, outlines(scene, t_ns), t_ns, noise, rng, commands)


def width_m(actor: Actor | None) -> float:
    """How wide an actor is across; None stands for the runner."""
    if actor is None or actor.name == "person":
        return PERSON_WIDTH_M
    return THINGS[actor.name].width * actor.height_m


def outlines(scene: Scene, t_ns: int) -> tuple[ActorTruth, ...]:
    """Everybody as an upright rectangle, farthest from the camera first.

    Exact places and sizes, no bodies: boxes differ from the drawn ones by a stride's swing.
    """
    placer = Placer(scene.site, PlacingLimits())
    actors: dict[str, Actor | None] = {actor.actor_id: actor for actor in scene.actors}
    places = sorted(scene.places(t_ns).items(), key=lambda item: -_reach_m(scene, item[1]))
    found: list[ActorTruth] = []
    for actor_id, place in reversed(places):
        actor = actors.get(actor_id)
        found.append(_outline(scene, placer, actor_id, actor, place, t_ns, found))
    return tuple(reversed(found))


def _reach_m(scene: Scene, place: Place) -> float:
    """Distance on the ground from the camera."""
    pose = scene.site.pose
    x, y = scene.site.lane.to_ground(np.array([[place.along_m, place.across_m]]))[0]
    return float(np.hypot(x - pose.x_m, y - pose.y_m))


def _outline(
    scene: Scene,
    placer: Placer,
    actor_id: str,
    actor: Actor | None,
    place: Place,
    t_ns: int,
    nearer: Sequence[ActorTruth],
) -> ActorTruth:
    wide, tall, fall = width_m(actor), RUNNER_HEIGHT_M, 0.0
    if actor is not None:
        tall = actor.height_m
    elif scene.runner is not None:
        fall = scene.runner.fall_share(t_ns)
    box_tall, box_wide = tall + fall * (LYING_M - tall), wide + fall * (tall - wide)
    box = placer.box_of(place.along_m, place.across_m, box_wide, box_tall)
    return ActorTruth(
        actor_id,
        "person" if actor is None else actor.name,
        Kind.PERSON if actor is None else actor.kind,
        place.along_m,
        place.across_m,
        place.along_mps,
        place.across_mps,
        wide,
        tall,
        box,
        box,
        0.0 if box is None else _visible_share(box, [o.box for o in nearer if o.box]),
        None,
        fall,
    )


def _visible_share(box: Box, nearer: Sequence[Box]) -> float:
    """Share of a box that no nearer body covers."""
    hiding = [other for other in nearer if other.overlap(box) > 0.0]
    if not hiding:
        return 1.0
    x = box.x0 + (np.arange(GRID) + 0.5) / GRID * box.width_px
    y = box.y0 + (np.arange(GRID) + 0.5) / GRID * box.height_px
    is_seen = np.ones((GRID, GRID), dtype=np.bool_)
    for other in hiding:
        thin = (1 - BODY_SHARE) / 2 * other.width_px
        across = (x > other.x0 + thin) & (x < other.x1 - thin)
        is_seen &= ~(((y > other.y0) & (y < other.y1))[:, None] & across[None, :])
    return float(is_seen.mean())


def _look(
    scene: Scene,
    truth: Sequence[ActorTruth],
    t_ns: int,
    noise: DetectionNoise,
    rng: random.Random,
    commands: tuple[Command, ...],
) -> Seen:
    lens = scene.site.pose.lens
    whole = Tile(0, 0, lens.width_px, lens.height_px, lens.width_px, lens.height_px)
    found = [_detect(actor, scene, noise, rng) for actor in truth]
    detections = tuple(one for one in found if one is not None)
    return Seen(t_ns, detections, looked_at=(whole,), commands=commands)


def _detect(
    actor: ActorTruth, scene: Scene, noise: DetectionNoise, rng: random.Random
) -> Detection | None:
    box = actor.box
    if box is None or actor.visible < noise.least_visible:
        return None
    if box.height_px < noise.least_height_px or rng.random() < noise.miss_share:
        return None
    sigma = max(noise.foot_sigma_px, noise.foot_sigma_share * box.height_px)
    shifts = [rng.gauss(0.0, sigma) for _ in range(4)] if sigma > 0 else [0.0] * 4
    lens = scene.site.pose.lens
    x0, x1 = box.x0 + shifts[0] / 2, box.x1 + shifts[1] / 2
    y0, y1 = box.y0 + shifts[2], box.y1 + shifts[3]
    if x1 - x0 < 1.0 or y1 - y0 < 1.0:
        return None
    y1 = min(y1, float(lens.height_px))
    is_bottom_cut = box.y1 > lens.height_px - EDGE_PX
    return Detection(actor.kind, 0.8, Box(x0, y0, x1, y1), is_bottom_cut, box.y0 < EDGE_PX)
