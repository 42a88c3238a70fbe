"""Closed-loop drills on exact boxes with noise: in time, nobody touched, quiet when clear."""

from __future__ import annotations

import random

import pytest

from rig.config import Config
from rig.core.pipeline import Pipeline
from rig.records import Cause, Command, Decision, Level, Phase
from rig.sim.detections import EXACT, DetectionNoise, look_at_truth
from rig.sim.drills import DRILLS
from rig.sim.score import LANE_END, Score

DELAY_NS = 100_000_000
NOISY = DetectionNoise()


def play(
    name: str, rate_hz: float, noise: DetectionNoise, seed: int
) -> tuple[Score, list[Decision]]:
    """One drill, from arming to its end."""
    scene, rng = DRILLS[name](), random.Random(seed)
    pipeline, score, decisions = Pipeline(scene.site, Config()), Score(scene), []
    for number in range(round(scene.duration_s * rate_hz)):
        t_ns = scene.start_ns + round(number / rate_hz * 1e9)
        commands = (Command.ARM,) if number == 0 else ()
        seen = look_at_truth(scene, t_ns, noise, rng, commands)
        decision = pipeline.step(seen, t_ns + DELAY_NS)
        decisions.append(decision)
        assert scene.runner is not None
        scene.runner.hears(decision.alert.level, decision.now_ns)
        score.add(decision.now_ns, decision)
    return score, decisions


def heard(decisions: list[Decision]) -> set[Cause]:
    return {d.alert.cause for d in decisions if d.alert.cause and d.alert.level > Level.OK}


@pytest.mark.parametrize("rate_hz", [8.0, 15.0, 30.0])
@pytest.mark.parametrize("noise", [EXACT, NOISY], ids=["exact", "noisy"])
@pytest.mark.parametrize(
    ("name", "hazards"),
    [
        ("first light", ["leaver", "crosser", LANE_END]),
        ("standing person", ["stander"]),
        ("cone", ["cone"]),
        ("oncoming", ["oncomer"]),
    ],
)
def test_every_staged_hazard_is_met_in_time(
    name: str, hazards: list[str], noise: DetectionNoise, rate_hz: float
) -> None:
    score, _ = play(name, rate_hz, noise, seed=3)
    found = [one.name for one in score.warned]
    assert [h for h in hazards if h not in found] == []
    assert not score.touched
    assert all(one.spare_m >= 0 for one in score.warned), score.report()


@pytest.mark.parametrize("rate_hz", [8.0, 15.0, 30.0])
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("name", ["empty lane", "neighbour lane"])
def test_clear_lanes_are_quiet_until_the_lane_end(name: str, seed: int, rate_hz: float) -> None:
    score, decisions = play(name, rate_hz, NOISY, seed)
    assert heard(decisions) <= {Cause.LANE_END_SOON, Cause.LANE_END_NOW}
    assert score.needless_s == 0.0
    assert score.clear_s > 5.0


@pytest.mark.parametrize("rate_hz", [8.0, 15.0, 30.0])
def test_the_runner_stands_before_the_lane_end(rate_hz: float) -> None:
    score, decisions = play("empty lane", rate_hz, NOISY, 5)
    assert Cause.LANE_END_NOW in heard(decisions)
    assert score.end_free_m is not None
    assert score.end_free_m > -0.5


@pytest.mark.parametrize("name", ["crosser from the left", "crosser from the right"])
def test_a_crosser_who_clears_in_time_does_not_stop_the_runner(name: str) -> None:
    _, decisions = play(name, 15.0, NOISY, 1)
    assert Cause.COLLISION not in heard(decisions)


@pytest.mark.parametrize("rate_hz", [8.0, 15.0, 30.0])
def test_a_fall_is_noticed(rate_hz: float) -> None:
    _, decisions = play("fall", rate_hz, EXACT, 1)
    assert {Cause.FALL, Cause.RUNNER_LOST} & heard(decisions)


def test_phases_of_the_demo_drill() -> None:
    _, decisions = play("first light", 15.0, NOISY, 1)
    phases = list(dict.fromkeys(d.runner.phase for d in decisions))
    assert phases[:3] == [Phase.WAITING, Phase.IN_BOX, Phase.RUNNING]
    assert decisions[-1].runner.phase in (Phase.FINISHED, Phase.RETURNING, Phase.WAITING)


@pytest.mark.parametrize("name", sorted(DRILLS))
def test_the_same_drill_twice_decides_the_same(name: str) -> None:
    assert play(name, 8.0, NOISY, 7)[1] == play(name, 8.0, NOISY, 7)[1]
