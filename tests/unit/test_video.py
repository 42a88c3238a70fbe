"""Recorded pictures: true times, playing in reverse, damage, rotation, pacing, folders."""

import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.core.frame_times import FrameTimes
from rig.devices import video
from rig.devices.pictures import PictureFolder, _is_whole
from rig.devices.video import VideoFile, pace
from rig.errors import SourceError
from rig.records import Frame, Picture

SIZE = (64, 48)
SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "video"


def picture(number: int) -> Picture:
    """A grey that tells the number, and a white corner at the top left."""
    image = np.full((SIZE[1], SIZE[0], 3), 30 + (number * 37) % 160, np.uint8)
    image[:16, :16] = 255
    return image


def write(
    path: Path,
    times_ms: list[int],
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    gop: int = 10,
) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=options or {})
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "gray" if codec == "gif" else "yuv420p"
        tick = Fraction(1, 100) if codec == "gif" else Fraction(1, 1000)
        stream.codec_context.time_base = tick
        stream.codec_context.gop_size = gop
        for number, t_ms in enumerate(times_ms):
            frame = av.VideoFrame.from_ndarray(picture(number), format="bgr24")
            frame = frame.reformat(format=stream.pix_fmt)
            frame.pts, frame.time_base = round(Fraction(t_ms, 1000) / tick), tick
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def uneven_ms(count: int) -> list[int]:
    steps = np.random.default_rng(2).choice([20, 30, 40, 70, 110], count)
    return [0, *np.cumsum(steps).tolist()][:count]


def looks(frames: list[Frame]) -> list[int]:
    """Each picture's grey."""
    return [round(float(frame.picture[30:, 30:].mean())) for frame in frames]


def told(frames: list[Frame]) -> list[tuple[int, int]]:
    """Each frame's time, and its picture in short."""
    return [(frame.t_ns, hash(frame.picture.tobytes())) for frame in frames]


def mirrored(frames: list[Frame]) -> list[tuple[int, int]]:
    return [(frames[-1].t_ns - t_ns, seen) for t_ns, seen in reversed(told(frames))]


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("a.mp4", "libx264", {"bf": "3"}),
        ("a.webm", "libvpx-vp9", {"deadline": "realtime", "cpu-used": "8"}),
        ("a.gif", "gif", {}),
    ],
)
def test_times_and_pictures_are_the_files_own(
    tmp_path: Path, name: str, codec: str, options: dict[str, str]
) -> None:
    times_ms = uneven_ms(30)
    source = VideoFile(write(tmp_path / name, times_ms, codec, options))
    frames = list(source)
    assert [frame.t_ns for frame in frames] == [t_ms * 1_000_000 for t_ms in times_ms]
    assert [frame.sequence for frame in frames] == list(range(30))
    expected = [int(picture(n)[40, 40, 0]) for n in range(30)]
    assert np.abs(np.array(looks(frames)) - expected).max() <= 6
    assert (source.size_px, source.ended_by, source.skipped) == (SIZE, None, 0)
    for frame in frames:
        assert frame.picture.shape == (48, 64, 3)
        assert frame.picture.dtype == np.uint8
        assert frame.picture.flags.c_contiguous


