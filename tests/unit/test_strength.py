"""Strong boxes are what they would be without weak ones; weak ones begin nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rig.config import TrackerLimits
from rig.core.boxes import merge_candidates
from rig.core.decode import KIND_NUMBERS, KINDS, Candidates
from rig.core.strength import merge_by_strength, thresholds_of_kinds
from rig.core.tracker import WEAK_MOST_S, Tracker
from rig.records import Detection, Kind, Tile, Track
from tests.unit.drill_site import PLACER, WHOLE, Stand, place, times

TILE = Tile(0, 0, 640, 640, 320, 320)
SIZE = (640, 640)
LIMITS = np.full(len(KINDS), 0.4, np.float32)
PERSON = KIND_NUMBERS[Kind.PERSON]


def candidates(rows: list[tuple[float, float, float, float, float]]) -> Candidates:
    table = np.array(rows, np.float32).reshape(-1, 5)
    return Candidates(table[:, 1:], table[:, 0], np.full(len(rows), PERSON, np.intp))


def found(rows: list[tuple[float, float, float, float, float]]) -> tuple[Detection, ...]:
    return merge_by_strength([(TILE, candidates(rows))], LIMITS, 0.6, *SIZE)


def test_a_class_without_threshold_is_never_strong_and_the_lowest_of_two_counts() -> None:
    kinds = np.array([PERSON, PERSON, KIND_NUMBERS[Kind.ANIMAL]], np.intp)
    limits = thresholds_of_kinds(kinds, np.array([0.5, 0.3, 0.6]))
    assert limits[PERSON] == np.float32(0.3)
    assert limits[KIND_NUMBERS[Kind.ANIMAL]] == np.float32(0.6)
    assert np.isinf(limits[KIND_NUMBERS[Kind.VEHICLE]])


@pytest.mark.parametrize(("score", "is_weak"), [(0.39, True), (0.401, False), (0.9, False)])
def test_the_threshold_parts_weak_from_strong(score: float, is_weak: bool) -> None:
    (one,) = found([(score, 100, 100, 140, 200)])
    assert one.is_weak is is_weak


@pytest.mark.parametrize(
    "weak",
    [
        (0.3, 102, 100, 142, 205),  # the same again
        (0.3, 110, 120, 130, 160),  # a part of it
        (0.3, 80, 60, 200, 320),  # around it
        (0.3, 100, 180, 140, 290),  # would hide its feet
    ],
)
def test_strong_boxes_do_not_change_by_weak_ones(
    weak: tuple[float, float, float, float, float],
) -> None:
    rows = [(0.8, 100.0, 100.0, 140.0, 200.0), (0.7, 300.0, 100.0, 340.0, 210.0)]
    alone = merge_candidates([(TILE, candidates(rows))], 0.6, *SIZE)
    strong = tuple(one for one in found([*rows, weak]) if not one.is_weak)
    assert strong == alone


def test_a_weak_box_on_a_strong_one_is_dropped_and_one_beside_it_stays() -> None:
    strong = (0.8, 100.0, 100.0, 140.0, 200.0)
    assert len(found([strong, (0.3, 105, 100, 145, 200)])) == 1
    assert [one.is_weak for one in found([strong, (0.3, 200, 100, 240, 200)])] == [False, True]


def test_a_weak_box_of_finer_pixels_stays_beside_the_coarse_strong_one_that_it_confirms() -> None:
    finer = Tile(60, 60, 220, 260, 320, 400)
    strong, weak = (0.8, 100.0, 100.0, 140.0, 200.0), (0.3, 104.0, 104.0, 138.0, 198.0)
    seen = [(TILE, candidates([strong])), (finer, candidates([weak]))]
    both = merge_by_strength(seen, LIMITS, 0.6, *SIZE)
    assert [(one.is_weak, one.pixel_px) for one in both] == [(False, 2.0), (True, 0.5)]


def follow(weak_from_s: float, until_s: float, weak: Stand) -> list[tuple[Track, ...]]:
    """Somebody stands at 25 m, strong until `weak_from_s` (never if 0), then `weak` is seen."""
    tracker, steps = Tracker(TrackerLimits(), PLACER), []
    for t in times(until_s, 15.0):
        is_weak = t >= weak_from_s
        placed = place([weak if is_weak else Stand(25.0, 0.0)])
        placed = [replace(p, detection=replace(p.detection, is_weak=is_weak)) for p in placed]
        steps.append(tracker.update(placed, (WHOLE,), round(t * 1e9)))
    return steps


def test_weak_boxes_alone_begin_no_track() -> None:
    assert not any(follow(0.0, 2.0, Stand(25.0, 0.0)))


def test_a_weak_box_keeps_a_track_seen_and_only_for_a_while() -> None:
    steps = follow(1.0, 1.0 + WEAK_MOST_S + 2.0, Stand(25.0, 0.0))
    (mine,) = steps[round(15 * (0.9 + WEAK_MOST_S))]
    assert mine.is_confirmed
    assert mine.seen_t_ns == mine.t_ns
    assert not steps[-1]


def test_a_weak_box_aside_is_nobodys() -> None:
    steps = follow(1.0, 1.5, Stand(25.0, 1.2))
    (mine,) = steps[-1]
    assert (mine.t_ns - mine.seen_t_ns) / 1e9 > 0.4
