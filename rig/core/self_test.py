"""The self-test before arming: one table of checks, each with its sentence and remedy.

Decides from evidence that `programs.live` gathered whether the rig could guard now, and says why
not. Does not decide when arming is asked for, nor what then happens (`core.arming`), and measures
nothing. Called by `core.arming`, and by the status that the page and `rig tell` show.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rig.core.lane import Lane, Site
from rig.records import Cause, Hazard, Track

FRESH_S = 0.3
"""The newest frame may be this old: nine periods at 30 Hz, and less than CAMERA_STALE's 0.5 s."""
TURNS_LEAST = 30
"""Fewer turns than this give no p99; at 10 Hz they take three seconds."""
CROWD_M = 3.0
CROWD_MOST = 12
"""More things than this within CROWD_M of the lane: tracks get mixed up, and the runner with them
[J: the drawn drills go up to ten]."""
LOOKING_AFTER_RAD = math.radians(30.0)
"""A camera that looks nearer to the direction of travel than this looks after the runner, who
hides the lane: mount C. Mount B stands at 30 to 60 degrees (design section 2)."""
NO_ANSWER = "the horn has not answered; see that `rig horn` runs, then `rig tell test-horn`"
ANSWER_S = 60.0
"""The horn's last answer to a sound counts this long."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of the rig now; times in CLOCK_BOOTTIME ns.

    `faults` are those that `core.health` finds in the newest frame; `test_picture_failure` says
    what the detector missed in its test picture (None: nothing); `log_refusal` why no session
    could be written (None: it could); `answered_ns` when the horn last told of a sound that was
    asked for. `judged_age_p99_s` is how old a judged frame grows until the next one is judged,
    which is what the horn's timer sees, over `turns` turns; `slow_limit_s` what the horn allows,
    `slow_fault_s` where the deciding program itself raises DETECTOR_SLOW.
    """

    now_ns: int
    frame_ns: int | None
    faults: tuple[Hazard, ...]
    tracks: tuple[Track, ...]
    site: Site | None
    test_picture_failure: str | None
    log_refusal: str | None
    answered_ns: int | None
    turns: int
    judged_age_p99_s: float
    slow_limit_s: float
    slow_fault_s: float


Judge = Callable[[Evidence], str | None]
"""The sentence with the remedy; None when all is well."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the table: what must hold, and how it is judged."""

    name: str
    judge: Judge


def failures(evidence: Evidence, checks: tuple[Check, ...]) -> tuple[str, ...]:
    """A sentence for each check that fails, in the order of the table."""
    found = (check.judge(evidence) for check in checks)
    return tuple(sentence for sentence in found if sentence is not None)


# --------------------------------------------------------------------------- camera


def _frames_fresh(evidence: Evidence) -> str | None:
    if evidence.frame_ns is None:
        return "the camera has given no picture yet; wait, or check its ribbon cable and lens"
    age_s = (evidence.now_ns - evidence.frame_ns) / 1e9
    stale = _of(evidence, Cause.CAMERA_STALE)
    if stale is None and 0 <= age_s <= FRESH_S:
        return None
    return (
        f"the camera's pictures are not fresh ({stale or f'the newest is {age_s:.1f} s old'}, at "
        f"most {FRESH_S:g} s is); check its ribbon cable and restart the rig"
    )


def _lens_clear(evidence: Evidence) -> str | None:
    blind = _of(evidence, Cause.CAMERA_BLIND)
    return blind and f"the camera does not see: {blind}; clean and uncover the lens, or add light"


def _camera_unmoved(evidence: Evidence) -> str | None:
    moved = _of(evidence, Cause.CAMERA_MOVED)
    if moved is not None:
        return f"the camera does not stand as calibrated: {moved}; aim it back or calibrate anew"
    if evidence.site is not None and evidence.site.still is None:
        return (
            "the lane file keeps no picture, so nobody can tell whether the camera has moved; "
            "calibrate with --still"
        )
    return None


# --------------------------------------------------------------------------- detector


def _test_picture_found(evidence: Evidence) -> str | None:
    failure = evidence.test_picture_failure or _of(evidence, Cause.DETECTOR_FAILED)
    return failure and (
        f"the detector does not find what its test picture shows: {failure}; copy the model and "
        "its card again"
    )