def test_base_moves_all_times_and_each_iteration_begins_anew(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", uneven_ms(12))
    plain, moved = VideoFile(path), VideoFile(path, base_ns=5_000)
    assert [f.t_ns + 5_000 for f in plain] == [f.t_ns for f in moved]
    assert told(list(plain)) == told(list(plain))
    assert plain.total == 12


@pytest.mark.parametrize("is_reversed", [False, True])
@pytest.mark.parametrize(
    ("start_s", "duration_s", "expected"),
    [
        (0.0, 0.2, range(5)),
        (0.2, None, range(5, 50)),
        (0.201, 0.2, range(6, 11)),
        (1.96, 9.0, range(49, 50)),
        (2.0, None, range(0)),
        (0.0, 0.0, range(0)),
    ],
)
def test_a_window_holds_the_pictures_from_start_up_to_its_end(
    tmp_path: Path, is_reversed: bool, start_s: float, duration_s: float | None, expected: range
) -> None:
    path = write(tmp_path / "a.mp4", [40 * k for k in range(50)])
    source = VideoFile(path, is_reversed=is_reversed, start_s=start_s, duration_s=duration_s)
    frames = list(source)
    times = [40_000_000 * k for k in expected]
    if is_reversed:
        times = [times[-1] - t_ns for t_ns in reversed(times)] if times else []
    assert [frame.t_ns for frame in frames] == times
    assert source.ended_by is None


@pytest.mark.parametrize("gop", [1, 4, 10, 250])
@pytest.mark.parametrize("count", [1, 7, 8, 9, 60])
def test_reverse_gives_the_same_pictures_at_mirrored_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gop: int, count: int
) -> None:
    monkeypatch.setattr(video, "_HELD_BYTES", 1)  # chunks of the least size, 8 pictures
    path = write(tmp_path / "a.mp4", uneven_ms(count), options={"bf": "2"}, gop=gop)
    frames = list(VideoFile(path))
    backward = list(VideoFile(path, is_reversed=True))
    assert len(backward) == count
    assert told(backward) == mirrored(frames)
    assert backward[0].t_ns == 0
    assert [frame.sequence for frame in backward] == list(range(count))


def test_reverse_is_exact_where_a_tick_is_no_whole_nanosecond(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", [40 * k for k in range(40)])
    data = bytearray(path.read_bytes())
    scale = data.index(b"mdhd") + 4 + 12  # ISO 14496-12, 8.4.2.3: ticks in a second
    ticks = int.from_bytes(data[scale : scale + 4], "big")
    data[scale : scale + 4] = (ticks + 7).to_bytes(4, "big")
    path.write_bytes(data)
    assert told(list(VideoFile(path, is_reversed=True))) == mirrored(list(VideoFile(path)))


def test_a_gif_is_reversed_although_it_cannot_be_sought(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video, "_HELD_BYTES", 1)
    path = write(tmp_path / "a.gif", [70 * k for k in range(30)], "gif")
    assert told(list(VideoFile(path, is_reversed=True))) == mirrored(list(VideoFile(path)))


def test_reverse_holds_no_more_than_a_chunk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video, "_HELD_BYTES", 20 * 64 * 48 * 3)
    even_gops = {"sc_threshold": "0"}
    path = write(tmp_path / "a.mp4", [40 * k for k in range(90)], options=even_gops, gop=15)
    source = VideoFile(path, is_reversed=True)
    spans: list[int] = []
    span = source._span

    def noted(wanted: list[int], key: int | None) -> list[tuple[int, Any]]:
        spans.append(len(wanted))
        return span(wanted, key)

    monkeypatch.setattr(source, "_span", noted)
    assert len(list(source)) == 90
    assert spans == [15] * 6  # from key frame to key frame, never more than 20


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_pictures_stand_upright_as_the_file_says(tmp_path: Path, rotation: int) -> None:
    """Rotation in the track header's matrix, as phones write it (ISO 14496-12, 8.3.2)."""
    path = write(tmp_path / "a.mp4", [0, 40, 80])
    data = bytearray(path.read_bytes())
    # a, b, c, d of the matrix for turning the shown picture clockwise, in 16.16 fixed point
    a, b = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}[rotation]
    header = data.index(b"tkhd") + 4
    matrix = [a, b, 0, -b, a, 0, 0, 0, 0x4000]
    for place, value in enumerate(matrix):
        at = header + 40 + 4 * place
        data[at : at + 4] = (value * 0x10000).to_bytes(4, "big", signed=True)
    path.write_bytes(data)
    source = VideoFile(path)
    frame = next(iter(source))
    height, width = frame.picture.shape[:2]
    assert source.size_px == (width, height) == ((48, 64) if rotation % 180 else (64, 48))
    corners = {
        "top left": frame.picture[4, 4],
        "top right": frame.picture[4, -4],
        "bottom right": frame.picture[-4, -4],
        "bottom left": frame.picture[-4, 4],
    }
    expected = ("top left", "top right", "bottom right", "bottom left")[rotation // 90]
    assert max(corners, key=lambda corner: int(corners[corner].sum())) == expected
    assert frame.picture.flags.c_contiguous


# --------------------------------------------------------------------------- damage


def cut_positions(size: int) -> list[int]:
    return sorted({0, 1, 7, 100, size - 1, *np.linspace(0, size - 2, 12).astype(int).tolist()})


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("a.mp4", "libx264", {"bf": "3"}),
        ("a.webm", "libvpx-vp9", {"deadline": "realtime", "cpu-used": "8"}),
        ("a.gif", "gif", {}),
    ],
)
def test_a_file_cut_anywhere_gives_its_good_beginning_and_says_so(
    tmp_path: Path, name: str, codec: str, options: dict[str, str]
) -> None:
    path = tmp_path / name
    write(path, [40 * k for k in range(60)], codec, options)
    if name == "a.mp4":
        _remux(path, "faststart")
    whole = told(list(VideoFile(path)))
    data = path.read_bytes()
    lengths = []
    for size in cut_positions(len(data)):
        path.write_bytes(data[:size])
        try:
            source = VideoFile(path)
        except SourceError as error:
            assert "\n" not in str(error)  # noqa: PT017 - either outcome is right
            assert str(path) in str(error)  # noqa: PT017
            lengths.append(0)
            continue
        frames = list(source)
        lengths.append(len(frames))
        assert told(frames) == whole[: len(frames)]
        if len(frames) < (48 if name == "a.webm" else 60):  # WebM declares its duration only
            assert source.ended_by is not None
            assert f"{len(frames)} good pictures were read" in source.ended_by
        backward = VideoFile(path, is_reversed=True)
        assert told(list(backward)) == mirrored(frames)
        assert backward.ended_by == source.ended_by
    assert lengths == sorted(lengths)
    assert lengths[0] == 0
    assert any(10 < length < 50 for length in lengths)


