"""Judges one drill while it is played: touches, near misses, false alerts, what was heard when.

Judged by the truth alone, with the numbers of `rig.sim.yardstick` and without the hazard law, so
that other deciders, and the law of another day, are held to the same measure. Called by
`campaign.play`.
"""

from __future__ import annotations

from dataclasses import dataclass

from campaign.verdict import Outcome
from rig.records import Cause, Decision, Level
from rig.sim.detections import width_m
from rig.sim.families import Drill
from rig.sim.families_course import BLOCKED, LANE_ENDS
from rig.sim.motion import Place
from rig.sim.noise import Look
from rig.sim.scenes import RUNNER_ID, ActorTruth
from rig.sim.score import Score
from rig.sim.yardstick import (
    LANE_END,
    YARDSTICK,
    Other,
    is_coming,
    is_in_way,
    is_legible,
    stopping_s,
    sure_s,
    ticks_from_m,
)

RELEASE_S = 2.0
"""An alert may last this long after its reason; then the stretch counts as clear."""
STEP_NS = 25_000_000
"""Truth is looked at this often between frames: a crosser at 5 m/s moves 12 cm."""
CLEAR_END_M = 12.0
"""Nearer to the lane end no stretch counts as clear; `Scene.is_clear` says the same."""
STOPPED_LATELY_S = 5.0
_NAMELESS = "without a thing in the way"
_STAGED = BLOCKED | LANE_ENDS


@dataclass(slots=True)
class _Shown:
    """For how long a thing was a visible danger, and how fast the runner was meanwhile."""

    seconds: float = 0.0
    fastest_mps: float = 0.0


