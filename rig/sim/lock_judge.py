"""Whether the lock was on the right person, by the truth.

Rightful is who drills. The right passes on as the drill's rules say: when the one who drills has
finished, walks back or has stepped aside, it may go to a person who stands in the start box.
Places are compared at the time of the track, not of the decision: a delay is no error of the
lock. While the camera shows nothing true nobody can know, and nothing is counted. Called by
`rig.sim.score`.
"""

from __future__ import annotations

from rig.records import Decision, Kind
from rig.sim.motion import Place
from rig.sim.scenes import RUNNER_ID, Scene
from rig.sim.yardstick import YARDSTICK

ASTRAY_M = 1.5
"""A lock this far from the rightful person, along or across, and three of its sigmas, is astray."""
BOX_ROOM_M = 0.5
"""Feet may stand this far out of the start box."""
ASIDE_M = 1.0
"""Farther from the lane's middle a person has stepped aside."""


class LockJudge:
    """Follows one drill; `astray_s` is the longest stretch for which the lock was astray."""

    def __init__(self, scene: Scene) -> None:
        self.astray_s = 0.0
        self._scene = scene
        people = {actor.actor_id for actor in scene.actors if actor.kind is Kind.PERSON}
        self._people = people | {RUNNER_ID}
        self._holder: str | None = None if scene.runner is None else RUNNER_ID
        self._since_ns: int | None = None

    def add(self, t_ns: int, decision: Decision, is_blind: bool = False) -> None:
        """One frame; `is_blind` while a staged fault keeps the truth out of the picture."""
        track = decision.runner.track
        if track is None or decision.runner.lost_s > 0 or is_blind:
            self._since_ns = None
            return
        places = self._scene.places(track.t_ns)
        wide_m = max(ASTRAY_M, 3 * track.along_sigma_m)
        near = {
            name
            for name in self._people & set(places)
            if abs(places[name].along_m - track.along_m) <= wide_m
            and abs(places[name].across_m - track.across_m) <= wide_m
        }
        if self._is_right(near, places):
            self._since_ns = None
            return
        self._since_ns = t_ns if self._since_ns is None else self._since_ns
        self.astray_s = max(self.astray_s, (t_ns - self._since_ns) / 1e9)

    def _is_right(self, near: set[str], places: dict[str, Place]) -> bool:
        """Whether the rightful person is near the lock; an heir becomes rightful by it."""
        if self._holder in near:
            return True
        if self._holder is not None and not self._is_done(places[self._holder]):
            return False
        heir = next((name for name in sorted(near) if self._is_in_box(places[name])), None)
        self._holder = heir or self._holder
        return heir is not None

    def _is_done(self, place: Place) -> bool:
        lane = self._scene.site.lane
        is_at_end = place.along_m > lane.length_m - lane.exit_zone_m - ASTRAY_M
        is_back = place.along_mps < -YARDSTICK.moving_mps
        return is_at_end or is_back or abs(place.across_m) > ASIDE_M

    def _is_in_box(self, place: Place) -> bool:
        lane = self._scene.site.lane
        from_start_m = place.along_m - lane.box_start_m
        is_along = -BOX_ROOM_M <= from_start_m <= lane.box_length_m + BOX_ROOM_M
        return is_along and abs(place.across_m) <= lane.width_m / 2 + BOX_ROOM_M