@pytest.mark.parametrize("share", [0.3, 0.5, 0.8])
def test_a_fragmented_file_cut_in_a_fragments_pictures_plays_up_to_there(
    tmp_path: Path, share: float
) -> None:
    path = write(tmp_path / "a.mp4", [40 * k for k in range(60)])
    _remux(path, "frag_keyframe+empty_moov")
    whole = told(list(VideoFile(path)))
    data = path.read_bytes()
    cut = data.index(b"mdat", int(len(data) * share)) + 30
    path.write_bytes(data[:cut])
    source = VideoFile(path)
    frames = list(source)
    assert 0 < len(frames) < 60
    assert told(frames) == whole[: len(frames)]
    assert source.ended_by is not None


def _remux(path: Path, movflags: str) -> None:
    other = path.with_suffix(".other.mp4")
    with (
        av.open(str(path)) as old,
        av.open(str(other), "w", format="mp4", options={"movflags": movflags}) as new,
    ):
        stream = new.add_stream_from_template(old.streams.video[0])
        for packet in old.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                new.mux(packet)
    other.replace(path)


def test_damage_in_the_middle_ends_the_file_there(tmp_path: Path) -> None:
    rough = np.random.default_rng(4)
    path = write(tmp_path / "a.mp4", [40 * k for k in range(60)])
    whole = told(list(VideoFile(path)))
    data = bytearray(path.read_bytes())
    middle = data.index(b"mdat") + (len(data) - data.index(b"mdat")) // 3
    data[middle : middle + 400] = rough.bytes(400)
    path.write_bytes(data)
    source = VideoFile(path)
    frames = list(source)
    assert 0 < len(frames) < 60
    assert told(frames) == whole[: len(frames)]
    assert source.ended_by is not None
    assert f"a.mp4 is damaged or cut off; {len(frames)} good pictures" in source.ended_by


