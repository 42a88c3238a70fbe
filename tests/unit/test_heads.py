"""Others' heads: found in every pose, the runner's left alone, and few enough for a datagram."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.core.datagrams import HEADS_MOST, Slot, pack, unpack
from rig.core.heads import other_heads, rectangles
from rig.devices.clip_pictures import blur_heads, pack_picture, unpack_picture
from rig.records import (
    Alert,
    Box,
    Decision,
    Detection,
    Kind,
    Level,
    Phase,
    Picture,
    Runner,
    Seen,
    Track,
)

SIZE = (1280, 720)
RUNNER = Box(600, 100, 640, 220)
COACH = Box(200, 300, 270, 500)


def track(number: int, box: Box, kind: Kind = Kind.PERSON) -> Track:
    return Track(number, kind, 5, 0, 5, 10.0, 0.0, 0.0, 0.0, 0.1, 0.1, 0.1, 0.1, 0.5, 1.7,
                 0.9, box, True)  # fmt: skip


def heads(
    boxes: list[Box], tracks: tuple[Track, ...] = (), runner: Track | None = None
) -> list[tuple[int, int, int, int]]:
    seen = Seen(5, tuple(Detection(Kind.PERSON, 0.9, box) for box in boxes))
    phase = Phase.WAITING if runner is None else Phase.RUNNING
    decision = Decision(5, 6, Alert(Level.SILENT, None, 0), Runner(phase, runner), tracks, ())
    return rectangles(other_heads(seen, decision, SIZE))


def holds(head: tuple[int, int, int, int], x: float, y: float) -> bool:
    return head[0] <= x <= head[2] and head[1] <= y <= head[3]


def test_the_coachs_head_and_not_the_runners() -> None:
    runner = track(1, RUNNER)
    (head,) = heads([RUNNER, COACH], (runner, track(2, COACH)), runner)
    assert holds(head, 235, 300)
    assert holds(head, 235, 300 + 0.15 * 200)
    assert head[3] < 300 + 0.3 * 200, "the body stays"


def test_while_nobody_is_locked_everybody_is_somebody_else() -> None:
    assert len(heads([RUNNER, COACH])) == 2


def test_the_runner_is_the_box_that_overlaps_most_and_no_other() -> None:
    beside = Box(610, 100, 655, 220)
    runner = track(1, RUNNER)
    (head,) = heads([Box(601, 101, 641, 219), beside], (runner,), runner)
    assert holds(head, 632, 105)
    far = track(1, Box(0, 0, 20, 60))
    assert len(heads([RUNNER, COACH], (far,), far)) == 2


def test_who_was_seen_a_moment_ago_counts_and_a_cone_does_not() -> None:
    cone = track(3, Box(500, 500, 520, 540), Kind.OBJECT)
    (head,) = heads([], (track(2, COACH), cone))
    assert holds(head, 235, 320)


def test_who_lies_is_blurred_from_end_to_end() -> None:
    (head,) = heads([Box(300, 600, 460, 660)])
    assert holds(head, 305, 640)
    assert holds(head, 455, 655)


@given(st.lists(st.tuples(*[st.floats(-200, 1500)] * 2, *[st.floats(1, 900)] * 2), max_size=90))
def test_any_crowd_fits_the_picture_and_the_datagram(
    places: list[tuple[float, float, float, float]],
) -> None:
    found = heads([Box(x, y, x + width, y + height) for x, y, width, height in places])
    assert len(found) <= HEADS_MOST
    flat = tuple(side for head in found for side in head)
    assert unpack(pack(Slot(1, 2, 3, *SIZE, flat))) == Slot(1, 2, 3, *SIZE, flat)
    for x0, y0, x1, y1 in found:
        assert 0 <= x0 < x1 <= SIZE[0]
        assert 0 <= y0 < y1 <= SIZE[1]
    for x, y, width, height in places:
        top, middle = max(0.0, y), x + width / 2
        if 0 <= middle < SIZE[0] and y >= 0 and top < SIZE[1] - 1 and width < height:
            assert any(holds(head, middle, top + 0.1 * height) or holds(head, middle, SIZE[1] - 1)
                       for head in found)  # fmt: skip


# ------------------------------------------------------------------------------- pictures


def noise(seed: int) -> Picture:
    rng = np.random.default_rng(seed)
    return np.asarray(rng.integers(0, 256, (90, 160, 3)), np.uint8)


@pytest.mark.parametrize("head", [(20, 10, 80, 70), (0, 0, 160, 90), (158, 88, 160, 90)])
def test_what_is_blurred_holds_no_detail_and_the_rest_is_untouched(
    head: tuple[int, int, int, int],
) -> None:
    picture, before = noise(1), noise(1)
    blur_heads(picture, [head])
    x0, y0, x1, y1 = head
    outside = np.ones((90, 160), bool)
    outside[y0:y1, x0:x1] = False
    assert (picture[outside] == before[outside]).all()
    middle = picture[y0 + (y1 - y0) // 4 : y1 - (y1 - y0) // 4, x0:x1]
    steps = np.abs(np.diff(middle[:, 2:-2].astype(int), axis=1))
    assert not steps.size or steps.max() <= 20, "noise has steps of 85"


def test_a_head_out_of_the_picture_is_no_error() -> None:
    picture = noise(2)
    blur_heads(picture, [(200, 100, 240, 140), (150, 80, 400, 300)])
    assert (picture[:80, :150] == noise(2)[:80, :150]).all()


def test_a_packed_picture_comes_back() -> None:
    drawn = np.full((90, 160, 3), (30, 160, 220), np.uint8)
    back = unpack_picture(pack_picture(drawn, 85))
    assert np.abs(back.astype(int) - drawn).max() <= 3
