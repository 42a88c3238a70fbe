"""The sounds as data: rhythm, distinctness, and what a plain sounder does at each moment."""

import ast
import itertools
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.core import patterns
from rig.core.patterns import (
    PATTERNS,
    Pattern,
    Segment,
    is_on,
    lane_end_pattern,
    lane_end_ticks_per_s,
    segment_at,
    tone_hz,
)
from rig.records import Level

LEVELS = {
    "stop": Level.STOP,
    "fall": Level.STOP,
    "fault": Level.FAULT,
    "caution": Level.CAUTION,
    "lane_end_tick": Level.CAUTION,
    "drift_left": Level.CUE,
    "drift_right": Level.CUE,
    "guard": Level.OK,
    "armed": Level.OK,
    "all_clear": Level.OK,
    "silent": Level.SILENT,
}
SOUNDING = [p for p in PATTERNS.values() if p.segments]
EVERY = [(LEVELS[p.name], p) for p in SOUNDING] + [
    (Level.CAUTION, lane_end_pattern(rate)) for rate in (1.3, 2.0, 3.0, 4.0)
]
PAIRS = list(itertools.combinations(EVERY, 2))


def rhythm(pattern: Pattern, until_s: float) -> list[bool]:
    """On or off in each millisecond, judged in its middle."""
    return [is_on(pattern, (ms + 0.5) / 1000) for ms in range(round(until_s * 1000))]


def spoken(pattern: Pattern, until_s: float) -> list[tuple[float, float]]:
    """(tone, duration) of the stretches from the onset, neighbours of one tone joined."""
    stretches: list[tuple[float, float]] = []
    at_s = 0.0
    while at_s < until_s - 1e-9:
        segment, rest_s = segment_at(pattern, at_s)
        length_s = min(until_s - at_s, until_s if rest_s is None else rest_s)
        if stretches and stretches[-1][0] == segment.tone_hz:
            stretches[-1] = (segment.tone_hz, round(stretches[-1][1] + length_s, 6))
        else:
            stretches.append((segment.tone_hz, round(length_s, 6)))
        at_s += length_s
    return stretches


def test_every_name_of_the_design_has_a_pattern() -> None:
    assert set(PATTERNS) == set(LEVELS)
    assert all(name == pattern.name for name, pattern in PATTERNS.items())


@pytest.mark.parametrize(
    ("name", "until_s", "expected"),
    [
        ("stop", 0.3, [(1200, 0.1), (0, 0.05), (2400, 0.1), (0, 0.05)]),
        ("fault", 2.0, [(600, 0.5), (0, 0.5), (400, 0.5), (0, 0.5)]),
        ("caution", 1.5, [(800, 0.2), (0, 0.15), (800, 0.2), (0, 0.95)]),
        ("guard", 2.0, [(1000, 0.04), (0, 1.96)]),
        ("lane_end_tick", 1.0, [(1000, 0.06), (0, 0.94)]),
        ("silent", 5.0, [(0, 5.0)]),
        # entered late in its tone, then one second on and a quarter off for ever
        ("fall", 2.9, [(1600, 0.15), (0, 0.25), (1600, 1.0), (0, 0.25), (1600, 1.0), (0, 0.25)]),
    ],
)
def test_rhythm_and_tones_are_those_of_the_design(
    name: str, until_s: float, expected: list[tuple[float, float]]
) -> None:
    assert spoken(PATTERNS[name], until_s) == expected


def test_drift_cues_are_long_short_and_short_long() -> None:
    left = [d for tone, d in spoken(PATTERNS["drift_left"], 2.0) if tone]
    right = [d for tone, d in spoken(PATTERNS["drift_right"], 2.0) if tone]
    assert left == right[::-1]
    assert left[0] >= 3 * left[1]


def test_all_clear_falls_and_armed_rises() -> None:
    falling = [tone for tone, _ in spoken(PATTERNS["all_clear"], 1.0) if tone]
    rising = [tone for tone, _ in spoken(PATTERNS["armed"], 1.0) if tone]
    assert len(falling) == 2
    assert falling == sorted(falling, reverse=True)
    assert len(rising) >= 2
    assert rising == sorted(rising)


@pytest.mark.parametrize("pattern", SOUNDING, ids=lambda p: p.name)
def test_a_pattern_begins_on_and_its_tones_carry(pattern: Pattern) -> None:
    assert is_on(pattern, 0.0)
    assert all(s.duration_s > 0 for s in pattern.segments)
    assert all(s.tone_hz == 0 or 400 <= s.tone_hz <= 2400 for s in pattern.segments)


def test_stop_lasts_and_whole_pulses_are_heard() -> None:
    assert PATTERNS["stop"].least_s >= 1.5
    assert PATTERNS["fall"].least_s >= 1.5
    for pattern in SOUNDING:
        last_on = pattern.least_s - 1e-6
        assert is_on(pattern, last_on) or pattern.name in ("stop", "fall", "fault")
        assert pattern.repeats or pattern.least_s == pytest.approx(pattern.period_s)


