"""Rendered training scenes: lanes seen by random cameras, with figures, things and cut-outs.

Decides cameras, how full a lane is, and how a picture is cut into the two kinds of tile that the
rig looks through. Cameras 2.20 to 2.35 m high and seeds from TEST_SEED on are kept for tests.
Run as `python -m detector.composites N` from `scripts/`; called by `rendered` for measuring.
"""

from __future__ import annotations

import dataclasses
import math
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from detector.classes import CLASSES, OBJECT, PERSON
from detector.cutouts import Cutout, load_cutouts, paste
from detector.pictures import Labels, StoreWriter, UInt8Array, cache_dir
from rig.core.camera_pose import CameraPose, Lens
from rig.records import Box
from rig.sim.figures import random_look
from rig.sim.light import LIGHTS, Light
from rig.sim.render import draw_person, draw_thing, random_surface, render_ground
from rig.sim.things import THINGS

SIZE_PX: Final = (1280, 720)
TEST_SEED: Final = 1_000_000
TEST_HEIGHTS_M: Final = (2.20, 2.35)
_HIDDEN_SHARE: Final = 0.65


@dataclass(frozen=True, slots=True)
class Marked:
    """One thing in a picture: its clipped box, class, and the share that nearer boxes cover."""

    box: Box
    class_index: int
    covered: float = 0.0

    @property
    def is_hidden(self) -> bool:
        """Too little is seen to be taught or asked for."""
        return self.covered > _HIDDEN_SHARE


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """An empty ground with its camera and light, to be filled several times."""

    ground: UInt8Array
    pose: CameraPose
    light: Light


def random_camera(seed: int) -> tuple[CameraPose, np.random.Generator]:
    """A camera by seed, and the generator to go on with."""
    dice = np.random.default_rng([11, seed])
    height = float(dice.uniform(1.5, 3.0))
    low, high = TEST_HEIGHTS_M
    if seed >= TEST_SEED:
        height = float(dice.uniform(low, high))
    elif low <= height < high:
        height += high - low
    focal = float(np.exp(dice.uniform(math.log(650), math.log(1700))))
    horizon = float(dice.uniform(0.05, 0.6)) * SIZE_PX[1]
    tilt = math.atan((SIZE_PX[1] / 2 - horizon) / focal)
    lens = Lens("random", *SIZE_PX, focal, SIZE_PX[0] / 2, SIZE_PX[1] / 2)
    pose = CameraPose(
        lens,
        0.0,
        float(dice.uniform(-2.5, 2.5)),
        height,
        float(dice.normal(0, 0.07)),
        tilt,
        float(dice.normal(0, 0.015)),
    )
    return pose, dice


def random_scene(seed: int) -> Scene:
    """Camera, surface and light by seed."""
    pose, dice = random_camera(seed)
    light = random_light(dice)
    ground = render_ground(pose, SIZE_PX, random_surface(seed), light, seed)
    return Scene(ground, pose, light)


def random_light(dice: np.random.Generator) -> Light:
    """One of the renderer's lights, turned, brightened and tinted."""
    base = LIGHTS[str(dice.choice(list(LIGHTS)))]
    tint = tuple(float(t * v) for t, v in zip(base.tint, dice.uniform(0.92, 1.08, 3), strict=True))
    return dataclasses.replace(
        base,
        sun_azimuth_rad=float(dice.uniform(-math.pi, math.pi)),
        sun_height_rad=float(dice.uniform(0.25, 1.3)),
        exposure=base.exposure * float(dice.uniform(0.7, 1.2)),
        tint=tint,
    )