def _board_quick(evidence: Evidence) -> str | None:
    if evidence.turns < TURNS_LEAST:
        return (
            f"only {evidence.turns} pictures have been judged, {TURNS_LEAST} are needed to know "
            "the board's pace; wait a few seconds"
        )
    limit_s = min(evidence.slow_limit_s, evidence.slow_fault_s)
    if evidence.judged_age_p99_s <= limit_s:
        return None
    return (
        f"this board is too slow: a judged picture is {evidence.judged_age_p99_s:.2f} s old before "
        f"the next one (p99), at most {limit_s:.2f} s is allowed; end other programs, or lower "
        "detector.tiles (`rig bench` measures them)"
    )


# --------------------------------------------------------------------------- lane


def _lane_known(evidence: Evidence) -> str | None:
    if evidence.site is None:
        return "there is no lane file; `rig calibrate` makes one"
    return None


def _not_mount_c(evidence: Evidence) -> str | None:
    if evidence.site is None or look_from_travel_rad(evidence.site) >= LOOKING_AFTER_RAD:
        return None
    return (
        "the camera looks after the runner (mount C), who hides the lane they run into; "
        "put it beyond the lane's end, looking back along it, and calibrate"
    )


def look_from_travel_rad(site: Site) -> float:
    """The angle on the ground between the view and the direction of travel, 0 to pi.

    Travel is taken where the camera is nearest to the lane: a bend has many directions.
    """
    pose, lane = site.pose, site.lane
    along_m = lane.to_lane(np.array([[pose.x_m, pose.y_m]]))[:, 0]
    travel = lane.directions(np.clip(along_m, 0.0, lane.length_m))[0]
    cosine = math.cos(pose.pan_rad) * travel[0] + math.sin(pose.pan_rad) * travel[1]
    return math.acos(max(-1.0, min(1.0, float(cosine))))


def _lane_uncrowded(evidence: Evidence) -> str | None:
    if evidence.site is None:
        return None
    lane, seen = evidence.site.lane, [t for t in evidence.tracks if t.is_confirmed]
    near = [t for t in seen if abs(t.across_m) < lane.width_m / 2 + CROWD_M]
    if len(near) > CROWD_MOST:
        return (
            f"{len(near)} people and things stand within {CROWD_M:g} m of the lane, more than "
            f"{CROWD_MOST}; wait until it is less crowded"
        )
    blocking = [t for t in near if _is_on_lane(t, lane)]
    if blocking:
        first = min(blocking, key=lambda t: t.along_m)
        return (
            f"something ({first.kind.value}) is on the lane at {first.along_m:.0f} m; clear it and "
            "walk the lane again"
        )
    return None


def _is_on_lane(track: Track, lane: Lane) -> bool:
    """On the lane beyond the start box, or on the run-off: where nobody may be at arming."""
    first_m = lane.box_start_m + lane.box_length_m
    is_along = first_m < track.along_m < lane.length_m + lane.run_off_m
    return is_along and abs(track.across_m) < (lane.width_m + track.width_m) / 2


# --------------------------------------------------------------------------- horn and disk


def _horn_answers(evidence: Evidence) -> str | None:
    answered_ns = evidence.answered_ns
    if answered_ns is not None and (evidence.now_ns - answered_ns) / 1e9 <= ANSWER_S:
        return None
    return NO_ANSWER


def _disk_roomy(evidence: Evidence) -> str | None:
    refusal = evidence.log_refusal
    return refusal and f"no session can be written: {refusal}"


def _of(evidence: Evidence, cause: Cause) -> str | None:
    return next((h.detail or cause.value for h in evidence.faults if h.cause is cause), None)


BEFORE_SOUND: tuple[Check, ...] = (
    Check("lane file present", _lane_known),
    Check("mount guards the lane", _not_mount_c),
    Check("fresh frames", _frames_fresh),
    Check("lens clear", _lens_clear),
    Check("camera not moved", _camera_unmoved),
    Check("detector finds its test picture", _test_picture_found),
    Check("board quick enough", _board_quick),
    Check("lane not crowded", _lane_uncrowded),
    Check("disk has room", _disk_roomy),
)
"""What must hold before the horn is asked."""

CHECKS = (*BEFORE_SOUND, Check("horn answers", _horn_answers))
"""The whole self-test."""


def unconfirmed(lane_is_empty: bool, tick_is_heard: bool) -> tuple[str, ...]:
    """What no measurement can tell and the coach has not said; a sentence for each."""
    wanted = (
        (
            lane_is_empty,
            "nobody has said that the lane is empty; walk it, then confirm (--lane-is-empty)",
        ),
        (
            tick_is_heard,
            "nobody has said that the runner hears the horn; let it tick (`rig tell test-horn`), "
            "then confirm (--tick-is-heard)",
        ),
    )
    return tuple(sentence for is_given, sentence in wanted if not is_given)
