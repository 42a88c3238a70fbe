"""The drill that is played: an empty lane, then a run at somebody who stands in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2

from rig.core.lane_file import format_site
from rig.core.patterns import PATTERNS
from rig.devices.clips import ClipWriter
from rig.records import Alert, Frame, Level
from rig.sim.drills import standing_drill
from rig.sim.render import Renderer
from rig.sim.source import SceneSource

RATE_HZ = 30.0
EMPTY_S, RUN_S = 4.0, 10.0


@dataclass(frozen=True)
class Course:
    """The files of the drill."""

    clip: Path
    lane: Path


def write_course(folder: Path) -> Course:
    """Draw it: a clip, a lane file and its still."""
    scene = standing_drill()
    empty = replace(scene, actors=(), runner=None)
    still = Renderer(empty).picture(scene.start_ns)
    cv2.imwrite(str(folder / "still.png"), still)
    course = Course(folder / "drill.mp4", folder / "drill.lane.toml")
    course.lane.write_text(format_site(replace(scene.site, still="still.png")), encoding="utf-8")
    silent, pattern = Alert(Level.SILENT, None, 0), PATTERNS["silent"]
    with ClipWriter(course.clip, (still.shape[1], still.shape[0]), RATE_HZ) as clip:
        for number, frame in enumerate(_frames(SceneSource(empty, RATE_HZ, EMPTY_S),
                                               SceneSource(scene, RATE_HZ, RUN_S))):  # fmt: skip
            clip.add(frame.picture, round(number * 1e9 / RATE_HZ), silent, pattern)
    return course


def _frames(*sources: SceneSource) -> Iterator[Frame]:
    for source in sources:
        yield from source
