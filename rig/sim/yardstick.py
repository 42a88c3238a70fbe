"""The judges' own numbers and physics: when a simulated drill asks for a STOP, and until when.

Nothing here comes from the hazard law or its options: who tunes the law must not move the measure
that it is held against. Due is plain arithmetic on exact places and speeds. Decides nothing that
sounds. Called by `rig.sim.score`, `rig.sim.lock_judge` and the trials' referee.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from rig.records import Kind
from rig.sim.motion import Place
from rig.sim.scenes import ActorTruth, Scene
from rig.sim.sim_runner import SOUND_MPS, Habits


@dataclass(frozen=True, slots=True)
class Yardstick:
    """Every pinned number of the judges, with its reason. `docs/trials.md` has them in words.

    *Slowest* is the slow end of what `families_course` draws: a rig that does not know its runner
    must stop that one. What a drawn runner needed is reckoned from that runner's own habits.
    """

    latency_s: float = 0.35
    """Light to sound that a STOP may count on: the design's value for a board not measured yet."""
    reaction_s: float = 0.9
    """Tone to braking of the slowest runner drawn."""
    brake_mps2: float = 1.8
    """Braking of the slowest runner drawn."""
    margin_m: float = 1.0
    """Left free after a stop; a common figure for emergency braking of vehicles."""
    end_reaction_s: float = 0.35
    """The same at the lane end, which the ticks announce."""
    end_brake_mps2: float = 2.4
    """The slow end of stops that are expected."""
    end_margin_m: float = 0.3
    """Left free at the lane end, and OVERRUN_M beyond it is no harm."""
    ticks_s: float = 3.0
    """The countdown to the lane end begins so long before its STOP."""
    early_share: float = 1.25
    """It may begin this much farther from the end: half a metre of place, a tenth of speed."""
    hit_s: float = 2.1
    """A standing runner is warned of what will hit them this soon: time to see and step aside."""
    moving_mps: float = 0.3
    """Slower than this the runner stands: who then walks into them is no miss of the rig's."""
    horizon_s: float = 6.0
    """Who will be in the lane within this, going straight on, is on the way into it."""
    legible_px: float = 14.0
    """A box of the truth this high can be found: the noise model finds one frame in two there."""
    whole: float = 0.7
    """Visible share from which somebody counts as not hidden; as `tally` bins them."""
    looks: int = 3
    """Sightings to be sure: one box in five is missed and there are false ones."""
    looks_least_s: float = 0.2
    """And no shorter than this at any rate: false boxes stand for two frames."""
    step_s: float = 0.05
    """The future is looked at this often."""


YARDSTICK = Yardstick()
LANE_END = "lane end"
REACH_M = 0.4
"""Half a runner's depth, as the drills count a touch."""
PERSON_ROOM_M = 0.3


@dataclass(frozen=True, slots=True)
class Other:
    """Somebody or something else in the drill, as the truth has it."""

    actor_id: str
    kind: Kind
    place: Place
    width_m: float

    @property
    def room_m(self) -> float:
        """Middle to middle of runner and this at the moment of touching."""
        return REACH_M + (PERSON_ROOM_M if self.kind is Kind.PERSON else self.width_m / 2)


def due_stops(scene: Scene, me: Place, others: Iterable[Other]) -> set[str]:
    """Names of what the slowest runner needs a STOP for at this moment."""
    if me.along_mps < -YARDSTICK.moving_mps:
        return set()
    sound_s = _sound_s(scene, me)
    found = {o.actor_id for o in others if _will_meet(scene, me, o, sound_s)}
    left_m = scene.site.lane.length_m - me.along_m
    if me.along_mps >= YARDSTICK.moving_mps and left_m < end_need_m(me.along_mps, sound_s):
        found.add(LANE_END)
    return found


def end_need_m(speed_mps: float, sound_s: float) -> float:
    """Metres before the lane end at which the slowest runner must hear of it."""
    y = YARDSTICK
    delay_s = y.end_reaction_s + sound_s
    return speed_mps * delay_s + speed_mps**2 / (2 * y.end_brake_mps2) + y.end_margin_m


