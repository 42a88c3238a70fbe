"""Who is who in a clip, by boxes alone."""

from __future__ import annotations

import numpy as np
import pytest

from rig.core.gait.people import COAST_S, People, moved_heights
from rig.records import Box


def at(x: float, y: float = 200.0, tall: float = 100.0) -> Box:
    return Box(x - tall / 5, y - tall, x + tall / 5, y)


@pytest.mark.parametrize("rate_hz", [10.0, 30.0])
@pytest.mark.parametrize("heights_a_second", [0.0, 1.5, 4.0])
def test_one_person_keeps_one_name(rate_hz: float, heights_a_second: float) -> None:
    people, dice = People(), np.random.default_rng(1)
    for number in range(40):
        x = 50 + 100 * heights_a_second * number / rate_hz + dice.normal(0, 3)
        (one,) = people.update([at(x, tall=100 * dice.uniform(0.9, 1.1))], number / rate_hz)
        assert one.number == 1


def test_two_who_cross_keep_their_names() -> None:
    people = People()
    for number in range(60):
        x = 4.0 * number
        found = people.update([at(x), at(240 - x, y=225.0)], number / 30)
        feet = {person.number: person.box.y1 for person in found}
        assert feet == {1: 200.0, 2: 225.0}


def test_who_is_missed_is_looked_for_where_they_were_going() -> None:
    people = People()
    for number in range(30):
        people.update([at(5.0 * number)], number / 30)
    for number in range(30, 40):
        (one,) = people.update([], number / 30)
    assert one.box.centre_px[0] == pytest.approx(5.0 * 39, abs=8)
    (again,) = people.update([at(5.0 * 40)], 40 / 30)
    assert again.number == 1


def test_who_is_gone_is_let_go_and_another_gets_another_name() -> None:
    people = People()
    people.update([at(50)], 0.0)
    assert people.update([], COAST_S + 0.01) == []
    (one,) = people.update([at(50)], COAST_S + 0.1)
    assert one.number == 2


def test_a_child_is_not_the_coach() -> None:
    people = People()
    people.update([at(50, tall=100)], 0.0)
    found = people.update([at(50, tall=50)], 0.1)
    assert sorted(person.number for person in found) == [1, 2]


def test_the_runner_is_who_goes_farthest() -> None:
    still = [at(50 + number % 3) for number in range(50)]
    across = [at(10.0 * number) for number in range(50)]
    nearer = [at(50, tall=50 * 1.05**number) for number in range(50)]
    assert moved_heights([]) == 0.0
    assert moved_heights(still) < 0.1
    assert moved_heights(across) == pytest.approx(4.9)
    assert moved_heights(nearer) > 3.0
