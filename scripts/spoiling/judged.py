"""Plays footage, spoilt or not, into vitals, registration, health and the alerts' own timing.

The detector is left out: nothing here depends on what it finds. Called by `evaluation`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, cycle, islice

import numpy as np

from rig.config import HealthLimits
from rig.core.alerts import AlertKeeper
from rig.core.health import Health
from rig.devices.registration import Registration
from rig.devices.vitals import VitalsMeter
from rig.records import Alert, Cause, Level, Picture, Seen
from spoiling.sources import RATE_HZ, Footage
from spoiling.spoilers import FOCAL_SHARE, NOISE_SD, Ordinary, Spoilt, noisy

GOOD_S = 2.0
"""Good pictures before something is spoilt."""
AFTER_S = 2.0
"""For so long after its limit a fault is still waited for."""
DELAY_NS = 100_000_000


@dataclass(frozen=True, slots=True)
class Provoked:
    """What became of one spoilt piece: seconds until the fault sounded, None if it never did."""

    row: str
    footage: str
    is_drawn: bool
    after_s: float | None
    cause: Cause | None
    detail: str


@dataclass(frozen=True, slots=True)
class Suspected:
    """What became of one ordinary piece: how long it was, and the fault that sounded, if any."""

    row: str
    footage: str
    is_drawn: bool
    lasted_s: float
    cause: Cause | None
    detail: str


class Judge:
    """Health and alerts for one view."""

    def __init__(self, still: Picture) -> None:
        self._meter = VitalsMeter(still)
        self._registration = Registration(still)
        self._health = Health(HealthLimits(), FOCAL_SHARE * max(still.shape[:2]))
        self._keeper = AlertKeeper()

    def hear(self, picture: Picture | None, t_ns: int) -> Alert:
        """What sounds after this picture (None: the camera gave none)."""
        seen = Seen(None) if picture is None else self._see(picture, t_ns)
        faults = self._health.check(seen, t_ns + DELAY_NS)
        return self._keeper.decide(faults, False, t_ns + DELAY_NS)

    def _see(self, picture: Picture, t_ns: int) -> Seen:
        vitals = self._meter.measure(picture, t_ns, 0.03)
        return Seen(t_ns, view=self._registration.find(picture), vitals=vitals)


def provoke(footage: Footage, row: Spoilt) -> Provoked:
    """Good pictures, then spoilt ones until a fault sounds."""
    frames = live(footage, round((GOOD_S + row.within_s + AFTER_S) * RATE_HZ))
    return _provoked(footage, row.name, frames, row.spoil)


def freeze(footage: Footage, row: str) -> Provoked:
    """The last good picture again and again."""
    frames = list(live(footage, round((GOOD_S + 4.0) * RATE_HZ)))
    good = round(GOOD_S * RATE_HZ)
    frames[good:] = [frames[good - 1]] * (len(frames) - good)
    return _provoked(footage, row, iter(frames), lambda picture, t_s: picture)


def silence(footage: Footage, row: str) -> Provoked:
    """No picture any more."""
    frames = live(footage, round((GOOD_S + 3.0) * RATE_HZ))
    return _provoked(footage, row, frames, lambda picture, t_s: None)


def _provoked(
    footage: Footage,
    row: str,
    frames: Iterator[Picture],
    spoil: Callable[[Picture, float], Picture | None],
) -> Provoked:
    judge = Judge(footage.still)
    for number, picture in enumerate(frames):
        t_s = number / RATE_HZ
        is_spoilt = t_s >= GOOD_S
        shown = spoil(picture, t_s - GOOD_S) if is_spoilt else picture
        alert = judge.hear(shown, round(t_s * 1e9))
        if alert.level is Level.FAULT and alert.hazard is not None:
            after_s = t_s + DELAY_NS / 1e9 - GOOD_S
            said = (alert.cause, alert.hazard.detail)
            return Provoked(row, footage.name, footage.is_drawn, after_s, *said)
    return Provoked(row, footage.name, footage.is_drawn, None, None, "")


def suspect(footage: Footage, row: Ordinary) -> Suspected:
    """Ordinary pictures, changed as on any day, to their end or the first fault."""
    judge = Judge(footage.still)
    t_s = 0.0
    for number, picture in enumerate(footage.pictures):
        t_s = number / RATE_HZ
        alert = judge.hear(row.change(picture, t_s), round(t_s * 1e9))
        if alert.level is Level.FAULT and alert.hazard is not None:
            said = (alert.cause, alert.hazard.detail)
            return Suspected(row.name, footage.name, footage.is_drawn, t_s, *said)
    return Suspected(row.name, footage.name, footage.is_drawn, t_s, None, "")


def live(footage: Footage, count: int) -> Iterator[Picture]:
    """So many pictures: to the end, back and so on, with a little noise so that none is alike."""
    there = footage.pictures
    back = there[-2:0:-1]
    for number, picture in enumerate(islice(cycle(chain(there, back)), count)):
        yield np.ascontiguousarray(noisy(picture, number * 0.013, NOISE_SD / 4))
