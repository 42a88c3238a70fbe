"""After the chirp nobody runs unguarded: a lost lock is heard, or it comes back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rig.config import Config
from rig.core import pipeline as pipeline_module
from rig.core.pipeline import ALL_CLEAR_SIGMA_M, ALL_CLEAR_UNSEEN_S, Pipeline
from rig.records import Cause, Hazard, Phase, Runner
from tests.unit.drill_people import Drill, Person
from tests.unit.drill_site import LENGTH_M, SITE

Place = tuple[float, float] | None


def test_a_foot_that_dances_out_of_the_box_keeps_the_lock() -> None:
    """Trials: oncoming 1 and 3."""

    def where(t: float) -> Place:
        return max(1.5 - max(0.0, t - 3.0), -0.6 + 0.3 * max(0.0, t - 5.1)), 0.0

    drill = Drill([Person(1, where)])
    drill.run(6.0)
    assert drill.phases == [Phase.WAITING, Phase.IN_BOX]


@pytest.mark.parametrize(("gone_s", "is_lost"), [(1.5, False), (3.0, True)])
def test_who_was_told_that_they_are_guarded_and_vanishes_is_lost(
    gone_s: float, is_lost: bool
) -> None:
    drill = Drill([Person(1, lambda t: (1.5, 0.0) if t < 3 else None)])
    runner = drill.run(3.0 + gone_s)
    assert runner.is_lost is is_lost
    assert runner.phase is (Phase.RUNNING if is_lost else Phase.IN_BOX)


def test_who_leaves_the_box_and_then_runs_is_guarded_again() -> None:
    def where(t: float) -> Place:
        across = 1.4 if 3 <= t < 10 else 0.0
        return 1.5 + 3.0 * max(0.0, t - 10.0), across

    drill = Drill([Person(1, where)])
    assert drill.run(9.9).phase is Phase.WAITING
    assert drill.run(12.0).phase is Phase.RUNNING


@pytest.mark.parametrize(
    ("stops_m", "phase"), [(15.0, Phase.RUNNING), (LENGTH_M - 1.0, Phase.WAITING)]
)
def test_who_finished_in_mid_lane_and_vanishes_is_lost(stops_m: float, phase: Phase) -> None:
    """They may set off again, hidden by what stopped them. At the lane's end they have gone."""
    there_s = 3.0 + (stops_m - 1.5) / 3.0

    def where(t: float) -> Place:
        return None if t > there_s + 3 else (min(stops_m, 1.5 + 3 * max(0.0, t - 3)), 0.0)

    drill = Drill([Person(1, where)])
    assert drill.run(there_s + 2.9).phase is Phase.FINISHED
    runner = drill.run(there_s + 6.0)
    assert runner.phase is phase
    assert runner.is_lost is (phase is Phase.RUNNING)


@pytest.mark.parametrize(("unseen_s", "sigma_m", "is_told"), [
    (0.0, 0.5, True), (ALL_CLEAR_UNSEEN_S + 0.1, 0.5, False), (0.0, ALL_CLEAR_SIGMA_M + 0.1, False),
])  # fmt: skip
def test_all_clear_never_rests_on_a_guess(
    unseen_s: float, sigma_m: float, is_told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trials: standing person. The stop ended, it was all clear, and the runner set off."""
    drill = Drill([Person(1, lambda t: (10.0, 0.0))])
    drill.run(0.1)
    seen_ns = 1_000_000_000
    track = replace(drill.last[1], t_ns=seen_ns, seen_t_ns=seen_ns, along_sigma_m=sigma_m)

    class Keeper:
        def split(self, *_: object) -> tuple[Runner, tuple[()]]:
            return Runner(Phase.RUNNING, track), ()

    monkeypatch.setattr(pipeline_module, "RunnerKeeper", lambda *_: Keeper())
    monkeypatch.setattr(pipeline_module, "assess", lambda *_: (Hazard(Cause.ALL_CLEAR),))
    pipeline = Pipeline(SITE, Config())
    now_ns = seen_ns + round(unseen_s * 1e9)
    decision = pipeline.step(pipeline_module.Seen(now_ns), now_ns)
    assert (Cause.ALL_CLEAR in {h.cause for h in decision.hazards}) is is_told
