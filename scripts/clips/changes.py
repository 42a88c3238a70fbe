"""Changes of name in mid-view, and whether somebody passed between just then.

A change while another labelled person covers half of the box, or is covered by it, is a real
occlusion: no picture told the two apart. Any other change is the rig's own fault. Called by
`report` and by the tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from clips.judged import Judged
from clips.scoring import FRESH_S, tracks_on
from clips.truth import Moment, Person
from rig.core.overlap import share_inside
from rig.records import Box

PASSED_SHARE = 0.5
"""Share of the smaller box inside the other that counts as one person hiding another."""
BEYOND_S = 0.6
"""A way is drawn on for this long past its labels: who is hidden has none, at 2 m/s 1.2 m."""
STEP_S = 0.04
"""A frame of the clips: the times between two labels at which the boxes are compared."""


@dataclass(frozen=True, slots=True)
class Change:
    """Two neighbouring labels of one spell in view with different tracks on them."""

    name: str
    from_s: float
    to_s: float
    track_ids: tuple[int, int]
    passed: str | None
    """The other person who was in line with them meanwhile, if anybody was."""


def changes(judged: Judged) -> list[Change]:
    """All changes of name within a spell in view, person by person, in clip time."""
    return [
        Change(person.name, a.time_s, b.time_s, ids, _passed(judged, person, a, b))
        for person in judged.truth.people
        for a, b, ids in _changed(judged, person)
    ]


def _changed(judged: Judged, person: Person) -> Iterator[tuple[Moment, Moment, tuple[int, int]]]:
    """A name lasts while its track is on the person, whatever else is on them too."""
    for spell in person.spells:
        last: tuple[Moment, int] | None = None
        for moment in spell:
            on = [track.track_id for track in tracks_on(judged, moment)]
            if not on:
                continue
            kept = last[1] if last is not None and last[1] in on else on[0]
            if last is not None and kept != last[1]:
                yield last[0], moment, (last[1], kept)
            last = moment, kept


def _passed(judged: Judged, person: Person, a: Moment, b: Moment) -> str | None:
    """Who hid this person, or was hidden by them, between the two labels."""
    lens = judged.site.pose.lens
    size = (lens.width_px, lens.height_px)
    first_s, last_s = sorted((a.time_s, b.time_s))
    # A track counts as on somebody for as long after it was last seen.
    for time_s in np.arange(first_s - FRESH_S, last_s + FRESH_S + STEP_S / 2, STEP_S):
        own = _box_at(person, float(time_s), size)
        for other in judged.truth.people:
            theirs = _box_at(other, float(time_s), size)
            if other is person or own is None or theirs is None:
                continue
            if max(share_inside(own, theirs), share_inside(theirs, own)) >= PASSED_SHARE:
                return other.name
    return None


def _box_at(person: Person, time_s: float, size_px: tuple[int, int]) -> Box | None:
    """Their box between two labels, or drawn on shortly past the first or last of a spell."""
    for spell in person.spells:
        if spell[0].time_s - BEYOND_S <= time_s <= spell[-1].time_s + BEYOND_S:
            return _between(spell, time_s).box(*size_px)
    return None


def _between(spell: tuple[Moment, ...], time_s: float) -> Moment:
    """Straight ways between labels; past them the way of the nearest two goes on."""
    if len(spell) == 1:
        return spell[0]
    later = next((i for i, m in enumerate(spell) if m.time_s > time_s), len(spell) - 1)
    a, b = spell[max(0, later - 1)], spell[max(1, later)]
    share = (time_s - a.time_s) / (b.time_s - a.time_s)
    mixed = (
        x + share * (y - x)
        for x, y in ((a.x_px, b.x_px), (a.foot_px, b.foot_px), (a.head_px, b.head_px))
    )
    return Moment(time_s, *mixed)
