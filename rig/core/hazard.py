"""The hazard law: what endangers the runner now, and how soon (design section 5).

Decides which causes hold, with the evidence; not what sounds (`core.alerts`) nor who is the
runner (`core.runner`). Pure: everything is predicted from the frame's own time to `now_ns`.

Rules that keep neighbours quiet: an obstacle's speed counts only above `crosser_sigmas` sigmas
(and across, above `crosser_mps`); a conflict that exists only because of sigma is at most
CAUTION; crossers are predicted for a shorter time. What the runner has passed lies on the side
that the runner sees, and is never a hazard.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rig.config import HazardLimits
from rig.core.conflict import Meeting
from rig.core.encounters import (
    ALONG_SIGMA_MOST_M,
    START_LAG_M,
    Scene,
    blocks_start,
    find_now,
    find_widest,
    half_depth_m,
    is_soon,
    is_underfoot,
    meet,
    stands_in_lane,
)
from rig.core.lane import Lane
from rig.core.motion import predicted, track_speed
from rig.core.stance import is_guess
from rig.core.stopping import stop_end_m
from rig.records import Cause, Hazard, Phase, Runner, Track

MOVING_MPS = 0.5
"""At this speed the law for a moving runner begins (design section 5)."""
SURE_SIGMAS = 1.5
"""A speed this many sigmas above zero is no stander's."""
RETURN_HIT_MPS = 1.0
"""Walking back, only things at least this fast are worth a sound: the runner faces that way."""


def assess(
    runner: Runner, obstacles: Sequence[Track], lane: Lane, limits: HazardLimits, now_ns: int
) -> tuple[Hazard, ...]:
    """Every hazard that holds now; the order is by cause and nearness, not by level."""
    if runner.phase in (Phase.DISARMED, Phase.WAITING):
        return ()
    fall = _fall(runner)
    if runner.track is None:
        return (*fall, *_lost(runner))
    me = predicted(runner.track, now_ns)
    others = [
        predicted(track, now_ns)
        for track in obstacles
        if track.is_confirmed and not (is_guess(track, lane) or is_underfoot(track, runner.track))
    ]
    scene = Scene(me, others, lane, limits, runner.going_s, runner.is_slowing)
    rows = _PHASE_RULES[runner.phase](scene)
    found = sorted(rows, key=lambda h: (h.cause, h.ttc_s if h.ttc_s is not None else 1e9))
    return (*fall, *_lost(runner), *found)


# --------------------------------------------------------------------------- the rules


def _running(scene: Scene) -> Iterator[Hazard]:
    if scene.speed_mps >= MOVING_MPS:
        yield from _moving_conflicts(scene)
        yield from _lane_end(scene)
        yield from _coaching(scene)
        if not _is_surely_moving(scene):
            yield from _not_clear(scene)
    else:
        yield from _standing(scene)
    if not any(blocks_start(scene, track) for track in scene.others):
        yield Hazard(Cause.ALL_CLEAR)


def _standing(scene: Scene) -> Iterator[Hazard]:
    """The runner stands: what will hit them, and whether the lane is clear for the drill."""
    hits = {}
    for track in scene.others:
        hit = meet(scene, track, 0.0, 0.0, scene.limits.stand_hit_s)
        if hit is not None and track_speed(track) > 0:
            hits[track.track_id] = hit
            yield _hazard(Cause.COLLISION, scene, track, hit)
    yield from (h for h in _not_clear(scene) if h.track_id not in hits)


def _is_surely_moving(scene: Scene) -> bool:
    """Whether it is beyond doubt that the runner does not stand; if not, both laws hold.

    Else a stander whose estimate dances about `MOVING_MPS` is told nothing, and sets off. Nor is
    it sure of who brakes: their estimate falls a second later than they, and a STOP that ends
    before CAUTION begins says that they may go on (scene: standing person, 15 Hz).
    """
    return not scene.is_slowing and scene.speed_mps >= SURE_SIGMAS * scene.me.along_sigma_mps


def _not_clear(scene: Scene) -> Iterator[Hazard]:
    """What would be in the way if the runner set off now, at the drill's speed.

    What stands in the lane is in the way of the whole drill, however far: from 12 m on a fast
    runner would be told of it only when up to speed, and a STOP came late (trials: spectators
    and a stander).
    """
    speed = scene.limits.drill_mps
    for track in scene.others:
        if is_soon(scene, track, speed) or stands_in_lane(scene, track):
            meeting = meet(scene, track, speed, 0.0, scene.limits.horizon_s)
            yield _hazard(Cause.LANE_NOT_CLEAR, scene, track, meeting)


