"""The detector finds what lies in the picture, where it lies, and refuses models that are not its.

The model here is tiny and exact: blue says how sure the first class is, green and red how far the
box reaches across and down, each averaged over a cell of 8 x 8 input pixels. So a painted square
of the right size is a beacon whose box is known to the pixel through every tile.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from rig.config import DetectorOptions
from rig.core.card import Card, CardInput
from rig.devices import detector as module
from rig.devices.detector import Detector, shrink
from rig.errors import ModelError
from rig.records import Box, Kind, Picture, Tile

CLASSES = (Kind.OBJECT, Kind.PERSON)
WHOLE = Tile(0, 0, 1280, 720, 320, 192)
OPTIONS = DetectorOptions(threads=1)


def save_beacon_model(
    path: Path,
    channels: int = 6,
    outputs: tuple[str, ...] = ("p8", "p16", "p32"),
    input_name: str = "picture",
    rank: int = 4,
    size: tuple[Any, Any] = ("height", "width"),
    score_gain: float = 1 / 255,
) -> str:
    """Write the model; gives its sha256."""
    weights = np.zeros((channels, 3, 1, 1), np.float32)
    weights[[0, 2], 1] = 1.0  # green: left and right
    weights[[1, 3], 2] = 1.0  # red: top and bottom
    weights[4, 0] = score_gain  # blue: the score of the first class
    tensors = [helper.make_tensor("w", TensorProto.FLOAT, weights.shape, weights.ravel())]
    nothing = np.zeros((channels, 3, 1, 1), np.float32)
    tensors.append(helper.make_tensor("z", TensorProto.FLOAT, nothing.shape, nothing.ravel()))
    nodes = []
    for name, stride in zip(outputs, (8, 16, 32), strict=False):
        side = [stride, stride]
        nodes.append(
            helper.make_node(
                "AveragePool", [input_name], [f"mean{stride}"], kernel_shape=side, strides=side
            )
        )
        kernel = "w" if stride == 8 else "z"
        nodes.append(helper.make_node("Conv", [f"mean{stride}", kernel], [name]))
    shape = [1, 3, *size][:rank] if rank <= 4 else [1, 3, *size, 1]
    graph = helper.make_graph(
        nodes,
        "beacons",
        [helper.make_tensor_value_info(input_name, TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        tensors,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    data = model.SerializeToString()
    path.write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def card_for(path: Path, sha256: str, **changes: Any) -> Card:
    about = CardInput("picture", 320, 320, 32, "bgr", (0.0,) * 3, (1.0,) * 3, 0.0, 8.0)
    card = Card(
        path.with_suffix(".toml"),
        "beacons",
        path,
        sha256,
        "ltrb_maps",
        CLASSES,
        about,
        (0.5, 0.5),
        0.5,
    )
    return replace(card, **changes)


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Card:
    path = tmp_path_factory.mktemp("models") / "beacons.onnx"
    return card_for(path, save_beacon_model(path))


def paint(picture: Picture, x0: int, y0: int, side: int, colour: tuple[int, int, int]) -> None:
    picture[y0 : y0 + side, x0 : x0 + side] = colour


def dark(width: int = 1280, height: int = 720) -> Picture:
    return np.zeros((height, width, 3), np.uint8)


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


def test_the_padding_is_the_cards_value_and_never_stale(card: Card) -> None:
    """Padding that shines is a thing in every frame, but outside the picture: none is reported."""
    shining = replace(card, input=replace(card.input, pad_value=255.0))
    found = Detector(shining, OPTIONS).look(dark(), (WHOLE,))
    assert all(d.box.y1 > 700 for d in found)
    picture = dark(640, 640)
    picture[:] = (255, 3, 3)
    model = Detector(card, OPTIONS)
    full, small = Tile(0, 0, 320, 320, 320, 320), Tile(0, 0, 160, 160, 320, 320)
    assert len(model.look(picture, (full,))) > 1
    found = model.look(picture, (small,))
    assert found
    assert all(d.box.x1 <= 160 and d.box.y1 <= 160 for d in found)
    assert len(model.look(dark(640, 640), (full, small))) == 0


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
    native = Tile(320, 256, 640, 448, 320, 192)
    paint(picture, 416, 320, 32, (255, 6, 6))  # 48 px in the whole view, 12 px cells natively
    both = Detector(card, OPTIONS).look(picture, (WHOLE, native))
    assert any(d.box.overlap(Box(408, 312, 456, 360)) > 0.3 for d in both)
    picture = dark()
    paint(picture, 416, 320, 32, (255, 16, 16))
    seen = Detector(card, OPTIONS).look(picture, (native, WHOLE))
    assert len(seen) == len(set(seen))


def test_thresholds_scale_but_never_beyond_saying_anything(card: Card) -> None:
    picture = dark()
    paint(picture, 320, 320, 32, (204, 5, 5))  # 0.8
    paint(picture, 640, 320, 32, (255, 5, 5))  # 1.0
    counts = {
        scale: len(
            Detector(card, DetectorOptions(threads=1, score_scale=scale)).look(picture, (WHOLE,))
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


def refusal(card: Card) -> str:
    with pytest.raises(ModelError) as caught:
        Detector(card, OPTIONS)
    return str(caught.value)


def test_weights_that_are_not_there_altered_or_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    digest = save_beacon_model(path)
    card = card_for(path, digest)
    data = path.read_bytes()
    assert Detector(card, OPTIONS)
    path.write_bytes(data[:-100])
    assert f"({len(data) - 100} bytes)" in refusal(card)
    assert "altered or copied in part; copy both again" in refusal(card)
    path.write_bytes(data[:50] + bytes([data[50] ^ 1]) + data[51:])
    assert "altered or copied in part" in refusal(card)
    path.write_bytes(b"")
    assert "(0 bytes)" in refusal(card)
    path.unlink()
    assert "are not there: copy them beside the card" in refusal(card)
    path.mkdir()
    assert "cannot be read" in refusal(card)


def test_weights_that_are_no_model(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(b"no model at all")
    card = card_for(path, hashlib.sha256(b"no model at all").hexdigest())
    assert "are no ONNX model that this ONNX Runtime" in refusal(card)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"channels": 7},
            "p8 is float32 [1, 7, 40, 40] for an input of 320 x 320 px, the card's 2",
        ),
        ({"channels": 5}, "p8 is float32 [1, 5, 40, 40]"),
        (
            {"outputs": ("p8", "p16")},
            "its outputs are ['p8', 'p16'], wanted are ['p8', 'p16', 'p32']",
        ),
        ({"outputs": ("a", "b", "c")}, "its outputs are ['a', 'b', 'c']"),
        ({"input_name": "images"}, "its inputs are ['images'], the card says ['picture']"),
    ],
)
def test_a_model_of_another_shape(tmp_path: Path, changes: dict[str, Any], sentence: str) -> None:
    path = tmp_path / "m.onnx"
    said = refusal(card_for(path, save_beacon_model(path, **changes)))
    assert "is a model of another shape than card" in said
    assert sentence in said
    assert said.endswith("use the card that was written with these weights")


def test_a_model_of_one_size_refuses_the_others(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    digest = save_beacon_model(path, size=(320, 320))
    model = Detector(card_for(path, digest), OPTIONS)
    with pytest.raises(ModelError, match="failed on an input of 320 x 192 px"):
        model.warm_up((WHOLE,))


def test_an_input_of_another_rank_or_type(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    digest = save_flat_model(path)
    said = refusal(card_for(path, digest))
    assert "its input is tensor(float) [1, 3], wanted is a float tensor" in said


def save_flat_model(path: Path) -> str:
    """A model over a vector."""
    nodes = [helper.make_node("Identity", ["picture"], [name]) for name in module.OUTPUTS]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "flat",
        [value("picture", TensorProto.FLOAT, [1, 3])],
        [value(name, TensorProto.FLOAT, [1, 3]) for name in module.OUTPUTS],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_model_that_answers_no_numbers_ends_the_process(tmp_path: Path) -> None:
    """Infinite only for a bright picture: found in the loop, not in the warm-up."""
    path = tmp_path / "m.onnx"
    digest = save_beacon_model(path, score_gain=3e38)
    model = Detector(card_for(path, digest), OPTIONS)
    assert model.look(dark(), (WHOLE,)) == ()
    picture = dark()
    picture[:] = 200
    with pytest.raises(ModelError, match="no finite numbers"):
        model.look(picture, (WHOLE,))


def test_a_failed_inference_ends_the_process(card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Detector(card, OPTIONS)

    class Broken:
        def run(self, *_: Any) -> Any:
            raise module.runtime.RuntimeException("bad allocation\nsecond line")

    monkeypatch.setattr(model, "_session", Broken())
    with pytest.raises(ModelError, match=r"320 x 192 px \(bad allocation\): another model's card"):
        model.look(dark(), (WHOLE,))


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
