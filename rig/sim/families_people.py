"""Families with people in and beside the lane: a table, and how each row is drawn."""

from __future__ import annotations

import math

from rig.records import Cause, Phase
from rig.sim.families_course import BLOCKED, WARNED, Dice, Expect, Family, Staged
from rig.sim.motion import Path, Waypoint, cross, go, stand
from rig.sim.scenes import Actor

_STOPPED = Expect((WARNED,), BLOCKED, phases=(Phase.IN_BOX,))
"""A lane that is not clear may keep the runner in the box."""
_QUIET = Expect(is_quiet=True)
_LANE_M = 1.22


def _stander(dice: Dice) -> Staged:
    place = stand(dice.spot_m(), dice.between(-0.5, 0.5))
    return Staged((Actor("stander", place, size_m=dice.between(1.4, 1.95)),))


def _child(dice: Dice) -> Staged:
    place = stand(dice.spot_m(), dice.between(-0.4, 0.4))
    return Staged((Actor("child", place, size_m=dice.between(0.95, 1.3)),))


def _sitter(dice: Dice) -> Staged:
    """Somebody who sits or kneels is as tall as a child and as wide as a grown-up."""
    place = stand(dice.spot_m(), dice.between(-0.3, 0.3))
    return Staged((Actor("sitter", place, "box", dice.between(0.7, 0.9)),))


def _steps_in(dice: Dice) -> Staged:
    """In from beside the lane while the runner is still 3 to 6 s away; stays."""
    along, side = dice.spot_m(), dice.side()
    in_s = max(0.5, dice.arrival_s(along) - dice.between(3.0, 6.0))
    path = go((along, side * 2.0), (along, dice.between(-0.2, 0.2)), dice.between(0.9, 1.6), in_s)
    return Staged((Actor("stepper", path),))


def _leaves_again(dice: Dice) -> Staged:
    """In before the start, out 1 to 3 s after the runner stood: the drill goes on."""
    along, side = dice.spot_m(), dice.side()
    at_s, out_s = dice.arrival_s(along) - dice.between(4.0, 5.0), dice.between(1.0, 3.0)
    at_s = max(dice.habits.go_s + 0.3, at_s)
    stay_s = at_s + 1.6 + 3.0 + out_s + dice.habits.speed_mps / dice.habits.brake_mps2
    points = (Waypoint(at_s, along, side * 2.2), Waypoint(at_s + 1.6, along, 0.0),
              Waypoint(stay_s, along, 0.0), Waypoint(stay_s + 1.8, along, side * 2.4))  # fmt: skip
    lasts = stay_s + 6.0 + (dice.length_m - along) / dice.habits.speed_mps
    return Staged((Actor("leaver", Path(points)),), duration_s=min(lasts, 32.0))


def _crossing(dice: Dice, side: float, least_mps: float, most_mps: float) -> Staged:
    """In the middle of the lane when the runner would be there, give or take 0.6 s or 0.9 m."""
    along, speed = dice.spot_m(), dice.between(least_mps, most_mps)
    far_m = dice.between(3.0, 7.0)
    late_s = min(0.6, 0.9 / speed)
    start_s = dice.arrival_s(along) + dice.between(-late_s, late_s) - far_m / speed
    path = cross(along, side * far_m, -side * 6.0, speed, start_s)
    return Staged((Actor("crosser", path),))


def _crossing_clears(dice: Dice) -> Staged:
    """Out of the lane's corridor 3 to 6 s before the runner would be there."""
    along, side, speed = dice.spot_m(), dice.side(), dice.between(1.2, 2.2)
    far_m = dice.between(3.0, 6.0)
    out_s = dice.arrival_s(along) - dice.between(3.0, 6.0)
    start_s = out_s - (far_m + 1.2) / speed
    return Staged((Actor("crosser", cross(along, side * far_m, -side * 6.0, speed, start_s)),))


def _crossing_after(dice: Dice) -> Staged:
    """Comes to the lane 2 to 4 s after the runner would have passed."""
    along, side, speed = dice.between(8.0, dice.length_m * 0.5), dice.side(), dice.between(1.0, 2.0)
    in_s = dice.arrival_s(along) + dice.between(2.0, 4.0)
    path = cross(along, side * 5.0, -side * 5.0, speed, in_s - 3.8 / speed)
    return Staged((Actor("crosser", path),))


def _turns_back(dice: Dice) -> Staged:
    """Comes toward the lane and stops 1.4 to 2 m from its middle."""
    along, side, speed = dice.spot_m(), dice.side(), dice.between(0.8, 1.6)
    start_s = dice.arrival_s(along) - dice.between(3.0, 5.0)
    stop_m = dice.between(1.4, 2.0)
    path = go((along, side * 5.0), (along, side * stop_m), speed, start_s - 3.4 / speed)
    return Staged((Actor("turner", path),))


