"""Camera buffers with padded rows become the right picture; the camera is called as it wants.

What libcamera itself does is the matter of scripts/check-camera.
"""

import sys
import time
from collections.abc import Iterator

import numpy as np
import pytest

from rig.config import CameraOptions
from rig.devices.picamera import BufferLayout, PiCamera, to_bgr
from rig.errors import SourceError
from rig.records import Frame
from tests.unit.strict_camera import (
    FORMATS,
    HEIGHT,
    PADDING,
    WIDTH,
    StrictCamera,
    fill,
    installed,
    scene,
)


@pytest.mark.parametrize("spare", [0, 2, 32, 64])
@pytest.mark.parametrize("format_name", FORMATS)
def test_every_format_gives_the_picture_without_its_padding(format_name: str, spare: int) -> None:
    bgr = scene()
    buffer, stride = fill(format_name, bgr, spare)
    picture = to_bgr(buffer, BufferLayout(format_name, WIDTH, HEIGHT, stride))
    assert picture.shape == bgr.shape
    assert picture.dtype == np.uint8
    assert picture.flags.c_contiguous
    worst = np.abs(picture.astype(int) - bgr.astype(int)).max()
    assert worst <= (8 if "8888" not in format_name and "888" not in format_name else 0)


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (640, 360), (66, 38), (1538, 866)])
def test_sizes_whose_chroma_rows_do_not_fill_whole_luma_rows(width: int, height: int) -> None:
    bgr = scene(width, height)
    buffer, stride = fill("YUV420", bgr, 62)
    picture = to_bgr(buffer, BufferLayout("YUV420", width, height, stride))
    assert np.abs(picture.astype(int) - bgr.astype(int)).max() <= 8


def test_spare_bytes_after_the_picture_are_ignored() -> None:
    buffer, stride = fill("NV12", scene(), 16)
    longer = np.concatenate([buffer, np.full(4096, PADDING, np.uint8)])
    layout = BufferLayout("NV12", WIDTH, HEIGHT, stride)
    assert np.array_equal(to_bgr(longer, layout), to_bgr(buffer, layout))


def test_a_short_buffer_and_an_unknown_format_are_refused() -> None:
    buffer, stride = fill("YUV420", scene(), 0)
    with pytest.raises(SourceError, match=f"holds {buffer.size - 1} bytes"):
        to_bgr(buffer[:-1], BufferLayout("YUV420", WIDTH, HEIGHT, stride))
    with pytest.raises(SourceError, match=r"MJPEG.*YUV420, "):
        to_bgr(buffer, BufferLayout("MJPEG", WIDTH, HEIGHT, stride))


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[StrictCamera]]:
    with installed(monkeypatch) as camera:
        yield camera


def test_frames_come_numbered_upright_and_stamped_with_the_light(
    strict: type[StrictCamera],
) -> None:
    camera = PiCamera(CameraOptions())
    before_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    frames = [frame for frame, _ in zip(camera, range(3), strict=False)]
    after_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    camera.close()
    assert [frame.sequence for frame in frames] == [0, 1, 2]
    assert camera.size_px == (WIDTH, HEIGHT)
    assert np.abs(frames[0].picture.astype(int) - scene().astype(int)).max() <= 8
    # 20 ms from stamp to program, and 1 ms of exposure before the stamp
    assert all(before_ns <= f.t_ns + 21_000_000 <= after_ns for f in frames)
    assert strict.made[0].calls == ["configure", "start", "stop", "close"]


def test_the_configuration_is_the_one_that_the_facts_ask_for(strict: type[StrictCamera]) -> None:
    PiCamera(CameraOptions(rate_hz=30.0, lens_position=0.1)).close()
    assert strict.made[0].options == {
        "main": {"size": (1280, 720), "format": "YUV420"},
        "buffers": 4,
        "queue": False,
        "FrameDurationLimits": (33333, 33333),
        "AeExposureMode": "short",
        "AfMode": "manual",
        "LensPosition": 0.1,
        "colours": "BT.601",
    }


def test_a_fixed_lens_gets_no_focus_controls(strict: type[StrictCamera]) -> None:
    strict.controls = ("AeExposureMode",)
    PiCamera(CameraOptions()).close()
    assert not {"AfMode", "LensPosition"} & set(strict.made[0].options)


@pytest.mark.parametrize("format_name", FORMATS)
def test_the_format_that_the_camera_reports_is_the_one_converted(
    strict: type[StrictCamera], format_name: str
) -> None:
    strict.format_name = format_name
    frame = next(iter(PiCamera(CameraOptions())))
    assert np.abs(frame.picture.astype(int) - scene().astype(int)).max() <= 8


def test_a_camera_that_falls_silent_is_an_error_with_a_remedy(strict: type[StrictCamera]) -> None:
    strict.dies_after = 2
    camera = PiCamera(CameraOptions())
    frames: list[Frame] = []
    with pytest.raises(SourceError, match=r"no picture for 1 s.*ribbon"):
        frames.extend(camera)
    camera.close()
    camera.close()
    assert strict.made[0].calls == ["configure", "start", "stop", "close"]


@pytest.mark.parametrize("age_ns", [-5_000_000_000, 1_000_000_000, 3600_000_000_000])
def test_a_stamp_from_another_clock_is_refused(strict: type[StrictCamera], age_ns: int) -> None:
    strict.age_ns = age_ns
    with pytest.raises(SourceError, match="CLOCK_BOOTTIME"):
        next(iter(PiCamera(CameraOptions())))


def test_an_unknown_format_is_refused_before_the_camera_starts(strict: type[StrictCamera]) -> None:
    strict.format_name = "MJPEG"
    with pytest.raises(SourceError, match="MJPEG"):
        PiCamera(CameraOptions())
    assert strict.made[0].calls == ["configure", "close"]


def test_no_camera_and_a_camera_in_use_are_told_apart(strict: type[StrictCamera]) -> None:
    strict.busy = True
    with pytest.raises(SourceError, match="other programs"):
        PiCamera(CameraOptions())
    strict.infos = ()
    with pytest.raises(SourceError, match="no camera is connected"):
        PiCamera(CameraOptions())


def test_a_missing_picamera2_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "picamera2", None)
    monkeypatch.setitem(sys.modules, "libcamera", None)
    with pytest.raises(SourceError, match=r"python3-picamera2.*--system-site-packages"):
        PiCamera(CameraOptions())
