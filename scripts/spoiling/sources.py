"""Ordinary pictures to spoil: real clips from standing cameras, and drawn drills.

Each comes with a still of the empty view, as calibration leaves one. Of a clip nobody has such a
still, so the median of pictures spread over it takes its place. Called by `evaluation`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from campaign.camera import Camera

from rig.devices.video import VideoFile
from rig.records import Picture
from rig.sim.families import FAMILIES, draw_drill

RATE_HZ = 8.0
"""Pictures judged a second: a small board's rate, as in the drills."""
WIDTH_MOST_PX = 1280
MEDIAN_OF = 15
CLIP_ENDINGS = (".mp4", ".gif")
SEED = 401


@dataclass(frozen=True, slots=True, eq=False)
class Footage:
    """Pictures at RATE_HZ, and the still of the same view."""

    name: str
    is_drawn: bool
    still: Picture
    pictures: tuple[Picture, ...]


def clips(folder: Path, seconds: float) -> Iterator[Footage]:
    """The clips of a folder, the first `seconds` of each."""
    for path in sorted(folder.iterdir()):
        if path.suffix in CLIP_ENDINGS:
            pictures = tuple(_at_rate(path, seconds))
            chosen = pictures[:: max(1, len(pictures) // MEDIAN_OF)]
            still = np.median(np.stack(chosen), axis=0).astype(np.uint8)
            yield Footage(path.name, False, np.ascontiguousarray(still), pictures)


def _at_rate(path: Path, seconds: float) -> Iterator[Picture]:
    due_s = 0.0
    for frame in VideoFile(path, duration_s=seconds):
        if frame.t_ns / 1e9 >= due_s - 1e-6:
            due_s += 1.0 / RATE_HZ
            yield _narrowed(frame.picture)


def _narrowed(picture: Picture) -> Picture:
    height, width = picture.shape[:2]
    share = WIDTH_MOST_PX / max(height, width)
    if share >= 1.0:
        return picture
    size = (round(width * share), round(height * share))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def drills(count: int, seconds: float) -> Iterator[Footage]:
    """Drawn drills of as many families, mast sway and clouds as drawn, without staged faults."""
    names = [n for n in FAMILIES if not n.startswith("fault")]
    for number in range(count):
        name = names[number * len(names) // count % len(names)]
        drill = draw_drill(FAMILIES[name], SEED + number)
        camera = Camera(drill)
        frames = round(min(seconds, drill.scene.duration_s) * RATE_HZ)
        start_ns = camera.scene.start_ns
        shot = (camera.shoot(start_ns + round(n / RATE_HZ * 1e9)) for n in range(frames))
        pictures = tuple(picture for picture in shot if picture is not None)
        title = f"{name} {drill.seed}, {drill.scene.light.name}"
        yield Footage(title, True, camera.empty_lane(), pictures)
