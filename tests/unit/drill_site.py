"""A site and people made of exact boxes, for tests of tracking, phases and the whole step."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rig.config import Config
from rig.core.camera_pose import CameraPose
from rig.core.lane import Site, straight_lane
from rig.core.lens import lens_preset
from rig.core.placing import Placer
from rig.records import Box, Detection, Kind, Placed, Tile, ViewShift

LENGTH_M = 40.0
SITE = Site(
    CameraPose(lens_preset("pinhole-66", 1280, 720), 45.5, -1.5, 2.3, math.pi - 0.05, 0.12, 0.0),
    straight_lane(LENGTH_M),
)
WHOLE = Tile(0, 0, 1280, 720, 1280, 736)
"""The whole view at native scale: everything is looked at."""
CONFIG = Config()
PLACER = Placer(SITE, CONFIG.placing)


@dataclass(frozen=True)
class Stand:
    """A thing at a place, as the camera would see it."""

    along_m: float
    across_m: float = 0.0
    kind: Kind = Kind.PERSON
    width_m: float = 0.5
    height_m: float = 1.75

    def detection(self, noise: random.Random | None = None) -> Detection:
        """Its box, exact or with the noise model of the drills (foot SD 1.5 px or 3 %)."""
        box = PLACER.box_of(self.along_m, self.across_m, self.width_m, self.height_m)
        assert box is not None, f"{self} is out of view"
        if noise is not None:
            sd = max(1.5, 0.03 * box.height_px)
            x, top, foot = noise.gauss(0, sd / 2), noise.gauss(0, sd), noise.gauss(0, sd)
            box = Box(box.x0 + x, box.y0 + top, box.x1 + x, box.y1 + foot)
        return Detection(self.kind, 0.8, box)


def place(things: Iterable[Stand], noise: random.Random | None = None) -> tuple[Placed, ...]:
    """Things as placed detections."""
    return PLACER.place(tuple(thing.detection(noise) for thing in things), ViewShift())


def times(until_s: float, rate_hz: float) -> Iterator[float]:
    """Frame times from 0 on."""
    return (number / rate_hz for number in range(round(until_s * rate_hz) + 1))
