"""Where the runner and another thing meet, judged with what is unknown of both.

Decides for one thing whether a meeting demands STOP now (`find_now`), a CAUTION (`is_soon`) or
keeps the lane from being clear (`blocks_start`). Which of them counts in which phase, and what
sounds, is not decided here. Called by `core.hazard`; the geometry is `core.conflict`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rig.config import HazardLimits
from rig.core.conflict import Meeting, Thing, first_meeting
from rig.core.lane import Lane
from rig.core.overlap import share_inside
from rig.core.stopping import stop_m
from rig.records import Kind, Track

HALF_DEPTH_LEAST_M = 0.15
HALF_DEPTH_MOST_M = 1.0
"""A thing's half extent along is taken as half its seen width, within these."""
ALONG_SIGMA_MOST_M = 1.5
"""At most this much of the places' uncertainty is taken off a gap [J: half a stop at 3 m/s]."""
STANDS_S = 0.7
"""What is far leaves time to be sure: a false box comes twice, not for this long (trials: fault:
covered 104, 8 Hz)."""
UNDERFOOT_M = 0.7
UNDERFOOT_SHARE = 0.3
"""A box at the feet that is so near and lies so far inside the runner's is theirs; the shadow in
the demo's 22nd second lies inside by 0.46."""
SPEED_SIGMA_MOST_MPS = 1.0
"""A speed known no better than this is as good as unknown, and not taken for a sprint [J]."""
START_FADE_S = 1.0
"""The lag goes within about this time once the runner has an even pace (trials)."""
START_LAG_M = 0.7
"""A starter is farther along than estimated by so much: 0.3 to 0.9 m on average (trials)."""
PASSES_MPS = 1.6
"""What crosses this fast is out of the lane within a second, and a STOP for a speed that the
runner has not got yet would be for nothing (scene: dog)."""
FUTURES = ((1.0, False), (0.75, False), (0.5, False), (1.0, True))
"""The runner goes on, slows to three quarters or to half, or brakes. Design section 5 names three;
between v and 0.5 v somebody crossing slipped through at 3 m/s (docs/design-changes.md)."""


@dataclass(frozen=True, slots=True)
class Scene:
    """The runner and all others at one instant."""

    me: Track
    others: Sequence[Track]
    lane: Lane
    limits: HazardLimits
    going_s: float | None = None
    """Seconds since the runner set off: 0 while slow, None where that was not seen."""
    is_slowing: bool = False

    @property
    def start_mps(self) -> float:
        """How much faster a starter is than the estimate, which lags while they speed up."""
        return self.limits.start_more_mps * self.start_share

    @property
    def start_share(self) -> float:
        """1 while the runner sets off, 0 once they have an even pace."""
        if not self.going_s:
            return 0.0
        left = (self.limits.start_s - self.going_s) / START_FADE_S
        return min(1.0, max(0.0, left))

    @property
    def speed_mps(self) -> float:
        """The runner's speed in the direction of travel, 0 against it."""
        return max(0.0, self.me.along_mps)

    @property
    def more_mps(self) -> float:
        """How much faster than its estimate the runner may well be, in m/s.

        While a runner speeds up, the estimate lags by about one and a half of its sigmas.
        """
        return self.limits.speed_sigmas * min(SPEED_SIGMA_MOST_MPS, self.me.along_sigma_mps)

    @property
    def futures(self) -> tuple[tuple[float, bool], ...]:
        """What the runner may do next: shares of the speed, and whether they brake."""
        return FUTURES if self.limits.has_slower_futures else FUTURES[:1]


def find_now(scene: Scene, track: Track) -> Meeting | None:
    """The meeting that demands STOP: nominal, in one of the futures, within stop_m.

    The way to a stop is counted for a speed that may well be higher than the estimate.
    """
    sigma = min(ALONG_SIGMA_MOST_M, (track.along_sigma_m**2 + scene.me.along_sigma_m**2) ** 0.5)
    limits = scene.limits
    best: Meeting | None = None
    for way in _ways(scene, track):
        decel = limits.brake_mps2 if way.does_brake else 0.0
        reach_m = stop_m(way.speed_mps + scene.more_mps, limits) + way.lag_m + sigma
        crosser_s = max(limits.horizon_crosser_s, reach_m / way.speed_mps)
        meeting = meet(
            scene, way.thing, way.speed_mps, decel, limits.horizon_s, crosser_s=crosser_s
        )
        if meeting is None or meeting.travel_m > reach_m:
            continue
        if best is None or meeting.ttc_s < best.ttc_s:
            best = meeting
    return best


@dataclass(frozen=True, slots=True)
class Way:
    """What the runner and the thing may do: one future to judge."""

    speed_mps: float
    does_brake: bool
    thing: Track
    lag_m: float = 0.0
    """How much farther along than estimated they may be."""


