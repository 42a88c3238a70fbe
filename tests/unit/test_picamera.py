"""Camera buffers with padded rows become the right picture; the camera is called as it wants.

The stand-in for picamera2 is strict: unknown arguments, a request not given back, or a call out
of order fail. What libcamera itself does is not tested here.
"""

import sys
import time
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from rig.config import CameraOptions
from rig.devices.picamera import WAIT_S, BufferLayout, PiCamera, to_bgr
from rig.errors import SourceError
from rig.records import Frame

WIDTH, HEIGHT = 64, 36
PADDING = 0xAA


def scene(width: int = WIDTH, height: int = HEIGHT) -> NDArray[np.uint8]:
    """Smooth colours, so that halved chroma loses little; blue, green and red all differ."""
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    channels = [60 + 120 * x, 80 + 100 * y, 200 - 90 * x]
    return np.stack(channels, axis=2).astype(np.uint8)


def pad(plane: NDArray[np.uint8], stride: int) -> NDArray[np.uint8]:
    padded = np.full((plane.shape[0], stride), PADDING, np.uint8)
    padded[:, : plane.shape[1]] = plane
    return padded.reshape(-1)


def yuv_planes(bgr: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], ...]:
    height, width = bgr.shape[:2]
    flat = cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_I420).reshape(-1)
    luma = flat[: width * height].reshape(height, width)
    u, v = flat[width * height :].reshape(2, height // 2, width // 2)
    return np.asarray(luma), np.asarray(u), np.asarray(v)


def fill(format_name: str, bgr: NDArray[np.uint8], spare: int) -> tuple[NDArray[np.uint8], int]:
    """The buffer that a camera would give, rows padded by `spare` bytes, and its stride."""
    height, width = bgr.shape[:2]
    if format_name in ("YUV420", "YVU420", "NV12", "NV21"):
        luma, u, v = yuv_planes(bgr)
        stride = width + spare
        if format_name.startswith("NV"):
            pair = (u, v) if format_name == "NV12" else (v, u)
            chroma = [pad(np.stack(pair, axis=2).reshape(height // 2, width), stride)]
        else:
            order = (u, v) if format_name == "YUV420" else (v, u)
            chroma = [pad(plane, stride // 2) for plane in order]
        return np.concatenate([pad(luma, stride), *chroma]), stride
    order3 = [0, 1, 2] if "RGB" in format_name else [2, 1, 0]
    pixels = bgr[:, :, order3]
    if format_name.startswith("X"):
        pixels = np.dstack([pixels, np.full((height, width), PADDING, np.uint8)])
    rows = pixels.reshape(height, -1)
    return pad(rows, rows.shape[1] + spare), rows.shape[1] + spare


FORMATS = ("YUV420", "YVU420", "NV12", "NV21", "RGB888", "BGR888", "XRGB8888", "XBGR8888")


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


class StrictCamera:
    """Accepts just the calls that picamera2 has, in just the order that it wants."""

    infos: tuple[str, ...] = ("imx708",)
    controls: tuple[str, ...] = ("AeExposureMode", "AfMode", "LensPosition")
    format_name = "YUV420"
    age_ns = 20_000_000
    dies_after = 1_000_000
    busy = False
    made: "list[StrictCamera]"

    def __init__(self) -> None:
        if self.busy:
            raise RuntimeError("Camera __init__ sequence did not complete.")
        self.calls: list[str] = []
        self.held = 0
        self.given = 0
        self.options: dict[str, Any] = {}
        type(self).made.append(self)

    @classmethod
    def global_camera_info(cls) -> list[dict[str, str]]:
        return [{"Model": info} for info in cls.infos]

    @property
    def camera_controls(self) -> dict[str, tuple[int, int, int]]:
        return dict.fromkeys(self.controls, (0, 1, 0))

    def create_video_configuration(
        self,
        main: dict[str, Any],
        buffer_count: int,
        queue: bool,
        controls: dict[str, Any],
    ) -> dict[str, Any]:
        self.options = {"main": main, "buffers": buffer_count, "queue": queue, **controls}
        return {"main": main}

    def configure(self, configuration: dict[str, Any]) -> None:
        assert configuration["main"]["size"] == (1280, 720)
        self.calls.append("configure")

    def camera_configuration(self) -> dict[str, Any]:
        assert self.calls == ["configure"]
        stride = fill(self.format_name, scene(), 32)[1] if self.format_name in FORMATS else 0
        main = {"format": self.format_name, "size": (WIDTH, HEIGHT), "stride": stride}
        return {"main": main}

    def start(self) -> None:
        assert self.calls == ["configure"]
        self.calls.append("start")

    def capture_request(self, wait: float) -> "StrictRequest":
        assert self.calls == ["configure", "start"]
        assert wait == WAIT_S
        assert self.held == 0, "the last request was not given back"
        if self.given == self.dies_after:
            raise TimeoutError
        self.held += 1
        self.given += 1
        return StrictRequest(self)

    def stop(self) -> None:
        self.calls.append("stop")

    def close(self) -> None:
        self.calls.append("close")


class StrictRequest:
    def __init__(self, camera: StrictCamera) -> None:
        self.camera = camera

    def make_buffer(self, name: str) -> NDArray[np.uint8]:
        assert (name, self.camera.held) == ("main", 1)
        return fill(self.camera.format_name, scene(), 32)[0]

    def get_metadata(self) -> dict[str, int]:
        assert self.camera.held == 1
        now_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        return {"SensorTimestamp": now_ns - self.camera.age_ns, "ExposureTime": 1000}

    def release(self) -> None:
        self.camera.held -= 1


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[StrictCamera]]:
    class Fresh(StrictCamera):
        made: "list[StrictCamera]" = []  # noqa: RUF012

    picamera2, libcamera = ModuleType("picamera2"), ModuleType("libcamera")
    controls = SimpleNamespace(
        AeExposureModeEnum=SimpleNamespace(Short="short"),
        AfModeEnum=SimpleNamespace(Manual="manual"),
    )
    monkeypatch.setattr(picamera2, "Picamera2", Fresh, raising=False)
    monkeypatch.setattr(libcamera, "controls", controls, raising=False)
    monkeypatch.setitem(sys.modules, "picamera2", picamera2)
    monkeypatch.setitem(sys.modules, "libcamera", libcamera)
    yield Fresh
    assert all(camera.held == 0 for camera in Fresh.made)


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
