"""Who is the runner, and where the drill stands (design section 3).

    WAITING -> IN_BOX      one person still in the start box for settle_s: locked
    IN_BOX -> RUNNING      moving along, or out of the box in the direction of travel
    RUNNING -> FINISHED    standing for finished_s, slow in the exit zone, or beside the lane
    FINISHED -> RUNNING    moving along again; -> RETURNING moving back
    RETURNING -> WAITING   back at the box, beside the lane, or out of sight
    WAITING -> RUNNING     with lock = "moving", whoever moves along the lane
    WAITING -> RUNNING     whoever had the lock moves along the lane again
    IN_BOX, FINISHED -> RUNNING, lost   out of sight where they may set off unguarded
    FINISHED, RETURNING -> IN_BOX   the next person in the box takes the lock
    any -> DISARMED        by command, or idle_s in which nobody moves and nothing alarms

Decides which track is the runner and which are obstacles; judges no danger (`core.hazard`).
While RUNNING a lost runner is looked for where they must be; `is_lost` after lost_s outside the
exit zone stays until they are found or the coach acknowledges. Called by `core.pipeline`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rig.config import RunnerLimits
from rig.core.fall import FallState, FallWatch
from rig.core.lane import Lane
from rig.core.lock import UNSEEN_S, BoxWatch, MoverWatch, found_again, who_stays
from rig.core.motion import predicted
from rig.core.set_off import SetOffWatch
from rig.core.stance import GUESS_S, Stance, is_part_of, is_torn
from rig.records import Command, Kind, Phase, Runner, Track

BESIDE_S = 1.0
GONE_S = 2.0
"""Unseen this long where that is no danger: the lock is given up [J]."""
LOST_MISSES = 6
"""Fewer frames than this in a row without the runner are a detector's flicker, not a loss. Where
one sighting in five is missed, five in a row come once in 3000 frames, every six minutes at 8 Hz,
and six once in 15000. It lengthens `lost_s` only below 12 Hz, to 0.75 s at 8 Hz."""
LOST_MOST_S = 0.8
"""But unseen for this long is lost at any frame rate: a slow loop must not hide a loss."""


class RunnerKeeper:
    """Keeps the lock and the phase from step to step; starts disarmed."""

    def __init__(self, lane: Lane, limits: RunnerLimits) -> None:
        self._lane = lane
        self._limits = limits
        self._stance = Stance(lane, limits)
        self._phase = Phase.DISARMED
        self._runner_id: int | None = None
        self._last: Track | None = None
        self._box = BoxWatch(lane, limits, self._stance)
        self._movers = MoverWatch(self._stance)
        self._names: set[int] = set()
        self._former: set[int] = set()
        self._misses = 0
        self._slow_since_ns: int | None = None
        self._beside_since_ns: int | None = None
        self._busy_ns = 0
        self._is_lost = False
        self._height_m: float | None = None
        self._fall = FallWatch(None)
        self._set_off = SetOffWatch()

    def split(
        self,
        tracks: Sequence[Track],
        commands: Sequence[Command],
        pose_fall: bool | None,
        t_ns: int,
        is_alarmed: bool = False,
    ) -> tuple[Runner, tuple[Track, ...]]:
        """The runner, and all else that is not part of them; an alarmed rig is not idle."""
        for command in commands:
            self._obey(command, t_ns)
        people = [t for t in tracks if t.kind is Kind.PERSON and t.is_confirmed]
        if self._phase is not Phase.DISARMED:
            self._watch_box(people, t_ns)
            if self._limits.lock == "moving":
                self._watch_movers(people, t_ns)
            self._follow(people, t_ns)
            self._advance(t_ns)
            self._idle(people, t_ns, is_alarmed)
        fallen = self._fallen(tracks, pose_fall, t_ns)
        me = next((t for t in tracks if t.track_id == self._runner_id), None)
        others = tuple(t for t in tracks if me is None or not is_part_of(t, me))
        return self._runner(fallen, t_ns), others

    def disarm(self) -> None:
        """Stop guarding: nobody is locked, and nobody is remembered."""
        self._phase = Phase.DISARMED
        self._box = BoxWatch(self._lane, self._limits, self._stance)
        self._unlock()
        self._former = set()

    # ------------------------------------------------------------------ commands, idle

    def _obey(self, command: Command, t_ns: int) -> None:
        if command is Command.ARM and self._phase is Phase.DISARMED:
            self._phase, self._busy_ns = Phase.WAITING, t_ns
        elif command is Command.DISARM:
            self.disarm()
        elif command is Command.ACKNOWLEDGE:
            self._fall.acknowledge()
            if self._is_lost:
                self._wait()

    def _idle(self, people: Sequence[Track], t_ns: int, is_alarmed: bool) -> None:
        if is_alarmed or any(not self._stance.is_still(person) for person in people):
            self._busy_ns = t_ns
        if t_ns - self._busy_ns > self._limits.idle_s * 1e9:
            self.disarm()

    # ------------------------------------------------------------------ the lock

    def _watch_box(self, people: Sequence[Track], t_ns: int) -> None:
        """Lock whoever has stood in the start box for long enough, or sets off from it."""
        self._box.update(people, t_ns)
        settled = self._box.settled(people, t_ns)
        if settled is not None and self._phase not in (Phase.IN_BOX, Phase.RUNNING):
            self._lock(settled, Phase.IN_BOX)
        elif self._phase is Phase.WAITING:
            early = self._box.set_off(people) or self._goes_on(people)
            if early is not None:
                self._lock(early, Phase.RUNNING)

    def _goes_on(self, people: Sequence[Track]) -> Track | None:
        """Who had the lock and moves along the lane without it: a run that nobody guards."""
        mine = [p for p in people if p.track_id in self._former and self._stance.is_left_alone(p)]
        return next((p for p in mine if self._stance.is_onward(p)), None)

    def _watch_movers(self, people: Sequence[Track], t_ns: int) -> None:
        """Lock whoever moves along the lane: for clips that begin in mid-run."""
        mover = self._movers.update(people, t_ns)
        if self._phase is Phase.WAITING and mover is not None:
            self._lock(mover, Phase.RUNNING)

    def _lock(self, chosen: Track, phase: Phase) -> None:
        self._runner_id, self._last, self._phase = chosen.track_id, chosen, phase
        self._height_m, self._slow_since_ns, self._beside_since_ns = None, None, None
        self._fall, self._is_lost, self._misses = FallWatch(None), False, 0
        self._names, self._former, self._set_off = set(), set(), SetOffWatch()

    def _follow(self, people: Sequence[Track], t_ns: int) -> None:
        """Find the locked runner among the people, by name or by where they must be."""
        if self._last is None:
            return
        mine = next((p for p in people if p.track_id == self._runner_id), None)
        if mine is None or mine.seen_t_ns < t_ns:
            other = found_again(
                self._last, mine, people, self._names, self._lane, self._limits, t_ns
            )
            mine = other or mine
        if mine is not None and self._phase is Phase.RUNNING:
            mine = who_stays(mine, people, self._stance, self._limits, t_ns) or mine
        if mine is not None:
            self._runner_id, self._last = mine.track_id, mine
            self._names.add(mine.track_id)
        self._judge_loss(self._last, t_ns)
        if self._phase is Phase.IN_BOX and mine is not None:
            self._learn_height(mine)

    def _judge_loss(self, last: Track, t_ns: int) -> None:
        if last.seen_t_ns == t_ns:
            self._is_lost, self._misses = False, 0
            return
        self._misses += 1
        where = predicted(last, t_ns)
        if self._phase is Phase.RUNNING and not self._stance.is_in_exit_zone(where):
            unseen_s = self._unseen_s(t_ns)
            is_flicker = self._misses < LOST_MISSES and unseen_s < LOST_MOST_S
            self._is_lost |= unseen_s >= self._limits.lost_s and not is_flicker

    def _learn_height(self, mine: Track) -> None:
        """The runner's height, as a slow mean while they stand in the box."""
        if mine.is_bottom_cut or mine.height_m is None or not 0.8 < mine.height_m < 2.3:
            return
        old = self._height_m
        self._height_m = mine.height_m if old is None else old + 0.1 * (mine.height_m - old)

    # ------------------------------------------------------------------ the phase

    def _advance(self, t_ns: int) -> None:
        if self._last is None or self._phase is Phase.WAITING:
            return
        me = self._last
        is_beside = self._stance.is_beside(me)
        if self._phase is Phase.IN_BOX:
            is_known = self._unseen_s(t_ns) < GUESS_S and not me.is_bottom_cut
            is_beside = is_known and self._stance.is_out_of_box(me)
        self._beside_since_ns = _since(is_beside, self._beside_since_ns, t_ns)
        self._slow_since_ns = _since(self._stance.is_still(me), self._slow_since_ns, t_ns)
        next_phase = _NEXT[self._phase](self, me, t_ns)
        if next_phase is Phase.WAITING:
            self._wait()
        elif next_phase is not self._phase:
            if next_phase is Phase.RUNNING:
                self._slow_since_ns = None
            self._phase = next_phase

    def _from_in_box(self, me: Track, t_ns: int) -> Phase:
        """Who was told that they are guarded, and is out of sight, may run: that is a loss."""
        past_box = me.along_m > self._lane.box_start_m + self._lane.box_length_m
        if self._stance.is_onward(me) or past_box or self._unseen_s(t_ns) > GONE_S:
            return Phase.RUNNING
        has_left = _lasted_s(self._beside_since_ns, t_ns) >= BESIDE_S
        return Phase.WAITING if has_left else Phase.IN_BOX

    def _from_running(self, me: Track, t_ns: int) -> Phase:
        if self._is_lost:
            return Phase.RUNNING
        if _lasted_s(self._beside_since_ns, t_ns) >= BESIDE_S:
            return Phase.FINISHED
        stood_s = _lasted_s(self._slow_since_ns, t_ns)
        if self._stance.is_in_exit_zone(predicted(me, t_ns)):
            is_gone = self._unseen_s(t_ns) > GONE_S
            has_stood = stood_s > 0.3 and self._unseen_s(t_ns) < UNSEEN_S  # by sight, not by guess
            return Phase.FINISHED if has_stood or is_gone else Phase.RUNNING
        return Phase.FINISHED if stood_s >= self._limits.finished_s else Phase.RUNNING

    def _from_finished(self, me: Track, t_ns: int) -> Phase:
        if self._unseen_s(t_ns) > GONE_S:
            return Phase.RUNNING if self._stance.is_left_alone(me) else Phase.WAITING
        if self._stance.is_back(me):
            return Phase.RETURNING
        if (
            self._stance.is_onward(me)
            and not self._stance.is_beside(me)
            and not self._stance.is_past_end(me)
        ):
            return Phase.RUNNING
        return Phase.FINISHED

    def _from_returning(self, me: Track, t_ns: int) -> Phase:
        at_box = me.along_m < self._lane.box_start_m + self._lane.box_length_m
        is_beside = _lasted_s(self._beside_since_ns, t_ns) >= BESIDE_S
        if at_box or is_beside or self._unseen_s(t_ns) > GONE_S:
            return Phase.WAITING
        return Phase.RUNNING if self._stance.is_onward(me) else Phase.RETURNING

    def _wait(self) -> None:
        former = self._names
        self._phase = Phase.WAITING
        self._unlock()
        self._former = former

    def _unlock(self) -> None:
        self._runner_id, self._last, self._height_m = None, None, None
        self._slow_since_ns, self._beside_since_ns = None, None
        self._fall, self._is_lost, self._misses = FallWatch(None), False, 0
        self._names = set()

    def _unseen_s(self, t_ns: int) -> float:
        return (t_ns - self._last.seen_t_ns) / 1e9 if self._last is not None else 0.0

    def _fallen(self, tracks: Sequence[Track], pose_fall: bool | None, t_ns: int) -> FallState:
        me = self._last
        if me is None or self._phase in (Phase.DISARMED, Phase.WAITING):
            return FallState()
        if me.seen_t_ns == t_ns and is_torn(me, tracks):
            me = replace(me, height_m=None)
        return self._fall.update(me, pose_fall, t_ns)

    def _runner(self, fallen: FallState, t_ns: int) -> Runner:
        track = None
        if self._last is not None and self._unseen_s(t_ns) <= GONE_S:
            track = predicted(self._last, t_ns)
        going_s = None if self._last is None else self._set_off.update(self._last, t_ns)
        return Runner(
            self._phase,
            track,
            self._unseen_s(t_ns),
            self._is_lost,
            self._height_m,
            fallen.is_falling,
            fallen.is_down,
            going_s,
            self._set_off.is_slowing,
        )


_NEXT = {
    Phase.IN_BOX: RunnerKeeper._from_in_box,
    Phase.RUNNING: RunnerKeeper._from_running,
    Phase.FINISHED: RunnerKeeper._from_finished,
    Phase.RETURNING: RunnerKeeper._from_returning,
}


def _since(holds: bool, since_ns: int | None, t_ns: int) -> int | None:
    if not holds:
        return None
    return t_ns if since_ns is None else since_ns


def _lasted_s(since_ns: int | None, t_ns: int) -> float:
    return 0.0 if since_ns is None else (t_ns - since_ns) / 1e9
