"""The judges' own measure: pinned numbers, when a STOP is due, and whose the lock may be."""

from __future__ import annotations

import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.config import HazardLimits
from rig.records import Alert, Box, Cause, Decision, Kind, Level, Phase, Runner, Track
from rig.sim.drills import DRILLS
from rig.sim.families import FAMILIES, Drill, draw_drill
from rig.sim.lock_judge import LockJudge
from rig.sim.motion import Place, stand
from rig.sim.noise import Eye
from rig.sim.scenes import Actor, Scene
from rig.sim.yardstick import LANE_END, YARDSTICK, Other, due_stops, end_need_m

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from campaign.referee import Referee
from campaign.verdict import DROWNED, Outcome, find_failures, to_plain

SCENE = DRILLS["empty lane"]()
STOP_M = 3.0 * (0.35 + 0.9) + 9.0 / 3.6 + 1.0
"""Of a runner at 3 m/s without the sound's way, margin included."""


def place(along: float, across: float = 0.0, v_along: float = 0.0, v_across: float = 0.0) -> Place:
    return Place(along, across, v_along, v_across, 0.0, 0.0, 0.0)


def person(where: Place) -> Other:
    return Other("x", Kind.PERSON, where, 0.55)


# ------------------------------------------------------------------ the numbers


def verdict_of(decisions: list[tuple[int, Level, Cause | None]], limits: HazardLimits) -> Any:
    """The referee's outcome of these sounds in a fixed drill whose law has these limits."""
    drill = replace(draw_drill(FAMILIES["steps in"], 4), hazard=limits)
    referee, runner = Referee(drill), drill.scene.runner
    eye = Eye(drill.scene, drill.conditions, drill.noise_rng)
    assert runner is not None
    for number, level, cause in decisions:
        look = eye.look(number)
        if look is None:
            continue
        runner.hears(level, look.now_ns)
        alert = Alert(level, cause, look.now_ns)
        referee.add(look, Decision(None, look.now_ns, alert, Runner(Phase.RUNNING, None), (), ()))
    outcome = referee.finish()
    return to_plain(outcome), find_failures(drill, outcome)


def changed(name: str, share: float) -> Any:
    value = getattr(HazardLimits(), name)
    return not value if isinstance(value, bool) else value * share + 0.01