def fill(
    scene: Scene,
    dice: np.random.Generator,
    cutouts: list[Cutout],
    n: int,
    thing_share: float = 0.4,
    cutout_share: float = 0.4,
) -> tuple[UInt8Array, list[Marked]]:
    """The scene with `n` figures, things and cut-outs, drawn farthest first."""
    picture = scene.ground.copy()
    far = np.exp(dice.uniform(math.log(4.0), math.log(75.0), n))
    if n > 2 and dice.random() < 0.3:
        # A group that walks together, partly hidden by one another.
        far = np.abs(far[0] + dice.normal(0, 1.0, n)) + 3.0
    marks: list[Marked] = []
    for x_m in -np.sort(-far):
        pan = scene.pose.pan_rad
        y_m = (
            scene.pose.y_m * 0.6
            + float(x_m) * math.tan(pan)
            + float(dice.normal(0, 1.0 + 0.07 * x_m))
        )
        at = (float(x_m), y_m)
        if dice.random() < thing_share:
            box, class_index = _put_thing(picture, scene, dice, at)
        elif cutouts and dice.random() < cutout_share:
            box, class_index = _put_cutout(picture, scene, dice, cutouts, at)
        else:
            box, class_index = _put_person(picture, scene, dice, at), PERSON
        if box is not None:
            marks = [_hide(mark, box) for mark in marks]
            marks.append(Marked(box, class_index))
    return picture, marks


def _hide(mark: Marked, nearer: Box) -> Marked:
    width = min(mark.box.x1, nearer.x1) - max(mark.box.x0, nearer.x0)
    height = min(mark.box.y1, nearer.y1) - max(mark.box.y0, nearer.y0)
    area = (mark.box.x1 - mark.box.x0) * (mark.box.y1 - mark.box.y0)
    covered = max(0.0, width) * max(0.0, height) / max(area, 1e-6)
    return dataclasses.replace(mark, covered=max(mark.covered, covered))


def _put_person(
    picture: UInt8Array, scene: Scene, dice: np.random.Generator, at: tuple[float, float]
) -> Box | None:
    look = random_look(int(dice.integers(1 << 31)))
    if dice.random() < 0.06:
        fallen = dataclasses.replace(look.posture, fall=float(dice.uniform(0.3, 1.0)))
        look = dataclasses.replace(look, posture=fallen)
    turned = float(dice.choice([0.0, math.pi]) + dice.normal(0, 0.25))
    heading = turned if dice.random() < 0.6 else float(dice.uniform(-math.pi, math.pi))
    height_m = float(dice.uniform(1.2, 1.5) if dice.random() < 0.1 else dice.uniform(1.5, 1.95))
    return draw_person(picture, scene.pose, *at, heading, height_m, look, scene.light)


def _put_thing(
    picture: UInt8Array, scene: Scene, dice: np.random.Generator, at: tuple[float, float]
) -> tuple[Box | None, int]:
    name = str(dice.choice(list(THINGS)))
    thing = THINGS[name]
    size_m = float(dice.uniform(thing.least_m, thing.most_m))
    colour = thing.colours[int(dice.integers(len(thing.colours)))]
    if dice.random() < 0.3:
        blue, green, red = (float(v) for v in dice.uniform(15, 230, 3))
        colour = (blue, green, red)
    heading = float(dice.uniform(-math.pi, math.pi))
    box = draw_thing(
        picture, scene.pose, name, *at, size_m, scene.light, heading, colour, float(dice.random())
    )
    return box, CLASSES.index(thing.kind.value)


def _put_cutout(
    picture: UInt8Array,
    scene: Scene,
    dice: np.random.Generator,
    cutouts: list[Cutout],
    at: tuple[float, float],
) -> tuple[Box | None, int]:
    cutout = cutouts[int(dice.integers(len(cutouts)))]
    bright = float(np.clip(scene.light.exposure * dice.uniform(0.55, 1.1), 0.35, 1.1))
    height_m = float(dice.uniform(cutout.least_m, cutout.most_m))
    box = paste(picture, scene.pose, cutout, *at, height_m, bright, bool(dice.random() < 0.5))
    return box, CLASSES.index(cutout.class_name)


@dataclass(frozen=True, slots=True)
class Cut:
    """A tile: its corner and size in the picture, and the scale from picture to tile."""

    x: int
    y: int
    width: int
    height: int
    scale: float


WHOLE: Final = Cut(0, 0, *SIZE_PX, 0.25)


