"""Samples of drawn people, whose joints, feet included, are known exactly.

Decides cameras, postures and how often somebody else stands beside. Runners are seen from every
side; forward and backward share the same postures. Called by `training` and `evaluation`.
"""

from __future__ import annotations

import dataclasses
import math
import random
from collections.abc import Iterator
from typing import Final

import cv2
import numpy as np
from detector.classes import PERSON
from detector.composites import random_light
from detector.pictures import PictureStore, open_photographs

from pose_training.joints import FloatArray, Marks
from pose_training.samples import SampleWriter, UInt8Array
from rig.core.camera_pose import CameraPose, Lens
from rig.core.gait.keypoints import JOINTS
from rig.sim.bodies import Posture, place_joints
from rig.sim.figures import build_person, place_parts, random_look, random_posture
from rig.sim.light import Light
from rig.sim.render import draw_parts, random_surface, render_ground

KIND: Final = "drawn"
TEST_SEED: Final = 1_000_000
SIZE_PX: Final = (480, 360)
_A_GROUND: Final = 14
_SCENES: Final = 800


def random_camera(dice: np.random.Generator) -> CameraPose:
    """A camera that sees somebody at a few metres as large as the network will."""
    focal = float(np.exp(dice.uniform(math.log(300), math.log(1100))))
    lens = Lens("random", *SIZE_PX, focal, SIZE_PX[0] / 2, SIZE_PX[1] / 2)
    height = float(dice.uniform(0.9, 3.2))
    horizon = float(dice.uniform(-0.1, 0.45)) * SIZE_PX[1]
    tilt = math.atan((SIZE_PX[1] / 2 - horizon) / focal)
    return CameraPose(lens, 0.0, 0.0, height, 0.0, tilt, float(dice.normal(0, 0.03)))


def random_body(dice: np.random.Generator) -> Posture:
    """Mostly running, also walking, standing and falling, to either side."""
    rolled = random.Random(int(dice.integers(1 << 31)))
    kind = str(dice.choice(["run", "walk", "stand"], p=[0.6, 0.2, 0.2]))
    posture = random_posture(rolled, kind)
    if kind != "stand":
        # The start and the end of a run: between standing and running.
        still = float(dice.uniform(0, 0.8)) if dice.random() < 0.2 else 0.0
        low = 0.9 if kind == "run" else 0.6
        stride = posture.stride_m if dice.random() < 0.6 else float(dice.uniform(low, 2.0))
        posture = dataclasses.replace(posture, still=still, stride_m=stride)
    if dice.random() < 0.12:
        sign = float(dice.choice([-1.0, 1.0]))
        posture = dataclasses.replace(posture, fall=float(dice.uniform(0.1, 1)), fall_sign=sign)
    return posture


def random_heading(dice: np.random.Generator) -> float:
    """Along the view, across it, or any."""
    kind = dice.random()
    if kind < 0.35:
        return float(dice.choice([0.0, math.pi]) + dice.normal(0, 0.3))
    if kind < 0.65:
        return float(dice.choice([-1.0, 1.0]) * math.pi / 2 + dice.normal(0, 0.3))
    return float(dice.uniform(-math.pi, math.pi))


def draw_one(
    picture: UInt8Array, pose: CameraPose, light: Light, dice: np.random.Generator, far_m: float
) -> tuple[FloatArray, Marks] | None:
    """Draw somebody about `far_m` away, in place; box and marks, None if mostly out of view."""
    look = random_look(int(dice.integers(1 << 31)))
    tall = float(dice.uniform(1.2, 1.5) if dice.random() < 0.08 else dice.uniform(1.5, 1.98))
    posture = random_body(dice)
    half = far_m * SIZE_PX[0] / 2 / pose.lens.focal_px
    y_m, heading = float(dice.uniform(-0.7, 0.7)) * half, random_heading(dice)
    body = place_joints(tall, posture)
    parts = place_parts(build_person(tall, look, posture), far_m, y_m, heading)
    box = draw_parts(picture, pose, parts, light)
    if box is None or box.y1 - box.y0 < 30:
        return None
    cos, sin = math.cos(heading), math.sin(heading)
    turn = np.array([[cos, sin, 0.0], [-sin, cos, 0.0], [0.0, 0.0, 1.0]])
    places = np.stack([body[name.replace("_", " ")] for name in JOINTS]) @ turn
    points = pose.to_pixels(places + np.array([far_m, y_m, 0.0])).astype(np.float32)
    inside = (points > 0).all(1) & (points < np.array(SIZE_PX)).all(1)
    if inside.sum() < 10:
        return None
    sides = np.array([box.x0, box.y0, box.x1, box.y1], np.float32)
    return sides, (points, np.ones(len(JOINTS), bool))


def _photograph(store: PictureStore, empty: list[int], dice: np.random.Generator) -> UInt8Array:
    picture = store.picture(int(dice.choice(empty)))
    return np.asarray(cv2.resize(picture, SIZE_PX, interpolation=cv2.INTER_LINEAR), np.uint8)


def draw_alone(count: int) -> Iterator[tuple[UInt8Array, FloatArray, Marks]]:
    """People for tests: one on each rendered ground, none of it trained on."""
    made, seed = 0, 2 * TEST_SEED
    while made < count:
        seed += 1
        dice = np.random.default_rng([21, seed])
        pose, light = random_camera(dice), random_light(dice)
        picture = render_ground(pose, SIZE_PX, random_surface(seed), light, seed)
        tall_px = float(np.exp(dice.uniform(math.log(50), math.log(300))))
        far_m = max(1.75 * pose.lens.focal_px / tall_px, 1.6)
        drawn = draw_one(picture, pose, light, dice, far_m)
        if drawn is not None:
            made += 1
            yield picture, *drawn


def write_people(scenes: int = _SCENES) -> int:
    """Fill the cache; every twentieth ground is held out. How many samples there are."""
    store = open_photographs()
    empty = [i for i, labels in enumerate(store.labels)
             if not (labels.classes == PERSON).any() and not labels.unknown >> PERSON & 1
             and labels.split == "train"]  # fmt: skip
    writer = SampleWriter(KIND)
    for number in range(scenes):
        is_val = number % 20 == 19
        seed = number + (TEST_SEED if is_val else 0)
        dice = np.random.default_rng([21, seed])
        pose, light = random_camera(dice), random_light(dice)
        ground = render_ground(pose, SIZE_PX, random_surface(seed), light, seed)
        for _ in range(_A_GROUND):
            is_photo = dice.random() < 0.4
            picture = _photograph(store, empty, dice) if is_photo else ground.copy()
            tall_px = float(np.exp(dice.uniform(math.log(50), math.log(300))))
            far_m = max(1.75 * pose.lens.focal_px / tall_px, 1.6)
            if dice.random() < 0.2:
                draw_one(picture, pose, light, dice, far_m * float(dice.uniform(1.1, 2.0)))
            drawn = draw_one(picture, pose, light, dice, far_m)
            if drawn is not None:
                writer.add(picture, *drawn, is_val)
    return writer.close()
