"""Families of drawn drills: the table, and how one drill is drawn from a row.

A family and a seed are one drill, for ever: scene, conditions and what must happen all come from
one stream of random numbers named after both. Called by `scripts/trials` and tests.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from rig.config import HazardLimits
from rig.sim.families_course import Dice, Expect, Family
from rig.sim.families_faults import FAULT_ROWS
from rig.sim.families_light import LIGHT_ROWS
from rig.sim.families_people import PEOPLE
from rig.sim.families_runner import RUNNER_ROWS
from rig.sim.families_things import THINGS_ROWS
from rig.sim.light import LIGHTS
from rig.sim.noise import Conditions
from rig.sim.scenes import Scene
from rig.sim.sim_runner import SimRunner

LASTS_MOST_S = 60.0
_AFTER_END_S = 5.0
"""A drill goes on for this long after an unhindered runner would be at the lane end."""

FAMILIES: dict[str, Family] = {
    row.name: row
    for row in (
        *PEOPLE,
        *THINGS_ROWS,
        *RUNNER_ROWS,
        *FAULT_ROWS,
        *LIGHT_ROWS,
    )
}
"""Every family by its name."""


@dataclass(frozen=True, slots=True)
class Drill:
    """One drawn drill, ready to be played once (its runner remembers what was heard)."""

    family: str
    seed: int
    scene: Scene
    conditions: Conditions
    expect: Expect
    hazard: HazardLimits
    coach_calls: tuple[tuple[float, float], ...]
    cloud: tuple[float, float] | None = None

    @property
    def noise_rng(self) -> random.Random:
        """The errors' own random numbers, apart from what was drawn for the scene."""
        return random.Random(f"{self.family}/{self.seed}/noise")

    @property
    def speed_mps(self) -> float | None:
        """The runner's, None where nobody reacts."""
        return None if self.scene.runner is None else self.scene.runner.habits.speed_mps


def draw_drill(family: Family, seed: int) -> Drill:
    """The drill of this family and seed; each call builds a fresh one."""
    dice = Dice(random.Random(f"{family.name}/{seed}"), family.ranges)
    staged = family.stage(dice)
    conditions = dice.conditions(staged)
    habits = staged.habits or dice.habits
    lasts_s = staged.duration_s or dice.arrival_s(dice.length_m) + _AFTER_END_S
    light = staged.light or dice.rng.choice(family.ranges.lights)
    scene = Scene(
        family.name,
        dice.site,
        staged.actors,
        None if staged.is_deaf else SimRunner(habits),
        light=LIGHTS[light],
        seed=seed,
        duration_s=min(lasts_s, LASTS_MOST_S),
    )
    return Drill(
        family.name,
        seed,
        scene,
        conditions,
        staged.expect or family.expect,
        staged.hazard,
        staged.coach_calls,
        staged.cloud,
    )
