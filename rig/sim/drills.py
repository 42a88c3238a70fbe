"""Ready-made drills: the one that `rig demo` plays, and small ones for tests.

Tables of who is where and when; no behaviour of their own. Each call builds a fresh scene, since a
scene's runner remembers what was heard.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from rig.core.camera_pose import CameraPose, lens_preset
from rig.core.lane import Lane, Site
from rig.sim.figures import random_look
from rig.sim.light import LIGHTS
from rig.sim.motion import Path, Waypoint, cross, go, stand
from rig.sim.scenes import Actor, Scene
from rig.sim.sim_runner import Habits, SimRunner

LANE_M = 40.0
_USUAL = Habits()
_LEFT, _RIGHT = math.pi / 2, -math.pi / 2


def mount_a(length_m: float = LANE_M, width_px: int = 1280, height_px: int = 720) -> Site:
    """The recommended mount: 5.5 m past the lane's end, 1.5 m to its left, 2.3 m up.

    Aimed a little toward the lane and 8.5 degrees down: the lane's end is in view and the horizon
    lies in the picture's upper third.
    """
    lens = lens_preset("camera-module-3", width_px, height_px)
    pose = CameraPose(lens, length_m + 5.5, 1.5, 2.3, math.pi + 0.05, math.radians(8.5))
    lane = Lane(((0.0, 0.0), (length_m, 0.0)))
    return Site(pose, lane, error_px=0.0, error_m=0.0)


def bystanders() -> tuple[Actor, ...]:
    """A coach at the rail and spectators: outside the lane, and they stay there."""
    return (
        Actor("coach", stand(24.0, 2.5, _RIGHT), look=random_look(11, "stand"),
              stance="arms crossed"),
        Actor("spectator 1", stand(12.0, -6.4, _LEFT), look=random_look(12, "stand"),
              stance="leaning on rail"),
        Actor("spectator 2", stand(13.1, -6.6, _LEFT), look=random_look(13, "stand"),
              size_m=1.66),
        Actor("spectator 3", stand(31.0, -6.2, _LEFT), look=random_look(15, "stand"),
              stance="hands on hips"),
    )  # fmt: skip


def first_light_drill() -> Scene:
    """The demo: one run of 40 m with everything in it, about 25 s.

    The runner stands in the start box until 2.3 s and sets off. Somebody looking at a phone steps
    into the lane at 15 m and stands there until well after the runner should have stopped, then
    walks out. The runner goes on; a second person crosses at 28 m in time to conflict. Then the
    lane's end. Nothing endangers before the first warning distance, between the two obstacles
    and until the end comes near (`is_clear`).
    """
    leaver = Path(
        (
            Waypoint(2.6, 15.0, -1.7),
            Waypoint(3.8, 15.0, -0.3),
            Waypoint(8.2, 15.0, -0.3),
            Waypoint(9.6, 15.4, -2.7),
        ),
        facing_rad=_RIGHT,
    )
    actors = (
        Actor("leaver", leaver, look=random_look(21, "stand"), stance="looking at phone"),
        Actor("crosser", cross(26.0, -4.4, 3.6, 1.6, 2.4, after="go 2"),
              look=random_look(25, "walk"), size_m=1.70),
        *bystanders(),
    )  # fmt: skip
    return _drill("first light", actors, Habits(), light="sunny", duration_s=25.0, seed=7)


def empty_drill() -> Scene:
    """Nobody but the runner, and the bystanders."""
    return _drill("empty lane", bystanders())


def standing_drill() -> Scene:
    """Somebody stands in the lane at 22 m and stays."""
    stander = Actor("stander", stand(22.0, -0.1, _LEFT), look=random_look(31, "stand"))
    return _drill("standing person", (stander, *bystanders()))


def crossing_drill(is_from_left: bool = True) -> Scene:
    """Somebody crosses at 24 m and is gone long before the runner comes: no STOP is needed."""
    start, end = (4.0, -4.5) if is_from_left else (-4.5, 4.0)
    crosser = Actor("crosser", cross(24.0, start, end, 1.7, 0.2), look=random_look(33, "walk"))
    return _drill(f"crosser from the {'left' if is_from_left else 'right'}", (crosser,))


def cone_drill() -> Scene:
    """A cone on the lane at 18 m."""
    return _drill("cone", (Actor("cone", stand(18.0, 0.15), "cone"),), light="sunny")


def neighbour_drill() -> Scene:
    """A runner in the next lane to the right comes the other way; they never endanger."""
    neighbour = go((42.0, -1.22), (-6.0, -1.22), 4.2, 2.0)
    actor = Actor("neighbour", neighbour, look=random_look(37, "run"))
    return _drill("neighbour lane", (actor,))


def dog_drill() -> Scene:
    """A dog trots across the lane at 20 m while the runner comes."""
    dog = Actor("dog", cross(20.0, -7.0, 6.0, 2.2, 4.6), "dog", colour=(34.0, 34.0, 36.0))
    return _drill("dog", (dog,))


def oncoming_drill() -> Scene:
    """A runner comes along the same lane the other way, and swerves out 4 m short."""
    path = Path((Waypoint(1.0, 39.0, 0.0), Waypoint(6.0, 21.0, 0.0), Waypoint(7.2, 18.0, 2.4),
                 Waypoint(12.0, 2.0, 2.6)))  # fmt: skip
    return _drill("oncoming", (Actor("oncomer", path, look=random_look(41, "run")),))


def fall_drill() -> Scene:
    """The runner falls at 16 m and stays down."""
    return _drill("fall", bystanders(), Habits(falls_at_m=16.0))


DRILLS: dict[str, Callable[[], Scene]] = {
    "first light": first_light_drill,
    "empty lane": empty_drill,
    "standing person": standing_drill,
    "crosser from the left": crossing_drill,
    "crosser from the right": lambda: crossing_drill(is_from_left=False),
    "cone": cone_drill,
    "neighbour lane": neighbour_drill,
    "dog": dog_drill,
    "oncoming": oncoming_drill,
    "fall": fall_drill,
}
"""Every drill by its scene's name."""


def _drill(
    name: str,
    actors: tuple[Actor, ...],
    habits: Habits = _USUAL,
    light: str = "overcast",
    duration_s: float = 20.0,
    seed: int = 1,
) -> Scene:
    return Scene(
        name,
        mount_a(),
        actors,
        SimRunner(habits),
        light=LIGHTS[light],
        seed=seed,
        duration_s=duration_s,
    )
