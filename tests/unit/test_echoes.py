"""A loose box of somebody far away begins nobody else; whoever does stand between begins at once.

The site is `drill_site`'s: the runner waits at 2 m, 43 m from the camera, and is 45 px tall or
11 pixels of the whole view. Frames look at the whole view, and every third at a native tile too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from rig.config import TrackerLimits
from rig.core.echoes import FRESH_S
from rig.core.tracker import Tracker
from rig.records import Box, Detection, Kind, Tile, Track, ViewShift
from tests.unit.drill_site import PLACER, Stand, times

COARSE_PX = 4.0
WHOLE = Tile(0, 0, 1280, 720, 320, 192)
RUNNER = Stand(2.0)
AT = RUNNER.detection().box
NATIVE = Tile(round(AT.x0) - 150, round(AT.y0) - 60, round(AT.x0) + 170, round(AT.y0) + 132,
              320, 192)  # fmt: skip
RATE_HZ = 8.0

Look = tuple[list[Detection], tuple[Tile, ...]]


def fine(thing: Stand) -> Detection:
    return thing.detection()


def coarse(thing: Stand) -> Detection:
    """Its box through the whole view where it is well outlined."""
    one = thing.detection()
    return Detection(one.kind, 0.5, one.box, pixel_px=COARSE_PX)


def loose(box: Box, left: float, top: float, right: float, foot: float) -> Detection:
    """The whole view's box, so many of its pixels too large on each side."""
    a, b, c, d = (COARSE_PX * side for side in (left, top, right, foot))
    grown = Box(box.x0 - a, box.y0 - b, box.x1 + c, box.y1 + d)
    return Detection(Kind.PERSON, 0.5, grown, pixel_px=COARSE_PX)


DOUBLE = loose(AT, 2.1, 2.3, 0.9, 3.0)
"""The median of such boxes in picture drills."""
LONG = loose(AT, 2.1, 2.3, 0.9, 3.9)
"""One of the longest."""


def follow(look: Callable[[int], Look], until_s: float = 3.0) -> list[tuple[Track, ...]]:
    tracker, found = Tracker(TrackerLimits(), PLACER, 16.0), []
    for number, t in enumerate(times(until_s, RATE_HZ)):
        detections, tiles = look(number)
        placed = PLACER.place(tuple(detections), ViewShift())
        found.append(tracker.update(placed, tiles, round(t * 1e9)))
    return found


def in_turns(
    shown_fine: list[Detection], shown_coarse: list[Detection], tile: Tile = NATIVE, first: int = 0
) -> Callable[[int], Look]:
    """Every third frame, from `first` on, the native tile answers for what it shows."""

    def look(number: int) -> Look:
        if number % 3 == first:
            return shown_fine, (WHOLE, tile)
        return shown_coarse, (WHOLE,)

    return look


def others(tracks: tuple[Track, ...], least_m: float = 5.0) -> list[Track]:
    """Confirmed tracks that are not where the runner is."""
    return [t for t in tracks if t.is_confirmed and t.along_m > least_m]


def test_the_loose_box_stands_for_somebody_else_when_nothing_finer_was_seen() -> None:
    """What the rule is about: the box alone is plausible, and begins a track metres away."""
    tracks = follow(lambda number: ([DOUBLE], (WHOLE,)))[-1]
    (one,) = others(tracks)
    assert one.height_m is not None
    assert 1.2 < one.height_m < 2.4
    assert one.along_m > RUNNER.along_m + 5


@pytest.mark.parametrize("first", [0, 1, 2])
@pytest.mark.parametrize("sides", [(2.1, 2.3, 0.9, 3.0), (3.0, 2.6, 1.1, 3.9), (1, 0, 1, 3.5)])
def test_a_loose_box_between_two_finer_looks_begins_nobody(
    sides: tuple[float, float, float, float], first: int
) -> None:
    """Also where the loose box came first: what began on it is forgotten."""
    found = follow(in_turns([fine(RUNNER)], [loose(AT, *sides)], first=first))
    assert all(not others(tracks) for tracks in found[8:])
    (me,) = found[-1]
    assert me.seen_t_ns == me.t_ns or number_unseen(found) <= 2
    assert me.along_m == pytest.approx(RUNNER.along_m, abs=1.0)


def number_unseen(found: list[tuple[Track, ...]]) -> int:
    return sum(tracks[0].seen_t_ns < tracks[0].t_ns for tracks in found[-3:])


