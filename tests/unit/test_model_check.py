"""The shipped model sees its test picture; one that is blind or sees ghosts is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from rig.config import Config, DetectorOptions
from rig.devices.detector import Detector
from rig.errors import ModelError
from rig.programs.judging import load_named_card
from rig.programs.model_check import check_detector, draw_test_pictures
from rig.records import Box, Detection, Kind, Picture
from tests.unit.beacon_model import OPTIONS, card_for, save_beacon_model


@pytest.fixture(scope="module")
def shipped() -> Detector:
    return Detector(load_named_card(Config()), DetectorOptions(threads=1))


def test_the_shipped_model_sees_it(shipped: Detector) -> None:
    assert check_detector(shipped) is None


@pytest.mark.parametrize("score_scale", [0.6, 1.5])
def test_with_room_for_other_thresholds(score_scale: float) -> None:
    options = DetectorOptions(threads=1, score_scale=score_scale)
    assert check_detector(Detector(load_named_card(Config()), options)) is None


def test_the_pictures_differ_by_the_person_alone() -> None:
    picture, empty, box = draw_test_pictures()
    assert picture.shape == empty.shape
    changed = np.abs(picture.astype(int) - empty).max(axis=2)
    rows, columns = np.nonzero(changed > 40)  # the shadow of an overcast day is fainter
    person = (rows >= box.y0 - 1) & (rows <= box.y1 + 1)
    person &= (columns >= box.x0 - 1) & (columns <= box.x1 + 1)
    assert person.mean() > 0.9
    assert len(rows) > 500
    assert 80 < box.height_px < 120


def test_a_model_that_sees_no_people_is_refused_with_a_remedy(tmp_path: Path) -> None:
    path = tmp_path / "beacons.onnx"
    blind = Detector(card_for(path, save_beacon_model(path)), OPTIONS)
    said = check_detector(blind)
    assert said is not None
    assert said.startswith("beacons.onnx does not find the person")
    assert "copy the model and its card anew" in said


class Saying:
    """A detector that says the same of every picture."""

    def __init__(self, card: Any, *found: Detection, error: str = "") -> None:
        self.card, self._found, self._error = card, found, error

    def look(self, picture: Picture, tiles: tuple[Any, ...]) -> tuple[Detection, ...]:
        assert [(t.input_width_px, t.input_height_px) for t in tiles] == [(64, 96)]
        if self._error:
            raise ModelError(self._error)
        return self._found


CARD = SimpleNamespace(weights=Path("some.onnx"), input=SimpleNamespace(width_px=64, height_px=96))
PERSON = Detection(Kind.PERSON, 0.9, draw_test_pictures()[2])


def said_of(*found: Detection, error: str = "") -> str:
    said = check_detector(Saying(CARD, *found, error=error))  # type: ignore[arg-type]
    assert said is not None
    return said


def test_one_that_sees_a_person_in_every_picture_is_refused() -> None:
    assert said_of(PERSON).startswith("some.onnx finds a person (0.90) in its test picture of an")


@pytest.mark.parametrize(
    "found",
    [
        replace(PERSON, kind=Kind.OBJECT),
        replace(PERSON, is_weak=True),
        replace(PERSON, box=Box(0, 0, 320, 180)),
        replace(PERSON, box=Box(114, 62, 145, 110)),  # its upper half
    ],
)
def test_something_else_and_something_elsewhere_do_not_count(found: Detection) -> None:
    assert said_of(found).startswith("some.onnx does not find the person")


def test_a_failed_inference_keeps_its_own_sentence() -> None:
    assert said_of(error="memory is damaged; restart") == "memory is damaged; restart"
