"""Judges one drill while it is played: touches, near misses, false alerts, what was heard when.

Judged by the truth alone and, but for `rig.sim.score`'s margins and dues, without the hazard
law, so that other deciders can be held to the same measure. Called by `campaign.play`.
"""

from __future__ import annotations

from campaign.verdict import Outcome
from rig.core.stopping import stop_end_m
from rig.records import Cause, Decision, Level
from rig.sim.detections import width_m
from rig.sim.families import Drill
from rig.sim.families_course import BLOCKED, LANE_ENDS
from rig.sim.motion import Place
from rig.sim.noise import EyeNoise, Look, found_share
from rig.sim.scenes import RUNNER_ID
from rig.sim.score import EARLY_SHARE, Other, Score, due_stops
from rig.sim.sim_runner import SOUND_MPS

RELEASE_S = 2.0
"""An alert may last this long after its reason; then the stretch counts as clear."""
MOVING_MPS = 0.3
"""Slower than this the runner stands: who then walks into them is no miss of the rig's."""
STEP_NS = 25_000_000
"""Truth is looked at this often between frames: a crosser at 5 m/s moves 12 cm."""
CONFIRM_S = 0.5
"""What counts as seen long enough includes this much for being sure of it [J]."""
STOPPED_LATELY_S = 5.0
_NAMELESS = "without a thing in the way"
_STAGED = BLOCKED | LANE_ENDS


class Referee:
    """Follows one drill; `finish` gives the outcome."""

    def __init__(self, drill: Drill) -> None:
        self._drill = drill
        self._scene = drill.scene
        self._score = Score(drill.scene)
        self._actors = {actor.actor_id: actor for actor in drill.scene.actors}
        self._outcome = Outcome()
        self._exposed_s: dict[str, float] = {}
        self._due_ns: int | None = None
        self._was_stop = False
        self._last_ns = drill.scene.start_ns
        self._stirred_ns = drill.scene.start_ns
        self._stopped_ns: int | None = None
        self._was_false = False

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
        self._time_release(now_ns, decision.alert.level is Level.STOP)
        self._score.add(now_ns, decision)
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
            if gap_m is None or me.along_mps < MOVING_MPS:
                continue
            closest = self._outcome.closest_m
            self._outcome.closest_m = gap_m if closest is None else min(closest, gap_m)
            if gap_m <= 0.0 and actor_id not in self._outcome.touched:
                self._touch(actor_id, t_ns)
        return least_m

    def _gap_m(self, actor_id: str, place: Place, me: Place) -> float | None:
        """Free metres along between runner and actor; None beside the runner or passed."""
        other = self._other(actor_id, place)
        if abs(place.across_m - me.across_m) > 0.3 + other.width_m / 2:
            return None
        apart_m = place.along_m - me.along_m
        return None if apart_m < -other.room_m else max(0.0, apart_m - other.room_m)

    def _touch(self, actor_id: str, t_ns: int) -> None:
        outcome = self._outcome
        outcome.touched.append(actor_id)
        if self._exposed_s.get(actor_id, 0.0) < self._stop_s():
            outcome.unseen_touched.append(actor_id)
        since_ns = None if self._stopped_ns is None else t_ns - self._stopped_ns
        if since_ns is None or since_ns > STOPPED_LATELY_S * 1e9:
            outcome.missed.append(actor_id)

    def _stop_s(self) -> float:
        """From light to standing, for this runner and this rig's delay."""
        assert self._scene.runner is not None
        habits = self._scene.runner.habits
        sound_s = self._scene.site.lane.length_m / SOUND_MPS
        delay_s = self._drill.conditions.delay_s + CONFIRM_S + sound_s
        return delay_s + habits.reaction_s + habits.speed_mps / habits.brake_mps2

    def _expose(self, look: Look) -> None:
        """For how long each actor has been a visible danger: in, or on its way into, the lane."""
        me = next((a for a in look.truth if a.actor_id == RUNNER_ID), None)
        if me is None or look.seen.t_ns is None:
            return
        step_s = (look.now_ns - self._last_ns) / 1e9
        reach_m = self._scene.site.lane.width_m / 2 + 0.3
        for actor in look.truth:
            if actor.box is None or actor.along_m < me.along_m:
                continue
            share = found_share(actor.box.height_px, actor.visible, EyeNoise(miss_share=0.0))
            if actor is me:
                self._outcome.shown_s += step_s * (share >= 0.5)
                continue
            soon_m = actor.across_m + 3.0 * actor.across_mps
            low_m, high_m = sorted((actor.across_m, soon_m))
            if share >= 0.5 and low_m < reach_m and high_m > -reach_m:
                seen_s = self._exposed_s.get(actor.actor_id, 0.0)
                self._exposed_s[actor.actor_id] = seen_s + step_s

    # ------------------------------------------------------------------ sounds

    def _listen(self, now_ns: int, decision: Decision) -> None:
        """False alerts: what sounds above CUE in a stretch that has been clear for a while."""
        if not self._is_calm(now_ns):
            self._stirred_ns, self._was_false = now_ns, False
            return
        if now_ns - self._stirred_ns < RELEASE_S * 1e9:
            return
        outcome, alert = self._outcome, decision.alert
        outcome.clear_s += (now_ns - self._last_ns) / 1e9
        is_false = alert.level >= Level.CAUTION and alert.cause not in self._earned()
        if is_false and not self._was_false:
            outcome.false_alerts += 1
            outcome.false_stops += alert.level >= Level.FAULT
            outcome.false_causes.append(str(alert.cause))
        self._was_false = is_false

    def _time_release(self, now_ns: int, is_stop: bool) -> None:
        """From the last moment at which a STOP was due while it sounded to its end."""
        if self._was_stop and not is_stop and self._due_ns is not None:
            self._outcome.releases_s.append(round((now_ns - self._due_ns) / 1e9, 2))
        if not is_stop:
            self._due_ns = None
        elif self._is_due(now_ns):
            self._due_ns = now_ns
        self._was_stop = is_stop

    def _is_due(self, now_ns: int) -> bool:
        places = self._scene.places(now_ns)
        me = places.pop(RUNNER_ID, None)
        if me is None:
            return False
        return bool(due_stops(self._scene, me, [self._other(*item) for item in places.items()]))

    def _other(self, actor_id: str, place: Place) -> Other:
        actor = self._actors[actor_id]
        return Other(actor_id, actor.kind, place, width_m(actor))

    def _earned(self) -> set[Cause]:
        """Causes that this drill asks for and that no thing in the lane explains."""
        return {c for one in self._drill.expect.must for c in one if c not in _STAGED}

    def _is_calm(self, now_ns: int) -> bool:
        runner, t_s = self._scene.runner, self._seconds(now_ns)
        if runner is None or runner.fall_share(now_ns) > 0.0:
            return False
        if any(f.from_s <= t_s < f.to_s + RELEASE_S for f in self._drill.conditions.faults):
            return False
        me = runner.advance(now_ns)
        speed, limits = max(0.0, me.along_mps), self._drill.hazard
        soon_m = EARLY_SHARE * (stop_end_m(speed, limits) + speed * limits.end_soon_s)
        if self._scene.site.lane.length_m - me.along_m < max(12.0, soon_m):
            return False
        return self._drill.expect.is_quiet or self._scene.is_clear(now_ns)

    def _seconds(self, t_ns: int) -> float:
        return round((t_ns - self._scene.start_ns) / 1e9, 3)
