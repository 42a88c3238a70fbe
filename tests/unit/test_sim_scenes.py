"""Scenes: truth about places, occlusion and danger; waypoints; the ready-made drills."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rig.records import Kind, Level
from rig.sim.drills import DRILLS, LANE_M, mount_a
from rig.sim.motion import Path, Waypoint, cross, go, stand
from rig.sim.scenes import RUNNER_ID, Actor, ActorTruth, Scene
from rig.sim.sim_runner import Habits, SimRunner

S = 1_000_000_000


def ns(t_s: float) -> int:
    return round(t_s * S)


def _named(scene: Scene, t_s: float) -> dict[str, ActorTruth]:
    return {truth.actor_id: truth for truth in scene.truth(ns(t_s))}


# ------------------------------------------------------------------ waypoints


def test_path_waits_walks_and_stays() -> None:
    path = go((10.0, 0.0), (10.0, 3.0), 1.5, start_s=2.0)
    assert path.place(1.0).still == 1
    assert path.place(1.0).across_m == 0
    moving = path.place(3.0)
    assert moving.across_m == pytest.approx(1.5)
    assert moving.across_mps == pytest.approx(1.5)
    assert moving.heading_rad == pytest.approx(math.pi / 2)
    assert moving.still == 0
    assert moving.walked_m == pytest.approx(1.5)
    done = path.place(9.0)
    assert (done.across_m, done.across_mps, done.still) == (3.0, 0.0, 1.0)
    assert done.heading_rad == pytest.approx(math.pi / 2)


def test_path_after_an_event_waits_for_it() -> None:
    path = Path((Waypoint(0.0, 5.0, 0.0), Waypoint(1.0, 5.0, 2.0)), after="stop 1")
    assert path.place(None).across_m == 0
    scene = Scene("wait", mount_a(), (Actor("leaver", path),), SimRunner(Habits()))
    assert scene.runner is not None
    assert _named(scene, 5.9)["leaver"].across_m == 0
    scene.runner.hears(Level.STOP, ns(6.0))
    stop_s = scene.runner.event_s("stop 1", ns(60.0))
    assert stop_s is not None
    assert _named(scene, stop_s - 0.01)["leaver"].across_m == 0
    assert _named(scene, stop_s + 0.5)["leaver"].across_m == pytest.approx(1.0, abs=1e-6)


# ------------------------------------------------------------------ truth


def test_truth_is_ordered_by_distance_and_names_kinds() -> None:
    actors = (Actor("near", stand(30.0, 0.0)), Actor("cone", stand(20.0, 0.3), "cone"),
              Actor("dog", stand(10.0, 0.3), "dog"))  # fmt: skip
    found = Scene("kinds", mount_a(), actors).truth(0)
    assert [truth.actor_id for truth in found] == ["dog", "cone", "near"]
    assert [truth.kind for truth in found] == [Kind.ANIMAL, Kind.OBJECT, Kind.PERSON]


def test_box_stands_on_the_place_and_has_the_height_that_the_lens_gives() -> None:
    site = mount_a()
    for along in (5.0, 20.0, 36.0):
        (truth,) = Scene("one", site, (Actor("a", stand(along, 0.0), size_m=1.8),)).truth(0)
        assert truth.box is not None
        far = site.pose.x_m - along
        assert truth.box.height_px == pytest.approx(1.8 * site.pose.lens.focal_px / far, rel=0.08)


def test_who_stands_nearer_hides_and_who_stands_aside_does_not() -> None:
    site = mount_a()
    hidden = Actor("far", stand(15.0, 0.0))
    line = (15.0 - site.pose.x_m, 0.0 - site.pose.y_m)
    cover = stand(15.0 - line[0] * 0.05, 0.0 - line[1] * 0.05)
    both = Scene("row", site, (hidden, Actor("near", cover, size_m=1.95)))
    assert _named(both, 0.0)["far"].visible < 0.25
    assert _named(both, 0.0)["near"].visible == 1
    aside = Scene("aside", site, (hidden, Actor("near", stand(17.0, 1.6))))
    assert _named(aside, 0.0)["far"].visible == 1


def test_part_out_of_the_picture_is_not_visible() -> None:
    (truth,) = Scene("cut", mount_a(), (Actor("close", stand(42.3, 0.6)),)).truth(0)
    assert truth.box is not None
    assert truth.full_box is not None
    assert truth.full_box.y1 > 720 >= truth.box.y1
    assert 0.1 < truth.visible < 0.98
    (gone,) = Scene("gone", mount_a(), (Actor("beside", stand(45.0, -8.0)),)).truth(0)
    assert gone.box is None
    assert gone.visible == 0


def test_truth_does_not_depend_on_how_often_it_is_asked() -> None:
    often, once = DRILLS["first light"](), DRILLS["first light"]()
    for step in range(30):
        often.truth(ns(step * 0.2))
    truth = often.truth(ns(6.0))
    assert truth == once.truth(ns(6.0))
    places = often.places(ns(6.0))
    assert {t.actor_id: (t.along_m, t.across_m) for t in truth} == {
        name: (place.along_m, place.across_m) for name, place in places.items()
    }


# ------------------------------------------------------------------ danger


@pytest.mark.parametrize(
    ("actor", "is_clear"),
    [
        (Actor("in lane", stand(20.0, 0.0)), False),
        (Actor("at the rail", stand(20.0, 2.5)), True),
        (Actor("next lane", stand(20.0, 1.3)), True),
        (Actor("on the line", stand(20.0, 0.65)), False),
        (Actor("passed", stand(2.0, 0.0)), True),
        (Actor("walks in", cross(20.0, 4.0, -4.0, 1.5, 5.0)), False),
        (Actor("walks off", cross(20.0, 2.0, 8.0, 1.0, 4.0)), True),
        (Actor("bag", stand(20.0, 0.0), "bag"), False),
    ],
)
def test_clear_means_nobody_in_the_lane_beyond_the_runner(actor: Actor, is_clear: bool) -> None:
    scene = Scene("clear", mount_a(), (actor,), SimRunner(Habits()))
    assert scene.is_clear(ns(6.0)) is is_clear


def test_nearing_the_lane_end_is_not_clear() -> None:
    scene = DRILLS["empty lane"]()
    assert scene.is_clear(ns(6.0))
    assert not scene.is_clear(ns(13.0))


# ------------------------------------------------------------------ drills


def _alert(scene: Scene, t_ns: int) -> Level:
    """What somebody who sees the truth would sound: the stopping distance of the design."""
    places = scene.places(t_ns)
    run = places.pop(RUNNER_ID)
    v = max(run.along_mps, 0.0)
    if run.along_m + v * 0.35 + v * v / 6 + 0.3 > LANE_M:
        return Level.STOP
    reach = v * 1.05 + v * v / 4 + 1.0
    for other in places.values():
        soon = other.across_m + 3.0 * other.across_mps
        is_in = min(other.across_m, soon) < 1.0 and max(other.across_m, soon) > -1.0
        gap = other.along_m - run.along_m
        if is_in and -0.5 < gap < max(reach, 4.0):
            return Level.STOP if v > 0.5 else Level.CAUTION
    return Level.SILENT


def _play(scene: Scene) -> tuple[float, float, float]:
    """Least gap to anybody in the lane, last place of the runner, seconds that were clear."""
    assert scene.runner is not None
    least, clear_s, quiet_at, held = math.inf, 0.0, 0.0, Level.SILENT
    for step in range(round(scene.duration_s * 10)):
        t_ns = step * S // 10
        level = _alert(scene, t_ns)
        if level:
            held, quiet_at = level, step / 10 + 1.0
        scene.runner.hears(level or (held if step / 10 < quiet_at else Level.SILENT), t_ns)
        run = scene.runner.advance(t_ns)
        clear_s += 0.1 * scene.is_clear(t_ns)
        for actor_id, place in scene.places(t_ns).items():
            if actor_id != RUNNER_ID and abs(place.across_m) < 0.9:
                gap = place.along_m - run.along_m
                least = min(least, gap if gap > -0.3 else math.inf)
    return least, scene.runner.advance(ns(scene.duration_s)).along_m, clear_s


def test_first_light_goes_through_its_stages_in_time() -> None:
    scene = DRILLS["first light"]()
    least, last, clear_s = _play(scene)
    assert scene.duration_s <= 25.0
    assert least > 1.0, "an obedient runner meets nobody"
    assert LANE_M - 2.0 < last < LANE_M + 0.2
    assert clear_s > 4.0, "some of it must be quiet"
    assert scene.runner is not None
    stops = [scene.runner.event_s(f"stop {n}", ns(25.0)) for n in (1, 2, 3, 4)]
    assert [at is not None for at in stops] == [True, True, True, False]


def test_first_light_needs_the_warnings() -> None:
    scene = DRILLS["first light"]()
    assert scene.runner is not None
    met = [t for t in range(250) if abs(_gap(scene, "leaver", t / 10)) < 0.2]
    assert met, "a deaf runner runs into the person who stands in the lane"


def _gap(scene: Scene, actor_id: str, t_s: float) -> float:
    places = scene.places(ns(t_s))
    return places[actor_id].along_m - places[RUNNER_ID].along_m


@pytest.mark.parametrize("name", ["empty lane", "neighbour lane", "crosser from the left",
                                  "crosser from the right"])  # fmt: skip
def test_harmless_drills_need_no_stop_before_the_end(name: str) -> None:
    scene = DRILLS[name]()
    _, last, clear_s = _play(scene)
    assert scene.runner is not None
    assert scene.runner.event_s("stop 2", ns(scene.duration_s)) is None
    assert last > LANE_M - 2.0
    assert clear_s > 3.0


@pytest.mark.parametrize("name", sorted(DRILLS))
def test_every_drill_is_fresh_each_time_and_under_its_name(name: str) -> None:
    one, two = DRILLS[name](), DRILLS[name]()
    assert one.name == name
    assert one.runner is not two.runner
    assert len({actor.actor_id for actor in one.actors}) == len(one.actors)


def test_mount_sees_the_whole_lane_with_the_horizon_in_the_upper_third() -> None:
    site = mount_a()
    corners = np.array([[0.0, 0.61, 0], [0, -0.61, 0], [LANE_M, 0.61, 0], [LANE_M, -0.61, 0]])
    pixels = site.pose.to_pixels(corners)
    assert ((pixels >= 0) & (pixels < (1280, 720))).all()
    horizon = site.pose.to_pixels(np.array([[-1e6, 0.0, site.pose.height_m]]))
    assert 0 < horizon[0, 1] < 240
