"""The campaign: playing, judging, statistics, results on disk, baselines and the command line."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from campaign import command, results, runs, statistics  # noqa: E402
from campaign.play import ABLATIONS, BASELINES, DECIDERS, Task, play, settings_of, turns  # noqa: E402
from campaign.referee import Referee  # noqa: E402
from campaign.report import report_lines  # noqa: E402
from campaign.statistics import add_up, badness, poisson, rate_interval, wilson  # noqa: E402
from campaign.timeline import timeline  # noqa: E402
from campaign.verdict import UNSEEN, Outcome  # noqa: E402
from campaign.words import replay_command  # noqa: E402

from rig.records import Alert, Cause, Decision, Level, Phase, Runner, Seen  # noqa: E402
from rig.sim.families import FAMILIES, Drill, draw_drill  # noqa: E402
from rig.sim.noise import CLEAN_EYE  # noqa: E402
from tests.unit.trial_records import record  # noqa: E402


class Fixed:
    """Sounds the same whatever it sees."""

    def __init__(self, level: Level, cause: Cause | None) -> None:
        self._alert = level, cause

    def step(self, seen: Seen, now_ns: int) -> Decision:
        alert = Alert(*self._alert, now_ns)
        return Decision(seen.t_ns, now_ns, alert, Runner(Phase.RUNNING, None), (), ())


@pytest.fixture
def fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, level, cause in (
        ("never", Level.OK, Cause.ARMED),
        ("always-caution", Level.CAUTION, Cause.CONFLICT_SOON),
    ):
        monkeypatch.setitem(DECIDERS, name, lambda site, limits, a=(level, cause): Fixed(*a))


def cheap(family: str, rate_hz: float = 15.0) -> int:
    """A seed of this family at this rate: the dearest ones run four times as long."""
    rates = (draw_drill(FAMILIES[family], s).conditions.rate_hz for s in range(1, 40))
    return next(seed for seed, rate in enumerate(rates, 1) if rate == rate_hz)


# ------------------------------------------------------------------ statistics


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [(1, 10, 0.0179, 0.4042), (50, 100, 0.4038, 0.5962), (10, 10, 0.7225, 1.0)],
)
def test_wilson_agrees_with_published_values(
    count: int, total: int, low: float, high: float
) -> None:
    assert wilson(count, total) == pytest.approx((low, high), abs=5e-4)


def test_nothing_in_n_is_the_rule_of_three() -> None:
    assert wilson(0, 300) == (0.0, 0.01)
    assert wilson(0, 2) == (0.0, 1.0)
    assert rate_interval(0, 6.0) == (0.0, 0.5)
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("count", "low", "high"),
    [(1, 0.0253, 5.572), (3, 0.6187, 8.767), (10, 4.795, 18.39), (100, 81.36, 121.63)],
)
def test_poisson_agrees_with_published_values(count: int, low: float, high: float) -> None:
    assert poisson(count) == pytest.approx((low, high), rel=1e-3)
    assert rate_interval(count, 2.0) == pytest.approx((low / 2, high / 2), rel=1e-3)


@given(st.integers(0, 400), st.integers(1, 400))
def test_an_interval_holds_its_share(count: int, total: int) -> None:
    count = min(count, total)
    low, high = wilson(count, total)
    assert 0.0 <= low <= count / total <= high <= 1.0


def test_totals_count_what_the_records_say() -> None:
    records = [
        record(),
        record(failures=["missed"], margins=[["stander", -1.0, -0.4]], late=["stander"]),
        record(failures=["too late", "false caution"], false_alerts=3, clear_s=90.0),
        record(failures=[UNSEEN], margins=[["dog", 2.0, 1.0]]),
    ]
    totals = add_up(records)
    assert (totals.drills, totals.passed, totals.touched, totals.missed) == (4, 2, 2, 1)
    assert (totals.unseen, totals.late_stops, totals.false_alerts) == (1, 1, 3)
    assert totals.per_hour(3) == pytest.approx(3 / (120 / 3600))
    assert add_up([record(clear_s=0.0)]).per_hour(0) is None


def test_a_missed_thing_is_worse_than_any_false_alert() -> None:
    missed, false = record(failures=["missed"]), record(failures=["false stop", "slow release"])
    assert badness(missed) > badness(false) > badness(record()) == 0


# ------------------------------------------------------------------ playing and judging


@pytest.mark.usefixtures("fixed")
def test_a_rig_that_never_sounds_misses_and_one_that_always_does_is_false() -> None:
    silent = play(Task("standing person", cheap("standing person"), "never"))
    assert silent["touched"] == ["stander"]
    assert silent["failures"][0] == "missed"
    assert silent["margins"] == []
    noisy = play(Task("empty lane", cheap("empty lane"), "always-caution"))
    assert noisy["false_alerts"] == 1
    assert noisy["clear_s"] > 8.0
    assert "false caution" in noisy["failures"]


def clean(family: str, least_mps: float, most_mps: float) -> Drill:
    """A drill at 15 Hz seen without any error, at a speed of this range."""
    for seed in range(1, 200):
        drill = draw_drill(FAMILIES[family], seed)
        if drill.conditions.rate_hz == 15.0 and least_mps < (drill.speed_mps or 9) < most_mps:
            return replace(drill, conditions=replace(drill.conditions, noise=CLEAN_EYE))
    raise AssertionError(f"no drill of {family} in that range")


def judge(drill: Drill, decider: str) -> Outcome:
    referee = Referee(drill)
    for look, decision in turns(drill, DECIDERS[decider](drill.scene.site, drill.hazard)):
        referee.add(look, decision)
    return referee.finish()


def test_without_errors_the_law_meets_the_stander_and_is_quiet_on_an_empty_lane() -> None:
    """Not the law's test: that the loop is closed and the referee is fair to it."""
    met = judge(clean("steps in", 1.5, 2.5), "law")
    assert "collision" in met.heard
    assert met.margins[0][0] == "stepper"
    assert met.margins[0][1] > 0
    assert met.missed == []
    empty = judge(clean("empty lane", 2.0, 3.0), "law")
    assert empty.false_alerts == 0
    assert empty.clear_s > 3.0
    assert empty.phases[:4] == ["waiting", "in_box", "running", "finished"]


