"""Events moved toward where the foot's motion looks most like that at all other events.

A crossing of a limit rests on two samples; the motion around it on a quarter of a second. So each
touch-down (and each take-off) is compared with the mean of its kind in the same stretch, and moved
a share of the way to the best fit, because both estimates err about as much and not together. How
the foot rises and falls counts most: across the lane a swinging foot goes its own way, which an
oblique view takes for a motion along. On the force plates events then scatter by 1 to 5 ms less.
The mean over all events stays where the limit put it. Called by `core.gait.reading`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from rig.core.gait.cleaning import Motion
from rig.core.gait.contacts import Contact
from rig.core.gait.keypoints import Floats, numbers_of

EVENTS_LEAST: Final = 3
"""Fewer make no mean to compare with."""
_AROUND: Final = np.linspace(-0.12, 0.12, 15)
_SHIFTS: Final = np.linspace(-0.04, 0.04, 21)
_SHARE: Final = 0.6
_ALONG_WEIGHT: Final = 0.3
_TURNS: Final = 2


def align(motion: Motion, contacts: Sequence[Contact]) -> tuple[Contact, ...]:
    """The same contacts with their times moved; in order, none lost or added."""
    feet = [contact.foot for contact in contacts]
    downs = _moved(motion, [contact.touchdown_s for contact in contacts], feet)
    ups = _moved(motion, [contact.takeoff_s for contact in contacts], feet)
    rows = zip(contacts, downs, ups, strict=True)
    return tuple(replace(c, touchdown_s=down, takeoff_s=up) for c, down, up in rows)


def _moved(
    motion: Motion, times_s: Sequence[float | None], feet: Sequence[str]
) -> list[float | None]:
    moved = list(times_s)
    known = {k: time_s for k, time_s in enumerate(times_s) if time_s is not None}
    rows = [k for k, time_s in known.items() if _is_inside(motion, time_s)]
    if len(rows) >= EVENTS_LEAST:
        times = np.array([known[k] for k in rows])
        better = _aligned(motion, times, [feet[k] for k in rows])
        for k, time_s in zip(rows, times + _SHARE * (better - times), strict=True):
            moved[k] = float(time_s)
    return moved


def _is_inside(motion: Motion, time_s: float) -> bool:
    reach = float(_AROUND[-1] + _SHIFTS[-1])
    begin, end = float(motion.times_s[0]) + reach, float(motion.times_s[-1]) - reach
    return begin < time_s < end


def _aligned(motion: Motion, times_s: Floats, feet: Sequence[str]) -> Floats:
    """Where each event fits the mean of all best; their mean time stays."""
    speeds = {foot: _speeds(motion, foot) for foot in set(feet)}
    looks = np.array(
        [
            [_look(motion.times_s, speeds[foot], time + shift) for shift in _SHIFTS]
            for time, foot in zip(times_s, feet, strict=True)
        ]
    )
    middle = len(_SHIFTS) // 2
    mean, shifts = looks[:, middle].mean(axis=0), np.zeros(len(times_s))
    for _ in range(_TURNS):
        misfit = ((looks - mean) ** 2).sum(axis=(2, 3))
        shifts = np.array([_lowest(row) for row in misfit])
        shifts -= shifts.mean()
        nearest = np.abs(_SHIFTS[None, :] - shifts[:, None]).argmin(axis=1)
        mean = looks[np.arange(len(looks)), nearest].mean(axis=0)
    return np.asarray(times_s + shifts)


def _speeds(motion: Motion, foot: str) -> Floats:
    """(T, C) speeds along and up of the foot's parts that were followed."""
    parts = numbers_of(*(f"{foot}_{part}" for part in ("toe", "heel", "ankle")))
    places = np.concatenate([motion.along_m[:, parts[:2]], motion.up_m[:, parts[:2]]], axis=1)
    if not np.isfinite(places).all():
        places = np.stack([motion.along_m[:, parts[2]], motion.up_m[:, parts[2]]], axis=1)
    speeds = np.gradient(places, motion.times_s, axis=0)
    speeds[:, : places.shape[1] // 2] *= _ALONG_WEIGHT
    return np.asarray(speeds)


def _look(times_s: Floats, speeds: Floats, around_s: float) -> Floats:
    wanted = around_s + _AROUND
    columns = [np.interp(wanted, times_s, speeds[:, k]) for k in range(speeds.shape[1])]
    return np.stack(columns, axis=1)


def _lowest(misfit: Floats) -> float:
    """The shift of least misfit, by a parabola around the lowest one."""
    best = int(np.clip(misfit.argmin(), 1, len(misfit) - 2))
    low, middle, high = misfit[best - 1 : best + 2]
    bend = low - 2 * middle + high
    step = float(_SHIFTS[1] - _SHIFTS[0])
    return float(_SHIFTS[best]) + (0.5 * float((low - high) / bend) * step if bend > 0 else 0.0)
