"""The tables of docs/mount.md are what their formulas give."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from rig.config import HazardLimits

PAGE = (Path(__file__).parents[2] / "docs/mount.md").read_text(encoding="utf-8")
SIREN_DB, SOUND_MPS, PERSON_M, HALF_WIDTH_PX = 108.0, 343.0, 1.7, 640.0
SAFE_DB, SAFE_S, HALVED_BY_DB = 85.0, 8 * 3600.0, 3.0
SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0}


def rows(heading: str) -> list[list[str]]:
    """The rows of the table below this heading line, split into cells."""
    table = PAGE.split(heading)[1].split("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.split("\n")[2:]]


def number(cell: str) -> float:
    return float(cell.split()[0])


def siren_db(distance_m: float) -> float:
    return SIREN_DB - 20.0 * math.log10(distance_m)


def person_px(distance_m: float, width_deg: float) -> float:
    return PERSON_M * HALF_WIDTH_PX / math.tan(math.radians(width_deg / 2)) / distance_m


def test_range_and_loudness() -> None:
    table = rows("| distance | siren | sound takes | person, 66 degrees | person, 102 degrees |")
    assert len(table) == 10
    for distance, loud, delay, narrow, wide in table:
        d_m = number(distance)
        assert number(loud) == pytest.approx(siren_db(d_m), abs=0.5)
        assert number(delay) == pytest.approx(1e3 * d_m / SOUND_MPS, abs=0.5)
        assert number(narrow) == pytest.approx(person_px(d_m, 66.0), abs=0.5)
        assert number(wide) == pytest.approx(person_px(d_m, 102.0), abs=0.5)


def test_stopping_distances_are_those_of_the_defaults() -> None:
    limits = HazardLimits()
    table = rows("| speed | for something in the way | at the lane end |")
    assert len(table) == 6
    for speed, thing, end in table:
        v = number(speed)
        expected = v * (limits.latency_s + limits.reaction_s) + v * v / (2 * limits.brake_mps2)
        assert number(thing) == pytest.approx(expected + limits.margin_m, abs=0.051)
        at_end = v * limits.latency_s + v * v / (2 * limits.brake_end_mps2) + limits.margin_end_m
        assert number(end) == pytest.approx(at_end, abs=0.051)


def test_time_near_the_siren() -> None:
    table = rows("| distance | siren | a day at most |")
    assert len(table) == 6
    for distance, loud, most in table:
        louder_db = siren_db(number(distance)) - SAFE_DB
        most_s = number(most) * SECONDS[most.split()[1]]
        assert number(loud) == pytest.approx(siren_db(number(distance)), abs=0.5)
        assert most_s == pytest.approx(SAFE_S / 2 ** (louder_db / HALVED_BY_DB), rel=0.12)


def test_the_card_says_what_cannot_be_covered() -> None:
    card = PAGE.split("## The coach's card")[1]
    assert re.search(r"SILENCE NEVER MEANS SAFE", card)
    assert "battery is empty" in card
