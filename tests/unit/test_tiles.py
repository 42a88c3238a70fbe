"""Tiles cover the lane, take turns, and never cost more than the budget."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rig.core.camera_pose import CameraPose, lens_preset
from rig.core.lane import Lane, Site, arc_line, straight_lane
from rig.core.tiles import InputFacts, TilePlanner, TileTurns, is_urgent, whole_view
from rig.records import Box, Detection, Kind, Tile

FACTS = InputFacts(320, 320, 32, 8.0)


def mount_a(
    length_m: float = 40.0,
    beyond_m: float = 5.0,
    side_m: float = 1.0,
    height_m: float = 2.3,
    tilt_deg: float = 7.0,
    size: tuple[int, int] = (1280, 720),
    preset: str = "camera-module-3",
) -> Site:
    """Beyond the lane's end, looking at the runner's back."""
    pose = CameraPose(
        lens_preset(preset, *size),
        length_m + beyond_m,
        side_m,
        height_m,
        math.pi,
        math.radians(tilt_deg),
    )
    return Site(pose, straight_lane(length_m))


@pytest.mark.parametrize(
    ("picture", "wanted", "scale"),
    [
        ((1280, 720), (320, 192), 0.25),
        ((1920, 1080), (320, 192), 1 / 6),
        ((1088, 1920), (192, 320), 1 / 6),
        ((480, 270), (320, 192), 2 / 3),
        ((640, 640), (320, 320), 0.5),
        ((320, 192), (320, 192), 1.0),
        ((200, 100), (224, 128), 1.12),  # laid at scale 1, the rest padded: never enlarged
    ],
)
def test_the_whole_view_is_the_smallest_input_that_holds_it(
    picture: tuple[int, int], wanted: tuple[int, int], scale: float
) -> None:
    tile = whole_view(*picture, FACTS)
    assert (tile.x0, tile.y0, tile.x1, tile.y1) == (0, 0, *picture)
    assert (tile.input_width_px, tile.input_height_px) == wanted
    assert tile.scale == pytest.approx(scale)


def test_a_model_of_one_size_gets_only_that_size() -> None:
    planner = TilePlanner(mount_a(), InputFacts(320, 320, 320, 8.0), 2)
    assert {(t.input_width_px, t.input_height_px) for t in planner.tiles} == {(320, 320)}


sites = st.builds(
    mount_a,
    length_m=st.sampled_from([20.0, 30.0, 40.0, 60.0]),
    beyond_m=st.sampled_from([5.0, 7.0]),
    side_m=st.floats(-2, 2),
    height_m=st.floats(1.6, 2.5),
    tilt_deg=st.floats(4, 10),
    size=st.sampled_from([(1280, 720), (1920, 1080), (480, 270), (1088, 1920)]),
    preset=st.sampled_from(["camera-module-3", "camera-module-3-wide"]),
)


@settings(max_examples=40, deadline=None)
@given(site=sites, budget=st.integers(1, 4), least=st.sampled_from([8.0, 12.0]))
def test_every_person_who_can_be_seen_is_tall_enough_in_some_tile(
    site: Site, budget: int, least: float
) -> None:
    """Within the budget: a person on the lane or 1.5 m beside it, wherever native is enough."""
    facts = replace(FACTS, min_object_px=least)
    planner = TilePlanner(site, facts, budget)
    lens = site.pose.lens
    for tile in planner.tiles:
        assert 0 <= tile.x0 < tile.x1 <= lens.width_px
        assert 0 <= tile.y0 < tile.y1 <= lens.height_px
        assert tile.input_width_px <= facts.width_px
        assert tile.input_height_px <= facts.height_px
        assert tile.input_width_px % 32 == tile.input_height_px % 32 == 0
    if budget == 1:
        assert planner.tiles == (planner.whole,)
        return
    for along in np.arange(0.5, site.lane.length_m, 1.7):
        for across in (-2.0, -0.6, 0.0, 0.6, 2.0):
            heights = best_heights(site, planner, float(along), across)
            if heights is not None and heights[0] >= least * 1.05:
                assert heights[1] >= least * 0.97, (along, across, planner.tiles)


def best_heights(
    site: Site, planner: TilePlanner, along: float, across: float
) -> tuple[float, float] | None:
    """A person's height at native scale and in the best tile; None: not in the picture."""
    ground = site.lane.to_ground(np.array([[along, across]]))[0]
    foot, head = site.pose.to_pixels(np.array([[*ground, 0.0], [*ground, 1.7]]))
    size = np.array([site.pose.lens.width_px, site.pose.lens.height_px])
    if not (np.all(foot >= 8) and np.all(foot < size - 8)):
        return None
    high = math.dist(foot, head)
    top = max(head[1], 0.0)
    fits = [
        min(tile.scale, 1.0)
        for tile in planner.tiles
        if tile.holds(foot[0], foot[1]) and tile.holds(foot[0], top)
    ]
    return high, high * max(fits, default=0.0)


