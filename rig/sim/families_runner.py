"""Families about the runner and the squad: empty lanes, lane ends, falls, rotation; a table."""

from __future__ import annotations

import math

from rig.config import HazardLimits
from rig.records import Cause, Phase
from rig.sim.families_course import BLOCKED, LANE_ENDS, Dice, Expect, Family, Staged
from rig.sim.motion import Path, Waypoint, go
from rig.sim.noise_faults import Fault
from rig.sim.scenes import RUNNER_ID, Actor

_END = frozenset({Cause.LANE_END_NOW})
_ROUND = (Phase.IN_BOX, Phase.RUNNING, Phase.FINISHED)


def _empty(dice: Dice) -> Staged:
    return Staged()


def _end_at(dice: Dice, least_mps: float, most_mps: float) -> Staged:
    """One run on an empty lane at a speed of this band, to the lane end."""
    return Staged(habits=dice.with_habits(speed_mps=dice.between(least_mps, most_mps)))


def _stop_and_go(dice: Dice) -> Staged:
    """The coach calls stop in mid-run, and go again 2.5 to 5 s later."""
    stop_s = dice.arrival_s(dice.between(8.0, dice.length_m * 0.5))
    go_s = stop_s + dice.between(3.0, 5.0)
    return Staged(coach_calls=((stop_s, go_s),),
                  duration_s=min(34.0, dice.arrival_s(dice.length_m) + 15.0))  # fmt: skip


def _weaver(dice: Dice) -> Staged:
    """Weaves 0.15 to 0.3 m to both sides, as tired runners do."""
    return Staged(habits=dice.with_habits(weave_m=dice.between(0.15, 0.3)))


def _drift(dice: Dice) -> Staged:
    """Runs 0.5 to 0.6 m off the centre line, with the cue switched on."""
    side = dice.side()
    habits = dice.with_habits(across_m=side * dice.between(0.5, 0.6), weave_m=0.02)
    cause = Cause.DRIFT_RIGHT if side > 0 else Cause.DRIFT_LEFT
    expect = Expect((frozenset({cause}),), is_quiet=True)
    return Staged(habits=habits, hazard=HazardLimits(has_drift_cue=True), expect=expect)


def _overspeed(dice: Dice) -> Staged:
    """Runs a quarter to a half faster than the coach's limit."""
    speed = dice.between(2.5, 5.0)
    limits = HazardLimits(overspeed_mps=round(speed / dice.between(1.25, 1.5), 2))
    return Staged(habits=dice.with_habits(speed_mps=speed), hazard=limits)


def _fall(dice: Dice) -> Staged:
    speed = dice.between(2.0, 5.0)
    ramp_m = dice.habits.start_m + speed**2 / (2 * dice.habits.accel_mps2)
    at_m = dice.between(ramp_m + 1.0, max(ramp_m + 2.0, dice.length_m * 0.65))
    return Staged(habits=dice.with_habits(speed_mps=speed, falls_at_m=at_m),
                  duration_s=dice.arrival_s(at_m) + 8.0)  # fmt: skip


def _lost(dice: Dice) -> Staged:
    """The detector does not see the runner for 1.0 to 1.8 s in mid-run, then does again."""
    from_s = dice.arrival_s(dice.between(8.0, dice.length_m * 0.5))
    gap = Fault("unseen", from_s, from_s + dice.between(1.0, 1.8), RUNNER_ID)
    return Staged(faults=(gap,))


def _blink(dice: Dice) -> Staged:
    """The same for 0.15 to 0.3 s: too short to be a loss."""
    from_s = dice.arrival_s(dice.between(8.0, dice.length_m * 0.5))
    return Staged(faults=(Fault("unseen", from_s, from_s + dice.between(0.15, 0.3), RUNNER_ID),))


def _shake(dice: Dice, least_px: float, most_px: float) -> Staged:
    return Staged(sway_px=dice.between(least_px, most_px))


def _walk_back(dice: Dice) -> Staged:
    """Runs, stands, walks back to the box and stands there for the next run."""
    habits = dice.with_habits(returns_after_s=dice.between(2.5, 4.0),
                              return_mps=dice.between(1.5, 2.0),
                              speed_mps=dice.between(3.0, 6.0))  # fmt: skip
    back_s = (dice.length_m - habits.start_m) / habits.return_mps
    return Staged(habits=habits, duration_s=dice.arrival_s(dice.length_m) + 12.0 + back_s)


def _squad(dice: Dice, size: int) -> Staged:
    """One after the other: into the box, 3 s still, the run, aside, walk back outside the lane.

    Nobody of them reacts to sounds: the drill is about who is locked, and when.
    """
    actors, start_s = [], 0.5
    for n in range(size):
        path, start_s = _squad_path(dice, n, start_s)
        actors.append(Actor(f"runner {n + 1}", path, size_m=dice.between(1.5, 1.9)))
    phases = _ROUND * size
    expect = Expect(may=BLOCKED | LANE_ENDS, phases=phases)
    return Staged(tuple(actors), is_deaf=True, duration_s=start_s + 4.0, expect=expect)


