"""One row a step: times, lengths, contact, and how sure each number is.

A step runs from a foot's touch-down to the other foot's. What was not measured is None, with the
reason in `withheld`; nothing is ever 0 for want of data. Called by `core.gait.reading`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from rig.core.gait.cleaning import Motion
from rig.core.gait.contacts import HOLE_REASON, Contact
from rig.core.gait.keypoints import numbers_of
from rig.core.gait.speed import Gait, gait_of_step, steadied

STEP_MOST_S: Final = 1.5
"""A longer one is a pause, or a step was missed."""
_EVENT_SIGMA_S: Final = {True: 0.008, False: 0.02}
"""Scatter of a touch-down or take-off seen from the side, with and without toe and heel (force
plates, docs/gait.md); it grows with one over the sine of the angle of view."""
PLACE_SIGMA_M: Final = 0.025
"""Scatter of a foot's place, likewise."""
CUT_REASON: Final = "the view began or ended during it"
LAST_REASON: Final = "the next step, or the whole of this one, was not seen well enough"
_VERTICAL: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Value:
    """A number with one standard deviation."""

    value: float
    sigma: float


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `values` by metric name; a metric that is not there is in `withheld`."""

    foot: str
    touchdown_s: float
    takeoff_s: float | None
    along_m: float
    across_m: float
    angle_deg: float
    gait: Gait
    values: Mapping[str, Value]
    withheld: Mapping[str, str] = field(default_factory=dict)
    frames_seen: int = 0
    frames_missing: int = 0


METRICS: Final = (
    "step_time_s", "stride_time_s", "contact_time_ms", "flight_time_ms", "duty_factor",
    "step_length_m", "stride_length_m", "speed_mps", "trunk_lean_deg",
    "hip_vertical_oscillation_cm",
)  # fmt: skip


def list_steps(
    motion: Motion, contacts: Sequence[Contact], faces: float | None
) -> tuple[Step, ...]:
    """A row for every touch-down that was seen, in order of time."""
    downs = [c for c in contacts if c.touchdown_s is not None]
    rows = [_measure(motion, downs, number, faces) for number in range(len(downs))]
    duties = [row["duty_factor"].value for row in rows if "duty_factor" in row]
    gaits = iter(steadied([gait_of_step(duty) for duty in duties]))
    latest = Gait.UNKNOWN
    steps = []
    for contact, row in zip(downs, rows, strict=True):
        latest = next(gaits) if "duty_factor" in row else latest
        steps.append(_step(motion, contact, row, latest))
    return tuple(steps)


def _step(motion: Motion, contact: Contact, row: Mapping[str, Value], gait: Gait) -> Step:
    begin = contact.touchdown_s or 0.0
    reasons = {name: _reason(name, contact) for name in METRICS if name not in row}
    until = contact.takeoff_s or begin + 0.2
    rows = (motion.times_s >= begin) & (motion.times_s <= until)
    parts = ("toe", "heel") if contact.has_foot else ("ankle",)
    feet = numbers_of(*(f"{contact.foot}_{part}" for part in parts))
    seen = motion.is_seen[rows][:, feet].all(axis=1)
    return Step(
        contact.foot,
        begin,
        contact.takeoff_s,
        contact.along_m,
        float(np.interp(begin, motion.times_s, motion.across_m)),
        contact.angle_deg,
        gait,
        row,
        reasons,
        int(seen.sum()),
        int((~seen).sum()),
    )


def _reason(name: str, contact: Contact) -> str:
    is_short = name in ("contact_time_ms", "duty_factor", "flight_time_ms")
    if is_short and contact.untimed_reason:
        return contact.untimed_reason
    if is_short and contact.takeoff_s is None:
        return CUT_REASON
    if name in ("trunk_lean_deg", "hip_vertical_oscillation_cm"):
        return "hips or shoulders were not seen"
    return LAST_REASON


def _measure(
    motion: Motion, downs: Sequence[Contact], number: int, faces: float | None
) -> dict[str, Value]:
    """Every metric that this step supports."""
    me, begin = downs[number], downs[number].touchdown_s or 0.0
    slant = math.sin(math.radians(me.angle_deg))
    event_s, place_m = _EVENT_SIGMA_S[me.has_foot] / slant, PLACE_SIGMA_M / slant
    later = [c for c in downs[number + 1 :] if (c.touchdown_s or 0.0) - begin <= STEP_MOST_S]
    other = next((c for c in later[:1] if c.foot != me.foot), None)
    again = next((c for c in later[:2] if c.foot == me.foot), None) if other else None
    found: dict[str, Value] = {}
    if me.lasted_s is not None:
        found["contact_time_ms"] = Value(1e3 * me.lasted_s, 1e3 * event_s * math.sqrt(2))
    if other is not None and other.touchdown_s is not None:
        if _is_sure(me) and _is_sure(other):
            found["step_time_s"] = Value(other.touchdown_s - begin, event_s * math.sqrt(2))
        if me.takeoff_s is not None and other.takeoff_s is not None:
            length_m = abs(other.along_m - me.along_m)
            found["step_length_m"] = Value(length_m, place_m * math.sqrt(2))
        if me.takeoff_s is not None and not me.untimed_reason and _is_sure(other):
            flight_s = other.touchdown_s - me.takeoff_s
            found["flight_time_ms"] = Value(1e3 * flight_s, 1e3 * event_s * math.sqrt(2))
    if again is not None and again.touchdown_s is not None and _is_sure(me) and _is_sure(again):
        _add_stride(found, me, again, event_s, place_m)
    found.update(_posture(motion, begin, faces, again or other))
    return found


def _is_sure(contact: Contact) -> bool:
    """Whether its touch-down was seen, not bridged."""
    return contact.untimed_reason != HOLE_REASON


def _add_stride(
    found: dict[str, Value], me: Contact, again: Contact, event_s: float, place_m: float
) -> None:
    """Stride time, duty factor; length and speed only between two whole contacts."""
    stride_s = (again.touchdown_s or 0.0) - (me.touchdown_s or 0.0)
    found["stride_time_s"] = Value(stride_s, event_s * math.sqrt(2))
    if me.lasted_s is not None:
        duty = me.lasted_s / stride_s
        found["duty_factor"] = Value(duty, event_s * math.sqrt(2) / stride_s * math.hypot(1, duty))
    if me.takeoff_s is None or again.takeoff_s is None:
        return
    length_m = abs(again.along_m - me.along_m)
    found["stride_length_m"] = Value(length_m, place_m * math.sqrt(2))
    spread = math.hypot(place_m / max(length_m, place_m), event_s / stride_s) * math.sqrt(2)
    found["speed_mps"] = Value(length_m / stride_s, length_m / stride_s * spread)


def _posture(
    motion: Motion, begin_s: float, faces: float | None, until: Contact | None
) -> dict[str, Value]:
    """Trunk lean (+ toward the chest) and the hip's rise and fall, over one step or stride."""
    end_s = until.touchdown_s if until is not None and until.touchdown_s else begin_s + 0.4
    rows = (motion.times_s >= begin_s) & (motion.times_s <= end_s)
    hips, shoulders = (numbers_of(f"left_{part}", f"right_{part}") for part in ("hip", "shoulder"))
    hip_up = motion.up_m[rows][:, hips].mean(axis=1)
    if rows.sum() < 4 or not np.isfinite(hip_up).all():
        return {}
    found = {"hip_vertical_oscillation_cm": Value(100.0 * float(np.ptp(hip_up)), 1.0)}
    reach = motion.along_m[rows][:, shoulders] - motion.along_m[rows][:, hips]
    rise = motion.up_m[rows][:, shoulders] - motion.up_m[rows][:, hips]
    lean = np.degrees(np.arctan2(reach.mean(axis=1), np.maximum(rise.mean(axis=1), _VERTICAL)))
    if faces is not None and np.isfinite(lean).all():
        found["trunk_lean_deg"] = Value(faces * float(lean.mean()), 4.0)
    return found