def test_a_thing_of_30_cm_is_covered_as_far_as_native_pixels_reach() -> None:
    """40 m of lane, 985 px of focal length: 8 px of 30 cm end at 37 m from the camera."""
    planner = TilePlanner(mount_a(40), FACTS, 2)
    coverage = planner.coverage()
    assert [c.along_m for c in coverage] == list(range(41))
    far = [c for c in coverage if c.along_m < 8]
    near = [c for c in coverage if c.along_m >= 9]
    assert all(c.thing_px < 8 for c in far[:7])
    assert all(c.thing_px >= 8 for c in near)
    assert all(c.person_px >= 8 for c in coverage)
    assert len(planner.far) == 2
    assert {min(t.scale, 1.0) for t in planner.far} == {0.5, 1.0}


@pytest.mark.parametrize("length_m", [20.0, 40.0])
@pytest.mark.parametrize("least", [8.0, 12.0, 20.0])
def test_with_room_in_the_budget_every_thing_that_native_pixels_show_is_shown(
    length_m: float, least: float
) -> None:
    site = mount_a(length_m)
    planner = TilePlanner(site, replace(FACTS, min_object_px=least), 4)
    for row in planner.coverage():
        range_m = math.hypot(site.pose.x_m - row.along_m, site.pose.y_m)
        if 8.0 < range_m < 0.95 * 985 * 0.3 / least:
            assert row.thing_px >= least, (row, planner.tiles)


def test_coverage_is_what_the_tiles_give() -> None:
    site = mount_a(30)
    alone, both = TilePlanner(site, FACTS, 1), TilePlanner(site, FACTS, 2)
    for one, two in zip(alone.coverage(), both.coverage(), strict=True):
        assert two.person_px >= one.person_px
        assert two.thing_px >= one.thing_px
    # At 20 m from the camera: 985 px / 20 m * 1.7 m, a quarter of it in the whole view.
    (ten,) = [c for c in alone.coverage() if c.along_m == 15]
    assert ten.person_px == pytest.approx(985 / 20 * 1.7 / 4, rel=0.02)
    assert ten.thing_px == pytest.approx(985 / 20 * 0.3 / 4, rel=0.02)


def test_a_lane_that_the_camera_does_not_see_is_not_covered() -> None:
    site = mount_a()
    away = replace(site, pose=replace(site.pose, pan_rad=0.0))
    planner = TilePlanner(away, FACTS, 3)
    assert planner.far == ()
    assert all(c.person_px == c.thing_px == 0 for c in planner.coverage())


def test_a_bend_is_covered_too() -> None:
    line = ((0.0, 0.0), *arc_line((20.0, 0.0), 0.0, 36.5, 0.6))
    lane = Lane(line)
    end = line[-1]
    pose = CameraPose(
        lens_preset("camera-module-3-wide", 1280, 720),
        end[0] + 5 * math.cos(0.6),
        end[1] + 5 * math.sin(0.6),
        2.3,
        math.pi + 0.3,
        math.radians(6),
    )
    planner = TilePlanner(Site(pose, lane), FACTS, 2)
    assert planner.far
    assert all(c.person_px >= 8 for c in planner.coverage() if c.along_m < lane.length_m - 1)


def far_turns(count: int, slots: int) -> TileTurns:
    """Turns of `count` far tiles side by side."""
    return TileTurns(
        tuple(Tile(i * 100, 0, i * 100 + 100, 100, 100, 100) for i in range(count)), slots
    )


def boxes_of(tiles: tuple[Tile, ...]) -> tuple[Box, ...]:
    return tuple(Box(t.x0 + 10, 10, t.x0 + 90, 90) for t in tiles)


