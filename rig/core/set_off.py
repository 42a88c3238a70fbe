"""For how long the runner has been going: a speed is learnt late, and a starter gets faster.

At 30 m a foot is known to a metre, so that for the first three seconds of a run the estimated speed
lags by 1 to 2 m/s, whatever the filter (docs/tuning.md: speed at the start). Decides only since
when; what the law makes of it is `core.encounters`' part. Called by `core.runner`.
"""

from __future__ import annotations

from rig.records import Track

SLOW_MPS = 1.0
"""Slower than this is no run yet."""


class SetOffWatch:
    """Remembers when the runner was last slow."""

    def __init__(self) -> None:
        self._slow_ns: int | None = None

    def update(self, me: Track, t_ns: int) -> float | None:
        """Seconds since the runner was last slow; None where that was not seen."""
        if me.along_mps < SLOW_MPS:
            self._slow_ns = t_ns
        return None if self._slow_ns is None else (t_ns - self._slow_ns) / 1e9
