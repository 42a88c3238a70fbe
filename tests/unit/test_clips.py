"""Clips with sound: what was drawn and what sounds come back in place and time."""

from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rig.core.patterns import PATTERNS, Pattern, is_on, lane_end_pattern, tone_hz
from rig.devices.clips import SAMPLE_RATE_HZ, ClipWriter, Soundtrack, Tones
from rig.records import Alert, Level
from tests.unit.tiny_clips import (
    LOUD,
    SILENCE,
    SIZE,
    ZERO_NS,
    picture,
    read_pictures,
    read_sound,
    uneven_times,
    write,
)


def test_pictures_come_back_in_number_and_order_at_their_times(tmp_path: Path) -> None:
    times_ns = uneven_times(80, seed=3)
    write(tmp_path / "a.mp4", times_ns, [])
    found = read_pictures(tmp_path / "a.mp4")
    assert len(found) == 80
    expected_s = [(t_ns - ZERO_NS) / 1e9 for t_ns in times_ns]
    assert np.abs(np.array([t_s for t_s, _ in found]) - expected_s).max() < 0.001
    greys = np.array([image.mean() for _, image in found])
    assert np.abs(greys - [picture(n).mean() for n in range(80)]).max() < 4


def test_colours_come_back_as_they_were(tmp_path: Path) -> None:
    colours = [(30, 40, 210), (200, 60, 40), (40, 200, 60), (20, 185, 250)]
    quarters = np.zeros((96, 128, 3), np.uint8)
    places = [(0, 0), (0, 64), (48, 0), (48, 64)]
    for (row, column), colour in zip(places, colours, strict=True):
        quarters[row : row + 48, column : column + 64] = colour
    with ClipWriter(tmp_path / "a.mp4", (128, 96)) as clip:
        clip.add(quarters, 0, SILENCE, PATTERNS["silent"])
    [(_, image)] = read_pictures(tmp_path / "a.mp4")
    for (row, column), colour in zip(places, colours, strict=True):
        assert np.abs(image[row + 24, column + 32].astype(int) - colour).max() <= 12


@pytest.mark.parametrize("size", [(63, 47), (64, 47), (63, 48), (17, 17)])
def test_odd_sizes_are_padded_by_repeating_the_edge(tmp_path: Path, size: tuple[int, int]) -> None:
    write(tmp_path / "a.mp4", uneven_times(3, seed=1), [], size)
    image = read_pictures(tmp_path / "a.mp4")[0][1]
    assert image.shape == (size[1] + size[1] % 2, size[0] + size[0] % 2, 3)
    assert int(image.max()) - int(image.min()) <= 3


def sounded_until(sounds: list[tuple[int, Pattern]], t_ns: float) -> bool:
    begun = [(since, pattern) for since, pattern in sounds if since <= t_ns]
    return bool(begun) and is_on(begun[-1][1], (t_ns - begun[-1][0]) / 1e9)


