"""Records to plain JSON values and back, read off the records' own type hints.

Decides how a record stands in a log line: an object of its fields, enums by value, tuples as
lists, None as null, a field that equals its default left out, floats exactly (JSON text made by
`repr` gives the same bits back). Does not decide which records are logged, nor how lines are
sealed (`log_lines`). Called by `programs.log_thread` and `programs.replay`.

Nothing is bent to fit: a value of another type, NaN and infinity are refused with the path of the
field, on the way out and on the way in. Hints are walked once for each type and kept.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from functools import cache
from numbers import Integral, Real
from types import NoneType, UnionType
from typing import Any, NoReturn, TypeVar, Union, get_args, get_origin, get_type_hints

from rig.errors import LogError

type_of_record = TypeVar("type_of_record")
Turn = Callable[[Any], Any]
"""Turns one value into its plain form, or back."""


class _Wrong(Exception):
    """A value that does not fit; gathers its path from the inside out."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        self.path = ""
        super().__init__(reason)

    def inside(self, step: str) -> _Wrong:
        """The same, seen from one level further out."""
        self.path = step + self.path
        return self


def encode(record: object) -> Any:
    """The plain JSON value of a dataclass record.

    Raises LogError that names the field which holds NaN, infinity or a value of another type.
    """
    record_type: Any = type(record)
    return _outermost(_encoder(record_type), record, record_type.__name__, "written")


def decode(record_type: type[type_of_record], plain: object) -> type_of_record:
    """The record of a plain JSON value.

    Raises LogError that names the field which is missing, unknown or of another type.
    """
    hint: Any = record_type
    record: type_of_record = _outermost(_decoder(hint), plain, record_type.__name__, "read")
    return record


def defaults_of(*record_types: type) -> dict[str, Any]:
    """Every default that `encode` leaves out, as {"Record.field": plain value}.

    A log keeps them in its first line, because a line is only readable with the defaults that it
    was written with. Walks into the records that the given ones hold.
    """
    found: dict[str, Any] = {}
    waiting, known = list(record_types), set()
    while waiting:
        record_type = waiting.pop()
        if record_type in known:
            continue
        known.add(record_type)
        for field, hint in _fields_of(record_type):
            waiting += _records_in(hint)
            if field.default is not MISSING:
                found[f"{record_type.__name__}.{field.name}"] = _encoder(hint)(field.default)
    return dict(sorted(found.items()))


def changed_defaults(recorded: Mapping[str, Any], *record_types: type) -> list[str]:
    """One sentence for each default that was another when the log was written."""
    today = defaults_of(*record_types)
    return [
        f"{name} stood for {recorded[name]!r} where left out and stands for {value!r} today"
        for name, value in today.items()
        if name in recorded and recorded[name] != value
    ]


def _outermost(turn: Turn, value: object, name: str, verb: str) -> Any:
    try:
        return turn(value)
    except _Wrong as wrong:
        raise LogError(f"{name}{wrong.path} cannot be {verb}: {wrong.reason}") from None


def _refuse(value: object, wanted: str) -> NoReturn:
    shown = repr(value)
    raise _Wrong(f"{shown if len(shown) < 80 else shown[:77] + '...'} is not {wanted}")


# --------------------------------------------------------------------------- single values


def _flag(value: object) -> bool:
    if type(value) is not bool:
        _refuse(value, "true or false")
    return value


def _text(value: object) -> str:
    if type(value) is not str:
        _refuse(value, "text")
    return value


def _whole(value: object) -> int:
    if type(value) is int:
        return value
    if isinstance(value, bool) or not isinstance(value, Integral):
        _refuse(value, "a whole number")
    return int(value)


def _number(value: object) -> float:
    if type(value) is not float:
        if isinstance(value, bool) or not isinstance(value, Real):
            _refuse(value, "a number")
        value = float(value)
    if not math.isfinite(value):
        _refuse(value, "a finite number")
    return value


def _nothing(value: object) -> None:
    if value is not None:
        _refuse(value, "null")


SINGLE: dict[Any, Turn] = {
    bool: _flag,
    str: _text,
    int: _whole,
    float: _number,
    NoneType: _nothing,
}
"""Turned the same way out and in; numpy's scalars become Python's."""


