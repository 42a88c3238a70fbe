"""The limits that gait must keep, and whether it does.

Decides the limits (they are the project's) and what of a measurement is held against them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from gait.measuring import Found


@dataclass(frozen=True, slots=True)
class Score:
    """One measured value, over how many cases; `limit` None: measured, and no limit is set."""

    name: str
    unit: str
    count: int
    value: float
    limit: float | None

    @property
    def word(self) -> str:
        """held, short, or nothing to say."""
        if self.limit is None or not self.count:
            return "-"
        return "held" if self.value <= self.limit else "short"


def _scatter(values: list[float]) -> float:
    return float(np.std(values))


def _bias(values: list[float]) -> float:
    return float(abs(np.mean(values)))


def _most(values: list[float]) -> float:
    return float(np.abs(values).max())


Reckoning = Callable[[list[float]], float]
STEADY_MS, NOISY_MS = 12.0, 18.0
"""Contact time's scatter; the larger one for files that are noisier or hold few contacts."""

_ROWS: Final[tuple[tuple[str, str, str, Reckoning, str], ...]] = (
    ("touch-down scatter", "ms", "touch-down", _scatter, "event"),
    ("take-off scatter", "ms", "take-off", _scatter, "event"),
    ("contact time bias", "ms", "contact", _bias, "bias"),
    ("contact time scatter", "ms", "contact", _scatter, "contact"),
    ("cadence error SD, 4 s", "steps/min", "cadence", _scatter, "cadence"),
    ("cadence error, shorter clip", "steps/min", "cadence, short", _most, "none"),
    ("speed, largest error", "m/s", "speed", _most, "speed"),
    ("stride length SD", "m", "stride", _scatter, "stride"),
    ("mean of ten strides, largest", "m", "ten strides", _most, "ten"),
)


def limits_of(view: str, is_noisy: bool, has_feet: bool) -> dict[str, float]:
    """The limits of a view by the last word of a row; a row without one is only measured."""
    limits = {"cadence": 0.3, "speed": 0.1, "missed": 0.0, "confused": 0.0}
    if view == "along":
        return {key: limits[key] for key in ("cadence", "speed", "confused")}
    is_side = view == "side"
    limits |= {"stride": 0.07 if is_side else 0.15, "ten": 0.03 if is_side else 0.05}
    if has_feet:
        limits |= {"event": 10.0, "bias": 10.0, "contact": NOISY_MS if is_noisy else STEADY_MS}
    return limits


def scores(found: Found, view: str, *, is_noisy: bool, has_feet: bool) -> list[Score]:
    """Every row that this view can be measured in."""
    limits = limits_of(view, is_noisy, has_feet)
    rows = []
    if found.contacts:
        rows += [
            Score("contacts missed", "", found.contacts, found.missed, limits.get("missed")),
            Score("contacts invented", "", found.contacts, found.extra, limits.get("missed")),
        ]
    for name, unit, key, reckon, limit in _ROWS:
        values = found.lists.get(key, [])
        if values:
            rows.append(Score(name, unit, len(values), reckon(values), limits.get(limit)))
    count = 2 * found.stretches
    rows.append(Score("direction or gait confused", "", count, found.confused, limits["confused"]))
    rows.append(Score("direction or gait not told", "", count, found.unknown, None))
    return rows
