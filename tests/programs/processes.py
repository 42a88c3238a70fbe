"""The rig as a process of its own, and small true things to start it with."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from rig.core.lane import Site
from rig.core.lane_file import format_site
from rig.core.patterns import Pattern
from rig.devices.clips import ClipWriter
from rig.records import Alert, Level, Picture
from rig.sim.drills import mount_a
from rig.sim.light import LIGHTS
from rig.sim.render import Renderer
from rig.sim.scenes import Scene
from tests.unit.beacon_model import save_beacon_model

ROOT = Path(__file__).parents[2]
WIDTH_PX, HEIGHT_PX = 320, 180
RATE_HZ = 10.0
CARD = """
name = "beacons"
file = "{file}"
sha256 = "{sha256}"
decoder = "ltrb_maps"
classes = [{classes}]
[input]
name = "picture"
width_px = 320
height_px = 320
multiple_px = 32
colour = "bgr"
pad_value = 0
min_object_px = 8
[thresholds]
score = {{ {scores} }}
nms_iou = 0.5
"""
LIMITED = """
import os, resource, sys
most = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
os.execv(sys.argv[2], sys.argv[2:])
"""
SILENCE = Pattern("silence", (), False, 0.0)


def command(*argv: str | Path) -> list[str]:
    """What a person types, without the wrapper that makes the environment."""
    return [sys.executable, "-m", "rig", *map(str, argv)]


@dataclass(frozen=True)
class Ran:
    """How a process ended; `sentences` are the lines that it said on stderr."""

    code: int
    out: str
    err: str

    @property
    def sentences(self) -> list[str]:
        return self.err.splitlines()


def run_rig(*argv: str | Path, file_most_bytes: int | None = None) -> Ran:
    """Run one command to its end; `file_most_bytes` is the system's limit on files (ulimit -f)."""
    begin = command(*argv)
    if file_most_bytes is not None:  # set by a process that then becomes the rig
        begin = [sys.executable, "-c", LIMITED, str(file_most_bytes), *begin]
    done = subprocess.run(begin, cwd=ROOT, capture_output=True, text=True, check=False, timeout=110)
    return Ran(done.returncode, done.stdout, done.stderr)


def small_site() -> Site:
    """A lane of 20 m in a picture of 320 x 180 px."""
    return mount_a(20.0, WIDTH_PX, HEIGHT_PX)


def write_lane(path: Path, site: Site | None = None, still: Picture | None = None) -> Path:
    """A lane file, with its still beside it where one is given."""
    site = site or small_site()
    if still is not None:
        site = replace(site, still="still.png")
        cv2.imwrite(str(path.with_name("still.png")), still)
    path.write_text(format_site(site), encoding="utf-8")
    return path


def write_card(path: Path, classes: Sequence[str] = ("person", "object"), **model: Any) -> Path:
    """A card beside a tiny model of its own: blue makes a person (tests.unit.beacon_model)."""
    weights = path.with_suffix(".onnx")
    sha256 = save_beacon_model(weights, **model)
    scores = ", ".join(f"{name} = 0.9" for name in classes)
    names = ", ".join(f'"{name}"' for name in classes)
    text = CARD.format(file=weights.name, sha256=sha256, classes=names, scores=scores)
    path.write_text(text, encoding="utf-8")
    return path


def rendered(count: int, light: str = "overcast") -> list[Picture]:
    """Pictures of the empty lane, each with its own sensor noise."""
    scene = Scene("empty", small_site(), (), None, light=LIGHTS[light], seed=3, duration_s=9.0)
    renderer = Renderer(scene)
    return [renderer.picture(round(number * 1e9 / RATE_HZ)) for number in range(count)]


def write_clip(path: Path, pictures: Sequence[Picture], rate_hz: float = RATE_HZ) -> Path:
    """An MP4 in fragments, as the rig itself writes them."""
    height, width = pictures[0].shape[:2]
    silent = Alert(Level.SILENT, None, 0)
    with ClipWriter(path, (width, height), rate_hz) as clip:
        for number, picture in enumerate(pictures):
            clip.add(picture, round(number * 1e9 / rate_hz), silent, SILENCE)
    return path


def write_avi(path: Path, pictures: Sequence[Picture]) -> Path:
    """Motion JPEG: every picture stands for itself."""
    height, width = pictures[0].shape[:2]
    fourcc = cv2.VideoWriter.fourcc(*"MJPG")
    writer = cv2.VideoWriter(str(path), fourcc, RATE_HZ, (width, height))
    for picture in pictures:
        writer.write(picture)
    writer.release()
    return path


def write_pictures(folder: Path, pictures: Sequence[Picture]) -> Path:
    folder.mkdir()
    for number, picture in enumerate(pictures):
        cv2.imwrite(str(folder / f"{number}.png"), picture)
    return folder


def mark(picture: Picture, x: int, y: int, reach: int = 16) -> Picture:
    """A copy with a beacon of 8 x 8 px: a person whose box reaches so far from its middle."""
    marked = picture.copy()
    marked[y : y + 8, x : x + 8] = (255, reach, reach)
    return np.ascontiguousarray(marked)


def refused(ran: Ran, *wanted: str) -> str:
    """The one sentence; it must hold every wanted word."""
    assert ran.code == 2, ran
    assert ran.out == ""
    (sentence,) = ran.sentences
    assert sentence.startswith("rig: ")
    assert [word for word in wanted if word not in sentence] == [], sentence
    return sentence


def leaves_nothing(folder: Path) -> None:
    assert [path for path in folder.rglob("*") if path.name not in ("sessions",)] == []
