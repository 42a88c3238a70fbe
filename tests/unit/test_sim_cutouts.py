"""Photographs that stand on the ground, and heads: exact boxes, light, details that add none."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from rig.core.lane import Site
from rig.records import Box, Picture
from rig.sim.cutouts import Cutout, Standee, draw_standee, flatten_standee, trim
from rig.sim.drills import mount_a
from rig.sim.figures import build_person, random_look
from rig.sim.heads import HAIR_STYLES, KEMPT_HAIR, LOOSE_HAIR
from rig.sim.light import LIGHTS
from rig.sim.motion import stand
from rig.sim.render import Renderer
from rig.sim.scenes import Actor, Scene
from rig.sim.shadows import cast_flat_shadow
from rig.sim.strokes import extent, flatten

FLAT = LIGHTS["flat"]
SIZE = (640, 360)


def site() -> Site:
    return mount_a(width_px=SIZE[0], height_px=SIZE[1])


def photograph() -> NDArray[np.uint8]:
    """A grey person of a head, a trunk and two legs on clear ground, BGRA."""
    pixels = np.zeros((220, 120, 4), np.uint8)
    for rows, columns in (((10, 40), (45, 70)), ((40, 120), (25, 95)),
                          ((120, 212), (30, 52)), ((120, 212), (68, 90))):  # fmt: skip
        pixels[slice(*rows), slice(*columns)] = (90, 120, 150, 255)
    return pixels


def grey() -> Picture:
    return np.full((SIZE[1], SIZE[0], 3), (30, 255, 30), np.uint8)


def drawn(picture: Picture) -> Box:
    rows, columns = np.nonzero(np.abs(picture.astype(int) - grey()).max(axis=2) > 12)
    return Box(float(columns.min()), float(rows.min()), columns.max() + 1.0, rows.max() + 1.0)


@pytest.mark.parametrize("along_m", [38.0, 33.3, 22.0, 5.0])
@pytest.mark.parametrize("across_m", [-2.4, 0.0, 1.7])
def test_the_box_of_a_photograph_is_that_of_its_pixels(along_m: float, across_m: float) -> None:
    cutout, pose, picture = trim(photograph()), site().pose, grey()
    standee = Standee(cutout, along_m, across_m, 1.75)
    draw_standee(picture, pose, standee, FLAT)
    box = standee.box(pose)
    assert box is not None
    for seen, said in zip(drawn(picture).sides_px, box.sides_px, strict=True):
        assert abs(seen - said) <= 1.5
    outline = extent(flatten_standee(standee, pose))
    assert outline is not None
    assert outline.sides_px == pytest.approx(box.sides_px)
    foot = pose.to_pixels(np.array([[along_m, across_m, 0.0]]))[0]
    assert (box.centre_px[0], box.y1) == pytest.approx(tuple(foot))


def test_trimming_takes_the_rim_and_mirrors() -> None:
    pixels = photograph()
    pixels[5, 60] = (255, 255, 255, 255)
    pixels[:, :8, 3] = 30
    cut = trim(pixels)
    assert 196 <= cut.pixels.shape[0] <= 202
    assert 66 <= cut.pixels.shape[1] <= 70
    assert set(np.unique(cut.pixels[..., 3])) <= {0, *range(60, 256)}
    assert (trim(pixels, is_mirrored=True).pixels == cut.pixels[:, ::-1]).all()


def test_nothing_is_drawn_too_near_or_out_of_view() -> None:
    pose = site().pose
    for along_m, across_m in ((45.0, 1.0), (50.0, 0.0), (30.0, 60.0)):
        picture = grey()
        draw_standee(picture, pose, Standee(trim(photograph()), along_m, across_m, 1.8), FLAT)
        assert (picture == grey()).all()


def test_a_photograph_is_an_actor_with_exact_truth_and_hides_who_is_beyond() -> None:
    cut = Actor("photo", stand(30.0, 0.3), size_m=1.8, cutout=trim(photograph()))
    beyond = Actor("far", stand(20.0, 0.0), look=random_look(3, "stand"))
    scene = Scene("two", site(), (cut, beyond), light=FLAT)
    far, photo = scene.truth(0)
    assert photo.box == Standee(trim(photograph()), 30.0, 0.3, 1.8).box(scene.site.pose)
    assert (photo.contacts, photo.visible, photo.height_m) == ((True, True), 1.0, 1.8)
    assert far.visible < 0.9
    bare = Renderer(replace(scene, actors=(beyond,))).picture(0)
    assert photo.box is not None
    x, y = (round(v) for v in photo.box.centre_px)
    assert (Renderer(scene).picture(0)[y, x] != bare[y, x]).any()


def test_its_shadow_falls_away_from_the_sun() -> None:
    pose = site().pose
    standee = Standee(trim(photograph()), 33.0, 0.5, 1.75)
    box = standee.box(pose)
    assert box is not None
    sides = []
    for azimuth in (math.pi / 2, -math.pi / 2):
        picture = np.full((SIZE[1], SIZE[0], 3), 160, np.uint8)
        light = replace(LIGHTS["sunny"], sun_azimuth_rad=azimuth, contact=0.0)
        cast_flat_shadow(picture, pose, standee, light)
        dark = 160 - picture[..., 0].astype(int)
        middle = round(box.centre_px[0])
        sides.append((dark[:, :middle].sum(), dark[:, middle:].sum()))
    # The camera looks along -x: the first sun, toward +y, is on its right.
    assert sides[0][0] > 5 * sides[0][1]
    assert sides[1][1] > 5 * sides[1][0]


def test_it_is_brighter_toward_the_sun_and_in_more_light() -> None:
    pose, means = site().pose, {}
    for name, light in (("dusk", LIGHTS["dusk"]), ("left", replace(LIGHTS["low sun"],
                        sun_azimuth_rad=-math.pi / 2)), ("right", replace(
                        LIGHTS["low sun"], sun_azimuth_rad=math.pi / 2))):  # fmt: skip
        picture = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
        standee = Standee(trim(photograph()), 36.0, 0.5, 1.75)
        draw_standee(picture, pose, standee, light)
        box = standee.box(pose)
        assert box is not None
        x, y = (round(v) for v in box.centre_px)
        reach = round(box.width_px * 0.25)
        row = picture[y - 6 : y].astype(float).sum(axis=(0, 2))
        means[name] = (row[x - reach : x].mean(), row[x : x + reach].mean())
    assert means["dusk"][0] == pytest.approx(means["dusk"][1], rel=0.02)
    assert means["left"][0] > 1.1 * means["left"][1]
    assert means["right"][1] > 1.1 * means["right"][0]


# ------------------------------------------------------------------ heads


@pytest.mark.parametrize("style", sorted(HAIR_STYLES))
@pytest.mark.parametrize("hat", [None, (30.0, 60.0, 200.0)])
@pytest.mark.parametrize("turn", [0.0, 1.2, math.pi])
def test_details_of_a_face_add_nothing_to_the_box(
    style: str, hat: tuple[float, float, float] | None, turn: float
) -> None:
    look = replace(random_look(5, "stand"), hair_style=style, hat=hat)
    pose = mount_a().pose
    cos, sin = math.cos(turn), math.sin(turn)
    by = np.array([[cos, sin, 0.0], [-sin, cos, 0.0], [0.0, 0.0, 1.0]])
    parts = [
        replace(part, centres=part.centres @ by + (40.0, 1.0, 0.0))
        for part in build_person(1.75, look)
    ]
    assert any(part.is_detail for part in parts)
    bare = [part for part in parts if not part.is_detail]
    assert extent(flatten(parts, pose)) == extent(flatten(bare, pose))


def test_every_named_style_exists_and_hair_does_not_change_the_rest_of_a_look() -> None:
    assert {*LOOSE_HAIR, *KEMPT_HAIR} == set(HAIR_STYLES)
    styles = {random_look(seed).hair_style for seed in range(80)}
    assert styles == set(HAIR_STYLES)


def test_an_empty_cut_out_is_not_made() -> None:
    with pytest.raises(ValueError, match="cover"):
        trim(np.zeros((20, 20, 4), np.uint8))
    assert Cutout(trim(photograph()).pixels).aspect < 0.5