def _oncoming(dice: Dice) -> Staged:
    """Runs toward the runner in the same lane and steps out 2.5 s before they would meet."""
    speed, start_m = dice.between(1.5, 4.5), dice.length_m - 0.5
    meet_s = dice.habits.go_s + 0.5
    closing = speed + dice.habits.speed_mps
    meet_s += (start_m - dice.habits.start_m) / closing
    out_s = max(0.6, meet_s - dice.between(0.6, 1.2))
    turn_m = start_m - speed * (out_s - 0.5)
    points = (Waypoint(0.5, start_m, 0.0), Waypoint(out_s, turn_m, 0.0),
              Waypoint(out_s + 1.0, turn_m - 0.6, dice.side() * 2.4))  # fmt: skip
    return Staged((Actor("oncomer", Path(points)),))


def _slower(dice: Dice) -> Staged:
    """Walks or jogs in the same lane and the same way, slower."""
    speed = dice.between(0.6, max(0.7, 0.6 * dice.habits.speed_mps))
    start_m = dice.between(8.0, 12.0)
    path = go((start_m, 0.0), (dice.length_m + 9.0, 0.1), speed, dice.habits.go_s)
    return Staged((Actor("slower", path),))


def _neighbour(dice: Dice) -> Staged:
    """A runner in the next lane, the other way or the same way."""
    side = dice.side() * (_LANE_M + dice.between(0.0, 0.15))
    speed, far_m = dice.between(2.0, 6.0), dice.length_m
    ends = [(far_m, side), (-6.0, side)]
    start, end = ends if dice.rng.random() < 0.5 else ends[::-1]
    return Staged((Actor("neighbour", go(start, end, speed, dice.habits.go_s - 0.5)),))


def _neighbour_overtakes(dice: Dice) -> Staged:
    """A faster runner of the next lane, facing forward, passes at mid-lane."""
    side = dice.side() * (_LANE_M + dice.between(0.0, 0.15))
    speed = dice.habits.speed_mps + dice.between(0.8, 2.0)
    pass_m = dice.length_m * 0.5
    start_s = dice.arrival_s(pass_m) - (pass_m + 5.0) / speed
    return Staged(
        (Actor("overtaker", go((-5.0, side), (dice.length_m + 3, side), speed, start_s)),)
    )


def _two_people(dice: Dice) -> Staged:
    along = dice.spot_m()
    first = Actor("first", stand(along, dice.between(-0.4, 0.0)))
    second = Actor("second", stand(along + dice.between(0.4, 2.0), dice.between(0.2, 0.9)))
    return Staged((first, second))


def _two_crossers(dice: Dice) -> Staged:
    """One clears, a second follows 1.5 to 3 s later and does not."""
    along, side, speed = dice.spot_m(), dice.side(), dice.between(1.0, 1.8)
    mid_s = dice.arrival_s(along)
    times = (mid_s - dice.between(2.5, 3.5), mid_s + dice.between(-0.3, 0.3))
    return Staged(
        tuple(
            Actor(f"crosser {n}", cross(along, side * 5.0, -side * 5.0, speed, t - 5.0 / speed))
            for n, t in enumerate(times, 1)
        )
    )


def _coach(dice: Dice) -> Staged:
    """At the rail, 1.6 to 3 m from the lane's middle, shifting from foot to foot."""
    along, side = dice.between(8.0, dice.length_m - 6.0), dice.side()
    out = side * dice.between(1.6, 3.0)
    points = tuple(
        Waypoint(2.0 * n, along + dice.between(-0.3, 0.3), out + dice.between(-0.15, 0.15))
        for n in range(12)
    )
    return Staged((Actor("coach", Path(points), stance="arms crossed"),))


def _coach_walks(dice: Dice) -> Staged:
    """Walks along beside the lane with the runner."""
    side = dice.side() * dice.between(1.5, 2.5)
    path = go((2.0, side), (dice.length_m, side), dice.between(1.0, 2.5), dice.habits.go_s)
    return Staged((Actor("coach", path),))


def _spectators(dice: Dice) -> Staged:
    rng, actors = dice.rng, []
    for n in range(rng.randint(3, 7)):
        across = dice.side() * dice.between(2.2, 7.0)
        actors.append(Actor(f"spectator {n}", stand(dice.between(4, dice.length_m), across)))
    walker = go((dice.length_m, 4.0), (0.0, 4.5), dice.between(0.8, 1.6), 1.0)
    return Staged((*actors, Actor("walker", walker)))


def _spectators_and_stander(dice: Dice) -> Staged:
    return Staged((*_spectators(dice).actors, *_stander(dice).actors))


def _hidden_by_stander(dice: Dice) -> Staged:
    """A stander in the lane, hidden from the camera by somebody beside the lane nearer to it."""
    along = dice.between(12.0, dice.length_m - 14.0) if dice.length_m > 27 else 12.0
    pose = dice.site.pose
    share = dice.between(0.3, 0.55)
    near = (along + share * (pose.x_m - along), share * pose.y_m)
    leave_s = dice.between(2.0, dice.arrival_s(along) - 1.0)
    path = Path((Waypoint(leave_s, *near), Waypoint(leave_s + 2.0, near[0], near[1] + 3.0)))
    return Staged((Actor("stander", stand(along, 0.0)), Actor("cover", path)))