def test_a_record_can_be_played_again_to_the_letter() -> None:
    found = play(Task("empty lane", cheap("empty lane", 8.0)))
    assert json.loads(json.dumps(found)) == json.loads(json.dumps(play(Task(**_task(found)))))


def _task(found: dict[str, Any]) -> dict[str, Any]:
    return {key: found[key] for key in ("family", "seed", "decider")}


def test_nobody_sets_off_before_the_chirp() -> None:
    drill = draw_drill(FAMILIES["empty lane"], 3)
    for _ in turns(drill, Fixed(Level.SILENT, None)):
        pass
    assert drill.scene.runner is not None
    at_end_ns = round(drill.scene.duration_s * 1e9)
    assert drill.scene.runner.advance(at_end_ns).along_m == drill.scene.runner.habits.start_m


def test_a_coachs_call_stops_the_runner_and_its_end_lets_them_go() -> None:
    drill = draw_drill(FAMILIES["stopping and restarting"], 2)
    for _ in turns(drill, Fixed(Level.OK, Cause.ARMED)):
        pass
    runner, ((call_s, end_s),) = drill.scene.runner, drill.coach_calls
    assert runner is not None
    stop_s = runner.event_s("stop 1", round(40e9))
    again_s = runner.event_s("go 2", round(40e9))
    assert stop_s is not None
    assert again_s is not None
    assert call_s < stop_s < again_s
    assert again_s >= end_s


@pytest.mark.parametrize("name", ["lane-box-3-12", "ttc-4"])
def test_baselines_without_errors_see_the_stander_and_nobody_on_an_empty_lane(name: str) -> None:
    met = judge(clean("standing person", 2.0, 3.5), name)
    assert "collision" in met.heard
    assert met.missed == []
    assert judge(clean("empty lane", 2.0, 3.5), name).heard == {}


def test_the_timeline_tells_truth_and_outcome() -> None:
    lines = list(timeline(Task("empty lane", cheap("empty lane", 8.0))))
    assert lines[0].startswith("empty lane, seed")
    assert any("running lock" in line and "runner " in line for line in lines)
    assert lines[-1].startswith("failures: ")


# ------------------------------------------------------------------ results and report


def test_results_are_resumed_and_a_torn_line_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    results.append(path, record(seed=1))
    results.append(path, record(seed=2))
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"family": "empty la')
    assert [results.key_of(r)[1] for r in results.load(path)] == [1, 2]
    assert path.read_bytes() == whole
    path.write_bytes(b"nonsense\n" + whole)
    with pytest.raises(results.ResultsError, match="line 1 is no JSON"):
        results.load(path)


def test_a_campaign_goes_on_where_it_was_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    played: list[Task] = []

    def fake(task: Task) -> dict[str, Any]:
        played.append(task)
        return record(family=task.family, seed=task.seed)

    monkeypatch.setattr(runs, "play", fake)
    path = tmp_path / "r.jsonl"
    words = ["--jobs", "1", "--resume", str(path), "--family", "dog crosses", "--seed", "4"]
    assert command.main([*words, "--drills-per-family", "2"]) == 0
    assert command.main([*words, "--drills-per-family", "3"]) == 0
    assert [task.seed for task in played] == [4, 5, 6]
    assert "drills: 3" in capsys.readouterr().out


def test_the_report_names_the_worst_with_the_line_that_replays_it() -> None:
    bad = record(family="dog crosses", seed=7, failures=["missed"])
    text = "\n".join(report_lines([record(), bad, record(failures=[UNSEEN])]))
    assert '`scripts/trials --show "dog crosses" --seed 7`' in text
    assert text.count("--show") == 1
    assert "| dog crosses | 1 | 0 | 1 |" in text
    assert replay_command(record()) == 'scripts/trials --show "empty lane" --seed 1'
    seen = replay_command(record(decider="ttc-2", eye="pictures"))
    assert seen == 'scripts/trials --show "empty lane" --seed 1 --decider ttc-2 --pictures'


# ------------------------------------------------------------------ command line


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--family", "unicorn"], "family 'unicorn' is not known"),
        (["--show", "long shadows"], "add --pictures"),
        (["--decider", "magic"], "use one of: law"),
        (["--sweep"], "belong together"),
        (["--jobs", "0"], "--jobs is 0; give 1 or more"),
        (["--drills", "-3"], "--drills is -3; give 1 or more"),
        (["--drills", "no-such-file.toml"], "no-such-file.toml cannot be read"),
        (["--pictures", "--decider", "ttc-2"], "take --decider out"),
        (["--clear-hours", "-1"], "give 0 to 100"),
        (["--results", "nowhere.jsonl"], "nowhere.jsonl is not there"),
    ],
)
def test_wrong_calls_are_refused_in_a_sentence(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(words) == 2
    assert says in capsys.readouterr().err


def test_the_list_has_every_family(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--list"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(FAMILIES)


def test_every_baseline_has_settings_to_sweep() -> None:
    assert all(len(settings_of(name)) >= 4 for name in BASELINES)
    assert len(ABLATIONS) >= 2
    assert statistics.quantile([3.0, 1.0, 2.0], 0.5) == 2.0
