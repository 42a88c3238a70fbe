"""What every family of drawn drills is made of: its row, what must happen, and the dice.

`Family` is one row of the table in `families`; `Dice` draws the site, the runner and the
conditions from their ranges and knows when a runner whom nobody stops would be where. Decides
nothing about danger. Called by the `families_*` tables.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from rig.config import HazardLimits
from rig.core.camera_pose import CameraPose, lens_preset
from rig.core.lane import Lane, Site
from rig.records import Cause, Phase
from rig.sim.light import LIGHTS
from rig.sim.noise import Conditions
from rig.sim.noise_faults import Fault
from rig.sim.scenes import Actor
from rig.sim.sim_runner import Habits

RATES_HZ = (8.0, 15.0, 30.0)
LENSES = ("camera-module-3", "pinhole-66", "camera-module-3-wide")
LIGHT_NAMES = tuple(sorted(name for name in LIGHTS if name != "flat"))
"""All but the one that is for measuring."""
BLOCKED = frozenset({Cause.COLLISION, Cause.CONFLICT_SOON, Cause.LANE_NOT_CLEAR})
"""What a thing in the lane may sound."""
WARNED = frozenset({Cause.COLLISION, Cause.LANE_NOT_CLEAR})
"""What keeps the runner from touching it: the STOP, or the word before the start."""
LANE_ENDS = frozenset({Cause.LANE_END_SOON, Cause.LANE_END_NOW})


Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Ranges:
    """From what site, runner and light are drawn; rows of one's own may narrow it."""

    length_m: Range = (25.0, 45.0)
    speed_mps: Range = (1.5, 6.0)
    rates_hz: tuple[float, ...] = RATES_HZ
    lenses: tuple[str, ...] = LENSES
    lights: tuple[str, ...] = LIGHT_NAMES


@dataclass(frozen=True, slots=True)
class Expect:
    """What must happen in a drill, apart from nobody being touched.

    `must`: of each set at least one cause is heard. `may`: nothing else above OK is heard but
    these, those of `must` and the lane's end. `is_quiet`: any other sound is a false alert,
    also where the scene is not empty. `phases` are gone through in this order (others may come
    between). `fault_s`: the causes of `must` are heard within this time of the fault's begin.
    """

    must: tuple[frozenset[Cause], ...] = ()
    may: frozenset[Cause] = frozenset()
    is_quiet: bool = False
    phases: tuple[Phase, ...] = (Phase.IN_BOX, Phase.RUNNING)
    fault_s: float | None = None


@dataclass(frozen=True, slots=True)
class Staged:
    """What a family's row puts into a drill. Its habits None: the runner is as drawn.

    `is_deaf`: no runner reacts to the sounds, all actors follow their paths. `coach_calls` are
    (from, to) seconds in which the coach calls stop: the runner obeys as if the rig had.
    """

    actors: tuple[Actor, ...] = ()
    habits: Habits | None = None
    faults: tuple[Fault, ...] = ()
    coach_calls: tuple[tuple[float, float], ...] = ()
    is_deaf: bool = False
    sway_px: float = 0.0
    hazard: HazardLimits = field(default_factory=HazardLimits)
    duration_s: float | None = None
    expect: Expect | None = None
    """Instead of the row's, where it depends on what was drawn."""
    light: str | None = None
    """A name of `light.LIGHTS` that the row needs."""
    cloud: tuple[float, float] | None = None
    """A cloud's edge passes over the picture from, to (seconds); drawn pictures only."""


@dataclass(frozen=True, slots=True)
class Family:
    """One row: what happens, drawn from which ranges, and what must be heard."""

    name: str
    what: str
    stage: Callable[[Dice], Staged]
    expect: Expect = Expect()
    ranges: Ranges = Ranges()
    is_pictures_only: bool = False
    """Says something only with drawn pictures: light and shadow leave no mark on boxes."""


