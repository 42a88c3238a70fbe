"""Plays drawn drills in closed loop, with any decider, and makes one plain record of each.

The runner hears what the decider sounds, and the coach's own calls, and does not set off before
the chirp (or the all-clear) has said that the rig guards: that is the rule on the coach's card.
The same for picture drills, whose eye is `pictures`. Called by `command`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

from campaign.baselines import FixedTtc, LaneBox
from campaign.pictures import PictureEye, picture_turns, slowed
from campaign.referee import Referee
from campaign.rows import OwnRow
from campaign.verdict import find_failures, to_plain
from rig.config import Config, HazardLimits, PlacingLimits
from rig.core.lane import Site
from rig.core.pipeline import Pipeline
from rig.records import Cause, Decision, Level, Seen
from rig.sim.families import FAMILIES, Drill, draw_drill
from rig.sim.noise import Eye, Look


class Decider(Protocol):
    """Whatever decides what sounds: `Pipeline`, a baseline, an ablation."""

    def step(self, seen: Seen, now_ns: int) -> Decision:
        """One turn of the loop."""


MakeDecider = Callable[[Site, HazardLimits], Decider]


class Uncompensated:
    """The law without compensation of latency: every frame is judged as if it were now."""

    def __init__(self, site: Site, limits: HazardLimits) -> None:
        self._pipeline = Pipeline(site, Config(hazard=replace(limits, latency_s=0.05)))

    def step(self, seen: Seen, now_ns: int) -> Decision:
        """One turn, as `Pipeline.step`."""
        told_ns = now_ns if seen.t_ns is None else seen.t_ns
        return replace(self._pipeline.step(seen, told_ns), now_ns=now_ns)


def _without_sigmas(site: Site, limits: HazardLimits) -> Decider:
    """All speeds count, however unsure, and across places scatter as they are seen."""
    bold = replace(limits, crosser_sigmas=0.5, crosser_mps=0.1)
    placing = replace(PlacingLimits(), across_sigma_most_m=0.6)
    return Pipeline(site, Config(hazard=bold, placing=placing))


def _lane_box(frames: int, zone_m: float) -> MakeDecider:
    return lambda site, limits: LaneBox(site, frames, zone_m)


def _fixed_ttc(least_s: float) -> MakeDecider:
    return lambda site, limits: FixedTtc(site, least_s)


DECIDERS: dict[str, MakeDecider] = {
    "law": lambda site, limits: Pipeline(site, Config(hazard=limits)),
    "law-without-latency": Uncompensated,
    "law-without-sigmas": _without_sigmas,
    "law-without-futures": lambda site, limits: Pipeline(
        site, Config(hazard=replace(limits, has_slower_futures=False))
    ),
    **{
        f"lane-box-{frames}-{zone:g}": _lane_box(frames, zone)
        for frames in (3, 6, 10)
        for zone in (6.0, 9.0, 12.0, 99.0)
    },
    **{f"ttc-{least:g}": _fixed_ttc(least) for least in (1.0, 1.5, 2.0, 2.5, 3.0, 4.0)},
}
"""Every decider by name; a baseline's name carries its setting."""
LAW = "law"
ABLATIONS = tuple(name for name in DECIDERS if name.startswith("law-without-"))

_GUARDED = frozenset({Cause.ARMED, Cause.ALL_CLEAR})

BASELINES = ("lane-box", "ttc")


def settings_of(baseline: str) -> list[str]:
    """The deciders of a baseline's sweep."""
    return [name for name in DECIDERS if name.startswith(baseline + "-")]


@dataclass(frozen=True, slots=True)
class Task:
    """One drill to play."""

    family: str
    seed: int
    decider: str = LAW
    eye: str = "boxes"
    """"boxes" with the noise model, or "pictures" with the real detector."""
    own: OwnRow | None = None
    """A row of one's own instead of a shipped family."""

    @property
    def key(self) -> tuple[str, int, str, str, str]:
        """What tells this task's record from others in a results file."""
        own = "" if self.own is None else self.own.digest
        return self.family, self.seed, self.decider, self.eye, own


def drill_of(task: Task) -> Drill:
    """A fresh drill of the task, at the rate at which it is played."""
    row = FAMILIES[task.family] if task.own is None else task.own.family()
    drill = draw_drill(row, task.seed)
    return slowed(drill) if task.eye == PICTURES else drill


PICTURES = "pictures"


def turns(drill: Drill, decider: Decider) -> Iterator[tuple[Look, Decision]]:
    """The drill, turn by turn; the runner has heard each decision when it is yielded."""
    eye, ears = Eye(drill.scene, drill.conditions, drill.noise_rng), Ears(drill)
    for number in range(round(drill.scene.duration_s * drill.conditions.rate_hz)):
        look = eye.look(number)
        if look is None:
            continue
        decision = decider.step(look.seen, look.now_ns)
        ears.hear(decision)
        yield look, decision


class Ears:
    """What reaches the runner: the rig's sounds, the coach's calls, and the rule of the chirp."""

    def __init__(self, drill: Drill) -> None:
        self._drill = drill
        self._is_guarded = False

    def hear(self, decision: Decision) -> None:
        """The runner hears this decision."""
        if self._drill.scene.runner is not None:
            self._is_guarded |= decision.alert.cause in _GUARDED
            level = _heard(self._drill, decision, self._is_guarded)
            self._drill.scene.runner.hears(level, decision.now_ns)


def _heard(drill: Drill, decision: Decision, is_guarded: bool) -> Level:
    t_s = (decision.now_ns - drill.scene.start_ns) / 1e9
    is_called = any(start <= t_s < end for start, end in drill.coach_calls)
    least = Level.STOP if is_called else Level.SILENT if is_guarded else Level.CAUTION
    return max(decision.alert.level, least)


def play(task: Task) -> dict[str, Any]:
    """One drill from arming to its end, as a plain record."""
    drill = drill_of(task)
    referee = Referee(drill)
    found: dict[str, Any] = {}
    if task.eye == PICTURES:
        ears, eye = Ears(drill), PictureEye(drill)
        for turn in picture_turns(drill, eye):
            ears.hear(turn.decision)
            referee.add(turn.look, turn.decision)
        found = eye.tally.to_plain()
    else:
        decider = DECIDERS[task.decider](drill.scene.site, drill.hazard)
        for look, decision in turns(drill, decider):
            referee.add(look, decision)
    return {**_describe(task, drill), **_judged(drill, referee), **found}


def _describe(task: Task, drill: Drill) -> dict[str, Any]:
    """The drill's own facts."""
    speed = drill.speed_mps
    family, seed, decider, eye, own = task.key
    return {
        "family": family,
        "seed": seed,
        "decider": decider,
        "eye": eye,
        "own": own,
        "rate_hz": drill.conditions.rate_hz,
        "delay_s": round(drill.conditions.delay_s, 3),
        "speed_mps": None if speed is None else round(speed, 2),
        "lens": drill.scene.site.pose.lens.name,
        "light": drill.scene.light.name,
        "length_m": round(drill.scene.site.lane.length_m, 1),
        "wanted_phases": [str(phase) for phase in drill.expect.phases],
    }


def _judged(drill: Drill, referee: Referee) -> dict[str, Any]:
    outcome = referee.finish()
    return {**to_plain(outcome), "failures": find_failures(drill, outcome)}
