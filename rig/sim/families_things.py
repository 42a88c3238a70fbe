"""Families with things, animals and cycles: a table, and how each row is drawn."""

from __future__ import annotations

from rig.records import Phase
from rig.sim.families_course import BLOCKED, WARNED, Dice, Expect, Family, Staged
from rig.sim.motion import Path, Waypoint, cross, go, stand
from rig.sim.scenes import Actor

_STOPPED = Expect((WARNED,), BLOCKED, phases=(Phase.IN_BOX,))
"""A lane that is not clear may keep the runner in the box."""
_ANY = Expect((frozenset({*BLOCKED}),), BLOCKED)
_QUIET = Expect(is_quiet=True)


def _lying(dice: Dice, name: str, least_m: float, most_m: float, across_m: float = 0.4) -> Staged:
    place = stand(dice.spot_m(), dice.between(-across_m, across_m))
    return Staged((Actor(name, place, name, dice.between(least_m, most_m)),))


def _thing_beside(dice: Dice) -> Staged:
    """Cones and bags along the outer lines of both neighbour lanes: nobody's business."""
    names = ("cone", "bag", "box")
    actors = tuple(
        Actor(
            f"{name} {n}",
            stand(dice.between(5.0, dice.length_m - 2.0), dice.side() * dice.between(1.4, 2.6)),
            name,
            0.35,
        )
        for n, name in enumerate(names * 2)
    )
    return Staged(actors)


def _dog_crosses(dice: Dice) -> Staged:
    along, side, speed = dice.spot_m(), dice.side(), dice.between(1.0, 4.0)
    far_m = dice.between(3.0, 7.0)
    late_s = min(0.5, 0.9 / speed)
    start_s = dice.arrival_s(along) + dice.between(-late_s, late_s) - far_m / speed
    path = cross(along, side * far_m, -side * 7.0, speed, start_s)
    return Staged((Actor("dog", path, "dog", dice.between(0.3, 0.7)),))


def _dog_beside(dice: Dice) -> Staged:
    """On a lead beside the lane, to and fro."""
    along, side = dice.between(8.0, dice.length_m - 6.0), dice.side()
    points = tuple(
        Waypoint(1.5 * n, along + (n % 2) * 1.2, side * dice.between(1.8, 2.6)) for n in range(16)
    )
    holder = Actor("holder", stand(along, side * 3.0))
    return Staged((Actor("dog", Path(points), "dog", 0.5), holder))


def _ball(dice: Dice) -> Staged:
    """Rolls across as the runner comes; slows down and comes to lie, in the lane or past it."""
    along, side, speed = dice.spot_m(), dice.side(), dice.between(1.0, 3.0)
    in_s = dice.arrival_s(along) - dice.between(1.0, 3.0)
    rest = -side * dice.between(-0.4, 3.0)
    points = (Waypoint(in_s - 5.0 / speed, along, side * 5.5), Waypoint(in_s, along, side * 0.5),
              Waypoint(in_s + 2.0 * abs(rest - side * 0.5) / speed + 0.1, along, rest))  # fmt: skip
    return Staged((Actor("ball", Path(points), "ball", dice.between(0.2, 0.3)),))


def _dropped_bag(dice: Dice) -> Staged:
    """A person carries a bag over the lane, drops it there 3 to 6 s before the runner, goes on.

    Until it falls the bag is at the bearer's place, beside the lane.
    """
    along, side, speed = dice.spot_m(), dice.side(), dice.between(1.0, 1.6)
    in_s = max(4.5 / speed + 0.2, dice.arrival_s(along) - dice.between(3.0, 6.0))
    bearer = cross(along, side * 4.5, -side * 6.0, speed, in_s - 4.5 / speed)
    bag = Path((Waypoint(in_s - 4.5 / speed, along, side * 4.5), Waypoint(in_s, along, 0.0)))
    return Staged((Actor("bearer", bearer), Actor("bag", bag, "bag", dice.between(0.35, 0.7))))


def _cyclist_crosses(dice: Dice) -> Staged:
    along, side, speed = dice.spot_m(), dice.side(), dice.between(2.5, 5.0)
    start_s = dice.arrival_s(along) + dice.between(-0.2, 0.2) - 9.0 / speed
    return Staged((Actor("cyclist", cross(along, side * 9.0, -side * 9.0, speed, start_s),
                         "cyclist"),))  # fmt: skip


def _cyclist_beside(dice: Dice) -> Staged:
    side, speed = dice.side() * dice.between(1.7, 3.0), dice.between(3.0, 7.0)
    path = go((dice.length_m + 1.0, side), (-8.0, side), speed, dice.habits.go_s + 0.5)
    return Staged((Actor("cyclist", path, "cyclist"),))


def _cyclist_oncoming(dice: Dice) -> Staged:
    """Comes along the lane and leaves it 1 s before they would meet."""
    speed, start_m = dice.between(2.5, 5.0), dice.length_m - 0.5
    closing = speed + dice.habits.speed_mps
    meet_s = dice.habits.go_s + 0.5 + (start_m - dice.habits.start_m) / closing
    out_s = max(0.6, meet_s - dice.between(0.8, 1.4))
    turn_m = start_m - speed * (out_s - 0.5)
    points = (Waypoint(0.5, start_m, 0.0), Waypoint(out_s, turn_m, 0.0),
              Waypoint(out_s + 1.0, turn_m - 2.0, dice.side() * 2.6))  # fmt: skip
    return Staged((Actor("cyclist", Path(points), "cyclist"),))


THINGS_ROWS: tuple[Family, ...] = (
    Family("30 cm thing", "a box of 25 to 35 cm lies in the lane",
           lambda dice: _lying(dice, "box", 0.25, 0.35), _STOPPED),
    Family("cone in the lane", "a cone of 30 to 75 cm", lambda d: _lying(d, "cone", 0.3, 0.75),
           _STOPPED),
    Family("bag in the lane", "a bag of 35 to 80 cm", lambda d: _lying(d, "bag", 0.35, 0.8),
           _STOPPED),
    Family("hurdle left in the lane", "a hurdle of 0.6 to 1.07 m",
           lambda d: _lying(d, "hurdle", 0.6, 1.07, 0.1), _STOPPED),
    Family("bench over the edge", "a bench that reaches into the lane",
           lambda d: _lying(d, "bench", 0.4, 0.5, 0.6), _STOPPED),
    Family("things beside", "six small things 1.4 to 2.6 m off the middle", _thing_beside, _QUIET),
    Family("dog crosses", "at 1 to 4 m/s, in the lane with the runner", _dog_crosses, _ANY),
    Family("dog beside", "on a lead, to and fro beside the lane", _dog_beside,
           Expect(may=BLOCKED)),
    Family("rolling ball", "slows down; comes to lie in the lane or past it", _ball,
           Expect(may=BLOCKED)),
    Family("dropped bag", "falls in the lane 3 to 6 s before the runner", _dropped_bag, _STOPPED),
    Family("cyclist crosses", "at 2.5 to 5 m/s", _cyclist_crosses, _ANY),
    Family("cyclist beside", "along the next lane but one", _cyclist_beside, _QUIET),
    Family("cyclist oncoming", "in the lane, swerves late", _cyclist_oncoming, _STOPPED),
)  # fmt: skip
"""Rows with things, animals and cycles."""
