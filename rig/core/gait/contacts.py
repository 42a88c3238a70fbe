"""When each foot is on the ground: one rule for walking and running, forward and backward.

A foot is down while the slower of its toe and heel is slower than a share of the runner's speed:
a part of the foot that bears weight stands still. The rule knows nothing of direction, of which
part lands first, or of the floor's level. Limits and their measured errors are in docs/gait.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rig.core.gait.cleaning import Motion
from rig.core.gait.keypoints import SIDES, Floats, numbers_of

Span = tuple[float | None, float | None]
"""Begin and end; None where the motion began or ended meanwhile."""

SPEED_SHARE: Final = 0.50
"""Of the runner's speed: fitted on force plates, where contacts came out with no bias."""
SPEED_LEAST_MPS: Final = 1.2
"""A walker's foot rolls over the toe at up to this (force plates)."""
ANKLE_SHARE: Final = 0.66
"""The same for ankles, where toes and heels were not seen: a runner's ankle moves at so much of the
speed at touch-down and take-off (force plates). A walker's heel lifts long before the toe: ankles
give touch-downs and places there, and no contact time."""
LIFT_LEAST_S: Final = 0.03
HOLE_TIMED_S: Final = 0.11
"""Three frames at 30 Hz; an event in a longer hole can be off by 0.1 s and more."""
HOLE_REASON: Final = "the foot was not seen around its touch-down or take-off"
ANKLE_REASON: Final = "from ankles alone a walker's contacts come out 80 ms short"
CONTACT_LEAST_S: Final = 0.08
CONTACT_MOST_S: Final = 1.2
"""A walker's; 0.6 s for a runner."""
CONTACT_MOST_RUNNING_S: Final = 0.6
RUNNING_MPS: Final = 2.0


@dataclass(frozen=True, slots=True)
class Contact:
    """One foot on the ground. A time is None where the motion began or ended meanwhile."""

    foot: str
    touchdown_s: float | None
    takeoff_s: float | None
    along_m: float
    """Where it stood: the median of toe and heel over the contact."""
    untimed_reason: str = ""
    """Why its length does not count; empty where it does."""
    has_foot: bool = True
    """Whether toe and heel told it, not the ankle."""
    angle_deg: float = 90.0
    """Under which it was seen: 90 from the side, 0 along the lane."""

    @property
    def lasted_s(self) -> float | None:
        """Contact time, None where an end is not known."""
        if self.touchdown_s is None or self.takeoff_s is None or self.untimed_reason:
            return None
        return self.takeoff_s - self.touchdown_s


def find_contacts(motion: Motion, speed_mps: float) -> tuple[Contact, ...]:
    """Every contact of both feet in order of time; legs without foot or ankle give none."""
    is_running = speed_mps > RUNNING_MPS
    most_s = CONTACT_MOST_RUNNING_S if is_running else CONTACT_MOST_S
    found: list[Contact] = []
    for side in SIDES:
        parts, share = _followed(motion, side)
        if not parts.size:
            continue
        limit_mps = max(SPEED_LEAST_MPS, share * speed_mps)
        reason = "" if is_running or share == SPEED_SHARE else ANKLE_REASON
        for begin, end in _below(motion.times_s, _slower(motion, parts), limit_mps):
            lasted = None if begin is None or end is None else end - begin
            if lasted is None or CONTACT_LEAST_S <= lasted <= most_s:
                place_m = _place(motion, parts, begin, end)
                why = reason or _unseen(motion, parts, begin, end)
                found.append(Contact(side, begin, end, place_m, why, len(parts) > 1))
    return tuple(sorted(found, key=lambda c: _first(c.touchdown_s, motion.times_s[0])))


def _unseen(motion: Motion, parts: NDArray[np.intp], begin: float | None, end: float | None) -> str:
    """The reason where the foot was not seen for long around a touch-down or take-off."""
    seen_s = motion.times_s[motion.is_seen[:, parts].all(axis=1)]
    for time_s in (begin, end):
        if time_s is None:
            continue
        later = int(np.searchsorted(seen_s, time_s))
        around = seen_s[max(0, later - 1) : later + 1]
        if len(around) < 2 or around[1] - around[0] > HOLE_TIMED_S:
            return HOLE_REASON
    return ""


def _followed(motion: Motion, side: str) -> tuple[NDArray[np.intp], float]:
    """The parts of a foot that say whether it stands, and the share of the speed for them."""
    for names, share in ((("toe", "heel"), SPEED_SHARE), (("ankle",), ANKLE_SHARE)):
        parts = numbers_of(*(f"{side}_{name}" for name in names))
        if np.isfinite(motion.along_m[:, parts]).all():
            return parts, share
    return numbers_of(), 0.0


def _first(time_s: float | None, start_s: float) -> float:
    return float(start_s) if time_s is None else time_s


def _slower(motion: Motion, parts: NDArray[np.intp]) -> Floats:
    """(T,) speed of the slower part, m/s."""
    times = motion.times_s
    along = np.gradient(motion.along_m[:, parts], times, axis=0)
    up = np.gradient(motion.up_m[:, parts], times, axis=0)
    return np.asarray(np.hypot(along, up).min(axis=1))


def _below(times_s: Floats, speed: Floats, limit: float) -> list[Span]:
    """Spans below the limit, crossings interpolated, short lifts between them closed."""
    is_down = speed < limit
    spans: list[Span] = []
    begin: float | None = None
    is_open = bool(is_down[0])
    for row in np.flatnonzero(is_down[1:] != is_down[:-1]):
        share = (limit - speed[row]) / (speed[row + 1] - speed[row])
        crossing = float(times_s[row] + share * (times_s[row + 1] - times_s[row]))
        if is_open:
            spans.append((begin, crossing))
        begin, is_open = crossing, not is_open
    if is_open:
        spans.append((begin, None))
    return _closed(spans)


def _closed(spans: list[Span]) -> list[Span]:
    joined: list[Span] = []
    for begin, end in spans:
        if joined and begin is not None:
            before, until = joined[-1]
            if until is not None and begin - until < LIFT_LEAST_S:
                joined[-1] = (before, end)
                continue
        joined.append((begin, end))
    return joined


def _place(
    motion: Motion, parts: NDArray[np.intp], begin: float | None, end: float | None
) -> float:
    times = motion.times_s
    since, until = _first(begin, times[0]), float(times[-1]) if end is None else end
    rows = (times >= since) & (times <= until)
    if not rows.any():
        rows = np.abs(times - (since + until) / 2) == np.abs(times - (since + until) / 2).min()
    return float(np.median(motion.along_m[rows][:, parts].mean(axis=1)))
