"""Drill rows of one's own: what a file may say, what it is told where it is wrong."""

from __future__ import annotations

import pickle
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from campaign import command  # noqa: E402
from campaign.play import Task, drill_of  # noqa: E402
from campaign.rows import ACTOR_NUMBERS, DRILL_NUMBERS, OwnRow, RowError, load_rows  # noqa: E402

from rig.records import Cause  # noqa: E402

S = 1_000_000_000
GOOD = """
[[drill]]
name = "pram"
speed_mps = [2.5, 4.5]
length_m = 30
rate_hz = 8
lens = "pinhole-66"
light = "dusk"
must = ["collision", "lane_not_clear"]
may = ["conflict_soon"]

[[drill.actor]]
name = "box"
size_m = [0.6, 0.7]
along_m = [18, 22]
across_m = 3
to_across_m = 0
walk_mps = 0.8
meets_runner_s = [-5, -4]

[[drill]]
name = "at the fence"
quiet = true
[[drill.actor]]
along_m = 12
across_m = 3.5
"""


def rows_of(tmp_path: Path, text: str) -> list[OwnRow]:
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    return load_rows(path)


def test_a_drill_is_drawn_within_what_the_row_says(tmp_path: Path) -> None:
    row, fence = rows_of(tmp_path, GOOD)
    for seed in range(20):
        drill = drill_of(Task(row.name, seed, own=row))
        scene, runner = drill.scene, drill.scene.runner
        assert runner is not None
        assert 2.5 <= runner.habits.speed_mps <= 4.5
        assert scene.site.lane.length_m == 30.0
        assert (drill.conditions.rate_hz, scene.light.name) == (8.0, "dusk")
        assert scene.site.pose.lens.name == "pinhole-66"
        (actor,) = scene.actors
        assert 0.6 <= actor.height_m <= 0.7
        start, end = actor.path.waypoints
        assert 18 <= start.along_m == end.along_m <= 22
        assert (start.across_m, end.across_m) == (3.0, 0.0)
        assert end.t_s - start.t_s == pytest.approx(3.0 / 0.8)
    assert drill.expect.must == (frozenset({Cause.COLLISION, Cause.LANE_NOT_CLEAR}),)
    assert drill_of(Task(fence.name, 1, own=fence)).expect.is_quiet


def test_who_meets_the_runner_is_there_when_the_runner_would_be(tmp_path: Path) -> None:
    (row, _) = rows_of(tmp_path, GOOD.replace("[-5, -4]", "1.5"))
    scene = drill_of(Task(row.name, 3, own=row)).scene
    (actor,) = scene.actors
    there = actor.path.waypoints[-1]
    assert scene.runner is not None
    me = scene.runner.advance(round((there.t_s - 1.5) * S))
    assert me.along_m == pytest.approx(there.along_m, abs=0.3)


def test_rows_travel_to_other_processes_and_a_change_makes_another_row(tmp_path: Path) -> None:
    row, _ = rows_of(tmp_path, GOOD)
    assert pickle.loads(pickle.dumps(row)) == row
    assert rows_of(tmp_path, GOOD)[0].digest == row.digest
    assert rows_of(tmp_path, GOOD.replace("0.8", "0.9"))[0].digest != row.digest


@pytest.mark.parametrize("ends", ["0.5", "8.0", "[0.5, 8.0]", "2"])
def test_limits_themselves_are_allowed(tmp_path: Path, ends: str) -> None:
    assert rows_of(tmp_path, f'[[drill]]\nname = "a"\nspeed_mps = {ends}')[0].numbers


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("speed_mps = 0.49", "speed_mps is 0.49; give a number or [least, most] from 0.5 to 8 m/s"),
        ("speed_mps = [1, 8.01]", "speed_mps is [1, 8.01]; give a number"),
        ("speed_mps = [4, 2]", "speed_mps is [4, 2]"),
        ("speed_mps = nan", "speed_mps is nan"),
        ("speed_mps = true", "speed_mps is True"),
        ('speed_mps = "3"', "speed_mps is '3'"),
        ("speed_mps = [1, 2, 3]", "speed_mps is [1, 2, 3]"),
        ("speed = 3", "key 'speed' is not known; the nearest is 'speed_mps'"),
        ('lens = "fisheye"', "lens is 'fisheye'; give one of camera-module-3"),
        ("light = []", "light is []; give one of"),
        ('must = ["colision"]', "must names 'colision'; give causes such as collision"),
        ('must = "collision"', "must is 'collision'; give a list such as ['collision']"),
        ("quiet = 1", "quiet is 1; give true or false"),
        ('quiet = true\nmust = ["fall"]', "must is ['fall'] but quiet is true"),
        ("actor = 3", "actor is 3; write each as a [[drill.actor]] table"),
        ("[[drill.actor]]\nacross_m = 1", "actor 1: along_m is missing"),
        ("[[drill.actor]]\nalong_m = 9\nstart_s = 1", "start_s needs walk_mps"),
        ("[[drill.actor]]\nalong_m = 9\nwalk_mps = 1\nstart_s = 1\nmeets_runner_s = 1",
         "start_s and meets_runner_s both say when"),
        ('[[drill.actor]]\nname = "lion"\nalong_m = 9', "name is 'lion'; give one of person"),
        ('[[drill]]\nname = "mine"', "name 'mine' is taken"),
        ('[[drill]]\nname = "fall"', "name 'fall' is a shipped family's"),
        ("[[drill]]\nname = 4", "row 2: name is 4; give the drill a name"),
    ],
)  # fmt: skip
def test_a_wrong_row_is_told_in_one_sentence(
    text: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "own.toml"
    path.write_text(f'[[drill]]\nname = "mine"\n{text}', encoding="utf-8")
    assert command.main(["--drills", str(path)]) == 2
    told = capsys.readouterr().err
    assert says in told
    assert "own.toml row" in told
    assert len(told.splitlines()) == 1


@pytest.mark.parametrize("text", ["", "drill = 3", "drill = []", "[[drill]", "x = 1\n[[drill]]"])
def test_what_is_no_table_of_drills_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(RowError, match=r"docs/trials\.md"):
        rows_of(tmp_path, text)


def test_the_documented_example_plays_and_every_key_is_documented(tmp_path: Path) -> None:
    text = (ROOT / "docs/trials.md").read_text(encoding="utf-8")
    example = re.search(r"```toml\n(.*?)```", text, re.DOTALL)
    assert example is not None
    for row in rows_of(tmp_path, example[1]):
        assert drill_of(Task(row.name, 1, own=row)).scene.duration_s > 5
    for key in (*DRILL_NUMBERS, *ACTOR_NUMBERS):
        assert f"`{key}`" in text, key


def test_own_rows_are_played_and_gone_on_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = tmp_path / "own.toml", tmp_path / "r.jsonl"
    quiet = '[[drill]]\nname = "slow"\nquiet = true\nrate_hz = 5\nduration_s = 6\n'
    path.write_text(quiet, encoding="utf-8")
    words = ["--drills", str(path), "--drills-per-family", "1", "--jobs", "1", "--out", str(out)]
    assert command.main(words) == 0
    assert command.main(words) == 0
    assert len(out.read_text(encoding="utf-8").splitlines()) == 1
    path.write_text(quiet.replace("= 5", "= 6"), encoding="utf-8")
    assert command.main(words) == 0
    assert len(out.read_text(encoding="utf-8").splitlines()) == 2
    assert "| slow | 1 |" in capsys.readouterr().out
