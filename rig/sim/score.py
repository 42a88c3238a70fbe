"""How well a rig did in a simulated drill, judged by the truth: in time, quiet when clear.

Decides what counts as a staged hazard, as in time and as needless. Knows the simulated runner's
habits and the exact places; the rig under test knows neither. Used by `rig demo` and tests.

A hazard is met in time when the runner can still stand before touching it: at the moment of the
STOP, the free metres are at least v * (reaction + sound's way) + v^2 / (2 * brake), with the
simulated runner's own reaction and braking.

When a STOP is due and when its reason has gone is the word of `yardstick` on the exact places and
speeds, whose numbers are its own: tuning the law does not move the measure.
"""

from __future__ import annotations

from dataclasses import dataclass

from rig.core.overlap import share_inside
from rig.records import Cause, Decision, Level, Phase, Track
from rig.sim.detections import width_m
from rig.sim.lock_judge import LockJudge
from rig.sim.motion import Place
from rig.sim.scenes import RUNNER_ID, Scene
from rig.sim.sim_runner import SOUND_MPS
from rig.sim.yardstick import LANE_END, YARDSTICK, Other, due_stops, is_coming, ticks_from_m

NAMED_M = 4.0
"""A track farther than this from every thing, along and across together, is about none."""
RELEASE_S = 2.0
"""A sound may last this long after its cause has gone; then a clear stretch begins."""
TIMED = frozenset({Cause.COLLISION, Cause.LANE_END_NOW})
"""Sounds whose reason is a place: only of these can it be said when it has gone."""


