"""Steps that are unlike the steps before them in more than one way at once.

Decides what is called a stumble: step time, step length, how fast the trunk turns and how deep the
hip dips are each held against the last twenty steps; two of them far off in one step, or two off
in two steps running, with a trunk or hip that really moved. The limits are proposals (GAIT) and
were tried on made-up stumbles and on force-plate runs only. Called by `core.gait.reading`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from rig.core.gait.cleaning import Motion
from rig.core.gait.keypoints import Floats, numbers_of
from rig.core.gait.steps import Step

CHANNELS: Final = ("step_time_s", "step_length_m", "trunk_rate_dps", "hip_dip")
SPREAD_LEAST: Final = (0.012, 0.05, 25.0, 0.015)
"""What each channel scatters by noise alone; hip dip is a share of the leg's length."""
STEPS_LEAST: Final = 6
STEPS_MOST: Final = 20
FAR, OFF = 4.0, 3.0
"""Robust standard deviations: in one step, and in two running."""
TRUNK_LEAST_DEG: Final = 15.0
DIP_LEAST: Final = 0.08


@dataclass(frozen=True, slots=True)
class Stumble:
    """A step that went wrong: when it began, and the channels that say so."""

    t_s: float
    foot: str
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Posture:
    """Of one step: how much and how fast the trunk turned, how deep the hip dipped."""

    trunk_deg: float
    trunk_rate_dps: float
    hip_dip: float


def find_stumbles(motion: Motion, steps: Sequence[Step]) -> tuple[Stumble, ...]:
    """Every stumble, in order of time; the first steps have nothing to be held against."""
    timed = [step for step in steps if "step_time_s" in step.values]
    if len(timed) <= STEPS_LEAST:
        return ()
    postures = [_posture(motion, step) for step in timed]
    table = np.array([_channels(s, p) for s, p in zip(timed, postures, strict=True)])
    usual = _median([posture.trunk_deg for posture in postures])
    dip = _median([posture.hip_dip for posture in postures])
    found: list[Stumble] = []
    before: set[str] = set()
    is_calm = np.ones(len(timed), np.bool_)
    for row in range(STEPS_LEAST, len(timed)):
        calm = np.flatnonzero(is_calm[:row])[-STEPS_MOST:]
        scores = _scores(table[calm], table[row])
        far, off = _beyond(scores, FAR), _beyond(scores, OFF)
        has_moved = (
            postures[row].trunk_deg > usual + TRUNK_LEAST_DEG
            or postures[row].hip_dip > dip + DIP_LEAST
        )
        is_odd = len(far) >= 2 or (len(off) >= 2 and len(before) >= 2)
        is_calm[row] = len(off) < 2
        before = off
        if is_odd and has_moved:
            found.append(Stumble(timed[row].touchdown_s, timed[row].foot, tuple(sorted(off))))
    return tuple(found)


def _median(values: Sequence[float]) -> float:
    """Of the finite ones; NaN where there are none, which nothing exceeds."""
    finite = [value for value in values if np.isfinite(value)]
    return float(np.median(finite)) if finite else np.nan


def _channels(step: Step, posture: _Posture) -> list[float]:
    length = step.values.get("step_length_m")
    length_m = np.nan if length is None else length.value
    return [step.values["step_time_s"].value, length_m, posture.trunk_rate_dps, posture.hip_dip]


def _scores(usual: Floats, now: Floats) -> Floats:
    """(C,) robust standard deviations from the steps before; what is missing there is as now."""
    usual = np.where(np.isfinite(usual), usual, now)
    middle = np.median(usual, axis=0)
    spread = 1.4826 * np.median(np.abs(usual - middle), axis=0)
    return np.asarray(np.abs(now - middle) / np.maximum(spread, SPREAD_LEAST))


def _beyond(scores: Floats, limit: float) -> set[str]:
    pairs = zip(CHANNELS, scores, strict=True)
    return {name for name, score in pairs if np.isfinite(score) and score > limit}


def _posture(motion: Motion, step: Step) -> _Posture:
    """Over this step; NaN where hips, shoulders or ankles were not followed."""
    end_s = step.touchdown_s + step.values["step_time_s"].value
    rows = (motion.times_s >= step.touchdown_s) & (motion.times_s <= end_s)
    hips, shoulders, ankles = (
        numbers_of(f"left_{part}", f"right_{part}") for part in ("hip", "shoulder", "ankle")
    )
    if rows.sum() < 3:
        return _Posture(np.nan, np.nan, np.nan)
    reach = (motion.along_m[rows][:, shoulders] - motion.along_m[rows][:, hips]).mean(axis=1)
    rise = (motion.up_m[rows][:, shoulders] - motion.up_m[rows][:, hips]).mean(axis=1)
    lean = np.degrees(np.arctan2(reach, rise))
    rate = np.abs(np.gradient(lean, motion.times_s[rows])).max()
    hip = motion.up_m[:, hips].mean(axis=1)
    leg = np.quantile(hip - motion.up_m[:, ankles].min(axis=1), 0.9)
    dip = (np.median(hip) - hip[rows].min()) / leg if leg > 0 else np.nan
    return _Posture(float(np.ptp(lean)), float(rate), float(dip))
