"""The detector refuses models that are not its card's, and ends rather than look blindly."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from rig.core.card import Card
from rig.devices import detector as module
from rig.devices.detector import Detector
from rig.errors import ModelError
from tests.unit.beacon_model import (
    OPTIONS,
    WHOLE,
    card_for,
    dark,
    save_beacon_model,
    save_flat_model,
)


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


def test_a_failed_inference_ends_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "m.onnx"
    model = Detector(card_for(path, save_beacon_model(path)), OPTIONS)

    class Broken:
        def run(self, *_: Any) -> Any:
            raise module.runtime.RuntimeException("bad allocation\nsecond line")

    monkeypatch.setattr(model, "_session", Broken())
    with pytest.raises(ModelError, match=r"320 x 192 px \(bad allocation\): another model's card"):
        model.look(dark(), (WHOLE,))
