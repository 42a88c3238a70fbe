"""How well a rig did in a simulated drill, judged by the truth: in time, quiet when clear.

Decides what counts as a staged hazard, as in time and as needless. Knows the simulated runner's
habits and the exact places; the rig under test knows neither. Used by `rig demo` and tests.

A hazard is met in time when the runner can still stand before touching it: at the moment of the
STOP, the free metres are at least v * (reaction + sound's way) + v^2 / (2 * brake), with the
simulated runner's own reaction and braking.
"""

from __future__ import annotations

from dataclasses import dataclass

from rig.records import Cause, Decision, Level
from rig.sim.scenes import RUNNER_ID, ActorTruth, Scene
from rig.sim.sim_runner import SOUND_MPS

REACH_M = 0.4
"""Half a runner's depth, as the drills count a touch."""
PERSON_ROOM_M = 0.3
CLOSE_M = 12.0
"""A thing in the lane this near, at most, is what a STOP is about."""
RELEASE_S = 2.0
"""A sound may last this long after its cause has gone; then a clear stretch begins."""
LANE_END = "lane end"


@dataclass(frozen=True, slots=True)
class Warned:
    """One staged hazard: when STOP came, what was free then, and what a stop needed."""

    name: str
    time_s: float
    speed_mps: float
    free_m: float
    needed_m: float

    @property
    def spare_m(self) -> float:
        """Metres left over after the stop; negative is too late."""
        return self.free_m - self.needed_m


class Score:
    """Gathers one drill, frame by frame; read it at the end."""

    def __init__(self, scene: Scene) -> None:
        self.warned: list[Warned] = []
        self.touched: set[str] = set()
        self.clear_s = 0.0
        self.needless_s = 0.0
        self.closest_m = float("inf")
        self.end_free_m: float | None = None
        """Where the runner came to rest before the lane end (negative: past it)."""
        self._scene = scene
        self._last_ns: int | None = None
        self._clear_ns: int | None = None
        self._was_stop = False

    def add(self, t_ns: int, decision: Decision) -> None:
        """One frame: the truth is taken at `t_ns`, the time of the decision's sound."""
        truth = {actor.actor_id: actor for actor in self._scene.truth(t_ns)}
        me = truth.pop(RUNNER_ID, None)
        if me is None:
            return
        self._touch(me, list(truth.values()))
        self._quiet(t_ns, decision)
        is_stop = decision.alert.level is Level.STOP
        if is_stop and not self._was_stop and me.along_mps > 0:
            self._warn(t_ns, decision, me, list(truth.values()))
        self._was_stop = is_stop
        self._last_ns = t_ns
        if me.along_mps == 0.0:
            self.end_free_m = self._scene.site.lane.length_m - me.along_m

    @property
    def is_good(self) -> bool:
        """Every hazard in time, nobody touched, silence where nothing endangered."""
        is_in_time = all(one.spare_m >= 0 for one in self.warned)
        return is_in_time and bool(self.warned) and not self.touched and self.needless_s == 0.0

    def report(self) -> list[str]:
        """The outcome in sentences."""
        lines = [
            f"{one.name}: STOP at {one.time_s:.1f} s with {one.free_m:.1f} m free, "
            f"{one.needed_m:.1f} m needed to stand at {one.speed_mps:.1f} m/s "
            f"({'in time' if one.spare_m >= 0 else 'TOO LATE'}, {one.spare_m:+.1f} m)"
            for one in self.warned
        ]
        touched = ", ".join(sorted(self.touched)) or "nobody"
        lines.append(f"touched: {touched}; closest {self.closest_m:.1f} m")
        lines.append(
            f"clear stretches: {self.clear_s:.1f} s, of which {self.needless_s:.1f} s with a "
            "needless warning"
        )
        return lines

    # ------------------------------------------------------------------ parts of a frame

    def _touch(self, me: ActorTruth, others: list[ActorTruth]) -> None:
        for other in others:
            free_m = other.along_m - me.along_m - _room_m(other)
            is_beside = abs(other.across_m - me.across_m) > 0.3 + other.width_m / 2
            if is_beside or free_m < -2 * _room_m(other):
                continue
            self.closest_m = min(self.closest_m, max(0.0, free_m))
            if free_m <= 0:
                self.touched.add(other.actor_id)

    def _quiet(self, t_ns: int, decision: Decision) -> None:
        if self._last_ns is None or not self._scene.is_clear(t_ns):
            self._clear_ns = None
            return
        self._clear_ns = t_ns if self._clear_ns is None else self._clear_ns
        step_s = (t_ns - self._last_ns) / 1e9
        if t_ns - self._clear_ns < RELEASE_S * 1e9 and self.warned:
            return
        self.clear_s += step_s
        if decision.alert.level >= Level.CAUTION:
            self.needless_s += step_s

    def _warn(
        self, t_ns: int, decision: Decision, me: ActorTruth, others: list[ActorTruth]
    ) -> None:
        name, free_m = self._subject(decision, me, others)
        runner = self._scene.runner
        if runner is None:
            return
        habits, speed = runner.habits, me.along_mps
        is_expected = me.along_m >= habits.finish_m
        delay_s = habits.expected_reaction_s if is_expected else habits.reaction_s
        delay_s += abs(habits.horn_along_m - me.along_m) / SOUND_MPS
        brake = habits.expected_brake_mps2 if is_expected else habits.brake_mps2
        needed_m = speed * delay_s + speed * speed / (2 * brake)
        t_s = (t_ns - self._scene.start_ns) / 1e9
        self.warned.append(Warned(name, t_s, speed, free_m, needed_m))

    def _subject(
        self, decision: Decision, me: ActorTruth, others: list[ActorTruth]
    ) -> tuple[str, float]:
        """What a STOP is about: by its cause, the lane end or the nearest thing in the way."""
        length_m = self._scene.site.lane.length_m
        if decision.alert.cause is Cause.LANE_END_NOW:
            return LANE_END, length_m - me.along_m
        half_m = self._scene.site.lane.width_m / 2
        near = [
            (o.along_m - me.along_m - _room_m(o), o.actor_id)
            for o in others
            if -0.5 < o.along_m - me.along_m < CLOSE_M
            and abs(o.across_m) < half_m + o.width_m / 2 + abs(o.across_mps) * 2.0
        ]
        if not near:
            return f"{decision.alert.cause} without a thing in the way", 0.0
        free_m, name = min(near)
        return name, free_m


def _room_m(other: ActorTruth) -> float:
    """Middle to middle at the moment of touching."""
    return REACH_M + (PERSON_ROOM_M if other.kind == "person" else other.width_m / 2)
