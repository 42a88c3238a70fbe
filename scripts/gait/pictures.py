"""Drawn runners as pictures: what the detector and the pose model make of them.

Decides how a runner, and one who falls, is drawn for a view's camera. Bodies, speeds and cameras
are those of the keypoint level (`gait.drawn`, `gait.cameras`), so that the two can be compared.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from gait.drawn import HEIGHT_M, STRIDE_S
from gait.measuring import LANE
from rig.core.camera_pose import CameraPose
from rig.records import Frame
from rig.sim.bodies import Posture
from rig.sim.figures import Look, build_person, place_parts, random_look
from rig.sim.light import LIGHTS
from rig.sim.render import draw_parts, render_ground
from rig.sim.surfaces import SURFACES

RATE_HZ: Final = 30.0
FALL_FROM_S: Final = 2.5
FALL_SPEED_MPS: Final = 3.0
_NOISE_SD: Final = 2.5
Moment = Callable[[float], tuple[Posture, float]]
"""Time to posture and place along."""


def running(speed_mps: float) -> Moment:
    """Backward at this speed, as `gait.drawn` runs."""
    stride_s = STRIDE_S[speed_mps]

    def at(time_s: float) -> tuple[Posture, float]:
        posture = Posture("run", -time_s / stride_s, speed_mps * stride_s, still=0.0)
        return posture, speed_mps * time_s

    return at


def falling(lasts_s: float) -> Moment:
    """Backward at 3 m/s, then to the ground within so long, and lying there."""
    run = running(FALL_SPEED_MPS)

    def at(time_s: float) -> tuple[Posture, float]:
        gone_s = max(0.0, time_s - FALL_FROM_S)
        share = min(1.0, gone_s / lasts_s)
        posture, place_m = run(min(time_s, FALL_FROM_S))
        # The feet stay where they were, the body goes on over them.
        return replace(posture, fall=share**1.5, fall_sign=1.0), place_m

    return at


def draw(moment: Moment, pose: CameraPose, seed: int, lasts_s: float) -> Iterator[Frame]:
    """Pictures of somebody in clothes and light of this seed."""
    size = (pose.lens.width_px, pose.lens.height_px)
    light = LIGHTS[("overcast", "sunny")[seed % 2]]
    ground = render_ground(pose, size, SURFACES["red"], light, seed, LANE)
    look: Look = random_look(9000 + seed, "run")
    dice = np.random.default_rng(seed)
    noise = dice.normal(0.0, _NOISE_SD, (size[1] + 64, size[0] + 64, 1)).astype(np.float32)
    for number in range(int(lasts_s * RATE_HZ)):
        time_s = number / RATE_HZ
        posture, place_m = moment(time_s)
        picture = ground.copy()
        parts = place_parts(build_person(HEIGHT_M, look, posture), place_m, 0.0, math.pi)
        draw_parts(picture, pose, parts, light)
        y, x = dice.integers(0, 64, 2)
        noisy = picture + noise[y : y + size[1], x : x + size[0]]
        picture = np.clip(noisy, 0, 255).astype(np.uint8)
        yield Frame(round(time_s * 1e9), number, picture)