def _squad_path(dice: Dice, number: int, start_s: float) -> tuple[Path, float]:
    """One runner's way, and when the next one may step in."""
    speed, end_m = dice.between(2.0, 4.0), dice.length_m - dice.between(1.0, 2.0)
    wait = (1.0 - 0.9 * number, 3.0 + 0.4 * number)
    box_s = start_s + 2.0
    go_s = box_s + dice.between(3.0, 4.0)
    ramp_m, ramp_s = speed * 0.6, 1.2
    end_s = go_s + ramp_s + (end_m - 1.5 - ramp_m - 1.0) / speed
    brake_s = end_s + 2.0 / speed
    aside_s = brake_s + dice.between(1.0, 2.0)
    points = (
        Waypoint(start_s, *wait), Waypoint(box_s, 1.5, 0.0), Waypoint(go_s, 1.5, 0.0),
        Waypoint(go_s + ramp_s, 1.5 + ramp_m, 0.0), Waypoint(end_s, end_m - 1.0, 0.0),
        Waypoint(brake_s, end_m, 0.0), Waypoint(aside_s, end_m, 0.0),
        Waypoint(aside_s + 2.2, end_m, 3.0), Waypoint(aside_s + 22.2, end_m - 28.0, 3.2),
    )  # fmt: skip
    return Path(points, facing_rad=math.pi), aside_s + 2.5


def _takes_over(dice: Dice) -> Staged:
    """The next one stands in the box while the first still stands past the lane's end."""
    habits = dice.with_habits(speed_mps=dice.between(3.0, 5.5), gives_up_m=dice.length_m - 1.5)
    in_s = dice.arrival_s(dice.length_m) + 3.0
    points = (Waypoint(in_s, 1.0, 3.0), Waypoint(in_s + 2.0, 1.5, 0.0))
    second = Actor("second", Path(points, facing_rad=math.pi))
    return Staged((second,), habits, duration_s=in_s + 7.0,
                  expect=Expect((_END,), BLOCKED, phases=(*_ROUND, Phase.IN_BOX)))  # fmt: skip


def _passes_by_box(dice: Dice) -> Staged:
    """Before the drill somebody walks through the start box without staying."""
    habits = dice.with_habits(go_s=dice.habits.go_s + 3.0)
    passer = go((2.0, 4.0), (2.5, -6.0), dice.between(1.0, 1.6), 0.3)
    return Staged((Actor("passer", passer),), habits, expect=Expect(may=BLOCKED))


RUNNER_ROWS: tuple[Family, ...] = (
    Family("empty lane", "nobody but the runner, to the lane end", _empty,
           Expect((_END,), is_quiet=True, phases=_ROUND)),
    *(
        Family(f"lane end at {least:g} to {most:g} m/s", "an empty lane, to its end",
               lambda dice, least=least, most=most: _end_at(dice, least, most),  # type: ignore[misc]  # defaults bind the row
               Expect((_END,), is_quiet=True, phases=_ROUND))
        for least, most in ((1.5, 2.5), (2.5, 3.5), (3.5, 4.5), (4.5, 6.0))
    ),
    Family("stopping and restarting", "the coach calls stop and go again", _stop_and_go,
           Expect(is_quiet=True, phases=(Phase.IN_BOX, Phase.RUNNING, Phase.FINISHED,
                                         Phase.RUNNING))),
    Family("weaving", "weaves 0.15 to 0.3 m", _weaver, Expect(is_quiet=True)),
    Family("drift", "0.5 to 0.6 m off the middle, cue on", _drift),
    Family("overspeed", "a quarter to a half above the coach's limit", _overspeed,
           Expect((frozenset({Cause.OVERSPEED}),), is_quiet=True)),
    Family("fall", "falls in mid-run and stays down", _fall,
           Expect((frozenset({Cause.FALL}),), frozenset({Cause.RUNNER_LOST}))),
    Family("runner lost and found", "unseen for 1.0 to 1.8 s", _lost,
           Expect((frozenset({Cause.RUNNER_LOST}),), is_quiet=True)),
    Family("runner blinks", "unseen for 0.15 to 0.3 s: no loss", _blink, Expect(is_quiet=True)),
    Family("mast sways", "2 to 6 px to and fro", lambda dice: _shake(dice, 2.0, 6.0),
           Expect(is_quiet=True)),
    Family("mast shakes hard", "6 to 15 px to and fro", lambda dice: _shake(dice, 6.0, 15.0),
           Expect(is_quiet=True)),
    Family("walk back", "runs, walks back in the lane, stands in the box again", _walk_back,
           Expect((_END,), is_quiet=True,
                  phases=(*_ROUND, Phase.RETURNING, Phase.IN_BOX))),
    Family("squad of two", "two runners in turn, walking back beside the lane",
           lambda dice: _squad(dice, 2)),
    Family("next one takes the lock", "steps into the box with the first at the end", _takes_over),
    Family("walks through the box", "somebody passes through the start box before", _passes_by_box),
)  # fmt: skip
"""Rows about the runner and the squad."""
