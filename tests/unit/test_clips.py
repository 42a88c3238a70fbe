"""A clip read back: its pictures, their times, and the sound exactly where the pattern is on."""

import os
import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from rig.core.patterns import PATTERNS, Pattern, is_on, lane_end_pattern, tone_hz
from rig.devices.clips import SAMPLE_RATE_HZ, ClipWriter, Soundtrack, Tones
from rig.errors import LogError
from rig.records import Alert, Level, Picture

SIZE = (64, 48)
ZERO_NS = 7_000_000_000_123
SILENCE = Alert(Level.SILENT, None, 0)
LOUD = 0.05
"""Root mean square over 20 ms; a tone's is 0.35, the coder's leavings are below 0.01."""


def picture(number: int, size: tuple[int, int] = SIZE) -> Picture:
    """A grey whose brightness tells the number, and that H.264 keeps."""
    return np.full((size[1], size[0], 3), 40 + 12 * (number % 16), np.uint8)


def write(
    path: Path, times_ns: list[int], sounds: list[tuple[int, Pattern]], size: tuple[int, int] = SIZE
) -> None:
    """A clip in which each (since_ns, pattern) is the alert from its time on."""
    with ClipWriter(path, size, rate_hz=25) as clip:
        for number, t_ns in enumerate(times_ns):
            begun = [sound for sound in sounds if sound[0] <= t_ns]
            since_ns, pattern = begun[-1] if begun else (0, PATTERNS["silent"])
            alert = Alert(Level.CAUTION, None, since_ns)
            clip.add(picture(number, size), t_ns, alert, pattern)


def read_pictures(path: Path) -> list[tuple[float, Picture]]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return [
            (
                float(frame.pts * stream.time_base),
                np.asarray(frame.to_ndarray(format="bgr24"), np.uint8),
            )
            for frame in container.decode(stream)
            if frame.pts is not None and stream.time_base is not None
        ]


def read_sound(path: Path) -> NDArray[np.float32]:
    """Samples from the clip's time 0 on."""
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    assert frames[0].pts is not None
    samples = np.concatenate([frame.to_ndarray()[0] for frame in frames]).astype(np.float32)
    lead = frames[0].pts
    return samples[-lead:] if lead < 0 else np.concatenate([np.zeros(lead, np.float32), samples])


def uneven_times(count: int, seed: int) -> list[int]:
    steps = np.random.default_rng(seed).integers(18_000_000, 70_000_000, count)
    return [ZERO_NS, *(ZERO_NS + np.cumsum(steps)).tolist()][:count]


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


def test_the_name_is_taken_only_when_whole_and_belongs_to_the_owner(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with ClipWriter(path, SIZE) as clip:
        clip.add(picture(0), 0, SILENCE, PATTERNS["silent"])
        assert not path.exists()
        assert clip.part.exists()
    assert path.stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == ["a.mp4"]


def test_what_a_kill_leaves_still_plays(tmp_path: Path) -> None:
    """The part file as it lies on disk in mid-recording, without any ending."""
    with ClipWriter(tmp_path / "a.mp4", SIZE, rate_hz=25) as clip:
        for number in range(300):
            clip.add(picture(number), number * 40_000_000, SILENCE, PATTERNS["stop"])
        shutil.copy(clip.part, tmp_path / "left.mp4")
    left = read_pictures(tmp_path / "left.mp4")
    assert 200 <= len(left) < 300  # fragments of 2 s, and the coder looks ahead


def test_an_error_elsewhere_keeps_what_was_filmed(tmp_path: Path) -> None:
    def film() -> None:
        with ClipWriter(tmp_path / "a.mp4", SIZE) as clip:
            for number in range(5):
                clip.add(picture(number), number * 40_000_000, SILENCE, PATTERNS["silent"])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        film()
    assert len(read_pictures(tmp_path / "a.mp4")) == 5


@contextmanager
def room_for(size_bytes: int) -> Iterator[None]:
    """Writes past this size fail with EFBIG, as they would with ENOSPC on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size_bytes", [0, 10, 1000, 20_000])
def test_a_full_disk_is_one_sentence_and_leaves_no_part(tmp_path: Path, size_bytes: int) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8)

    def film() -> None:
        with ClipWriter(tmp_path / "a.mp4", SIZE, rate_hz=25) as clip:
            for number in range(200):
                clip.add(noise, number * 40_000_000, SILENCE, PATTERNS["stop"])

    with (
        room_for(size_bytes),
        pytest.raises(LogError, match=r"a\.mp4 cannot be written: File too large; check"),
    ):
        film()
    assert os.listdir(tmp_path) == []


def test_a_folder_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder, reason in (("missing", "No such file"), ("file", "Not a directory")):
        with pytest.raises(LogError, match=reason):
            ClipWriter(tmp_path / folder / "a.mp4", SIZE)
    assert os.listdir(tmp_path) == ["file"]


def test_a_name_that_is_taken_by_a_folder_leaves_no_part(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").mkdir()
    with pytest.raises(LogError, match="directory"):
        write(tmp_path / "a.mp4", [0], [])
    assert os.listdir(tmp_path) == ["a.mp4"]


def test_a_clip_without_pictures_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="got no picture"), ClipWriter(tmp_path / "a.mp4", SIZE):
        pass
    assert os.listdir(tmp_path) == []


def test_a_picture_of_another_size_or_an_older_one_is_refused(tmp_path: Path) -> None:
    with ClipWriter(tmp_path / "a.mp4", SIZE) as clip:
        clip.add(picture(0), 100, SILENCE, PATTERNS["silent"])
        with pytest.raises(ValueError, match="48x64"):
            clip.add(picture(0, (48, 64)), 200, SILENCE, PATTERNS["silent"])
        for t_ns in (100, 99):
            with pytest.raises(ValueError, match="not after"):
                clip.add(picture(0), t_ns, SILENCE, PATTERNS["silent"])
    assert len(read_pictures(tmp_path / "a.mp4")) == 1


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
