"""Families of light and shadow: they say something only where pictures are drawn."""

from __future__ import annotations

import math

from rig.sim.families_course import Dice, Expect, Family, Staged
from rig.sim.motion import go, stand
from rig.sim.scenes import Actor


def _cloud(dice: Dice) -> Staged:
    """The edge of a cloud takes 1 to 3 s over the picture, in mid-run, on a sunny day."""
    from_s = dice.arrival_s(dice.between(6.0, dice.length_m * 0.6))
    return Staged(light="sunny", cloud=(from_s, from_s + dice.between(1.0, 3.0)))


def _long_shadows(dice: Dice) -> Staged:
    """People at the side of the low sun, 2 to 4.5 m off: shadows of 5 m lie over the lane."""
    count = dice.rng.randint(2, 4)
    standing = tuple(
        Actor(f"spectator {n}", stand(dice.between(6.0, dice.length_m - 2.0),
                                      dice.between(2.0, 4.5), -math.pi / 2))
        for n in range(count)
    )  # fmt: skip
    side = dice.between(2.0, 3.5)
    walker = go((dice.length_m, side), (0.0, side), dice.between(0.8, 1.8), dice.habits.go_s)
    return Staged((*standing, Actor("walker", walker)), light="low sun")


LIGHT_ROWS: tuple[Family, ...] = (
    Family("sudden shade", "a cloud's edge passes over the empty lane", _cloud,
           Expect(is_quiet=True), is_pictures_only=True),
    Family("long shadows", "low sun: shadows of people beside reach into the lane", _long_shadows,
           Expect(is_quiet=True), is_pictures_only=True),
)  # fmt: skip
"""Rows that only pictures can show."""
