"""Whether the exposure hunts: brightness that swings to and fro and finds no rest.

A cloud or the sun changes the light once, and the exposure comes after it once: two turns. A bird
past the lens makes two as well. An exposure that hunts goes on, and the far end of the lane is
alternately black and white. Decides that from the mean brightness alone. Called by `core.health`.
"""

from __future__ import annotations

import math
from collections import deque

from rig.config import HealthLimits

DARK_LUMA = 2.0
"""Added before the logarithm: the noise of a black picture is no swing."""


class ExposureWatch:
    """Remembers when the brightness last turned round."""

    def __init__(self, limits: HealthLimits) -> None:
        self._limits = limits
        self._turns_ns: deque[int] = deque()
        self._peak = 0.0
        self._way = 0

    def hunts(self, luma_mean: float, t_ns: int) -> bool:
        """Take one picture's brightness; True while it turned too often of late."""
        self._follow(math.log2(luma_mean + DARK_LUMA), t_ns)
        oldest_ns = t_ns - self._limits.hunting_s * 1e9
        while self._turns_ns and self._turns_ns[0] < oldest_ns:
            self._turns_ns.popleft()
        return len(self._turns_ns) >= self._limits.hunting_turns

    def _follow(self, stops: float, t_ns: int) -> None:
        """A zigzag: it has turned once it is `hunting_stops` away from its last extreme."""
        if self._way == 0:
            self._way, self._peak = 1, stops
        if (stops - self._peak) * self._way >= 0.0:
            self._peak = stops
        elif abs(stops - self._peak) >= self._limits.hunting_stops:
            self._way, self._peak = -self._way, stops
            self._turns_ns.append(t_ns)
