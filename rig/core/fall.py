"""Whether the runner falls, from the height of their box alone (design section 6, GAIT: Fall).

UPRIGHT -> DESCENDING when the box is below 0.75 of the standing height and shrinks faster than
0.8 m/s -> down within 1 s when it is lower than 0.55 of the standing height, or when the person
vanishes within 0.5 s away from the picture's edge. Slow descents (sitting, tying a shoe) are not
falls. Works with the gait program dead; its word (`pose_fall`) is taken where it speaks.
Called by `core.runner`.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from statistics import median

from rig.records import Track

LOW_SHARE = 0.75
DOWN_SHARE = 0.55
DESCENT_MPS = 0.8
DESCENT_WINDOW_S = 0.4
DOWN_WITHIN_S = 1.0
VANISH_WITHIN_S = 0.5
VANISHED_S = 0.25
CONFIRM_S = 0.7
UPRIGHT_S = 3.0
MEMORY_S = 3.0


@dataclass(frozen=True, slots=True)
class FallState:
    """`is_falling`: alarm at once; `is_down`: confirmed, latched until upright or acknowledged."""

    is_falling: bool = False
    is_down: bool = False


class FallWatch:
    """Watches the runner's height over the last seconds; one for each lock."""

    def __init__(self, standing_m: float | None) -> None:
        self._standing_m = standing_m
        self._heights: deque[tuple[int, float]] = deque()
        self._descent_ns: int | None = None
        self._fallen_ns: int | None = None
        self._upright_ns: int | None = None
        self._is_confirmed = False

    def acknowledge(self) -> None:
        """The coach has seen it: release the latch."""
        self._fallen_ns, self._is_confirmed, self._upright_ns = None, False, None

    def update(self, track: Track | None, pose_fall: bool | None, t_ns: int) -> FallState:
        """One step; `track` is the runner's, maybe unseen this time."""
        is_seen = track is not None and track.seen_t_ns == t_ns
        height_m = track.height_m if track is not None and is_seen else None
        if track is not None and track.is_bottom_cut:
            height_m = None
        if height_m is not None:
            self._note(height_m, t_ns)
        if pose_fall or self._is_down(height_m, is_seen, t_ns):
            self._fallen_ns = self._fallen_ns or t_ns
            self._upright_ns = None
        else:
            self._release(height_m, t_ns)
        if self._fallen_ns is not None and t_ns - self._fallen_ns >= CONFIRM_S * 1e9:
            self._is_confirmed = True
        return FallState(self._fallen_ns is not None, self._is_confirmed)

    def _note(self, height_m: float, t_ns: int) -> None:
        if self._fallen_ns is not None:
            return  # what lies on the ground says nothing about the standing height
        self._heights.append((t_ns, height_m))
        while t_ns - self._heights[0][0] > MEMORY_S * 1e9:
            self._heights.popleft()
        standing_m = self._standing()
        if height_m < LOW_SHARE * standing_m and self._descent_mps(t_ns) > DESCENT_MPS:
            self._descent_ns = t_ns

    def _standing(self) -> float:
        recent_m = median(height for _, height in self._heights)
        return recent_m if self._standing_m is None else max(recent_m, self._standing_m)

    def _descent_mps(self, t_ns: int) -> float:
        """How fast the box's top sank over the last moments: least-squares slope."""
        window = [(t, h) for t, h in self._heights if t_ns - t <= DESCENT_WINDOW_S * 1e9]
        if len(window) < 3:
            return 0.0
        t_mean = sum(t - t_ns for t, _ in window) / len(window) / 1e9
        h_mean = sum(h for _, h in window) / len(window)
        offsets = [((t - t_ns) / 1e9 - t_mean, h - h_mean) for t, h in window]
        spread = sum(dt * dt for dt, _ in offsets)
        return -sum(dt * dh for dt, dh in offsets) / spread if spread > 0 else 0.0

    def _is_down(self, height_m: float | None, is_seen: bool, t_ns: int) -> bool:
        if self._descent_ns is None or not self._heights:
            return False
        since_s = (t_ns - self._descent_ns) / 1e9
        if height_m is not None:
            return since_s <= DOWN_WITHIN_S and height_m < DOWN_SHARE * self._standing()
        unseen_s = (t_ns - self._heights[-1][0]) / 1e9
        sank_s = (self._heights[-1][0] - self._descent_ns) / 1e9
        return not is_seen and sank_s <= VANISH_WITHIN_S and VANISHED_S <= unseen_s <= DOWN_WITHIN_S

    def _release(self, height_m: float | None, t_ns: int) -> None:
        """Up again: at once while unconfirmed, after 3 s once confirmed."""
        if self._fallen_ns is None or height_m is None:
            return
        if height_m < LOW_SHARE * self._standing():
            self._upright_ns = None
            return
        self._upright_ns = self._upright_ns or t_ns
        if not self._is_confirmed or t_ns - self._upright_ns >= UPRIGHT_S * 1e9:
            self.acknowledge()
