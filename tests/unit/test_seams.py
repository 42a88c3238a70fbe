"""Things that several tiles see, whole or cut, come out once.

The properties place things at random, also exactly on seams, and ask what a faultless detector
would answer through each tile: the visible part of each thing. Then every thing must come out
once, about where it is, whatever the order.
"""

from __future__ import annotations

import random
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rig.core.seams import drop_beaten, find_overlaps
from rig.records import Box, Detection, Kind, Tile
from tests.unit.tiled_boxes import HEIGHT, WHOLE, WIDTH, merged, native, person

LAYOUTS = {
    "whole view": (WHOLE,),
    "whole and one native": (WHOLE, native(480, 260)),
    "whole, half and native": (WHOLE, Tile(211, 260, 851, 644, 320, 192), native(421, 301)),
    "side by side": (native(320, 240, 320, 320), native(640, 240, 320, 320)),
    "overlapping by 64": (native(320, 240, 320, 320), native(576, 240, 320, 320)),
    "one above the other": (native(480, 100, 320, 320), native(480, 420, 320, 300)),
    "four around a corner": tuple(
        native(x, y, 320, 320) for x, y in product((320, 640), (40, 360))
    ),
    "four overlapping": tuple(native(x, y, 320, 320) for x, y in product((320, 600), (40, 320))),
    "half beside native": (Tile(0, 200, 640, 584, 320, 192), native(600, 300)),
}
"""Tilings whose union is a rectangle or holds one; things are placed inside it."""

ROOMS = {
    "whole view": (0, 0, WIDTH, HEIGHT),
    "whole and one native": (0, 0, WIDTH, HEIGHT),
    "whole, half and native": (0, 0, WIDTH, HEIGHT),
    "side by side": (320, 240, 960, 560),
    "overlapping by 64": (320, 240, 896, 560),
    "one above the other": (480, 100, 800, 720),
    "four around a corner": (320, 40, 960, 680),
    "four overlapping": (320, 40, 920, 640),
    "half beside native": (0, 300, 920, 492),
}


def see(tile: Tile, truth: Box, score: float) -> Detection | None:
    """What a faultless detector says through a tile: the visible part, if it is worth a word."""
    x0, y0 = max(truth.x0, tile.x0), max(truth.y0, tile.y0)
    x1, y1 = min(truth.x1, tile.x1), min(truth.y1, tile.y1)
    least = 1.5 / tile.scale
    if x1 - x0 < least or y1 - y0 < least:
        return None
    return Detection(Kind.PERSON, score, Box(x0, y0, x1, y1))


def place(rng: random.Random, layout: str) -> list[Box]:
    """Up to four things apart from each other, half of them on some tile's edge or corner."""
    x_low, y_low, x_high, y_high = ROOMS[layout]
    tiles = LAYOUTS[layout]
    boxes: list[Box] = []
    for _ in range(rng.randint(1, 4)):
        width, height = rng.uniform(8, 120), rng.uniform(16, 170)
        x, y = rng.uniform(x_low, x_high - width), rng.uniform(y_low, y_high - height)
        if rng.random() < 0.5:  # exactly on a seam: cut by it, or touching it from either side
            tile = rng.choice(tiles)
            x = rng.choice((tile.x0, tile.x1)) - width * rng.choice((0, 0.5, 1, rng.random()))
            if rng.random() < 0.5:
                y = rng.choice((tile.y0, tile.y1)) - height * rng.choice((0, 0.5, 1, rng.random()))
        x, y = min(max(x, x_low), x_high - width), min(max(y, y_low), y_high - height)
        box = Box(x, y, x + width, y + height)
        grown = Box(box.x0 - 16, box.y0 - 16, box.x1 + 16, box.y1 + 16)
        if all(grown.overlap(other) == 0 for other in boxes):
            boxes.append(box)
    return boxes


