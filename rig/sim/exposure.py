"""Auto exposure: a gain that follows the light of the scene late, overshoots and never quite rests.

Decides the gain at a time, from the scene's start on: the same at whatever order frames are asked
for. Applied by `sensor`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_STEP_S = 0.04
_LEAST_GAIN, _MOST_GAIN = 0.7, 1.9
"""Of the steady gain: more light than the lens lets in there is not."""


@dataclass(frozen=True, slots=True)
class Metering:
    """How the camera follows the light.

    `lag_s` is the time to come about halfway, `damping` below 1 overshoots, `makes_up` is the
    share of a change that is made up in the end, `hunt` the amplitude of a slow swing that never
    ends and `hunt_hz` its rate, `start` the gain at the scene's start, to the one it settles at.
    `target` is the mean level it aims at in steady light, as far as `makes_up` says and gain lasts.
    """

    lag_s: float = 0.5
    damping: float = 0.5
    makes_up: float = 0.85
    hunt: float = 0.01
    hunt_hz: float = 0.4
    start: float = 1.0
    target: float = 128.0


class AutoExposure:
    """The gain of one scene.

    `usual_level` is the mean of its empty picture, `light(t_s)` its mean light to the usual one.
    """

    def __init__(
        self, metering: Metering, usual_level: float, light: Callable[[float], float]
    ) -> None:
        self._metering, self._light = metering, light
        asked = (metering.target / max(usual_level, 1.0)) ** metering.makes_up
        self._usual = min(max(asked, _LEAST_GAIN), _MOST_GAIN)
        self._gains = [self._wanted(0.0) * metering.start]
        self._speed = 0.0

    def gain(self, t_s: float) -> float:
        """What the picture's levels are multiplied by."""
        at = max(t_s, 0.0) / _STEP_S
        first = math.floor(at)
        while len(self._gains) < first + 2:
            self._step()
        steady = float(np.interp(at - first, (0.0, 1.0), self._gains[first : first + 2]))
        metering = self._metering
        swing = math.sin(2 * math.pi * metering.hunt_hz * t_s)
        return steady * (1.0 + metering.hunt * swing)

    def _wanted(self, t_s: float) -> float:
        """Where the gain would rest in the light of this time."""
        light = max(self._light(t_s), 0.05)
        return float(self._usual * light**-self._metering.makes_up)

    def _step(self) -> None:
        """One step of a damped follower of the gain that the light asks for."""
        metering, gain = self._metering, self._gains[-1]
        wanted = self._wanted(len(self._gains) * _STEP_S)
        rate = 1.0 / metering.lag_s
        self._speed += _STEP_S * (
            rate * rate * (wanted - gain) - 2.0 * metering.damping * rate * self._speed
        )
        self._gains.append(min(max(gain + _STEP_S * self._speed, 0.25), 4.0))


def tone_table(gain: float) -> NDArray[np.uint8]:
    """New level of each level (256,): times the gain, with a shoulder so that skies keep a tone."""
    level = np.arange(256) / 255.0
    lifted = gain * level / (1.0 + max(gain - 1.0, 0.0) * level)
    return np.asarray(np.clip(lifted * 255.0 + 0.5, 0.0, 255.0), np.uint8)
