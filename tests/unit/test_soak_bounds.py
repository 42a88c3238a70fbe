"""What counts as growth over a long run."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))

from soaking.flat import Bound, course_of, held, judge

BOUNDS = {"memory": Bound("MB", 100, 5)}


@pytest.mark.parametrize(("values", "is_good"), [
    ([90.0, 10.0] + [50.0] * 60, True),
    ([50.0 + number / 10 for number in range(60)], True),
    ([50.0 + number / 5 for number in range(60)], False),
    ([50.0] * 59 + [101.0], False),
    ([900.0] + [50.0] * 59, True),
])  # fmt: skip
def test_growth_after_the_first_quarter_breaks_the_bound(
    values: list[float], is_good: bool
) -> None:
    assert (judge([{"memory": value} for value in values], BOUNDS) == []) is is_good


def test_one_sample_is_a_course() -> None:
    course = course_of([3.0])
    assert (course.first, course.last, course.most, course.growth) == (3.0, 3.0, 3.0, 0.0)


def test_an_open_file_shows() -> None:
    before = held(os.getpid())
    with Path("/dev/null").open("rb"):
        assert held(os.getpid())["files"] == before["files"] + 1
    assert before["memory"] > 1
    assert before["threads"] >= 1
