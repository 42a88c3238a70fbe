"""What libcamera's virtual camera cannot do: fail. Every failure ends in time, with a remedy."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from rig.config import CameraOptions, HealthLimits
from rig.core.health import Health
from rig.devices import picamera
from rig.devices.picamera import BufferLayout, PiCamera, to_bgr
from rig.errors import SourceError
from rig.records import Cause, Seen
from tests.unit.strict_camera import StrictCamera, installed

PATIENCE_S = 10.0
"""No assertion on speed: only that a hung camera does not hang the program."""


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[StrictCamera]]:
    monkeypatch.setattr(picamera, "CLOSE_S", 0.1)
    with installed(monkeypatch) as camera:
        yield camera


def test_a_camera_that_never_gives_a_frame(strict: type[StrictCamera]) -> None:
    strict.dies_after = 0
    camera = PiCamera(CameraOptions())
    with pytest.raises(SourceError, match=r"no picture for 1 s.*ribbon"):
        next(iter(camera))
    camera.close()


@pytest.mark.parametrize("call", ["stop", "close"])
def test_a_camera_that_does_not_stop_is_left_behind_with_a_sentence(
    strict: type[StrictCamera], call: str
) -> None:
    strict.blocks_in = call
    camera = PiCamera(CameraOptions())
    began_s = time.monotonic()
    with pytest.raises(SourceError, match=r"did not stop within 0\.1 s.*power"):
        camera.close()
    assert time.monotonic() - began_s < PATIENCE_S
    camera.close()  # once is enough
    held = [one for one in threading.enumerate() if one.name == "camera-end"]
    assert all(one.daemon for one in held), "a thread that is left must not hold the program"
    strict.let_go.set()
    for one in held:
        one.join(PATIENCE_S)


@pytest.mark.parametrize("call", ["configure", "start"])
def test_a_camera_that_refuses_to_start_is_given_back(
    strict: type[StrictCamera], call: str
) -> None:
    strict.refuses = call
    with pytest.raises(SourceError, match=rf"does not start \(Failed to {call}.*other programs"):
        PiCamera(CameraOptions())
    assert strict.made[0].calls[-1] == "close"


def test_a_camera_that_neither_starts_nor_closes_says_so(strict: type[StrictCamera]) -> None:
    strict.refuses, strict.blocks_in = "start", "close"
    with pytest.raises(SourceError, match=r"did not close within 0\.1 s"):
        PiCamera(CameraOptions())


def test_a_busy_and_a_missing_camera(strict: type[StrictCamera]) -> None:
    strict.busy = True
    with pytest.raises(SourceError, match="other programs"):
        PiCamera(CameraOptions())
    strict.infos = ()
    with pytest.raises(SourceError, match=r"no camera.*ribbon"):
        PiCamera(CameraOptions())
    assert strict.made == []


@pytest.mark.parametrize("jump_s", [-3600, -2, 2, 31_536_000])
def test_a_clock_that_jumps_in_mid_run_is_a_fault(strict: type[StrictCamera], jump_s: int) -> None:
    """The camera hands on what it is told; health compares it with now."""
    strict.jump_ns = jump_s * 1_000_000_000
    health, heard = Health(HealthLimits()), []
    camera = PiCamera(CameraOptions())
    for frame in islice(camera, 4):
        now_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        heard.append({h.cause for h in health.check(Seen(frame.t_ns), now_ns)})
    camera.close()
    assert heard == [set(), set(), {Cause.CAMERA_STALE}, {Cause.CAMERA_STALE}]


@pytest.mark.parametrize("name", ["MJPEG", "SRGGB10_CSI2P", "YUYV", "", "R8", "yuv420"])
def test_odd_formats_name_what_is_wanted(name: str) -> None:
    layout = BufferLayout(name, 64, 36, 64)
    with pytest.raises(SourceError, match=r"which is not one of YUV420, .*configure"):
        to_bgr(np.zeros(64 * 54, np.uint8), layout)


@pytest.mark.parametrize("name", ["YUV420", "NV12", "RGB888", "XBGR8888"])
def test_a_stride_shorter_than_the_row_is_refused(name: str) -> None:
    good = BufferLayout(name, 64, 36, 64 * 4)
    to_bgr(np.zeros(64 * 4 * 54, np.uint8), good)
    with pytest.raises(SourceError, match="stride"):
        to_bgr(np.zeros(64 * 4 * 54, np.uint8), replace(good, stride_bytes=62))


def test_a_late_frame_is_none_until_it_is_there_and_asked_for_once(
    strict: type[StrictCamera],
) -> None:
    """The stand-in holds that no second job is begun: it would take a buffer for good."""
    strict.late_waits = 3
    camera = PiCamera(CameraOptions())
    frames = [camera.newest(0.1) for _ in range(5)]
    assert [None if frame is None else frame.sequence for frame in frames] == [None] * 3 + [0, 1]
    camera.close()


def test_short_waits_add_up_to_a_dead_camera(strict: type[StrictCamera]) -> None:
    strict.dies_after = 1
    camera = PiCamera(CameraOptions())
    assert camera.newest(0.1) is not None
    assert [camera.newest(0.1) for _ in range(9)] == [None] * 9
    with pytest.raises(SourceError, match=r"no picture for 1 s.*ribbon"):
        camera.newest(0.1)
    camera.close()