def _ways(scene: Scene, track: Track) -> list[Way]:
    """Every future of the runner; a starter may be faster, too, and who crosses may stop.

    Who crosses in the lane is believed to walk on for half a second after they stopped (the steady
    pace's memory), and a STOP then was too late (trials: steps in, leaves again). A runner who
    brakes has been told already (scene: first light).
    """
    across_mps = abs(_counted_across(scene, track))
    ways = [Way(share * scene.speed_mps, does_brake, track) for share, does_brake in scene.futures]
    if across_mps < PASSES_MPS and scene.start_share > 0.0:
        lag_m = START_LAG_M * scene.start_share
        ways.append(Way(scene.speed_mps + scene.start_mps, False, track, lag_m))
    if 0.0 < across_mps < PASSES_MPS and is_inside(scene, track) and not scene.is_slowing:
        stood = replace(track, across_mps=0.0)
        ways += [replace(w, thing=stood) for w in ways if not w.does_brake]
    return ways


def is_inside(scene: Scene, track: Track) -> bool:
    """Whether some of it is in the lane now."""
    return abs(track.across_m) <= scene.lane.width_m / 2 + track.width_m / 2


def is_soon(scene: Scene, track: Track, speed_mps: float) -> bool:
    """Whether a runner at this speed should hear a CAUTION because of the thing."""
    meeting = find_widest(scene, track, speed_mps)
    if meeting is None:
        return False
    limits = scene.limits
    reach_m = stop_m(speed_mps + scene.more_mps, limits) + limits.caution_more_s * speed_mps
    return meeting.ttc_s < limits.caution_s or meeting.travel_m <= reach_m


def find_widest(scene: Scene, track: Track, speed_mps: float) -> Meeting | None:
    """The earliest meeting in the unbraked futures, the corridor widened by sigma."""
    meetings = [
        meet(scene, track, speed, 0.0, scene.limits.horizon_s, track.across_sigma_m)
        for speed in (share * speed_mps for share, does_brake in scene.futures if not does_brake)
    ]
    return min((m for m in meetings if m), key=lambda m: m.ttc_s, default=None)


def blocks_start(scene: Scene, track: Track) -> bool:
    """Whether the lane is not clear for the drill's speed (ALL_CLEAR must wait)."""
    if stands_in_lane(scene, track):
        return True
    speed = max(scene.limits.drill_mps, scene.speed_mps)
    meeting = meet(scene, track, speed, 0.0, scene.limits.horizon_s)
    return meeting is not None and meeting.travel_m <= stop_m(speed, scene.limits)


def meet(
    scene: Scene,
    track: Track,
    speed_mps: float,
    brake_mps2: float,
    horizon_s: float,
    widen_m: float = 0.0,
    crosser_s: float | None = None,
) -> Meeting | None:
    """The first meeting of the runner, at this speed and braking, with the thing; else None."""
    gap_m = track.along_m - scene.me.along_m
    if gap_m <= 0 or track.along_m > scene.lane.length_m + scene.lane.run_off_m:
        return None
    thing = Thing(
        gap_m, _counted_along(scene, track), track.across_m, _counted_across(scene, track)
    )
    corridor_m = scene.lane.width_m / 2 + track.width_m / 2 + widen_m
    if thing.across_mps != 0 and abs(thing.across_m) > corridor_m:
        horizon_s = min(horizon_s, crosser_s or scene.limits.horizon_crosser_s)
    reach_m = scene.limits.runner_reach_m + half_depth_m(track)
    return first_meeting(speed_mps, brake_mps2, thing, reach_m, corridor_m, horizon_s)


def _counted_along(scene: Scene, track: Track) -> float:
    is_sure = abs(track.along_mps) > scene.limits.crosser_sigmas * track.along_sigma_mps
    return track.along_mps if is_sure else 0.0


def _counted_across(scene: Scene, track: Track) -> float:
    limits = scene.limits
    least = max(limits.crosser_mps, limits.crosser_sigmas * track.across_sigma_mps)
    return track.across_mps if abs(track.across_mps) > least else 0.0


def stands_in_lane(scene: Scene, track: Track) -> bool:
    """Whether it has been seen to lie or stand in the lane for a while, however far."""
    if track.seen_t_ns - track.first_t_ns < STANDS_S * 1e9:
        return False
    if not scene.me.along_m < track.along_m <= scene.lane.length_m:
        return False
    speeds = _counted_across(scene, track), _counted_along(scene, track)
    return is_inside(scene, track) and speeds == (0.0, 0.0)


def is_underfoot(track: Track, me: Track) -> bool:
    """Whether it is no person and lies at the runner's own feet: their shadow, or their shoes.

    A real thing there has been met already; one that is still to be met is farther along.
    """
    is_at_feet = abs(track.along_m - me.along_m) < UNDERFOOT_M
    is_theirs = share_inside(track.box, me.box) > UNDERFOOT_SHARE
    return track.kind is not Kind.PERSON and is_at_feet and is_theirs


def half_depth_m(track: Track) -> float:
    """Half of a thing's extent along the lane."""
    return min(HALF_DEPTH_MOST_M, max(HALF_DEPTH_LEAST_M, track.width_m / 2))
