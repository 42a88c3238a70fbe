"""A stand-in for picamera2 that accepts just its calls, in just the order that it wants.

Unknown arguments, a request not given back, or a call out of order fail. Each fault that the
virtual camera of libcamera cannot give is a class attribute here.
"""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from rig.devices.picamera import WAIT_S

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


class StrictCamera:
    """Accepts just the calls that picamera2 has, in just the order that it wants."""

    infos: tuple[str, ...] = ("imx708",)
    controls: tuple[str, ...] = ("AeExposureMode", "AfMode", "LensPosition")
    format_name = "YUV420"
    age_ns = 20_000_000
    dies_after = 1_000_000
    late_waits = 0
    """So many waits end before the next frame comes."""
    busy = False
    refuses = ""
    """The call that raises RuntimeError, as libcamera's failures come."""
    jump_ns = 0
    """Added to the stamps from the third frame on: another clock."""
    blocks_in = ""
    """The call that does not come back until `let_go` is set."""
    let_go: threading.Event
    made: "list[StrictCamera]"

    def __init__(self) -> None:
        if self.busy:
            raise RuntimeError("Camera __init__ sequence did not complete.")
        self.calls: list[str] = []
        self.asked = 0
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
        colour_space: str,
        controls: dict[str, Any],
    ) -> dict[str, Any]:
        self.options = {"main": main, "buffers": buffer_count, "queue": queue, **controls}
        self.options["colours"] = colour_space
        return {"main": main}

    def configure(self, configuration: dict[str, Any]) -> None:
        assert configuration["main"]["size"] == (1280, 720)
        self._call("configure")

    def camera_configuration(self) -> dict[str, Any]:
        assert self.calls == ["configure"]
        stride = fill(self.format_name, scene(), 32)[1] if self.format_name in FORMATS else 0
        main = {"format": self.format_name, "size": (WIDTH, HEIGHT), "stride": stride}
        return {"main": main}

    def start(self) -> None:
        assert self.calls == ["configure"]
        self._call("start")

    def capture_request(self, wait: bool) -> str:
        assert self.calls == ["configure", "start"]
        assert wait is False
        assert self.asked == 0, "a second job would take a second request"
        assert self.held == 0, "the last request was not given back"
        self.asked += 1
        return "job"

    def wait(self, job: str, timeout: float) -> "StrictRequest":
        assert (job, self.asked) == ("job", 1)
        assert 0 < timeout <= WAIT_S
        if self.given == self.dies_after:
            raise TimeoutError
        if self.late_waits > 0:
            self.late_waits -= 1
            raise TimeoutError
        self.asked -= 1
        self.held += 1
        self.given += 1
        return StrictRequest(self)

    def stop(self) -> None:
        self._call("stop")

    def close(self) -> None:
        self._call("close")

    def _call(self, name: str) -> None:
        if name == self.refuses:
            raise RuntimeError(f"Failed to {name} camera")
        if name == self.blocks_in:
            self.let_go.wait(20.0)
        self.calls.append(name)


class StrictRequest:
    def __init__(self, camera: StrictCamera) -> None:
        self.camera = camera

    def make_buffer(self, name: str) -> NDArray[np.uint8]:
        assert (name, self.camera.held) == ("main", 1)
        return fill(self.camera.format_name, scene(), 32)[0]

    def get_metadata(self) -> dict[str, int]:
        assert self.camera.held == 1
        now_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        jump_ns = self.camera.jump_ns if self.camera.given > 2 else 0
        return {"SensorTimestamp": now_ns - self.camera.age_ns + jump_ns, "ExposureTime": 1000}

    def release(self) -> None:
        self.camera.held -= 1


@contextmanager
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[StrictCamera]]:
    """The stand-in as `picamera2`; at the end every request must have come back."""

    class Fresh(StrictCamera):
        made: "list[StrictCamera]" = []  # noqa: RUF012
        let_go = threading.Event()

    picamera2, libcamera = ModuleType("picamera2"), ModuleType("libcamera")
    controls = SimpleNamespace(
        AeExposureModeEnum=SimpleNamespace(Short="short"),
        AfModeEnum=SimpleNamespace(Manual="manual"),
    )
    spaces = SimpleNamespace(Smpte170m=lambda: "BT.601")
    monkeypatch.setattr(picamera2, "Picamera2", Fresh, raising=False)
    monkeypatch.setattr(libcamera, "controls", controls, raising=False)
    monkeypatch.setattr(libcamera, "ColorSpace", spaces, raising=False)
    monkeypatch.setitem(sys.modules, "picamera2", picamera2)
    monkeypatch.setitem(sys.modules, "libcamera", libcamera)
    yield Fresh
    Fresh.let_go.set()
    assert all(camera.held == 0 for camera in Fresh.made)
