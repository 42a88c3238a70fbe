"""Who is the runner: who has stood in the start box, and who a lost runner is when found again.

Answers from the tracks of one step and short memories of standing; keeps no phase. The phases,
and what follows from a lock, are `core.runner`'s, which is the only caller.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from math import hypot

from rig.config import RunnerLimits
from rig.core.lane import Lane
from rig.core.motion import predicted
from rig.core.stance import BOX_SLACK_M, Stance
from rig.records import Track

UNSTEADY_S = 0.4
"""Out of the box or moving for less than this does not end standing there: at 40 m a stander's
foot dances, and detectors skip frames [J]. Nor does being unseen for less end a way."""
EARLY_S = 0.5
"""Who stood this long and is seen to leave the box along the lane is the runner, locked or not:
an early start must not go unguarded [J]."""
LEFT_S = 4.0
"""For this long after leaving the box one is still known to have stood there [J]."""
ALONG_S = 0.4
"""Who was seen on the lane for less than this has no way yet that says where they go [J]."""
ALONG_M = 0.4
"""Half a step: a placed foot that dances has not gone anywhere [J]."""
ALONG_TIMES = 2.0
"""A way along the lane is this many times longer than it is wide: feet of who walks across it
dance along it as well [J]."""
WAY_S = 1.5
"""The way of this long counts."""
UNSEEN_S = 0.15
"""A runner unseen for longer than this is looked for under other names."""
YOUNG_S = 1.0
"""A name this much older than the runner's last sighting is somebody else's."""
LONG_LOST_S = 2.0
"""But after so long whoever is seen there is the runner: their lock went to a wrong name, and a
STOP for a runner lost would sound for ever (trials: oncoming)."""
START_MPS2 = 3.0
"""A start: more than the drills' runners do (1.2 to 2.2), for a reach must hold the fastest [J]."""
START_SIGMA_MOST_M = 2.0
"""A place less sure than this says nothing of where to look [J]."""


@dataclass(slots=True)
class _Stood:
    """One person's standing in the start box."""

    since_ns: int
    until_ns: int

    @property
    def lasted_s(self) -> float:
        return (self.until_ns - self.since_ns) / 1e9


class BoxWatch:
    """Remembers how long each person has stood in the start box."""

    def __init__(self, lane: Lane, limits: RunnerLimits, stance: Stance) -> None:
        self._end_m = lane.box_start_m + lane.box_length_m
        self._limits = limits
        self._stance = stance
        self._stood: dict[int, _Stood] = {}

    def update(self, people: Sequence[Track], t_ns: int) -> None:
        """Take the people of one step."""
        stance, known = self._stance, {person.track_id for person in people}
        for p in people:
            if not (stance.is_in_box(p) and stance.is_settled(p)):
                continue
            stood = self._stood.get(p.track_id)
            if stood is None or t_ns - stood.until_ns > UNSTEADY_S * 1e9:
                self._stood[p.track_id] = _Stood(t_ns, t_ns)
            else:
                stood.until_ns = t_ns
        self._stood = {
            number: stood
            for number, stood in self._stood.items()
            if number in known and t_ns - stood.until_ns <= LEFT_S * 1e9
        }

    def settled(self, people: Sequence[Track], t_ns: int) -> Track | None:
        """Who is seen standing in the box and has for `settle_s`; of several the farthest back.

        What was not seen for a while slows down in the tracker and seems to stand.
        """
        ready = [
            p
            for p in people
            if (stood := self._stood.get(p.track_id)) is not None
            and stood.until_ns == t_ns
            and stood.lasted_s >= self._limits.settle_s
            and t_ns - p.seen_t_ns <= UNSTEADY_S * 1e9
        ]
        return min(ready, key=lambda p: p.along_m, default=None)

    def set_off(self, people: Sequence[Track]) -> Track | None:
        """Who stood in the box for a moment and now leaves it along the lane."""
        gone = [
            p
            for p in people
            if (stood := self._stood.get(p.track_id)) is not None
            and stood.lasted_s >= EARLY_S
            and p.along_m > self._end_m
            and self._stance.is_onward(p)
            and self._stance.is_on_lane(p)
        ]
        return min(gone, key=lambda p: p.along_m, default=None)


