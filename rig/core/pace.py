"""A steady pace on one axis, from a second or so of places: better known than a speed of now.

The line through the sightings, each weighted by what is known of it and by how long ago it was
(least squares with exponential forgetting; the variance is the sandwich A^-1 B A^-1 of weighted
least squares, Draper and Smith, Applied Regression Analysis, 1998, chapter 9). Forgetting goes by
seconds, so that the frame rate changes only how much is known. Decides nothing; called by
`core.motion`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import exp, inf

MEMORY_S = 0.7
"""A sighting this old counts for a third; who stops is noticed within about as long [J]."""
LEAST = 1e-9
"""A determinant below this share of its largest product is none: one sighting makes no line."""


@dataclass(slots=True)
class Pace:
    """Sums over the sightings; times count from now, so they are negative."""

    _weights: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    """Weight times time to the power of 0, 1 and 2."""
    _spread: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    """The same of squared weights times the variances."""
    _places: list[float] = field(default_factory=lambda: [0.0, 0.0])
    """Weight times place times time to the power of 0 and 1."""

    def predict(self, dt_s: float) -> None:
        """Move on by `dt_s` seconds."""
        keep = exp(-dt_s / MEMORY_S)
        _move_on(self._weights, keep, dt_s)
        _move_on(self._spread, keep**2, dt_s)
        none, one = self._places
        self._places[:] = keep * none, keep * (one - dt_s * none)

    def correct(self, place: float, sigma: float) -> None:
        """Take a sighting of now into account."""
        self._weights[0] += 1 / sigma**2
        self._spread[0] += 1 / sigma**2
        self._places[0] += place / sigma**2

    def speed(self) -> tuple[float, float]:
        """Speed and its sigma, both per second; (0, inf) while there is no line."""
        s0, s1, s2 = self._weights
        whole = s0 * s2 - s1 * s1
        if whole <= LEAST * s0 * s2 or whole <= 0.0:
            return 0.0, inf
        y0, y1 = self._places
        b0, b1, b2 = self._spread
        variance = (s1 * s1 * b0 - 2 * s0 * s1 * b1 + s0 * s0 * b2) / whole**2
        return (s0 * y1 - s1 * y0) / whole, max(0.0, variance) ** 0.5


def _move_on(sums: list[float], keep: float, dt_s: float) -> None:
    """Sums of times to the power of 0, 1 and 2, `dt_s` later and forgotten but for `keep`."""
    none, one, two = sums
    sums[:] = (
        keep * none,
        keep * (one - dt_s * none),
        keep * (two - 2 * dt_s * one + dt_s**2 * none),
    )
