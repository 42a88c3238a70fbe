"""Who gets the lock, and how it holds through flicker, early starts and doubled boxes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rig.core.lock import found_again
from rig.core.runner import RunnerKeeper
from rig.records import Box, Command, Kind, Phase, Runner, Track
from tests.unit.drill_people import LIMITS, Drill, Person
from tests.unit.drill_site import PLACER, SITE


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
    (8.0, 5, False), (8.0, 6, True), (20.0, 9, False), (20.0, 10, True), (4.0, 3, False),
    (4.0, 4, True), (2.0, 2, True),
])  # fmt: skip
def test_a_flicker_of_five_frames_is_no_loss(rate_hz: float, misses: int, is_lost: bool) -> None:
    """Half a second, and at least six frames in a row; 0.8 s whatever the rate."""
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


@pytest.mark.parametrize(("along_mps", "across_mps", "is_locked"), [
    (2.0, 0.0, True), (2.0, 1.0, True), (0.8, 0.0, True), (0.7, 1.3, False), (0.0, 1.3, False),
    (-1.3, 0.0, False),
])  # fmt: skip
def test_in_mid_run_who_came_along_the_lane_is_the_runner_and_who_crosses_it_is_not(
    along_mps: float, across_mps: float, is_locked: bool
) -> None:
    keeper = RunnerKeeper(SITE.lane, replace(LIMITS, lock="moving"))
    for number in range(16):
        now = round(number / 20 * 1e9)
        place = (10.0 + along_mps * number / 20, -0.4 + across_mps * number / 20)
        box = PLACER.box_of(*place, 0.5, 1.75) or Box(0, 0, 1, 1)
        here = Track(1, Kind.PERSON, now, 0, now, *place, along_mps, across_mps, 0.1, 0.1, 0.1,
                     0.1, 0.5, 1.75, 0.9, box, True)  # fmt: skip
        commands = (Command.ARM,) if number == 0 else ()
        runner, _ = keeper.split((here,), commands, None, now)
    assert (runner.track is not None) is is_locked


@pytest.mark.parametrize(("unseen_s", "is_locked"), [(0.3, True), (0.5, False), (3.0, False)])
def test_who_is_only_guessed_to_stand_in_the_box_is_not_locked(
    unseen_s: float, is_locked: bool
) -> None:
    """An unseen track fades to a stand wherever it was lost; nobody may be there."""
    keeper, rate_hz = RunnerKeeper(SITE.lane, LIMITS), 10
    settle = round((LIMITS.settle_s + 3.0) * rate_hz)
    box = PLACER.box_of(1.0, 0.0, 0.5, 1.75) or Box(0, 0, 1, 1)
    for number in range(settle):
        now = number * 10**9 // rate_hz
        seen = max(0, now - round(unseen_s * 1e9))
        here = Track(1, Kind.PERSON, now, 0, seen, 1.0, 0.0, 0.0, 0.0, 0.1, 0.1, 0.1, 0.1, 0.5,
                     1.75, 0.9, box, True)  # fmt: skip
        commands = (Command.ARM,) if number == 0 else ()
        runner, _ = keeper.split((here,), commands, None, now)
    assert (runner.track is not None) is is_locked


@pytest.mark.parametrize(("hidden_s", "is_locked"), [(0.3, True), (0.5, False)])
def test_who_comes_out_of_hiding_begins_a_way_anew(hidden_s: float, is_locked: bool) -> None:
    """On the pavement one name went from a walker to another who came out from behind legs."""
    keeper = RunnerKeeper(SITE.lane, replace(LIMITS, lock="moving"))
    seen_ns, reappeared_s = 0, 0.3 + hidden_s
    for number in range(round((reappeared_s + 0.2) * 20)):
        now = round(number / 20 * 1e9)
        if not 0.3 < number / 20 < reappeared_s:
            seen_ns = now
        place = (10.0 + 2.0 * number / 20, 0.0)
        box = PLACER.box_of(*place, 0.5, 1.75) or Box(0, 0, 1, 1)
        here = Track(1, Kind.PERSON, now, 0, seen_ns, *place, 2.0, 0.0, 0.1, 0.1, 0.1, 0.1, 0.5,
                     1.75, 0.9, box, True)  # fmt: skip
        commands = (Command.ARM,) if number == 0 else ()
        runner, _ = keeper.split((here,), commands, None, now)
    assert (runner.track is not None) is is_locked


@pytest.mark.parametrize(("along", "is_found"), [
    (10.3, True), (10.5, False), (1.4, False), (1.6, True),
])  # fmt: skip
def test_a_runner_who_set_off_unseen_is_looked_for_farther_on(along: float, is_found: bool) -> None:
    """After 1 s: 3 m to both sides, and onward 1.5 m of a start and 1.4 m of doubt."""
    last = replace(_seen(1, 4.5, 0), along_sigma_m=1.0)
    person = replace(_seen(2, along, 1_000_000_000), first_t_ns=900_000_000, along_sigma_m=0.98)
    found = found_again(last, None, [person], set(), SITE.lane, LIMITS, 1_000_000_000)
    assert (found is not None) is is_found


def test_who_is_long_lost_is_not_looked_for_all_over_the_lane() -> None:
    last, person = _seen(1, 4.5, 0), _seen(2, 12.0, 4_000_000_000)
    assert found_again(last, None, [person], set(), SITE.lane, LIMITS, 4_000_000_000) is None


def _seen(track_id: int, along: float, t_ns: int) -> Track:
    box = PLACER.box_of(along, 0.0, 0.5, 1.75) or Box(0, 0, 1, 1)
    return Track(track_id, Kind.PERSON, t_ns, t_ns, t_ns, along, 0.0, 0.0, 0.0, 0.1, 0.1, 0.1, 0.1,
                 0.5, 1.75, 0.9, box, True)  # fmt: skip
