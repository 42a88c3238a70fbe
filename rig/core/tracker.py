"""Follows things over time on the lane: sightings in metres become tracks with speeds and names.

Decides which sighting belongs to which track, and how sure place and speed are. Does not decide
what a track means (`core.runner`, `core.hazard`). Called once a step by `core.pipeline`.

A track is missed only where the detector looked, large enough to be found and not hidden by
something nearer; time that was not looked at does not count against it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import exp, hypot

import numpy as np

from rig.config import TrackerLimits
from rig.core.association import Expected, assign
from rig.core.motion import Motion
from rig.core.overlap import share_inside
from rig.core.placing import Placer
from rig.records import Box, Detection, Kind, Placed, Tile, Track

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
COAST_S = 0.4
"""Unseen for less than this a thing goes on as before: detectors skip frames."""
COAST_DECAY_S = 1.0
"""After that its speed is believed less and less, with this time constant [J]."""


@dataclass(slots=True)
class _Followed:
    """The mutable inside of one track."""

    track_id: int
    motion: Motion
    first_t_ns: int
    seen_t_ns: int
    detection: Detection
    width_m: float
    height_m: float | None
    seen_along_m: float
    sightings: int = 1
    missed_s: float = 0.0
    hidden_s: float = 0.0
    is_confirmed: bool = False
    votes: dict[Kind, float] = field(default_factory=dict)

    @property
    def kind(self) -> Kind:
        """The kind that most of the score spoke for."""
        return max(self.votes, key=lambda kind: self.votes[kind])


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
        self._followed: list[_Followed] = []
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
        pairs = self._pair(placed)
        for track, sighting in pairs:
            self._see(track, sighting, t_ns, dt_s)
        seen = {id(track) for track, _ in pairs}
        self._miss([t for t in self._followed if id(t) not in seen], looked_at, dt_s)
        taken = {id(sighting) for _, sighting in pairs}
        fresh = sorted(
            (p for p in placed if id(p) not in taken), key=lambda p: (p.along_m, p.across_m)
        )
        for sighting in fresh:
            self._begin(sighting, t_ns)
        return self._tracks()

    # ------------------------------------------------------------------ steps of an update

    def _predict(self, dt_s: float) -> None:
        for track in self._followed:
            if track.missed_s + track.hidden_s > COAST_S:
                track.motion.fade(exp(-dt_s / COAST_DECAY_S))
            track.motion.predict(dt_s)

    def _pair(self, placed: Sequence[Placed]) -> list[tuple[_Followed, Placed]]:
        expected = [_expected(followed, self._t_ns or 0) for followed in self._followed]
        pairs = assign(expected, placed, self._limits)
        return [(self._followed[row], placed[column]) for row, column in pairs]

    def _see(self, track: _Followed, sighting: Placed, t_ns: int, dt_s: float) -> None:
        track.motion.correct(_place(sighting), _sigmas(sighting))
        track.motion.limit_along(sighting.along_least_m, sighting.along_most_m)
        track.seen_t_ns, track.detection = t_ns, sighting.detection
        track.width_m += 0.3 * (sighting.width_m - track.width_m)
        track.height_m = sighting.height_m
        track.seen_along_m = track.motion.along.place
        track.sightings += 1
        track.missed_s = max(0.0, track.missed_s - REGAIN * dt_s)
        track.hidden_s = 0.0
        _vote(track, sighting.detection)
        lasted_s = (t_ns - track.first_t_ns) / 1e9
        track.is_confirmed |= (
            track.sightings >= self._limits.confirm_sightings
            and lasted_s >= self._limits.confirm_s - 1e-6
        )

    def _miss(self, tracks: list[_Followed], looked_at: Sequence[Tile], dt_s: float) -> None:
        """Count the time for which a track should have been seen and was not; drop the gone."""
        for track in tracks:
            box = self._expected_box(track)
            cover = self._cover(track, box)
            if cover is not None:
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

    def _keep_beyond(self, track: _Followed, cover: _Followed) -> None:
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

    def _is_seen_along(self, track: _Followed) -> bool:
        """Whether the line of sight to it runs along the lane more than across it."""
        along_m = abs(track.motion.along.place - self._camera_m[0])
        return along_m > 2 * abs(track.motion.across.place - self._camera_m[1])

    def _range_m(self, along_m: float, across_m: float) -> float:
        """Distance on the lane's plane from the camera's foot."""
        return hypot(along_m - self._camera_m[0], across_m - self._camera_m[1])

    def _begin(self, sighting: Placed, t_ns: int) -> None:
        track = _Followed(
            self._next_id,
            Motion(_place(sighting), _sigmas(sighting), self._limits),
            t_ns,
            t_ns,
            sighting.detection,
            sighting.width_m,
            sighting.height_m,
            sighting.along_m,
        )
        _vote(track, sighting.detection)
        track.is_confirmed = self._limits.confirm_sightings <= 1 and self._limits.confirm_s == 0
        self._next_id += 1
        self._followed.append(track)

    # ------------------------------------------------------------------ what could be seen

    def _expected_box(self, track: _Followed) -> Box:
        height_m = track.height_m or max(track.width_m, 0.3)
        box = self._placer.box_of(
            track.motion.along.place, track.motion.across.place, track.width_m, height_m
        )
        return box or track.detection.box

    def _is_looked_at(self, box: Box, looked_at: Sequence[Tile]) -> bool:
        x, y = box.centre_px
        return any(
            tile.holds(x, y) and box.height_px * tile.scale >= self._min_object_px
            for tile in looked_at
        )

    def _cover(self, track: _Followed, box: Box) -> _Followed | None:
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
        return tuple(_public(track, self._t_ns or 0, most_m) for track in self._followed)


def _expected(track: _Followed, t_ns: int) -> Expected:
    along, across = track.motion.along, track.motion.across
    return Expected(
        along.place,
        across.place,
        along.pp,
        across.pp,
        track.kind,
        track.detection.box,
        (t_ns - track.seen_t_ns) / 1e9,
    )


def _public(track: _Followed, t_ns: int, across_sigma_most_m: float) -> Track:
    along, across = track.motion.along, track.motion.across
    return Track(
        track_id=track.track_id,
        kind=track.kind,
        t_ns=t_ns,
        first_t_ns=track.first_t_ns,
        seen_t_ns=track.seen_t_ns,
        along_m=along.place,
        across_m=across.place,
        along_mps=along.speed,
        across_mps=across.speed,
        along_sigma_m=along.pp**0.5,
        across_sigma_m=min(across.pp**0.5, across_sigma_most_m),
        along_sigma_mps=along.vv**0.5,
        across_sigma_mps=across.vv**0.5,
        width_m=track.width_m,
        height_m=track.height_m,
        score=track.detection.score,
        box=track.detection.box,
        is_confirmed=track.is_confirmed,
        is_bottom_cut=track.detection.is_bottom_cut,
    )


def _place(sighting: Placed) -> tuple[float, float]:
    return sighting.along_m, sighting.across_m


def _sigmas(sighting: Placed) -> tuple[float, float]:
    return sighting.along_sigma_m, sighting.across_sigma_m


def _vote(track: _Followed, detection: Detection) -> None:
    for kind in track.votes:
        track.votes[kind] *= 0.8
    track.votes[detection.kind] = track.votes.get(detection.kind, 0.0) + detection.score
