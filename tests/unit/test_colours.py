"""Clothes tell people apart where places do not, and never more than places do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rig.config import TrackerLimits
from rig.core.tracker import Tracker
from rig.devices.colours import with_colours
from rig.records import Box, Detection, Kind, Picture
from tests.unit.drill_site import PLACER, WHOLE, Stand, place, times

RED, WHITE = (20, 20, 200) * 2, (220, 220, 220) * 2


def dressed() -> Picture:
    picture = np.full((240, 320, 3), 90, np.uint8)
    picture[40:120, 100:140] = (10, 20, 200)
    picture[120:200, 100:140] = (200, 100, 30)
    return picture


def test_upper_and_lower_colours_are_the_clothes_own() -> None:
    box = Box(100, 30, 140, 200)
    (one,) = with_colours(dressed(), [Detection(Kind.PERSON, 0.9, box)])
    assert one.colours[:3] == pytest.approx((10, 20, 200), abs=25)
    assert one.colours[3:] == pytest.approx((200, 100, 30), abs=60)
    assert replace(one, colours=()) == Detection(Kind.PERSON, 0.9, box)


@pytest.mark.parametrize(
    "box",
    [Box(-80, 10, -60, 60), Box(330, 0, 400, 90), Box(100, 50, 101, 52), Box(0, 239, 300, 242)],
)
def test_what_is_out_of_the_picture_or_tiny_has_no_colours(box: Box) -> None:
    (one,) = with_colours(dressed(), [Detection(Kind.PERSON, 0.9, box)])
    assert one.colours == ()


@pytest.mark.parametrize("rate_hz", [8.0, 15.0, 30.0])
def test_two_who_meet_and_turn_back_keep_their_names_by_their_clothes(rate_hz: float) -> None:
    """They walk up to each other, are seen as one for a moment, and walk back."""
    tracker = Tracker(TrackerLimits(), PLACER)
    owners: dict[tuple[int, ...], set[int]] = {RED: set(), WHITE: set()}
    for t in times(4.0, rate_hz):
        gap = 0.2 + 0.9 * abs(t - 2.0)
        seen = {RED: Stand(30.0, gap)} if abs(t - 2.0) < 0.4 else {}
        seen = seen or {RED: Stand(30.0, gap), WHITE: Stand(30.2, -gap)}
        placed = [
            replace(p, detection=replace(p.detection, colours=colours))
            for colours, p in zip(seen, place(list(seen.values())), strict=True)
        ]
        tracks = tracker.update(placed, (WHOLE,), round(t * 1e9))
        for track in tracks:
            if track.is_confirmed and track.seen_t_ns == track.t_ns:
                side = RED if track.across_m > 0 else WHITE
                owners[side].add(track.track_id)
    assert [len(names) for names in owners.values()] == [1, 1]


def test_another_light_does_not_cost_the_name() -> None:
    tracker, names = Tracker(TrackerLimits(), PLACER), set()
    for t in times(2.0, 15.0):
        colours = WHITE if t < 1.0 else RED
        placed = [
            replace(p, detection=replace(p.detection, colours=colours))
            for p in place([Stand(30.0, 0.0)])
        ]
        names |= {track.track_id for track in tracker.update(placed, (WHOLE,), round(t * 1e9))}
    assert len(names) == 1