# --------------------------------------------------------------------------- out


@cache
def _encoder(hint: Any) -> Turn:
    if hint in SINGLE:
        return SINGLE[hint]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _enum_encoder(hint)
    if is_dataclass(hint):
        return _record_encoder(hint)
    return _nested(hint, _encoder, tuple, list)


def _enum_encoder(members: type[Enum]) -> Turn:
    def turn(value: Any) -> Any:
        if type(value) is not members:
            _refuse(value, f"a {members.__name__}")
        return value.value

    return turn


def _record_encoder(record_type: Any) -> Turn:
    parts = [(field.name, _encoder(hint), field.default) for field, hint in _fields_of(record_type)]

    def turn(record: Any) -> dict[str, Any]:
        if type(record) is not record_type:
            _refuse(record, f"a {record_type.__name__}")
        plain = {}
        for name, encode_field, default in parts:
            value = getattr(record, name)
            if value is default or (value == default and repr(value) == repr(default)):
                continue  # repr tells 0.0 from -0.0, which are equal but not the same
            try:
                plain[name] = encode_field(value)
            except _Wrong as wrong:
                raise wrong.inside(f".{name}") from None
        return plain

    return turn


# --------------------------------------------------------------------------- in


@cache
def _decoder(hint: Any) -> Turn:
    if hint in SINGLE:
        return SINGLE[hint]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _enum_decoder(hint)
    if is_dataclass(hint):
        return _record_decoder(hint)
    return _nested(hint, _decoder, list, tuple)


def _enum_decoder(members: type[Enum]) -> Turn:
    by_value = {(type(member.value), member.value): member for member in members}
    known = ", ".join(str(member.value) for member in members)

    def turn(plain: Any) -> Enum:
        member = by_value.get((type(plain), plain)) if isinstance(plain, str | int) else None
        if member is None:
            _refuse(plain, f"a {members.__name__} (known: {known})")
        return member

    return turn


def _record_decoder(record_type: Any) -> Turn:
    parts = {field.name: _decoder(hint) for field, hint in _fields_of(record_type)}
    needed = {field.name for field, _ in _fields_of(record_type) if field.default is MISSING}

    def turn(plain: Any) -> Any:
        if type(plain) is not dict:
            _refuse(plain, f"an object with the fields of {record_type.__name__}")
        if not needed <= plain.keys():
            missing = min(needed - plain.keys())
            raise _Wrong("it is missing").inside(f".{missing}")
        values = {}
        for name, value in plain.items():
            try:
                values[name] = parts[name](value) if name in parts else _refuse(value, "known here")
            except _Wrong as wrong:
                raise wrong.inside(f".{name}") from None
        return record_type(**values)

    return turn


# --------------------------------------------------------------------------- hints


def _fields_of(record_type: Any) -> list[tuple[Field[Any], Any]]:
    hints = get_type_hints(record_type)
    return [(field, hints[field.name]) for field in fields(record_type)]


def _records_in(hint: Any) -> list[type]:
    if isinstance(hint, type) and is_dataclass(hint):
        return [hint]
    return [record for inner in get_args(hint) for record in _records_in(inner)]


def _nested(hint: Any, turner: Callable[[Any], Turn], given: Any, made: Any) -> Turn:
    """`X | None` and `tuple[X, ...]`, the two nested hints that records use."""
    arguments = get_args(hint)
    if get_origin(hint) in (Union, UnionType) and len(arguments) == 2 and NoneType in arguments:
        return _or_none(turner(next(each for each in arguments if each is not NoneType)))
    if get_origin(hint) is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        return _row(turner(arguments[0]), given, made)
    raise TypeError(f"a record field of type {hint} cannot be logged: extend rig/core/codec.py")


def _or_none(turn_inner: Turn) -> Turn:
    return lambda value: None if value is None else turn_inner(value)


def _row(turn_inner: Turn, given: Any, made: Any) -> Turn:
    def turn(values: Any) -> Any:
        if not isinstance(values, given):
            _refuse(values, f"a {given.__name__}")
        turned = []
        for index, value in enumerate(values):
            try:
                turned.append(turn_inner(value))
            except _Wrong as wrong:
                raise wrong.inside(f"[{index}]") from None
        return made(turned)

    return turn