def test_a_stop_has_no_silence_longer_than_50_ms_and_a_fall_none_longer_than_250_ms() -> None:
    assert max(s.duration_s for s in PATTERNS["stop"].segments if not s.tone_hz) == 0.05
    assert max(s.duration_s for s in PATTERNS["fall"].segments if not s.tone_hz) == 0.25


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair[0][1].name}-{pair[1][1].name}")
def test_no_two_patterns_share_the_on_off_sequence(
    pair: tuple[tuple[Level, Pattern], tuple[Level, Pattern]],
) -> None:
    (_, one), (_, other) = pair
    ones, others = rhythm(one, 4.0), rhythm(other, 4.0)
    differing_ms = sum(a != b for a, b in zip(ones, others, strict=True))
    # Not merely unequal: unlike for long enough to be heard.
    assert differing_ms >= (100 if LEVELS[one.name] != LEVELS[other.name] else 30)


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair[0][1].name}-{pair[1][1].name}")
def test_patterns_of_different_levels_part_within_250_ms(
    pair: tuple[tuple[Level, Pattern], tuple[Level, Pattern]],
) -> None:
    (one_level, one), (other_level, other) = pair
    if one_level != other_level:
        assert rhythm(one, 0.25) != rhythm(other, 0.25)


def test_the_first_pulse_alone_tells_stop_fall_fault_and_caution_apart() -> None:
    first = {n: PATTERNS[n].segments[0].duration_s for n in ("stop", "fall", "fault", "caution")}
    gaps = [b - a for a, b in itertools.pairwise(sorted(first.values()))]
    assert min(gaps) >= 0.05 - 1e-9


@pytest.mark.parametrize("name", sorted(PATTERNS))
def test_ends_belong_to_the_next_segment(name: str) -> None:
    pattern = PATTERNS[name]
    at_s = 0.0
    ends = (*pattern.segments[1:], None)
    for segment, following in zip(pattern.segments, ends, strict=False):
        assert tone_hz(pattern, at_s) == segment.tone_hz
        at_s += segment.duration_s
        assert tone_hz(pattern, at_s - 1e-6) == segment.tone_hz
        if following is not None:
            assert tone_hz(pattern, at_s) == following.tone_hz
    if pattern.repeats:
        assert is_on(pattern, at_s)
    else:
        assert segment_at(pattern, at_s) == (Segment(0.0), None)
        assert segment_at(pattern, at_s + 1e6)[1] is None


@given(st.sampled_from(SOUNDING), st.floats(0, 3600), st.integers(0, 50))
def test_a_repeating_pattern_is_the_same_after_whole_periods(
    pattern: Pattern, elapsed_s: float, periods: int
) -> None:
    at_s = round(elapsed_s, 6)
    rest_s = segment_at(pattern, at_s)[1]
    if pattern.repeats and rest_s is not None and rest_s > 1e-5:
        later_s = at_s + periods * pattern.period_s
        assert tone_hz(pattern, later_s + 2e-6) == tone_hz(pattern, at_s + 2e-6)


@given(st.sampled_from(SOUNDING), st.floats(0, 100))
def test_nothing_changes_before_the_rest_is_over(pattern: Pattern, elapsed_s: float) -> None:
    segment, rest_s = segment_at(pattern, elapsed_s)
    if rest_s is not None and rest_s > 1e-6:
        assert segment_at(pattern, elapsed_s + rest_s - 1e-7)[0] == segment
        assert segment_at(pattern, elapsed_s + rest_s / 2)[0] == segment


@pytest.mark.parametrize("elapsed_s", [-1e-9, -1.0, -math.inf, math.nan])
def test_a_time_before_the_beginning_sounds_as_the_beginning(elapsed_s: float) -> None:
    assert all(is_on(pattern, elapsed_s) for pattern in SOUNDING)


@given(st.floats(1, 4))
def test_lane_end_ticks_are_60_ms_at_the_rate_asked_for(rate: float) -> None:
    pattern = lane_end_pattern(rate)
    assert pattern.period_s == pytest.approx(1 / rate)
    assert is_on(pattern, 0.0599)
    assert not is_on(pattern, 0.0601)


@pytest.mark.parametrize("rate", [0.0, 0.999, 4.001, math.nan, math.inf, -2])
def test_other_tick_rates_are_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="1 to 4"):
        lane_end_pattern(rate)


@given(st.floats(-5, 40), st.floats(0, 20), st.floats(0.1, 30))
def test_ticks_never_slow_down_on_the_way_to_the_lane_end(
    gap_m: float, step_m: float, far_m: float
) -> None:
    far_rate = lane_end_ticks_per_s(gap_m + step_m, far_m)
    near_rate = lane_end_ticks_per_s(gap_m, far_m)
    assert near_rate >= far_rate
    assert lane_end_pattern(near_rate).name == "lane_end_tick"


def test_tick_rates_step_at_the_thirds_and_are_fastest_in_doubt() -> None:
    assert [lane_end_ticks_per_s(g, 9.0) for g in (9.0, 6.01, 6.0, 3.01, 3.0, 0.0, -1.0)] == [
        *(1.0, 1.0, 2.0, 2.0, 4.0, 4.0, 4.0)
    ]
    assert lane_end_ticks_per_s(math.nan, 9.0) == 4.0
    assert lane_end_ticks_per_s(5.0, math.nan) == 4.0
    assert lane_end_ticks_per_s(5.0, 0.0) == 4.0


def test_a_change_of_tick_rate_never_cuts_a_tick() -> None:
    for slow, fast in ((1.0, 2.0), (2.0, 4.0), (1.0, 4.0)):
        slow_on, fast_on = (rhythm(lane_end_pattern(rate), 3.0) for rate in (slow, fast))
        assert all(f for s, f in zip(slow_on, fast_on, strict=True) if s)


def test_the_horn_can_import_patterns_without_numpy() -> None:
    tree = ast.parse(Path(patterns.__file__).read_text())
    names = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert names == {"__future__", "dataclasses"}
    assert not [n for n in ast.walk(tree) if isinstance(n, ast.Import)]
