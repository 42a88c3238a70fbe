"""Records come back from their plain form exactly, and what does not fit is named."""

import json
import math
import types
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rig import records, sightings
from rig.core import log_events
from rig.core.codec import changed_defaults, decode, defaults_of, encode
from rig.core.log_events import StepLine
from rig.errors import LogError
from rig.records import Box, Command, Detection, Hazard, Kind, Level, Seen, Tile, ViewShift, Vitals

LOGGED = [
    record
    for module in (records, sightings, log_events)
    for record in vars(module).values()
    if is_dataclass(record) and record.__module__ == module.__name__ and record.__name__ != "Frame"
]
SINGLE = {
    bool: st.booleans(),
    int: st.integers(-(2**63), 2**63),
    float: st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([0.0, -0.0, 5e-324, 0.1, 1 / 3, 1.7976931348623157e308]),
    str: st.text(max_size=8),
    type(None): st.none(),
}


def values_of(hint: Any) -> st.SearchStrategy[Any]:
    """Values that the hint allows, read off the record itself so that no new field is missed."""
    if hint in SINGLE:
        return SINGLE[hint]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(list(hint))
    if is_dataclass(hint):
        hints = get_type_hints(hint)
        return st.builds(hint, **{each.name: values_of(hints[each.name]) for each in fields(hint)})
    if get_origin(hint) is tuple:
        return st.lists(values_of(get_args(hint)[0]), max_size=2).map(tuple)
    assert get_origin(hint) is types.UnionType, hint
    return st.one_of(*(values_of(each) for each in get_args(hint)))


def test_every_record_of_the_flow_is_tried() -> None:
    assert {Seen, records.Decision, records.Track, StepLine} <= set(LOGGED)
    assert len(LOGGED) >= 16


@pytest.mark.parametrize("record_type", LOGGED, ids=lambda each: each.__name__)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_record_comes_back_exactly(record_type: type, data: st.DataObject) -> None:
    record = data.draw(values_of(record_type))
    text = json.dumps(encode(record), allow_nan=False)
    again = decode(record_type, json.loads(text))
    assert again == record
    assert repr(again) == repr(record)  # tells -0.0 from 0.0 and 1 from 1.0


def test_defaults_are_left_out_and_only_they() -> None:
    assert encode(Seen(t_ns=None)) == {"t_ns": None}
    shifted = Seen(t_ns=3, view=ViewShift(dx_px=2.0), commands=(Command.ARM,))
    assert encode(shifted) == {"t_ns": 3, "view": {"dx_px": 2.0}, "commands": ["arm"]}
    assert encode(Seen(t_ns=3, view=None)) == {"t_ns": 3, "view": None}
    assert encode(ViewShift(dx_px=-0.0)) == {"dx_px": -0.0}


def test_numpy_scalars_become_plain_numbers() -> None:
    box = Box(np.float64(1.5), np.float32(0.1), np.int64(3), 4)  # type: ignore[arg-type]
    plain = encode(box)
    assert [type(value) for value in plain.values()] == [float] * 4
    assert plain["y0"] == float(np.float32(0.1))


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, "1.0", True, None])
def test_a_number_that_is_none_is_refused_with_its_path(bad: Any) -> None:
    seen = Seen(1, detections=(detection(1.0), detection(bad)))
    with pytest.raises(LogError, match=r"^Seen\.detections\[1\]\.box\.x1 cannot be written: "):
        encode(seen)


def test_other_types_are_refused_when_written() -> None:
    with pytest.raises(LogError, match=r"Detection\.kind .*'person' is not a Kind"):
        encode(Detection("person", 0.5, Box(0, 0, 1, 1)))  # type: ignore[arg-type]
    with pytest.raises(LogError, match=r"Tile\.x0 .*1\.5 is not a whole number"):
        encode(Tile(1.5, 0, 1, 1, 1, 1))  # type: ignore[arg-type]
    with pytest.raises(LogError, match=r"Seen\.detections .*is not a tuple"):
        encode(Seen(1, detections=[]))  # type: ignore[arg-type]
    with pytest.raises(LogError, match=r"Detection\.is_top_cut .*is not true or false"):
        encode(Detection(Kind.PERSON, 0.5, Box(0, 0, 1, 1), False, 0))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("plain", "message"),
    [
        ([], r"Seen cannot be read: \[\] is not an object with the fields of Seen"),
        ({}, r"Seen\.t_ns cannot be read: it is missing"),
        ({"t_ns": 1.0}, r"Seen\.t_ns cannot be read: 1\.0 is not a whole number"),
        ({"t_ns": True}, r"Seen\.t_ns cannot be read: True is not a whole number"),
        ({"t_ns": 1, "colour": 2}, r"Seen\.colour cannot be read: 2 is not known here"),
        ({"t_ns": 1, "commands": ["arm", "fly"]}, r"Seen\.commands\[1\] .*known: arm, disarm"),
        ({"t_ns": 1, "commands": [["arm"]]}, r"Seen\.commands\[0\] .*is not a Command"),
        ({"t_ns": 1, "commands": "arm"}, r"Seen\.commands .*'arm' is not a list"),
        ({"t_ns": 1, "view": {"dx_px": "2"}}, r"Seen\.view\.dx_px .*'2' is not a number"),
        ({"t_ns": 1, "pose_fall": 1}, r"Seen\.pose_fall .*1 is not true or false"),
    ],
)
def test_what_does_not_fit_is_named_when_read(plain: Any, message: str) -> None:
    with pytest.raises(LogError, match=message):
        decode(Seen, plain)


def test_a_level_is_read_only_from_its_number() -> None:
    alert = {"level": 5, "cause": None, "since_ns": 0}
    assert decode(records.Alert, alert).level is Level.STOP
    for wrong in (6, True, "STOP", 5.0):
        with pytest.raises(LogError, match=r"Alert\.level"):
            decode(records.Alert, alert | {"level": wrong})


def test_a_hint_that_cannot_be_logged_is_an_error_of_the_program() -> None:
    @dataclass(frozen=True)
    class Odd:
        table: dict[str, int]

    Odd.__annotations__["table"] = dict[str, int]
    with pytest.raises(TypeError, match="cannot be logged"):
        encode(Odd({}))


def test_defaults_are_listed_through_all_held_records() -> None:
    defaults = defaults_of(StepLine)
    assert defaults["ViewShift.sigma_px"] == ViewShift().sigma_px
    assert defaults["Vitals.luma_mean"] == Vitals().luma_mean
    assert defaults["Hazard.ttc_s"] is None
    assert "Seen.t_ns" not in defaults  # it has none
    json.dumps(defaults, allow_nan=False)


def test_a_default_that_changed_since_is_named_and_a_new_field_is_none() -> None:
    recorded = defaults_of(Hazard, ViewShift)
    assert changed_defaults(recorded, Hazard, ViewShift) == []
    del recorded["Hazard.detail"]
    assert changed_defaults(recorded, Hazard, ViewShift) == []
    recorded["ViewShift.sigma_px"] = 2.0
    (sentence,) = changed_defaults(recorded, Hazard, ViewShift)
    assert "ViewShift.sigma_px stood for 2.0" in sentence


def detection(x1: Any) -> Detection:
    return Detection(Kind.OBJECT, 0.5, Box(0.0, 0.0, x1, 1.0))
