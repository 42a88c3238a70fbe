"""Decoding ltrb_maps: known cells give known boxes; thresholds, limits and damaged maps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from rig.core.decode import CANDIDATES_MOST, KIND_NUMBERS, STRIDES, decode
from rig.errors import ModelError
from rig.records import Kind

WIDTH, HEIGHT = 320, 192
THRESHOLDS = np.array([0.4, 0.6], np.float32)
CLASS_KINDS = np.array([KIND_NUMBERS[Kind.OBJECT], KIND_NUMBERS[Kind.PERSON]], np.intp)

Maps = list[NDArray[np.float32]]


def empty_maps() -> Maps:
    return [np.zeros((1, 6, HEIGHT // s, WIDTH // s), np.float32) for s in STRIDES]


@given(
    level=st.integers(0, 2),
    cell=st.tuples(st.floats(0, 0.999), st.floats(0, 0.999)),
    reach=st.tuples(*[st.floats(0.5, 200, width=32)] * 4),
    number=st.integers(0, 1),
)
def test_one_cell_becomes_its_box(
    level: int, cell: tuple[float, float], reach: tuple[float, ...], number: int
) -> None:
    maps, stride = empty_maps(), STRIDES[level]
    x, y = int(cell[0] * WIDTH / stride), int(cell[1] * HEIGHT / stride)
    maps[level][0, :4, y, x] = reach
    maps[level][0, 4 + number, y, x] = 0.75
    seen = decode(maps, THRESHOLDS, CLASS_KINDS)
    middle = ((x + 0.5) * stride, (y + 0.5) * stride)
    wanted = [
        middle[0] - reach[0],
        middle[1] - reach[1],
        middle[0] + reach[2],
        middle[1] + reach[3],
    ]
    np.testing.assert_allclose(seen.boxes, [wanted], atol=1e-3)
    assert seen.scores.tolist() == [0.75]
    assert seen.kinds.tolist() == [CLASS_KINDS[number]]


def test_each_class_has_its_own_threshold_and_equal_is_not_above() -> None:
    maps = empty_maps()
    maps[0][0, :4] = 5
    maps[0][0, 4:, 3, 4] = 0.5  # above the first class's 0.4, below the second's 0.6
    maps[0][0, 4:, 3, 5] = THRESHOLDS
    maps[0][0, 4:, 3, 6] = np.nextafter(THRESHOLDS, np.float32(1))
    seen = decode(maps, THRESHOLDS, CLASS_KINDS)
    centres = (seen.boxes[:, 0] + seen.boxes[:, 2]) / 2
    found = sorted(zip(seen.kinds.tolist(), centres.tolist(), strict=True))
    person, thing = KIND_NUMBERS[Kind.PERSON], KIND_NUMBERS[Kind.OBJECT]
    assert found == [(person, 52.0), (thing, 36.0), (thing, 52.0)]


def test_a_box_without_reach_is_not_lost() -> None:
    maps = empty_maps()
    maps[1][0, 5, 2, 2] = 0.9
    (box,) = decode(maps, THRESHOLDS, CLASS_KINDS).boxes
    assert box.tolist() == [39.5, 39.5, 40.5, 40.5]


def test_of_too_many_the_best_stay() -> None:
    maps = empty_maps()
    rng = np.random.default_rng(1)
    maps[0][0, 4] = rng.uniform(0.41, 1.0, maps[0][0, 4].shape)
    seen = decode(maps, THRESHOLDS, CLASS_KINDS)
    best = np.sort(maps[0][0, 4].ravel())[-CANDIDATES_MOST:]
    np.testing.assert_array_equal(np.sort(seen.scores), best)


def test_nothing_found_gives_empty_arrays() -> None:
    seen = decode(empty_maps(), THRESHOLDS, CLASS_KINDS)
    assert seen.boxes.shape == (0, 4)
    assert seen.scores.shape == seen.kinds.shape == (0,)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("channel", [0, 3, 4, 5])
def test_a_value_that_is_no_number_never_looks_like_an_empty_lane(
    value: float, level: int, channel: int
) -> None:
    maps = empty_maps()
    maps[level][0, channel, 1, 2] = value
    with pytest.raises(ModelError, match=f"p{STRIDES[level]} holds values that are no finite"):
        decode(maps, THRESHOLDS, CLASS_KINDS)


def test_logits_are_refused() -> None:
    maps = empty_maps()
    maps[2][0, 4, 0, 0] = 3.2
    with pytest.raises(ModelError, match=r"score of 3\.2, the limit is 1"):
        decode(maps, THRESHOLDS, CLASS_KINDS)
