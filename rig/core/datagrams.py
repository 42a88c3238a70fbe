"""What the programs say to each other, one datagram each.

Decides the form: one JSON object of at most 1024 bytes, and nothing else. `unpack` gives None for
all that is not exactly one of these messages with values that can be, and never raises, since
anybody who may write to a socket may write rubbish. Times are CLOCK_BOOTTIME nanoseconds.
Imports nothing heavy: the horn reads these and must start fast and stay small. The sockets
themselves are `rig.devices.datagram_link`'s.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from types import UnionType
from typing import Any, Final, get_args, get_type_hints

from rig.causes import Cause, Level
from rig.core.patterns import PATTERNS, TICKS_LEAST_PER_S, TICKS_MOST_PER_S

VERSION: Final = 1
BYTES_MOST: Final = 1024
NS_MOST: Final = 2**62
TEXT_MOST: Final = 512
HEADS_MOST: Final = 40
"""As many as a datagram holds."""
SIDE_MOST_PX: Final = 8192


@dataclass(frozen=True, slots=True)
class Word:
    """watch -> horn: all that the horn needs to know; a lost one costs nothing.

    `judged_ns` is the time of the last judged frame, `since_ns` when the sound began,
    `slow_limit_s` how old the judged frame may be on this board, `is_well` whether watch knows of
    nothing that is wrong with the rig, armed or not.
    """

    sequence: int
    sent_ns: int
    judged_ns: int | None
    is_armed: bool
    level: Level
    cause: Cause | None
    pattern: str
    since_ns: int
    ticks_per_s: float | None
    slow_limit_s: float
    is_well: bool


@dataclass(frozen=True, slots=True)
class Edge:
    """horn -> watch: the siren's pin changed, for the first time for this sound or at its end."""

    word_sequence: int
    since_ns: int
    cause: Cause | None
    pattern: str
    edge_ns: int
    is_on: bool


@dataclass(frozen=True, slots=True)
class Press:
    """horn -> watch: the button was let go after `held_s`."""

    t_ns: int
    held_s: float


@dataclass(frozen=True, slots=True)
class Silence:
    """horn -> watch: you were silent, or judged nothing, for so long that I sounded FAULT."""

    from_ns: int
    until_ns: int


@dataclass(frozen=True, slots=True)
class Restarted:
    """horn -> watch: I started, and the rig was armed."""

    t_ns: int


@dataclass(frozen=True, slots=True)
class Order:
    """review or `rig tell` -> watch: what a person wants; the token proves who may ask."""

    command: str
    token: str
    lane_is_empty: bool
    tick_is_heard: bool


@dataclass(frozen=True, slots=True)
class PoseFall:
    """log-gait -> watch: whether the runner's pose is that of a fall."""

    t_ns: int
    is_falling: bool


@dataclass(frozen=True, slots=True)
class Slot:
    """watch -> record, log-gait: this slot of the frame ring holds this frame.

    `heads`: x0, y0, x1, y1 in pixels of each head in it that is not the runner's (`core.heads`),
    so that no picture comes without them.
    """

    slot: int
    sequence: int
    t_ns: int
    width_px: int
    height_px: int
    heads: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Sounded:
    """watch -> record: what sounds; at each change, and again with each picture while it does."""

    t_ns: int
    level: Level
    cause: Cause | None
    since_ns: int


@dataclass(frozen=True, slots=True)
class SessionIs:
    """watch -> record, log-gait: the session's folder."""

    folder: str


@dataclass(frozen=True, slots=True)
class RunnerAt:
    """watch -> log-gait: the locked runner's box, in pixels, in the picture taken at `t_ns`."""

    t_ns: int
    x0: int
    y0: int
    x1: int
    y1: int


Message = (
    Word | Edge | Press | Silence | Restarted | Order | PoseFall | Slot | Sounded | SessionIs
    | RunnerAt
)  # fmt: skip
ORDERS: Final = ("arm", "disarm", "acknowledge", "test_horn")

Check = Callable[[Any], bool]


def _is_whole(value: Any) -> bool:
    return type(value) is int and 0 <= value <= NS_MOST


def _is_seconds(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value) and 0.0 <= value <= 1e6


def _is_flag(value: Any) -> bool:
    return type(value) is bool


def _is_text(value: Any) -> bool:
    return type(value) is str and 0 < len(value) <= TEXT_MOST and "\0" not in value


def _is_heads(value: Any) -> bool:
    is_list = type(value) is list and len(value) <= 4 * HEADS_MOST and len(value) % 4 == 0
    return is_list and all(type(one) is int and 0 <= one <= SIDE_MOST_PX for one in value)


def _or_none(check: Check) -> Check:
    return lambda value: value is None or check(value)


_NAMED: Final[Mapping[str, Check]] = {
    "level": lambda value: type(value) is int and value in set(Level),
    "cause": _or_none(lambda value: type(value) is str and value in set(Cause)),
    "pattern": lambda value: type(value) is str and value in PATTERNS,
    "command": lambda value: type(value) is str and value in ORDERS,
    "ticks_per_s": _or_none(
        lambda value: _is_seconds(value) and TICKS_LEAST_PER_S <= value <= TICKS_MOST_PER_S
    ),
}
"""Checks by a field's name, where its type does not say enough."""

_TYPED: Final[Mapping[Any, Check]] = {
    int: _is_whole,
    int | None: _or_none(_is_whole),
    float: _is_seconds,
    bool: _is_flag,
    str: _is_text,
    tuple[int, ...]: _is_heads,
}

_MADE: Final[Mapping[Any, Callable[[Any], Any]]] = {
    Level: Level,
    Cause | None: lambda value: None if value is None else Cause(value),
    float: float,
    tuple[int, ...]: tuple,
}


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    check: Check
    make: Callable[[Any], Any]


def _fields_of(kind: type[Any]) -> tuple[_Field, ...]:
    types: dict[str, type | UnionType] = get_type_hints(kind)
    return tuple(
        _Field(
            one.name,
            _NAMED[one.name] if one.name in _NAMED else _TYPED[types[one.name]],
            _MADE.get(types[one.name], lambda value: value),
        )
        for one in fields(kind)
    )


_KINDS: Final[Mapping[str, type[Any]]] = {kind.__name__: kind for kind in get_args(Message)}
_FIELDS: Final = {name: _fields_of(kind) for name, kind in _KINDS.items()}


def pack(message: Message) -> bytes:
    """The datagram of a message. Raises ValueError for values that no reader would believe."""
    name = type(message).__name__
    values = {one.name: getattr(message, one.name) for one in _FIELDS[name]}
    data = json.dumps({"v": VERSION, "kind": name, **values}, separators=(",", ":")).encode()
    if unpack(data) is None:
        raise ValueError(f"{message} cannot be sent: a value is out of range, or it is too long")
    return data


def unpack(data: bytes) -> Message | None:
    """The message of a datagram; None for anything else."""
    if len(data) > BYTES_MOST:
        return None
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or found.pop("v", None) != VERSION:
        return None
    name = found.pop("kind", None)
    if not isinstance(name, str) or name not in _FIELDS:
        return None
    wanted = _FIELDS[name]
    if set(found) != {one.name for one in wanted}:
        return None
    if not all(one.check(found[one.name]) for one in wanted):
        return None
    message: Message = _KINDS[name](**{one.name: one.make(found[one.name]) for one in wanted})
    return message
