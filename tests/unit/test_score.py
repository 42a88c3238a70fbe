"""The judge of simulated drills: what it counts, with decisions made up for it."""

from __future__ import annotations

import pytest

from rig.records import Alert, Box, Cause, Decision, Hazard, Kind, Level, Phase, Runner, Track
from rig.sim.detections import outlines
from rig.sim.drills import DRILLS
from rig.sim.scenes import RUNNER_ID
from rig.sim.score import LANE_END, Score

RATE_HZ = 20.0
LEVELS = {None: Level.SILENT, Cause.COLLISION: Level.STOP, Cause.LANE_END_NOW: Level.STOP,
          Cause.CONFLICT_SOON: Level.CAUTION, Cause.RUNNER_LOST: Level.STOP,
          Cause.LANE_END_SOON: Level.CAUTION}  # fmt: skip


def thing(number: int, along: float, across: float = 0.0, t_ns: int = 0) -> Track:
    return Track(number, Kind.PERSON, t_ns, 0, t_ns, along, across, 0.0, 0.0, 0.1, 0.1, 0.1, 0.1,
                 0.5, 1.75, 0.9, Box(0, 0, 1, 1), True)  # fmt: skip


def judge(
    name: str, script: list[tuple[float, float, Cause]], lock_off_m: float = 0.0, obeys: bool = True
) -> Score:
    """Play a drill with these sounds (from, to, cause); a COLLISION is about a track at 22 m."""
    scene = DRILLS[name]()
    score, runner = Score(scene), scene.runner
    assert runner is not None
    for number in range(round(scene.duration_s * RATE_HZ)):
        t_ns = round(number / RATE_HZ * 1e9)
        cause = next((c for a, b, c in script if a <= t_ns / 1e9 < b), None)
        hazard = Hazard(cause, track_id=7) if cause is not None else None
        me = thing(1, runner.advance(t_ns).along_m + lock_off_m, t_ns=t_ns)
        decision = Decision(t_ns, t_ns, Alert(LEVELS[cause], cause, 0, hazard),
                            Runner(Phase.RUNNING, me), (me, thing(7, 22.0, -0.1)), ())  # fmt: skip
        if obeys:
            runner.hears(LEVELS[cause], t_ns)
        score.add(t_ns, decision)
    return score


def test_silence_before_a_stander_is_a_touch() -> None:
    score = judge("standing person", [])
    assert score.touched == {"stander"}
    assert score.warned == []
    assert "stander" in score.due_s
    assert not score.is_good


@pytest.mark.parametrize(("at_s", "is_in_time"), [(7.0, True), (8.2, True), (8.8, False)])
def test_a_stop_is_in_time_while_the_runner_can_still_stand(at_s: float, is_in_time: bool) -> None:
    score = judge(
        "standing person", [(5.0, at_s, Cause.CONFLICT_SOON), (at_s, 20.0, Cause.COLLISION)]
    )
    (warned,) = score.warned
    assert warned.name == "stander"
    assert (warned.spare_m >= 0) is is_in_time
    assert warned.notice_s == pytest.approx(at_s - 5.0, abs=0.1)
    assert bool(score.touched) is not is_in_time
    assert warned.needed_m == pytest.approx(3.0 * (0.6 + 30 / 343) + 9.0 / 5.0, abs=0.1)


def test_sound_in_a_clear_lane_is_needless_and_the_countdown_is_not() -> None:
    quiet = judge("empty lane", [])
    assert quiet.needless_s == 0.0
    assert quiet.clear_s > 5.0
    assert judge("empty lane", [(5.0, 6.0, Cause.CONFLICT_SOON)]).needless_s == pytest.approx(
        1.0, abs=0.1
    )
    late = judge("empty lane", [(11.0, 20.0, Cause.LANE_END_SOON)])
    assert late.needless_s < 0.3
    assert judge("empty lane", [(5.0, 6.0, Cause.LANE_END_SOON)]).needless_s > 0.8


def test_a_release_is_counted_from_the_end_of_the_reason() -> None:
    def released(until_s: float) -> float:
        script = [(8.0, until_s, Cause.COLLISION), (until_s, 20.0, Cause.CONFLICT_SOON)]
        (release_s,) = judge("standing person", script).releases_s
        return release_s

    assert 0.0 < released(11.0) < 2.0  # the runner stands after 9.9 s
    assert released(13.5) == pytest.approx(released(11.0) + 2.5, abs=0.01)
    assert judge("standing person", [(8.0, 20.0, Cause.COLLISION)]).releases_s == []


def test_a_lock_on_somebody_else_and_lost_alarms_are_counted() -> None:
    assert judge("empty lane", []).astray_s == 0.0
    assert judge("empty lane", [], lock_off_m=2.0).astray_s == pytest.approx(20.0, abs=0.2)
    lost = [(5.0, 5.5, Cause.RUNNER_LOST), (7.0, 7.5, Cause.RUNNER_LOST)]
    assert judge("empty lane", lost, obeys=False).lost_alarms == 2


def test_the_lane_end_falls_due_and_where_the_runner_stood_is_kept() -> None:
    score = judge("empty lane", [(15.4, 20.0, Cause.LANE_END_NOW)])
    assert LANE_END in score.due_s
    assert [one.name for one in score.warned] == [LANE_END]
    assert score.end_free_m is not None


def test_outlines_are_where_the_drawn_bodies_are() -> None:
    scene = DRILLS["first light"]()
    for t_s in (1.0, 5.0, 12.0):
        drawn = {a.actor_id: a for a in scene.truth(round(t_s * 1e9))}
        plain = {a.actor_id: a for a in outlines(scene, round(t_s * 1e9))}
        assert drawn.keys() == plain.keys()
        for name in (RUNNER_ID, "crosser"):
            one, other = drawn[name].box, plain[name].box
            assert one is not None
            assert other is not None
            assert one.overlap(other) > 0.6
            assert abs(one.y1 - other.y1) < 0.04 * one.height_px + 1.0