class Referee:
    """Follows one drill; `finish` gives the outcome."""

    def __init__(self, drill: Drill) -> None:
        self._drill = drill
        self._scene = drill.scene
        self._score = Score(drill.scene)
        self._passed: set[str] = set()
        self._actors = {actor.actor_id: actor for actor in drill.scene.actors}
        self._outcome = Outcome()
        self._shown: dict[str, _Shown] = {}
        self._latency_s = sure_s(drill.conditions.delay_s, drill.conditions.rate_hz)
        self._last_ns = drill.scene.start_ns
        self._stirred_ns = drill.scene.start_ns
        self._stopped_ns: int | None = None
        self._false_level = Level.SILENT

    def add(self, look: Look, decision: Decision) -> None:
        """One turn, after the runner heard it."""
        outcome, now_ns = self._outcome, look.now_ns
        self._follow_bodies(now_ns)
        self._expose(look)
        if decision.alert.level >= Level.FAULT:
            self._stopped_ns = now_ns
        if decision.alert.cause is not None and decision.alert.level > Level.OK:
            outcome.heard.setdefault(str(decision.alert.cause), self._seconds(now_ns))
        phase = str(decision.runner.phase)
        if not outcome.phases or outcome.phases[-1] != phase:
            outcome.phases.append(phase)
        self._listen(now_ns, decision)
        before = len(self._score.warned)
        self._score.add(now_ns, decision, self._is_blind(now_ns))
        self._judge_stops(before)
        self._last_ns = now_ns

    def finish(self) -> Outcome:
        """The outcome of the whole drill."""
        outcome, score = self._outcome, self._score
        named = [one for one in score.warned if not one.name.endswith(_NAMELESS)]
        outcome.margins = [
            (one.name, round(one.spare_m, 2), round(one.spare_m / max(one.speed_mps, 0.5), 2))
            for one in named
        ]
        for name, due_s in score.due_s.items():
            stop_s = next((one.time_s for one in named if one.name == name), None)
            if stop_s is not None:
                outcome.delays.append((name, round(stop_s - due_s, 2)))
        outcome.due = sorted(set(score.due_s) - {LANE_END})
        outcome.releases_s = [round(one, 2) for one in score.releases_s]
        outcome.nameless_stops = len(score.warned) - len(named)
        outcome.lost_alarms, outcome.astray_s = score.lost_alarms, round(score.astray_s, 2)
        outcome.end_free_m = None if score.end_free_m is None else round(score.end_free_m, 2)
        return outcome

    # ------------------------------------------------------------------ bodies

    def _follow_bodies(self, now_ns: int) -> None:
        """Touches and near misses since the last turn, in small steps."""
        if self._scene.runner is None:
            return
        t_ns = self._last_ns
        while t_ns < now_ns:
            t_ns = min(t_ns + STEP_NS, now_ns)
            gap_m = self._check_touch(t_ns)
            if gap_m > 8.0:
                t_ns = min(t_ns + 4 * STEP_NS, now_ns)

    def _check_touch(self, t_ns: int) -> float:
        places = self._scene.places(t_ns)
        me, least_m = places.pop(RUNNER_ID), 1e9
        for actor_id, place in places.items():
            gap_m = self._gap_m(actor_id, place, me)
            least_m = min(least_m, abs(place.along_m - me.along_m) - 2.0)
            if gap_m is None or me.along_mps < YARDSTICK.moving_mps:
                continue
            outcome, was_shown = self._outcome, self._was_shown(actor_id)
            outcome.closest_m = _least(outcome.closest_m, gap_m)
            outcome.near_m = _least(outcome.near_m, gap_m) if was_shown else outcome.near_m
            if gap_m <= 0.0 and actor_id not in outcome.touched:
                self._touch(actor_id, t_ns, was_shown)
        return least_m

    def _gap_m(self, actor_id: str, place: Place, me: Place) -> float | None:
        """Free metres along between runner and actor; None beside the runner or passed.

        Who catches up comes from the side that the runner sees; some followers run right through
        a runner who set off late, and are no danger afterwards either.
        """
        if actor_id in self._passed:
            return None
        other = self._other(actor_id, place)
        if abs(place.across_m - me.across_m) > 0.3 + other.width_m / 2:
            return None
        apart_m = place.along_m - me.along_m
        if apart_m < 0 and place.along_mps >= me.along_mps:
            self._passed.add(actor_id)
        return None if apart_m < -other.room_m else max(0.0, apart_m - other.room_m)

    def _touch(self, actor_id: str, t_ns: int, was_shown: bool) -> None:
        outcome = self._outcome
        outcome.touched.append(actor_id)
        shown = self._shown.get(actor_id, _Shown())
        outcome.shown.append((actor_id, round(shown.seconds, 2), round(self._stop_s(shown), 2)))
        if not was_shown:
            outcome.unseen_touched.append(actor_id)
        since_ns = None if self._stopped_ns is None else t_ns - self._stopped_ns
        if since_ns is None or since_ns > STOPPED_LATELY_S * 1e9:
            outcome.missed.append(actor_id)

    def _was_shown(self, actor_id: str) -> bool:
        """Whether this thing was a visible danger for longer than this runner's stopping time."""
        shown = self._shown.get(actor_id, _Shown())
        return shown.seconds >= self._stop_s(shown)

    def _stop_s(self, shown: _Shown) -> float:
        """From light to standing, for this runner and this rig's delay."""
        assert self._scene.runner is not None
        habits = self._scene.runner.habits
        return stopping_s(self._scene, habits, self._latency_s, shown.fastest_mps)

    def _expose(self, look: Look) -> None:
        """For how long each actor has been a visible danger: in, or on its way into, the lane."""
        me = next((a for a in look.truth if a.actor_id == RUNNER_ID), None)
        if me is None or look.seen.t_ns is None:
            return
        step_s = (look.now_ns - self._last_ns) / 1e9
        for actor in look.truth:
            if not is_legible(actor):
                continue
            if actor is me:
                self._outcome.shown_s += step_s
            elif is_coming(self._scene, me.along_m, _as_other(actor)):
                shown = self._shown.setdefault(actor.actor_id, _Shown())
                shown.seconds += step_s
                shown.fastest_mps = max(shown.fastest_mps, me.along_mps)

    def _judge_stops(self, before: int) -> None:
        """Of new STOPs: which came too late although their thing was seen early enough.

        Early enough is: for the latency allowed, before the last moment at which a STOP helped.
        """
        for one in self._score.warned[before:]:
            if one.name.endswith(_NAMELESS) or one.spare_m >= 0:
                continue
            late_s = -one.spare_m / max(one.speed_mps, YARDSTICK.moving_mps)
            seen_s = self._shown.get(one.name, _Shown()).seconds
            if one.name == LANE_END or seen_s - late_s >= self._latency_s:
                self._outcome.late.append(one.name)

    # ------------------------------------------------------------------ sounds

    def _listen(self, now_ns: int, decision: Decision) -> None:
        """False alerts: what sounds above CUE in a stretch that has been clear for a while."""
        is_blocked = self._is_blocked(now_ns)
        self._outcome.was_blocked |= is_blocked
        if is_blocked or not self._is_calm(now_ns):
            self._stirred_ns, self._false_level = now_ns, Level.SILENT
            return
        if now_ns - self._stirred_ns < RELEASE_S * 1e9:
            return
        outcome, alert = self._outcome, decision.alert
        outcome.clear_s += (now_ns - self._last_ns) / 1e9
        is_false = alert.level >= Level.CAUTION and alert.cause not in self._earned()
        level = alert.level if is_false else Level.SILENT
        if level > self._false_level:
            outcome.false_alerts += self._false_level < Level.CAUTION
            outcome.false_stops += self._false_level < Level.FAULT <= level
            outcome.false_causes.append(str(alert.cause))
        self._false_level = max(level, self._false_level) if is_false else level

    def _other(self, actor_id: str, place: Place) -> Other:
        actor = self._actors[actor_id]
        return Other(actor_id, actor.kind, place, width_m(actor))

    def _earned(self) -> set[Cause]:
        """Causes that this drill asks for and that no thing in the lane explains."""
        return {c for one in self._drill.expect.must for c in one if c not in _STAGED}

    def _is_blocked(self, now_ns: int) -> bool:
        """Somebody is in the lane beyond the runner; in quiet families too that is no calm."""
        places = self._scene.places(now_ns)
        me = places.pop(RUNNER_ID, None)
        others = [self._other(*item) for item in places.items()]
        return me is not None and any(is_in_way(self._scene, me, one) for one in others)

    def _is_calm(self, now_ns: int) -> bool:
        runner = self._scene.runner
        if runner is None or runner.fall_share(now_ns) > 0.0:
            return False
        if self._is_blind(now_ns):
            return False
        me = runner.advance(now_ns)
        end_m = max(CLEAR_END_M, ticks_from_m(self._scene, me))
        if self._scene.site.lane.length_m - me.along_m < end_m:
            return False
        return self._drill.expect.is_quiet or self._scene.is_clear(now_ns)

    def _is_blind(self, now_ns: int) -> bool:
        """Whether a staged fault, or a runner taken out of sight, hides the truth."""
        t_s = self._seconds(now_ns)
        faults = self._drill.conditions.faults
        return any(f.from_s <= t_s < f.to_s + RELEASE_S for f in faults)

    def _seconds(self, t_ns: int) -> float:
        return round((t_ns - self._scene.start_ns) / 1e9, 3)


def _as_other(actor: ActorTruth) -> Other:
    place = Place(
        actor.along_m, actor.across_m, actor.along_mps, actor.across_mps, 0.0, 0.0, 0.0
    )  # where it faces says nothing of danger
    return Other(actor.actor_id, actor.kind, place, actor.width_m)


def _least(before: float | None, gap_m: float) -> float:
    return gap_m if before is None else min(before, gap_m)