@pytest.mark.parametrize(
    "names",
    [("stop",), ("fall",), ("fault",), ("caution", "stop"), ("guard", "drift_left", "all_clear")],
)
def test_sound_is_there_exactly_where_the_patterns_are_on(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    times_ns = uneven_times(110, seed=5)
    begins = [times_ns[15], times_ns[60], times_ns[90]]
    sounds = [(begin, PATTERNS[name]) for begin, name in zip(begins, names, strict=False)]
    write(tmp_path / "a.mp4", times_ns, sounds)
    samples = read_sound(tmp_path / "a.mp4")
    window = SAMPLE_RATE_HZ // 50
    seen = {True: 0, False: 0}
    for first in range(0, len(samples) - window - 3000, window // 4):
        at = np.arange(first - 240, first + window + 240, 24)  # 5 ms of margin for the ramps
        states = {sounded_until(sounds, ZERO_NS + k * 1e9 / SAMPLE_RATE_HZ) for k in at}
        if len(states) == 1:
            [is_sounding] = states
            energy = float(np.sqrt(np.mean(samples[first : first + window] ** 2)))
            assert (energy > LOUD) == is_sounding, first / SAMPLE_RATE_HZ
            seen[is_sounding] += 1
    assert min(seen.values()) > 3
    assert np.abs(samples).max() < 0.7


def test_the_pitch_is_the_patterns(tmp_path: Path) -> None:
    times_ns = [ZERO_NS + k * 40_000_000 for k in range(60)]
    write(tmp_path / "a.mp4", times_ns, [(ZERO_NS, PATTERNS["fault"])])
    samples = read_sound(tmp_path / "a.mp4")
    for middle_s, expected_hz in ((0.25, 600), (1.25, 400)):
        first = round((middle_s - 0.1) * SAMPLE_RATE_HZ)
        piece = samples[first : first + SAMPLE_RATE_HZ // 5] * np.hanning(SAMPLE_RATE_HZ // 5)
        peak_hz = np.abs(np.fft.rfft(piece)).argmax() * 5
        assert abs(peak_hz - expected_hz) <= 5


def test_a_rhythm_counts_from_its_own_beginning_not_from_the_picture(tmp_path: Path) -> None:
    """The alert began 0.6 s before the clip: the clip opens in the middle of FAULT's silence."""
    times_ns = [ZERO_NS + k * 40_000_000 for k in range(25)]
    write(tmp_path / "a.mp4", times_ns, [(ZERO_NS - 600_000_000, PATTERNS["fault"])])
    samples = read_sound(tmp_path / "a.mp4")
    begin = np.flatnonzero(np.abs(samples) > 0.1)[0] / SAMPLE_RATE_HZ
    assert begin == pytest.approx(0.4, abs=0.004)


def test_an_alert_between_two_pictures_is_heard_from_its_own_time(tmp_path: Path) -> None:
    """Decided 30 ms after its picture's light, and the next picture comes 200 ms later."""
    with ClipWriter(tmp_path / "a.mp4", SIZE) as clip:
        clip.add(picture(0), ZERO_NS, SILENCE, PATTERNS["silent"])
        stop = Alert(Level.STOP, None, ZERO_NS + 130_000_000)
        clip.add(picture(1), ZERO_NS + 100_000_000, stop, PATTERNS["stop"])
        clip.add(picture(2), ZERO_NS + 300_000_000, stop, PATTERNS["stop"])
    samples = read_sound(tmp_path / "a.mp4")
    begin = np.flatnonzero(np.abs(samples) > 0.1)[0] / SAMPLE_RATE_HZ
    assert begin == pytest.approx(0.13, abs=0.004)


@pytest.mark.parametrize("count", [1, 2, 40, 111])
def test_sound_and_pictures_last_equally_long(tmp_path: Path, count: int) -> None:
    times_ns = uneven_times(count, seed=8)
    write(tmp_path / "a.mp4", times_ns, [(ZERO_NS, PATTERNS["stop"])])
    with av.open(str(tmp_path / "a.mp4")) as container:
        lasting = []
        for stream in (container.streams.video[0], container.streams.audio[0]):
            assert stream.duration is not None
            assert stream.time_base is not None
            lasting.append(float(stream.duration * stream.time_base))
    end_s = (times_ns[-1] - ZERO_NS) / 1e9 + 0.04
    assert abs(lasting[0] - lasting[1]) < 0.05
    assert all(abs(length - end_s) < 0.05 for length in lasting)


def test_the_last_picture_is_shown_and_heard_for_one_period(tmp_path: Path) -> None:
    with ClipWriter(tmp_path / "a.mp4", SIZE, rate_hz=4) as clip:
        for number in range(4):
            stop = Alert(Level.STOP, None, 0)
            clip.add(picture(number), number * 250_000_000, stop, PATTERNS["fault"])
    samples = read_sound(tmp_path / "a.mp4")
    assert len(samples) / SAMPLE_RATE_HZ == pytest.approx(1.0, abs=0.05)
    with av.open(str(tmp_path / "a.mp4")) as container:
        video = container.streams.video[0]
        assert video.duration is not None
        assert video.time_base is not None
        assert float(video.duration * video.time_base) == pytest.approx(1.0, abs=0.05)


def test_a_camera_gap_keeps_sounding_and_keeps_time(tmp_path: Path) -> None:
    times_ns = [ZERO_NS, ZERO_NS + 40_000_000, ZERO_NS + 12_000_000_000]
    write(tmp_path / "a.mp4", times_ns, [(ZERO_NS, PATTERNS["fault"])])
    assert read_pictures(tmp_path / "a.mp4")[2][0] == pytest.approx(12.0, abs=0.001)
    samples = read_sound(tmp_path / "a.mp4")
    assert len(samples) / SAMPLE_RATE_HZ == pytest.approx(12.04, abs=0.05)
    eleven = samples[round(11.1 * SAMPLE_RATE_HZ) : round(11.4 * SAMPLE_RATE_HZ)]
    assert np.sqrt(np.mean(eleven**2)) > LOUD


def test_rolled_pictures_need_not_be_contiguous(tmp_path: Path) -> None:
    with ClipWriter(tmp_path / "a.mp4", SIZE) as clip:
        flipped = cv2.flip(picture(3), 1)[::-1, ::-1]
        clip.add(np.asarray(flipped, np.uint8), 0, SILENCE, PATTERNS["silent"])
    assert len(read_pictures(tmp_path / "a.mp4")) == 1


# --------------------------------------------------------------------------- samples alone


ANY_PATTERN = st.one_of(
    st.sampled_from(list(PATTERNS.values())), st.floats(1, 4).map(lane_end_pattern)
)


@settings(max_examples=60, deadline=None)
@given(ANY_PATTERN, st.floats(0, 5), st.lists(st.integers(0, 4000), min_size=1, max_size=8))
def test_cutting_the_sound_into_stretches_changes_nothing(
    pattern: Pattern, elapsed_s: float, lengths: list[int]
) -> None:
    whole = Tones().play(pattern, elapsed_s, sum(lengths))
    tones, pieces, done = Tones(), [], 0
    for length in lengths:
        pieces.append(tones.play(pattern, elapsed_s + done / SAMPLE_RATE_HZ, length))
        done += length
    assert np.allclose(np.concatenate(pieces), whole, atol=1e-4)


@settings(max_examples=40, deadline=None)
@given(ANY_PATTERN, st.floats(0, 5))
def test_samples_follow_the_pattern_without_a_click(pattern: Pattern, elapsed_s: float) -> None:
    samples = Tones().play(pattern, elapsed_s, 24_000)
    assert np.abs(samples).max(initial=0) <= 0.5
    # The steepest a 2400 Hz tone of this loudness may be, and the ramp on top.
    assert np.abs(np.diff(samples)).max() < 0.5 * 2 * np.pi * 2400 / SAMPLE_RATE_HZ + 0.004
    ramp = round(0.004 * SAMPLE_RATE_HZ)
    for k in range(ramp, 24_000, 480):
        tones = {
            tone_hz(pattern, elapsed_s + j / SAMPLE_RATE_HZ) for j in range(k - ramp, k + 1, 12)
        }
        if tones == {0.0}:
            assert abs(samples[k]) < 1e-6


def test_a_newer_alert_replaces_one_that_has_not_begun() -> None:
    track = Soundtrack(0)
    track.change(0, 500_000_000, PATTERNS["fault"])
    track.change(100_000_000, 200_000_000, PATTERNS["stop"])
    samples = track.play_until(1_000_000_000)
    begin = np.flatnonzero(np.abs(samples) > 0.01)[0] / SAMPLE_RATE_HZ
    assert begin == pytest.approx(0.2, abs=0.002)
    # STOP from 0.2 s is silent from 0.75 to 0.8 s; FAULT from 0.5 s would still sound.
    rest = samples[round(0.76 * SAMPLE_RATE_HZ) : round(0.79 * SAMPLE_RATE_HZ)]
    assert np.abs(rest).max() < 1e-6
    assert len(samples) == SAMPLE_RATE_HZ