@pytest.mark.parametrize("along_m", [8.0, 12.0, 20.0])
@pytest.mark.parametrize("across_m", [0.0, 0.2, -0.4])
@pytest.mark.parametrize("height_m", [1.2, 1.75, 2.1])
def test_who_stands_between_camera_and_runner_is_followed(
    along_m: float, across_m: float, height_m: float
) -> None:
    """They overlap in the picture; the finer tile shows both, the whole view the nearer one."""
    stander = Stand(along_m, across_m, height_m=height_m)
    found = follow(in_turns([fine(RUNNER), fine(stander)], [coarse(stander)]))
    (one,) = others(found[-1])
    assert one.along_m == pytest.approx(along_m, abs=2.0)
    assert len({t.track_id for tracks in found[6:] for t in others(tracks)}) == 1


@pytest.mark.parametrize("along_m", [8.0, 12.0])
def test_who_steps_between_is_followed_from_the_next_finer_look(along_m: float) -> None:
    """They hide the runner from then on, and their coarse box might be the runner's loose one."""
    stander = Stand(along_m, 0.0)

    def look(number: int) -> Look:
        if number < 12:
            return in_turns([fine(RUNNER)], [DOUBLE])(number)
        return in_turns([fine(stander)], [coarse(stander)], first=2)(number)

    found = follow(look)
    assert not others(found[11])
    assert all(others(tracks) for tracks in found[12 + 4 :])


def test_without_a_finer_look_the_box_counts_again_in_time() -> None:
    """Nobody stays hidden for good behind what was seen once."""

    def look(number: int) -> Look:
        return in_turns([fine(RUNNER)], [DOUBLE])(number) if number < 8 else ([DOUBLE], (WHOLE,))

    found = follow(look)
    last = max(number for number in range(8) if number % 3 == 0)
    begins = last + round(FRESH_S * RATE_HZ) + 1
    assert not others(found[last + round(FRESH_S * RATE_HZ)])
    assert all(others(tracks) for tracks in found[begins + 3 :])


def test_a_finer_tile_that_showed_only_a_part_denies_nobody() -> None:
    """The loose box goes on below the tile: what stands there was never looked at."""
    short = Tile(NATIVE.x0, NATIVE.y0 - 80, NATIVE.x1, round(AT.y1) + 4, 320, 192)
    found = follow(in_turns([fine(RUNNER)], [LONG], tile=short))
    assert any(track.box == LONG.box for track in found[-2])
    found = follow(in_turns([fine(RUNNER)], [LONG]))
    assert not any(track.box == LONG.box for track in found[-2])


@pytest.mark.parametrize("aside_px", [-20.0, 16.0, 20.0])
def test_a_coarse_box_half_aside_of_the_runner_counts(aside_px: float) -> None:
    box = LONG.box
    aside = Box(box.x0 + aside_px, box.y0, box.x1 + aside_px, box.y1)
    found = follow(
        in_turns([fine(RUNNER)], [Detection(Kind.PERSON, 0.5, aside, pixel_px=COARSE_PX)])
    )
    assert any(track.box == aside for track in found[-2])


def test_a_runner_who_sets_off_is_not_held_back_by_loose_boxes() -> None:
    """At 4 m/s, seen finely in every third frame, the place lags no more than without them."""
    behind = []
    for is_double in (False, True):

        def look(number: int, is_double: bool = is_double) -> Look:
            me = Stand(2.0 + max(0.0, 4.0 * (number / RATE_HZ - 1.0)))
            if number % 3 == 0:
                return [fine(me)], (WHOLE, NATIVE)
            double = loose(me.detection().box, 2.1, 2.3, 0.9, 3.0)
            return ([double] if is_double else []), (WHOLE,)

        (me, *_) = follow(look)[24]
        behind.append(abs(me.along_m - 10.0))
    assert behind[1] <= behind[0] + 0.6


def test_what_a_finer_tile_denied_in_its_own_frame_does_not_draw_the_runner_aside() -> None:
    """A shadow beside the runner, a person to the whole view in every frame."""
    box = AT
    shadow = Box(box.x0 - 9, box.y0 + 10, box.x1 - 7, box.y1 + 5)
    ghost = Detection(Kind.PERSON, 0.5, shadow, pixel_px=COARSE_PX)
    found = follow(in_turns([fine(RUNNER), ghost], [ghost]))
    assert [len(tracks) for tracks in found] == [1] * len(found)
    assert all(tracks[0].along_m == pytest.approx(RUNNER.along_m, abs=0.3) for tracks in found)
    elsewhere = follow(in_turns([fine(RUNNER)], [ghost]))
    assert any(tracks[0].box == shadow for tracks in elsewhere)


def test_whom_a_finer_tile_finds_weakly_is_not_denied() -> None:
    """A dark figure: sure enough to the whole view, unsure in every finer look."""
    stander = Stand(12.0, 0.0)
    weak = replace(fine(stander), score=0.3, is_weak=True)
    found = follow(in_turns([weak, coarse(stander)], [coarse(stander)]))
    assert all(others(tracks) for tracks in found[4:])