def _runner_hides(dice: Dice) -> Staged:
    """Something that the runner passed: a person follows in the lane, hidden by the runner."""
    speed = max(0.8, dice.habits.speed_mps - dice.between(0.0, 0.6))
    path = go((-3.5, 0.0), (dice.length_m, 0.0), speed, dice.habits.go_s + 0.6)
    return Staged((Actor("follower", path),))


def _hides_runner(dice: Dice) -> Staged:
    """Somebody beside the camera walks through the line of sight to the runner."""
    pose = dice.site.pose
    mid_s = dice.habits.go_s + dice.between(2.0, 4.0)
    along = pose.x_m - dice.between(3.5, 4.5)
    path = cross(along, 3.5 + pose.y_m, -3.5, dice.between(0.9, 1.6), mid_s - 2.5)
    return Staged((Actor("passer", path),))


def _blocked_start(dice: Dice) -> Staged:
    """Somebody stands within 8 m of the runner from the beginning, and leaves late."""
    along, side = dice.between(6.0, 10.0), dice.side()
    leave_s = dice.habits.go_s + dice.between(1.0, 4.0)
    path = Path((Waypoint(0.0, along, 0.0), Waypoint(leave_s, along, 0.0),
                 Waypoint(leave_s + 2.0, along, side * 2.6)), facing_rad=math.pi)  # fmt: skip
    return Staged((Actor("blocker", path),), duration_s=leave_s + 14.0)


_CROSS_FROM = (("left", 1.0), ("right", -1.0))
_CROSS_SPEED = (("slowly", 0.5, 0.9), ("walking", 1.1, 1.7), ("running", 2.2, 4.0))

PEOPLE: tuple[Family, ...] = (
    Family("standing person", "an adult stands in the lane", _stander, _STOPPED),
    Family("standing child", "a child of 0.95 to 1.3 m stands in the lane", _child, _STOPPED),
    Family("somebody low", "something 0.7 to 0.9 m high as wide as a sitter", _sitter, _STOPPED),
    Family("steps in", "a person steps in 3 to 6 s before the runner", _steps_in, _STOPPED),
    Family("leaves again", "steps in, stands, leaves; the run goes on", _leaves_again, _STOPPED),
    *(
        Family(
            f"crosses {how} from the {name}",
            f"at {least} to {most} m/s, in the lane when the runner would be there",
            lambda dice, side=side, least=least, most=most: _crossing(dice, side, least, most),  # type: ignore[misc]  # defaults bind the row
            Expect((frozenset({*BLOCKED}),), BLOCKED),
        )
        for name, side in _CROSS_FROM
        for how, least, most in _CROSS_SPEED
    ),
    Family("crosses and clears", "is out 3 to 6 s before the runner", _crossing_clears,
           Expect(may=BLOCKED)),
    Family("crosses after", "comes to the lane when the runner has passed", _crossing_after,
           Expect(is_quiet=True)),
    Family("stops beside", "walks toward the lane and stops beside it", _turns_back,
           Expect(may=BLOCKED)),
    Family("oncoming", "a runner the other way in the lane, swerves late", _oncoming, _STOPPED),
    Family("slower same way", "somebody slower in the lane, same way", _slower, _STOPPED),
    Family("neighbour lane", "a runner in the next lane, either way", _neighbour, _QUIET),
    Family("neighbour overtakes", "a faster one in the next lane", _neighbour_overtakes, _QUIET),
    Family("two people", "two stand close together in the lane", _two_people, _STOPPED),
    Family("two crossers", "the first clears, the second does not", _two_crossers,
           Expect((frozenset({*BLOCKED}),), BLOCKED)),
    Family("coach at the rail", "shifts from foot to foot beside the lane", _coach, _QUIET),
    Family("coach walks along", "walks beside the lane", _coach_walks, _QUIET),
    Family("spectators", "three to seven beside the lane, one walks", _spectators, _QUIET),
    Family("spectators and a stander", "as above, one stands in the lane",
           _spectators_and_stander, _STOPPED),
    Family("hidden stander", "a stander hidden by somebody who then leaves", _hidden_by_stander,
           _STOPPED),
    Family("follower", "somebody follows the runner, half hidden by them", _runner_hides, _QUIET),
    Family("passer hides the runner", "walks past the camera", _hides_runner,
           Expect(may=BLOCKED | {Cause.RUNNER_LOST})),
    Family("blocked start", "the lane is blocked, then not: all clear, and the run",
           _blocked_start, Expect((WARNED,), BLOCKED)),
)  # fmt: skip
"""Rows with people."""
