"""The model card: what a detector's weights are and how to feed them, from TOML text.

Checks the card alone, all problems at once; whether the weights are there, unaltered and of the
shape that the card claims is `rig.devices.detector`'s part. The tables [training], [accuracy],
[cost] and [test_picture] are for people and for other programs and are passed over here.
Called by `rig.devices.model_card`, which reads the file.
"""

from __future__ import annotations

import difflib
import math
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from rig.core.tiles import InputFacts
from rig.errors import ModelError
from rig.records import Kind

DECODERS = ("ltrb_maps",)
"""The output layouts that `rig.core` can decode."""

PASSED_OVER = ("training", "accuracy", "cost", "test_picture")
"""Tables that a card may hold and that are not read here."""

SIDE_MOST_PX = 2048
"""No model for this rig has a wider or higher input."""


@dataclass(frozen=True, slots=True)
class CardInput:
    """How a picture must be laid before the model.

    float32 [1, 3, height, width], values (x - mean) * scale with x of 0 to 255, channels in the
    order of `colour`, what the picture does not fill is `pad_value` (before mean and scale).
    """

    name: str
    width_px: int
    height_px: int
    multiple_px: int
    colour: str
    mean: tuple[float, float, float]
    scale: tuple[float, float, float]
    pad_value: float
    min_object_px: float


@dataclass(frozen=True, slots=True)
class Card:
    """A model card whose every value is allowed; `scores` has one threshold per class."""

    path: Path
    name: str
    weights: Path
    sha256: str
    decoder: str
    classes: tuple[Kind, ...]
    input: CardInput
    scores: tuple[float, ...]
    nms_iou: float

    @property
    def facts(self) -> InputFacts:
        """What the tile planner must know of the model."""
        i = self.input
        return InputFacts(i.width_px, i.height_px, i.multiple_px, i.min_object_px)


class Weights(Protocol):
    """What any card says of its weights file."""

    @property
    def path(self) -> Path:
        """The card's own file."""

    @property
    def weights(self) -> Path:
        """The file beside it."""

    @property
    def sha256(self) -> str:
        """Of the weights."""


Check = Callable[[Any], str | None]
"""Gives None for a good value, else what it must be."""


def is_text(value: Any) -> str | None:
    """A text that is not empty."""
    return None if isinstance(value, str) and value.strip() else "a text that is not empty"


def is_file_name(value: Any) -> str | None:
    """A file beside the card."""
    is_good = isinstance(value, str) and value not in ("", ".", "..") and Path(value).name == value
    return None if is_good else "the name of a file beside the card, without a folder"


def is_sha256(value: Any) -> str | None:
    """As sha256sum prints it."""
    is_good = isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value)
    return None if is_good else "64 hexadecimal digits in small letters, as sha256sum prints them"


def is_choice(*choices: str) -> Check:
    """One of these words."""
    return lambda value: None if value in choices else "one of " + ", ".join(choices)


def is_number(least: float, most: float, is_whole: bool = False) -> Check:
    """A number within limits."""
    kinds = (int,) if is_whole else (int, float)
    word = "a whole number" if is_whole else "a number"

    def check(value: Any) -> str | None:
        is_good = isinstance(value, kinds) and not isinstance(value, bool)
        return None if is_good and least <= value <= most else f"{word} from {least} to {most}"

    return check


def is_three_numbers(value: Any) -> str | None:
    """One for each channel."""
    is_good = isinstance(value, list) and len(value) == 3
    is_good = is_good and all(type(v) in (int, float) and math.isfinite(v) for v in value)
    return None if is_good else "three numbers, one per channel in the order of colour"


CLASSES = tuple(kind.value for kind in Kind if kind is not Kind.STRANGE)
"""What a detector may name; strange things are the class-free lane check's."""


def _classes(value: Any) -> str | None:
    is_good = isinstance(value, list) and value and all(v in CLASSES for v in value)
    is_good = is_good and len(set(value)) == len(value) and Kind.PERSON in value
    return None if is_good else f"a list with person and any others of {', '.join(CLASSES)}, once"


_score = is_number(0.01, 0.99)


