"""The drill's phases, the lock, and who is an obstacle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from rig.core.runner import RunnerKeeper
from rig.records import Command, Kind, Phase
from tests.unit.drill_people import LIMITS, Drill, Person, back_and_forth
from tests.unit.drill_site import LENGTH_M, SITE

S = 1_000_000_000


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


def test_what_alarms_is_not_idle() -> None:
    """A fault that nobody has heard yet must not fall silent by itself."""
    keeper = RunnerKeeper(SITE.lane, replace(LIMITS, idle_s=30.0))
    keeper.split((), (Command.ARM,), None, 0)
    for t_s in range(1, 120):
        assert keeper.split((), (), None, t_s * S, is_alarmed=True)[0].phase is Phase.WAITING
    assert keeper.split((), (), None, 149 * S)[0].phase is Phase.WAITING
    assert keeper.split((), (), None, 150 * S)[0].phase is Phase.DISARMED


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
