"""A session's repetitions, and what drifts from the first of them to the last.

Decides which stretches of motion are one repetition: run, or gone backward, without a long hole
and without turning round. Walking forward to the start again is none. A change over a session is
called drift only where it is larger than chance and than what matters. Pure; called by
`core.gait.summary`, which writes both into `session.json`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from rig.core.gait.cadence import WINDOW_S
from rig.core.gait.reading import Stretch
from rig.core.gait.speed import RUN_MPS, Direction, Gait
from rig.core.gait.steps import Value

HOLE_MOST_S: Final = 2.0
"""The runner may be unseen for so long within a repetition; the distance then is bridged."""
DISTANCE_LEAST_M: Final = 5.0
"""Less is a start that was broken off."""
SPEED_BIAS_MPS: Final = 0.02
DRIFT_LEAST: Final[Mapping[str, float]] = {
    "speed_mps": 5.0,
    "cadence_spm": 3.0,
    "contact_time_ms": 8.0,
    "step_length_m": 6.0,
    "hip_vertical_oscillation_cm": 15.0,
}
"""Percent from the first to the last repetition; a smaller change is no note, however sure."""
DRIFT_REPETITIONS_LEAST: Final = 5
_SURE: Final = ((3, 5.84), (4, 4.60), (5, 4.03), (6, 3.71), (7, 3.50), (8, 3.36), (9, 3.25),
                (10, 3.17), (12, 3.05), (15, 2.95), (20, 2.85), (30, 2.75), (60, 2.66))  # fmt: skip
"""Student's t for one false note in a hundred, by degrees of freedom."""


@dataclass(frozen=True, slots=True)
class Repetition:
    """One run of the drill. A metric that is not in `values` was not measured."""

    begin_s: float
    end_s: float
    distance_m: float
    direction: Direction
    gait: Gait
    values: Mapping[str, Value]

    def as_json(self) -> dict[str, Any]:
        """Plain values; null is not measured."""
        told: dict[str, Any] = {
            "begin_s": round(self.begin_s, 3),
            "lasts_s": round(self.end_s - self.begin_s, 3),
            "distance_m": round(self.distance_m, 2),
            "direction": self.direction.value,
            "gait": self.gait.value,
        }
        for name in DRIFT_LEAST:
            value = self.values.get(name)
            told[name] = None if value is None else round(value.value, 4)
            told[f"{name}_uncertainty"] = None if value is None else round(value.sigma, 4)
        return told


@dataclass(frozen=True, slots=True)
class Drift:
    """A metric that changed over the session, by a line through its repetitions."""

    metric: str
    first: float
    last: float
    sigma: float
    repetitions: int

    @property
    def percent(self) -> float:
        """Of the first value."""
        return 100.0 * (self.last - self.first) / abs(self.first)


def find_repetitions(stretches: Sequence[Stretch]) -> tuple[Repetition, ...]:
    """Every repetition in order; stretches without a speed belong to none."""
    groups: list[list[Stretch]] = []
    for stretch in stretches:
        if stretch.speed is None or not _is_effort(stretch):
            continue
        if groups and _goes_on(groups[-1][-1], stretch):
            groups[-1].append(stretch)
        else:
            groups.append([stretch])
    found = (_repetition(group) for group in groups)
    return tuple(one for one in found if one.distance_m >= DISTANCE_LEAST_M)


def _is_effort(stretch: Stretch) -> bool:
    is_fast = stretch.speed is not None and abs(stretch.speed.along_mps) >= RUN_MPS
    return stretch.direction is Direction.BACKWARD or stretch.gait is Gait.RUN or is_fast


def _goes_on(before: Stretch, after: Stretch) -> bool:
    if before.speed is None or after.speed is None:
        return False
    is_same_way = before.speed.along_mps * after.speed.along_mps > 0
    return is_same_way and 0.0 <= after.begin_s - before.end_s <= HOLE_MOST_S