@pytest.mark.parametrize("share", [0.5, 2.0])
def test_tuning_the_law_does_not_move_the_verdict(
    share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither by a drill's own limits nor by the defaults."""
    words = [(n, Level.OK, Cause.ARMED) for n in range(120)]
    words[60:85] = [(n, Level.STOP, Cause.COLLISION) for n in range(60, 85)]
    usual = verdict_of(words, HazardLimits())
    numbers = {f.name: changed(f.name, share) for f in fields(HazardLimits)}
    tuned = HazardLimits(**numbers)
    monkeypatch.setattr("rig.config.HazardLimits.__init__.__defaults__", tuple(numbers.values()))
    assert HazardLimits() == tuned
    assert verdict_of(words, tuned) == usual
    assert usual[0]["releases_s"], "the record holds something to judge"


# ------------------------------------------------------------------ when a STOP is due


@pytest.mark.parametrize(
    ("gap_m", "is_due"), [(STOP_M - 0.1, True), (STOP_M + 0.2, True), (STOP_M + 0.6, False)]
)
def test_a_stander_is_due_at_the_slowest_runners_stopping_distance(
    gap_m: float, is_due: bool
) -> None:
    """The sound's way adds 0.25 m at 3 m/s."""
    other = person(place(10.0 + gap_m + 0.7))
    assert bool(due_stops(SCENE, place(10.0, v_along=3.0), [other])) is is_due


@pytest.mark.parametrize(
    ("other", "is_due"),
    [
        (place(14.0, 2.0), False),
        (place(9.0, 0.0, 4.0), False),
        (place(15.0, 4.0, 0.0, -2.5), True),
        (place(15.0, 4.0, 0.0, 2.5), False),
        (place(22.0, 0.0, -4.0), True),
        (place(15.0, 0.0, 4.0), False),
    ],
)  # fmt: skip
def test_crossers_and_oncomers_are_due_where_they_would_meet(other: Place, is_due: bool) -> None:
    assert bool(due_stops(SCENE, place(10.0, v_along=3.0), [person(other)])) is is_due


def test_a_standing_runner_is_due_only_for_what_will_hit_them() -> None:
    me = place(10.0)
    assert due_stops(SCENE, me, [person(place(13.0))]) == set()
    assert due_stops(SCENE, me, [person(place(13.0, 0.0, -2.0))]) == {"x"}
    assert due_stops(SCENE, me, [person(place(18.0, 0.0, -2.0))]) == set()


@given(st.floats(0.5, 6.0), st.floats(-0.5, 0.5))
def test_the_lane_end_is_due_from_the_slowest_expected_stop_on(speed: float, off_m: float) -> None:
    length_m = SCENE.site.lane.length_m
    sound_s = abs(SCENE.site.pose.x_m - length_m) / 343.0
    at_m = length_m - end_need_m(speed, sound_s) + off_m
    found = due_stops(SCENE, place(at_m, v_along=speed), [])
    if abs(off_m) > 0.3:  # the sound's way from there, not from the end
        assert (LANE_END in found) is (off_m > 0)


@given(st.floats(0.5, 6.0), st.floats(1.0, 20.0))
def test_what_is_due_stays_due_nearer_by(speed: float, gap_m: float) -> None:
    def is_due(gap: float) -> bool:
        return bool(due_stops(SCENE, place(5.0, v_along=speed), [person(place(5.0 + gap))]))

    assert not is_due(gap_m) or is_due(gap_m * 0.9)


# ------------------------------------------------------------------ whose the lock may be


def lock(along: float, across: float = 0.0, t_ns: int = 0) -> Decision:
    track = Track(1, Kind.PERSON, t_ns, 0, t_ns, along, across, 0.0, 0.0, 0.1, 0.1, 0.1, 0.1,
                  0.5, 1.75, 0.9, Box(0, 0, 1, 1), True)  # fmt: skip
    alert = Alert(Level.OK, Cause.ARMED, 0)
    return Decision(t_ns, t_ns, alert, Runner(Phase.RUNNING, track), (), ())


def squad(first_m: float) -> Scene:
    """The first stands somewhere and drills; the second stands in the start box."""
    second = Actor("second", stand(1.5, 0.0))
    scene = replace(DRILLS["empty lane"](), actors=(second,))
    assert scene.runner is not None
    scene.runner.advance = lambda t_ns: place(first_m)  # type: ignore[method-assign]
    return scene


def astray(scene: Scene, along: float, is_blind: bool = False) -> float:
    judge = LockJudge(scene)
    for number in range(21):
        judge.add(number * 100_000_000, lock(along, t_ns=number * 100_000_000), is_blind)
    return judge.astray_s


@pytest.mark.parametrize(
    ("first_m", "lock_m", "is_astray"),
    [(20.0, 20.5, False), (20.0, 22.0, True), (20.0, 1.5, True), (999.0, 1.5, False)],
)
def test_the_lock_may_go_to_who_is_in_the_box_only_when_the_run_is_over(
    first_m: float, lock_m: float, is_astray: bool
) -> None:
    scene = squad(min(first_m, SCENE.site.lane.length_m - 1.0))
    assert (astray(scene, lock_m) > 0.5) is is_astray
    assert astray(scene, lock_m, is_blind=True) == 0.0


def test_a_lock_behind_by_the_delay_is_not_astray() -> None:
    """The place is of the frame's time: at 6 m/s a delay of 0.3 s is 1.8 m."""
    scene = DRILLS["empty lane"]()
    judge, runner = LockJudge(scene), scene.runner
    assert runner is not None
    for number in range(100):
        t_ns = number * 100_000_000
        judge.add(t_ns + 500_000_000, lock(runner.advance(t_ns).along_m, t_ns=t_ns))
    assert judge.astray_s == 0.0


# ------------------------------------------------------------------ verdict words


def faulty() -> Drill:
    drill = draw_drill(FAMILIES["fault: dark"], 1)
    assert drill.conditions.faults
    return drill


def test_a_stop_within_the_faults_time_drowns_it_and_a_later_one_does_not() -> None:
    drill = faulty()
    from_s = drill.conditions.faults[0].from_s
    phases = ["waiting", "in_box", "running"]
    at = {s: Outcome(heard={"runner_lost": from_s + s}, phases=phases) for s in (0.4, 3.0, -2.0)}
    assert find_failures(drill, at[0.4]) == [DROWNED]
    assert find_failures(drill, at[3.0]) == ["unheard: camera_blind"]
    assert find_failures(drill, at[-2.0]) == ["unheard: camera_blind"]


def test_an_overrun_without_any_word_of_the_lane_end_is_one() -> None:
    drill = draw_drill(FAMILIES["neighbour lane"], 1)
    phases = ["waiting", "in_box", "running"]
    assert "lane end overrun" in find_failures(drill, Outcome(end_free_m=-1.9, phases=phases))


def test_the_pinned_numbers_are_the_slow_end_of_what_is_drawn() -> None:
    habits = [draw_drill(FAMILIES["empty lane"], s).scene.runner for s in range(1, 60)]
    assert max(h.habits.reaction_s for h in habits if h) <= YARDSTICK.reaction_s
    assert min(h.habits.brake_mps2 for h in habits if h) >= YARDSTICK.brake_mps2
    assert max(h.habits.expected_reaction_s for h in habits if h) <= YARDSTICK.end_reaction_s
    assert min(h.habits.expected_brake_mps2 for h in habits if h) >= YARDSTICK.end_brake_mps2
