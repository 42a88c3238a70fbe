"""For how long the runner has been going: a speed is learnt late, and a starter gets faster.

At 30 m a foot is known to a metre, so that for the first three seconds of a run the estimated speed
lags by 1 to 2 m/s, whatever the filter (docs/tuning.md: speed at the start). A start is over when
the estimate rises no more, however long that took. Decides only since when; what the law makes of
it is `core.encounters`' and `core.hazard`'s part. Called by `core.runner`.
"""

from __future__ import annotations

from collections import deque

from rig.records import Track

SLOW_MPS = 1.0
"""Slower than this is no run yet."""
RISE_S = 0.7
"""Over this time a rise is looked for: as long as the estimate takes to follow a start."""
RISE_MPS = 0.6
"""A rise over `RISE_S`: half of what the slowest starter gains; an even pace varies by 0.4."""
HELD_S = 1.5
"""While the estimate rises, a start counts as no older than this (the lag is then at its most)."""


class SetOffWatch:
    """Remembers when the runner was last slow, and when they last got faster."""

    def __init__(self) -> None:
        self._slow_ns: int | None = None
        self._rose_ns: int | None = None
        self.is_slowing = False
        """They brake, and are not slow yet by an estimate that lags."""
        self._speeds: deque[tuple[int, float]] = deque()

    def update(self, me: Track, t_ns: int) -> float | None:
        """Seconds since the runner set off; None where that was not seen, or they brake.

        0 while they are slow and get no faster; no more than `HELD_S` while they get faster.
        """
        rise_mps = self._rise_mps(me.along_mps, t_ns)
        if rise_mps >= RISE_MPS:
            self._rose_ns, self.is_slowing = t_ns, False
        elif me.along_mps < SLOW_MPS:
            self._slow_ns, self._rose_ns, self.is_slowing = t_ns, None, False
        elif rise_mps <= -RISE_MPS:
            self._slow_ns, self._rose_ns, self.is_slowing = None, None, True
        if self._slow_ns is None:
            return None
        going_s = (t_ns - self._slow_ns) / 1e9
        if self._rose_ns is None:
            return going_s
        return min(going_s, HELD_S + (t_ns - self._rose_ns) / 1e9)

    def _rise_mps(self, speed_mps: float, t_ns: int) -> float:
        """How much higher the speed is than `RISE_S` ago."""
        self._speeds.append((t_ns, speed_mps))
        while len(self._speeds) > 1 and t_ns - self._speeds[1][0] >= RISE_S * 1e9:
            self._speeds.popleft()
        return speed_mps - self._speeds[0][1]
