"""What weather and camera add to a drawn scene: a table of usual strengths, and draws by seed.

Decides which effects a scene has and how strong they are; each is drawn by a module of its own.
`PLAIN` has none: the picture is what the exact drills and `rig demo` show. Read by `scenes` and
`render`; picture drills draw theirs with `draw_effects`.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Final

from rig.sim.cloud_shadows import Clouds
from rig.sim.exposure import Metering
from rig.sim.light import Light
from rig.sim.shutter import STILL, Shutter


@dataclass(frozen=True, slots=True)
class Effects:
    """Effects of one scene. None or 0 leaves one out; `quality` is of JPEG, 1 to 100."""

    shutter: Shutter = STILL
    clouds: Clouds | None = None
    wetness: float = 0.0
    vignette: float = 0.0
    metering: Metering | None = None
    quality: int | None = None


PLAIN: Final = Effects()


@dataclass(frozen=True, slots=True)
class Usual:
    """What is usual under a light: the shares of days that are wet or have clouds with gaps.

    And the exposure times, seconds: short in the sun, long in the evening, when the gain is spent.
    """

    wet_share: float
    cloud_share: float
    exposure_s: tuple[float, float]


USUAL: Final[dict[str, Usual]] = {
    "overcast": Usual(0.40, 0.0, (1 / 500, 1 / 120)),
    "sunny": Usual(0.10, 0.55, (1 / 3000, 1 / 700)),
    "low sun": Usual(0.20, 0.35, (1 / 1500, 1 / 250)),
    "against the sun": Usual(0.20, 0.35, (1 / 2000, 1 / 500)),
    "dusk": Usual(0.30, 0.0, (1 / 100, 1 / 40)),
    "floodlit": Usual(0.35, 0.0, (1 / 100, 1 / 50)),
    "flat": Usual(0.0, 0.0, (0.0, 0.0)),
}
"""By the light's name. 1/50 s is two periods of lamps on 100 Hz: they would flicker below."""

_READOUT_S = (0.008, 0.030)
"""Rows of a rolling shutter: 8 ms in a fast binned mode, 30 ms over the whole sensor."""


def draw_effects(seed: int, light: Light) -> Effects:
    """The effects of one drill by its seed; each has a stream of its own."""
    usual = USUAL[light.name]

    def dice(name: str) -> random.Random:
        return random.Random(f"{name} effect {seed}")

    shutter, wet, lens, file = dice("shutter"), dice("wet"), dice("vignette"), dice("quality")
    is_wet = wet.random() < usual.wet_share
    return Effects(
        Shutter(shutter.uniform(*usual.exposure_s), shutter.uniform(*_READOUT_S)),
        _clouds(dice("clouds"), usual, seed),
        wet.uniform(0.3, 1.0) if is_wet else 0.0,
        lens.uniform(0.1, 0.6),
        _metering(dice("metering")),
        file.randint(65, 95),
    )


def _clouds(dice: random.Random, usual: Usual, seed: int) -> Clouds | None:
    if dice.random() >= usual.cloud_share:
        return None
    speed, course = dice.uniform(2.0, 12.0), dice.uniform(-math.pi, math.pi)
    drift = (speed * math.cos(course), speed * math.sin(course))
    width = dice.uniform(35.0, 120.0)
    return Clouds(width, drift, dice.uniform(0.25, 0.6), dice.uniform(4.0, 14.0), seed % 251)


def _metering(dice: random.Random) -> Metering:
    return Metering(
        dice.uniform(0.15, 0.9),
        dice.uniform(0.35, 0.9),
        dice.uniform(0.6, 0.95),
        dice.uniform(0.0, 0.025),
        dice.uniform(0.15, 0.7),
        dice.uniform(0.9, 1.15),
    )
