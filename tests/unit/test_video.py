"""Recorded pictures: true times, playing in reverse, rotation, windows."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rig.devices import video
from rig.devices.video import VideoFile
from tests.unit.tiny_videos import SHARED, SIZE, looks, mirrored, picture, told, uneven_ms, write


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


def test_closing_ends_the_iteration(tmp_path: Path) -> None:
    source = VideoFile(write(tmp_path / "a.mp4", uneven_ms(20)))
    frames = iter(source)
    next(frames)
    source.close()
    assert list(frames) == []


# --------------------------------------------------------------------------- pacing


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