@pytest.mark.parametrize("layout", LAYOUTS)
@settings(max_examples=120, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_every_thing_comes_out_once_whatever_the_order(layout: str, seed: int) -> None:
    rng = random.Random(seed)
    truths = place(rng, layout)
    found = [
        (tile, tuple(d for truth in truths if (d := see(tile, truth, rng.uniform(0.4, 0.95)))))
        for tile in LAYOUTS[layout]
    ]
    result = merged(*found)
    assert len(result) == len(truths), (truths, found)
    for truth in truths:
        assert max(d.box.overlap(truth) for d in result) > 0.6, (truth, found)
    shuffled = [(tile, tuple(rng.sample(some, len(some)))) for tile, some in found]
    rng.shuffle(shuffled)
    assert merged(*shuffled) == result


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_detector_that_errs_by_a_pixel_does_not_double_things(seed: int) -> None:
    """Whole view and two finer tiles, each with its own pixel's error on every side."""
    rng = random.Random(seed)
    layout = "whole, half and native"
    truths = place(rng, layout)
    found = []
    for tile in LAYOUTS[layout]:
        slip = 0.7 / tile.scale
        seen = []
        for truth in truths:
            # A person under eight input pixels is not found; that is what the tiles are for.
            d = see(tile, truth, 0.6) if truth.height_px * tile.scale >= 8 else None
            if d is not None:
                x0, y0, x1, y1 = (
                    side + rng.uniform(-slip, slip)
                    for side in (d.box.x0, d.box.y0, d.box.x1, d.box.y1)
                )
                if x1 > x0 and y1 > y0:
                    seen.append(person(x0, y0, x1, y1))
        found.append((tile, tuple(seen)))
    result = merged(*found)
    for truth in truths:
        near = [d for d in result if d.box.overlap(truth) > 0.1]
        was_seen = truth.height_px * WHOLE.scale >= 8
        assert len(near) == 1 or (not was_seen and len(near) < 2), (truth, found, result)


def test_two_halves_on_a_seam_become_one_whole() -> None:
    left, right = LAYOUTS["side by side"]
    (one,) = merged(
        (left, (person(600, 300, 640, 450, 0.7),)), (right, (person(640, 304, 690, 448, 0.9),))
    )
    assert one.box == Box(600, 300, 690, 450)
    assert one.score == pytest.approx(0.9)
    assert not one.is_bottom_cut


def test_four_quarters_around_a_corner_become_one_whole() -> None:
    found = [
        (tile, (see(tile, Box(600, 300, 690, 450), 0.8),))
        for tile in LAYOUTS["four around a corner"]
    ]
    (one,) = merged(*found)  # type: ignore[arg-type]  # each quarter is large enough to be seen
    assert one.box == Box(600, 300, 690, 450)


def test_halves_of_two_people_at_different_heights_stay_two() -> None:
    left, right = LAYOUTS["side by side"]
    seen = merged((left, (person(600, 250, 640, 330),)), (right, (person(640, 400, 690, 540),)))
    assert len(seen) == 2


def test_the_box_that_is_not_cut_wins_over_a_surer_fragment() -> None:
    tile = native(480, 260)
    whole = person(400, 200, 520, 560, 0.5)
    (one,) = merged((WHOLE, (whole,)), (tile, (person(480, 260, 520, 452, 0.95),)))
    assert one.box == whole.box
    assert one.score == pytest.approx(0.95)


def test_the_finer_tile_has_the_better_foot() -> None:
    coarse, fine = person(600, 340, 616, 384, 0.9), person(603, 338, 617, 380, 0.5)
    (one,) = merged((WHOLE, (coarse,)), (native(480, 260), (fine,)))
    assert one.box == fine.box
    assert one.score == pytest.approx(0.9)


def test_a_far_person_of_few_coarse_pixels_is_matched_by_its_edges() -> None:
    """At 40 m a person is 11 x 4 pixels of the whole view; one pixel's error halves the overlap."""
    coarse, fine = person(600, 340, 616, 384), person(605, 345, 612, 380)
    assert coarse.box.overlap(fine.box) < 0.4
    (one,) = merged((WHOLE, (coarse,)), (native(480, 260), (fine,)))
    assert one.box == fine.box
    assert len(merged((WHOLE, (coarse,)), (native(480, 260), (person(613, 345, 620, 380),)))) == 2


RUNNER, DOUBLE = person(662, 300, 675, 333), person(654, 291, 679, 346, 0.5)
"""Seen in a drawn drill: a runner at the start box, and what the whole view made of them."""


def test_a_loose_coarse_outline_is_the_person_the_finer_tile_shows() -> None:
    (one,) = merged((WHOLE, (DOUBLE,)), (native(480, 260), (RUNNER,)))
    assert one.box == RUNNER.box
    assert not one.is_bottom_cut


def test_a_loose_outline_counts_where_the_finer_tile_does_not_show_all_of_it() -> None:
    assert len(merged((WHOLE, (DOUBLE,)), (native(480, 150), (RUNNER,)))) == 2


def test_who_stands_between_camera_and_runner_stays_in_both_tiles() -> None:
    """As large as the loose outline would be, but the finer tile shows them too."""
    nearer = person(656, 294, 680, 346)
    seen = merged((WHOLE, (DOUBLE,)), (native(480, 260), (RUNNER, nearer)))
    assert {d.box for d in seen} == {RUNNER.box, nearer.box}


def test_head_and_shoulders_in_a_tile_are_part_of_the_whole_person() -> None:
    whole, head = person(600, 200, 700, 520), person(635, 203, 672, 292)
    tile = native(480, 100)
    assert [d.box for d in merged((WHOLE, (whole,)), (tile, (head,)))] == [whole.box]
    uncut = person(635, 203, 672, 280)  # ends within the tile: a smaller person, not a part
    assert len(merged((WHOLE, (whole,)), (tile, (uncut,)))) == 2


def test_a_far_person_cut_by_a_tile_within_a_near_ones_outline_stays() -> None:
    near, far = person(560, 100, 760, 600), person(790, 300, 800, 340)
    grown = person(600, 100, 830, 600)
    tile = native(480, 260)
    assert len(merged((WHOLE, (near,)), (tile, (far,)))) == 2
    assert len(merged((WHOLE, (grown,)), (tile, (far,)))) == 2


@given(st.lists(st.tuples(*[st.integers(0, 30)] * 4), max_size=25))
def test_overlapping_pairs_are_those_with_common_area(rows: list[tuple[int, ...]]) -> None:
    boxes = np.array([(x, y, x + w + 1, y + h + 1) for x, y, w, h in rows], np.float32)
    boxes = boxes.reshape(-1, 4)
    records = [Box(*row) for row in boxes.tolist()]
    wanted = [
        (i, j)
        for i in range(len(records))
        for j in range(i + 1, len(records))
        if records[i].overlap(records[j]) > 0
    ]
    assert list(zip(*(side.tolist() for side in find_overlaps(boxes)), strict=True)) == wanted


def test_only_what_stays_drops_others() -> None:
    first, second = np.array([0, 1, 3]), np.array([1, 2, 4])
    assert drop_beaten(first, second, 5).tolist() == [True, False, True, True, False]
