"""`session.json`: what a whole session says of how somebody moved, and how sure that is.

Decides means, spread, asymmetry and drift, and from how many steps on each may be told. What was
not measured is null with its reason in `<metric>_withheld_reason`. An uncertainty of a mean holds
the scatter over the steps and what the method may be off for a whole person (`BIAS`). Pure; called
by `rig gait`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

import numpy as np

from rig.core.gait.cadence import WINDOW_S
from rig.core.gait.falls import Fall
from rig.core.gait.keypoints import SIDES
from rig.core.gait.plane import View
from rig.core.gait.reading import NOTHING, Stretch
from rig.core.gait.repetitions import drift_note, find_drifts, find_repetitions
from rig.core.gait.speed import Direction, Gait
from rig.core.gait.steps import METRICS, Step, Value

BIAS: Final[Mapping[str, float]] = {
    "contact_time_ms": 17.0,
    "flight_time_ms": 17.0,
    "duty_factor": 0.02,
    "trunk_lean_deg": 4.0,
    "hip_vertical_oscillation_cm": 1.0,
    "speed_mps": 0.02,
}
"""What stays however many steps there are: over three people on force plates contact time was off
by -9 to +30 ms, SD 17 (docs/gait.md); trunk angles from pose err by 4 degrees and more."""
SYMMETRIC: Final = ("contact_time_ms", "step_time_s", "step_length_m")
SIDE_LEAST: Final = 20
"""Contacts of each foot before left and right are compared."""
CV_LEAST: Final = 10
DRIFT_STEPS_LEAST: Final = 30
DRIFT_LEAST_S: Final = 10.0
DRIFTING: Final = (
    "speed_mps", "contact_time_ms", "step_length_m", "step_time_s", "trunk_lean_deg",
    "hip_vertical_oscillation_cm",
)  # fmt: skip
SUMMARY_FORMAT: Final = 2
"""Raised when a reader of an older `session.json` would miss something; 2 has repetitions."""
NO_STEPS: Final = "no step was seen from the side or obliquely"
ALONG_ONLY: Final = "seen along the lane only: contacts scatter by 20 to 44 ms there"


def summarise(
    stretches: Sequence[Stretch], falls: Sequence[Fall], about: Mapping[str, Any]
) -> dict[str, Any]:
    """The whole file as plain JSON; `about` is put first: session, camera, model."""
    steps = [step for stretch in stretches for step in stretch.steps]
    found: dict[str, Any] = {"summary_format": SUMMARY_FORMAT, **about}
    found |= _whole(stretches, steps)
    for name in METRICS:
        _tell(found, name, *_values(stretches, steps, name), BIAS.get(name, 0.0))
    _tell(found, "cadence_spm", *_cadences(stretches), 0.0)
    found |= _places(stretches)
    _tell_variability(found, steps)
    for name in SYMMETRIC:
        _tell_symmetry(found, steps, name)
    for name in DRIFTING:
        _tell_drift(found, steps, name)
    repetitions = find_repetitions(stretches)
    found["repetitions"] = [repetition.as_json() for repetition in repetitions]
    found["drift_notes"] = [drift_note(drift) for drift in find_drifts(repetitions)]
    found["stumbles"] = [asdict(s) for stretch in stretches for s in stretch.stumbles]
    found["falls"] = [asdict(fall) for fall in falls]
    return found


def _whole(stretches: Sequence[Stretch], steps: Sequence[Step]) -> dict[str, Any]:
    """Counts, time and distance, and how much of them was run backward."""
    seen = sum(stretch.frames_seen for stretch in stretches)
    missing = sum(stretch.frames_missing for stretch in stretches)
    return {
        "stretches": len(stretches),
        "withheld": [
            {"begin_s": s.begin_s, "what": what, "reason": reason}
            for s in stretches
            for what, reason in s.withheld
        ],
        "nothing_reason": None if stretches else NOTHING,
        "steps_total": len(steps),
        "steps_used": sum("stride_time_s" in step.values for step in steps),
        "watched_s": _rounded(sum(s.end_s - s.begin_s for s in stretches)),
        "distance_m": _rounded(sum(map(_length_m, stretches))) if stretches else None,
        "backward_share": _share(stretches, lambda s: s.direction is Direction.BACKWARD),
        "running_share": _share(stretches, lambda s: s.gait is Gait.RUN),
        "views": sorted({stretch.view.value for stretch in stretches}),
        "frames_seen": seen,
        "frames_missing": missing,
        "missing_share": _rounded(missing / (seen + missing)) if seen + missing else None,
    }


def _length_m(stretch: Stretch) -> float:
    speed = stretch.speed
    return abs(speed.along_mps) * (stretch.end_s - stretch.begin_s) if speed else 0.0


def _share(stretches: Sequence[Stretch], holds: Callable[[Stretch], bool]) -> float | None:
    """Of the distance that was measured; None where none was."""
    whole = sum(map(_length_m, stretches))
    return _rounded(sum(_length_m(s) for s in stretches if holds(s)) / whole) if whole else None


def _values(
    stretches: Sequence[Stretch], steps: Sequence[Step], name: str
) -> tuple[list[Value], str]:
    values = [step.values[name] for step in steps if name in step.values]
    if not values and name == "speed_mps":
        speeds = [stretch.speed for stretch in stretches if stretch.speed is not None]
        values = [Value(abs(speed.along_mps), speed.sigma_mps) for speed in speeds]
    return values, "" if values else _reason(stretches, steps, name)


def _reason(stretches: Sequence[Stretch], steps: Sequence[Step], name: str) -> str:
    """Of the first step that lacks it, else of the view."""
    told = [step.withheld[name] for step in steps if name in step.withheld]
    if told:
        return max(set(told), key=told.count)
    if not stretches:
        return NOTHING
    return ALONG_ONLY if all(s.view is View.ALONG for s in stretches) else NO_STEPS


def _cadences(stretches: Sequence[Stretch]) -> tuple[list[Value], str]:
    """Of windows that do not overlap: what two of them share is no second measurement."""
    values: list[Value] = []
    for stretch in stretches:
        last_s = -math.inf
        for middle_s, cadence in stretch.cadences:
            if middle_s - last_s >= WINDOW_S - 1e-6:
                values.append(Value(cadence.steps_per_min, cadence.sigma_spm))
                last_s = middle_s
    reason = "the legs' motion fits no cadence well enough" if stretches else NOTHING
    return values, "" if values else reason


def _tell(
    found: dict[str, Any], name: str, values: Sequence[Value], reason: str, bias: float
) -> None:
    """Mean, SD, count, and how sure the mean is: by the scatter or the method, what is more."""
    count = len(values)
    numbers = np.array([value.value for value in values])
    spread = float(numbers.std(ddof=1)) if count > 1 else None
    found[name] = _rounded(float(numbers.mean())) if count else None
    found[f"{name}_sd"] = _rounded(spread)
    found[f"{name}_n"] = count
    found[f"{name}_uncertainty"] = None
    if count:
        single = float(np.mean([value.sigma for value in values]))
        scatter = max(spread or 0.0, single) / math.sqrt(count)
        found[f"{name}_uncertainty"] = _rounded(math.hypot(scatter, bias))
    found[f"{name}_withheld_reason"] = reason or None


def _places(stretches: Sequence[Stretch]) -> dict[str, Any]:
    """Lane offset and drift, each weighted by how long it was seen."""
    found: dict[str, Any] = {}
    for name in ("lane_offset_m", "lane_drift_m_per_10m"):
        pairs = [(getattr(s, name), s.end_s - s.begin_s) for s in stretches]
        known = [(value, weight) for value, weight in pairs if value is not None]
        whole = sum(weight for _, weight in known)
        found[name] = _rounded(sum(v * w for v, w in known) / whole) if whole else None
        found[f"{name}_uncertainty"] = 0.1 if whole else None
        reason = "nobody told the place across the lane, or too little of it was seen"
        found[f"{name}_withheld_reason"] = None if whole else reason if stretches else NOTHING
    return found


def _tell_variability(found: dict[str, Any], steps: Sequence[Step]) -> None:
    times = np.array([s.values["step_time_s"].value for s in steps if "step_time_s" in s.values])
    is_told = times.size >= CV_LEAST
    value = 100.0 * float(times.std(ddof=1) / times.mean()) if is_told else None
    found["step_time_cv_pct"] = _rounded(value)
    sigma = value / math.sqrt(2 * (times.size - 1)) if value is not None else None
    found["step_time_cv_pct_uncertainty"] = _rounded(sigma)
    reason = f"{times.size} timed steps, {CV_LEAST} are needed"
    found["step_time_cv_pct_withheld_reason"] = None if is_told else reason


def _tell_symmetry(found: dict[str, Any], steps: Sequence[Step], name: str) -> None:
    """100 (R - L) / (0.5 (R + L)); more than 0: the right one is longer."""
    sides = [
        np.array([s.values[name].value for s in steps if s.foot == side and name in s.values])
        for side in SIDES
    ]
    key = f"{name.rpartition('_')[0]}_symmetry_pct"
    is_told = min(len(values) for values in sides) >= SIDE_LEAST
    found[key] = found[f"{key}_uncertainty"] = None
    if is_told:
        left, right = (float(values.mean()) for values in sides)
        errors = [float(values.std(ddof=1)) / math.sqrt(len(values)) for values in sides]
        middle = 0.5 * (right + left)
        found[key] = _rounded(100.0 * (right - left) / middle)
        found[f"{key}_uncertainty"] = _rounded(100.0 * math.hypot(*errors) / middle)
    counts = " left and ".join(str(len(values)) for values in sides)
    reason = f"{counts} right contacts, {SIDE_LEAST} of each are needed"
    found[f"{key}_withheld_reason"] = None if is_told else reason


def _tell_drift(found: dict[str, Any], steps: Sequence[Step], name: str) -> None:
    """Change a minute: the slope of a line through all steps."""
    rows = [(s.touchdown_s, s.values[name].value) for s in steps if name in s.values]
    key = f"{name}_drift_per_min"
    found[key] = found[f"{key}_uncertainty"] = None
    table = np.array(rows, np.float64).reshape(-1, 2)
    times, values = table[:, 0], table[:, 1]
    is_told = len(rows) >= DRIFT_STEPS_LEAST and float(np.ptp(times)) >= DRIFT_LEAST_S
    if is_told:
        slope, base = np.polyfit(times, values, 1)
        rest = values - (base + slope * times)
        sigma = rest.std(ddof=2) / (times.std() * math.sqrt(len(rows)))
        found[key] = _rounded(60.0 * float(slope))
        found[f"{key}_uncertainty"] = _rounded(60.0 * float(sigma))
    reason = f"{len(rows)} steps; {DRIFT_STEPS_LEAST} over {DRIFT_LEAST_S:g} s are needed"
    found[f"{key}_withheld_reason"] = None if is_told else reason


def _rounded(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else round(value, 4)
