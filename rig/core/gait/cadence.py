"""Steps a minute, from how the feet change places.

Fits the left foot's place minus the right one's by a line and a stride's first and third harmonic
over four seconds, for every stride frequency in range; the best fit's frequency is the cadence.
The second harmonic is left out on purpose: with it half of all fits land an octave off. Holes in
the motion cost nothing but certainty. Formula and figures: docs/gait.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from rig.core.gait.keypoints import Floats

WINDOW_S: Final = 4.0
UNEVEN_SPM: Final = 0.2
"""What uneven steps add over four seconds; over two seconds it was 0.8 on the force plates."""
QUALITY_LEAST: Final = 0.6
"""Share of the motion that the fit explains (R squared), below which there is no cadence."""
STRIDE_LEAST_HZ, STRIDE_MOST_HZ = 0.6, 2.4
_STEP_HZ: Final = 0.02
_SEPARATE_HZ: Final = 10.0
"""Twice the smoothing's cutoff."""
_UNKNOWNS: Final = 6
_STRIDES_LEAST: Final = 1.5
"""Fewer in the window, and a drift passes for a stride."""


@dataclass(frozen=True, slots=True)
class Cadence:
    """Both feet's steps a minute, with one standard deviation and the fit's R squared."""

    steps_per_min: float
    sigma_spm: float
    quality: float


def fit_cadence(times_s: Floats, apart_m: Floats) -> Cadence | None:
    """Cadence from left minus right (N, C) of C joints at times (N,); None where nothing fits.

    Joints share one frequency; each counts by how well it follows it. Rows with a joint missing
    are left out, joints that are missing throughout should be.
    """
    is_good = np.isfinite(apart_m).all(axis=1) & np.isfinite(times_s)
    times, apart = times_s[is_good], apart_m[is_good]
    if times.size < 8 or np.ptp(times) < _STRIDES_LEAST / STRIDE_MOST_HZ or not apart.shape[1]:
        return None
    times, apart = times - times.mean(), apart - apart.mean(axis=0)
    least_hz = max(STRIDE_LEAST_HZ, _STRIDES_LEAST / float(np.ptp(times)))
    total = (apart * apart).sum(axis=0)
    frequencies = np.arange(least_hz, STRIDE_MOST_HZ + _STEP_HZ / 2, _STEP_HZ)
    if not (total > 0.0).all() or frequencies.size < 3:
        return None
    left = np.array([_misfit(times, apart, hz) for hz in frequencies])
    weights = 1.0 / np.maximum(left.min(axis=0), 1e-9 * total)
    best = int((left @ weights).argmin())
    if best in (0, len(left) - 1):
        return None
    hz, least = _refined(times, apart, weights, float(frequencies[best]))
    quality = float(np.max(1.0 - least / total))
    if quality < QUALITY_LEAST:
        return None
    fitted = 120.0 * _sigma_hz(times, apart, weights, hz, least)
    uneven = UNEVEN_SPM * (WINDOW_S / float(np.ptp(times))) ** 2
    return Cadence(120.0 * hz, math.hypot(fitted, uneven), quality)


def _misfit(times: Floats, apart: Floats, hz: float) -> Floats:
    """(C,) sums of squares that a line and harmonics 1 and 3 of `hz` leave of apart (N, C)."""
    turns = 2 * math.pi * hz * times
    columns = [np.ones_like(times), times, np.cos(turns), np.sin(turns)]
    columns += [np.cos(3 * turns), np.sin(3 * turns)]
    basis, _ = np.linalg.qr(np.stack(columns, axis=1))
    rest = apart - basis @ (basis.T @ apart)
    return np.asarray((rest * rest).sum(axis=0))


def _refined(times: Floats, apart: Floats, weights: Floats, hz: float) -> tuple[float, Floats]:
    """The frequency of the parabola's lowest point around `hz`, ever finer, and what is left."""
    step = _STEP_HZ
    for _ in range(3):
        low, middle, high = (
            float(_misfit(times, apart, hz + step * k) @ weights) for k in (-1, 0, 1)
        )
        bend = low - 2 * middle + high
        if bend > 0:
            hz += float(np.clip(0.5 * (low - high) / bend, -1.0, 1.0)) * step
        step /= 4
    return hz, _misfit(times, apart, hz)


def _sigma_hz(times: Floats, apart: Floats, weights: Floats, hz: float, least: Floats) -> float:
    """One standard deviation, from the curvature of what is left (least squares).

    Smoothed motion repeats itself from sample to sample: only `_SEPARATE_HZ` samples a second
    count as separate. What the harmonics cannot follow counts as noise.
    """
    step = _STEP_HZ / 8
    around = _misfit(times, apart, hz + step) + _misfit(times, apart, hz - step)
    bend = float((around - 2 * least) @ weights) / step**2
    if bend <= 0:
        return math.inf
    separate = max(1.0, min(float(times.size), _SEPARATE_HZ * float(np.ptp(times))) - _UNKNOWNS)
    return math.sqrt(2.0 * float(least @ weights) / apart.shape[1] / separate / bend)
