"""Follows things over time on the lane: sightings in metres become tracks with speeds and names.

Decides which sighting belongs to which track, and how sure place and speed are. Does not decide
what a track means (`core.runner`, `core.hazard`). Called once a step by `core.pipeline`.

A track is missed only where the detector looked, large enough to be found and not hidden by
something nearer; time that was not looked at does not count against it.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, hypot

import numpy as np

from rig.config import TrackerLimits
from rig.core.association import assign
from rig.core.echoes import FinerLooks, Pairs
from rig.core.followed import Followed, begin, place, sigmas
from rig.core.overlap import share_inside
from rig.core.placing import Placer
from rig.records import Box, Placed, Tile, Track

HIDDEN_MOST_S = 3.0
"""A hidden track is carried on at most this long [J: a walker behind a standing person]."""
HIDDEN_GAP_M = 0.4
"""What is hidden is at least this much farther from the camera than what hides it."""
HIDER_KNOWN_S = 0.3
"""What hides was followed for at least this long before the other was last seen [J]."""
HIDDEN_SHARE = 0.6
"""Share of a box that something nearer covers before it counts as hidden."""
REGAIN = 2.0
"""Seconds of missing that one second of being seen makes good: what is seen in less than a third
of the looks is flicker, and a track that lives on flicker takes names from people [J]."""
WEAK_MOST_S = 1.0
"""Without a strong sighting for this long a track is not carried on by weak ones: clutter that
scores low is everywhere, and would keep alive whatever walked out of view over it [J]."""
WEAK_OVERLAP = 0.3
"""A weak box overlaps the expected one at least this much [J: half a box aside is another]."""
COAST_S = 0.4
"""Unseen for less than this a thing goes on as before: detectors skip frames."""
COAST_DECAY_S = 1.0
"""After that its speed is believed less and less, with this time constant [J]."""


class Tracker:
    """Keeps the tracks from step to step.

    `min_object_px` is the height in model-input pixels above which the detector finds a thing
    reliably (the card says it).
    """

    def __init__(self, limits: TrackerLimits, placer: Placer, min_object_px: float = 12.0) -> None:
        self._limits = limits
        self._placer = placer
        self._min_object_px = min_object_px
        pose = placer.site.pose
        camera = placer.site.lane.to_lane(np.array([[pose.x_m, pose.y_m]]))
        self._camera_m = (float(camera[0, 0]), float(camera[0, 1]))
        self._followed: list[Followed] = []
        self._looks = FinerLooks()
        self._t_ns: int | None = None
        self._next_id = 1

    def update(
        self, placed: Sequence[Placed], looked_at: Sequence[Tile], t_ns: int | None
    ) -> tuple[Track, ...]:
        """Take one frame's placed detections; `t_ns` None means no frame, and changes nothing."""
        if t_ns is None:
            return self._tracks()
        dt_s = 0.0 if self._t_ns is None else (t_ns - self._t_ns) / 1e9
        if dt_s < 0 or (dt_s == 0 and self._t_ns is not None):
            return self._tracks()  # a frame that is not newer tells nothing new
        self._t_ns = t_ns
        self._predict(dt_s)
        strong = [p for p in placed if not p.detection.is_weak]
        pairs = self._pair(self._followed, strong)
        self._looks.add(placed, looked_at, t_ns)
        echoes = self._looks.part(self._followed, pairs, strong)
        gone = {id(track) for track in echoes.gone}
        self._followed = [t for t in self._followed if id(t) not in gone]
        strong, pairs = echoes.strong, echoes.pairs
        left = [t for t in self._followed if all(t is not still for still in echoes.still)]
        pairs += self._pair_weak(left, pairs, [p for p in placed if p.detection.is_weak])
        for track, sighting in pairs:
            self._see(track, sighting, t_ns, dt_s)
        for track in echoes.still:
            track.seen_t_ns = track.strong_t_ns = t_ns
            track.sightings += 1
            track.count_seen(REGAIN * dt_s)
        seen = {id(track) for track in (*(t for t, _ in pairs), *echoes.still)}
        self._miss([t for t in self._followed if id(t) not in seen], looked_at, dt_s)
        taken = {id(sighting) for _, sighting in pairs}
        fresh = sorted(
            (p for p in strong if id(p) not in taken), key=lambda p: (p.along_m, p.across_m)
        )
        for sighting in fresh:
            self._followed.append(begin(self._next_id, sighting, t_ns, self._limits))
            self._next_id += 1
        return self._tracks()

    # ------------------------------------------------------------------ steps of an update

    def _predict(self, dt_s: float) -> None:
        for track in self._followed:
            unseen_s = track.unseen_s(self._t_ns or 0)
            if min(track.missed_s + track.hidden_s, unseen_s) > COAST_S:
                track.motion.fade(exp(-dt_s / COAST_DECAY_S))
            track.motion.predict(dt_s)

    def _pair(self, tracks: list[Followed], placed: list[Placed]) -> Pairs:
        expected = [followed.expected(self._t_ns or 0) for followed in tracks]
        pairs = assign(expected, placed, self._limits)
        return [(tracks[row], placed[column]) for row, column in pairs]

    def _pair_weak(self, tracks: list[Followed], pairs: Pairs, weak: list[Placed]) -> Pairs:
        """Weak sightings for confirmed tracks that nothing strong was seen of, where they are."""
        seen = {id(track) for track, _ in pairs}
        left = [
            t
            for t in tracks
            if t.is_confirmed
            and id(t) not in seen
            and ((self._t_ns or 0) - t.strong_t_ns) / 1e9 <= WEAK_MOST_S
        ]
        return [
            (track, sighting)
            for track, sighting in self._pair(left, weak)
            if sighting.detection.kind is track.kind
            and _overlap(sighting.detection.box, self._box_now(track)) >= WEAK_OVERLAP
        ]

    def _see(self, track: Followed, sighting: Placed, t_ns: int, dt_s: float) -> None:
        track.motion.correct(place(sighting), sigmas(sighting))
        track.motion.limit_along(sighting.along_least_m, sighting.along_most_m)
        track.seen_t_ns, track.detection = t_ns, sighting.detection
        track.width_m += 0.3 * (sighting.width_m - track.width_m)
        track.height_m = sighting.height_m
        track.seen_along_m = track.motion.along.place
        track.seen_across_m = track.motion.across.place
        if sighting.detection.is_weak:
            return
        track.strong_t_ns = t_ns
        track.remember_finest(sighting.detection, t_ns)
        track.sightings += 1
        track.count_seen(REGAIN * dt_s)
        track.vote(sighting.detection)
        track.learn_colours(sighting.detection.colours)
        lasted_s = (t_ns - track.first_t_ns) / 1e9
        track.is_confirmed |= (
            track.sightings >= self._limits.confirm_sightings
            and lasted_s >= self._limits.confirm_s - 1e-6
        )

    def _miss(self, tracks: list[Followed], looked_at: Sequence[Tile], dt_s: float) -> None:
        """Count the time for which a track should have been seen and was not; drop the gone."""
        for track in tracks:
            box = self._box_now(track)
            if box is None:
                track.missed_s += dt_s  # out of view
            elif (cover := self._cover(track, box)) is not None:
                track.hidden_s += dt_s
                self._keep_beyond(track, cover)
            elif self._is_looked_at(box, looked_at):
                track.missed_s += dt_s
            else:
                track.hidden_s += dt_s / 3  # not looked at: forgotten, but slowly
        self._followed = [
            t
            for t in self._followed
            if t.missed_s <= (self._limits.keep_s if t.is_confirmed else self._limits.confirm_s * 2)
            and t.hidden_s <= HIDDEN_MOST_S
        ]

    def _keep_beyond(self, track: Followed, cover: Followed) -> None:
        """A hidden thing cannot have passed what hides it, where one looks along the lane.

        A runner who brakes before somebody would else coast on through them, and take over
        their name.
        """
        if not self._is_seen_along(cover):
            return
        toward = 1.0 if self._camera_m[0] >= track.seen_along_m else -1.0
        most_m = cover.motion.along.place - toward * HIDDEN_GAP_M
        if toward * (track.motion.along.place - most_m) > 0:
            track.motion.hold_along(most_m, cover.motion.along)

    def _is_seen_along(self, track: Followed) -> bool:
        """Whether the line of sight to it runs along the lane more than across it."""
        along_m = abs(track.motion.along.place - self._camera_m[0])
        return along_m > 2 * abs(track.motion.across.place - self._camera_m[1])

    def _range_m(self, along_m: float, across_m: float) -> float:
        """Distance on the lane's plane from the camera's foot."""
        return hypot(along_m - self._camera_m[0], across_m - self._camera_m[1])

    # ------------------------------------------------------------------ what could be seen

    def _box_now(self, track: Followed) -> Box | None:
        height_m = track.height_m or max(track.width_m, 0.3)
        return self._placer.box_of(
            track.motion.along.place, track.motion.across.place, track.width_m, height_m
        )

    def _is_looked_at(self, box: Box, looked_at: Sequence[Tile]) -> bool:
        x, y = box.centre_px
        return any(
            tile.holds(x, y) and box.height_px * tile.scale >= self._min_object_px
            for tile in looked_at
        )

    def _cover(self, track: Followed, box: Box) -> Followed | None:
        """What was just seen nearer the camera and covers the box, if anything does.

        Only what was followed well before the track went unseen: a wrong box of the thing
        itself, which begins a second name, covers it too.
        """
        known_ns = track.seen_t_ns - HIDER_KNOWN_S * 1e9
        for other in self._followed:
            is_seen = other.seen_t_ns == self._t_ns and other.is_confirmed
            if other is track or not is_seen or other.first_t_ns > known_ns:
                continue
            theirs_m = self._range_m(other.motion.along.place, other.motion.across.place)
            nearer_m = self._range_m(track.seen_along_m, track.motion.across.place) - theirs_m
            is_covered = share_inside(box, other.detection.box) > HIDDEN_SHARE
            if nearer_m > HIDDEN_GAP_M and is_covered:
                return other
        return None

    def _tracks(self) -> tuple[Track, ...]:
        most_m = self._placer.limits.across_sigma_most_m
        return tuple(track.public(self._t_ns or 0, most_m) for track in self._followed)


def _overlap(box: Box, expected: Box | None) -> float:
    """Intersection over union; none with what is expected out of view."""
    return 0.0 if expected is None else box.overlap(expected)
