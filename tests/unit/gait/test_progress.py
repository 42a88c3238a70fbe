"""Progress over sessions and weeks: totals, growth, and limits that warn before they are passed."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.config import CoachLimits
from rig.core.gait.progress import (
    NO_LABEL,
    WEEKS_LOOKED,
    Bout,
    Session,
    add_up,
    judge_session,
    session_of,
    tell_progress,
)
from rig.core.gait.progress_page import (
    SESSION_COLUMNS,
    WEEK_COLUMNS,
    progress_csv,
    progress_lines,
    progress_page,
)
from rig.programs.progress import week_of

BOUT = Bout(30.0, 10.0, True, 3.0, 180.0)
NO_LIMITS = CoachLimits()


def session(week: int | None = 100, count: int = 4, runner: str = "Ada", **more: object) -> Session:
    name = f"s{week}"
    made = Session(name, runner, f"day {week or 0:04}", week, f"W{week}", (BOUT,) * count, None)
    return replace(made, **more)  # type: ignore[arg-type]  # fields by name


def told(sessions: list[Session], limits: CoachLimits = NO_LIMITS, now: int = 100) -> dict:
    (runner,) = tell_progress(sessions, limits, now)["runners"]
    return dict(runner)


def test_totals_are_sums_and_speed_is_distance_over_time() -> None:
    slow = Bout(10.0, 10.0, False, None, None)
    total = add_up([session(count=2), session(101, bouts=(slow,), asymmetry_pct=4.0)])
    assert (total.sessions, total.repetitions, total.distance_m) == (2, 3, 70.0)
    assert total.backward_share == pytest.approx(60 / 70, abs=1e-3)
    assert total.speed_mps == pytest.approx(70 / 30, abs=1e-3)
    assert (total.fastest_mps, total.cadence_spm, total.asymmetry_pct) == (3.0, 180.0, 4.0)
    assert total.minutes == 0.5


def test_nothing_measured_is_none_and_never_zero() -> None:
    total = add_up([session(bouts=())])
    measures = (total.speed_mps, total.fastest_mps, total.cadence_spm, total.asymmetry_pct)
    assert (*measures, total.backward_share) == (None,) * 5
    assert (total.repetitions, total.distance_m) == (0, 0)


@given(st.lists(st.floats(5, 400), max_size=12), st.integers(0, 12))
def test_parts_add_up_to_the_whole(lengths: list[float], cut: int) -> None:
    bouts = tuple(Bout(length, length / 3, True, 3.0, 180.0) for length in lengths)
    whole = add_up([session(bouts=bouts)])
    parts = [add_up([session(bouts=part)]) for part in (bouts[:cut], bouts[cut:])]
    assert whole.repetitions == sum(part.repetitions for part in parts)
    assert whole.distance_m == pytest.approx(sum(p.distance_m for p in parts), abs=0.11)


@pytest.mark.parametrize(
    ("done", "words"),
    [(7, None), (8, None), (9, "near: 9 of"), (10, "reached: 10 of"), (11, "PASSED: 11 of")],
)
def test_repetitions_warn_before_they_are_passed(done: int, words: str | None) -> None:
    warnings = judge_session(session(count=done), CoachLimits(repetitions=10))
    assert [w.is_passed for w in warnings] == ([done > 10] if words else [])
    assert words is None or words in warnings[0].sentence


def test_one_left_warns_however_few_are_allowed() -> None:
    assert "near" in judge_session(session(count=2), CoachLimits(repetitions=3))[0].sentence
    assert judge_session(session(count=0), CoachLimits(repetitions=1)) == ()


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (CoachLimits(speed_mps=3.3), "near: the fastest repetition was 3.00 of at most 3.30"),
        (CoachLimits(speed_mps=2.9), "PASSED: the fastest"),
        (CoachLimits(speed_mps=3.4), None),
        (CoachLimits(minutes=0.7), "near: 0.7 of at most 0.7 minutes"),
        (CoachLimits(minutes=0.6), "PASSED: 0.7"),
        (CoachLimits(minutes=0.8), None),
    ],
)
def test_speed_and_minutes(limits: CoachLimits, words: str | None) -> None:
    found = [warning.sentence for warning in judge_session(session(), limits)]
    assert bool(found) == (words is not None)
    assert words is None or words in found[0]


def test_no_limit_says_nothing() -> None:
    assert judge_session(session(count=900), NO_LIMITS) == ()
    assert told([session()])["left"]["distance_this_week_m"] is None


def test_weekly_growth_is_told_before_during_and_after() -> None:
    limits = CoachLimits(weekly_growth_pct=10)
    last = session(99, 10)
    before = told([last], limits)
    assert before["left"]["distance_this_week_m"] == 330.0
    assert before["warnings"] == []
    near = told([last, session(100, 10)], limits)
    assert near["weeks"][-1]["distance_most_m"] == 330.0
    assert near["left"]["distance_this_week_m"] == 30.0
    assert "near: 300 of at most 330 m" in near["warnings"][0]["sentence"]
    passed = told([last, session(100, 12)], limits)
    assert passed["warnings"][0]["is_passed"]
    assert passed["weeks"][-1]["distance_m_change_pct"] == 20.0


def test_growth_looks_past_a_pause_but_not_for_ever() -> None:
    limits = CoachLimits(weekly_growth_pct=10)
    paused = told([session(100 - WEEKS_LOOKED, 10), session(100, 9)], limits)
    assert paused["weeks"][-1]["held_against"] == f"W{100 - WEEKS_LOOKED}"
    long_ago = told([session(99 - WEEKS_LOOKED, 10), session(100, 90)], limits)
    assert long_ago["weeks"][-1]["held_against"] is None
    assert long_ago["warnings"] == []
    assert told([session(100, 90)], limits)["warnings"] == []


def test_a_session_without_a_day_counts_but_is_in_no_week() -> None:
    runner = told([session(), session(None, name="lost", day=None)])
    assert runner["totals"]["repetitions"] == 8
    assert [row["repetitions"] for row in runner["weeks"]] == [4]
    assert "1 sessions without a date" in "\n".join(progress_lines({"runners": [runner]}))


def test_runners_are_kept_apart_and_the_unnamed_too() -> None:
    summary = {"session_id": "x", "repetitions": [], "drift_notes": []}
    unnamed = session_of(summary, "  ", None, None, "")
    progress = tell_progress([session(), session(runner="Bo"), unnamed], NO_LIMITS, 100)
    assert [runner["runner"] for runner in progress["runners"]] == [NO_LABEL, "Ada", "Bo"]


def test_what_is_shown_holds_the_figures_and_no_markup_of_a_label() -> None:
    notes = ("speed fell by 9 %",)
    made = [session(99), session(100, runner="Ada", notes=notes, asymmetry_pct=-2.04)]
    evil = session(100, runner="<b>=Bo")
    progress = tell_progress([*made, evil], CoachLimits(repetitions=4, weekly_growth_pct=10), 100)
    json.dumps(progress, allow_nan=False)
    page = progress_page({**progress, "unread": [{"session_id": "<i>", "reason": "torn"}]})
    assert "<b>=Bo" not in page
    assert "&lt;b&gt;=Bo" in page
    assert "&lt;i&gt;: torn" in page
    assert page.count("<svg") == 6
    rows = list(csv.DictReader(io.StringIO(progress_csv(progress, "sessions", SESSION_COLUMNS))))
    ada = next(row for row in rows if row["notes"])
    assert (ada["distance_m"], ada["asymmetry_pct"]) == ("120.0", "-2.04")
    assert rows[0]["asymmetry_pct"] == ""
    weeks = list(csv.DictReader(io.StringIO(progress_csv(progress, "weeks", WEEK_COLUMNS))))
    assert [row["week"] for row in weeks if row["runner"] == "Ada"] == ["W99", "W100"]
    lines = "\n".join(progress_lines(progress))
    assert "limit reached: 4 of at most 4 repetitions" in lines
    assert "drift: s100: speed fell" in lines
    assert "left this week: 12 m" in lines


def test_weeks_begin_on_monday_and_go_over_new_year() -> None:
    sunday = date(2026, 12, 27)
    assert week_of(sunday)[0] + 1 == week_of(sunday + timedelta(1))[0]
    assert week_of(date(2027, 1, 3)) == (week_of(date(2026, 12, 28))[0], "2026-W53")
    assert week_of(date(2027, 1, 4))[1] == "2027-W01"
