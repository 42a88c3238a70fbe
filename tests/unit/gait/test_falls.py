"""Falls from keypoints: found within a second, and nothing else taken for one."""

from __future__ import annotations

import numpy as np
import pytest

from rig.core.gait.falls import CONFIRM_S, ESCALATE_S, find_falls
from rig.core.gait.keypoints import JOINTS, Keypoints
from rig.sim.bodies import Posture, place_joints
from tests.unit.gait.runners import POSES, TALL_M, Course, seen


def acted(stances: list[tuple[float, Posture]], view: str, noise: float = 0.005) -> Keypoints:
    """Somebody at 8 m who is in each posture at its time and blends between them."""
    times = np.arange(0.0, stances[-1][0], 1 / 30)
    marks = [t for t, _ in stances]
    bodies = [place_joints(TALL_M, posture) for _, posture in stances]
    pose = POSES[view]
    random = np.random.default_rng(7)
    points = np.full((len(times), len(JOINTS), 2), np.nan)
    for number, name in enumerate(JOINTS):
        key = name.replace("_", " ")
        if key not in bodies[0]:
            continue
        path = np.array([body[key] for body in bodies])
        place = np.stack([np.interp(times, marks, path[:, k]) for k in range(3)], axis=1)
        points[:, number] = pose.to_pixels(place + np.array([8.0, 0.0, 0.0]))
    points += random.normal(0, noise * 80, points.shape)
    sure = np.where(np.isfinite(points).all(axis=2), 0.9, 0.0)
    return Keypoints(times, points, sure, np.zeros(len(times)))


STANDING, CROUCHING = Posture(), Posture(stance="crouching")
SITTING = Posture(stance="crouching", sway_rad=0.0)


@pytest.mark.parametrize("view", ["side", "oblique", "along"])
@pytest.mark.parametrize("lasts_s", [0.4, 0.6, 0.8])
def test_a_backward_fall_is_told_within_a_second(view: str, lasts_s: float) -> None:
    course = Course(3.0, lasts_s=6.0, fall_s=3.0, fall_lasts_s=lasts_s)
    falls = find_falls(seen(course, view, noise=0.01), 1280, 720)
    assert len(falls) == 1
    assert 3.0 < falls[0].fallen_s < 4.0
    assert falls[0].confirmed_s == pytest.approx(falls[0].fallen_s + CONFIRM_S, abs=0.1)
    assert falls[0].recovered_s is None


def test_who_lies_long_is_called_for_and_who_stands_up_again_is_not() -> None:
    down = [(0.0, STANDING), (2.0, STANDING), (2.5, Posture(fall=1.0))]
    (long,) = find_falls(acted([*down, (9.0, Posture(fall=1.0))], "side"))
    assert long.escalated_s == pytest.approx(long.fallen_s + ESCALATE_S, abs=0.1)
    up = [(3.5, Posture(fall=1.0)), (4.5, STANDING), (8.0, STANDING)]
    (short,) = find_falls(acted([*down, *up], "side"))
    assert short.escalated_s is None
    assert short.recovered_s is not None
    assert 4.0 < short.recovered_s < 6.5


@pytest.mark.parametrize("view", ["side", "oblique", "along"])
@pytest.mark.parametrize(
    "seconds", [0.25, 0.5, 1.0, 2.0], ids=["drops", "crouches", "ties a shoe", "sits"]
)
def test_going_down_on_purpose_is_no_fall(view: str, seconds: float) -> None:
    way = [(0.0, STANDING), (2.0, STANDING), (2.0 + seconds, CROUCHING), (5.0, CROUCHING)]
    assert find_falls(acted([*way, (6.0, STANDING), (8.0, STANDING)], view)) == ()


@pytest.mark.parametrize("view", ["side", "oblique", "along"])
@pytest.mark.parametrize("speed_mps", [1.3, 3.0, 5.0])
def test_running_is_no_fall(view: str, speed_mps: float) -> None:
    for is_backward in (True, False):
        gait = "walk" if speed_mps < 2 else "run"
        course = Course(speed_mps, is_backward, gait, 0.8 * speed_mps, lasts_s=4.0)
        assert find_falls(seen(course, view, noise=0.01), 1280, 720) == ()


def cut(keypoints: Keypoints, from_s: float, to_edge_px: float = 0.0) -> Keypoints:
    sure = keypoints.confidence.copy()
    sure[keypoints.times_s > from_s] = 0.0
    points = keypoints.points_px.copy()
    if to_edge_px:
        points[..., 0] += to_edge_px - np.nanmin(points[keypoints.times_s <= from_s][..., 0])
    return Keypoints(keypoints.times_s, points, sure, keypoints.across_m)


def test_who_vanishes_while_falling_has_fallen_unless_at_the_edge() -> None:
    falling = acted([(0.0, STANDING), (2.0, STANDING), (2.6, Posture(fall=1.0)), (5.0, STANDING)],
                    "side")  # fmt: skip
    assert find_falls(cut(falling, 2.33), 1280, 720) != ()
    assert find_falls(cut(falling, 2.33, to_edge_px=5.0), 1280, 720) == ()
    standing = acted([(0.0, STANDING), (5.0, STANDING)], "side")
    assert find_falls(cut(standing, 2.5), 1280, 720) == ()
