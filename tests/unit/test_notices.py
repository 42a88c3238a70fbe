"""What endangers nobody is told in silence: the board, the disk, a mast turned a little."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from rig.config import Config, HealthLimits
from rig.core.health import FOCAL_PX
from rig.core.log_events import NoticeLine, events_of
from rig.core.notices import NoticeKeeper, turned_deg
from rig.core.pipeline import Pipeline
from rig.records import Board, Cause, Command, Concern, Decision, Level, Seen, ViewShift
from tests.unit.drill_site import SITE

LIMITS = HealthLimits()
COLD = Board(40.0, False, False, 9000.0)
S = 1_000_000_000


def concerns(*turns: Seen) -> list[set[Concern]]:
    keeper = NoticeKeeper(LIMITS, FOCAL_PX)
    return [{notice.concern for notice in keeper.note(seen)} for seen in turns]


@pytest.mark.parametrize(
    ("board", "expected"),
    [
        (COLD, set()),
        (Board(), set()),
        (replace(COLD, temperature_c=LIMITS.warm_c), set()),
        (replace(COLD, temperature_c=LIMITS.warm_c + 0.1), {Concern.HEAT}),
        (replace(COLD, is_slowed=True), {Concern.SLOWED}),
        (replace(COLD, is_undervolted=True), {Concern.UNDERVOLTAGE}),
        (replace(COLD, free_mb=LIMITS.room_least_mb), set()),
        (replace(COLD, free_mb=LIMITS.room_least_mb - 1), {Concern.DISK}),
    ],
)
def test_the_board(board: Board, expected: set[Concern]) -> None:
    assert concerns(Seen(0, board=board)) == [expected]


def test_the_board_s_word_holds_until_its_next() -> None:
    warm = replace(COLD, temperature_c=80.0)
    turns = (Seen(0, board=warm), Seen(S), Seen(None), Seen(2 * S, board=COLD), Seen(3 * S))
    assert concerns(*turns) == [{Concern.HEAT}] * 3 + [set(), set()]


def aside(degrees: float) -> ViewShift:
    return ViewShift(0.0, FOCAL_PX * math.tan(math.radians(degrees)))


def test_a_view_that_lies_aside_for_long_is_told_and_a_gust_is_not() -> None:
    over, under = aside(LIMITS.aside_deg + 0.01), aside(LIMITS.aside_deg - 0.01)
    after = [0.0, LIMITS.aside_s, LIMITS.aside_s + 0.1]
    told = concerns(*(Seen(round(t * S), view=over) for t in after))
    assert told == [set(), set(), {Concern.VIEW_SHIFTED}]
    gust = [Seen(n * S, view=under if n % 4 == 0 else over) for n in range(30)]
    assert concerns(*gust) == [set()] * 30
    assert concerns(*(Seen(n * S, view=under) for n in range(30))) == [set()] * 30


def test_shifts_of_pixels_are_angles() -> None:
    assert turned_deg(ViewShift(3.0, 4.0), 5.0) == pytest.approx(45.0)


def test_notices_are_logged_when_they_begin_and_end_and_never_sound() -> None:
    pipeline = Pipeline(SITE, Config())
    warm = replace(COLD, temperature_c=80.0, free_mb=1.0)
    before: Decision | None = None
    lines: list[NoticeLine] = []
    for number in range(40):
        board = {5: warm, 6: replace(warm, temperature_c=81.0), 20: COLD}.get(number)
        commands = (Command.ARM,) if number == 0 else ()
        seen = Seen(number * S // 10, commands=commands, board=board)
        decision = pipeline.step(seen, number * S // 10)
        assert decision.alert.level < Level.CAUTION
        lines += [e for e in events_of(before, seen, decision) if isinstance(e, NoticeLine)]
        before = decision
    assert [(line.concern, line.is_over) for line in lines] == [
        (Concern.HEAT, False),
        (Concern.DISK, False),
        (Concern.HEAT, True),
        (Concern.DISK, True),
    ]


def test_low_voltage_that_stays_is_heard_before_the_battery_is_flat() -> None:
    pipeline = Pipeline(SITE, Config())
    heard: list[Cause | None] = []
    for number in range(70):
        board = replace(COLD, is_undervolted=number >= 10) if number % 20 == 10 else None
        commands = (Command.ARM,) if number == 0 else ()
        seen = Seen(number * S // 10, commands=commands, board=board)
        heard.append(pipeline.step(seen, number * S // 10).alert.cause)
    first = heard.index(Cause.POWER_LOW)
    # the first word of low voltage comes at 1.0 s, and the last good moment was just before it
    assert first == 10 - 1 + round(LIMITS.undervolted_s * 10) + 1
