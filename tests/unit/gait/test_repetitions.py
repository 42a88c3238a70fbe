"""Repetitions out of stretches, and what drifts over them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rig.core.gait.cadence import Cadence
from rig.core.gait.reading import Stretch, read_gait
from rig.core.gait.repetitions import (
    DISTANCE_LEAST_M,
    DRIFT_REPETITIONS_LEAST,
    HOLE_MOST_S,
    drift_note,
    find_drifts,
    find_repetitions,
)
from rig.core.gait.speed import Direction, Gait, Speed
from rig.core.gait.summary import summarise
from tests.unit.gait.runners import PLANES, Course, seen

(REAL,) = read_gait(seen(Course(), noise=0.005), PLANES["side"])


def stretch(
    begin_s: float,
    lasts_s: float = 5.0,
    mps: float = 3.0,
    way: Direction = Direction.BACKWARD,
    gait: Gait = Gait.RUN,
    spm: float | None = None,
) -> Stretch:
    cadences = ((begin_s + 2.0, Cadence(spm, 0.1, 0.9)),) if spm is not None else ()
    return replace(
        REAL, begin_s=begin_s, end_s=begin_s + lasts_s, speed=Speed(mps, 0.02), direction=way,
        gait=gait, cadences=cadences, steps=(),
    )  # fmt: skip


def test_a_hole_does_not_break_a_repetition_and_a_longer_one_does() -> None:
    near = [stretch(0.0), stretch(5.0 + HOLE_MOST_S)]
    (one,) = find_repetitions(near)
    assert one.distance_m == pytest.approx(3.0 * (10.0 + HOLE_MOST_S))
    assert one.values["speed_mps"].value == pytest.approx(3.0)
    assert len(find_repetitions([stretch(0.0), stretch(5.01 + HOLE_MOST_S)])) == 2


def test_turning_round_begins_another_and_walking_forward_is_none() -> None:
    back = stretch(6.0, mps=-1.2, way=Direction.FORWARD, gait=Gait.WALK)
    found = find_repetitions([stretch(0.0), back, stretch(12.0)])
    assert [one.begin_s for one in found] == [0.0, 12.0]
    assert len(find_repetitions([stretch(0.0), stretch(5.5, mps=-3.0)])) == 2


@pytest.mark.parametrize(
    ("mps", "way", "gait", "count"),
    [
        (1.2, Direction.BACKWARD, Gait.WALK, 1),
        (1.2, Direction.FORWARD, Gait.WALK, 0),
        (1.2, Direction.UNKNOWN, Gait.UNKNOWN, 0),
        (2.0, Direction.UNKNOWN, Gait.UNKNOWN, 1),
        (3.0, Direction.FORWARD, Gait.RUN, 1),
    ],
)
def test_what_counts(mps: float, way: Direction, gait: Gait, count: int) -> None:
    assert len(find_repetitions([stretch(0.0, 8.0, mps, way, gait)])) == count


def test_a_start_that_was_broken_off_does_not_count() -> None:
    assert find_repetitions([stretch(0.0, 0.99 * DISTANCE_LEAST_M / 3.0)]) == ()
    assert len(find_repetitions([stretch(0.0, 1.01 * DISTANCE_LEAST_M / 3.0)])) == 1
    assert find_repetitions([replace(REAL, speed=None)]) == ()
    assert find_repetitions([]) == ()


def session(count: int, fall: float, noise: float, seed: int = 1) -> list[Stretch]:
    """So many repetitions whose speed falls by this share in all."""
    random = np.random.default_rng(seed)
    shares = 1 - fall * np.linspace(0, 1, count) + random.normal(0, noise, count)
    return [stretch(60.0 * k, mps=3.0 * float(s), spm=180.0) for k, s in enumerate(shares)]


def test_drift_is_told_when_it_is_larger_than_chance_and_matters() -> None:
    (drift,) = find_drifts(find_repetitions(session(8, 0.12, 0.01)))
    assert drift.metric == "speed_mps"
    assert drift.percent == pytest.approx(-12.0, abs=2.0)
    assert "speed fell by 1" in drift_note(drift)
    assert find_drifts(find_repetitions(session(8, 0.03, 0.001))) == ()
    few = session(DRIFT_REPETITIONS_LEAST - 1, 0.2, 0.0)
    assert find_drifts(find_repetitions(few)) == ()


def test_noise_alone_is_seldom_called_drift() -> None:
    told = [bool(find_drifts(find_repetitions(session(8, 0.0, 0.1, seed)))) for seed in range(200)]
    assert np.mean(told) < 0.04


def test_the_summary_holds_repetitions_and_notes() -> None:
    summary = summarise(session(8, 0.12, 0.01), (), {})
    assert len(summary["repetitions"]) == 8
    assert summary["repetitions"][0]["cadence_spm"] == 180.0
    assert summary["repetitions"][0]["contact_time_ms"] is None
    assert len(summary["drift_notes"]) == 1
    real = summarise([REAL], (), {})
    assert real["repetitions"][0]["distance_m"] == pytest.approx(15.0, abs=0.3)
    assert real["repetitions"][0]["contact_time_ms"] > 100
    assert summarise([], (), {})["repetitions"] == []
