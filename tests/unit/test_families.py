"""Drawn drills and their noise: ranges, determinism, and the fast boxes against the bodies'."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rig.config import PlacingLimits
from rig.core.alerts import ALERTS
from rig.core.placing import Placer
from rig.records import Cause, Command, Kind, Level, Seen
from rig.sim.detections import outlines
from rig.sim.drills import mount_a
from rig.sim.families import FAMILIES, LASTS_MOST_S, Drill, draw_drill
from rig.sim.families_course import RATES_HZ, Family
from rig.sim.motion import stand
from rig.sim.noise import CLEAN_EYE, Conditions, Eye, EyeNoise, found_share
from rig.sim.noise_faults import FAULTS, Fault
from rig.sim.scenes import RUNNER_ID, Actor, Scene
from rig.sim.sim_runner import Habits, SimRunner

S = 1_000_000_000
SEEDS = range(12)
RUNNABLE = [row for row in FAMILIES.values() if not row.is_pictures_only]


def drills() -> Iterator[Drill]:
    return (draw_drill(row, seed) for row in FAMILIES.values() for seed in SEEDS)


# ------------------------------------------------------------------ the table


def test_there_are_enough_families_and_each_has_its_own_name() -> None:
    assert len(RUNNABLE) >= 45
    assert all(row.name == name for name, row in FAMILIES.items())
    assert len({row.what for row in RUNNABLE}) > 40


def test_what_can_happen_beside_and_in_a_lane_has_a_family() -> None:
    wanted = """standing person, 30 cm thing, hurdle left in the lane, crosses and clears, oncoming,
        slower same way, neighbour lane, cyclist crosses, dog crosses, rolling ball, dropped bag,
        two people, hidden stander, passer hides the runner, follower, coach at the rail,
        spectators, sudden shade, long shadows, squad of two, walk back, blocked start,
        runner lost and found, stopping and restarting, drift, overspeed, fall, mast shakes hard,
        lane end at 1.5 to 2.5 m/s, lane end at 2.5 to 3.5 m/s, lane end at 3.5 to 4.5 m/s,
        lane end at 4.5 to 6 m/s"""
    crossings = {f"crosses {how} from the {side}" for how in ("slowly", "walking", "running")
                 for side in ("left", "right")}  # fmt: skip
    assert {" ".join(name.split()) for name in wanted.split(",")} | crossings <= set(FAMILIES)


def test_runners_of_all_speeds_are_drawn() -> None:
    speeds = [drill.speed_mps for drill in drills() if drill.speed_mps is not None]
    assert min(speeds) < 1.6
    assert max(speeds) > 5.9


def test_what_must_be_heard_sounds_above_ok() -> None:
    for drill in drills():
        for causes in drill.expect.must:
            assert causes
            assert all(ALERTS[cause].level > Level.OK for cause in causes), drill.family


def test_every_camera_and_detector_fault_has_a_family_that_demands_its_cause() -> None:
    staged = {f.kind for drill in drills() for f in drill.conditions.faults}
    assert staged == set(FAULTS)
    demanded = {c for row in RUNNABLE for one in row.expect.must for c in one}
    others = {Cause.DECIDER_SILENT, Cause.HORN_RESTARTED, Cause.POWER_LOW}  # horn's and board's
    faults = {c for c, alert in ALERTS.items() if alert.level is Level.FAULT}
    assert faults - demanded == others


# ------------------------------------------------------------------ the dice


def test_drawn_numbers_keep_to_their_ranges() -> None:
    rates = set()
    for drill in drills():
        conditions, pose = drill.conditions, drill.scene.site.pose
        rates.add(conditions.rate_hz)
        assert 0.06 <= conditions.delay_s <= 0.18
        assert 1.8 <= pose.height_m <= 2.5
        assert 5.0 <= pose.x_m - drill.scene.site.lane.length_m <= 6.5
        assert 25.0 <= drill.scene.site.lane.length_m <= 45.0
        assert 5.0 < drill.scene.duration_s <= LASTS_MOST_S
        if drill.scene.runner is not None:
            habits = drill.scene.runner.habits
            assert 1.5 <= habits.speed_mps <= 6.0
            assert 0.4 <= habits.reaction_s <= 0.9
            assert 1.8 <= habits.brake_mps2 <= 3.5
            assert habits.start_m < habits.finish_m < habits.gives_up_m
    assert rates == set(RATES_HZ)


@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_a_family_and_a_seed_are_one_drill(name: str) -> None:
    first, again, other = (draw_drill(FAMILIES[name], seed) for seed in (5, 5, 6))
    assert first.scene.actors == again.scene.actors
    assert first.conditions == again.conditions
    assert first.noise_rng.random() == again.noise_rng.random()
    assert first.scene.site.pose == again.scene.site.pose != other.scene.site.pose
    for t_ns in (0, 4 * S, 9 * S):
        assert first.scene.places(t_ns) == again.scene.places(t_ns)


@pytest.mark.parametrize("row", RUNNABLE, ids=lambda row: row.name)
def test_waypoints_are_in_order_and_nobody_flies(row: Family) -> None:
    for seed in SEEDS:
        for actor in draw_drill(row, seed).scene.actors:
            points = actor.path.waypoints
            for here, there in pairwise(points):
                assert there.t_s > here.t_s, (seed, actor.actor_id)
                way_m = math.dist((here.along_m, here.across_m), (there.along_m, there.across_m))
                assert way_m / (there.t_s - here.t_s) <= 8.5, (seed, actor.actor_id)


@pytest.mark.parametrize("name", ["standing person", "hurdle left in the lane", "oncoming",
                                  "crosses walking from the left", "slower same way",
                                  "dropped bag"])  # fmt: skip
def test_a_deaf_runner_meets_what_is_staged(name: str) -> None:
    """The dice are loaded: without any sound most drills of a dangerous family end in a touch."""
    met = sum(_nearest_m(draw_drill(FAMILIES[name], seed)) < 1.2 for seed in range(8))
    assert met >= 6


@pytest.mark.parametrize("name", ["neighbour lane", "spectators", "coach at the rail",
                                  "crosses and clears", "things beside"])  # fmt: skip
def test_a_deaf_runner_meets_nobody_where_it_must_be_quiet(name: str) -> None:
    for seed in range(8):
        assert _nearest_m(draw_drill(FAMILIES[name], seed)) > 0.75, seed


def _nearest_m(drill: Drill) -> float:
    """The least distance between runner and anybody if nothing ever sounds."""
    best = math.inf
    for step in range(round(drill.scene.duration_s / 0.05)):
        places = drill.scene.places(drill.scene.start_ns + step * S // 20)
        me = places.pop(RUNNER_ID)
        for other in places.values():
            apart = math.dist((me.along_m, me.across_m), (other.along_m, other.across_m))
            best = min(best, apart)
    return best


# ------------------------------------------------------------------ fast boxes against bodies


@pytest.mark.parametrize("name", ["standing person", "two people", "hurdle left in the lane",
                                  "neighbour lane", "30 cm thing", "cone in the lane"])  # fmt: skip
def test_fast_boxes_are_those_of_the_drawn_bodies(name: str) -> None:
    """Feet within 4 % of the height or 2 px (a striding foot 8 %), heights within 12 %."""
    scene = draw_drill(FAMILIES[name], 2).scene
    for t_s in range(1, 13, 3):
        exact = {a.actor_id: a for a in scene.truth(t_s * S)}
        for fast in outlines(scene, t_s * S):
            drawn = exact[fast.actor_id]
            if fast.box is None or drawn.box is None or drawn.full_box != drawn.box:
                continue
            tall = drawn.box.height_px
            foot = 0.08 if drawn.speed_mps > 0.3 else 0.04
            assert abs(fast.box.y1 - drawn.box.y1) < max(2.0, foot * tall), (t_s, fast.actor_id)
            assert fast.box.height_px == pytest.approx(tall, rel=0.12, abs=2.0), fast.actor_id
            assert abs(fast.visible - drawn.visible) < 0.4, (t_s, fast.actor_id)


# ------------------------------------------------------------------ noise


def _scene(*actors: Actor) -> Scene:
    return Scene("still", mount_a(), actors, SimRunner(Habits(go_s=99.0)))


def _looks(scene: Scene, conditions: Conditions, turns: int, seed: int = 1) -> list[Seen]:
    eye = Eye(scene, conditions, random.Random(seed))
    return [look.seen for look in map(eye.look, range(turns)) if look is not None]


def test_a_clean_eye_sees_the_exact_boxes() -> None:
    scene = _scene(Actor("stander", stand(20.0, 1.5)))
    (seen,) = _looks(scene, Conditions(noise=CLEAN_EYE), 1)
    exact = [a.box for a in outlines(scene, 0)]
    assert [d.box for d in seen.detections] == exact
    assert seen.commands == (Command.ARM,)


def test_misses_and_scatter_are_as_stated() -> None:
    """A box of 130 px: a fifth of the frames without it, edges scattered by 3 %."""
    scene = _scene(Actor("near", stand(32.0, 1.5)))
    noise = replace(CLEAN_EYE, miss_share=0.2, edge_sigma_px=1.5, edge_sigma_share=0.03)
    box = next(a.box for a in outlines(scene, 0) if a.actor_id == "near")
    assert box is not None
    looks = _looks(scene, Conditions(rate_hz=30.0, noise=noise), 1500)
    feet = [d.box.y1 - box.y1 for seen in looks for d in seen.detections if d.box.height_px > 90]
    assert len(feet) / len(looks) == pytest.approx(0.8, abs=0.035)
    mean = sum(feet) / len(feet)
    sd = math.sqrt(sum((f - mean) ** 2 for f in feet) / len(feet))
    assert abs(mean) < 0.5
    assert sd == pytest.approx(0.03 * box.height_px, rel=0.1)


@given(st.floats(0, 200), st.floats(0, 1), st.floats(0, 50), st.floats(0, 0.5))
@settings(max_examples=100)
def test_bigger_and_better_shown_is_found_at_least_as_often(
    height_px: float, visible: float, more_px: float, more: float
) -> None:
    noise = EyeNoise()
    share = found_share(height_px, visible, noise)
    assert 0.0 <= share <= 1 - noise.miss_share
    assert found_share(height_px + more_px, visible, noise) >= share
    assert found_share(height_px, min(1.0, visible + more), noise) >= share


def test_hidden_feet_are_cut_off_and_flagged() -> None:
    scene = _scene()
    pose = scene.site.pose
    share = (30.0 - 20.0) / (pose.x_m - 20.0)
    cover = Actor("cover", stand(30.0, share * pose.y_m), size_m=1.2)
    actors = (Actor("far", stand(20.0, 0.0)), cover)
    (seen,) = _looks(_scene(*actors), Conditions(noise=CLEAN_EYE), 1)
    full = Placer(scene.site, PlacingLimits()).box_of(20.0, 0.0, 0.55, 1.75)
    assert full is not None
    far = next(
        d for d in seen.detections if abs(d.box.y0 - full.y0) < 0.5 and d.kind is Kind.PERSON
    )
    assert far.is_bottom_cut
    assert far.box.y1 < full.y1 - 3


def test_the_view_undoes_the_sway_but_for_its_error() -> None:
    scene = _scene(Actor("stander", stand(30.0, 1.5)))
    box = next(a.box for a in outlines(scene, 0) if a.actor_id == "stander")
    assert box is not None
    noise = replace(CLEAN_EYE, sway_sigma_px=0.4)
    rests = []
    for seen in _looks(scene, Conditions(rate_hz=30.0, sway_px=6.0, noise=noise), 300):
        found = max(seen.detections, key=lambda d: d.box.height_px).box
        assert seen.view is not None
        rests.append(found.x0 - seen.view.dx_px - box.x0)
    sd = math.sqrt(sum(r * r for r in rests) / len(rests))
    assert sd == pytest.approx(0.4, rel=0.2)


def test_decisions_come_in_order_and_after_the_light() -> None:
    drill = draw_drill(FAMILIES["empty lane"], 3)
    eye = Eye(drill.scene, replace(drill.conditions, rate_hz=30.0), drill.noise_rng)
    looks = [look for look in map(eye.look, range(300)) if look is not None]
    assert 0 < 300 - len(looks) < 20
    times = [look.now_ns for look in looks]
    assert times == sorted(set(times))
    assert all(look.seen.t_ns is not None and look.now_ns > look.seen.t_ns for look in looks)
    stamps = [look.seen.t_ns or 0 for look in looks]
    assert stamps == sorted(set(stamps))


def test_false_boxes_come_as_often_as_stated_and_flicker() -> None:
    noise = replace(CLEAN_EYE, false_per_frame=0.05, false_again=0.5)
    scene = replace(_scene(), runner=None)
    counts = [len(seen.detections) for seen in _looks(scene, Conditions(noise=noise), 4000)]
    assert sum(counts) / len(counts) == pytest.approx(0.05 / 0.5, rel=0.25)


@pytest.mark.parametrize("kind", sorted(set(FAULTS) - {"unseen"}))
def test_a_fault_spoils_its_turns_and_no_others(kind: str) -> None:
    scene = _scene(Actor("stander", stand(20.0, 1.5)))
    good = Conditions(rate_hz=10.0, noise=CLEAN_EYE)
    bad = replace(good, faults=(Fault(kind, 0.95, 2.05),))
    for number, (clean, spoilt) in enumerate(
        zip(_looks(scene, good, 30), _looks(scene, bad, 30), strict=True)
    ):
        assert (clean != spoilt) == (10 <= number <= 20), number


def test_unseen_takes_out_one_actor_only() -> None:
    scene = _scene(Actor("stander", stand(20.0, 1.5)))
    fault = Fault("unseen", 0.0, 9.0, RUNNER_ID)
    (seen,) = _looks(scene, Conditions(noise=CLEAN_EYE, faults=(fault,)), 1)
    assert len(seen.detections) == 1
