"""A model card is good, or every fault in it is named with its remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.core.tiles import InputFacts
from rig.devices.model_card import load_card
from rig.errors import ModelError
from rig.records import Kind

GOOD = """
name = "tiny 1"
file = "tiny.onnx"
sha256 = "{sha}"
decoder = "ltrb_maps"
classes = ["person", "object"]

[input]
name = "picture"
width_px = 320
height_px = 256
multiple_px = 32
colour = "rgb"
mean = [103.5, 116, 123.7]
scale = [0.017, 0.018, 0.019]
pad_value = 114
min_object_px = 8.5

[thresholds]
score = {{ object = 0.25, person = 0.4 }}
nms_iou = 0.55

[training]
pictures = 12
[accuracy]
recall = 0.9
[cost]
ms = 5
[test_picture]
file = "x.png"
""".format(sha="0a" * 32)


def card_file(folder: Path, text: str) -> Path:
    path = folder / "tiny.toml"
    path.write_text(text, encoding="utf-8")
    return path


def problems_of(folder: Path, text: str) -> list[str]:
    path = card_file(folder, text)
    with pytest.raises(ModelError) as caught:
        load_card(path)
    lines = str(caught.value).splitlines()
    assert all(line.startswith(f"model card {path}") for line in lines)
    return [line.removeprefix(f"model card {path}: ") for line in lines]


def test_a_good_card_is_read_whole(tmp_path: Path) -> None:
    card = load_card(card_file(tmp_path, GOOD))
    assert card.name == "tiny 1"
    assert card.weights == tmp_path / "tiny.onnx"
    assert card.sha256 == "0a" * 32
    assert card.classes == (Kind.PERSON, Kind.OBJECT)
    assert card.scores == (0.4, 0.25)  # in the order of the classes, not of the table
    assert card.nms_iou == 0.55
    assert card.input.name == "picture"
    assert card.input.colour == "rgb"
    assert card.input.mean == (103.5, 116, 123.7)
    assert card.input.scale == (0.017, 0.018, 0.019)
    assert card.input.pad_value == 114
    assert card.facts == InputFacts(320, 256, 32, 8.5)


def test_mean_and_scale_may_be_left_out(tmp_path: Path) -> None:
    lines = [line for line in GOOD.splitlines() if not line.startswith(("mean", "scale"))]
    card = load_card(card_file(tmp_path, "\n".join(lines)))
    assert card.input.mean == (0.0, 0.0, 0.0)
    assert card.input.scale == (1.0, 1.0, 1.0)


FAULTS = [
    ('file = "tiny.onnx"', 'file = "../tiny.onnx"', "file = '../tiny.onnx' must be the name of a"),
    ('file = "tiny.onnx"', 'file = ".."', "file = '..' must be the name of a file beside the card"),
    ('"tiny 1"', '" "', "name = ' ' must be a text that is not empty"),
    ("0a0a", "0A0a", "must be 64 hexadecimal digits in small letters"),
    ("0a0a", "0a", "must be 64 hexadecimal digits in small letters"),
    ("ltrb_maps", "yolo", "decoder = 'yolo' must be one of ltrb_maps"),
    ('["person", "object"]', '["object"]', "must be a list with person"),
    ('["person", "object"]', '["person", "person"]', "must be a list with person"),
    ('["person", "object"]', '["person", "strange"]', "must be a list with person"),
    ('["person", "object"]', '["person", "dragon"]', "must be a list with person"),
    ("width_px = 320", "width_px = 0", "input.width_px = 0 must be a whole number from 32 to"),
    ("width_px = 320", "width_px = 320.0", "input.width_px = 320.0 must be a whole number"),
    ("width_px = 320", "width_px = true", "input.width_px = True must be a whole number"),
    ("height_px = 256", "height_px = 250", "input.height_px = 250 must be a multiple of 32"),
    ("multiple_px = 32", "multiple_px = 48", "input.multiple_px = 48 must be a multiple of 32"),
    ('colour = "rgb"', 'colour = "grey"', "input.colour = 'grey' must be one of bgr, rgb"),
    ("mean = [103.5, 116, 123.7]", "mean = [1, 2]", "input.mean = [1, 2] must be three numbers"),
    ("mean = [103.5, 116, 123.7]", "mean = [1, 2, nan]", "must be three numbers"),
    ("pad_value = 114", "pad_value = 256", "input.pad_value = 256 must be a number from 0 to 255"),
    ("min_object_px = 8.5", "min_object_px = nan", "input.min_object_px = nan must be a number"),
    ("person = 0.4", "person = 0", "must be a table of class = number from 0.01 to 0.99"),
    ("person = 0.4", "persona = 0.4", "thresholds.score.person is missing: add it"),
    ("person = 0.4", "persona = 0.4", "score.persona is not known: did you mean person?"),
    ("nms_iou = 0.55", "nms_iou = 1.0", "thresholds.nms_iou = 1.0 must be a number from 0.2"),
    ("nms_iou = 0.55", "nms_uio = 0.5", "thresholds.nms_uio is not known: did you mean nms_iou?"),
    ("nms_iou = 0.55", "", "thresholds.nms_iou is missing: add it"),
    ("[thresholds]", "[treshold]", "treshold is not known: did you mean thresholds?"),
    ("[cost]", "[costs_of_it_all]\n[cost]", "costs_of_it_all is not known: known are name, file"),
]


@pytest.mark.parametrize(("good", "bad", "sentence"), FAULTS)
def test_each_fault_has_its_sentence(tmp_path: Path, good: str, bad: str, sentence: str) -> None:
    assert good in GOOD
    problems = problems_of(tmp_path, GOOD.replace(good, bad, 1))
    assert any(sentence in problem for problem in problems), problems


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("rgb", "hsv").replace("pad_value", "pad").replace('"tiny 1"', "7")
    assert problems_of(tmp_path, text) == [
        "name = 7 must be a text that is not empty",
        "input.pad is not known: did you mean pad_value?",
        "input.colour = 'hsv' must be one of bgr, rgb",
        "input.pad_value is missing: add it",
    ]


def test_a_table_that_is_none(tmp_path: Path) -> None:
    text = GOOD[: GOOD.index("[input]")] + "input = 3\n" + GOOD[GOOD.index("[thresholds]") :]
    assert problems_of(tmp_path, text) == ["input must be a table [input]"]


def test_no_card_no_toml_no_text(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"there is no model card .*absent\.toml: name one in"):
        load_card(tmp_path / "absent.toml")
    with pytest.raises(ModelError, match=r"is not TOML .*line 2.*: mend that line"):
        load_card(card_file(tmp_path, "name = 'x'\nfile = \n"))
    path = tmp_path / "bytes.toml"
    path.write_bytes(b"name = '\xff\xfe'")
    with pytest.raises(ModelError, match="cannot be read"):
        load_card(path)
    with pytest.raises(ModelError, match="cannot be read"):
        load_card(tmp_path)
