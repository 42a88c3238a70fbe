"""A runner who drills backwards and obeys the buzzer: the closed loop of every simulated drill.

Decides where the runner is at a time, given what was heard and when. The course is a list of
pieces of constant acceleration, planned ahead and cut off by what is heard, so that it is exact
at any moment and does not depend on the frame rate. Called by `scenes` and by whoever sounds
the alerts (`hears`). Knows nothing of pictures.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from rig.records import Level
from rig.sim.motion import Place

SOUND_MPS = 343.0
_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Habits:
    """How this runner runs and reacts.

    The runner stands at `start_m`, sets off at `go_s`, runs at `speed_mps`. Heard STOP or FAULT:
    after `reaction_s` (and the sound's way from `horn_along_m`) they brake with `brake_mps2`.
    They set off again once nothing above OK has sounded for `resume_after_s`, unless past
    `finish_m`. `gives_up_m` is where they stand still on their own; `returns_after_s` after
    finishing they walk back to the start (None: they stay). `falls_at_m`: they fall there.
    Past `finish_m` the stop is expected (the ticks count down), so there they react after
    `expected_reaction_s` and brake with `expected_brake_mps2` (design section 5: 3.0).
    """

    start_m: float = 1.5
    across_m: float = 0.0
    go_s: float = 2.3
    speed_mps: float = 3.0
    accel_mps2: float = 1.6
    brake_mps2: float = 2.5
    reaction_s: float = 0.6
    expected_reaction_s: float = 0.25
    expected_brake_mps2: float = 3.0
    resume_after_s: float = 0.8
    finish_m: float = 36.0
    gives_up_m: float = 43.0
    returns_after_s: float | None = None
    return_mps: float = 1.3
    falls_at_m: float | None = None
    horn_along_m: float = 45.5
    weave_m: float = 0.06
    stride_m: float = 1.9


@dataclass(frozen=True, slots=True)
class Piece:
    """From `t_s` on: place, speed and constant acceleration along the lane."""

    t_s: float
    along_m: float
    mps: float
    mps2: float

    def at(self, t_s: float) -> tuple[float, float]:
        """(along, speed) at a time in this piece."""
        dt = t_s - self.t_s
        return self.along_m + self.mps * dt + 0.5 * self.mps2 * dt * dt, self.mps + self.mps2 * dt


class SimRunner:
    """The runner. Owns its course; one thread at a time.

    Times are `t_ns` of the scene, whose zero is `start_ns`.
    """

    def __init__(self, habits: Habits, start_ns: int = 0) -> None:
        self.habits = habits
        self.start_ns = start_ns
        self._pieces = [Piece(0.0, habits.start_m, 0.0, 0.0)]
        self._events: list[tuple[float, str]] = []
        self._is_sounding = False
        self._plan_run(habits.go_s)

    def hears(self, level: Level, t_ns: int) -> None:
        """What sounds at `t_ns`, told once a frame or at each change, in order of time."""
        t_s = self._seconds(t_ns)
        if level >= Level.FAULT:
            self._stop(t_s)
        if level >= Level.CAUTION:
            if self._is_resting(t_s) and not self._is_finished(t_s):
                self._cut(t_s)
        elif self._is_sounding:
            self._resume(t_s)
        self._is_sounding = level >= Level.CAUTION

    def advance(self, t_ns: int) -> Place:
        """Where the runner is at `t_ns`, facing against travel."""
        t_s = self._seconds(t_ns)
        along, speed = self._piece(t_s).at(t_s)
        share = min(abs(speed) / 1.0, 1.0)
        weave = self.habits.weave_m * math.sin(2 * math.pi * (along - self.habits.start_m) / 9.0)
        drift = self.habits.weave_m * 2 * math.pi / 9.0 * speed
        turn = math.cos(2 * math.pi * (along - self.habits.start_m) / 9.0)
        return Place(
            along,
            self.habits.across_m + weave,
            speed,
            drift * turn,
            math.pi,
            self.habits.start_m - along,
            1.0 - share * share * (3.0 - 2.0 * share),
        )

    def event_s(self, name: str, t_ns: int) -> float | None:
        """When an event such as "stop 1" happened, seconds; None if not by `t_ns`.

        Events: "go", "brake", "stop", "fall", "return", "back", numbered from 1.
        """
        word, _, number = name.rpartition(" ")
        times = [at for at, what in self._events if what == word]
        index = int(number) - 1
        if index >= len(times) or times[index] > self._seconds(t_ns):
            return None
        return times[index]

    def fall_share(self, t_ns: int) -> float:
        """0 upright to 1 on the ground; a fall takes 0.7 s and speeds up like one."""
        since = self.event_s("fall 1", t_ns)
        if since is None:
            return 0.0
        return min(((self._seconds(t_ns) - since) / 0.7) ** 2, 1.0)

    # ------------------------------------------------------------------ planning

    def _seconds(self, t_ns: int) -> float:
        return (t_ns - self.start_ns) / _NS

    def _piece(self, t_s: float) -> Piece:
        return next((p for p in reversed(self._pieces) if p.t_s <= t_s), self._pieces[0])

    def _is_resting(self, t_s: float) -> bool:
        """Standing (a start may be planned)."""
        piece = self._piece(t_s)
        return piece.mps == 0.0 and piece.mps2 == 0.0

    def _is_finished(self, t_s: float) -> bool:
        has_fallen = any(what == "fall" and at <= t_s for at, what in self._events)
        return has_fallen or self._piece(t_s).at(t_s)[0] >= self.habits.finish_m

    def _cut(self, t_s: float) -> None:
        """Forget what was planned for later than `t_s`."""
        self._pieces = [p for p in self._pieces if p.t_s <= t_s] or self._pieces[:1]
        self._events = [e for e in self._events if e[0] <= t_s]

    def _stop(self, t_s: float) -> None:
        habits = self.habits
        along, speed = self._piece(t_s).at(t_s)
        is_expected = along >= habits.finish_m
        reaction = habits.expected_reaction_s if is_expected else habits.reaction_s
        brake_s = t_s + reaction + abs(habits.horn_along_m - along) / SOUND_MPS
        if speed > 0.0 and not self._is_braking(t_s, brake_s):
            brake = habits.expected_brake_mps2 if is_expected else habits.brake_mps2
            self._plan_brake(brake_s, brake)

    def _is_braking(self, t_s: float, by_s: float) -> bool:
        """Braking in this run, or bound to from no later than `by_s`."""
        return any(
            what in ("brake", "fall") and self._still_holds(at, t_s) and at <= by_s
            for at, what in self._events
        )

    def _still_holds(self, at: float, t_s: float) -> bool:
        """Whether a brake at `at` belongs to the present run (no later start by `t_s`)."""
        return not any(what == "go" and at < when <= t_s for when, what in self._events)

    def _plan_brake(self, t_s: float, mps2: float, event: str = "brake") -> None:
        along, speed = self._piece(t_s).at(t_s)
        self._cut(t_s)
        if speed == 0.0:
            return
        self._events.append((t_s, event))
        self._pieces.append(Piece(t_s, along, speed, -math.copysign(mps2, speed)))
        end_s = t_s + abs(speed) / mps2
        stood = self._pieces[-1].at(end_s)[0]
        self._pieces.append(Piece(end_s, stood, 0.0, 0.0))
        self._events.append((end_s, "stop"))
        if stood >= self.habits.finish_m and event != "fall":
            self._plan_return(end_s, stood)

    def _plan_return(self, stop_s: float, along: float) -> None:
        habits = self.habits
        if habits.returns_after_s is None:
            return
        go_s = stop_s + habits.returns_after_s
        lasts = (along - habits.start_m) / habits.return_mps
        self._events += [(go_s, "return"), (go_s + lasts, "back")]
        self._pieces.append(Piece(go_s, along, -habits.return_mps, 0.0))
        self._pieces.append(Piece(go_s + lasts, habits.start_m, 0.0, 0.0))

    def _plan_run(self, t_s: float) -> None:
        """From standing: speed up, run, and stand still at `gives_up_m` if nobody says stop.

        The top speed is the one from which braking still ends there:
        v^2 / (2 accel) + v^2 / (2 brake) = room.
        """
        habits = self.habits
        along, _ = self._piece(t_s).at(t_s)
        room = habits.gives_up_m - along
        if room <= 0.1:
            return
        per_speed = 0.5 / habits.accel_mps2 + 0.5 / habits.brake_mps2
        speed = min(habits.speed_mps, math.sqrt(room / per_speed))
        self._cut(t_s)
        self._events.append((t_s, "go"))
        self._pieces.append(Piece(t_s, along, 0.0, habits.accel_mps2))
        full_s = t_s + speed / habits.accel_mps2
        there = self._pieces[-1].at(full_s)[0]
        self._pieces.append(Piece(full_s, there, speed, 0.0))
        brake_m = habits.gives_up_m - speed * speed / (2 * habits.brake_mps2)
        falls = habits.falls_at_m
        if falls is not None and there <= falls < brake_m:
            self._plan_brake(full_s + (falls - there) / speed, 4.0, "fall")
            return
        self._plan_brake(full_s + max(brake_m - there, 0.0) / speed, habits.brake_mps2)

    def _resume(self, t_s: float) -> None:
        """It is quiet again: set off after a while, if standing or about to stand."""
        stops = [at for at, what in self._events if what == "stop"]
        is_moving = not self._is_resting(t_s)
        if is_moving and not self._is_braking(t_s, t_s + self.habits.reaction_s + 0.2):
            return
        stood_s = max([t_s, *(at for at in stops if is_moving)])
        if self._is_finished(stood_s):
            return
        self._plan_run(max(stood_s + 0.2, t_s + self.habits.resume_after_s, self.habits.go_s))
