"""Video files that are cut, damaged, odd or no videos at all."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import pytest

from rig.core.frame_times import FrameTimes
from rig.devices import video
from rig.devices.video import VideoFile
from rig.errors import SourceError
from tests.unit.tiny_videos import SIZE, mirrored, picture, told, write


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


def test_a_picture_that_is_in_the_file_and_never_comes_is_damage() -> None:
    times = FrameTimes(Fraction(1, 25))
    for promised in (0, 3, 1, 2):  # in the order of decoding
        times.promise(promised)
    assert [times.accept(time, SIZE) for time in (0, 1)] == [True, True]
    assert not times.accept(3, SIZE)
    assert times.ended_by == "is damaged: a picture is lost"
    assert (times.good, times.last) == (2, 1)
