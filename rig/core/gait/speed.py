"""How fast, which way, and walking or running.

Speed is the slope of a line through the places where the feet stood, which a body's sway does not
touch; without contacts, of the hips' path. Decides nothing about danger: the guard has its own
speed. Called by `core.gait.reading`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from rig.core.gait.cleaning import Motion
from rig.core.gait.contacts import Contact
from rig.core.gait.keypoints import Floats, numbers_of

SIGMA_MOST_MPS: Final = 0.1
"""A speed less sure than this is not told: the view was too short."""
SPEED_MOST_MPS: Final = 8.0
"""Nobody runs backwards faster: the 4 x 100 m record is 6.4 m/s."""
STANDING_MPS: Final = 0.3
PLANTS_LEAST: Final = 4
RUN_DUTY: Final = 0.47
WALK_DUTY: Final = 0.53
RUN_MPS: Final = 1.63
"""Backward, walkers begin to run at 1.63 m/s (Hreljac 2005)."""
RUN_SPM: Final = 140.0
STEPS_TO_SWITCH: Final = 2


_NEAREST_SHARE: Final = 0.5
"""Of the time at least one foot is near the ground, walking or running."""
_NEAREST_TURNS: Final = 4
_NEAREST_LEAST: Final = 8


class Direction(StrEnum):
    """Which way the body faces against the way it goes."""

    BACKWARD = "backward"
    FORWARD = "forward"
    UNKNOWN = "unknown"


class Gait(StrEnum):
    """How it goes."""

    RUN = "run"
    WALK = "walk"
    GROUNDED = "grounded"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Speed:
    """Signed along the lane, with one standard deviation."""

    along_mps: float
    sigma_mps: float


def hip_speed(motion: Motion) -> Speed | None:
    """From the hips' path; None where they were not seen."""
    hips = motion.along_m[:, numbers_of("left_hip", "right_hip")]
    return _line(motion.times_s, hips.mean(axis=1), per_sample=motion.rate_hz / 10.0)


def ground_speed(motion: Motion, is_near_large: bool) -> Speed | None:
    """From the lower foot's ground places, for views along the lane; None where unseen.

    A foot in the air covers ground farther from the camera. So the line goes through the places
    nearest to it: `is_near_large` says that these are the larger ones (camera past the end).
    """
    times, places = motion.times_s, motion.ground_m
    rows = np.isfinite(places)
    sign = 1.0 if is_near_large else -1.0
    for _ in range(_NEAREST_TURNS):
        if rows.sum() < _NEAREST_LEAST:
            return None
        rest = sign * (places - np.polyval(np.polyfit(times[rows], places[rows], 1), times))
        rows = np.isfinite(places) & (rest >= np.nanquantile(rest, 1.0 - _NEAREST_SHARE))
    return _line(times[rows], places[rows], per_sample=motion.rate_hz * _NEAREST_SHARE / 5.0)


def plant_speed(contacts: Sequence[Contact]) -> Speed | None:
    """From the places of whole contacts, each foot with an offset of its own; None with few."""
    whole = [c for c in contacts if c.touchdown_s is not None and c.takeoff_s is not None]
    if len(whole) < PLANTS_LEAST:
        return None
    middles = np.array([((c.touchdown_s or 0.0) + (c.takeoff_s or 0.0)) / 2 for c in whole])
    places = np.array([c.along_m for c in whole])
    is_left = np.array([c.foot == "left" for c in whole], np.float64)
    return _line(middles, places, is_left)


