"""What picamera2 wants and a machine without a Pi's kernel lacks; `patch` puts it in place.

Memory for pictures comes from memfd instead of the DMA heap, and the preview library `kms`, which
is not used here, is an empty module. The camera, its requests and picamera2 itself are the real
ones. Importing this imports picamera2, so it works only where that is. Called by `checking`.
"""

from __future__ import annotations

import mmap
import os
import sys
from types import ModuleType
from typing import Any


class _AnyName:
    """Whatever is asked for, its own name: the preview's table of formats is built at import."""

    def __getattr__(self, name: str) -> str:
        return name


for _name in ("kms", "pykms"):
    sys.modules[_name] = ModuleType(_name)
    sys.modules[_name].PixelFormat = _AnyName()  # type: ignore[attr-defined]

import libcamera  # noqa: E402  the stand-in for kms must come first
import picamera2  # noqa: E402
from picamera2 import picamera2 as inner  # noqa: E402
from picamera2.allocators.allocator import Allocator, Sync  # noqa: E402


class MappedSync(Sync):
    """Access to a buffer that is mapped as long as it lives."""

    def __init__(self, allocator: Any, buffer: Any, write: bool) -> None:
        self._map = allocator.maps[buffer]

    def __enter__(self) -> mmap.mmap:
        return self._map

    def __exit__(self, *_: object) -> None:
        return None

    def get_buffer(self) -> mmap.mmap:
        """The mapping."""
        return self._map


class MemfdAllocator(Allocator):
    """Buffers of ordinary memory, one plane after the other, as NV12 lies."""

    def __init__(self) -> None:
        super().__init__()
        self.sync = MappedSync
        self.maps: dict[Any, mmap.mmap] = {}
        self._buffers: dict[Any, list[Any]] = {}

    def allocate(self, libcamera_config: Any, use_case: Any) -> None:
        """New buffers for every stream."""
        self._buffers = {one.stream: self._make(one) for one in libcamera_config}

    def _make(self, stream_config: Any) -> list[Any]:
        luma = stream_config.stride * stream_config.size.height
        spans = [(0, luma), (luma, luma // 2)]
        count = range(stream_config.buffer_count)
        return [self._buffer(stream_config.frame_size, spans) for _ in count]

    def _buffer(self, size: int, spans: list[tuple[int, int]]) -> Any:
        handle = os.memfd_create("picture")
        os.ftruncate(handle, size)
        planes = []
        for offset, length in spans:
            plane = libcamera.FrameBuffer.Plane()
            plane.fd, plane.offset, plane.length = handle, offset, length
            planes.append(plane)
        buffer = libcamera.FrameBuffer(planes)
        self.maps[buffer] = mmap.mmap(handle, size)
        os.close(handle)
        return buffer

    def buffers(self, stream: Any) -> list[Any]:
        """The buffers of a stream."""
        return self._buffers[stream]


class VirtualCamera(inner.Picamera2):
    """The real class; only the list of raw modes is made up, which this camera has not."""

    def _get_raw_modes(self) -> list[dict[str, Any]]:
        roles = [libcamera.StreamRole.VideoRecording]
        mode = self.camera.generate_configuration(roles).at(0)
        size = (mode.size.width, mode.size.height)
        return [{"format": str(mode.pixel_format), "size": size}]


def patch() -> Any:
    """The picamera2 module, able to use the virtual camera."""
    inner.DmaAllocator = MemfdAllocator
    picamera2.Picamera2 = VirtualCamera
    return picamera2
