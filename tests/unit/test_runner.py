"""The drill's phases, the lock, and who is an obstacle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pytest

from rig.config import RunnerLimits
from rig.core.runner import RunnerKeeper
from rig.records import Box, Command, Kind, Phase, Runner, Track
from tests.unit.drill_site import LENGTH_M, PLACER, SITE

LIMITS = RunnerLimits()
RATE_HZ = 20.0


@dataclass(frozen=True)
class Person:
    """Where one person is over time: (along, across) or None while out of sight."""

    number: int
    where: Callable[[float], tuple[float, float] | None]
    kind: Kind = Kind.PERSON


class Drill:
    """Feeds exact tracks of these people to a keeper, and remembers what it says."""

    def __init__(self, people: Sequence[Person], limits: RunnerLimits = LIMITS) -> None:
        self.keeper = RunnerKeeper(SITE.lane, limits)
        self.people = people
        self.last: dict[int, Track] = {}
        self.first_ns: dict[int, int] = {}
        self.t = 0.0
        self.commands: list[Command] = [Command.ARM]
        self.heard: list[tuple[float, Runner, tuple[Track, ...]]] = []

    def run(self, until_s: float) -> Runner:
        while self.t <= until_s:
            tracks = self._tracks()
            found = self.keeper.split(tracks, self.commands, None, round(self.t * 1e9))
            self.heard.append((self.t, *found))
            self.commands = []
            self.t += 1.0 / RATE_HZ
        return self.heard[-1][1]

    def _tracks(self) -> list[Track]:
        now, step = round(self.t * 1e9), 1.0 / RATE_HZ
        for person in self.people:
            here, before = person.where(self.t), person.where(self.t - step)
            if here is None:
                old = self.last.get(person.number)
                if old is not None and now - old.seen_t_ns <= 1.2e9:
                    moved = old.along_m + old.along_mps * step
                    self.last[person.number] = replace(old, t_ns=now, along_m=moved)
                else:
                    self.last.pop(person.number, None)
                continue
            speed = 0.0 if before is None else (here[0] - before[0]) / step
            first_ns = self.first_ns.setdefault(person.number, now)
            box = PLACER.box_of(here[0], here[1], 0.5, 1.75) or Box(0, 0, 1, 1)
            self.last[person.number] = Track(
                person.number, person.kind, now, first_ns, now, *here, speed, 0.0,
                0.1, 0.1, 0.1, 0.1, 0.5, 1.75, 0.9, box, True,
            )  # fmt: skip
        return list(self.last.values())

    @property
    def phases(self) -> list[Phase]:
        found: list[Phase] = []
        for _, runner, _ in self.heard:
            if not found or runner.phase is not found[-1]:
                found.append(runner.phase)
        return found


def back_and_forth(t: float) -> tuple[float, float]:
    """Stand 3 s, run 30 m at 3 m/s, stand 3 s, walk back at 1.5 m/s, stand."""
    if t < 3:
        return 1.5, 0.0
    if t < 13:
        return 1.5 + 3.0 * (t - 3), 0.0
    if t < 16:
        return 31.5, 0.0
    return max(1.5, 31.5 - 1.5 * (t - 16)), 0.0


def test_a_whole_drill_goes_through_every_phase() -> None:
    drill = Drill([Person(1, back_and_forth)])
    drill.run(40.0)
    assert drill.phases == [
        Phase.WAITING, Phase.IN_BOX, Phase.RUNNING, Phase.FINISHED, Phase.RETURNING,
        Phase.WAITING, Phase.IN_BOX,
    ]  # fmt: skip


@pytest.mark.parametrize(("stands_s", "is_locked"), [(1.9, False), (2.1, True)])
def test_the_lock_takes_two_seconds_of_standing(stands_s: float, is_locked: bool) -> None:
    drill = Drill([Person(1, lambda t: (1.5, 0.0) if t <= stands_s else (1.5, 3.0))])
    drill.run(stands_s + 0.5)
    assert (Phase.IN_BOX in drill.phases) is is_locked


@pytest.mark.parametrize(("along", "across"), [(-1.0, 0.0), (4.5, 0.0), (1.5, 1.2), (1.5, -1.2)])
def test_who_stands_outside_the_box_is_not_locked(along: float, across: float) -> None:
    drill = Drill([Person(1, lambda t: (along, across))])
    assert drill.run(6.0).phase is Phase.WAITING


def test_of_two_in_the_box_the_one_farther_back_is_the_runner() -> None:
    drill = Drill([Person(1, lambda t: (2.5, 0.0)), Person(2, lambda t: (0.8, 0.0))])
    runner = drill.run(3.0)
    assert runner.track is not None
    assert runner.track.track_id == 2
    assert [t.track_id for t in drill.heard[-1][2]] == [1]


def test_standing_two_seconds_ends_a_run_and_moving_on_resumes_it() -> None:
    def where(t: float) -> tuple[float, float]:
        moving_s = min(max(t - 3, 0), 4) + max(t - 10, 0)
        return 1.5 + 3.0 * moving_s, 0.0

    drill = Drill([Person(1, where)])
    drill.run(8.9)
    assert drill.phases[-1] is Phase.RUNNING
    drill.run(9.5)
    drill.run(10.5)
    assert drill.phases[-3:] == [Phase.RUNNING, Phase.FINISHED, Phase.RUNNING]


def test_in_the_exit_zone_a_fast_runner_is_still_running() -> None:
    drill = Drill([Person(1, lambda t: (1.5 + 5.0 * max(0.0, t - 3.0), 0.0))])
    drill.run(3.0 + (LENGTH_M - 3.0) / 5.0)
    assert drill.phases[-1] is Phase.RUNNING


def test_a_runner_who_leaves_the_lane_has_finished() -> None:
    drill = Drill([Person(1, lambda t: (min(1.5 + 3 * max(0.0, t - 3), 10), max(0.0, t - 6)))])
    drill.run(10.0)
    assert Phase.FINISHED in drill.phases
    assert not any(runner.is_lost for _, runner, _ in drill.heard)


class TestLost:
    def where(self, gone: tuple[float, float]) -> Callable[[float], tuple[float, float] | None]:
        def place(t: float) -> tuple[float, float] | None:
            return None if gone[0] <= t < gone[1] else (1.5 + 3.0 * max(0.0, t - 3.0), 0.0)

        return place

    def test_half_a_second_unseen_while_running_is_lost(self) -> None:
        drill = Drill([Person(1, self.where((5.0, 99.0)))])
        drill.run(5.4)
        assert not drill.heard[-1][1].is_lost
        drill.run(5.6)
        assert drill.heard[-1][1].is_lost

    def test_lost_lasts_until_found(self) -> None:
        drill = Drill([Person(1, self.where((5.0, 6.0)))])
        assert drill.run(5.9).is_lost
        assert not drill.run(6.2).is_lost
        assert drill.phases[-1] is Phase.RUNNING

    def test_found_again_under_another_name(self) -> None:
        again = Person(7, lambda t: (1.5 + 3.0 * (t - 3.0), 0.0) if t >= 6.0 else None)
        drill = Drill([Person(1, self.where((5.0, 99.0))), again])
        runner = drill.run(6.5)
        assert not runner.is_lost
        assert runner.track is not None
        assert runner.track.track_id == 7

    def test_lost_lasts_until_acknowledged(self) -> None:
        drill = Drill([Person(1, self.where((5.0, 99.0)))])
        assert drill.run(60.0).is_lost
        drill.commands = [Command.ACKNOWLEDGE]
        assert drill.run(60.2).phase is Phase.WAITING

    def test_in_the_exit_zone_nobody_is_lost(self) -> None:
        drill = Drill([Person(1, self.where((3.0 + 35.0 / 3.0, 99.0)))])
        drill.run(25.0)
        assert not any(runner.is_lost for _, runner, _ in drill.heard)

    def test_a_person_elsewhere_does_not_take_the_lock(self) -> None:
        walker = Person(9, lambda t: (30.0, 0.0))
        drill = Drill([Person(1, self.where((5.0, 99.0))), walker])
        runner = drill.run(7.0)
        assert runner.is_lost
        assert 9 in {t.track_id for t in drill.heard[-1][2]}


def test_a_squad_rotates() -> None:
    def second(t: float) -> tuple[float, float] | None:
        return (1.0, 0.0) if t >= 17.0 else (1.0, 3.0)

    def first(t: float) -> tuple[float, float]:
        where = back_and_forth(t)
        return (where[0], 2.5) if t > 17.0 else where

    drill = Drill([Person(1, first), Person(2, second)])
    runner = drill.run(20.0)
    assert runner.phase is Phase.IN_BOX
    assert runner.track is not None
    assert runner.track.track_id == 2


def test_what_is_seen_on_the_runner_is_no_obstacle_but_a_person_near_is() -> None:
    bag = Person(2, lambda t: (back_and_forth(t)[0] + 0.2, 0.0), Kind.OBJECT)
    other = Person(3, lambda t: (back_and_forth(t)[0] + 2.0, 0.0))
    drill = Drill([Person(1, back_and_forth), bag, other])
    drill.run(5.0)
    assert [t.track_id for t in drill.heard[-1][2]] == [3]


def test_idle_disarms_and_movement_does_not() -> None:
    limits = replace(LIMITS, idle_s=30.0)
    still = Drill([Person(1, lambda t: (20.0, 4.0))], limits)
    assert still.run(29.5).phase is Phase.WAITING
    assert still.run(30.5).phase is Phase.DISARMED
    moving = Drill([Person(1, lambda t: (20.0 + t % 10, 4.0))], limits)
    assert moving.run(60.0).phase is Phase.WAITING


def test_commands() -> None:
    drill = Drill([Person(1, back_and_forth)])
    drill.run(5.0)
    drill.commands = [Command.DISARM]
    assert drill.run(5.2).phase is Phase.DISARMED
    drill.commands = [Command.ARM]
    assert drill.run(5.4).phase is Phase.WAITING


def test_a_clip_that_begins_in_mid_run_locks_who_moves() -> None:
    limits = replace(LIMITS, lock="moving")
    runner = Drill([Person(1, lambda t: (10.0 + 1.3 * t, 0.1))], limits).run(2.0)
    assert runner.phase is Phase.RUNNING
    assert Drill([Person(1, lambda t: (10.0 + 1.3 * t, 2.1))], limits).run(2.0).track is None


@pytest.mark.parametrize(("stood_s", "is_locked"), [(0.4, False), (0.7, True), (1.8, True)])
def test_who_sets_off_early_is_guarded_all_the_same(stood_s: float, is_locked: bool) -> None:
    def where(t: float) -> tuple[float, float]:
        return (1.5 + 3.0 * max(0.0, t - stood_s), 0.0)

    drill = Drill([Person(1, where)])
    runner = drill.run(stood_s + 1.5)
    assert (runner.phase is Phase.RUNNING) is is_locked


def test_who_walks_through_the_box_is_not_locked() -> None:
    assert Drill([Person(1, lambda t: (-4.0 + 1.4 * t, 0.0))]).run(8.0).phase is Phase.WAITING


def test_a_moment_out_of_sight_does_not_start_the_settling_again() -> None:
    drill = Drill([Person(1, lambda t: (1.5, 0.9 if 1.0 <= t < 1.3 else 0.0))])
    assert drill.run(2.1).phase is Phase.IN_BOX


@pytest.mark.parametrize(("rate_hz", "misses", "is_lost"), [
    (8.0, 4, False), (8.0, 5, True), (20.0, 9, False), (20.0, 10, True), (4.0, 4, False),
])  # fmt: skip
def test_a_flicker_of_four_frames_is_no_loss(rate_hz: float, misses: int, is_lost: bool) -> None:
    """Half a second, and at least five frames in a row."""
    keeper, last = RunnerKeeper(SITE.lane, replace(LIMITS, lock="moving")), None
    for number in range(10 + misses):
        now = round(number / rate_hz * 1e9)
        place = (10.0 + 2.0 * number / rate_hz, 0.0)
        if number < 10:
            box = PLACER.box_of(*place, 0.5, 1.75) or Box(0, 0, 1, 1)
            last = Track(1, Kind.PERSON, now, 0, now, *place, 2.0, 0.0, 0.1, 0.1, 0.1, 0.1, 0.5,
                         1.75, 0.9, box, True)  # fmt: skip
        assert last is not None
        commands = (Command.ARM,) if number == 0 else ()
        here = replace(last, t_ns=now, along_m=place[0])
        runner, _ = keeper.split((here,), commands, None, now)
    assert runner.is_lost is is_lost


def test_a_body_found_in_two_pieces_has_not_fallen() -> None:
    def drill(has_trunk: bool) -> Runner:
        keeper = RunnerKeeper(SITE.lane, replace(LIMITS, lock="moving"))
        for number in range(60):
            now, is_torn = round(number / 15 * 1e9), number > 40
            place = (10.0 + 0.13 * number, 0.0)
            box = PLACER.box_of(*place, 0.5, 1.75) or Box(0, 0, 1, 1)
            waist = (box.y0 + box.y1) / 2
            legs = Box(box.x0, waist, box.x1, box.y1)
            me = Track(1, Kind.PERSON, now, 0, now, *place, 2.0, 0.0, 0.1, 0.1, 0.1, 0.1, 0.5,
                       0.87 if is_torn else 1.75, 0.9, legs if is_torn else box, True)  # fmt: skip
            trunk = replace(me, track_id=2, along_m=place[0] - 12.0, is_confirmed=False,
                            box=Box(box.x0, box.y0, box.x1, waist - 1))  # fmt: skip
            tracks = (me, trunk) if is_torn and has_trunk else (me,)
            runner, _ = keeper.split(tracks, (Command.ARM,) if number == 0 else (), None, now)
        return runner

    assert not drill(has_trunk=True).is_falling
    assert drill(has_trunk=False).is_falling


def test_a_lock_that_went_to_a_doubled_box_finds_its_way_home() -> None:
    """The runner is missed for 0.4 s while a second box of theirs is seen, and then no more."""

    def run(t: float) -> tuple[float, float]:
        return 1.5 + 3.0 * max(0.0, t - 3.0), 0.0

    real = Person(1, lambda t: None if 13.8 <= t < 14.2 else run(t))
    double = Person(2, lambda t: (34.2, 0.0) if 13.7 <= t < 14.25 else None)
    drill = Drill([real, double])
    drill.run(14.1)
    assert drill.heard[-1][1].track is not None
    assert drill.heard[-1][1].track.track_id == 2
    runner = drill.run(15.2)
    assert runner.track is not None
    assert runner.track.track_id == 1
    assert runner.phase is Phase.RUNNING