def _scores(value: Any) -> str | None:
    is_good = isinstance(value, dict) and not any(_score(number) for number in value.values())
    return None if is_good else "a table of class = number from 0.01 to 0.99"


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a card: its check, and its value where the card may leave it out."""

    check: Check
    default: Any = None


Tables = Mapping[str, Mapping[str, Key]]
"""Each table's keys by its name; "" is the card's beginning."""

_TABLES: Tables = {
    "": {
        "name": Key(is_text),
        "file": Key(is_file_name),
        "sha256": Key(is_sha256),
        "decoder": Key(is_choice(*DECODERS)),
        "classes": Key(_classes),
    },
    "input": {
        "name": Key(is_text),
        "width_px": Key(is_number(32, SIDE_MOST_PX, is_whole=True)),
        "height_px": Key(is_number(32, SIDE_MOST_PX, is_whole=True)),
        "multiple_px": Key(is_number(32, SIDE_MOST_PX, is_whole=True)),
        "colour": Key(is_choice("bgr", "rgb")),
        "mean": Key(is_three_numbers, [0.0, 0.0, 0.0]),
        "scale": Key(is_three_numbers, [1.0, 1.0, 1.0]),
        "pad_value": Key(is_number(0, 255)),
        "min_object_px": Key(is_number(1, 256)),
    },
    "thresholds": {"score": Key(_scores), "nms_iou": Key(is_number(0.2, 0.9))},
}


def parse_card(text: str, path: Path) -> Card:
    """The card in this text; `path` is its file, beside which the weights lie.

    Raises ModelError with one line for each problem.
    """
    data = read_tables(text, path, _TABLES)
    refuse(path, _find_contradictions(data))
    return _build(data, path)


def read_tables(text: str, path: Path, tables: Tables) -> dict[str, Any]:
    """A card's tables, each value good by itself. Raises ModelError, a line for each problem."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ModelError(f"model card {path} is not TOML ({error}): mend that line") from error
    problems: list[str] = []
    for name in tables:
        table = data if name == "" else data.get(name, {})
        if isinstance(table, Mapping):
            problems += _find_problems(name, table, tables)
        else:
            problems.append(f"{name} must be a table [{name}]")
    refuse(path, problems)
    return data


def refuse(path: Path, problems: Sequence[str]) -> None:
    """Raise ModelError where there are problems."""
    if problems:
        raise ModelError("\n".join(f"model card {path}: {problem}" for problem in problems))


def _find_problems(name: str, table: Mapping[str, Any], tables: Tables) -> list[str]:
    """Unknown, missing and wrong keys of one table."""
    keys = tables[name]
    known = [*keys, *((*(t for t in tables if t), *PASSED_OVER) if name == "" else ())]
    where = f"{name}." if name else ""
    problems = [_unknown(where, key, known) for key in table if key not in known]
    for key, about in keys.items():
        if key not in table:
            if about.default is None:
                problems.append(f"{where}{key} is missing: add it")
            continue
        wanted = about.check(table[key])
        if wanted:
            problems.append(f"{where}{key} = {table[key]!r} must be {wanted}")
    return problems


def _unknown(where: str, key: str, known: list[str]) -> str:
    """The sentence for a key that nothing reads."""
    near = difflib.get_close_matches(key, known, 1, cutoff=0.5)
    remedy = f"did you mean {near[0]}?" if near else "known are " + ", ".join(known)
    return f"{where}{key} is not known: {remedy}"


def _find_contradictions(data: Mapping[str, Any]) -> list[str]:
    """Values that are good each but do not fit each other."""
    classes, scores, laid = data["classes"], data["thresholds"]["score"], data["input"]
    problems = [
        f"thresholds.score.{name} is missing: add it" for name in classes if name not in scores
    ]
    problems += [
        _unknown("thresholds.score.", name, classes) for name in scores if name not in classes
    ]
    multiple = laid["multiple_px"]
    for key in ("multiple_px", "width_px", "height_px"):
        step = 32 if key == "multiple_px" else multiple
        if laid[key] % step:
            problems.append(f"input.{key} = {laid[key]} must be a multiple of {step}")
    return problems


def _build(data: Mapping[str, Any], path: Path) -> Card:
    """The record of a card without problems."""
    laid = {key: data["input"].get(key, about.default) for key, about in _TABLES["input"].items()}
    laid["mean"], laid["scale"] = tuple(laid["mean"]), tuple(laid["scale"])
    scores = data["thresholds"]["score"]
    return Card(
        path=path,
        name=data["name"],
        weights=path.parent / data["file"],
        sha256=data["sha256"],
        decoder=data["decoder"],
        classes=tuple(Kind(name) for name in data["classes"]),
        input=CardInput(**laid),
        scores=tuple(float(scores[name]) for name in data["classes"]),
        nms_iou=float(data["thresholds"]["nms_iou"]),
    )