class Dice:
    """One drill's random numbers, with the site and the runner that were drawn first."""

    def __init__(self, rng: random.Random, ranges: Ranges) -> None:
        self.rng = rng
        self.ranges = ranges
        self.site = _draw_site(rng, ranges)
        self.habits = _draw_habits(rng, self.site, ranges)

    @property
    def length_m(self) -> float:
        """The lane's."""
        return self.site.lane.length_m

    def between(self, least: float, most: float) -> float:
        """A number between two, evenly."""
        return self.rng.uniform(least, most)

    def side(self) -> float:
        """-1 or 1."""
        return self.rng.choice((-1.0, 1.0))

    def spot_m(self) -> float:
        """A place along where the runner is at full speed and the lane goes on for a while."""
        full_m = self.habits.start_m + self.habits.speed_mps**2 / (2 * self.habits.accel_mps2)
        return self.between(min(max(12.0, full_m + 4.0), self.length_m - 10.0), self.length_m - 8.0)

    def arrival_s(self, along_m: float) -> float:
        """When a runner whom nobody stops would be at `along_m`."""
        habits, way_m = self.habits, along_m - self.habits.start_m
        ramp_m = habits.speed_mps**2 / (2 * habits.accel_mps2)
        if way_m <= ramp_m:
            return habits.go_s + math.sqrt(2 * max(way_m, 0.0) / habits.accel_mps2)
        ramp_s = habits.speed_mps / habits.accel_mps2
        return habits.go_s + ramp_s + (way_m - ramp_m) / habits.speed_mps

    def with_habits(self, **changes: float | None) -> Habits:
        """The drawn runner with some habits changed; `arrival_s` then follows them."""
        speed_mps = changes.get("speed_mps")
        if speed_mps is not None:
            changes["finish_m"] = self.length_m - max(5.0, _expected_m(speed_mps))
        self.habits = replace(self.habits, **changes)  # type: ignore[arg-type]  # by its caller
        return self.habits

    def conditions(self, staged: Staged) -> Conditions:
        """Frame rate, delay and mast, with the row's faults."""
        return Conditions(
            self.rng.choice(self.ranges.rates_hz),
            self.between(0.06, 0.18),
            staged.sway_px or self.between(0.0, 1.5),
            self.between(0.3, 1.2),
            faults=staged.faults,
        )


def _draw_site(rng: random.Random, ranges: Ranges) -> Site:
    """Mount A of the design: 5 to 6.5 m past the end, up to 2 m beside, 1.8 to 2.5 m high."""
    length_m = rng.uniform(*ranges.length_m)
    lens = lens_preset(rng.choice(ranges.lenses), 1280, 720)
    beside_m, past_m = rng.uniform(-2.0, 2.0), rng.uniform(5.0, 6.5)
    aim_rad = math.atan2(-beside_m, -(length_m * 0.5 + past_m))
    pose = CameraPose(lens, length_m + past_m, beside_m, rng.uniform(1.8, 2.5),
                      aim_rad % (2 * math.pi), math.radians(rng.uniform(7.5, 10.0)))  # fmt: skip
    return Site(pose, Lane(((0.0, 0.0), (length_m, 0.0))), error_px=0.0, error_m=0.0)


def _draw_habits(rng: random.Random, site: Site, ranges: Ranges) -> Habits:
    length_m, speed_mps = site.lane.length_m, rng.uniform(*ranges.speed_mps)
    return Habits(
        start_m=rng.uniform(1.0, 2.2),
        across_m=rng.uniform(-0.12, 0.12),
        go_s=rng.uniform(3.2, 4.5),
        speed_mps=speed_mps,
        accel_mps2=rng.uniform(1.2, 2.2),
        brake_mps2=rng.uniform(1.8, 3.5),
        reaction_s=rng.uniform(0.4, 0.9),
        finish_m=length_m - max(5.0, _expected_m(speed_mps)),
        expected_reaction_s=rng.uniform(0.15, 0.35),
        expected_brake_mps2=rng.uniform(2.4, 3.6),
        gives_up_m=length_m + 2.0,
        horn_along_m=site.pose.x_m,
        weave_m=rng.uniform(0.0, 0.1),
    )


def _expected_m(speed_mps: float) -> float:
    """Metres before the lane end from which a STOP is expected there: the ticks have begun.

    The way of half a second and of braking at 2.4 m/s2, the least of the range.
    """
    return 0.5 * speed_mps + speed_mps**2 / (2 * 2.4) + 1.0
