"""The board's pace while it runs: how old a judged picture grows before the next one is judged.

Measures; `core.self_test` judges. That age is what the horn's timer sees, so the limit that the
horn is told follows from the period measured here. Called by `programs.live`.
"""

from __future__ import annotations

from collections import deque

import numpy as np

WINDOW = 300
"""Turns that count: ten seconds at 30 Hz."""
SLOW_LEAST_S = 0.4
SLOW_PERIODS = 2.5
"""The horn allows max(0.4 s, 2.5 periods) (design section 7)."""


class Pace:
    """The last turns' periods and ages."""

    def __init__(self) -> None:
        self._last_ns: int | None = None
        self._periods_s: deque[float] = deque(maxlen=WINDOW)
        self._ages_s: deque[float] = deque(maxlen=WINDOW)
        self.judged = 0
        self.dropped = 0
        self._sequence: int | None = None

    def add(self, frame_ns: int, sequence: int, decided_ns: int) -> None:
        """One judged frame: when its light arrived, its number, when the decision was made."""
        self.judged += 1
        if self._sequence is not None:
            self.dropped += max(0, sequence - self._sequence - 1)
        self._sequence = sequence
        if self._last_ns is not None:
            self._periods_s.append((frame_ns - self._last_ns) / 1e9)
            self._ages_s.append((decided_ns - self._last_ns) / 1e9)
        self._last_ns = frame_ns

    @property
    def turns(self) -> int:
        """How many turns the figures stand on."""
        return len(self._ages_s)

    @property
    def age_p99_s(self) -> float:
        """How old a judged frame grows, p99 in seconds."""
        return float(np.percentile(self._ages_s, 99)) if self._ages_s else 0.0

    @property
    def slow_limit_s(self) -> float:
        """How old the horn lets a judged frame grow, in seconds."""
        period_s = float(np.median(self._periods_s)) if self._periods_s else 0.0
        return max(SLOW_LEAST_S, SLOW_PERIODS * period_s)
