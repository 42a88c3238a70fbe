"""What became of the people in a judged clip: tracks, names kept, metres, and false alarms.

Pure arithmetic on `judged.Judged`; prints nothing. A track is on a person where its box overlaps
theirs by `ON_PERSON` and was seen at most `FRESH_S` ago: a box carried on blindly is not on
anybody. Called by `report` and by the tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import numpy as np
from numpy.typing import NDArray

from clips.judged import Judged, Step
from clips.truth import Moment, Person
from rig.core.lane import Site
from rig.records import Box, Detection, Kind, Track

ON_PERSON = 0.35
"""Least overlap of a track's box with the labelled one, which is a rough box itself."""
FRESH_S = 0.35
"""A track seen at most this long ago counts as on the person; tiles come round within it."""
LIVED_S = 1.0
"""Tracks that lived less are not listed."""
GAP_S = 0.5
"""Unseen longer than this is a gap."""


@dataclass(frozen=True, slots=True)
class Life:
    """One confirmed track of a person: from its first to its last step, in clip time."""

    track_id: int
    from_s: float
    to_s: float
    along_m: tuple[float, float]
    across_m: tuple[float, float]
    speed_mps: float
    height_m: float | None
    seen_share: float
    gaps: int

    @property
    def lived_s(self) -> float:
        """How long it was carried as confirmed."""
        return abs(self.to_s - self.from_s)


@dataclass(frozen=True, slots=True)
class Fate:
    """What the rig made of one labelled person."""

    name: str
    moments: int
    found: int
    """Moments at which the detector had a box on them (in a frame at most 0.15 s away)."""
    followed: int
    """Moments at which a confirmed track was on them."""
    spell_ids: tuple[tuple[int, ...], ...]
    """For each spell in view the different tracks, in order of appearance."""
    off_along_m: float | None
    off_across_m: float | None
    """Median distance of the track from the labelled foot."""
    speed_mps: float | None
    """Median speed of the tracks on them."""
    labelled_mps: float | None
    """Median speed by the labels alone: each spell's way by its time."""

    @property
    def ids(self) -> tuple[int, ...]:
        """All different tracks on this person."""
        return tuple(dict.fromkeys(i for spell in self.spell_ids for i in spell))


@dataclass(frozen=True, slots=True)
class EmptyScore:
    """What was reported while nobody was in view."""

    seconds: float
    frames: int
    person_detections: int
    person_track_s: float
    strange_frames: int
    strange_most: int


@dataclass(frozen=True, slots=True)
class Carried:
    """How honest the tracks are: each frame's confirmed person tracks, all summed up."""

    track_s: float
    stale_s: float
    """Of these, seconds in which the track had not been seen for more than `GAP_S`."""


def lives(judged: Judged) -> list[Life]:
    """Confirmed tracks of people that lived `LIVED_S` or more, in order of appearance."""
    tracks: dict[int, list[tuple[float, Track]]] = {}
    for step in judged.steps:
        for track in step.decision.tracks:
            if track.is_confirmed:
                tracks.setdefault(track.track_id, []).append((step.time_s, track))
    found = (_life(rows) for rows in tracks.values() if rows[-1][1].kind is Kind.PERSON)
    return [life for life in found if life.lived_s >= LIVED_S]


def _life(rows: Sequence[tuple[float, Track]]) -> Life:
    (from_s, first), (to_s, last) = rows[0], rows[-1]
    heights = [t.height_m for _, t in rows if t.height_m is not None]
    sightings = sorted({t.seen_t_ns for _, t in rows})
    unseen_s = [(b - a) / 1e9 for a, b in pairwise(sightings)]
    return Life(
        last.track_id,
        from_s,
        to_s,
        (first.along_m, last.along_m),
        (first.across_m, last.across_m),
        median(speed_of(t) for _, t in rows),
        median(heights) if heights else None,
        sum(t.seen_t_ns == t.t_ns for _, t in rows) / len(rows),
        sum(gap > GAP_S for gap in unseen_s),
    )


def speed_of(track: Track) -> float:
    """Speed over the ground in m/s."""
    return float(np.hypot(track.along_mps, track.across_mps))


def fates(judged: Judged) -> list[Fate]:
    """One for each labelled person."""
    return [_fate(judged, person) for person in judged.truth.people]


