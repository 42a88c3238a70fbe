"""TOML tables read against a list of known keys, with every problem in one go.

Decides whether a hand-written value can be what its key says; knows nothing of what the keys
mean. Called by `lane_file` and `points_file`.
"""

from __future__ import annotations

import difflib
import math
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rig.errors import LaneError

REQUIRED = object()
"""Default of a key that must be there."""


@dataclass(frozen=True, slots=True)
class Row:
    """One key: what it holds, its limits (both ends allowed) and what it is if left out.

    `kind` is "number", "integer", "text", "flag", "point" (x, y) or "points".
    """

    key: str
    kind: str
    unit: str = ""
    least: float = -math.inf
    most: float = math.inf
    default: Any = REQUIRED


def parse_toml(text: str, what: str) -> dict[str, Any]:
    """The text as TOML; LaneError with line and column where it is none."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise LaneError(f"{what} is not TOML: {error}; mend or write it anew") from error


def check_keys(raw: dict[str, Any], known: Sequence[str], where: str) -> list[str]:
    """A sentence for each key that is not known, with the nearest that is."""
    problems = []
    for key in raw:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1, 0.5)
            remedy = f"did you mean {near[0]}?" if near else f"known are: {', '.join(known)}"
            problems.append(f"{where}: {key} is not known; {remedy}")
    return problems


def read_section(
    raw: dict[str, Any], name: str, rows: Sequence[Row], problems: list[str]
) -> dict[str, Any]:
    """The checked values of section `name` by key; what is wrong is added to `problems`.

    Keys with problems are left out of the answer.
    """
    section = raw.get(name, {})
    if not isinstance(section, dict):
        problems.append(f"{name} is {section!r}; it must be a section [{name}]")
        return {}
    return read_table(section, f"[{name}]", rows, problems)


def read_table(
    table: dict[str, Any], where: str, rows: Sequence[Row], problems: list[str]
) -> dict[str, Any]:
    """The checked values of one table; see `read_section`."""
    problems += check_keys(table, [row.key for row in rows], where)
    values = {}
    for row in rows:
        if row.key not in table:
            if row.default is REQUIRED:
                problems.append(f"{where}: {row.key} is missing; give {_wanted(row)}")
            else:
                values[row.key] = row.default
            continue
        found = table[row.key]
        if _KINDS[row.kind](found, row):
            values[row.key] = _PLAIN[row.kind](found)
        else:
            problems.append(f"{where}: {row.key} is {found!r}; it must be {_wanted(row)}")
    return values


def _wanted(row: Row) -> str:
    nouns = {
        "number": "a number",
        "integer": "a whole number",
        "text": "a text in quotes, one line",
        "flag": "true or false",
        "point": "two numbers [x, y], each",
        "points": "a list of at least two [x, y], each number",
    }
    limits = (
        f" of {row.least:g} or more" if math.isinf(row.most) and not math.isinf(row.least) else ""
    ) or (f" from {row.least:g} to {row.most:g}" if not math.isinf(row.most) else "")
    return f"{nouns[row.kind]}{limits}{' ' if row.unit else ''}{row.unit}"


def _is_number(value: object, row: Row) -> bool:
    """NaN fails both comparisons and infinities have no finite limit to be within."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and row.least <= value <= row.most


def _is_integer(value: object, row: Row) -> bool:
    return isinstance(value, int) and _is_number(value, row)


def _is_text(value: object, row: Row) -> bool:
    return isinstance(value, str) and value.isprintable() and 0 < len(value) <= 200


def _is_flag(value: object, row: Row) -> bool:
    return isinstance(value, bool)


def _is_point(value: object, row: Row) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(_is_number(v, row) for v in value)


def _is_points(value: object, row: Row) -> bool:
    return isinstance(value, list) and len(value) >= 2 and all(_is_point(v, row) for v in value)


def _plain_point(value: list[float]) -> tuple[float, float]:
    return float(value[0]), float(value[1])


_KINDS = {
    "number": _is_number,
    "integer": _is_integer,
    "text": _is_text,
    "flag": _is_flag,
    "point": _is_point,
    "points": _is_points,
}
_PLAIN: dict[str, Any] = {
    "number": float,
    "integer": int,
    "text": str,
    "flag": bool,
    "point": _plain_point,
    "points": lambda value: tuple(_plain_point(v) for v in value),
}