@dataclass(frozen=True, slots=True)
class Warned:
    """One staged hazard: when STOP came, what was free then, and what a stop needed.

    `notice_s` is for how long a CAUTION had sounded when the STOP came, 0 for none.
    """

    name: str
    time_s: float
    speed_mps: float
    free_m: float
    needed_m: float
    notice_s: float = 0.0

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
        self.due_s: dict[str, float] = {}
        """When a STOP for each thing, or the lane end, first fell due."""
        self.releases_s: list[float] = []
        """For each STOP about a place: seconds from the end of its reason to its own end.

        Where it never had a reason, from its own begin.
        """
        self.lost_alarms = 0
        """Times that RUNNER_LOST began to sound."""
        self.is_due = False
        """Whether a STOP is due at the last frame."""
        self._scene = scene
        self._lock = LockJudge(scene)
        self._actors = {actor.actor_id: actor for actor in scene.actors}
        self._last_ns: int | None = None
        self._clear_ns: int | None = None
        self._reason_ns: int | None = None
        self._caution_ns: int | None = None
        self._before: Decision | None = None

    def add(self, t_ns: int, decision: Decision, is_blind: bool = False) -> None:
        """One frame: the truth is taken at `t_ns`, the time of the decision's sound.

        `is_blind` while a staged fault keeps the truth out of the picture.
        """
        self._lock.add(t_ns, decision, is_blind)
        places = self._scene.places(t_ns)
        me = places.pop(RUNNER_ID, None)
        if me is None:
            return
        others = [self._other(actor_id, place) for actor_id, place in places.items()]
        self._touch(me, others)
        self._quiet(t_ns, decision)
        self._follow_stop(t_ns, decision, me, others)
        self._time_release(t_ns, decision, me, others)
        self._before, self._last_ns = decision, t_ns
        if me.along_mps == 0.0:
            self.end_free_m = self._scene.site.lane.length_m - me.along_m

    @property
    def astray_s(self) -> float:
        """The longest stretch for which the lock was on nobody who should have it."""
        return self._lock.astray_s

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

    def _other(self, actor_id: str, place: Place) -> Other:
        actor = self._actors[actor_id]
        return Other(actor_id, actor.kind, place, width_m(actor))

    def _touch(self, me: Place, others: list[Other]) -> None:
        for other in others:
            free_m = other.place.along_m - me.along_m - other.room_m
            is_beside = abs(other.place.across_m - me.across_m) > 0.3 + other.width_m / 2
            if is_beside or free_m < -2 * other.room_m:
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
        if decision.alert.level >= Level.CAUTION and not self._is_countdown(t_ns, decision):
            self.needless_s += step_s

    def _is_countdown(self, t_ns: int, decision: Decision) -> bool:
        """The ticks to the lane end, begun a little early: `Scene.is_clear` ends 12 m before it."""
        me = self._scene.places(t_ns)[RUNNER_ID]
        is_ticking = decision.alert.cause is Cause.LANE_END_SOON
        return is_ticking and self._is_end_near(me)

    def _is_end_near(self, me: Place) -> bool:
        left_m = self._scene.site.lane.length_m - me.along_m
        return left_m < ticks_from_m(self._scene, me)

    def _follow_stop(self, t_ns: int, decision: Decision, me: Place, others: list[Other]) -> None:
        """Notes when STOP begins, against when it is due."""
        alert = decision.alert
        before = self._before.alert if self._before is not None else None
        is_stop, was_stop = alert.level is Level.STOP, before and before.level is Level.STOP
        if is_stop and not was_stop and me.along_mps > 0:
            self._warn(t_ns, decision, me, others)
        # Who is not locked yet stands in the box, and sets off only after the chirp.
        is_guarded = decision.runner.phase not in (Phase.DISARMED, Phase.WAITING)
        is_out = is_guarded or me.along_mps >= YARDSTICK.moving_mps
        due = due_stops(self._scene, me, others) if is_out else set()
        self.is_due = bool(due)
        for name in due:
            self.due_s.setdefault(name, (t_ns - self._scene.start_ns) / 1e9)
        if alert.level is not Level.CAUTION:
            self._caution_ns = None
        elif self._caution_ns is None:
            self._caution_ns = t_ns
        is_lost = alert.cause is Cause.RUNNER_LOST
        self.lost_alarms += is_lost and (before is None or before.cause is not Cause.RUNNER_LOST)

    def _time_release(self, t_ns: int, decision: Decision, me: Place, others: list[Other]) -> None:
        """A STOP has its reason while it is due, and while who runs toward something brakes."""
        if decision.alert.cause not in TIMED:
            if self._reason_ns is not None:
                self.releases_s.append((t_ns - self._reason_ns) / 1e9)
            self._reason_ns = None
            return
        is_toward = self._is_end_near(me) or any(
            is_coming(self._scene, me.along_m, one) for one in others
        )
        is_moving = me.along_mps >= YARDSTICK.moving_mps
        if self._reason_ns is None or self.is_due or (is_moving and is_toward):
            self._reason_ns = t_ns

    def _warn(self, t_ns: int, decision: Decision, me: Place, others: list[Other]) -> None:
        name, free_m = self._subject(decision, me, others)
        runner = self._scene.runner
        if runner is None:
            return
        habits, speed = runner.habits, me.along_mps
        is_expected = me.along_m >= habits.finish_m
        delay_s = habits.expected_reaction_s if is_expected else habits.reaction_s
        delay_s += abs(habits.horn_along_m - me.along_m) / SOUND_MPS
        brake = habits.expected_brake_mps2 if is_expected else habits.brake_mps2
        # Who still speeds up when they hear it goes on doing so until they react.
        then = runner.advance(t_ns + round(delay_s * 1e9))
        needed_m = then.along_m - me.along_m + then.along_mps**2 / (2 * brake)
        t_s = (t_ns - self._scene.start_ns) / 1e9
        notice_s = 0.0 if self._caution_ns is None else (t_ns - self._caution_ns) / 1e9
        self.warned.append(Warned(name, t_s, speed, free_m, needed_m, notice_s))

    def _subject(self, decision: Decision, me: Place, others: list[Other]) -> tuple[str, float]:
        """What a STOP is about: the lane end, or the thing nearest to the alerted track."""
        length_m = self._scene.site.lane.length_m
        if decision.alert.cause is Cause.LANE_END_NOW:
            return LANE_END, length_m - me.along_m
        hazard = decision.alert.hazard
        track_id = hazard.track_id if hazard is not None else None
        track = next((t for t in decision.tracks if t.track_id == track_id), None)
        other = None if track is None else self._seen_as(track, others)
        if other is None:
            return f"{decision.alert.cause} without a thing in the way", 0.0
        return other.actor_id, other.place.along_m - me.along_m - other.room_m

    def _seen_as(self, track: Track, others: list[Other]) -> Other | None:
        """Whom a track is about: who is in its box, else who is nearest to its place.

        The box comes first: half a person at the wrong place is still a warning of that person.
        """
        truth = self._scene.truth(track.seen_t_ns)
        inside = {a.actor_id: share_inside(track.box, a.full_box) for a in truth if a.full_box}
        best = max(inside, key=lambda name: inside[name], default=None)
        if best is not None and inside[best] > 0.5:
            return next((o for o in others if o.actor_id == best), None)
        far = [
            (abs(o.place.along_m - track.along_m) + abs(o.place.across_m - track.across_m), o)
            for o in others
        ]
        far_m, other = min(far, key=lambda item: item[0], default=(NAMED_M, None))
        return other if far_m < NAMED_M else None
