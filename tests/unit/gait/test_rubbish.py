"""Whatever comes in: no exception, nothing invented, and a reason for everything missing."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.core.gait.falls import find_falls
from rig.core.gait.keypoints import JOINTS, Keypoints
from rig.core.gait.page import draw_page
from rig.core.gait.plane import picture_plane
from rig.core.gait.reading import read_gait
from rig.core.gait.steps import METRICS
from rig.core.gait.summary import summarise
from rig.core.gait.table import COLUMNS, steps_csv
from tests.unit.gait.runners import PLANES, Course, only, seen

RUN = seen(Course(lasts_s=4.0), noise=0.005)


def empty(frames: int) -> Keypoints:
    nothing = np.full((frames, len(JOINTS), 2), np.nan)
    sure = np.zeros((frames, len(JOINTS)))
    return Keypoints(np.arange(frames) / 30, nothing, sure, np.full(frames, np.nan))


def with_times(times: np.ndarray) -> Keypoints:
    return Keypoints(times, RUN.points_px, RUN.confidence, RUN.across_m)


def two_in_turn() -> Keypoints:
    other = seen(Course(lasts_s=4.0, start_m=9.0, speed_mps=2.0, stride_m=1.5), noise=0.005)
    points = np.where((np.arange(len(RUN.times_s)) % 2 == 0)[:, None, None], RUN.points_px,
                      other.points_px)  # fmt: skip
    return Keypoints(RUN.times_s, points, RUN.confidence, RUN.across_m)


def noise_only() -> Keypoints:
    points = np.random.default_rng(3).uniform(0, 1280, RUN.points_px.shape)
    return Keypoints(RUN.times_s, points, RUN.confidence, RUN.across_m)


def infinite() -> Keypoints:
    points = RUN.points_px.copy()
    points[::3, ::2] = np.inf
    return Keypoints(
        RUN.times_s, points, RUN.confidence * np.nan, np.full_like(RUN.across_m, np.inf)
    )


NOTHING: dict[str, Callable[[], Keypoints]] = {
    "no frame": lambda: empty(0),
    "one frame": lambda: only(RUN, slice(0, 1)),
    "three frames": lambda: only(RUN, slice(0, 3)),
    "no runner": lambda: empty(100),
    "equal timestamps": lambda: with_times(np.ones(len(RUN.times_s))),
    "no timestamps": lambda: with_times(np.full(len(RUN.times_s), np.nan)),
    "two in turn": two_in_turn,
    "noise": noise_only,
    "infinite": infinite,
    "five frames a second": lambda: only(RUN, slice(None, None, 6)),
}


@pytest.mark.parametrize("name", NOTHING)
@pytest.mark.parametrize("view", ["side", "oblique", "along"])
def test_nothing_is_made_of_nothing_and_the_reason_is_given(name: str, view: str) -> None:
    keypoints = NOTHING[name]()
    stretches = read_gait(keypoints, PLANES[view])
    summary = summarise(stretches, find_falls(keypoints, 1280, 720), {})
    assert [step for s in stretches for step in s.steps if "contact_time_ms" in step.values] == []
    assert summary["cadence_spm"] is None
    assert summary["cadence_spm_withheld_reason"]
    check_reasons(summary)
    assert steps_csv("x", stretches).splitlines()[0].split(",") == list(COLUMNS)
    assert "nothing was measured" in draw_page("x", stretches, summary)


def check_reasons(summary: dict[str, object]) -> None:
    """Null has a reason, a number its uncertainty, and JSON can hold all of it."""
    for name in (*METRICS, "cadence_spm", "lane_offset_m", "step_time_cv_pct"):
        if summary[name] is None:
            assert summary[f"{name}_withheld_reason"], name
            assert summary[f"{name}_uncertainty"] is None
        else:
            assert summary[f"{name}_withheld_reason"] is None, name
            assert summary[f"{name}_uncertainty"] > 0, name
    json.dumps(summary, allow_nan=False)


def test_the_order_of_frames_does_not_matter() -> None:
    shuffled = only(RUN, np.random.default_rng(5).permutation(len(RUN.times_s)))
    plain, mixed = (read_gait(k, PLANES["side"]) for k in (RUN, shuffled))
    assert [s.steps for s in plain] == [s.steps for s in mixed]
    assert [s.cadences for s in plain] == [s.cadences for s in mixed]


def test_frames_told_twice_count_once() -> None:
    twice = only(RUN, np.repeat(np.arange(len(RUN.times_s)), 2))
    (plain,), (doubled,) = (read_gait(k, PLANES["side"]) for k in (RUN, twice))
    assert plain.steps == doubled.steps


def test_who_leaves_is_read_up_to_there() -> None:
    sure = RUN.confidence.copy()
    sure[60:] = 0.0
    left = Keypoints(RUN.times_s, RUN.points_px, sure, RUN.across_m)
    (stretch,) = read_gait(left, PLANES["side"])
    assert stretch.end_s == pytest.approx(RUN.times_s[59], abs=0.05)
    assert stretch.steps
    check_reasons(summarise([stretch], (), {}))


def test_a_long_hole_parts_the_motion_and_no_step_spans_it() -> None:
    rows = np.r_[0:50, 65 : len(RUN.times_s)]
    first, second = read_gait(only(RUN, rows), PLANES["side"])
    assert first.end_s < second.begin_s
    assert all(step.touchdown_s <= first.end_s for step in first.steps)


@given(
    seed=st.integers(0, 10_000),
    spoilt=st.floats(0.0, 1.0),
    frames=st.integers(0, 60),
    view=st.sampled_from(["side", "oblique", "along", "picture"]),
)
def test_no_spoiling_ever_raises(seed: int, spoilt: float, frames: int, view: str) -> None:
    random = np.random.default_rng(seed)
    part = only(RUN, slice(0, frames))
    points, sure, times = part.points_px.copy(), part.confidence.copy(), part.times_s.copy()
    points[random.random(points.shape) < spoilt * 0.3] = np.nan
    points[random.random(points.shape) < spoilt * 0.1] *= 1e6
    sure[random.random(sure.shape) < spoilt * 0.5] = random.choice([0.0, np.nan, 2.0, -1.0])
    times[random.random(times.shape) < spoilt * 0.2] = random.choice([np.nan, np.inf, 0.0, 1e9])
    keypoints = Keypoints(times, points, sure, part.across_m)
    plane = picture_plane(keypoints, 1.75) if view == "picture" else PLANES[view]
    stretches = read_gait(keypoints, plane) if plane is not None else ()
    summary = summarise(stretches, find_falls(keypoints, 1280, 720), {})
    check_reasons(summary)
    steps_csv("x", stretches)
    draw_page("x", stretches, summary)