def _fate(judged: Judged, person: Person) -> Fate:
    spells = person.spells[::-1] if judged.is_reversed else person.spells
    order = -1 if judged.is_reversed else 1
    hits = [
        [(m, next(iter(tracks_on(judged, m)), None)) for m in spell[::order]] for spell in spells
    ]
    pairs = [(m, track) for spell in hits for m, track in spell if track is not None]
    off = [np.abs(_foot(judged.site, m) - (t.along_m, t.across_m)) for m, t in pairs]
    ids = tuple(tuple(dict.fromkeys(t.track_id for _, t in spell if t)) for spell in hits)
    return Fate(
        person.name,
        len(person.moments),
        sum(_is_found(judged, moment) for moment in person.moments),
        len(pairs),
        ids,
        float(median(o[0] for o in off)) if off else None,
        float(median(o[1] for o in off)) if off else None,
        median(speed_of(t) for _, t in pairs) if pairs else None,
        _labelled_mps(judged.site, person),
    )


def _foot(site: Site, moment: Moment) -> NDArray[np.float64]:
    """(along, across) of the labelled foot in metres."""
    ground = site.pose.to_ground(np.array([[moment.x_px, moment.foot_px]]))
    return np.asarray(site.lane.to_lane(ground)[0], dtype=np.float64)


def _labelled_mps(site: Site, person: Person) -> float | None:
    """The way between the first and last label of each spell by its time."""
    speeds = []
    for spell in person.spells:
        took_s = spell[-1].time_s - spell[0].time_s
        if took_s >= GAP_S / 2:
            way = _foot(site, spell[-1]) - _foot(site, spell[0])
            speeds.append(float(np.hypot(*way)) / took_s)
    return median(speeds) if speeds else None


def _wanted(site: Site, moment: Moment) -> Box:
    return moment.box(site.pose.lens.width_px, site.pose.lens.height_px)


def _near(judged: Judged, time_s: float) -> Step:
    return min(judged.steps, key=lambda step: abs(step.time_s - time_s))


def tracks_on(judged: Judged, moment: Moment) -> list[Track]:
    """The confirmed person tracks on somebody at this moment, the best one first."""
    wanted = _wanted(judged.site, moment)
    fresh = [
        (wanted.overlap(track.box), track)
        for track in _near(judged, moment.time_s).decision.tracks
        if track.is_confirmed
        and track.kind is Kind.PERSON
        and (track.t_ns - track.seen_t_ns) / 1e9 <= FRESH_S
    ]
    fresh.sort(key=lambda row: -row[0])
    return [track for overlap, track in fresh if overlap >= ON_PERSON]


def _is_found(judged: Judged, moment: Moment) -> bool:
    wanted = _wanted(judged.site, moment)
    return any(
        _is_person(detection) and wanted.overlap(detection.box) >= ON_PERSON
        for step in judged.steps
        if abs(step.time_s - moment.time_s) <= 0.15
        for detection in step.seen.detections
    )


def _is_person(detection: Detection) -> bool:
    return detection.kind is Kind.PERSON and not detection.is_weak


def shared_ids(found: Iterable[Fate]) -> list[int]:
    """Tracks that were on more than one labelled person: names that passed over."""
    owners: dict[int, set[str]] = {}
    for fate in found:
        for track_id in fate.ids:
            owners.setdefault(track_id, set()).add(fate.name)
    return sorted(track_id for track_id, names in owners.items() if len(names) > 1)


def empty_score(judged: Judged) -> EmptyScore:
    """Persons and strange things reported within the labelled empty stretches."""
    spans = judged.truth.nobody_s
    steps = [s for s in judged.steps if any(a <= s.time_s <= b for a, b in spans)]
    frame_s = _frame_s(judged)
    people = [_confirmed_people(step) for step in steps]
    strange = [len(step.seen.strange_things) for step in steps]
    return EmptyScore(
        sum(b - a for a, b in spans),
        len(steps),
        sum(_is_person(d) for step in steps for d in step.seen.detections),
        frame_s * sum(len(tracks) for tracks in people),
        sum(count > 0 for count in strange),
        max(strange, default=0),
    )


def carried(judged: Judged) -> Carried:
    """Seconds of confirmed person tracks, and those in which they were carried on unseen."""
    frame_s = _frame_s(judged)
    tracks = [track for step in judged.steps for track in _confirmed_people(step)]
    stale = sum((t.t_ns - t.seen_t_ns) / 1e9 > GAP_S for t in tracks)
    return Carried(frame_s * len(tracks), frame_s * stale)


def _confirmed_people(step: Step) -> list[Track]:
    return [t for t in step.decision.tracks if t.is_confirmed and t.kind is Kind.PERSON]


def _frame_s(judged: Judged) -> float:
    times = [step.time_s for step in judged.steps]
    return (max(times) - min(times)) / max(1, len(times) - 1)