class MoverWatch:
    """Remembers each person's way on the lane, to tell who runs along it from who crosses it."""

    def __init__(self, stance: Stance) -> None:
        self._stance = stance
        self._ways: dict[int, list[Track]] = {}

    def update(self, people: Sequence[Track], t_ns: int) -> Track | None:
        """Who is seen moving along the lane, and came that way; of several the farthest back."""
        self._ways = {p.track_id: self._way(p, t_ns) for p in people if self._stance.is_on_lane(p)}
        going = (p for p in people if p.seen_t_ns == t_ns and self._is_going(p))
        return min(going, key=lambda p: p.along_m, default=None)

    def _way(self, person: Track, t_ns: int) -> list[Track]:
        """Where they were seen on the lane lately, this step included.

        A way ends where they were unseen for long: who comes out again may be somebody else.
        """
        known = self._ways.get(person.track_id, [])
        if person.seen_t_ns == t_ns:
            return [row for row in known if t_ns - row.t_ns <= WAY_S * 1e9] + [person]
        return known if t_ns - person.seen_t_ns <= UNSTEADY_S * 1e9 else []

    def _is_going(self, person: Track) -> bool:
        way = self._ways.get(person.track_id)
        if not way or not self._stance.is_onward(person):
            return False
        come_m = person.along_m - way[0].along_m
        wide_m = max(row.across_m for row in way) - min(row.across_m for row in way)
        is_long = person.t_ns - way[0].t_ns >= ALONG_S * 1e9 and come_m >= ALONG_M
        return is_long and come_m >= ALONG_TIMES * wide_m


def found_again(
    last: Track,
    mine: Track | None,
    people: Sequence[Track],
    names: Set[int],
    lane: Lane,
    limits: RunnerLimits,
    t_ns: int,
) -> Track | None:
    """A person seen now where the unseen runner must be; the one farther back is the runner.

    `last` is the runner's last track, `mine` what the tracker still carries on of it, `names`
    are the runner's former ones: a lock that went to a doubled box finds its way home.
    """
    unseen_s = (t_ns - last.seen_t_ns) / 1e9
    if unseen_s <= UNSEEN_S:
        return None
    where = predicted(mine or last, t_ns)
    wide_m = limits.relock_gap_m + unseen_s * limits.moving_mps
    near = [
        p
        for p in people
        if p.track_id != last.track_id
        and p.seen_t_ns == t_ns
        and (unseen_s > LONG_LOST_S or _may_be_new(p, last, names))
        and -wide_m <= p.along_m - where.along_m <= wide_m + _start_m(where, p, unseen_s)
        and abs(p.across_m) <= lane.width_m / 2 + BOX_SLACK_M
    ]
    return min(near, key=lambda p: p.along_m, default=None)


def _start_m(where: Track, person: Track, unseen_s: float) -> float:
    """How much farther on than expected a runner may be who set off unseen, or just before.

    After `LONG_LOST_S`, when any name will do, nothing: that would reach whoever is on the lane.
    """
    if unseen_s > LONG_LOST_S:
        return 0.0
    sigma_m = hypot(min(where.along_sigma_m, START_SIGMA_MOST_M), person.along_sigma_m)
    return sigma_m + START_MPS2 * unseen_s**2 / 2


def _may_be_new(person: Track, last: Track, names: Set[int]) -> bool:
    """Whether it is one of the runner's names, or one that began when the runner was lost."""
    return person.track_id in names or person.first_t_ns > last.seen_t_ns - YOUNG_S * 1e9


def who_stays(
    mine: Track, people: Sequence[Track], stance: Stance, limits: RunnerLimits, t_ns: int
) -> Track | None:
    """Where two people were close and one walks out of the lane, the runner is who stays."""
    if not stance.is_stepping_out(mine):
        return None
    near = [
        p
        for p in people
        if p.track_id != mine.track_id
        and p.seen_t_ns == t_ns
        and stance.is_on_lane(p)
        and abs(p.along_m - mine.along_m) <= limits.relock_gap_m
    ]
    return min(near, key=lambda p: p.along_m, default=None)
