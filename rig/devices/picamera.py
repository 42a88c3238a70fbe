"""The Raspberry Pi's camera as a source of frames.

Decides how the camera is configured and how its buffers become blue-green-red pictures. Does not
judge pictures and does not wait for ever: no picture for a second is an error that ends the
program, and the horn, which heard nothing for far less, sounds by then. Called by `rig.programs`.

picamera2 comes with Raspberry Pi OS and is imported only when a camera is opened. Tried on the
real libcamera and picamera2 with libcamera's virtual camera (scripts/check-camera), on made-up
buffers for every format and padding, and on a strict stand-in for faults; not yet on a Pi.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from rig.config import CameraOptions
from rig.errors import SourceError
from rig.records import Frame, Picture

WAIT_S = 1.0
"""No picture for this long is a dead camera; without a limit picamera2 can wait for ever."""
CLOSE_S = 2.0
"""Stopping takes 0.4 s on the real stack; a broken camera may never stop (FACTS: picamera2)."""
_AGE_MOST_NS = 1_000_000_000
"""A fresh picture is 20 ms old; one outside 0 to 1 s is stamped on another clock."""


@dataclass(frozen=True, slots=True)
class BufferLayout:
    """How a buffer holds a picture, as `camera_configuration()` reports it.

    `stride_bytes` is from one row's first byte to the next row's (of the luma plane for YUV).
    """

    format_name: str
    width_px: int
    height_px: int
    stride_bytes: int


class PiCamera:
    """Frames from the first camera, stamped on CLOCK_BOOTTIME when their light arrived.

    The sensor's time stamp is of the first row's readout and the light is older by the exposure,
    so `t_ns` is the stamp less the exposure time: if anything too old, which warns earlier.
    `sequence` counts the frames given; older ones that nobody fetched are dropped by the camera.

    Raises SourceError where picamera2, a camera or a known buffer format is missing, where the
    first frame's stamp is not fresh, and while iterating when no picture comes for WAIT_S.
    """

    def __init__(self, options: CameraOptions) -> None:
        picamera2, libcamera = _import_stack()
        self._camera = _open_first(picamera2)
        self.ended_by: str | None = None
        self._is_closed = False
        self._given = 0
        self._unseen_s = 0.0
        self._asked: Any = None
        try:
            self._camera.configure(_configure(self._camera, libcamera, options))
            self._layout = _read_layout(self._camera.camera_configuration()["main"])
            self._camera.start()
        except BaseException as error:
            _end("close", self._camera.close)
            if isinstance(error, RuntimeError):
                raise SourceError(
                    f"the camera does not start ({error}); end other programs that use it, "
                    "check its ribbon cable with power off"
                ) from error
            raise
        self.size_px = (self._layout.width_px, self._layout.height_px)

    def __iter__(self) -> Iterator[Frame]:
        """The newest frame each time, until closed."""
        while not self._is_closed:
            if (frame := self.newest(WAIT_S)) is not None:
                yield frame

    def newest(self, wait_s: float) -> Frame | None:
        """The newest frame; None when none came within `wait_s`, so that a loop can go on.

        Raises SourceError when none has come for WAIT_S.
        """
        captured = self._capture(wait_s)
        if captured is None:
            self._unseen_s += wait_s
            if self._unseen_s > WAIT_S - 1e-6:
                raise SourceError(
                    f"the camera gave no picture for {WAIT_S:g} s; check its ribbon cable and "
                    "restart"
                )
            return None
        self._unseen_s = 0.0
        buffer, metadata = captured
        stamp_ns = int(metadata["SensorTimestamp"])
        if self._given == 0:
            _check_fresh(stamp_ns, time.clock_gettime_ns(time.CLOCK_BOOTTIME))
        exposure_ns = int(metadata.get("ExposureTime", 0)) * 1000
        self._given += 1
        return Frame(stamp_ns - exposure_ns, self._given - 1, to_bgr(buffer, self._layout))

    def close(self) -> None:
        """Stop the camera and give it back.

        Raises SourceError when a broken camera does not stop within CLOSE_S; the process can only
        end then, and the camera is free again when it has.
        """
        if not self._is_closed:
            self._is_closed = True
            _end("stop", self._stop)

    def _stop(self) -> None:
        self._camera.stop()
        self._camera.close()

    def _capture(self, wait_s: float) -> tuple[NDArray[np.uint8], Mapping[str, Any]] | None:
        """A copy of the newest buffer, and its metadata; the request is always given back.

        A wait that ends does not end what was asked for (picamera2#889): asked again it would take
        a second buffer that nobody gives back, so the same job is waited for the next time.
        """
        if self._asked is None:
            self._asked = self._camera.capture_request(wait=False)
        try:
            request = self._camera.wait(self._asked, timeout=wait_s)
        except TimeoutError:
            return None
        self._asked = None
        try:
            return request.make_buffer("main"), request.get_metadata()
        finally:
            request.release()


def to_bgr(buffer: NDArray[np.uint8], layout: BufferLayout) -> Picture:
    """A flat camera buffer as a contiguous picture, padding cut off.

    Raises SourceError for a format that is not in the table, or a buffer that is too short.
    """
    converter = _CONVERTERS.get(layout.format_name)
    if converter is None:
        raise SourceError(
            f"the camera gives {layout.format_name}, which is not one of "
            f"{', '.join(_CONVERTERS)}; configure one of these"
        )
    picture = converter(buffer.reshape(-1), layout)[: layout.height_px, : layout.width_px]
    return np.ascontiguousarray(picture, dtype=np.uint8)


def _rows(
    buffer: NDArray[np.uint8], layout: BufferLayout, rows: int, depth: int = 1
) -> NDArray[np.uint8]:
    if layout.stride_bytes < layout.width_px * depth:
        raise SourceError(
            f"the camera's {layout.format_name} rows are {layout.stride_bytes} bytes apart, its "
            f"stride must be {layout.width_px * depth} or more; report the camera"
        )
    needed = rows * layout.stride_bytes
    if buffer.size < needed:
        raise SourceError(
            f"the camera's {layout.format_name} buffer holds {buffer.size} bytes, "
            f"{needed} are needed for {layout.width_px}x{layout.height_px}; report the camera"
        )
    return buffer[:needed].reshape(rows, layout.stride_bytes)


def _from_yuv(code: int) -> Callable[[NDArray[np.uint8], BufferLayout], NDArray[np.uint8]]:
    def convert(buffer: NDArray[np.uint8], layout: BufferLayout) -> NDArray[np.uint8]:
        # Chroma rows are padded like luma rows, so the padded buffer is itself a wider picture.
        wide = _rows(buffer, layout, layout.height_px * 3 // 2)
        return np.asarray(cv2.cvtColor(wide, code), dtype=np.uint8)

    return convert


def _from_packed(
    depth: int, is_reversed: bool
) -> Callable[[NDArray[np.uint8], BufferLayout], NDArray[np.uint8]]:
    def convert(buffer: NDArray[np.uint8], layout: BufferLayout) -> NDArray[np.uint8]:
        rows = _rows(buffer, layout, layout.height_px, depth)[:, : layout.width_px * depth]
        pixels = rows.reshape(layout.height_px, layout.width_px, depth)
        return pixels[:, :, 2::-1] if is_reversed else pixels[:, :, :3]

    return convert


# libcamera names the bytes of a word from its highest: RGB888 lies in memory as blue green red.
_CONVERTERS: dict[str, Callable[[NDArray[np.uint8], BufferLayout], NDArray[np.uint8]]] = {
    "YUV420": _from_yuv(cv2.COLOR_YUV2BGR_I420),
    "YVU420": _from_yuv(cv2.COLOR_YUV2BGR_YV12),
    "NV12": _from_yuv(cv2.COLOR_YUV2BGR_NV12),
    "NV21": _from_yuv(cv2.COLOR_YUV2BGR_NV21),
    "RGB888": _from_packed(3, is_reversed=False),
    "BGR888": _from_packed(3, is_reversed=True),
    "XRGB8888": _from_packed(4, is_reversed=False),
    "XBGR8888": _from_packed(4, is_reversed=True),
}


def _import_stack() -> tuple[Any, Any]:
    """picamera2 and libcamera, which only a Pi has."""
    try:
        import libcamera
        import picamera2
    except ImportError as error:
        raise SourceError(
            f"picamera2 is missing ({error}); on the Pi: sudo apt install python3-picamera2, "
            "and make the virtual environment with --system-site-packages"
        ) from error
    return picamera2, libcamera


def _open_first(picamera2: Any) -> Any:
    if not picamera2.Picamera2.global_camera_info():
        raise SourceError(
            "no camera is connected; check the ribbon cable with power off, "
            "then `rpicam-hello --list-cameras`"
        )
    try:
        return picamera2.Picamera2()
    except RuntimeError as error:
        raise SourceError(
            f"the camera cannot be opened ({error}); end other programs that use it"
        ) from error


def _end(what: str, call: Callable[[], None]) -> None:
    """Call it in a thread of its own, which a hung driver can keep without keeping the program."""
    ending = threading.Thread(target=call, name="camera-end", daemon=True)
    ending.start()
    ending.join(CLOSE_S)
    if ending.is_alive():
        raise SourceError(
            f"the camera did not {what} within {CLOSE_S:g} s; end the program, and where it cannot "
            "be ended switch the power off and check the ribbon cable"
        )


def _configure(camera: Any, libcamera: Any, options: CameraOptions) -> Any:
    """The video configuration: fixed rate, short exposure, fixed focus where the lens moves.

    The colour space is asked for that OpenCV's conversions take YUV to be: BT.601, video range.
    picamera2 would take BT.709 from 720 rows on, and greens would come as another green.
    """
    controls = libcamera.controls
    period_us = round(1e6 / options.rate_hz)
    wanted: dict[str, Any] = {"FrameDurationLimits": (period_us, period_us)}
    if "AeExposureMode" in camera.camera_controls:
        wanted["AeExposureMode"] = controls.AeExposureModeEnum.Short
    if "AfMode" in camera.camera_controls:
        wanted["AfMode"] = controls.AfModeEnum.Manual
        wanted["LensPosition"] = options.lens_position
    return camera.create_video_configuration(
        main={"size": (options.width_px, options.height_px), "format": "YUV420"},
        colour_space=libcamera.ColorSpace.Smpte170m(),
        buffer_count=4,
        queue=False,
        controls=wanted,
    )


def _read_layout(main: Mapping[str, Any]) -> BufferLayout:
    """What the camera really gives, which may differ from what was asked for."""
    width_px, height_px = main["size"]
    layout = BufferLayout(str(main["format"]), width_px, height_px, main["stride"])
    if layout.format_name not in _CONVERTERS:
        to_bgr(np.zeros(0, np.uint8), layout)
    return layout


def _check_fresh(stamp_ns: int, now_ns: int) -> None:
    age_ns = now_ns - stamp_ns
    if not 0 < age_ns < _AGE_MOST_NS:
        raise SourceError(
            f"the camera's first picture is {age_ns / 1e9:.3f} s old, not 0 to "
            f"{_AGE_MOST_NS / 1e9:g} s: its clock is not CLOCK_BOOTTIME; update the system"
        )