def _repetition(group: Sequence[Stretch]) -> Repetition:
    lasts = np.array([s.end_s - s.begin_s for s in group])
    speeds = np.array([abs(s.speed.along_mps) if s.speed else 0.0 for s in group])
    sigmas = np.array([s.speed.sigma_mps if s.speed else 0.0 for s in group])
    speed = float(speeds @ lasts / lasts.sum())
    sigma = math.hypot(float(np.linalg.norm(sigmas * lasts)) / float(lasts.sum()), SPEED_BIAS_MPS)
    begin_s, end_s = group[0].begin_s, group[-1].end_s
    unseen_s = end_s - begin_s - float(lasts.sum())
    longest = group[int((speeds * lasts).argmax())]
    values = {"speed_mps": Value(speed, sigma)}
    for name in DRIFT_LEAST:
        own = _own_values(group, name)
        if name != "speed_mps" and own:
            values[name] = _mean(own)
    distance_m = float(speeds @ lasts) + unseen_s * speed
    return Repetition(begin_s, end_s, distance_m, longest.direction, longest.gait, values)


def _own_values(group: Sequence[Stretch], name: str) -> list[Value]:
    if name != "cadence_spm":
        steps = (step for stretch in group for step in stretch.steps)
        return [step.values[name] for step in steps if name in step.values]
    found: list[Value] = []
    for stretch in group:
        last_s = -math.inf
        for middle_s, cadence in stretch.cadences:
            if middle_s - last_s >= WINDOW_S - 1e-6:
                found.append(Value(cadence.steps_per_min, cadence.sigma_spm))
                last_s = middle_s
    return found


def _mean(values: Sequence[Value]) -> Value:
    """How sure: by the scatter, or by the single value's own sigma, what is more."""
    numbers = np.array([value.value for value in values])
    single = float(np.mean([value.sigma for value in values]))
    spread = float(numbers.std(ddof=1)) if len(values) > 1 else 0.0
    return Value(float(numbers.mean()), max(spread, single) / math.sqrt(len(values)))


def find_drifts(repetitions: Sequence[Repetition]) -> tuple[Drift, ...]:
    """What drifts over a session; nothing where the repetitions are too few to tell."""
    found = (_drift(repetitions, name) for name in DRIFT_LEAST)
    return tuple(drift for drift in found if drift is not None)


def _drift(repetitions: Sequence[Repetition], name: str) -> Drift | None:
    told = [(k, r.values[name].value) for k, r in enumerate(repetitions) if name in r.values]
    if len(told) < DRIFT_REPETITIONS_LEAST:
        return None
    numbers, values = (np.array(column, np.float64) for column in zip(*told, strict=True))
    slope, base = np.polyfit(numbers, values, 1)
    rest, free = values - (base + slope * numbers), len(told) - 2
    sigma = math.sqrt(float(rest @ rest) / free) / (float(numbers.std()) * math.sqrt(len(told)))
    span = float(np.ptp(numbers))
    first, last = (float(base + slope * numbers[k]) for k in (0, -1))
    sure = next((t for most, t in reversed(_SURE) if free >= most), math.inf)
    drift = Drift(name, first, last, sigma * span, len(told))
    is_sure = abs(last - first) > sure * sigma * span
    is_drift = first != 0 and is_sure and abs(drift.percent) >= DRIFT_LEAST[name]
    return drift if is_drift else None


_NAMES: Final = {
    "speed_mps": ("speed", "m/s", 2),
    "cadence_spm": ("cadence", "steps/min", 0),
    "contact_time_ms": ("contact time", "ms", 0),
    "step_length_m": ("step length", "m", 2),
    "hip_vertical_oscillation_cm": ("the hip's rise and fall", "cm", 1),
}


def drift_note(drift: Drift) -> str:
    """The sentence for the coach."""
    name, unit, digits = _NAMES[drift.metric]
    way = "rose" if drift.last > drift.first else "fell"
    return (
        f"{name} {way} by {abs(drift.percent):.0f} % over {drift.repetitions} repetitions, from "
        f"{drift.first:.{digits}f} to {drift.last:.{digits}f} {unit}; more than chance"
    )
