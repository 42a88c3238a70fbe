"""The campaign's report: comparison and its verdicts, causes of picture failures, plots, phases."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from campaign import causes, command, plots, results, runs, stages  # noqa: E402
from campaign.causes import cause_of  # noqa: E402
from campaign.compare import SWEEP_SEED, best_setting, comparison_lines, verdict  # noqa: E402
from campaign.play import Task  # noqa: E402
from campaign.report import band_of, in_order, report_lines, wanted_lines  # noqa: E402
from campaign.statistics import Totals, add_up  # noqa: E402

from tests.unit.trial_records import picture_record, record  # noqa: E402


def many(count: int, decider: str = "law", bad: int = 0, **changes: Any) -> list[dict[str, Any]]:
    """So many drills, the first `bad` of them missed."""
    return [
        record(seed=n, decider=decider, failures=["missed"] * (n <= bad), **changes)
        for n in range(1, count + 1)
    ]


# ------------------------------------------------------------------ comparison


def test_the_verdict_follows_the_intervals() -> None:
    law = Totals(drills=1000, touched=0, false_alerts=0, clear_s=3600 * 6)
    clearly = Totals(drills=1000, touched=60, false_alerts=40, clear_s=3600 * 6)
    assert verdict(law, "x", clearly).endswith("**Ahead on both at once.**")
    barely = Totals(drills=1000, touched=2, false_alerts=40, clear_s=3600 * 6)
    said = verdict(law, "x", barely)
    assert "on touches ahead, but the intervals overlap; on false alerts ahead, the" in said
    assert "both at once" not in said
    assert "on touches worse, the intervals do not overlap" in verdict(clearly, "x", law)
    assert "on touches level" in verdict(law, "x", law)


def test_rivals_are_compared_on_the_drills_that_all_played() -> None:
    by_decider = {"law": many(50, bad=40), "ttc-2": many(10, "ttc-2", bad=10)}
    text = "\n".join(comparison_lines(by_decider, {}))
    assert "| law | 10 | 10 of 10" in text
    assert "| ttc-2 | 10 | 10 of 10" in text


def test_the_best_setting_weighs_touches_and_false_alerts_alike() -> None:
    swept = {
        "ttc-1": many(10, "ttc-1", bad=4),
        "ttc-2": [*many(8, "ttc-2"), *many(2, "ttc-2", false_alerts=5)],
        "ttc-4": many(10, "ttc-4", false_alerts=1),
    }
    assert best_setting("ttc", swept) == "ttc-2"
    assert best_setting("lane-box", swept) is None


def test_the_sweep_is_not_counted_among_the_laws_drills() -> None:
    text = "\n".join(report_lines([*many(3), record(seed=SWEEP_SEED, decider="ttc-2")]))
    assert "- drills: 3," in text
    assert "Against the baselines" not in text


# ------------------------------------------------------------------ the law's part


def test_what_is_wanted_is_met_only_with_enough_drills_and_hours() -> None:
    def met(records: list[dict[str, Any]]) -> list[str]:
        return [line.rsplit("|", 2)[1].strip() for line in
                wanted_lines(add_up(records), records)[2:]]  # fmt: skip

    squad = {"wanted_phases": ["in_box", "running", "finished", "in_box"]}
    gone = {**squad, "phases": ["waiting", *squad["wanted_phases"]]}
    good = [record(seed=n, clear_s=5.0, **gone) for n in range(5000)]
    assert met(good) == ["yes"] * 5
    assert met(good[:4999])[0] == "**no**"
    assert met([*good[1:], record(failures=["too late"], clear_s=5.0)])[1] == "**no**"
    assert met([record(clear_s=4.0)] * 5000)[2] == "**no**"
    assert met([*good, record(failures=["slow release"])])[3] == "**no**"
    assert met([*good, record(**squad, phases=["in_box", "running"])])[4] == "**no**"


def test_phases_may_have_others_between_but_keep_their_order() -> None:
    assert in_order(["a", "b"], ["x", "a", "x", "b"])
    assert not in_order(["a", "b"], ["b", "a"])
    assert not in_order(["a", "a"], ["a"])


@pytest.mark.parametrize(
    ("speed", "band"),
    [(1.5, "1.5 to 3 m/s"), (2.99, "1.5 to 3 m/s"), (3.0, "3 to 4.5 m/s"), (6.0, "4.5 to 6 m/s"),
     (None, "nobody reacts")],
)  # fmt: skip
def test_speed_bands(speed: float | None, band: str) -> None:
    assert band_of(record(speed_mps=speed)) == band


def test_each_drill_counts_once_in_whichever_files(tmp_path: Path) -> None:
    for name, seeds in (("a", (1, 2)), ("b", (2, 3))):
        for seed in seeds:
            results.append(tmp_path / name, record(seed=seed))
    report = tmp_path / "out" / "report.md"
    words = ["--results", str(tmp_path / "a"), str(tmp_path / "b"), "--report", str(report)]
    assert command.main(words) == 0
    text = report.read_text(encoding="utf-8")
    assert "- drills: 3," in text
    pictures = [p.name for p in report.parent.glob("*.png")]
    assert len(pictures) == len(plots.PLOTS)
    assert all(f"({name})" in text for name in pictures)


# ------------------------------------------------------------------ causes of picture failures


def actor(frames: int, found: int, px: int = 30) -> dict[str, Any]:
    return {"name": "person", "bins": {"24-32": [frames, found]}, "hidden": {}, "named": found,
            "due": [frames, found], "due_px": px, "by_lane_check": 0}  # fmt: skip


def alert(cause: str, about: str | None, kind: str = "person") -> dict[str, Any]:
    return {"t_s": 5.0, "level": "STOP", "cause": cause, "about": about, "kind": kind, "px": 15}


SEEN, BLIND = actor(40, 38), actor(40, 3, 18)


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"failures": ["missed"], "touched": ["x"], "actors": {"x": BLIND, "runner": SEEN}},
         causes.THING_UNSEEN),
        ({"failures": ["missed"], "touched": ["x"], "actors": {"runner": SEEN}},
         causes.THING_UNSEEN),
        ({"failures": ["too late"], "touched": ["x"], "actors": {"x": SEEN, "runner": BLIND}},
         causes.RUNNER_UNSEEN),
        ({"failures": ["too late"], "touched": ["x"], "actors": {"x": SEEN, "runner": SEEN}},
         causes.MISPLACED),
        ({"failures": ["false stop"], "false_causes": ["collision"],
          "alerts": [alert("collision", "x"), alert("collision", "nothing", "object")]},
         causes.FALSE_BOX),
        ({"failures": ["false stop"], "false_causes": ["collision"],
          "alerts": [alert("collision", "nothing", "strange")]}, causes.FALSE_STRANGE),
        ({"failures": ["wrong cause: collision"], "alerts": [alert("collision", "runner")]},
         causes.RUNNER_TWICE),
        ({"failures": ["wrong cause: camera_moved"], "alerts": [alert("camera_moved", None)]},
         causes.FALSE_FAULT),
        ({"failures": ["wrong cause: runner_lost"], "alerts": [alert("runner_lost", None)],
          "actors": {"runner": BLIND}}, causes.RUNNER_UNSEEN),
        ({"failures": ["unheard: camera_blind"]}, causes.FAULT_UNNOTICED),
        ({"failures": ["unheard: camera_moved"], "alerts": [alert("runner_lost", None)]},
         causes.FAULT_DROWNED),
        ({"failures": ["unheard: collision/conflict_soon"], "actors": {"x": BLIND}},
         causes.THING_UNSEEN),
        ({"failures": ["never armed"], "actors": {"runner": BLIND}}, causes.RUNNER_UNSEEN),
        ({"failures": ["slow release"], "alerts": [alert("collision", "nothing")]},
         causes.FALSE_BOX),
    ],
)  # fmt: skip
def test_a_failure_is_sorted_by_its_cause(changes: dict[str, Any], cause: str) -> None:
    assert cause_of(picture_record(**changes))[0] == cause


def test_the_picture_part_tells_the_evidence_and_the_heights() -> None:
    bad = picture_record(failures=["missed"], touched=["x"],
                         actors={"x": BLIND, "runner": SEEN})  # fmt: skip
    text = "\n".join(report_lines([bad, picture_record(seed=2)]))
    assert "thing not detected | 1 of 2" in text
    assert "x found in 3 of 40 frames, 18 px high in the median, dusk" in text
    assert "| person | 8 % of 40 |" in text
    assert "--pictures`" in text


# ------------------------------------------------------------------ plots and stages


def test_a_late_stop_is_drawn_red_and_below_the_line() -> None:
    red, blue = np.array([52, 52, 208]), np.array([176, 104, 30])
    good = plots.plot_margins([record(margins=[["x", 3.0, 1.0]])])
    late = plots.plot_margins([record(margins=[["x", -3.0, -1.0]])])
    assert (good == blue).all(axis=2).any()
    assert not (good == red).all(axis=2).any()
    rows = np.nonzero((late == red).all(axis=2))[0]
    assert rows.min() > np.nonzero((good == blue).all(axis=2))[0].max()


@pytest.mark.parametrize("name", plots.PLOTS)
def test_every_plot_can_be_drawn_of_nothing_and_of_much(name: str, tmp_path: Path) -> None:
    much = many(40, bad=9, margins=[["x", -99.0, 1.0]], releases_s=[99.0], delays=[["x", -9.0]])
    for records in ([], much):
        canvas = plots.PLOTS[name][1](records)
        assert cv2.imencode(".png", canvas)[0]
        assert canvas.std() > 1.0


def test_quiet_drills_go_on_until_the_hours_are_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fake(task: Task) -> dict[str, Any]:
        return record(family=task.family, seed=task.seed, clear_s=10.0)

    monkeypatch.setattr(runs, "play", fake)
    tasks = stages.drawn(5, stages.PLAYABLE)
    found = runs.run_until_clear(tasks, tmp_path / "r.jsonl", 1, 0.2)
    assert sum(r["clear_s"] for r in found) >= 720.0
    more = found[len(tasks) :]
    assert more
    assert all(stages.FAMILIES[r["family"]].expect.is_quiet for r in more)
    keys = [results.key_of(r) for r in found]
    assert len(set(keys)) == len(keys)


def test_the_whole_campaign_is_one_call_that_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    played: list[Task] = []

    def fake(task: Task) -> dict[str, Any]:
        played.append(task)
        make = picture_record if task.eye == "pictures" else record
        return make(family=task.family, seed=task.seed, decider=task.decider)

    monkeypatch.setattr(runs, "play", fake)
    words = ["--campaign", str(tmp_path), "--jobs", "1", "--drills", "4", "--clear-hours", "0",
             "--sweep-drills", "2", "--compare-drills", "3", "--picture-drills", "2"]  # fmt: skip
    assert command.main([*words, "--report", str(tmp_path / "r.md")]) == 0
    text = (tmp_path / "r.md").read_text(encoding="utf-8")
    for part in ("## Exact places", "## Against the baselines", "### Ablations", "### The sweep",
                 "## With pictures", "- drills: 4,"):  # fmt: skip
        assert part in text, part
    assert len({task.key for task in played}) == len(played)
    before = len(played)
    assert command.main(words) == 0
    assert len(played) == before
