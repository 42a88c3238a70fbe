"""The lane check on rendered tracks: what lies there is found, light and runners are not."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np
import pytest

from rig.config import LaneCheckOptions
from rig.core.camera_pose import CameraPose
from rig.core.lane import Site, straight_lane
from rig.core.lane_strip import Hold, lay_strip
from rig.core.lens import lens_preset
from rig.devices.lanecheck import LaneCheck
from rig.errors import LaneError
from rig.records import Box, Detection, Kind, Picture, ViewShift
from rig.sim.render import (
    LIGHTS,
    SURFACES,
    Look,
    SensorNoise,
    draw_person,
    draw_thing,
    render_ground,
)
from tests.unit.drill_site import SITE
from tests.unit.test_registration import shifted

SIZE = (1280, 720)
OPTIONS = LaneCheckOptions()
SUN = LIGHTS["sunny"]
NOISE = SensorNoise(SIZE, 2.0, 1)
Shot = tuple[Picture, tuple[Box, ...]]


@lru_cache(maxsize=4)
def _empty(surface: str, light: str) -> Picture:
    return render_ground(SITE.pose, SIZE, SURFACES[surface], LIGHTS[light], 1, SITE.lane)


def empty(surface: str = "red", light: str = "sunny") -> Picture:
    """The lane with nobody on it, without noise; the caller's own copy."""
    return _empty(surface, light).copy()


def with_thing(
    name: str, away_m: float, across_m: float = 0.1, ground: Picture | None = None
) -> tuple[Picture, Box]:
    """A thing of about 30 cm on the lane, so far from the camera."""
    picture = empty() if ground is None else ground
    size = 0.4 if name == "bag" else 0.3
    x = SITE.pose.x_m - away_m
    box = draw_thing(picture, SITE.pose, name, x, across_m, size, SUN, 0.7)
    assert box is not None
    return picture, box


def checker() -> LaneCheck:
    """A check that was armed on the empty red lane in the sun."""
    return LaneCheck(SITE, OPTIONS, NOISE.add(empty(), 0))


def watch(
    check: LaneCheck, shots: Iterable[Shot], rate_hz: float, from_s: float = 0.0
) -> list[tuple[float, Detection]]:
    """(time, thing) for everything reported."""
    found = []
    for number, (picture, silhouettes) in enumerate(shots):
        t_s = from_s + number / rate_hz
        seen = NOISE.add(picture, round(t_s * 1000) + 1)
        things = check.look(seen, ViewShift(), silhouettes, round(t_s * 1e9))
        found += [(t_s, thing) for thing in things]
    return found


@pytest.mark.parametrize("name", ["box", "ball", "bag", "cone"])
@pytest.mark.parametrize("away_m", [6.0, 10.0, 15.0])
def test_a_small_thing_is_reported_in_time_where_it_lies(name: str, away_m: float) -> None:
    picture, box = with_thing(name, away_m)
    found = watch(checker(), [(picture, ())] * 19, 30.0)
    assert found, f"{name} at {away_m} m"
    first_s, thing = found[0]
    assert OPTIONS.hold_s <= first_s <= OPTIONS.hold_s + 0.2
    assert thing.kind is Kind.STRANGE
    assert 0.5 <= thing.score <= 1.0
    x, y = thing.box.centre_px
    assert box.x0 - 8 < x < box.x1 + 8
    assert box.y0 - 8 < y < box.y1 + 8
    # The foot is the range: a place too far from the camera would warn late.
    range_error_px = thing.box.y1 - box.y1
    assert -0.25 * box.height_px - 2 < range_error_px < 12


def test_a_thing_on_the_near_edge_of_the_strip_is_reported() -> None:
    check = checker()
    near_m = SITE.pose.x_m - SITE.lane.length_m
    picture, _ = with_thing("cone", near_m + 0.3)
    assert watch(check, [(picture, ())] * 19, 30.0)


def _breathing(number: int) -> Shot:
    gain = 1 + 0.3 * math.sin(number / 6.5)
    return np.asarray(cv2.convertScaleAbs(empty(), alpha=gain), np.uint8), ()


def _shaking(number: int) -> Shot:
    view = ViewShift(1.2 * math.sin(number * 2.1), 1.2 * math.cos(number * 1.3), 0.0005)
    return shifted(empty(), view), ()


def _clouded(number: int, soft_px: float) -> Shot:
    x, y = np.arange(SIZE[0], dtype=np.float32), np.arange(SIZE[1], dtype=np.float32)[:, None]
    edge = -200 + 80 * number
    dark = 0.45 / (1 + np.exp(np.clip((edge - x - 1.5 * y) / soft_px, -30, 30)))
    return np.asarray(empty() * (1 - dark)[:, :, None], np.uint8), ()


def _cast_upon(number: int) -> Shot:
    """Somebody walks beside the lane; the sun throws the shadow onto it."""
    picture = empty()
    sun = replace(SUN, sun_azimuth_rad=1.35, sun_height_rad=0.7)
    x = SITE.pose.x_m - 14 + 0.25 * number
    box = draw_person(picture, SITE.pose, x, 1.5, math.pi, 1.75, Look(), sun)
    return picture, (box,) if box else ()


