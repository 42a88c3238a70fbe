"""The session as a whole: means, asymmetry, drift, and how many steps each of them needs."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import numpy as np
import pytest

from rig.core.gait.page import draw_page
from rig.core.gait.reading import Stretch, read_gait
from rig.core.gait.steps import Step, Value
from rig.core.gait.summary import DRIFT_STEPS_LEAST, SIDE_LEAST, summarise
from rig.core.gait.svg import ticks
from rig.core.gait.table import steps_csv
from tests.unit.gait.runners import PLANES, Course, seen

(REAL,) = read_gait(seen(Course(), noise=0.005), PLANES["side"])
(ALONG,) = read_gait(seen(Course(), "along", noise=0.005), PLANES["along"])


def made(
    count: int, left_ms: float = 200.0, right_ms: float = 200.0, slope: float = 0.0
) -> Stretch:
    """A stretch of made-up steps, left and right in turn, 0.35 s apart; drifts by `slope` ms/s."""
    random = np.random.default_rng(2)
    steps = []
    for number in range(count):
        foot, time_s = ("left", "right")[number % 2], 0.35 * number
        mean = (left_ms if foot == "left" else right_ms) + slope * time_s
        contact = Value(mean + float(random.normal(0, 5)), 11.0)
        values = {"contact_time_ms": contact, "step_time_s": Value(0.35, 0.01)}
        steps.append(Step(foot, time_s, time_s + 0.2, time_s, 0.0, 90.0, REAL.gait, values))
    return replace(REAL, steps=tuple(steps), begin_s=0.0, end_s=0.35 * count)


def test_asymmetry_is_told_from_twenty_contacts_a_side() -> None:
    few = summarise([made(2 * SIDE_LEAST - 1, 190, 210)], (), {})
    assert few["contact_time_symmetry_pct"] is None
    assert "20 left and 19 right" in few["contact_time_symmetry_pct_withheld_reason"]
    enough = summarise([made(2 * SIDE_LEAST, 190, 210)], (), {})
    assert enough["contact_time_symmetry_pct"] == pytest.approx(10.0, abs=1.5)
    assert 0 < enough["contact_time_symmetry_pct_uncertainty"] < 2
    even = summarise([made(2 * SIDE_LEAST)], (), {})
    assert abs(even["contact_time_symmetry_pct"]) < 2


def test_drift_is_told_from_thirty_steps() -> None:
    few = summarise([made(DRIFT_STEPS_LEAST - 1, slope=1.0)], (), {})
    assert few["contact_time_ms_drift_per_min"] is None
    assert "29 steps" in few["contact_time_ms_drift_per_min_withheld_reason"]
    enough = summarise([made(100, slope=1.0)], (), {})
    assert enough["contact_time_ms_drift_per_min"] == pytest.approx(60.0, abs=8.0)
    steady = summarise([made(100)], (), {})
    sigma = steady["contact_time_ms_drift_per_min_uncertainty"]
    assert abs(steady["contact_time_ms_drift_per_min"]) < 3 * sigma


def test_a_mean_is_no_surer_than_the_method() -> None:
    summary = summarise([made(400)], (), {})
    assert summary["contact_time_ms_n"] == 400
    assert summary["contact_time_ms_uncertainty"] > 15


def test_windows_that_overlap_count_once() -> None:
    summary = summarise([replace(REAL, cadences=REAL.cadences[:1] * 4)], (), {})
    assert summary["cadence_spm_n"] == 1
    assert summary["cadence_spm_sd"] is None
    assert summary["cadence_spm_uncertainty"] == pytest.approx(
        REAL.cadences[0][1].sigma_spm, abs=1e-4
    )


def test_a_real_stretch_fills_table_page_and_summary() -> None:
    summary = summarise([REAL], (), {"session_id": "x"})
    assert summary["session_id"] == "x"
    assert summary["backward_share"] == summary["running_share"] == 1.0
    assert summary["distance_m"] == pytest.approx(15.0, abs=0.3)
    assert summary["cadence_spm"] == pytest.approx(180.0, abs=2)
    rows = list(csv.DictReader(io.StringIO(steps_csv("x", [REAL]))))
    assert len(rows) == len(REAL.steps)
    assert {row["direction"] for row in rows} == {"backward"}
    assert [row["foot"] for row in rows[:4]] in (["left", "right"] * 2, ["right", "left"] * 2)
    assert rows[-1]["stride_time_s"] == ""
    assert rows[-1]["stride_time_s_withheld_reason"]
    for row in rows:
        assert "0.0000" not in (row["contact_time_ms"], row["step_time_s"], row["stride_length_m"])
    page = draw_page("a <b>", [REAL], summary)
    assert page.count("<svg") == 6
    assert "a &lt;b&gt;" in page
    assert "nan" not in page


def test_along_the_lane_only_what_it_supports_is_told() -> None:
    summary = summarise([ALONG], (), {})
    assert summary["steps_total"] == 0
    assert summary["speed_mps"] == pytest.approx(3.0, abs=0.1)
    assert summary["cadence_spm"] == pytest.approx(180.0, abs=2)
    assert summary["contact_time_ms"] is None
    assert "along the lane" in summary["contact_time_ms_withheld_reason"]
    page = draw_page("x", [ALONG], summary)
    assert page.count("<svg") == 2
    assert page.count("nothing was measured") == 4


@pytest.mark.parametrize(
    ("least", "most"), [(0.0, 1.0), (-1.5, 1.5), (170.2, 170.9), (0.0, 4000.0)]
)
def test_ticks_are_few_round_and_inside(least: float, most: float) -> None:
    found = ticks(least, most)
    assert 2 <= len(found) <= 8
    assert least - 1e-9 <= found[0] < found[-1] <= most + 1e-9
    assert all(float(f"{value:.6g}") == value for value in found)
