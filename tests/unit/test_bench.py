"""What `rig bench` measures with is what it says, and its choice follows from the numbers."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rig.cli import main
from rig.config import Config
from rig.core.boxes import merge_candidates
from rig.core.decode import KIND_NUMBERS, Candidates, decode
from rig.core.placing import Placer
from rig.programs import bench
from rig.programs.bench import Plan, choose, print_growth
from rig.programs.bench_measure import PARTS, Measured
from rig.programs.bench_scene import Crowd, draw_maps
from rig.records import Box, Kind, Tile
from rig.sim.drills import mount_a

CLASSES = (Kind.PERSON, Kind.CYCLE)
CLASS_KINDS = np.array([KIND_NUMBERS[kind] for kind in CLASSES], np.intp)
THRESHOLDS = np.full(2, 0.5, np.float32)


@pytest.mark.parametrize(
    ("tile", "scale"),
    [(Tile(0, 0, 1280, 720, 320, 192), 0.25), (Tile(400, 200, 720, 392, 320, 192), 1.0)],
)
def test_drawn_maps_decode_to_what_was_drawn(tile: Tile, scale: float) -> None:
    things = [
        (Kind.PERSON, Box(440, 210, 500, 380)),
        (Kind.CYCLE, Box(560, 220, 690, 300)),
        (Kind.ANIMAL, Box(600, 310, 640, 350)),  # no class of this model
        (Kind.PERSON, Box(710, 220, 790, 320)),  # a tenth of it lies in the native tile
    ]
    seen = decode(draw_maps(things, tile, CLASSES), THRESHOLDS, CLASS_KINDS)
    origin = np.array([tile.x0, tile.y0] * 2, np.float32)
    boxes = seen.boxes / np.float32(scale) + origin
    found = merge_candidates([(tile, Candidates(boxes, seen.scores, seen.kinds))], 0.5, 1280, 720)
    wanted = [thing for thing in things if thing[0] in CLASSES][: 3 if scale < 1 else 2]
    assert len(found) == len(wanted)
    for kind, box in wanted:
        assert max(d.box.overlap(box) for d in found if d.kind is kind) > 0.9


def test_a_crowd_has_as_many_as_asked_for_and_the_runner_runs() -> None:
    crowd = Crowd(Placer(mount_a(), Config().placing), 10)
    assert len(crowd.boxes(0.0)) == 10
    heights = [crowd.boxes(t)[0][1].height_px for t in (0.0, 2.0, 5.0, 8.0)]
    assert heights[0] == heights[1] < heights[2] < heights[3]


def plan(tiles: int, guarded_mps: float) -> Plan:
    return Plan(tiles, 30.0, 0.033, 0.02, 0.1, 0.2, 40.0, guarded_mps)


@pytest.mark.parametrize(
    ("speeds", "tiles"),
    [((5.0, 8.0, 8.1), 2), ((5.0, 8.0, 9.0), 3), ((5.0, 4.0, 4.5), 1), ((0.0, 0.0, 0.0), 1)],
)
def test_the_fewest_tiles_that_guard_about_the_fastest(
    speeds: tuple[float, ...], tiles: int
) -> None:
    plans = [plan(n, speed) for n, speed in enumerate(speeds, 1)]
    assert choose(plans).tiles == tiles


def growing(exponent: float) -> dict[int, Measured]:
    nothing = np.zeros(3)
    rest = Measured(dict.fromkeys(PARTS, nothing), nothing, nothing, nothing, np.ones(3, int))
    return {
        n: replace(rest, parts={**rest.parts, "merge": np.full(3, 0.01 * n**exponent)})
        for n in (1, 2, 5, 10, 20, 50, 100, 200)
    }


@pytest.mark.parametrize(("exponent", "verdict"), [(1.0, "near linear"), (2.0, "NOT near linear")])
def test_growth_is_measured(
    exponent: float, verdict: str, capsys: pytest.CaptureFixture[str]
) -> None:
    growth = print_growth(growing(exponent))
    assert growth["exponent"] == pytest.approx(exponent)
    assert growth["ratio"] == pytest.approx(2**exponent)
    assert f": {verdict} (limit" in capsys.readouterr().out


def test_the_bench_runs_and_writes_what_it_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the shipped model, few frames and few things; its verdict is not judged here."""
    monkeypatch.setattr(bench, "FRAMES_LEAST", 5)
    monkeypatch.setattr(bench, "SWEEP_FRAMES", 3)
    monkeypatch.setattr(bench, "COUNTS", (1, 10, 20, 40))
    path = tmp_path / "bench.json"
    assert main(["bench", "--frames", "6", "--json", str(path)]) in (0, 1)
    printed, report = capsys.readouterr().out, json.loads(path.read_text(encoding="utf-8"))
    assert report["frames"] == 6
    assert set(report["turn_ms"]) > set(PARTS)
    total = report["turn_ms"]["all but inference"]
    assert f"{total['median']:8.2f} {total['p99']:8.2f}" in printed
    assert list(report["growth"]["median_ms"]) == ["1", "10", "20", "40"]
    assert [plan["tiles"] for plan in report["plans"]] == [1, 2, 3, 4]
    assert report["chosen"] in report["plans"]
    assert f"set detector.tiles={report['chosen']['tiles']}" in printed


def test_the_bench_refuses_what_it_cannot_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", "--frames", "5"]) == 2
    assert "5 turns give no p99; take 100 or more" in capsys.readouterr().err
    assert main(["bench", "--set", "detector.card=absent.toml"]) == 2
    assert "there is no model card" in capsys.readouterr().err
    assert main(["bench", "--json", str(tmp_path / "absent" / "x.json")]) == 2
    assert "there is no folder" in capsys.readouterr().err
