"""What a detector would say of a simulated scene: the truth, with stated errors.

Decides nothing about danger. It stands in for pictures and detector where thousands of drills
must be played; the errors are fixed numbers, to be replaced by the real detector's measured ones.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from rig.records import Box, Command, Detection, Seen, Tile
from rig.sim.scenes import ActorTruth, Scene

EDGE_PX = 2.0
"""A box this near the picture's edge counts as cut by it."""


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
    lens = scene.site.pose.lens
    whole = Tile(0, 0, lens.width_px, lens.height_px, lens.width_px, lens.height_px)
    found = [_detect(actor, scene, noise, rng) for actor in scene.truth(t_ns)]
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