def far_cut(scene: Scene, dice: np.random.Generator, marks: list[Marked]) -> Cut:
    """A native-scale tile round the far lane, or round one of the things."""
    width, height = 320, int(dice.choice([320, 192]))
    x_m = float(np.exp(dice.uniform(math.log(15), math.log(60))))
    middle = scene.pose.to_pixels(np.array([[x_m, 0.0, 0.8]]))[0]
    if marks and dice.random() < 0.5:
        box = marks[int(dice.integers(len(marks)))].box
        middle = np.array([(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2]) + dice.normal(0, 60, 2)
    x = int(np.clip(middle[0] - width / 2 + dice.normal(0, 30), 0, SIZE_PX[0] - width))
    y = int(np.clip(middle[1] - height / 2 + dice.normal(0, 30), 0, SIZE_PX[1] - height))
    return Cut(x, y, width, height, 1.0)


def cut_tile(picture: UInt8Array, cut: Cut) -> UInt8Array:
    """The tile's pixels; shrinking averages areas, as the rig does."""
    part = picture[cut.y : cut.y + cut.height, cut.x : cut.x + cut.width]
    size = (round(cut.width * cut.scale), round(cut.height * cut.scale))
    return part if cut.scale == 1 else cv2.resize(part, size, interpolation=cv2.INTER_AREA)


def cut_labels(marks: list[Marked], cut: Cut, split: str, name: str) -> Labels:
    """Boxes in the tile; what is hidden or cut to less than a quarter is ignored.

    Riders are part of a cycle: inside its box nothing is said about people.
    """
    boxes, classes, ignored, masks = [], [], [], []
    for mark in marks:
        whole = np.array(mark.box.sides_px)
        moved = (whole - [cut.x, cut.y, cut.x, cut.y]) * cut.scale
        limit = np.array([cut.width, cut.height] * 2) * cut.scale
        kept = np.clip(moved, 0, limit)
        area, before = (kept[2:] - kept[:2]).prod(), (moved[2:] - moved[:2]).prod()
        if area <= 0:
            continue
        if CLASSES[mark.class_index] == "cycle":
            ignored.append(kept)
            masks.append(1 << PERSON)
        if mark.is_hidden or area < 0.25 * before:
            ignored.append(kept)
            masks.append(1 << mark.class_index | (1 << OBJECT))
        else:
            boxes.append(kept)
            classes.append(mark.class_index)
    return Labels(
        "composites",
        split,
        name,
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(classes, np.int64),
        np.array(ignored, np.float32).reshape(-1, 4),
        np.array(masks, np.int64),
        0,
    )


def write_scenes(n_scenes: int, fills: int = 10) -> None:
    """Fill the cache with tiles of `n_scenes` scenes; every tenth is for validation."""
    folder = cache_dir() / "composites"
    building = folder.with_name("composites.building")
    writer = StoreWriter(building)
    sides = {"train": load_cutouts(is_for_tests=False), "val": load_cutouts(is_for_tests=True)}
    for number in range(n_scenes):
        split = "val" if number % 10 == 9 else "train"
        seed = number + (TEST_SEED if split == "val" else 0)
        scene = random_scene(seed)
        dice = np.random.default_rng([12, seed])
        for turn in range(fills):
            n = 0 if dice.random() < 0.12 else int(dice.integers(1, 10))
            picture, marks = fill(scene, dice, sides[split], n)
            cuts = [WHOLE, far_cut(scene, dice, marks), far_cut(scene, dice, marks)]
            for i, cut in enumerate(cuts):
                labels = cut_labels(marks, cut, split, f"{seed}.{turn}.{i}")
                writer.add(cut_tile(picture, cut), labels)
        if number % 20 == 0:
            print(f"scene {number} of {n_scenes}", flush=True)
    writer.close()
    if folder.exists():
        os.replace(folder, folder.with_name(f"composites.old.{os.getpid()}"))
    os.replace(building, folder)


if __name__ == "__main__":
    cv2.setNumThreads(1)
    write_scenes(int(sys.argv[1]))