def test_what_is_no_video_is_refused_with_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("no pictures here\n" * 100)
    with av.open(str(tmp_path / "sound.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=48_000)
        silence = av.AudioFrame.from_ndarray(np.zeros((2, 4096), np.float32), format="fltp")
        silence.sample_rate = 48_000
        container.mux(stream.encode(silence))
        container.mux(stream.encode(None))
    for name, reason in (
        ("missing.mp4", "is no file"),
        (".", "is no file"),
        ("empty.mp4", "0 bytes"),
        ("text.mp4", "cannot be opened as video"),
        ("sound.mp4", "no video that can be decoded"),
    ):
        with pytest.raises(SourceError, match=reason) as caught:
            VideoFile(tmp_path / name)
        assert "\n" not in str(caught.value)


class StandIn:
    """A container whose decoder gives the frames that it is told, one a packet."""

    def __init__(self, frames: list[SimpleNamespace], duration: int | None = None) -> None:
        stream = SimpleNamespace(
            time_base=Fraction(1, 100),
            frames=0,
            average_rate=Fraction(25),
            codec_context=SimpleNamespace(options={}, name="vp9"),
            decode=lambda packet: [packet.frame] if packet else [],
        )
        self.streams = SimpleNamespace(video=[stream])
        self.duration = None if duration is None else duration * av.time_base // 100
        self.start_time = 0
        self.frames = frames

    def demux(self, stream: object) -> Iterator[SimpleNamespace]:
        for frame in self.frames:
            yield SimpleNamespace(is_corrupt=False, size=1, frame=frame, pts=frame.pts)

    def __enter__(self) -> "StandIn":
        return self

    def __exit__(self, *error: object) -> None:
        pass


def decoded(pts: int | None, size: tuple[int, int] = SIZE, **more: Any) -> SimpleNamespace:
    return SimpleNamespace(
        pts=pts,
        width=size[0],
        height=size[1],
        rotation=more.get("rotation", 0),
        is_corrupt=more.get("is_corrupt", False),
        key_frame=True,
        to_ndarray=lambda format: picture(0),
    )


@pytest.mark.parametrize(
    ("frames", "times", "skipped", "ended_by"),
    [
        ([decoded(t) for t in (0, 4, 4, 8)], [0, 4, 8], 1, None),
        ([decoded(t) for t in (0, 8, 4, 12)], [0, 8, 12], 1, None),
        ([decoded(t) for t in (0, 100, 0, 104)], [0, 100, 104], 1, None),
        ([decoded(t) for t in (0, 101, 0, 104)], [0, 101], 0, "falls back in time; 2 good"),
        ([decoded(0), decoded(4), decoded(None), decoded(8)], [0, 4], 0, "without a time"),
        ([decoded(0), decoded(4, (32, 24))], [0], 0, "changes its size to 32x24; 1 good"),
        ([decoded(0), decoded(4, is_corrupt=True), decoded(8)], [0], 0, "damaged"),
    ],
)
def test_times_that_do_not_grow_and_other_odd_frames(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    frames: list[SimpleNamespace],
    times: list[int],
    skipped: int,
    ended_by: str | None,
) -> None:
    (tmp_path / "a.mp4").write_bytes(b"stand-in")
    monkeypatch.setattr(video, "_open", lambda path: StandIn(frames))
    source = VideoFile(tmp_path / "a.mp4")
    assert [frame.t_ns // 10_000_000 for frame in source] == times
    assert source.skipped == skipped
    assert (source.ended_by is None) == (ended_by is None)
    assert ended_by is None or ended_by in str(source.ended_by)


def test_a_file_shorter_than_it_says_is_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.webm").write_bytes(b"stand-in")
    frames = [decoded(t) for t in range(0, 100, 4)]
    for duration, is_short in ((100, False), (128, False), (130, True)):
        monkeypatch.setattr(video, "_open", lambda path, d=duration: StandIn(frames, d))
        source = VideoFile(tmp_path / "a.webm")
        assert len(list(source)) == 25
        assert (source.ended_by is not None) == is_short


@pytest.mark.parametrize(
    ("first", "reason"),
    [(decoded(None), "without a time"), (decoded(0, rotation=30), "turned by 30 degrees")],
)
def test_a_first_frame_that_cannot_be_used_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: SimpleNamespace, reason: str
) -> None:
    (tmp_path / "a.mp4").write_bytes(b"stand-in")
    monkeypatch.setattr(video, "_open", lambda path: StandIn([first]))
    with pytest.raises(SourceError, match=reason):
        VideoFile(tmp_path / "a.mp4")


def test_closing_ends_the_iteration(tmp_path: Path) -> None:
    source = VideoFile(write(tmp_path / "a.mp4", uneven_ms(20)))
    frames = iter(source)
    next(frames)
    source.close()
    assert list(frames) == []


# --------------------------------------------------------------------------- pacing


class Clock:
    """Time that passes only by sleeping, and while the caller works."""

    def __init__(self) -> None:
        self.ns = 1_000_000_000_000

    def now_ns(self) -> int:
        return self.ns

    def sleep(self, seconds: float) -> None:
        self.ns += round(seconds * 1e9)


def frames_at(times_ns: list[int]) -> list[Frame]:
    return [Frame(t_ns, number, picture(0)) for number, t_ns in enumerate(times_ns)]


def test_paced_frames_come_when_they_are_due_and_are_stamped_so() -> None:
    clock = Clock()
    begun_ns = clock.ns
    times_ns = [500, 40_000_500, 90_000_500]
    arrived = []
    for frame in pace(frames_at(times_ns), clock.now_ns, clock.sleep):
        arrived.append((frame.t_ns, clock.ns))
        clock.ns += 10_000_000
    due = [begun_ns, begun_ns + 40_000_000, begun_ns + 90_000_000]
    assert arrived == [(t_ns, t_ns) for t_ns in due]


@given(st.lists(st.integers(1, 100), max_size=30), st.lists(st.integers(0, 300), min_size=31))
def test_a_slow_caller_gets_the_newest_frame_and_never_an_overtaken_one(
    steps_ms: list[int], busy_ms: list[int]
) -> None:
    clock = Clock()
    begun_ns = clock.ns
    times_ns = [0, *(np.cumsum(steps_ms) * 1_000_000).tolist()]
    seen = []
    work = iter(busy_ms)
    for frame in pace(frames_at([int(t) for t in times_ns]), clock.now_ns, clock.sleep):
        following = [begun_ns + t for t in times_ns[frame.sequence + 1 :]]
        assert frame.t_ns <= clock.ns
        assert not following or following[0] > clock.ns
        seen.append(frame.sequence)
        clock.ns += next(work) * 1_000_000
    assert seen == sorted(set(seen))
    assert seen[-1] == len(times_ns) - 1


def test_no_frames_are_paced_to_none() -> None:
    assert list(pace([])) == []


def test_a_paced_file_runs_on_the_rigs_clock(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", [0, 40, 80])
    before_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    frames = list(VideoFile(path, paced=True))
    after_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    assert before_ns <= frames[0].t_ns
    assert frames[-1].t_ns <= after_ns
    assert frames[-1].t_ns - frames[0].t_ns == 80_000_000


# --------------------------------------------------------------------------- real clips


@pytest.mark.parametrize(
    ("name", "count", "size"),
    [
        ("fall_indoor_1.mp4", 119, (640, 360)),
        ("worker_on_marked_floor.gif", 71, (480, 270)),
        ("carpark_person_bicycle_car.gif", 41, (480, 270)),
    ],
)
def test_real_clips_play_both_ways(name: str, count: int, size: tuple[int, int]) -> None:
    if not (SHARED / name).is_file():
        pytest.skip(f"{name} is not in ../shared/data/video")
    source = VideoFile(SHARED / name)
    frames = list(source)
    assert (len(frames), source.total, source.size_px) == (count, count, size)
    assert told(list(VideoFile(SHARED / name, is_reversed=True))) == mirrored(frames)


# --------------------------------------------------------------------------- folders


def save(folder: Path, names: list[str]) -> None:
    for number, name in enumerate(names):
        assert cv2.imwrite(str(folder / name), picture(number))


def test_a_folder_is_read_in_natural_order_at_an_even_rate(tmp_path: Path) -> None:
    save(tmp_path, ["1.png", "2.PNG", "9.jpg", "10.jpeg", "a2.webp", "a10.png"])
    (tmp_path / "notes.txt").write_text("not a picture")
    source = PictureFolder(tmp_path, rate_hz=30, base_ns=7)
    frames = list(source)
    greys = np.array(looks(frames)) - [int(picture(n)[40, 40, 0]) for n in range(6)]
    assert np.abs(greys).max() <= 3
    assert [frame.t_ns for frame in frames] == [7 + round(k * 1e9 / 30) for k in range(6)]
    assert (source.size_px, source.total, source.ended_by) == (SIZE, 6, None)
    source.close()
    assert list(source) == []


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
@pytest.mark.parametrize("kept", [0.0, 0.3, 0.7, 0.99])
def test_a_picture_cut_off_ends_the_folder_there(tmp_path: Path, suffix: str, kept: float) -> None:
    save(tmp_path, [f"{n}{suffix}" for n in range(4)])
    data = (tmp_path / f"2{suffix}").read_bytes()
    (tmp_path / f"2{suffix}").write_bytes(data[: int(len(data) * kept)])
    source = PictureFolder(tmp_path, rate_hz=10)
    assert [frame.sequence for frame in source] == [0, 1]
    assert f"2{suffix} is damaged or cut off; 2 good pictures" in str(source.ended_by)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_a_pictures_own_end_is_looked_for(suffix: str) -> None:
    """Some versions of OpenCV fill what is missing with grey and say nothing."""
    data = cv2.imencode(suffix, picture(3))[1].tobytes()
    assert _is_whole(data)
    assert _is_whole(data + bytes(8))
    assert not any(_is_whole(data[:size]) for size in range(len(data) - 1))
    assert not _is_whole(b"GIF89a" + data)


def test_folders_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no folder"):
        PictureFolder(tmp_path / "missing", 10)
    with pytest.raises(SourceError, match="holds no picture"):
        PictureFolder(tmp_path, 10)
    save(tmp_path, ["1.png", "2.png"])
    for rate_hz in (0.0, -1.0, float("nan")):
        with pytest.raises(SourceError, match="not above 0"):
            PictureFolder(tmp_path, rate_hz)
    cv2.imwrite(str(tmp_path / "2.png"), np.zeros((10, 20, 3), np.uint8))
    with pytest.raises(SourceError, match=r"2\.png is 20x10 but the first picture is 64x48"):
        list(PictureFolder(tmp_path, 10))
    (tmp_path / "1.png").write_bytes(b"")
    with pytest.raises(SourceError, match=r"1\.png is damaged"):
        PictureFolder(tmp_path, 10)


def test_a_picture_that_is_in_the_file_and_never_comes_is_damage() -> None:
    times = FrameTimes(Fraction(1, 25))
    for promised in (0, 3, 1, 2):  # in the order of decoding
        times.promise(promised)
    assert [times.accept(time, SIZE) for time in (0, 1)] == [True, True]
    assert not times.accept(3, SIZE)
    assert times.ended_by == "is damaged: a picture is lost"
    assert (times.good, times.last) == (2, 1)
