"""What a person would write in an afternoon, behind the same interface as `Pipeline.step`.

Two scripts: `LaneBox` beeps when a box other than the runner's stands in the lane for some frames;
`FixedTtc` when the time to collision, from gaps between foot points, falls below a threshold.
Both are given the runner for nothing (the box nearest to where the runner was last), the lane in
metres, and the direction of the run. Neither knows the lane end, faults or phases.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rig.config import PlacingLimits
from rig.core.lane import Site
from rig.core.placing import Placer
from rig.records import (
    Alert,
    Cause,
    Decision,
    Hazard,
    Kind,
    Level,
    Phase,
    Placed,
    Runner,
    Seen,
    Track,
)  # fmt: skip

_LOST_S = 2.0
_WINDOW_S = 0.6
_GATE_M = 2.5


@dataclass(slots=True)
class _Followed:
    """Where the runner was last."""

    t_ns: int
    along_m: float


class _Gaps:
    """The runner and the nearest thing in the lane, from one frame's boxes."""

    def __init__(self, site: Site) -> None:
        self._placer = Placer(site, PlacingLimits())
        self._half_m = site.lane.width_m / 2
        self._box_end_m = site.lane.box_start_m + site.lane.box_length_m
        self._last: _Followed | None = None

    def nearest(self, seen: Seen) -> tuple[float, Placed] | None:
        """Gap to the nearest thing in the lane in the direction of travel, and the thing."""
        if seen.t_ns is None:
            return None
        placed = self._placer.place(seen.detections, seen.view)
        me = self._follow(placed, seen.t_ns)
        if self._last is None:
            return None
        at_m = self._last.along_m
        others = [
            p for p in placed
            if p is not me and abs(p.across_m) < self._half_m + p.width_m / 2
            and p.along_m > at_m + 0.5
        ]  # fmt: skip
        near = min(others, key=lambda p: p.along_m, default=None)
        return None if near is None else (near.along_m - at_m - 0.7, near)

    def _follow(self, placed: Sequence[Placed], t_ns: int) -> Placed | None:
        people = [p for p in placed if p.detection.kind is Kind.PERSON]
        if self._last is None:
            people = [p for p in people if -1.0 < p.along_m < self._box_end_m]
            me = min(people, key=lambda p: abs(p.across_m), default=None)
        else:
            at_m, since_s = self._last.along_m, (t_ns - self._last.t_ns) / 1e9
            reach_m = _GATE_M + 3.0 * min(since_s, _LOST_S)
            in_lane = [p for p in people if abs(p.across_m) < 1.2]
            near = [p for p in in_lane if abs(p.along_m - at_m) < reach_m]
            if since_s > _LOST_S and not near:
                near = in_lane
            me = min(near, key=lambda p: abs(p.along_m - at_m), default=None)
        if me is not None:
            self._last = _Followed(t_ns, me.along_m)
        return me


class LaneBox:
    """STOP when something else is in the lane, at most `zone_m` away, for `frames` frames."""

    def __init__(self, site: Site, frames: int = 3, zone_m: float = 99.0) -> None:
        self._gaps = _Gaps(site)
        self._frames = frames
        self._zone_m = zone_m
        self._count = 0

    def step(self, seen: Seen, now_ns: int) -> Decision:
        """One turn, as `Pipeline.step`."""
        found = self._gaps.nearest(seen)
        is_in = found is not None and found[0] < self._zone_m
        self._count = min(self._count + 1, 2 * self._frames) if is_in else max(0, self._count - 1)
        return _decide(seen, now_ns, found, self._count >= self._frames)


class FixedTtc:
    """STOP when gap over closing speed is below `least_s`; speed from the gaps of 0.6 s."""

    def __init__(self, site: Site, least_s: float = 2.0) -> None:
        self._gaps = _Gaps(site)
        self._least_s = least_s
        self._past: deque[tuple[float, float]] = deque()
        self._until_ns = 0

    def step(self, seen: Seen, now_ns: int) -> Decision:
        """One turn, as `Pipeline.step`."""
        found = self._gaps.nearest(seen)
        if found is not None and seen.t_ns is not None:
            self._note(seen.t_ns / 1e9, found[0])
            closing = self._closing_mps()
            if closing > 0.3 and found[0] / closing < self._least_s:
                self._until_ns = now_ns + 500_000_000
        return _decide(seen, now_ns, found, now_ns < self._until_ns)

    def _note(self, t_s: float, gap_m: float) -> None:
        if self._past and abs(gap_m - self._past[-1][1]) > _GATE_M:
            self._past.clear()  # another thing
        self._past.append((t_s, gap_m))
        while self._past and t_s - self._past[0][0] > _WINDOW_S:
            self._past.popleft()

    def _closing_mps(self) -> float:
        if len(self._past) < 3:
            return 0.0
        times, gaps = np.array(self._past).T
        if float(np.ptp(times)) < 0.15:
            return 0.0
        return -float(np.polyfit(times - times[0], gaps, 1)[0])


def _decide(seen: Seen, now_ns: int, found: tuple[float, Placed] | None, sounds: bool) -> Decision:
    """A decision with the evidence that the score asks for; no alarm is the word to go."""
    runner = Runner(Phase.RUNNING, None)
    if not sounds:
        return Decision(seen.t_ns, now_ns, Alert(Level.OK, Cause.ARMED, now_ns), runner, (), ())
    tracks = () if found is None else (_track(found[1], seen.t_ns or now_ns),)
    hazard = Hazard(Cause.COLLISION, 1 if tracks else None, found[0] if found else None)
    alert = Alert(Level.STOP, Cause.COLLISION, now_ns, hazard)
    return Decision(seen.t_ns, now_ns, alert, runner, tracks, (hazard,))


def _track(thing: Placed, t_ns: int) -> Track:
    seen = thing.detection
    return Track(
        1, seen.kind, t_ns, t_ns, t_ns, thing.along_m, thing.across_m, 0.0, 0.0,
        thing.along_sigma_m, thing.across_sigma_m, 0.0, 0.0, thing.width_m, thing.height_m,
        seen.score, seen.box, True,
    )  # fmt: skip
