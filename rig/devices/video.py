"""A video file as a source of frames.

Decides when each picture was taken, from the container's own times, and where a damaged file
ends. Does not judge the pictures. Called by the programs that watch, replay and show recordings.

Fault first: a file that cannot be read is refused at opening (SourceError). One that is damaged
further on gives its good pictures and then ends, with the reason in `ended_by`; a decoder left to
itself would paint over the damage and the rig would judge an invented picture.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from rig.core.frame_times import FrameTimes
from rig.errors import SourceError
from rig.records import Frame, Picture

_SHORT_S = 0.25
"""A declared duration may pass the last picture's time: sound can be a little longer."""
_HELD_BYTES = 200_000_000
"""Pictures held while playing in reverse; a Pi with 2 GB carries it."""


def boottime_ns() -> int:
    """Now, on the rig's one clock."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def pace(
    frames: Iterable[Frame],
    now_ns: Callable[[], int] = boottime_ns,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Frame]:
    """Give each frame at its own time from now on, stamped with the time at which it was due.

    As with a camera, a picture that is overtaken by the next while the caller is busy is dropped
    (its `sequence` is missing); the last one never is.
    """
    source = iter(frames)
    held = next(source, None)
    if held is None:
        return
    shift_ns = now_ns() - held.t_ns
    while held is not None:
        following, due_ns = next(source, None), held.t_ns + shift_ns
        if following is None or following.t_ns + shift_ns > now_ns():
            sleep(max(0, due_ns - now_ns()) / 1e9)
            yield Frame(due_ns, held.sequence, held.picture)
        held = following


class VideoFile:
    """The pictures of a video file (MP4, WebM, GIF and what else FFmpeg reads).

    `t_ns` is `base_ns` plus the container's time of the picture, variable rate included. A
    picture whose time is not after the last one's is left out and counted in `skipped`; where
    time falls back by more than 1 s, or a picture has no time, the file ends.

    `is_reversed` plays the same pictures from last to first at t' = t_last - t. It decodes the
    file once to find them and then again in chunks from the end, each from the key frame before
    it: memory stays bounded, and a long file with few key frames is slow.

    `paced` plays at the true rate and stamps on CLOCK_BOOTTIME instead, as `pace` does.
    `start_s` counts from the first picture; what lies before is decoded and left out.
    `size_px` is (width, height) upright; `total` the declared number of pictures, if any.

    Raises SourceError where the file is missing, unreadable, without video or turned askew.
    """

    def __init__(
        self,
        path: Path | str,
        paced: bool = False,
        is_reversed: bool = False,
        start_s: float = 0.0,
        duration_s: float | None = None,
        base_ns: int = 0,
    ) -> None:
        self.path = Path(path)
        self.ended_by: str | None = None
        self.skipped = 0
        self._is_paced, self._is_reversed = paced, is_reversed
        self._start_s, self._duration_s = start_s, duration_s
        self._base_ns = base_ns
        self._is_closed = False
        probe = _Decoding(self.path)
        first = next(iter(probe), None)
        if first is None:
            raise SourceError(f"{probe.ended_by or f'{path} holds no picture'}; use another copy")
        self._time_base = probe.time_base
        self._first_pts, decoded = first
        if decoded.rotation % 90:
            raise SourceError(
                f"{path} is to be shown turned by {decoded.rotation} degrees; re-encode it upright"
            )
        self._quarter_turns = decoded.rotation // 90  # counterclockwise, as np.rot90 turns
        size = (int(decoded.width), int(decoded.height))
        self.size_px = size[::-1] if self._quarter_turns % 2 else size
        self.total = probe.declared_count

    def __iter__(self) -> Iterator[Frame]:
        """The frames from the first; each iteration opens the file anew."""
        return pace(self._frames()) if self._is_paced else self._frames()

    def close(self) -> None:
        """End any iteration before its next frame."""
        self._is_closed = True

    def _frames(self) -> Iterator[Frame]:
        timed = self._backward() if self._is_reversed else self._forward()
        for sequence, (t_ns, decoded) in enumerate(timed):
            if self._is_closed:
                return
            yield Frame(self._base_ns + t_ns, sequence, self._upright(decoded))

    def _forward(self) -> Iterator[tuple[int, Any]]:
        return ((self._ns(pts), decoded) for pts, decoded in self._window())

    def _backward(self) -> Iterator[tuple[int, Any]]:
        found = [(pts, bool(decoded.key_frame)) for pts, decoded in self._window()]
        at_once = max(8, _HELD_BYTES // (self.size_px[0] * self.size_px[1] * 3))
        last = len(found)
        while last > 0:
            first = _chunk_start([is_key for _, is_key in found[:last]], at_once)
            key = max((pts for pts, is_key in found[: first + 1] if is_key), default=None)
            for pts, decoded in reversed(self._span([pts for pts, _ in found[first:last]], key)):
                yield self._ns(found[-1][0]) - self._ns(pts), decoded
            last = first

    def _window(self) -> Iterator[tuple[int, Any]]:
        """The good frames between start and end; sets `ended_by` and `skipped`."""
        start_pts = self._first_pts + self._start_s / self._time_base
        length_pts = (
            float("inf") if self._duration_s is None else self._duration_s / self._time_base
        )
        decoding = _Decoding(self.path)
        for pts, decoded in decoding:
            if pts - start_pts >= length_pts:
                break
            if pts >= start_pts:
                yield pts, decoded
        self.ended_by, self.skipped = decoding.ended_by, decoding.skipped

    def _span(self, wanted: list[int], key: int | None) -> list[tuple[int, Any]]:
        """The frames of these times, decoded from a key frame or else from the beginning."""
        for start in [None] if key is None else [key, None]:
            held = {}
            for pts, decoded in _Decoding(self.path, start):
                if pts >= wanted[0]:
                    held[pts] = decoded
                if pts >= wanted[-1]:
                    break
            if all(pts in held for pts in wanted):
                return [(pts, held[pts]) for pts in wanted]
        raise SourceError(f"{self.path} changed while it was read; copy it and read the copy")

    def _ns(self, pts: int) -> int:
        return round(pts * self._time_base * 1_000_000_000)

    def _upright(self, decoded: Any) -> Picture:
        picture = decoded.to_ndarray(format="bgr24")
        return np.ascontiguousarray(np.rot90(picture, self._quarter_turns), dtype=np.uint8)


class _Decoding:
    """One pass through a file from its beginning, or from the key frame at time `start`.

    Gives the good frames as (pts, PyAV frame), times growing; `ended_by` and `skipped` after it.
    """

    def __init__(self, path: Path, start: int | None = None) -> None:
        self.path = path
        self.start, self.skipped = start, 0
        self.ended_by: str | None = None
        self.time_base = Fraction(1)
        self.declared_count: int | None = None
        self._packets = 0

    def __iter__(self) -> Iterator[tuple[int, Any]]:
        with _open(self.path) as container:
            stream = container.streams.video[0]
            self.time_base, self.declared_count = stream.time_base, stream.frames or None
            times = FrameTimes(self.time_base)
            decoding = self._decode(container, stream, times)
            for decoded in _hold_last(decoding, _is_cut_gif(self.path)):
                if times.accept(decoded.pts, (decoded.width, decoded.height)):
                    yield decoded.pts, decoded
                elif times.ended_by is not None:
                    break
            reason = times.ended_by or self.ended_by or self._missing(container, times)
        self.skipped, self.ended_by = times.skipped, None
        if reason is not None:
            last_s = float((times.last or 0) * self.time_base)
            at = f", the last at {last_s:.2f} s" if times.good else ""
            self.ended_by = f"{self.path} {reason}; {times.good} good pictures were read{at}"

    def _decode(self, container: Any, stream: Any, times: FrameTimes) -> Iterator[Any]:
        # Without "explode" the decoder hides damage instead of reporting it.
        stream.codec_context.options = {"err_detect": "explode"}
        try:
            if self.start is not None:
                container.seek(self.start, stream=stream)
            for packet in container.demux(stream):
                self._packets += packet.size > 0
                # At the end (size 0) the decoder gives what it kept to put pictures in order; with
                # the file cut off, pictures between those are missing.
                if packet.is_corrupt or (not packet.size and self._is_short_of(stream.frames)):
                    break
                if self.start is None and packet.size and _gives_picture(stream, packet):
                    times.promise(packet.pts)
                for decoded in stream.decode(packet):
                    if decoded.is_corrupt:
                        self.ended_by = "is damaged"
                        return
                    yield decoded
            else:
                return
        except av.FFmpegError:
            pass
        self.ended_by = "is damaged or cut off"

    def _is_short_of(self, declared: int) -> bool:
        return self.start is None and self._packets < declared

    def _missing(self, container: Any, times: FrameTimes) -> str | None:
        """Whether a file that ends without an error is nevertheless too short."""
        stream = container.streams.video[0]
        if _is_cut_gif(self.path):
            return "is cut off"
        if self._is_short_of(stream.frames):
            return f"is cut off: {stream.frames} pictures are declared"
        if stream.frames == 0 and container.duration is not None and times.last is not None:
            end_s = Fraction(container.duration + (container.start_time or 0), av.time_base)
            short_s = end_s - times.last * self.time_base
            if short_s > _SHORT_S + 2 / (stream.average_rate or 1):
                return f"is cut off: it should last {float(short_s):.1f} s longer"
        return None


def _open(path: Path) -> Any:
    """PyAV's container of a file that has a video stream; SourceError otherwise."""
    if not path.is_file():
        raise SourceError(f"{path} is no file; give the path of a video")
    try:
        container = av.open(str(path))
    except (av.FFmpegError, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SourceError(
            f"{path} ({path.stat().st_size} bytes) cannot be opened as video: {reason}; "
            "check that it was copied whole"
        ) from error
    if not container.streams.video or container.streams.video[0].codec_context is None:
        container.close()
        raise SourceError(f"{path} holds no video that can be decoded; give a file with pictures")
    return container


def _gives_picture(stream: Any, packet: Any) -> bool:
    """Whether exactly one picture comes of this packet, at its time."""
    # VP8 and VP9 have packets that are never shown; H.264 and H.265 in a container do not.
    one_each = stream.codec_context.name in ("h264", "hevc")
    return one_each and packet.pts is not None and not packet.is_discard


def _hold_last(frames: Iterator[Any], drops_last: bool) -> Iterator[Any]:
    """All frames, or all but the last: a GIF's decoder fills up a picture that is cut off."""
    if not drops_last:
        yield from frames
        return
    held = next(frames, None)
    for decoded in frames:
        yield held
        held = decoded


def _is_cut_gif(path: Path) -> bool:
    """Whether this is a GIF without its trailer, the byte 0x3B (GIF89a, section 27)."""
    with path.open("rb") as file:
        return file.read(4) == b"GIF8" and path.read_bytes()[-1:] != b";"


def _chunk_start(is_key: list[bool], at_once: int) -> int:
    """First frame of the last chunk: the earliest key frame in reach, else all in reach."""
    reach = max(0, len(is_key) - at_once)
    return next((i for i in range(reach, len(is_key)) if is_key[i]), reach)
