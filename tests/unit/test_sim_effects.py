"""What weather and camera add to pictures: each effect alone, exact boxes, same by seed."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.core.lane import Site
from rig.records import Box, Picture
from rig.sim.cloud_shadows import Clouds, ShadedView
from rig.sim.drills import mount_a
from rig.sim.effects import PLAIN, USUAL, Effects, draw_effects
from rig.sim.exposure import AutoExposure, Metering, tone_table
from rig.sim.figures import random_look
from rig.sim.light import LIGHTS
from rig.sim.motion import Path, go, stand
from rig.sim.render import Renderer, draw_person
from rig.sim.scenes import Actor, Scene
from rig.sim.sensor import Vignette, compress
from rig.sim.shutter import Shutter, expose, move_rows
from rig.sim.strokes import extent, flatten
from rig.sim.things import build_thing

FLAT = LIGHTS["flat"]
WIDTH, HEIGHT = 640, 360
S = 1_000_000_000
SLOW = Shutter(1 / 40, 0.030)


def site() -> Site:
    return mount_a(width_px=WIDTH, height_px=HEIGHT)


def crossing(effects: Effects, speed_mps: float = 5.0, name: str = "person") -> Scene:
    """Somebody crosses 8 m from the camera and is in its middle after a second."""
    way = go((37.0, 1.0 - speed_mps), (37.0, 1.0 + speed_mps), speed_mps)
    actor = Actor("mover", way, name, look=random_look(7, "run"))
    return Scene("one", site(), (actor,), light=FLAT, effects=effects)


def drawn(scene: Scene, t_ns: int) -> Box:
    """The rectangle of all that differs from the empty scene at all."""
    renderer = Renderer(scene)
    change = renderer.picture(t_ns).astype(int) - renderer.empty().astype(int)
    rows, columns = np.nonzero(np.abs(change).max(axis=2) > 4)
    return Box(float(columns.min()), float(rows.min()), columns.max() + 1.0, rows.max() + 1.0)


def assert_fits(box: Box | None, seen: Box) -> None:
    assert box is not None
    sides = zip(seen.sides_px, box.sides_px, (1, 1, -1, -1), strict=True)
    for found, said, inward in sides:
        assert -1.0 <= inward * (found - said) <= 2.5


# ------------------------------------------------------------------ shutter


@pytest.mark.parametrize("name", ["person", "dog", "ball", "cyclist"])
@pytest.mark.parametrize("shutter", [Shutter(), Shutter(0.0, 0.03), Shutter(1 / 50, 0.0), SLOW])
def test_boxes_of_what_moves_are_those_of_what_is_drawn(name: str, shutter: Shutter) -> None:
    scene = crossing(Effects(shutter), name=name)
    (truth,) = scene.truth(S)
    assert_fits(truth.box, drawn(scene, S))


def test_blur_is_as_long_as_the_way_while_the_shutter_is_open() -> None:
    widths = []
    for exposure_s in (0.0, 0.05):
        scene = crossing(Effects(Shutter(exposure_s)), 6.0, "ball")
        (truth,) = scene.truth(S)
        assert truth.box is not None
        widths.append(truth.box.width_px)
    far_m = math.hypot(site().pose.x_m - 37.0, 2.0)
    way_px = 6.0 * 0.05 * site().pose.lens.focal_px / far_m
    assert widths[1] - widths[0] == pytest.approx(way_px * 6 / 7, rel=0.1)  # seven moments


def test_lower_rows_are_read_later() -> None:
    scene = crossing(Effects(Shutter(0.0, 0.03)), 6.0, "ball")
    (figure,) = scene.figures(S)
    (flat,) = flatten(figure.parts, scene.site.pose)
    assert flat.rates_px is not None
    for row, share in ((0.0, -0.5), (HEIGHT / 2, 0.0), (HEIGHT, 0.5)):
        there = replace(flat, centres_px=np.array([[100.0, row]]))
        ((moved,),) = expose([there], Shutter(0.0, 0.03), HEIGHT)
        expected = [100.0, row] + flat.rates_px[0] * share * 0.03
        assert moved.centres_px[0] == pytest.approx(expected)


def test_what_stands_still_looks_the_same_through_any_shutter() -> None:
    actor = Actor("cone", stand(30.0, 0.5), "cone")
    scene = Scene("still", site(), (actor,), light=FLAT)
    slow = replace(scene, effects=Effects(SLOW))
    assert (Renderer(scene).picture(S) == Renderer(slow).picture(S)).all()


def test_a_change_of_gait_is_no_motion() -> None:
    scene = crossing(Effects(SLOW))
    (figure,) = scene.figures(S)
    away = [replace(p, centres=p.centres + 1.0) for p in figure.parts]
    still = replace(figure, parts=away).moved_from(figure, 0.01)
    assert all(part.moves_mps is None or part is away[n] for n, part in enumerate(still.parts))


def test_rows_move_with_the_mast() -> None:
    picture = np.zeros((40, 60, 3), np.uint8)
    picture[:, 20] = 255
    moved = move_rows(picture, (4.0, 0.0), (8.0, 0.0))[..., 0].argmax(axis=1)
    assert (moved[0], moved[20], moved[39]) == (24, 26, 28)
    assert move_rows(picture, (0.0, 0.0), (0.0, 0.0)) is picture


# ------------------------------------------------------------------ clouds and exposure


@given(st.floats(-40, 40), st.floats(-40, 40), st.floats(0, 60), st.floats(0, 20))
def test_clouds_drift(x: float, y: float, t_s: float, later_s: float) -> None:
    clouds = Clouds(60.0, (6.0, -3.0), 0.5, 9.0, 3)
    moved = clouds.shade_at(x + 6.0 * later_s, y - 3.0 * later_s, t_s + later_s)
    assert moved == pytest.approx(clouds.shade_at(x, y, t_s), abs=0.01)
    assert 0.0 <= moved <= 1.0


def test_a_cloud_takes_the_suns_share_of_the_ground_and_none_of_the_sky() -> None:
    light = replace(LIGHTS["sunny"], noise_sd=0.0)
    pose, size = site().pose, (WIDTH, HEIGHT)
    view = ShadedView(pose, size, light, Clouds(cover=0.999))
    even = view.darken(np.full((HEIGHT, WIDTH, 3), 200, np.uint8), 5.0)
    direct = light.sun * float(light.to_sun[2])
    assert even[-1].mean() == pytest.approx(200 * light.sky / (light.sky + direct), abs=2)
    rise = -pose.to_rays(np.array([[WIDTH / 2, 0.5]]))[0]
    assert rise[2] < -0.1
    assert (even[0] == 200).all()


def test_exposure_follows_late_and_overshoots_and_hunts() -> None:
    def light(t_s: float) -> float:
        return 1.0 if t_s < 2.0 else 0.5

    auto = AutoExposure(Metering(0.4, 0.4, 1.0, 0.0, target=100.0), 100.0, light)
    assert auto.gain(1.9) == pytest.approx(1.0, abs=0.01)
    assert auto.gain(2.2) < 1.5
    assert max(auto.gain(2.0 + n / 20) for n in range(100)) > 2.15
    assert auto.gain(12.0) == pytest.approx(2.0, abs=0.02)
    hunting = AutoExposure(Metering(hunt=0.02, target=100.0), 100.0, lambda t_s: 1.0)
    gains = [hunting.gain(20.0 + n / 20) for n in range(100)]
    assert max(gains) - min(gains) == pytest.approx(0.04, rel=0.1)


@pytest.mark.parametrize("gain", [0.6, 1.0, 1.8])
def test_tones_rise_with_the_gain_and_never_turn_round(gain: float) -> None:
    table = tone_table(gain).astype(int)
    assert (np.diff(table) >= 0).all()
    assert table[10] == pytest.approx(10 * gain, abs=1.5)
    assert table[255] == round(255 * min(gain, 1.0))


# ------------------------------------------------------------------ wet, vignette, compression


def test_a_wet_track_is_darker_near_by_and_mirrors_who_stands_on_it() -> None:
    look = replace(random_look(3, "stand"), shirt=(20.0, 20.0, 240.0), skirt=False)
    actor = Actor("red", stand(26.0, 0.0, math.pi), look=look)
    dry = Scene("dry", site(), (actor,), light=replace(LIGHTS["overcast"], noise_sd=0.0))
    wet = replace(dry, effects=Effects(wetness=1.0))
    pictures = [Renderer(scene) for scene in (dry, wet)]
    empty = [renderer.empty().astype(int) for renderer in pictures]
    assert empty[1][-40:].mean() < 0.85 * empty[0][-40:].mean()
    assert np.abs(empty[0][:40] - empty[1][:40]).max() <= 1
    (truth,) = wet.truth(0)
    assert truth.box is not None
    assert truth.box == dry.truth(0)[0].box
    x, y = round(truth.box.centre_px[0]), round(truth.box.y1 + 0.65 * truth.box.height_px)
    mirrored = pictures[1].picture(0).astype(int) - empty[1]
    patch = mirrored[y - 4 : y + 4, x - 2 : x + 3].reshape(-1, 3).mean(axis=0)
    assert patch[2] - patch[1] > 6


def test_vignette_darkens_corners_and_leaves_the_middle() -> None:
    even = np.full((HEIGHT, WIDTH, 3), 200, np.uint8)
    dim = Vignette(site().pose, (WIDTH, HEIGHT), 0.8).dim(even)
    assert dim[HEIGHT // 2, WIDTH // 2].min() >= 198
    assert dim[0, 0].max() < 185
    assert (np.diff(dim[HEIGHT // 2, WIDTH // 2 :, 0].astype(int)) <= 1).all()


def test_compression_spoils_a_little_and_more_at_low_quality() -> None:
    picture = Renderer(Scene("any", site(), light=LIGHTS["sunny"])).picture(0)
    spoilt = [
        np.abs(compress(picture, quality).astype(int) - picture).mean() for quality in (95, 60)
    ]
    assert 0.2 < spoilt[0] < spoilt[1] < 12
    assert compress(picture, None) is picture


# ------------------------------------------------------------------ all together


@pytest.mark.parametrize("name", ["sunny", "overcast", "floodlit"])
def test_drawn_effects_are_the_same_by_seed_in_whatever_order_frames_are_asked(name: str) -> None:
    light = LIGHTS[name]
    seed = next(n for n in range(99) if _is_full(draw_effects(n, light), name))
    effects = draw_effects(seed, light)
    assert effects == draw_effects(seed, light) != draw_effects(seed + 1, light)
    scene = replace(crossing(effects), light=light)
    one, two = Renderer(scene), Renderer(scene)
    forward = [one.picture(t) for t in (S // 2, S)]
    back = [two.picture(t) for t in (S, S // 2)]
    assert (forward[0] == back[1]).all()
    assert (forward[1] == back[0]).all()


def _is_full(effects: Effects, name: str) -> bool:
    usual = USUAL[name]
    is_wet = effects.wetness > 0.0 or usual.wet_share == 0.0
    return is_wet and (effects.clouds is not None or usual.cloud_share == 0.0)


def test_every_light_has_its_usual_effects_and_shares_are_kept() -> None:
    assert set(USUAL) == set(LIGHTS)
    for name, usual in USUAL.items():
        drawn_ = [draw_effects(seed, LIGHTS[name]) for seed in range(400)]
        wet = sum(e.wetness > 0.0 for e in drawn_) / 400
        clouded = sum(e.clouds is not None for e in drawn_) / 400
        assert wet == pytest.approx(usual.wet_share, abs=0.08)
        assert clouded == pytest.approx(usual.cloud_share, abs=0.08)


def test_plain_effects_change_nothing() -> None:
    assert Effects() == PLAIN
    scene = crossing(PLAIN)
    picture: Picture = Renderer(scene).empty()
    (figure,) = scene.figures(S)
    assert all(part.moves_mps is None for part in figure.parts)
    by_hand = picture.copy()
    actor, place = figure.actor, figure.place
    look = replace(actor.look, posture=figure.posture or actor.look.posture)
    x, y = scene.site.lane.to_ground(np.array([[place.along_m, place.across_m]]))[0]
    draw_person(by_hand, scene.site.pose, x, y, place.heading_rad, 1.75, look, FLAT)
    assert (by_hand == Renderer(scene).picture(S)).all()


def test_a_thing_that_moves_with_all_effects_keeps_its_box_through_noise() -> None:
    effects = Effects(SLOW, None, 0.6, 0.4, Metering(), 80)
    light = replace(LIGHTS["overcast"], noise_sd=0.0, contact=0.0, sun=0.0)
    actor = Actor("ball", Path(go((37.0, -3.0), (37.0, 5.0), 4.0).waypoints), "ball", 0.3)
    scene = Scene("ball", site(), (actor,), light=light, effects=effects)
    (truth,) = scene.truth(S)
    renderer, nobody = Renderer(scene), Renderer(replace(scene, actors=()))
    change = np.abs(renderer.picture(S).astype(int) - nobody.picture(S)).max(axis=2) > 45
    rows, columns = np.nonzero(change)
    assert truth.box is not None
    assert abs(columns.min() - truth.box.x0) < 8
    assert abs(rows.min() - truth.box.y0) < 6
    assert extent(flatten(build_thing("ball", 0.3), scene.site.pose)) is not None
