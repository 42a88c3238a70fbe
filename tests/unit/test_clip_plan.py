"""Which time a clip covers: never a picture twice, never too long, never an alert forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.causes import Cause, Level
from rig.config import ClipOptions
from rig.core.clip_plan import (
    LAG_NS,
    ClipAlert,
    ClipPlanner,
    Heard,
    Kept,
    PictureRing,
    Span,
    is_worth_a_clip,
)
from rig.records import Alert

S = 1_000_000_000
OPTIONS = ClipOptions(before_s=8, after_s=4, longest_s=20)
SILENT = Alert(Level.SILENT, None, 0)


def stop(since_s: float, cause: Cause = Cause.COLLISION) -> ClipAlert:
    return ClipAlert(Level.STOP, cause, round(since_s * S))


def play(alerts: Sequence[ClipAlert]) -> list[Span]:
    """All clips of alerts that are heard as they begin."""
    planner, spans = ClipPlanner(OPTIONS), []
    for alert in alerts:
        if (over := planner.end_if_over(alert.since_ns, None)) is not None:
            spans.append(over)
        before = planner.span
        if planner.hear(alert, alert.since_ns) is Heard.BEGUN and before is not None:
            spans.append(before)
    last = planner.end()
    return spans if last is None else [*spans, last]


def test_one_alert_is_eight_seconds_before_and_four_after() -> None:
    assert play([stop(100)]) == [Span(92 * S, 104 * S, (stop(100),))]


def test_an_alert_while_the_clip_is_open_makes_it_longer() -> None:
    (span,) = play([stop(100), stop(103)])
    assert (span.begin_ns, span.end_ns, len(span.alerts)) == (92 * S, 107 * S, 2)


def test_the_longest_clip_is_followed_by_one_that_goes_on_there() -> None:
    first, second = play([stop(100), stop(103), stop(106.5), stop(110), stop(113)])
    assert (first.begin_ns, first.end_ns) == (92 * S, 112 * S)
    assert (second.begin_ns, second.end_ns) == (112 * S, 117 * S)


def test_what_is_said_again_is_one_alert_and_what_is_long_over_is_none() -> None:
    planner = ClipPlanner(OPTIONS)
    assert planner.hear(stop(100), 100 * S) is Heard.BEGUN
    assert planner.hear(stop(100), 101 * S) is Heard.KNOWN
    assert planner.end() is not None
    assert planner.hear(stop(100), 102 * S) is Heard.KNOWN
    edge_ns = 104 * S + LAG_NS
    assert planner.hear(stop(100, Cause.FALL), edge_ns + 1) is Heard.LATE
    assert planner.hear(stop(100, Cause.RUNNER_LOST), edge_ns) is Heard.BEGUN


def test_a_clip_is_over_with_the_first_picture_after_it_or_when_none_comes() -> None:
    planner = ClipPlanner(OPTIONS)
    planner.hear(stop(100), 100 * S)
    assert planner.end_if_over(104 * S, 104 * S) is None
    assert planner.end_if_over(104 * S + LAG_NS, None) is None
    assert planner.end_if_over(104 * S, 104 * S + 1) is not None
    planner.hear(stop(200), 200 * S)
    assert planner.end_if_over(204 * S + LAG_NS + 1, None) is not None
    assert planner.end_if_over(300 * S, None) is None


@given(st.lists(st.floats(0.01, 15), max_size=40))
def test_every_alert_is_in_one_clip_and_no_time_in_two(steps_s: list[float]) -> None:
    times_s = [100.0 + sum(steps_s[: n + 1]) for n in range(len(steps_s))]
    alerts = [stop(t_s) for t_s in times_s]
    spans = play(alerts)
    assert [alert for span in spans for alert in span.alerts] == alerts
    for span in spans:
        assert span.end_ns - span.begin_ns <= 20 * S
        assert all(span.begin_ns <= a.since_ns <= span.end_ns for a in span.alerts)
    for one, other in pairwise(spans):
        assert one.end_ns <= other.begin_ns


@pytest.mark.parametrize("cause", list(Cause))
def test_what_is_worth_a_clip(cause: Cause) -> None:
    assert is_worth_a_clip(Level.STOP, cause) == (cause is not Cause.LANE_END_SOON)
    assert not is_worth_a_clip(Level.CUE, cause)
    assert not is_worth_a_clip(Level.SILENT, None)


# ------------------------------------------------------------------------------- memory


def kept(t_ns: int, size: int = 100, size_px: tuple[int, int] = (4, 4)) -> Kept:
    return Kept(t_ns, size_px, bytes(size), (), SILENT)


@given(st.lists(st.integers(0, 400), max_size=60), st.integers(1, 900))
def test_memory_holds_no_more_than_it_may(sizes: list[int], most_bytes: int) -> None:
    ring = PictureRing(10, most_bytes)
    for number, size in enumerate(sizes):
        ring.add(kept(number, size))
        held = list(ring.since(0))
        assert held[-1].t_ns == number, "the newest is always there"
        assert ring.held_bytes == sum(len(one.data) for one in held)
        assert ring.held_bytes <= most_bytes or len(held) == 1
        assert number - held[0].t_ns <= 10
        assert [one.t_ns for one in held] == list(range(held[0].t_ns, number + 1))


def test_another_size_of_picture_begins_anew() -> None:
    ring = PictureRing(100, 10_000)
    ring.add(kept(1))
    ring.add(kept(2, size_px=(8, 4)))
    assert [one.t_ns for one in ring.since(0)] == [2]
    assert [one.t_ns for one in ring.since(3)] == []
