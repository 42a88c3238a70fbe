"""Whose sighting is whose: the cheapest pairs of all together."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

from rig.config import TrackerLimits
from rig.core.association import Expected, assign, cheapest
from rig.records import Box, Kind
from tests.unit.drill_site import Stand, place

ALONE = 6.0


def least_sum(cost: NDArray[np.float64]) -> float:
    """By trying everything: each row alone or with one column, no column twice."""
    rows, columns = cost.shape
    sums = []
    for choice in product(range(-1, columns), repeat=rows):
        taken = [c for c in choice if c >= 0]
        if len(taken) == len(set(taken)):
            sums.append(sum(ALONE if c < 0 else cost[r, c] for r, c in enumerate(choice)))
    return float(min(sums))


@pytest.mark.parametrize("seed", range(40))
def test_no_other_choice_is_cheaper(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(10):
        cost = rng.normal(0.0, 8.0, tuple(rng.integers(1, 5, 2)))
        cost[rng.random(cost.shape) < 0.3] = np.inf
        pairs = cheapest(cost, ALONE)
        rows, columns = ({pair[n] for pair in pairs} for n in (0, 1))
        assert len(rows) == len(columns) == len(pairs)
        total = sum(cost[pair] for pair in pairs) + ALONE * (len(cost) - len(pairs))
        assert total == pytest.approx(least_sum(cost))


def test_who_has_two_leaves_the_only_one_to_the_other() -> None:
    """The first is cheapest in the second column, which is all that the second row has."""
    cost = np.array([[1.2, 1.1], [np.inf, 6.0]])
    assert sorted(cheapest(cost, 22.0)) == [(0, 0), (1, 1)]


def test_what_costs_more_than_staying_alone_is_no_pair() -> None:
    assert cheapest(np.array([[22.1]]), 22.0) == []
    assert cheapest(np.array([[21.9]]), 22.0) == [(0, 0)]


@pytest.mark.parametrize(("x_px", "is_theirs"), [(0.0, True), (60.0, False)])
def test_the_same_box_is_theirs_though_metres_off(x_px: float, is_theirs: bool) -> None:
    """Expected 3.5 m farther off than the gate reaches; the box says whether it is the same."""
    sighting = place([Stand(8.0)])[0]
    box, sigma = sighting.detection.box, np.hypot(0.5, sighting.along_sigma_m)
    last = Box(box.x0 + x_px, box.y0, box.x1 + x_px, box.y1)
    limits = TrackerLimits()
    off_m = (limits.gate_sigmas + 0.3) * float(sigma)
    track = Expected(8.0 - off_m, sighting.across_m, 0.25, 0.01, Kind.PERSON, last)
    assert bool(assign([track], [sighting], limits)) is is_theirs
