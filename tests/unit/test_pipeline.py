"""One whole step: what the pipeline adds to its parts."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from rig.core.pipeline import Pipeline
from rig.records import Cause, Command, Decision, Kind, Level, Phase, Seen, Vitals
from tests.unit.drill_course import DELAY_NS, Mover, course, decide, with_commands
from tests.unit.drill_site import CONFIG, SITE


def run_to(pipeline: Pipeline, until_s: float, *others: Mover) -> Decision:
    """The last decision of a run at 3 m/s."""
    for seen, now_ns in course(3.0, others, until_s, 10.0):
        decision = pipeline.step(seen, now_ns)
    return decision


def test_disarmed_it_says_nothing() -> None:
    def unarmed(seen: Seen) -> Seen:
        return replace(seen, commands=())

    for decision in decide(course(3.0, [Mover(15.0)], 8.0, 8.0, unarmed)):
        assert decision.alert.level is Level.SILENT
        assert decision.runner.phase is Phase.DISARMED


def test_armed_it_ticks_and_chirps_once() -> None:
    decisions = decide(course(3.0, [], 5.0, 20.0))
    causes = [d.alert.cause for d in decisions]
    assert set(causes) == {Cause.GUARD, Cause.ARMED}
    changes = sum(a is not b for a, b in pairwise(causes))
    assert changes == 2


def test_a_stop_names_its_track_and_its_evidence() -> None:
    decision = run_to(Pipeline(SITE, CONFIG), 5.5, Mover(15.0))
    hazard = decision.alert.hazard
    assert decision.alert.cause is Cause.COLLISION
    assert hazard is not None
    assert decision.runner.track is not None
    assert hazard.track_id not in (None, decision.runner.track.track_id)
    thing = next(t for t in decision.tracks if t.track_id == hazard.track_id)
    assert thing.along_m == pytest.approx(15.0, abs=0.3)
    assert hazard.gap_m == pytest.approx(15.0 - 9.3 - 0.65, abs=0.5)  # now: 0.1 s after the light
    assert hazard.closing_mps == pytest.approx(3.0, abs=0.5)


def test_acknowledging_a_fault_disarms_and_a_stop_does_not() -> None:
    for vitals, level in ((Vitals(), Level.STOP), (Vitals(detector_error="x"), Level.FAULT)):
        pipeline = Pipeline(SITE, CONFIG)
        others = [Mover(15.0)] if level is Level.STOP else []
        assert run_to(pipeline, 5.5, *others).alert.level is not Level.FAULT
        last = list(course(3.0, others, 5.7, 10.0))[-2:]
        (seen, now_ns), (then, then_ns) = last
        assert pipeline.step(replace(seen, vitals=vitals), now_ns).alert.level is level
        decision = pipeline.step(with_commands(then, Command.ACKNOWLEDGE), then_ns)
        assert (decision.runner.phase is Phase.DISARMED) is (level is Level.FAULT)
        assert decision.alert.level is (Level.SILENT if level is Level.FAULT else Level.STOP)


def test_without_frames_the_camera_is_stale_and_the_tracks_stay() -> None:
    pipeline = Pipeline(SITE, CONFIG)
    tracks = run_to(pipeline, 4.0).tracks
    start_ns = 4_000_000_000 + DELAY_NS
    heard = [pipeline.step(Seen(None), start_ns + ms * 1_000_000) for ms in range(10, 400, 10)]
    assert all(d.tracks == tracks for d in heard)
    assert heard[5].alert.level <= Level.OK
    assert heard[-1].alert.cause is Cause.CAMERA_STALE


@pytest.mark.parametrize("gap_s", [11 * 60, 365 * 86_400])
def test_a_fault_is_not_ended_by_nobody_moving(gap_s: int) -> None:
    """Ten idle minutes disarm, but not a rig whose camera died, nor one whose clock jumped."""
    pipeline = Pipeline(SITE, CONFIG)
    run_to(pipeline, 4.0)
    start_ns = 4_000_000_000 + DELAY_NS
    for seen in (Seen(None), Seen(round(4.1e9))):
        decision = pipeline.step(seen, start_ns + gap_s * 1_000_000_000)
        assert decision.runner.phase is not Phase.DISARMED
        assert (decision.alert.level, decision.alert.cause) == (Level.FAULT, Cause.CAMERA_STALE)
    for minute in range(1, 30):
        decision = pipeline.step(Seen(None), start_ns + (gap_s + minute * 60) * 1_000_000_000)
        assert decision.alert.level is Level.FAULT


def test_the_learnt_height_belongs_to_the_locked_runner() -> None:
    decision = run_to(Pipeline(SITE, CONFIG), 4.0)
    assert decision.runner.height_m == pytest.approx(1.75, abs=0.1)


def test_strange_things_become_tracks_of_their_own_kind() -> None:
    def as_strange(seen: Seen) -> Seen:
        return replace(
            seen, detections=seen.detections[:1],
            strange_things=tuple(replace(d, kind=Kind.STRANGE) for d in seen.detections[1:]),
        )  # fmt: skip

    decision = decide(course(3.0, [Mover(20.0, 0.2)], 4.0, 8.0, as_strange))[-1]
    assert Kind.STRANGE in {t.kind for t in decision.tracks}
