"""What the staged rig looks at: somebody waiting in the start box, well seen and spoilt.

Decides nothing; draws once, into files that the staged `watch` maps into its memory.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from spoiling.spoilers import SPOILT, turned

from faults.stage import CAMERA
from rig.core.lane_file import format_site
from rig.records import Picture
from rig.sim.drills import mount_a
from rig.sim.figures import random_look
from rig.sim.light import LIGHTS
from rig.sim.motion import stand
from rig.sim.render import Renderer
from rig.sim.scenes import Actor, Scene

RATE_HZ = 30.0
GOOD, SPOILT_COUNT = 30, 10
WIDTH_PX, HEIGHT_PX, LANE_M, BOX_M = 640, 360, 14.0, 1.5
MODEL = "rearguard-detector"
COME_S = 1.0
"""Hand and cloth lie fully on the lens by then."""
_NAMED = {row.name: row.spoil for row in SPOILT}
SPOILERS: dict[str, Callable[[Picture, float], Picture]] = {
    "black": _NAMED["black"],
    "covered": _NAMED["palm over all of it"],
    "moved": turned(pan_deg=-5.0),
}


@dataclass(frozen=True)
class Course:
    """The files: the lane, a copy of the model's card, and one array of pictures for each mode."""

    lane: Path
    card: Path
    folder: Path


def write_course(folder: Path, models: Path) -> Course:
    """Draw it."""
    site = mount_a(LANE_M, WIDTH_PX, HEIGHT_PX)
    somebody = Actor("waiting", stand(BOX_M, 0.0, 0.0), look=random_look(21, "stand"))
    empty = Scene("waiting", site, (), None, light=LIGHTS["overcast"], seed=3)
    course = Course(folder / "lane.toml", folder / f"{MODEL}.toml", folder)
    cv2.imwrite(str(folder / "still.png"), Renderer(empty).picture(0))
    course.lane.write_text(format_site(replace(site, still="still.png")), encoding="utf-8")
    for ending in (".toml", ".onnx"):
        shutil.copy(models / f"{MODEL}{ending}", folder)
    renderer = Renderer(replace(empty, actors=(somebody,)))
    good = [renderer.picture(round(number * 1e9 / RATE_HZ)) for number in range(GOOD)]
    np.save(folder / "good.npy", np.stack(good))
    for name, spoil in SPOILERS.items():
        spoilt = [spoil(p, COME_S + n / RATE_HZ) for n, p in enumerate(good[:SPOILT_COUNT])]
        np.save(folder / f"{name}.npy", np.stack(spoilt))
    return course


def read_pictures(folder: Path) -> dict[str, list[Picture]]:
    """The pictures of each mode that has its own."""
    found = {}
    for name in CAMERA:
        path = folder / f"{name}.npy"
        if path.exists():
            found[name] = [np.ascontiguousarray(one) for one in np.load(path, mmap_mode="r")]
    return found