@pytest.mark.parametrize("slots", [1, 2, 3])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5, 6])
def test_every_far_tile_comes_round_in_time_whatever_is_urgent(count: int, slots: int) -> None:
    for size in range(count + 1):
        for numbers in combinations(range(count), size):
            turns = far_turns(count, slots)
            urgent = tuple(turns.far[n] for n in numbers)
            seen = [turns.take(turn, boxes_of(urgent)) for turn in range(30)]
            check_turns(turns, seen, slots)
            if 0 < size < count and slots < count:
                often = [sum(t in tiles for tiles in seen) for t in turns.far]
                least_urgent = min(often[n] for n in numbers)
                most_other = max(often[n] for n in range(count) if n not in numbers)
                assert least_urgent >= most_other - 1


@settings(max_examples=60)
@given(count=st.integers(1, 6), slots=st.integers(1, 3), seed=st.integers(0, 2**32 - 1))
def test_every_far_tile_comes_round_while_urgency_changes(
    count: int, slots: int, seed: int
) -> None:
    rng = random.Random(seed)
    turns = far_turns(count, slots)
    seen = []
    for turn in range(60):
        urgent = tuple(rng.sample(turns.far, rng.randint(0, count)))
        seen.append(turns.take(turn, boxes_of(urgent)))
    check_turns(turns, seen, slots)


def check_turns(turns: TileTurns, seen: list[tuple[Tile, ...]], slots: int) -> None:
    """The budget kept, no tile twice, none waiting too long."""
    for tiles in seen:
        assert len(tiles) == len(set(tiles)) == min(slots, len(turns.far))
    for tile in turns.far:
        looks = [turn for turn, tiles in enumerate(seen) if tile in tiles]
        waits = np.diff([-1, *looks, len(seen)])
        assert waits.max() <= turns.turns_most


def test_the_urgent_tile_comes_every_other_frame() -> None:
    turns = far_turns(3, 1)
    urgent = turns.far[2]
    seen = [urgent in turns.take(turn, boxes_of((urgent,))) for turn in range(20)]
    assert sum(seen) >= 9


def test_each_frame_has_the_whole_view_and_the_longest_wait_is_known() -> None:
    planner = TilePlanner(mount_a(), FACTS, 2)
    seen = [planner.plan(turn) for turn in range(6)]
    assert all(tiles[0] == planner.whole and len(tiles) == 2 for tiles in seen)
    assert [tiles[1] for tiles in seen] == [*planner.far] * 3
    assert planner.rotation_s(10.0) == pytest.approx(0.4)
    assert TilePlanner(mount_a(), FACTS, 3).rotation_s(10.0) == pytest.approx(0.1)
    assert TilePlanner(mount_a(), FACTS, 1).plan(0) == (planner.whole,)


@pytest.mark.parametrize(
    ("box", "wanted"),
    [
        (Box(10, 10, 20, 20), True),
        (Box(90, 0, 130, 40), True),  # a quarter of the box lies inside
        (Box(90.1, 0, 130.1, 40), False),
        (Box(-500, -500, 500, 500), True),  # fills the tile
        (Box(100, 0, 120, 40), False),
    ],
)
def test_what_makes_a_tile_urgent(box: Box, wanted: bool) -> None:
    tile = Tile(0, 0, 100, 100, 100, 100)
    assert is_urgent(tile, (box,)) is wanted
    assert is_urgent(tile, (Box(900, 900, 910, 910), box)) is wanted
    assert not is_urgent(tile, ())


def test_smudges_are_left_to_the_tile_that_shows_them_taller() -> None:
    planner = TilePlanner(mount_a(), replace(FACTS, min_object_px=25.0), 2)
    tile = planner.far[0]
    x, y = (tile.x0 + tile.x1) / 2, (tile.y0 + tile.y1) / 2
    least = 0.8 * 25.0

    def seen(tall_input_px: float, pixel_px: float, at: tuple[float, float]) -> Detection:
        half = tall_input_px * pixel_px / 2
        box = Box(at[0] - 5, at[1] - half, at[0] + 5, at[1] + half)
        return Detection(Kind.PERSON, 0.5, box, pixel_px=pixel_px)

    outside = (5.0, 700.0)
    assert not any(far.holds(*outside) for far in planner.far)
    assert not planner.is_legible(seen(least - 0.1, 4.0, (x, y)))
    assert planner.is_legible(seen(least + 0.1, 4.0, (x, y)))
    assert planner.is_legible(seen(least - 0.1, 4.0, outside)), "nothing shows it better"
    assert planner.is_legible(seen(least - 0.1, 1.0, (x, y))), "there is no finer tile"