def _line(
    times_s: Floats, places_m: Floats, other: Floats | None = None, per_sample: float = 1.0
) -> Speed | None:
    """Slope of a line, with a second offset where `other` is 1; `per_sample` samples count once."""
    is_good = np.isfinite(places_m)
    times, places = times_s[is_good], places_m[is_good]
    columns = [np.ones_like(times), times - times.mean() if times.size else times]
    if other is not None and 0 < other[is_good].sum() < times.size:
        columns.append(other[is_good])
    if times.size < len(columns) + 1:
        return None
    basis = np.stack(columns, axis=1)
    answer = np.linalg.lstsq(basis, places, rcond=None)[0]
    rest = places - basis @ answer
    free = max(1.0, times.size / max(1.0, per_sample) - len(columns))
    inverse = np.linalg.pinv(basis.T @ basis)
    counted = max(1.0, per_sample)
    sigma = math.sqrt(float(rest @ rest) / times.size * inverse[1, 1] * counted * times.size / free)
    speed = float(answer[1])
    is_told = abs(speed) <= SPEED_MOST_MPS and sigma <= SIGMA_MOST_MPS
    return Speed(speed, sigma) if is_told else None


def facing(motion: Motion, is_along: bool, looks_down: bool) -> float | None:
    """+1 where the body faces up the lane, -1 down the lane, None where nothing tells.

    A foot points where its body faces, and a knee bends there: on average over strides, whichever
    way the body goes. Along the lane the sides tell it: a person's left is seen on the left from
    the back only.
    """
    if is_along and abs(motion.turned) > _TURNED_LEAST:
        return -math.copysign(1.0, motion.turned) * (1.0 if looks_down else -1.0)
    toes, heels, hips, knees, ankles = (
        motion.along_m[:, numbers_of(f"left_{part}", f"right_{part}")]
        for part in ("toe", "heel", "hip", "knee", "ankle")
    )
    by_foot = _sign(toes - heels, motion, _FOOT_LEAST_M)
    return by_foot or _sign(knees - (hips + ankles) / 2, motion, _KNEE_LEAST_M)


def _sign(lengths: Floats, motion: Motion, least_m: float) -> float | None:
    """Of the mean length, where that is sure."""
    if not np.isfinite(lengths).all() or len(lengths) < 2:
        return None
    mean, spread = float(lengths.mean()), float(lengths.std())
    separate = max(1.0, 4.0 * float(np.ptp(motion.times_s)))
    if abs(mean) < 2.0 * spread / math.sqrt(separate) or abs(mean) < least_m:
        return None
    return math.copysign(1.0, mean)


_FOOT_LEAST_M: Final = 0.03
_KNEE_LEAST_M: Final = 0.02
_TURNED_LEAST: Final = 0.2


def direction_of(faces: float | None, speed: Speed | None) -> Direction:
    """Backward or forward; unknown when standing, or when nothing tells where the body faces."""
    if faces is None or speed is None or abs(speed.along_mps) < STANDING_MPS:
        return Direction.UNKNOWN
    return Direction.FORWARD if faces * speed.along_mps > 0 else Direction.BACKWARD


def gait_of_step(duty_factor: float) -> Gait:
    """Of one stride, by the share of it that a foot is down."""
    if duty_factor < RUN_DUTY:
        return Gait.RUN
    return Gait.WALK if duty_factor > WALK_DUTY else Gait.GROUNDED


def steadied(gaits: Sequence[Gait]) -> tuple[Gait, ...]:
    """The same, but another gait begins only with its second step in a row."""
    told: list[Gait] = []
    for number, gait in enumerate(gaits):
        is_lasting = gait in gaits[number + 1 : number + STEPS_TO_SWITCH]
        told.append(gait if not told or gait is told[-1] or is_lasting else told[-1])
    return tuple(told)


def gait_by_speed(speed: Speed | None, steps_per_min: float | None) -> Gait:
    """Along the lane, where contacts cannot be timed: inferred from speed and cadence."""
    if speed is None or steps_per_min is None or abs(speed.along_mps) < STANDING_MPS:
        return Gait.UNKNOWN
    is_running = abs(speed.along_mps) > RUN_MPS and steps_per_min > RUN_SPM
    return Gait.RUN if is_running else Gait.WALK
