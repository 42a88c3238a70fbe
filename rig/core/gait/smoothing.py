"""Uneven samples put on even times, and smoothed without delay.

Decides how holes are bridged (a cubic through neighbours, with their slopes) and how noise is
taken out (the response of a second-order Butterworth filter run forth and back, as a symmetric
kernel). numpy alone: on the force plates it scatters no more than splines and filters of SciPy,
which would be 90 MB more on the board. Called by `core.gait.cleaning`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from rig.core.gait.keypoints import Floats

_TWICE: Final = 0.802
"""Filtering forth and back lowers the cutoff of a second-order Butterworth by this (Winter)."""
_REACH_PERIODS: Final = 2
"""Of the cutoff: farther from its middle the kernel is below a thousandth."""
_FINE: Final = 64


def at_even_times(times_s: Floats, places: Floats, even_s: Floats) -> Floats:
    """Places (N, C), N > 2, at times (N,), on even times (T,): cubic Hermite pieces.

    Each sample's slope is that of the parabola through it and its two neighbours.
    """
    gaps = np.diff(times_s)[:, None]
    rises = np.diff(places, axis=0) / gaps
    slopes = np.empty_like(places)
    slopes[1:-1] = (gaps[1:] * rises[:-1] + gaps[:-1] * rises[1:]) / (gaps[1:] + gaps[:-1])
    slopes[0], slopes[-1] = 2 * rises[0] - slopes[1], 2 * rises[-1] - slopes[-2]
    wanted = np.clip(even_s, times_s[0], times_s[-1])
    left = np.clip(np.searchsorted(times_s, wanted, side="right") - 1, 0, len(gaps) - 1)
    gap, u = gaps[left], ((wanted - times_s[left]) / gaps[left, 0])[:, None]
    return np.asarray(
        (1 + 2 * u) * (1 - u) ** 2 * places[left]
        + u * (1 - u) ** 2 * gap * slopes[left]
        + u * u * (3 - 2 * u) * places[left + 1]
        + u * u * (u - 1) * gap * slopes[left + 1]
    )


def smooth(places: Floats, rate_hz: float, cutoff_hz: float) -> Floats:
    """Places (T, C) at `rate_hz` without what is faster than `cutoff_hz`, and not shifted.

    Past both ends the motion goes on point-symmetrically, so that a steady one stays steady.
    """
    kernel = _kernel(round(rate_hz, 6), cutoff_hz)
    reach = len(kernel) // 2
    # As often as it takes: a short stretch is not long enough to fill the kernel with one mirror.
    whole = np.pad(places, ((reach, reach), (0, 0)), mode="reflect", reflect_type="odd")
    columns = [np.convolve(whole[:, k], kernel, "valid") for k in range(places.shape[1])]
    return np.stack(columns, axis=1)


@lru_cache(maxsize=8)
def _kernel(rate_hz: float, cutoff_hz: float) -> Floats:
    """Symmetric weights that sum to one, from the filter's squared response."""
    reach = round(_REACH_PERIODS * rate_hz / cutoff_hz)
    hz = np.fft.rfftfreq(_FINE * max(reach, 4), 1 / rate_hz)
    warped = np.tan(np.pi * np.minimum(hz, 0.499999 * rate_hz) / rate_hz)
    ratio = warped / np.tan(np.pi * cutoff_hz / _TWICE / rate_hz)
    response = np.fft.irfft(1 / (1 + ratio**4))
    kernel = np.concatenate([response[-reach:], response[: reach + 1]])
    return np.asarray(kernel / kernel.sum())
