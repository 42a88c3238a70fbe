"""`steps.csv`: one row a step, each number with its uncertainty or the reason why it is not there.

Decides the columns (docs/gait.md) and which words stand in `landing` and `flags`. An empty cell is
not measured, never 0.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Final

import numpy as np

from rig.core.gait.keypoints import numbers_of
from rig.core.gait.plane import view_at
from rig.core.gait.reading import Stretch
from rig.core.gait.steps import Step, Value

PLAIN: Final = (
    "session_id", "step_index", "foot", "t_touchdown_s", "t_takeoff_s", "lane_position_m",
    "direction", "gait", "landing", "confidence", "frames_observed", "frames_missing", "view",
    "flags",
)  # fmt: skip
MEASURED: Final = (
    "step_time_s", "stride_time_s", "contact_time_ms", "flight_time_ms", "duty_factor",
    "step_length_m", "stride_length_m", "step_width_m", "speed_mps", "lane_offset_m",
    "cadence_spm", "trunk_lean_deg", "hip_vertical_oscillation_cm",
)  # fmt: skip
"""Each with `_uncertainty` (one standard deviation) and `_withheld_reason` beside it."""
WIDTH_REASON: Final = "one camera does not tell how far apart across the lane the feet stand"
OFFSET_REASON: Final = "nobody told the place across the lane"
CADENCE_REASON: Final = "the legs' motion fits no cadence well enough"
OFFSET_SIGMA_M: Final = 0.1
PITCH_LEAST_DEG: Final = 10.0
"""A flatter foot lands flat: keypoints err by 1 to 2 cm on a foot of 25."""

COLUMNS: Final = (
    *PLAIN,
    *(f"{name}{end}" for name in MEASURED for end in ("", "_uncertainty", "_withheld_reason")),
)


def steps_csv(session_id: str, stretches: Sequence[Stretch]) -> str:
    """The whole file; only the header where there are no steps."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    index = 0
    for stretch in stretches:
        for step in stretch.steps:
            writer.writerow({"session_id": session_id, "step_index": index, **_row(stretch, step)})
            index += 1
    return text.getvalue()


def _row(stretch: Stretch, step: Step) -> dict[str, object]:
    seen, missing = step.frames_seen, step.frames_missing
    row: dict[str, object] = {
        "foot": step.foot,
        "t_touchdown_s": _short(step.touchdown_s),
        "t_takeoff_s": _short(step.takeoff_s),
        "lane_position_m": _short(step.along_m),
        "direction": stretch.direction.value,
        "gait": step.gait.value,
        "landing": landing(stretch, step),
        "confidence": _short(seen / (seen + missing)) if seen + missing else "",
        "frames_observed": seen,
        "frames_missing": missing,
        "view": view_at(step.angle_deg).value,
        "flags": " ".join(_flags(stretch, step)),
    }
    for name in MEASURED:
        row |= _cells(name, *_measured(stretch, step, name))
    return row


def _cells(name: str, value: Value | None, reason: str) -> dict[str, object]:
    return {
        name: "" if value is None else _short(value.value),
        f"{name}_uncertainty": "" if value is None else _short(value.sigma),
        f"{name}_withheld_reason": reason if value is None else "",
    }


def _measured(stretch: Stretch, step: Step, name: str) -> tuple[Value | None, str]:
    if name == "step_width_m":
        return None, WIDTH_REASON
    if name == "lane_offset_m":
        told = Value(step.across_m, OFFSET_SIGMA_M) if stretch.motion.is_placed else None
        return told, OFFSET_REASON
    if name == "cadence_spm":
        near = min(stretch.cadences, key=lambda c: abs(c[0] - step.touchdown_s), default=None)
        told = Value(near[1].steps_per_min, near[1].sigma_spm) if near else None
        return told, CADENCE_REASON
    return step.values.get(name), step.withheld.get(name, "")


def landing(stretch: Stretch, step: Step) -> str:
    """What touches the ground first: toe, heel or flat; empty where the foot was not followed."""
    motion = stretch.motion
    row = int(np.abs(motion.times_s - step.touchdown_s).argmin())
    toe, heel = (int(numbers_of(f"{step.foot}_{part}")[0]) for part in ("toe", "heel"))
    rise = motion.up_m[row, toe] - motion.up_m[row, heel]
    run = abs(motion.along_m[row, toe] - motion.along_m[row, heel])
    if not np.isfinite(rise) or not np.isfinite(run):
        return ""
    pitch_deg = float(np.degrees(np.arctan2(rise, run)))
    if abs(pitch_deg) < PITCH_LEAST_DEG:
        return "flat"
    return "heel" if pitch_deg > 0 else "toe"


def _flags(stretch: Stretch, step: Step) -> list[str]:
    is_odd = any(stumble.t_s == step.touchdown_s for stumble in stretch.stumbles)
    found = {
        "stumble": is_odd,
        "cut": step.takeoff_s is None,
        "hole": step.frames_missing > step.frames_seen,
    }
    return [name for name, holds in found.items() if holds]


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