def _in_box(scene: Scene) -> Iterator[Hazard]:
    yield from _standing(scene)
    if not any(blocks_start(scene, track) for track in scene.others):
        yield Hazard(Cause.ALL_CLEAR)


def _finished(scene: Scene) -> Iterator[Hazard]:
    """Silent at the end of a run, but not in mid-lane.

    Who stopped there may set off again at any moment, and then a STOP for what is nearer than
    the stopping distance comes too late.
    """
    if not any(blocks_start(scene, track) for track in scene.others):
        yield Hazard(Cause.ALL_CLEAR)
    if _is_in_mid_lane(scene):
        yield from _not_clear(scene)


def _is_in_mid_lane(scene: Scene) -> bool:
    """On the lane, and not yet in its exit zone."""
    is_short = scene.me.along_m < scene.lane.length_m - scene.lane.exit_zone_m
    return is_short and abs(scene.me.across_m) <= scene.lane.width_m / 2


def _returning(scene: Scene) -> Iterator[Hazard]:
    """Walking back the runner sees; only something fast that will hit them is told."""
    for track in scene.others:
        if track_speed(track) < RETURN_HIT_MPS:
            continue
        hit = meet(scene, track, scene.me.along_mps, 0.0, scene.limits.stand_hit_s)
        if hit is not None:
            yield _hazard(Cause.CONFLICT_SOON, scene, track, hit)


_PHASE_RULES = {
    Phase.IN_BOX: _in_box,
    Phase.RUNNING: _running,
    Phase.FINISHED: _finished,
    Phase.RETURNING: _returning,
}


def _moving_conflicts(scene: Scene) -> Iterator[Hazard]:
    for track in scene.others:
        if (now := find_now(scene, track)) is not None:
            yield _hazard(Cause.COLLISION, scene, track, now)
        elif is_soon(scene, track, scene.speed_mps):
            meeting = find_widest(scene, track, scene.speed_mps)
            yield _hazard(Cause.CONFLICT_SOON, scene, track, meeting)


def _lane_end(scene: Scene) -> Iterator[Hazard]:
    left_m = (
        scene.lane.length_m - scene.me.along_m - min(ALONG_SIGMA_MOST_M, scene.me.along_sigma_m)
    )
    if left_m < -scene.lane.run_off_m:
        return
    need_m = stop_end_m(scene.speed_mps, scene.limits)
    starter_m = stop_end_m(scene.speed_mps + scene.start_mps, scene.limits)
    ttc_s = max(0.0, left_m / scene.speed_mps)
    evidence = (None, left_m, scene.speed_mps, ttc_s)
    if left_m < max(need_m, starter_m + START_LAG_M * scene.start_share):
        yield Hazard(Cause.LANE_END_NOW, *evidence)
    elif left_m < need_m + scene.speed_mps * scene.limits.end_soon_s:
        yield Hazard(Cause.LANE_END_SOON, *evidence)


def _coaching(scene: Scene) -> Iterator[Hazard]:
    limits, me = scene.limits, scene.me
    if 0 < limits.overspeed_mps < scene.speed_mps:
        detail = f"{scene.speed_mps:.1f} m/s, limit {limits.overspeed_mps:.1f}"
        yield Hazard(Cause.OVERSPEED, closing_mps=scene.speed_mps, detail=detail)
    if limits.has_drift_cue and abs(me.across_m) > limits.drift_m:
        # across grows to the left of travel, which is the backward runner's right hand
        cause = Cause.DRIFT_RIGHT if me.across_m > 0 else Cause.DRIFT_LEFT
        yield Hazard(cause, gap_m=abs(me.across_m))


def _fall(runner: Runner) -> tuple[Hazard, ...]:
    if not (runner.is_falling or runner.is_down):
        return ()
    return (Hazard(Cause.FALL, detail="is down" if runner.is_down else "is falling"),)


def _lost(runner: Runner) -> tuple[Hazard, ...]:
    """`core.runner` counts `lost_s` only where a lost runner is a danger."""
    if runner.phase is not Phase.RUNNING or not runner.is_lost:
        return ()
    return (Hazard(Cause.RUNNER_LOST, detail=f"not seen for {runner.lost_s:.1f} s"),)


def _hazard(cause: Cause, scene: Scene, track: Track, meeting: Meeting | None) -> Hazard:
    reach_m = scene.limits.runner_reach_m + half_depth_m(track)
    return Hazard(
        cause,
        track_id=track.track_id,
        gap_m=max(0.0, track.along_m - scene.me.along_m - reach_m),
        closing_mps=scene.me.along_mps - track.along_mps,
        ttc_s=meeting.ttc_s if meeting is not None else None,
        detail=str(track.kind),
    )