@pytest.mark.parametrize(
    ("shot", "count"),
    [
        (_breathing, 40),
        (_shaking, 30),
        (lambda number: _clouded(number, 60.0), 30),
        (lambda number: _clouded(number, 3.0), 30),
        (_cast_upon, 30),
    ],
    ids=["exposure", "shake", "soft cloud", "sharp shade", "cast shadow"],
)
def test_light_shadow_and_shake_are_nothing(shot: Callable[[int], Shot], count: int) -> None:
    assert watch(checker(), (shot(number) for number in range(count)), 8.0) == []


def test_three_minutes_of_an_empty_lane_are_silent() -> None:
    picture = empty()
    assert watch(checker(), ((picture, ()) for _ in range(540)), 3.0) == []


def _run(number: int, has_ball: bool) -> Shot:
    """A runner at 3 m/s and 10 Hz who may drop a ball 11 m from the camera."""
    picture = empty()
    away_m = 18.0 - 0.3 * number
    if has_ball and away_m < 10.0:
        with_thing("ball", 11.0, 0.1, picture)
    box = None
    if away_m > 2.0:
        x = SITE.pose.x_m - away_m
        box = draw_person(picture, SITE.pose, x, 0.1, math.pi, 1.75, Look(), SUN)
    return picture, (box,) if box else ()


def test_a_masked_runner_is_nothing_while_passing_and_after() -> None:
    assert watch(checker(), (_run(number, False) for number in range(70)), 10.0) == []


def test_what_a_passing_runner_drops_is_found() -> None:
    found = watch(checker(), (_run(number, True) for number in range(70)), 10.0)
    assert found
    assert all(690 < thing.box.centre_px[0] < 760 for _, thing in found)


def test_a_thing_under_a_silhouette_begins_its_hold_anew() -> None:
    picture, box = with_thing("box", 8.0)
    check = checker()
    assert watch(check, [(picture, (box,))] * 20, 30.0) == []
    after = watch(check, [(picture, ())] * 20, 30.0, from_s=1.0)
    assert after
    assert after[0][0] >= 1.0 + OPTIONS.hold_s - 0.1


def test_a_thing_that_stays_is_not_learnt() -> None:
    picture, _ = with_thing("box", 8.0)
    check = LaneCheck(SITE, replace(OPTIONS, adapt_s=2.0), NOISE.add(empty(), 0))
    found = watch(check, [(picture, ())] * 60, 4.0)
    assert found[-1][0] == pytest.approx(59 / 4)


def test_a_known_view_shift_moves_the_strip_and_the_box_with_the_picture() -> None:
    view = ViewShift(25.0, -14.0, 0.02)
    picture, box = with_thing("cone", 8.0)
    check = checker()
    quiet = [check.look(shifted(empty(), view), view, (), t * 10**8) for t in range(10)]
    assert not any(quiet)
    found = [check.look(shifted(picture, view), view, (), t * 10**8) for t in range(10, 20)]
    things = found[-1]
    assert len(things) == 1
    assert things[0].box.centre_px[0] - box.centre_px[0] == pytest.approx(25, abs=10)


def test_without_a_view_nothing_is_judged() -> None:
    picture, _ = with_thing("box", 8.0)
    check = checker()
    assert not any(check.look(picture, None, (), t * 10**8) for t in range(20))


def test_hold_counts_seconds_not_looks() -> None:
    on, judged = np.ones((2, 2), np.bool_), np.ones((2, 2), np.bool_)
    for rate_hz in (5, 30, 100):
        hold = Hold((2, 2), 0.4)
        reached = [hold.follow(on, judged, 1 / rate_hz).all() for _ in range(rate_hz)]
        assert reached.index(np.True_) / rate_hz == pytest.approx(0.4, abs=0.5 / rate_hz)
    hold = Hold((2, 2), 0.4)
    assert not hold.follow(on, judged, 0.0).any()
    assert not hold.follow(on, judged, 5.0).any(), "two looks prove no duration"


def test_rows_are_at_least_a_pixel_and_within_range() -> None:
    strip = lay_strip(SITE, OPTIONS.cell_m, OPTIONS.range_m)
    steps = np.linalg.norm(np.diff(strip.corners_px[:, 9], axis=0), axis=1)
    assert steps.min() >= 0.99
    assert strip.row_m.min() >= OPTIONS.cell_m - 1e-6
    assert strip.row_m.sum() <= OPTIONS.range_m


def test_a_lane_out_of_view_and_a_picture_of_another_size_are_refused() -> None:
    away = CameraPose(lens_preset("pinhole-66", *SIZE), 45.0, 0.0, 2.3, 0.0, 0.1)
    with pytest.raises(LaneError, match="sees 0 cells"):
        lay_strip(Site(away, straight_lane(40.0)), 0.1, 20.0)
    with pytest.raises(LaneError, match="640x360"):
        checker().look(np.zeros((360, 640, 3), np.uint8), ViewShift(), (), 0)
