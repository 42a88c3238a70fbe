"""What one track does with respect to the lane: standing, moving on, in the start box, beside.

Plain questions about one track; `core.runner` draws the conclusions.
"""

from __future__ import annotations

from collections.abc import Sequence

from rig.config import RunnerLimits
from rig.core.lane import Lane
from rig.core.overlap import share_inside
from rig.records import Track

BESIDE_M = 1.0
"""This far outside the lane's edge a runner has left the lane [J]."""
BOX_SLACK_M = 0.3
"""A foot may be this far over the start box's edge: placing at 40 m is no better."""
SPEED_SIGMAS = 1.5
"""Speeds within this many sigmas of zero are standing: at 40 m a stander's foot dances."""
OUT_SIGMAS = 2.0
"""A foot that dances by less than this many sigmas has not left the box (trials: oncoming)."""
SAME_SHARE = 0.5
"""A track this much inside the runner's box and at the runner's place is part of the runner."""
SAME_GAP_M = 0.7
TORN_SHARE = 0.6
TORN_GAP_SHARE = 0.5
"""Two pieces of one body share this much of their width and lie no farther apart than this much of
the lower one's height [J]."""

GUESS_S = 0.5
"""Unseen for longer than this, a thing that was outside the lane is not judged to enter it."""


class Stance:
    """Answers for one lane and one set of limits."""

    def __init__(self, lane: Lane, limits: RunnerLimits) -> None:
        self._lane = lane
        self._limits = limits

    def is_still(self, t: Track) -> bool:
        """Standing, as far as the speed is known."""
        speed = abs(t.along_mps)
        sigma = SPEED_SIGMAS * t.along_sigma_mps
        return speed <= max(self._limits.still_mps, min(sigma, 1.0)) and abs(t.across_mps) < 1.0

    def is_settled(self, t: Track) -> bool:
        """Not moving, in doubt: a speed that is not yet known is none."""
        return abs(t.along_mps) <= max(self._limits.still_mps, SPEED_SIGMAS * t.along_sigma_mps)

    def is_onward(self, t: Track) -> bool:
        """Moving in the direction of travel, beyond doubt."""
        return t.along_mps >= max(self._limits.moving_mps, SPEED_SIGMAS * t.along_sigma_mps)

    def is_back(self, t: Track) -> bool:
        """Moving back toward the start, beyond doubt."""
        return -t.along_mps >= max(self._limits.moving_mps, SPEED_SIGMAS * t.along_sigma_mps)

    def is_in_box(self, t: Track) -> bool:
        """Inside the start box, give or take what placing is worth there."""
        lane, slack_m = self._lane, BOX_SLACK_M + min(t.along_sigma_m, 1.0)
        start_m = lane.box_start_m - slack_m
        end_m = lane.box_start_m + lane.box_length_m + slack_m
        return start_m <= t.along_m <= end_m and abs(t.across_m) <= lane.width_m / 2 + BOX_SLACK_M

    def is_out_of_box(self, t: Track) -> bool:
        """Beside the start box or short of it, beyond what placing is worth there."""
        start_m = self._lane.box_start_m - BOX_SLACK_M - OUT_SIGMAS * t.along_sigma_m
        return t.along_m < start_m or abs(t.across_m) > self._lane.width_m / 2 + 2 * BOX_SLACK_M

    def is_left_alone(self, t: Track) -> bool:
        """On the lane and not yet in its exit zone: who runs on from here must be guarded."""
        return self.is_on_lane(t) and not self.is_in_exit_zone(t)

    def is_on_lane(self, t: Track) -> bool:
        """Between the lane's ends and edges."""
        is_between = 0.0 <= t.along_m <= self._lane.length_m
        return is_between and abs(t.across_m) <= self._lane.width_m / 2

    def is_beside(self, t: Track) -> bool:
        """Well outside the lane, on either side."""
        return abs(t.across_m) > self._lane.width_m / 2 + BESIDE_M

    def is_stepping_out(self, t: Track) -> bool:
        """Over the lane's edge and moving away from it, or farther out than an arm's reach."""
        outside_m = abs(t.across_m) - self._lane.width_m / 2
        return outside_m > 0.6 or (outside_m > 0.2 and t.across_m * t.across_mps > 0.5)

    def is_past_end(self, t: Track) -> bool:
        """Beyond the lane end."""
        return t.along_m > self._lane.length_m

    def is_in_exit_zone(self, t: Track) -> bool:
        """In the last metres before the lane end, or beyond it."""
        return t.along_m >= self._lane.length_m - self._lane.exit_zone_m


def is_part_of(track: Track, me: Track) -> bool:
    """Whether it is the runner, or seen on the runner: a doubled box, a bag, feet, a shadow."""
    if track.track_id == me.track_id:
        return True
    near_m = max(SAME_GAP_M, 2 * min(track.along_sigma_m, me.along_sigma_m))
    is_inside = share_inside(track.box, me.box) > SAME_SHARE
    return is_inside and abs(track.along_m - me.along_m) < near_m


def is_torn(me: Track, tracks: Sequence[Track]) -> bool:
    """Whether the runner's box is but the lower piece of a body that was found in two.

    The other piece stands on it, as wide and at the same place across; so the height of the
    box is not the runner's. Somebody who lies is wider than whatever stands beyond them.
    """
    return any(
        _shared(me.box.x0, me.box.x1, t.box.x0, t.box.x1) > TORN_SHARE
        and abs(t.box.y1 - me.box.y0) < TORN_GAP_SHARE * me.box.height_px
        for t in tracks
        if t.track_id != me.track_id and t.seen_t_ns == me.seen_t_ns
    )


def _shared(a0: float, a1: float, b0: float, b1: float) -> float:
    """Intersection over union of two stretches."""
    return max(0.0, min(a1, b1) - max(a0, b0)) / max(max(a1, b1) - min(a0, b0), 1e-9)


def is_guess(track: Track, lane: Lane) -> bool:
    """Whether an unseen thing is in the lane by prediction alone; one seen in it stays in it."""
    unseen_s = (track.t_ns - track.seen_t_ns) / 1e9
    corridor_m = lane.width_m / 2 + track.width_m / 2
    seen_m = track.across_m if track.seen_across_m is None else track.seen_across_m
    return unseen_s > GUESS_S and max(abs(track.across_m), abs(seen_m)) > corridor_m