def ticks_from_m(scene: Scene, me: Place) -> float:
    """Metres before the lane end from which a countdown is not needless."""
    speed = max(0.0, me.along_mps)
    need_m = end_need_m(speed, _sound_s(scene, me))
    return YARDSTICK.early_share * (need_m + speed * YARDSTICK.ticks_s)


def is_in_way(scene: Scene, me: Place, other: Other) -> bool:
    """In the lane now, and not passed yet."""
    reach_m = scene.site.lane.width_m / 2 + other.width_m / 2
    return abs(other.place.across_m) < reach_m and other.place.along_m > me.along_m


def is_coming(scene: Scene, me_along_m: float, other: Other) -> bool:
    """Beyond the runner, and in the lane or straight on its way into it."""
    place, reach_m = other.place, scene.site.lane.width_m / 2 + other.width_m / 2
    soon_m = place.across_m + YARDSTICK.horizon_s * place.across_mps
    low_m, high_m = sorted((place.across_m, soon_m))
    return place.along_m > me_along_m and low_m < reach_m and high_m > -reach_m


def is_legible(actor: ActorTruth) -> bool:
    """High enough in the picture, and not hidden."""
    is_high = actor.box is not None and actor.box.height_px >= YARDSTICK.legible_px
    return is_high and actor.visible >= YARDSTICK.whole


def sure_s(delay_s: float, rate_hz: float) -> float:
    """Light to sound that this delay and frame rate are allowed, being sure included."""
    return delay_s + max(YARDSTICK.looks_least_s, YARDSTICK.looks / rate_hz)


def stopping_s(scene: Scene, habits: Habits, latency_s: float, speed_mps: float) -> float:
    """From light to standing for this very runner: latency, sound, reaction and braking."""
    sound_s = scene.site.lane.length_m / SOUND_MPS
    return latency_s + sound_s + habits.reaction_s + speed_mps / habits.brake_mps2


def _sound_s(scene: Scene, me: Place) -> float:
    return abs(scene.site.pose.x_m - me.along_m) / SOUND_MPS


def _will_meet(scene: Scene, me: Place, other: Other, sound_s: float) -> bool:
    """Whether runner and thing meet unless the runner is told now.

    Two runners are looked at: one who goes on, within the stopping distance, and one who brakes
    after the whole delay. Everybody else goes straight on. Across, the runner fills the lane.
    """
    y, place, speed = YARDSTICK, other.place, max(0.0, me.along_mps)
    if place.along_m <= me.along_m:
        return False
    if speed < y.moving_mps:
        times = np.arange(0.0, y.hit_s, y.step_s)
        is_moving = place.speed_mps >= y.moving_mps
        return is_moving and bool(_overlaps(scene, other, np.full_like(times, me.along_m), times))
    delay_s = y.latency_s + y.reaction_s + sound_s
    brake_s = speed / y.brake_mps2
    stop_m = speed * delay_s + speed * brake_s / 2 + y.margin_m
    times = np.arange(0.0, delay_s + brake_s + y.step_s, y.step_s)
    braking_s = np.clip(times - delay_s, 0.0, brake_s)
    braked = speed * (np.minimum(times, delay_s) + braking_s) - y.brake_mps2 * braking_s**2 / 2
    goes_on = speed * times
    near = goes_on <= stop_m
    return bool(
        _overlaps(scene, other, me.along_m + braked, times, y.margin_m)
        or _overlaps(scene, other, me.along_m + goes_on[near], times[near])
    )


_Numbers = np.ndarray[tuple[int], np.dtype[np.float64]]


def _overlaps(
    scene: Scene, other: Other, along_m: _Numbers, times: _Numbers, margin_m: float = 0.0
) -> bool:
    """Whether the thing, going straight on, touches a runner who is at `along_m` at `times`."""
    place = other.place
    apart_m = place.along_m + place.along_mps * times - along_m
    across_m = place.across_m + place.across_mps * times
    is_inside = np.abs(across_m) < scene.site.lane.width_m / 2 + other.width_m / 2
    is_near = (apart_m < other.room_m + margin_m) & (apart_m > -other.room_m)
    return bool((is_inside & is_near).any())
