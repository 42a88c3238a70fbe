"""The detector finds what lies in the picture, where it lies, through every kind of tile."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rig.config import DetectorOptions
from rig.core.card import Card
from rig.devices import detector as module
from rig.devices.detector import Detector, shrink
from rig.errors import ModelError
from rig.records import Box, Kind, Tile
from tests.unit.beacon_model import OPTIONS, WHOLE, card_for, dark, paint, save_beacon_model


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Card:
    path = tmp_path_factory.mktemp("models") / "beacons.onnx"
    return card_for(path, save_beacon_model(path))


def close(box: Box, *wanted: float) -> None:
    assert [box.x0, box.y0, box.x1, box.y1] == pytest.approx(wanted, abs=0.05)


@pytest.mark.parametrize(("column", "row"), [(0, 0), (3, 2), (39, 21), (17, 11)])
def test_a_beacon_in_the_whole_view_comes_back_to_the_pixel(
    card: Card, column: int, row: int
) -> None:
    """One cell of the input is 32 x 32 px of the picture; reach 5 is 20 px."""
    picture = dark()
    paint(picture, 32 * column, 32 * row, 32, (204, 5, 4))
    (found,) = Detector(card, OPTIONS).look(picture, (WHOLE,))
    x, y = 32 * column + 16, 32 * row + 16
    close(found.box, max(x - 20, 0), max(y - 16, 0), min(x + 20, 1280), y + 16)
    assert found.kind is Kind.OBJECT
    assert found.score == pytest.approx(0.8)


def test_a_beacon_in_a_native_tile_comes_back_to_the_pixel(card: Card) -> None:
    picture = dark()
    paint(picture, 421 + 80, 301 + 40, 8, (255, 10, 20))
    (found,) = Detector(card, OPTIONS).look(picture, (Tile(421, 301, 741, 493, 320, 192),))
    close(found.box, 495, 325, 515, 365)


def test_an_input_that_is_not_filled_is_padded_right_and_below(card: Card) -> None:
    """A portrait picture: 1088 x 1920 becomes 181 x 320 of 192 x 320, scales 6.011 and 6."""
    picture = dark(1088, 1920)
    picture[:] = (0, 7, 7)
    tile = Tile(0, 0, 1088, 1920, 192, 320)
    paint(picture, 480, 960, 60, (255, 7, 7))
    found = Detector(card, OPTIONS).look(picture, (tile,))
    assert len(found) == 1
    x = (80 + 4) * 1088 / 181  # the cell that begins at input pixel 80
    close(found[0].box, x - 7 * 1088 / 181, 984 - 42, x + 7 * 1088 / 181, 984 + 42)


def test_a_picture_smaller_than_the_input_is_not_enlarged(card: Card) -> None:
    picture = dark(200, 100)
    paint(picture, 80, 40, 8, (255, 10, 20))
    (found,) = Detector(card, OPTIONS).look(picture, (Tile(0, 0, 200, 100, 224, 128),))
    close(found.box, 74, 24, 94, 64)


def test_the_padding_is_the_cards_value_and_never_stale(card: Card) -> None:
    grey = replace(card, input=replace(card.input, pad_value=114.0))
    picture = np.full((640, 640, 3), 200, np.uint8)
    full, small = Tile(0, 0, 320, 320, 320, 320), Tile(0, 0, 160, 96, 320, 320)
    model = Detector(grey, OPTIONS)
    model.lay(picture, full)
    for _ in range(2):
        laid = model.lay(picture, small)[0]
        assert (laid[:, :96, :160] == 200).all()
        assert (laid[:, 96:, :] == 114).all()
        assert (laid[:, :, 160:] == 114).all()
    assert (model.lay(picture, full) == 200).all()


def test_what_the_model_sees_in_the_padding_is_not_in_the_picture(card: Card) -> None:
    shining = replace(card, input=replace(card.input, pad_value=255.0))
    found = Detector(shining, OPTIONS).look(dark(), (WHOLE,))
    assert all(d.box.y1 > 700 for d in found)


def test_the_colour_order_mean_and_scale_are_the_cards(card: Card) -> None:
    picture = dark()
    paint(picture, 320, 320, 32, (5, 6, 255))  # red first, when the model wants red first
    about = replace(card.input, colour="rgb", mean=(-10.0, -1.0, 1.0), scale=(0.5, 2.0, 3.0))
    (found,) = Detector(replace(card, input=about), OPTIONS).look(picture, (WHOLE,))
    assert found.score == pytest.approx((255 + 10) * 0.5 / 255, abs=1e-4)
    across, down = (6 + 1) * 2 * 4, (5 - 1) * 3 * 4
    close(found.box, 336 - across, 336 - down, 336 + across, 336 + down)


def test_one_thing_in_two_tiles_is_one_thing(card: Card) -> None:
    picture = dark()
    paint(picture, 480, 320, 8, (255, 10, 20))
    left, right = Tile(320, 256, 640, 448, 320, 192), Tile(400, 256, 720, 448, 320, 192)
    model = Detector(card, OPTIONS)
    assert len(model.look(picture, (left,))) == len(model.look(picture, (right,))) == 1
    (one,) = model.look(picture, (left, right))
    close(one.box, 474, 304, 494, 344)
    paint(picture, 632, 320, 8, (255, 10, 20))  # its box is cut by the left tile at 640
    assert len(model.look(picture, (left, right))) == 2


def test_thresholds_scale_but_never_beyond_saying_anything(card: Card) -> None:
    picture = dark()
    paint(picture, 320, 320, 32, (204, 5, 5))  # 0.8
    paint(picture, 640, 320, 32, (255, 5, 5))  # 1.0
    counts = {
        scale: sum(
            not one.is_weak
            for one in Detector(card, DetectorOptions(threads=1, score_scale=scale)).look(
                picture, (WHOLE,)
            )
        )
        for scale in (1.0, 1.59, 1.61, 2.0)
    }
    assert counts == {1.0: 2, 1.59: 2, 1.61: 1, 2.0: 1}


def test_the_time_in_the_model_is_told(card: Card) -> None:
    model = Detector(card, OPTIONS)
    model.warm_up((WHOLE,))
    model.look(dark(), (WHOLE, WHOLE))
    assert 0 < model.last_inference_cpu_s <= model.last_inference_s
    model.look(dark(), ())
    assert model.last_inference_s == 0


def test_threads_default_to_all_cores_but_one(card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    for cores, threads in ((4, 3), (1, 1), (None, 1)):
        monkeypatch.setattr(module.os, "cpu_count", lambda cores=cores: cores)
        assert Detector(card, DetectorOptions()).threads == threads
    assert Detector(card, DetectorOptions(threads=2)).threads == 2


def test_a_tile_outside_the_picture_is_refused(card: Card) -> None:
    with pytest.raises(ModelError, match="does not lie in the picture of 640 x 480 px"):
        Detector(card, OPTIONS).look(dark(640, 480), (WHOLE,))


@pytest.mark.parametrize("factor", [2, 4, 8])
def test_shrinking_by_halves_is_the_mean(factor: int) -> None:
    rng = np.random.default_rng(3)
    picture = rng.integers(0, 256, (8 * factor, 16 * factor, 3), dtype=np.uint8)
    mean = picture.reshape(8, factor, 16, factor, 3).mean(axis=(1, 3))
    small = shrink(picture, 16, 8)
    assert np.abs(small - mean).max() <= 1.5  # each halving rounds


def test_a_native_tile_is_not_resampled() -> None:
    picture = np.random.default_rng(4).integers(0, 256, (192, 320, 3), dtype=np.uint8)
    assert shrink(picture, 320, 192) is picture
