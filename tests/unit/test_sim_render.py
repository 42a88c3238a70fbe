"""Pictures: boxes that fit what is drawn, sameness by seed, frames made lazily."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from rig.core.camera_pose import CameraPose, Lens, lens_preset
from rig.core.lane import Lane, Site, straight_lane
from rig.records import Box, Level, Picture
from rig.sim.drills import DRILLS, mount_a
from rig.sim.figures import random_look
from rig.sim.motion import stand
from rig.sim.render import (
    LIGHTS,
    SURFACES,
    THINGS,
    Renderer,
    SensorNoise,
    draw_person,
    draw_thing,
    random_light,
    random_surface,
    render_ground,
)
from rig.sim.scenes import Actor, Scene
from rig.sim.sim_runner import Habits, SimRunner
from rig.sim.source import SceneSource

FLAT = LIGHTS["flat"]
WIDTH, HEIGHT = 640, 360
GREEN = (30, 255, 30)


def _pose(name: str = "pinhole-66") -> CameraPose:
    return CameraPose(lens_preset(name, WIDTH, HEIGHT), 0.0, 0.0, 2.0, 0.0, 0.12, 0.01)


def _blank() -> Picture:
    return np.full((HEIGHT, WIDTH, 3), GREEN, np.uint8)


def _drawn(picture: Picture, empty: Picture) -> Box:
    """The upright rectangle of every pixel that changed visibly."""
    change = np.abs(picture.astype(int) - empty.astype(int)).max(axis=2) > 12
    rows, columns = np.flatnonzero(change.any(axis=1)), np.flatnonzero(change.any(axis=0))
    return Box(float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))


def _assert_fits(box: Box | None, drawn: Box) -> None:
    """Nothing is drawn outside the box (but a pixel's rounding), and all four sides are touched."""
    assert box is not None
    edges = zip(
        (drawn.x0, drawn.y0, -drawn.x1, -drawn.y1), (box.x0, box.y0, -box.x1, -box.y1), strict=True
    )
    for seen, said in edges:
        assert -1.0 <= seen - said <= 2.0


@pytest.mark.parametrize("lens", ["pinhole-66", "camera-module-3-wide"])
@pytest.mark.parametrize("far_m", [4.0, 9.0, 25.0, 45.0])
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_person_box_fits_the_drawn_pixels(lens: str, far_m: float, seed: int) -> None:
    picture = _blank()
    look = replace(random_look(seed), shirt=(200, 30, 200), shoes=(20, 20, 200))
    box = draw_person(picture, _pose(lens), far_m, 0.1 * far_m, 1.3 * seed, 1.75, look, FLAT)
    _assert_fits(box, _drawn(picture, _blank()))


@pytest.mark.parametrize("far_m", [6.0, 15.0])
@pytest.mark.parametrize("name", sorted(THINGS))
def test_thing_box_fits_the_drawn_pixels(name: str, far_m: float) -> None:
    picture = _blank()
    colour = (200.0, 30.0, 200.0)
    box = draw_thing(picture, _pose(), name, far_m, -0.8, None, FLAT, 0.7, colour, 0.2)
    _assert_fits(box, _drawn(picture, _blank()))


def test_what_is_out_of_view_has_no_box_and_changes_nothing() -> None:
    for x, y in ((-5.0, 0.0), (5.0, 20.0), (0.1, 0.0)):
        picture = _blank()
        assert draw_person(picture, _pose(), x, y, 0.0, 1.7, random_look(1), FLAT) is None
        assert (picture == _blank()).all()


def test_box_is_clipped_at_the_picture_edge() -> None:
    picture = _blank()
    box = draw_person(picture, _pose(), 2.0, 0.0, 0.0, 1.75, random_look(2, "stand"), FLAT)
    assert box is not None
    assert box.y1 == HEIGHT
    assert _drawn(picture, _blank()).y1 == HEIGHT


def test_shadow_falls_away_from_the_sun_and_darkens() -> None:
    light = replace(LIGHTS["sunny"], sun_azimuth_rad=math.pi / 2, noise_sd=0.0)
    picture = np.full((HEIGHT, WIDTH, 3), 160, np.uint8)
    box = draw_person(picture, _pose(), 10.0, 0.0, 0.0, 1.75, random_look(2, "stand"), light)
    assert box is not None
    row = picture[int(box.y1) - 3]
    right, left = row[int(box.x1) + 3 : int(box.x1) + 14], row[int(box.x0) - 14 : int(box.x0) - 3]
    assert right.mean() < 125
    assert left.mean() > 150


def test_scene_truth_boxes_fit_the_rendered_picture() -> None:
    site = mount_a(width_px=WIDTH, height_px=HEIGHT)
    actors = (
        Actor("person", stand(22.0, 1.8), look=random_look(7)),
        Actor("cone", stand(33.0, -0.9), "cone"),
        Actor("far", stand(6.0, -1.6), look=random_look(9)),
    )
    for actor in actors:
        scene = Scene("one", site, (actor,), light=FLAT)
        renderer = Renderer(scene)
        (truth,) = scene.truth(0)
        drawn = _drawn(renderer.picture(0), renderer.empty())
        assert truth.box is not None
        assert drawn.overlap(truth.box) > 0.7
        assert drawn.x0 >= truth.box.x0 - 1
        assert drawn.y1 <= truth.box.y1 + 1


def test_lane_lines_are_painted_where_the_lane_is() -> None:
    site = mount_a()
    picture = render_ground(site.pose, (1280, 720), SURFACES["red"], FLAT, 1, site.lane)
    places = site.lane.to_ground(np.array([[34.0, 0.61], [34.0, -0.61], [34.0, 0.0], [30.0, 1.83]]))
    pixels = site.pose.to_pixels(np.column_stack([places, np.zeros(4)])).astype(int)
    levels = [int(picture[y, x].min()) for x, y in pixels]
    assert levels[0] > 150
    assert levels[1] > 150
    assert levels[3] > 150
    assert levels[2] < 110


def test_bent_lane_is_drawn_along_its_bend() -> None:
    lane = Lane(((0.0, 0.0), (15.0, 0.0), (28.0, 4.0)))
    pose = CameraPose(lens_preset("pinhole-66", WIDTH, HEIGHT), -5.0, 1.0, 3.0, 0.1, 0.2)
    picture = render_ground(pose, (WIDTH, HEIGHT), SURFACES["blue"], FLAT, 1, lane)
    places = lane.to_ground(np.array([[4.0, 0.61], [19.0, 0.61], [19.0, 0.0]]))
    pixels = pose.to_pixels(np.column_stack([places, np.zeros(3)])).astype(int)
    on_one, on_two, between = (int(picture[y, x, 2]) for x, y in pixels)
    assert min(on_one, on_two) > between + 40


@pytest.mark.parametrize("seed", range(4))
def test_any_camera_gives_a_full_picture(seed: int) -> None:
    dice = np.random.default_rng(seed)
    lens = lens_preset("camera-module-3-wide", 320, 180)
    tilt, roll = dice.uniform(-0.3, 0.9), dice.normal(0, 0.1)
    pose = CameraPose(lens, 3.0, -2.0, 1.5, dice.uniform(-3, 3), tilt, roll)
    picture = render_ground(pose, (320, 180), random_surface(seed), random_light(seed), seed)
    assert picture.shape == (180, 320, 3)
    assert picture.dtype == np.uint8
    assert (picture.max(axis=2) == 0).mean() < 0.02
    assert picture.std() > 3


def test_same_seed_same_picture_other_seed_another() -> None:
    def picture(seed: int, light: str = "dusk") -> Picture:
        site = _small_site()
        actors = (Actor("a", stand(9.0, 0.5)),)
        scene = Scene("same", site, actors, SimRunner(Habits()), light=LIGHTS[light], seed=seed)
        return Renderer(scene).picture(4_000_000_000)

    assert (picture(1) == picture(1)).all()
    assert (picture(1) != picture(2)).any()


def _small_site() -> Site:
    lens = Lens("small", 160, 90, 120.0, 80.0, 45.0)
    return Site(CameraPose(lens, 25.5, 1.0, 2.2, math.pi, 0.15), straight_lane(20.0))


def test_noise_has_its_sd_and_changes_from_frame_to_frame() -> None:
    grey = np.full((90, 160, 3), 128, np.uint8)
    noise = SensorNoise((160, 90), 4.0, seed=3)
    one, two = noise.add(grey, 1), noise.add(grey, 33_333_333)
    assert abs(float(one.astype(float).std()) - 4.0) < 0.3
    assert abs(float(one.mean()) - 128) < 0.2
    assert (one != two).mean() > 0.5
    assert (one == noise.add(grey, 1)).all()


def test_source_gives_times_and_closes_the_loop() -> None:
    scene = Scene("loop", _small_site(), (), SimRunner(Habits(start_m=1.0, go_s=0.0)), start_ns=50)
    source = SceneSource(scene, rate_hz=30.0, duration_s=4.0)
    assert scene.runner is not None
    times, stopped = [], None
    for frame in source:
        times.append(frame.t_ns)
        if frame.sequence == 60:
            scene.runner.hears(Level.STOP, frame.t_ns)
            stopped = scene.runner.event_s("stop 1", 50 + 10**11)
    assert len(times) == 120
    assert times[0] == 50
    assert times[-1] == 50 + round(119 * 1e9 / 30)
    assert stopped is not None
    assert stopped < 6.0


def test_closed_source_ends() -> None:
    source = SceneSource(Scene("end", _small_site()), rate_hz=10.0, duration_s=60.0)
    seen = 0
    for _ in source:
        seen += 1
        if seen == 3:
            source.close()
    assert seen == 3


def test_source_refuses_a_rate_of_zero() -> None:
    with pytest.raises(ValueError, match="rate_hz is 0"):
        SceneSource(DRILLS["cone"](), rate_hz=0.0)


def test_lane_numbers_are_painted_only_where_asked() -> None:
    site = mount_a()
    plain, numbered = (
        render_ground(site.pose, (1280, 720), surface, FLAT, 1, site.lane)
        for surface in (SURFACES["red"], replace(SURFACES["red"], has_numbers=True))
    )
    change = np.abs(plain.astype(int) - numbered.astype(int)).max(axis=2) > 40
    corners = site.lane.to_ground(np.array([[38.4, -0.3], [39.5, 0.3]]))
    (x0, y0), (x1, y1) = site.pose.to_pixels(np.column_stack([corners, np.zeros(2)]))
    low_x, high_x = sorted((int(x0), int(x1)))
    low_y, high_y = sorted((int(y0), int(y1)))
    assert change[low_y : high_y + 1, low_x : high_x + 1].mean() > 0.1
    assert not change[: low_y // 2].any()


def test_a_round_thing_is_brighter_on_the_side_of_the_sun() -> None:
    leans = []
    for azimuth in (math.pi / 2, -math.pi / 2):
        light = replace(LIGHTS["sunny"], sun_azimuth_rad=azimuth, contact=0.0, haze=0.0)
        picture = _blank()
        box = draw_thing(picture, _pose(), "ball", 4.0, 0.0, 0.3, light, 0.0, (120.0, 120.0, 120.0))
        assert box is not None
        x, y = int((box.x0 + box.x1) / 2), int((box.y0 + box.y1) / 2)
        reach = int(box.width_px * 0.35)
        row = picture[y].astype(int).sum(axis=1)
        leans.append(row[x - reach : x].mean() - row[x : x + reach].mean())
    assert leans[0] > 15 > -15 > leans[1]
