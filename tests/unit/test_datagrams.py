"""What the programs say to each other: every message survives, rubbish is none."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.causes import Cause, Level
from rig.core.datagrams import (
    BYTES_MOST,
    HEADS_MOST,
    NS_MOST,
    ORDERS,
    Edge,
    Message,
    Order,
    PoseFall,
    Press,
    Restarted,
    RunnerAt,
    SessionIs,
    Silence,
    Slot,
    Sounded,
    Word,
    pack,
    unpack,
)

WORD = Word(7, 10, 5, True, Level.STOP, Cause.COLLISION, "stop", 3, None, 0.4, True)
MESSAGES: tuple[Message, ...] = (
    WORD,
    Word(0, 0, None, False, Level.SILENT, None, "silent", 0, 4.0, 0.4, False),
    Edge(7, 3, Cause.FALL, "fall", 9, True),
    Press(4, 1.25),
    Silence(1, 2),
    Restarted(NS_MOST),
    Order("arm", "abc", True, False),
    PoseFall(3, True),
    Slot(2, 11, 5, 1280, 720),
    Slot(7, NS_MOST, NS_MOST, 8192, 8192, (8192,) * 4 * HEADS_MOST),
    Sounded(3, Level.OK, Cause.GUARD, 2),
    SessionIs("/a folder/\u00e4"),
    RunnerAt(3, 0, 20, 40, 200),
)


@pytest.mark.parametrize("message", MESSAGES, ids=lambda m: type(m).__name__)
def test_every_message_comes_as_it_went(message: Message) -> None:
    assert unpack(pack(message)) == message


def test_every_kind_is_tried_here() -> None:
    assert {type(m) for m in MESSAGES} == set(get_args(Message))


@pytest.mark.parametrize("message", MESSAGES, ids=lambda m: type(m).__name__)
@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), -1, "x" * 600, [], {}, 2**70])
def test_a_value_that_cannot_be_makes_it_no_message(message: Message, wrong: Any) -> None:
    whole = json.loads(pack(message))
    for one in fields(message):
        if (one.name, wrong) == ("heads", []):
            continue  # nobody else is in the picture
        assert unpack(json.dumps({**whole, one.name: wrong}).encode()) is None, one.name


@pytest.mark.parametrize("message", MESSAGES, ids=lambda m: type(m).__name__)
def test_a_field_too_few_or_too_many_makes_it_no_message(message: Message) -> None:
    whole = json.loads(pack(message))
    assert unpack(json.dumps({**whole, "more": 1}).encode()) is None
    for name in whole:
        assert unpack(json.dumps({k: v for k, v in whole.items() if k != name}).encode()) is None


def test_flags_are_not_numbers_and_numbers_are_not_flags() -> None:
    whole = json.loads(pack(WORD))
    assert unpack(json.dumps({**whole, "is_armed": 1}).encode()) is None
    assert unpack(json.dumps({**whole, "sequence": True}).encode()) is None


@given(st.binary(max_size=2 * BYTES_MOST))
def test_rubbish_is_none(data: bytes) -> None:
    assert unpack(data) is None


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)


@given(st.sampled_from(MESSAGES), st.data())
def test_changed_values_never_raise_and_never_lie(message: Message, data: st.DataObject) -> None:
    whole = json.loads(pack(message))
    name = data.draw(st.sampled_from(sorted(whole)))
    found = unpack(json.dumps({**whole, name: data.draw(_VALUES)}).encode())
    assert found is None or unpack(pack(found)) == found


@given(st.sampled_from(MESSAGES), st.integers(0, 300), st.integers(0, 255))
def test_a_changed_byte_never_raises(message: Message, place: int, byte: int) -> None:
    data = bytearray(pack(message))
    data[place % len(data)] = byte
    unpack(bytes(data))
    unpack(bytes(data[: place % len(data)]))


@pytest.mark.parametrize("order", [*ORDERS])
def test_orders_are_known(order: str) -> None:
    assert unpack(pack(Order(order, "t", False, False))) is not None


def test_what_cannot_be_is_not_sent() -> None:
    with pytest.raises(ValueError, match="out of range"):
        pack(replace(WORD, slow_limit_s=float("nan")))
    with pytest.raises(ValueError, match="too long"):
        pack(SessionIs("\U0001f3c3" * 400))
