"""Daylight of a simulated scene: where the sun stands, how bright, how soft.

Decides how a colour looks under a light. Draws nothing. Called by `ground`, `strokes`, `render`.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Colour = tuple[float, float, float]
"""Blue, green, red of a surface in plain daylight, 0 to 255."""


@dataclass(frozen=True, slots=True)
class Light:
    """Sun and sky.

    `sun_azimuth_rad` is the direction toward the sun on the ground (0 is +x, grows to the left),
    `sun_height_rad` its angle above the horizon. `sun` and `sky` add up to about 1 where the sun
    falls straight on a surface. `tint` scales blue, green, red. `contact` is how dark the ground is
    right under a thing, `shadow_blur_m` the half width of a cast shadow's edge, `haze` the
    share of sky colour that 100 m of air adds, `noise_sd` the sensor's noise in grey levels.
    """

    name: str
    sun_azimuth_rad: float = 0.8
    sun_height_rad: float = 0.8
    sun: float = 0.5
    sky: float = 0.5
    exposure: float = 1.0
    tint: Colour = (1.0, 1.0, 1.0)
    sky_low: Colour = (225.0, 222.0, 216.0)
    sky_high: Colour = (205.0, 196.0, 184.0)
    contact: float = 0.35
    shadow_blur_m: float = 0.05
    haze: float = 0.05
    noise_sd: float = 2.0

    @property
    def to_sun(self) -> NDArray[np.float64]:
        """Unit vector toward the sun, ground frame (3,)."""
        flat = math.cos(self.sun_height_rad)
        return np.array(
            [
                flat * math.cos(self.sun_azimuth_rad),
                flat * math.sin(self.sun_azimuth_rad),
                math.sin(self.sun_height_rad),
            ]
        )

    def shade(self, colour: Colour, facing: float) -> Colour:
        """A surface's colour where the cosine of sunlight on it is `facing` (clipped at 0)."""
        share = (self.sky + self.sun * max(0.0, facing)) * self.exposure
        blue, green, red = (c * share * t for c, t in zip(colour, self.tint, strict=True))
        return (min(blue, 255.0), min(green, 255.0), min(red, 255.0))


LIGHTS: dict[str, Light] = {
    "overcast": Light("overcast", sun=0.12, sky=0.85, shadow_blur_m=0.25, contact=0.4),
    "sunny": Light(
        "sunny",
        sun=0.62,
        sky=0.45,
        sky_low=(232.0, 214.0, 190.0),
        sky_high=(214.0, 168.0, 118.0),
        contact=0.45,
        haze=0.03,
    ),
    "low sun": Light(
        "low sun",
        sun_azimuth_rad=2.4,
        sun_height_rad=0.3,
        sun=0.75,
        sky=0.38,
        tint=(0.78, 0.94, 1.08),
        sky_low=(168.0, 202.0, 240.0),
        sky_high=(206.0, 178.0, 150.0),
        contact=0.45,
        shadow_blur_m=0.06,
    ),
    "against the sun": Light(
        "against the sun",
        sun_azimuth_rad=math.pi - 0.3,
        sun_height_rad=0.4,
        sun=0.7,
        sky=0.34,
        exposure=1.1,
        sky_low=(240.0, 240.0, 240.0),
        sky_high=(230.0, 214.0, 190.0),
        contact=0.4,
        haze=0.12,
    ),
    "dusk": Light(
        "dusk",
        sun=0.0,
        sky=0.48,
        tint=(1.12, 0.98, 0.88),
        sky_low=(150.0, 128.0, 118.0),
        sky_high=(120.0, 88.0, 68.0),
        contact=0.3,
        shadow_blur_m=0.3,
        noise_sd=6.0,
    ),
    "floodlit": Light(
        "floodlit",
        sun_azimuth_rad=-1.2,
        sun_height_rad=0.9,
        sun=0.45,
        sky=0.42,
        tint=(0.96, 1.04, 0.98),
        sky_low=(40.0, 30.0, 26.0),
        sky_high=(18.0, 12.0, 10.0),
        contact=0.4,
        shadow_blur_m=0.12,
        noise_sd=4.0,
    ),
    "flat": Light(
        "flat", sun=0.0, sky=0.95, contact=0.0, haze=0.0, noise_sd=0.0, shadow_blur_m=0.3
    ),
}
"""By name. "flat" casts no shadow and makes no noise: for measuring what is drawn."""


def random_light(seed: int) -> Light:
    """A light by seed: one of the table's casting lights, turned, brightened and tinted."""
    dice = random.Random(f"light {seed}")
    base = dice.choice([light for light in LIGHTS.values() if light.name != "flat"])
    warm = dice.uniform(-0.06, 0.06)
    blue, green, red = base.tint
    return replace(
        base,
        sun_azimuth_rad=dice.uniform(-math.pi, math.pi),
        sun_height_rad=min(max(base.sun_height_rad * dice.uniform(0.6, 1.5), 0.2), 1.3),
        sun=base.sun * dice.uniform(0.6, 1.15),
        exposure=base.exposure * dice.uniform(0.75, 1.2),
        tint=(blue - warm, green * dice.uniform(0.97, 1.03), red + warm),
        contact=base.contact * dice.uniform(0.4, 1.2),
        haze=dice.uniform(0.0, 0.15),
        noise_sd=base.noise_sd * dice.uniform(0.5, 2.0),
    )
