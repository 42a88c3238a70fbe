"""What must hold for the whole step, whatever comes in."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rig.core.alerts import ALERTS
from rig.core.codec import encode
from rig.core.pipeline import Pipeline
from rig.records import Box, Cause, Command, Detection, Kind, Level, Phase, Seen, Vitals
from tests.unit.drill_course import Mover, course, decide, level_of, runner_at, with_commands
from tests.unit.drill_site import CONFIG, SITE

few = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
speeds = st.floats(1.0, 4.5)
movers = st.builds(
    Mover,
    along_m=st.floats(-5, 40),
    across_m=st.floats(-4, 4),
    along_mps=st.floats(-5, 5),
    across_mps=st.floats(-2, 2),
    kind=st.sampled_from(Kind),
    width_m=st.floats(0.2, 1.5),
    height_m=st.floats(0.2, 2.0),
)
WARNING = {c for c, row in ALERTS.items() if row.level > Level.CUE}


@few
@given(speed=speeds, others=st.lists(movers, max_size=6), seed=st.integers(0, 2**16))
def test_never_raises_and_the_order_of_detections_does_not_matter(
    speed: float, others: list[Mover], seed: int
) -> None:
    rng = random.Random(seed)

    def shuffled(seen: Seen) -> Seen:
        return replace(seen, detections=tuple(rng.sample(seen.detections, len(seen.detections))))

    straight = decide(course(speed, others, 6.0, 8.0))
    assert straight == decide(course(speed, others, 6.0, 8.0, shuffled))


@few
@given(speed=speeds, others=st.lists(movers, max_size=4))
def test_the_same_input_gives_the_same_bytes(speed: float, others: list[Mover]) -> None:
    texts = [
        [json.dumps(encode(d), allow_nan=False) for d in decide(course(speed, others, 6.0, 8.0))]
        for _ in range(2)
    ]
    assert texts[0] == texts[1]


@settings(max_examples=8, deadline=None)
@given(
    speed=st.floats(1.0, 4.0),
    along=st.floats(13.0, 28.0),
    across=st.one_of(st.floats(-0.6, 0.6), st.floats(1.5, 3.0), st.floats(-3.0, -1.5)),
)
def test_frame_rate_does_not_change_the_highest_level_before_a_stander(
    speed: float, along: float, across: float
) -> None:
    until_s = 3.0 + (along - 1.0 - 1.5) / speed
    found = [
        max(d.alert.level for d in decide(course(speed, [Mover(along, across)], until_s, rate_hz)))
        for rate_hz in (8.0, 30.0)
    ]
    assert found[0] == found[1] == (Level.STOP if abs(across) <= 0.6 else found[0])
    assert abs(across) <= 0.6 or found[0] <= Level.OK


@few
@given(
    speed=st.floats(1.0, 4.0),
    faster=st.floats(0.0, 1.0),
    gap=st.floats(2.0, 16.0),
    closer=st.floats(0.0, 8.0),
)
def test_closer_or_faster_never_lowers_the_level(
    speed: float, faster: float, gap: float, closer: float
) -> None:
    """Steady state: the same place after 16 m at one speed."""

    def final(v: float, free_m: float) -> Level:
        steps = course(v, [Mover(17.5 + free_m)], 3.0 + 16.0 / v, 8.0)
        return level_of(decide(steps)[-1])

    far = final(speed, gap)
    assert final(speed, max(1.5, gap - closer)) >= far
    assert final(speed + faster, gap) >= far


@few
@given(speed=speeds, others=st.lists(movers, max_size=3), gaps=st.sets(st.integers(1, 40)))
def test_a_step_without_a_frame_never_changes_tracks(
    speed: float, others: list[Mover], gaps: set[int]
) -> None:
    pipeline = Pipeline(SITE, CONFIG)
    for number, (seen, now_ns) in enumerate(course(speed, others, 5.0, 8.0)):
        before = pipeline.step(seen, now_ns).tracks
        if number in gaps:
            empty = Seen(None, view=None)
            assert pipeline.step(empty, now_ns + 20_000_000).tracks == before


@settings(max_examples=20, deadline=None)
@given(
    commands=st.dictionaries(st.integers(1, 47), st.sampled_from(Command), max_size=8),
    fault_at=st.integers(1, 46),
)
def test_commands_only_disarming_or_acknowledging_ends_stop_or_fault(
    commands: dict[int, Command], fault_at: int
) -> None:
    pipeline = Pipeline(SITE, CONFIG)
    is_armed, owes, heard = False, False, Level.SILENT
    for number, (plain, now_ns) in enumerate(course(3.0, [Mover(15.0)], 6.0, 8.0)):
        seen = with_commands(plain, commands[number]) if number in commands else plain
        if number == fault_at:
            seen = replace(seen, vitals=Vitals(detector_error="no answer"))
        is_armed = (
            is_armed or Command.ARM in seen.commands
        ) and Command.DISARM not in seen.commands
        if heard is Level.FAULT and Command.ACKNOWLEDGE in seen.commands:
            is_armed = False
        decision = pipeline.step(seen, now_ns)
        assert (decision.runner.phase is Phase.DISARMED) is not is_armed
        heard = decision.alert.level
        owes = is_armed and (owes or number == fault_at)
        if not is_armed:
            assert decision.alert.level is Level.SILENT
        elif owes:
            assert decision.alert.level >= Level.FAULT


@settings(max_examples=6, deadline=None)
@given(speed=st.floats(1.5, 4.0), along=st.floats(14.0, 26.0), kind=st.sampled_from(Kind))
def test_whatever_stands_on_the_lane_alerts(speed: float, along: float, kind: Kind) -> None:
    """Named by the detector or only strange to the lane check: the same STOP."""
    thing = Mover(along, 0.1, kind=kind, width_m=0.5, height_m=0.6)

    def as_strange(seen: Seen) -> Seen:
        return replace(
            seen, detections=seen.detections[:1],
            strange_things=tuple(replace(d, kind=Kind.STRANGE) for d in seen.detections[1:]),
        )  # fmt: skip

    until_s = 3.0 + (along - 1.0 - 1.5) / speed
    for change in (lambda seen: seen, as_strange):
        decisions = decide(course(speed, [thing], until_s, 8.0, change))
        assert max(d.alert.level for d in decisions) is Level.STOP
        assert Cause.COLLISION in {d.alert.cause for d in decisions}


def _doubled(box: Box, rng: random.Random) -> tuple[Box, ...]:
    def near(edge: float) -> float:
        return edge + rng.uniform(-0.08, 0.08) * box.width_px

    return box, Box(near(box.x0), near(box.y0), near(box.x1), near(box.y1))


def _with_legs(box: Box, rng: random.Random) -> tuple[Box, ...]:
    return box, Box(box.x0, box.y0 + rng.uniform(0.4, 0.6) * box.height_px, box.x1, box.y1)


def _with_trunk(box: Box, rng: random.Random) -> tuple[Box, ...]:
    return box, Box(box.x0, box.y0, box.x1, box.y0 + rng.uniform(0.4, 0.6) * box.height_px)


def _split(box: Box, rng: random.Random) -> tuple[Box, ...]:
    return _with_legs(box, rng)[1], _with_trunk(box, rng)[1]


@pytest.mark.parametrize("speed", [1.5, 3.0, 4.5])
@pytest.mark.parametrize("shape", [_doubled, _with_legs, _with_trunk, _split])
def test_the_runners_own_box_doubled_or_split_never_alerts(shape, speed) -> None:  # type: ignore[no-untyped-def]
    rng = random.Random(5)

    def change(seen: Seen) -> Seen:
        t_s = (seen.t_ns or 0) / 1e9
        is_odd = t_s > 3.5 and rng.random() < 0.5
        own = seen.detections[0]
        parts = shape(own.box, rng) if is_odd else (own.box,)
        return replace(seen, detections=tuple(Detection(own.kind, 0.7, p) for p in parts))

    until_s = 3.0 + 17.0 / speed
    decisions = decide(course(speed, [], until_s, 15.0, change))
    assert {d.alert.cause for d in decisions} & WARNING == set()
    last = decisions[-1].runner.track
    assert last is not None
    assert abs(last.along_m - runner_at(until_s, speed).along_m) < 1.0
