"""A campaign that is killed, one whose code changes, and the intervals of its sums."""

from __future__ import annotations

import ast
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from campaign import results, runs, state  # noqa: E402
from campaign.play import Task  # noqa: E402
from campaign.report import state_lines  # noqa: E402
from campaign.statistics import add_up, poisson, rate_interval, wilson  # noqa: E402

from tests.unit.trial_records import record  # noqa: E402

TASKS = [Task("empty lane", seed) for seed in range(1, 61)]
SLOW_PLAY = """
import sys, time
from pathlib import Path
sys.path[:0] = [{root!r}, {scripts!r}]
from campaign import runs
from campaign.play import Task
from tests.unit.trial_records import record

def slow(task):
    time.sleep(0.01)
    return record(family=task.family, seed=task.seed)

runs.play = slow
runs.run([Task("empty lane", seed) for seed in range(1, 61)], Path({path!r}), 1)
"""


def fake(task: Task) -> dict[str, Any]:
    return record(family=task.family, seed=task.seed)


# ------------------------------------------------------------------ killed in the middle


def test_a_killed_campaign_goes_on_and_reports_as_if_never_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, played = tmp_path / "r.jsonl", list[int]()
    words = SLOW_PLAY.format(root=str(ROOT), scripts=str(ROOT / "scripts"), path=str(path))
    victim = subprocess.Popen([sys.executable, "-c", words], stderr=subprocess.DEVNULL)
    while not path.exists() or path.read_bytes().count(b"\n") < 5:
        assert victim.poll() is None, "it ended before it could be killed"
        time.sleep(0.005)
    os.kill(victim.pid, signal.SIGKILL)
    victim.wait()
    with path.open("ab") as file:
        file.write(b'{"family": "empty la')  # what a write that was cut off leaves
    done = path.read_bytes().count(b"\n")
    assert 5 <= done < len(TASKS)

    def noted(task: Task) -> dict[str, Any]:
        played.append(task.seed)
        return fake(task)

    monkeypatch.setattr(runs, "play", noted)
    found = runs.run(TASKS, path, 1)
    assert [r["seed"] for r in found] == [task.seed for task in TASKS]
    assert played == list(range(done + 1, len(TASKS) + 1))
    whole = runs.run(TASKS, tmp_path / "whole.jsonl", 1)
    assert add_up(found) == add_up(whole)


# ------------------------------------------------------------------ two states of the code


def test_results_of_other_code_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "play", fake)
    path = tmp_path / "r.jsonl"
    runs.run(TASKS[:2], path, 1)
    monkeypatch.setattr(runs, "code_state", lambda: "0ther")
    with pytest.raises(results.ResultsError, match="the code here is 0ther; give a new file"):
        runs.run(TASKS[:3], path, 1)
    assert len(results.load(path)) == 2


def test_code_that_changes_while_it_plays_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "r.jsonl"
    monkeypatch.setattr(runs, "timed", lambda task: {**fake(task), "code": "0ther"})
    with pytest.raises(results.ResultsError, match="holds results of code 0ther"):
        runs.run(TASKS[:2], path, 1)
    assert not path.exists()


def test_a_report_of_two_states_says_so() -> None:
    assert state_lines([record()]) == ["Code: c0de.", ""]
    mixed = state_lines([record(), record(code="0ther")])
    assert mixed[0] == "**Results of 2 states of the code (0ther, c0de): sums mean nothing.**"


def test_the_digest_changes_with_every_name_and_content(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_bytes(b"x")
    second.write_bytes(b"x")
    found = [state.digest([first], tmp_path), state.digest([second], tmp_path)]
    first.write_bytes(b"y")
    assert len({*found, state.digest([first], tmp_path)}) == 3
    assert state.code_state() == state.digest(state.deciding_files(), ROOT)


def test_whatever_playing_imports_is_in_the_digest() -> None:
    """The modules of the campaign that `play` needs, and theirs."""
    found, rest = set[str](), ["play"]
    while rest:
        name = rest.pop()
        if name in found:
            continue
        found.add(name)
        tree = ast.parse((ROOT / "scripts" / "campaign" / f"{name}.py").read_text("utf-8"))
        origins = [n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
        rest += [o.removeprefix("campaign.") for o in origins if o.startswith("campaign.")]
    assert found == set(state.DECIDING)


# ------------------------------------------------------------------ intervals


def at_most(count: int, total: int, share: float) -> float:
    """Probability of at most so many of `total`."""
    return sum(
        math.comb(total, k) * share**k * (1 - share) ** (total - k) for k in range(count + 1)
    )


@given(st.integers(5, 200), st.floats(0.02, 0.98))
def test_wilson_holds_the_true_share_nearly_as_often_as_it_says(total: int, share: float) -> None:
    """Its known weakness is small n and shares near 0 and 1: never under 83 % of the time."""
    covers = sum(
        math.comb(total, k) * share**k * (1 - share) ** (total - k)
        for k in range(total + 1)
        if wilson(k, total)[0] <= share <= wilson(k, total)[1]
    )
    assert covers > 0.83


@given(st.integers(1, 3000))
def test_the_rule_of_three_leaves_a_twentieth(total: int) -> None:
    _, high = wilson(0, total)
    assert at_most(0, total, high) <= 0.0501


@given(st.integers(0, 150))
def test_poissons_ends_leave_a_fortieth_each(count: int) -> None:
    low, high = poisson(count)
    assert low <= count <= high
    terms = [math.exp(k * math.log(high) - high - math.lgamma(k + 1)) for k in range(count + 1)]
    assert sum(terms) == pytest.approx(0.05 if count == 0 else 0.025, abs=1e-3)


@given(st.integers(0, 99), st.integers(1, 100), st.integers(2, 9))
def test_more_of_the_same_narrows_every_interval(count: int, total: int, times: int) -> None:
    count = min(count, total)
    one, more = wilson(count, total), wilson(count * times, total * times)
    assert more[1] - more[0] <= one[1] - one[0] + 1e-9
    slow, fast = rate_interval(count, 2.0), rate_interval(count * times, 2.0 * times)
    assert fast[1] - fast[0] <= slow[1] - slow[0] + 1e-9


@given(st.lists(st.tuples(st.floats(0.0, 60.0), st.integers(0, 3)), min_size=1, max_size=30))
def test_clear_hours_and_false_alerts_are_sums_over_drills(drills: list[tuple[float, int]]) -> None:
    totals = add_up(record(clear_s=s, false_alerts=n, false_stops=n // 2) for s, n in drills)
    assert totals.clear_s == pytest.approx(sum(s for s, _ in drills))
    assert totals.false_alerts == sum(n for _, n in drills)
    assert totals.false_drills == sum(n > 0 for _, n in drills)
