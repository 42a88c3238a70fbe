"""What the tracker remembers of one thing, and what it tells of it.

Holds no rule of following (`core.tracker`, the only caller).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from rig.config import TrackerLimits
from rig.core.association import Expected
from rig.core.motion import Motion
from rig.records import Detection, Kind, Placed, Track

WEAK_SIGMAS = 1.5
"""A weak box's place scatters by this much more than a strong one's [J]."""


COLOUR_GAIN = 0.2
"""Share of a new sighting in the remembered colours: five sightings change them [J]."""


@dataclass(slots=True)
class Followed:
    """The mutable inside of one track; times in seconds count against it.

    `finest` is its last sighting by the finest pixels that ever showed it, at `finest_ns`.
    """

    track_id: int
    motion: Motion
    first_t_ns: int
    seen_t_ns: int
    strong_t_ns: int
    detection: Detection
    width_m: float
    height_m: float | None
    seen_along_m: float
    seen_across_m: float
    finest: Detection
    finest_ns: int
    sightings: int = 1
    missed_s: float = 0.0
    hidden_s: float = 0.0
    is_confirmed: bool = False
    colours: tuple[float, ...] = ()
    votes: dict[Kind, float] = field(default_factory=dict)

    @property
    def kind(self) -> Kind:
        """The kind that most of the score spoke for."""
        return max(self.votes, key=lambda kind: self.votes[kind])

    def expected(self, t_ns: int) -> Expected:
        """Where it should be seen now, as association wants it."""
        along, across = self.motion.along, self.motion.across
        return Expected(
            along.place,
            across.place,
            along.pp,
            across.pp,
            self.kind,
            self.detection.box,
            self.unseen_s(t_ns),
            self.colours,
        )

    def unseen_s(self, t_ns: int) -> float:
        """Seconds since the last sighting."""
        return (t_ns - self.seen_t_ns) / 1e9

    def count_seen(self, made_good_s: float) -> None:
        """Let so much of the time count no longer for which it was not seen."""
        self.missed_s = max(0.0, self.missed_s - made_good_s)
        self.hidden_s = max(0.0, self.hidden_s - made_good_s)

    def vote(self, detection: Detection) -> None:
        """Let a sighting speak for its kind; older ones count less."""
        for kind in self.votes:
            self.votes[kind] *= 0.8
        self.votes[detection.kind] = self.votes.get(detection.kind, 0.0) + detection.score

    def remember_finest(self, detection: Detection, t_ns: int) -> None:
        """Keep a sighting by pixels at least as fine as any before."""
        if detection.pixel_px <= self.finest.pixel_px:
            self.finest, self.finest_ns = detection, t_ns

    def learn_colours(self, colours: tuple[int, ...]) -> None:
        """Go along slowly with what is seen: light changes, and boxes slip."""
        if not self.colours or not colours:
            self.colours = self.colours or colours
            return
        pairs = zip(self.colours, colours, strict=True)
        self.colours = tuple(old + COLOUR_GAIN * (new - old) for old, new in pairs)

    def public(self, t_ns: int, across_sigma_most_m: float) -> Track:
        """The record that the rest of the rig works with."""
        along, across = self.motion.along, self.motion.across
        across_mps, across_sigma_mps = self.motion.across_speed()
        return Track(
            track_id=self.track_id,
            kind=self.kind,
            t_ns=t_ns,
            first_t_ns=self.first_t_ns,
            seen_t_ns=self.seen_t_ns,
            along_m=along.place,
            across_m=across.place,
            along_mps=along.speed,
            across_mps=across_mps,
            along_sigma_m=along.pp**0.5,
            across_sigma_m=min(across.pp**0.5, across_sigma_most_m),
            along_sigma_mps=along.vv**0.5,
            across_sigma_mps=across_sigma_mps,
            width_m=self.width_m,
            height_m=self.height_m,
            score=self.detection.score,
            box=self.detection.box,
            is_confirmed=self.is_confirmed,
            is_bottom_cut=self.detection.is_bottom_cut,
            seen_across_m=self.seen_across_m,
        )


def begin(track_id: int, sighting: Placed, t_ns: int, limits: TrackerLimits) -> Followed:
    """A new one from its first sighting."""
    followed = Followed(
        track_id=track_id,
        motion=Motion(place(sighting), sigmas(sighting), limits),
        first_t_ns=t_ns,
        seen_t_ns=t_ns,
        strong_t_ns=t_ns,
        detection=sighting.detection,
        width_m=sighting.width_m,
        height_m=sighting.height_m,
        seen_along_m=sighting.along_m,
        seen_across_m=sighting.across_m,
        finest=sighting.detection,
        finest_ns=t_ns,
        is_confirmed=limits.confirm_sightings <= 1 and limits.confirm_s == 0,
    )
    followed.vote(sighting.detection)
    followed.learn_colours(sighting.detection.colours)
    return followed


def place(sighting: Placed) -> tuple[float, float]:
    """Where it was seen, along and across."""
    return sighting.along_m, sighting.across_m


def sigmas(sighting: Placed) -> tuple[float, float]:
    """How far that may be wrong; more for a weak box, whose edges are looser."""
    more = WEAK_SIGMAS if sighting.detection.is_weak else 1.0
    return more * sighting.along_sigma_m, more * sighting.across_sigma_m
