"""One box per thing within a tile; whose edges are its own; whose feet are hidden."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rig.core.boxes import find_hidden_feet, merge
from rig.records import Box, Detection, Kind
from tests.unit.tiled_boxes import HEIGHT, WHOLE, WIDTH, merged, native, person


def test_what_a_tile_leaves_cut_at_the_bottom_says_so() -> None:
    (top,) = merged((native(480, 260), (person(600, 300, 650, 452),)))
    assert (top.is_bottom_cut, top.is_top_cut) == (True, False)
    (foot,) = merged((native(480, 260), (person(600, 260, 650, 400),)))
    assert (foot.is_bottom_cut, foot.is_top_cut) == (False, True)


@pytest.mark.parametrize(
    ("y1", "is_cut"), [(717.9, False), (718.0, True), (720.0, True), (740.0, True)]
)
def test_the_pictures_lower_edge_cuts(y1: float, is_cut: bool) -> None:
    (one,) = merged((WHOLE, (person(600, 400, 700, y1),)))
    assert one.is_bottom_cut is is_cut
    assert one.box.y1 <= HEIGHT


@pytest.mark.parametrize(("y0", "is_cut"), [(2.1, False), (2.0, True), (-5.0, True)])
def test_the_pictures_upper_edge_cuts(y0: float, is_cut: bool) -> None:
    (one,) = merged((WHOLE, (person(600, y0, 700, 300),)))
    assert one.is_top_cut is is_cut


def test_feet_are_hidden_only_by_something_nearer() -> None:
    boxes = np.array(
        [
            [100, 100, 150, 200],  # its foot's middle (125, 200) lies in the next
            [90, 150, 160, 300],
            [300, 100, 350, 200],  # the next covers only its left foot
            [290, 150, 324, 300],
            [500, 100, 550, 200],  # the next stands 2 px lower: not nearer
            [490, 100, 560, 202],
        ],
        np.float32,
    )
    assert find_hidden_feet(boxes).tolist() == [True, False, False, False, False, False]


def in_one_tile(*detections: Detection) -> list[tuple[Kind, float]]:
    return [(d.kind, round(d.score, 3)) for d in merged((WHOLE, detections))]


def thing(kind: Kind, score: float, *box: float) -> Detection:
    return Detection(kind, score, Box(*box))


def test_doubles_of_one_kind_leave_the_best() -> None:
    boxes = [(100, 100, 200, 300), (104, 96, 204, 300), (92, 110, 196, 310)]
    scores = (0.7, 0.9, 0.8)
    seen = [thing(Kind.ANIMAL, s, *b) for s, b in zip(scores, boxes, strict=True)]
    assert in_one_tile(*seen) == [(Kind.ANIMAL, 0.9)]


def test_a_suppressed_box_suppresses_nothing() -> None:
    """Three people in a row: the middle one goes, the last is far enough from the first."""
    row = [person(100 + 30 * i, 100, 200 + 30 * i, 300, 0.9 - 0.1 * i) for i in range(3)]
    assert in_one_tile(*row) == [(Kind.PERSON, 0.9), (Kind.PERSON, 0.7)]


def test_a_tight_and_a_loose_outline_are_one_thing() -> None:
    tight, loose = person(158, 244, 201, 368, 0.7), person(146, 225, 210, 377, 0.4)
    assert tight.box.overlap(loose.box) < 0.6
    assert len(merge([(WHOLE, (tight, loose))], 0.6, WIDTH, HEIGHT)) == 1
    coarse, fine = (WHOLE, (loose,)), (native(100, 220, 320, 192), (tight,))
    assert [d.box for d in merge([coarse, fine], 0.6, WIDTH, HEIGHT)] == [tight.box]


@pytest.mark.parametrize("near_m", [6.0, 10.0, 15.0, 20.0])
def test_two_people_in_line_stay_two(near_m: float) -> None:
    """One stands in the lane, the runner comes 30 % farther off straight toward them."""
    focal_px, camera_m, tall_m = 985, 2.3, 1.75

    def box_at(range_m: float) -> tuple[float, ...]:
        half = 0.25 * focal_px / range_m
        top, foot = ((camera_m - z) * focal_px / range_m + 250 for z in (tall_m, 0.0))
        return 640 - half, top, 640 + half, foot

    pair = (person(*box_at(near_m), 0.6), person(*box_at(near_m * 1.3), 0.7))
    seen = merge([(WHOLE, pair)], 0.6, WIDTH, HEIGHT)
    assert len(seen) == 2
    assert [d.is_bottom_cut for d in seen] == [True, False]  # the farther one's feet are hidden


def test_a_rider_is_a_person_and_a_cycle() -> None:
    rider, below = (110, 100, 190, 280), (100, 180, 200, 300)
    seen = in_one_tile(thing(Kind.CYCLE, 0.9, *below), thing(Kind.PERSON, 0.6, *rider))
    assert seen == [(Kind.CYCLE, 0.9), (Kind.PERSON, 0.6)]


def test_a_rider_outlined_twice_with_the_cycle_is_one_thing() -> None:
    """Seen in the car park: both names lived on side by side and swapped boxes."""
    box = (100, 100, 200, 300)
    seen = in_one_tile(thing(Kind.CYCLE, 0.9, *box), thing(Kind.PERSON, 0.6, *box))
    assert seen == [(Kind.PERSON, 0.6)]


def test_one_thing_under_two_names_is_a_person_else_the_likelier() -> None:
    box = (100, 100, 200, 300)
    animal, runner = thing(Kind.ANIMAL, 0.9, *box), thing(Kind.PERSON, 0.6, *box)
    assert in_one_tile(animal, runner) == [(Kind.PERSON, 0.6)]
    vehicle = thing(Kind.VEHICLE, 0.5, *box)
    assert in_one_tile(vehicle, animal) == [(Kind.ANIMAL, 0.9)]
    ball = thing(Kind.OBJECT, 0.5, 120, 260, 160, 300)  # at the runner's feet: another thing
    assert in_one_tile(ball, runner) == [(Kind.PERSON, 0.6), (Kind.OBJECT, 0.5)]


def test_a_box_outside_its_tile_is_not_in_the_picture() -> None:
    """The model may see something in the padding below the picture; it is none."""
    assert merged((WHOLE, (person(100, 730, 140, 760),))) == ()
    assert merged() == ()
    assert merged((WHOLE, ())) == ()


@pytest.mark.parametrize("score", [0.3, 0.55, 0.7])
def test_a_box_around_two_people_goes_when_both_are_found(score: float) -> None:
    """Seen in the demo at 30 m: it took over the runner's name and hid their foot."""
    one, two = person(641, 230, 657, 273), person(622, 230, 636, 286)
    around = replace(person(623, 229, 656, 284), score=score)
    tile = native(480, 200)
    assert {d.box for d in merged((tile, (one, two, around)))} == {one.box, two.box}
    assert len(merged((tile, (one, around)))) == 2, "one person in it explains only half of it"


def test_a_near_person_before_two_far_ones_stays() -> None:
    near = person(600, 200, 700, 500)
    far = person(610, 210, 640, 300), person(655, 212, 690, 305)
    found = {d.box for d in merged((WHOLE, (near, *far)))}
    assert near.box in found


@pytest.mark.parametrize(("lower_px", "is_hidden"), [(5.1, False), (5.3, True)])
def test_a_foot_is_hidden_only_by_what_stands_clearly_lower(
    lower_px: float, is_hidden: bool
) -> None:
    far, near = person(640, 228, 656, 280), person(636, 240, 664, 280 + lower_px)
    found = {d.box: d.is_bottom_cut for d in merged((WHOLE, (far, near)))}
    assert found[far.box] is is_hidden
