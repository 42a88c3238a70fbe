"""Writes a clip: pictures with their true times, and the sound that the alerts made.

Decides the file's form and turns patterns into samples; the patterns themselves are `core`'s.
Does not decide what is worth a clip. Called by the programs that record and show.

Fragmented MP4, H.264 and AAC: what a kill leaves of a fragmented file still plays (FACTS: default
MP4 was unreadable in 3 of 3 tries, fragmented in none). The file grows as `NAME.part` and takes
its name only when it is whole and on disk.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from io import FileIO
from pathlib import Path
from types import TracebackType

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from rig.core.patterns import Pattern, segment_at
from rig.errors import LogError
from rig.records import Alert, Picture

SAMPLE_RATE_HZ = 48_000
_FRAME_SAMPLES = 1024
"""AAC codes this many samples at a time."""
_LOUDNESS = 0.5
"""Peak of the tones, of full scale: AAC overshoots a little and must not clip."""
_RAMP_S = 0.003
"""A tone swells and fades this fast, so that it does not click."""
_VIDEO_TICK = Fraction(1, 90_000)
_BT709 = 1
_LIMITED_RANGE = 1
_STEP_NS = 5_000_000_000
_KEY_EVERY_S = 2.0
"""A fragment ends at each key picture: what a kill can cost."""

Samples = NDArray[np.float32]


class Tones:
    """Turns patterns into samples, one stretch after another without a click between them."""

    def __init__(self) -> None:
        self._phase = 0.0
        self._level = 0.0
        self._tone_hz = 0.0

    def play(self, pattern: Pattern, elapsed_s: float, count: int) -> Samples:
        """The next `count` samples, the pattern having begun `elapsed_s` before the first."""
        pieces: list[Samples] = [np.zeros(0, np.float32)]
        done = 0
        while done < count:
            # A hair later than the sample: a segment's end belongs to the next one.
            at_s = elapsed_s + done / SAMPLE_RATE_HZ + 1e-9
            segment, rest_s = segment_at(pattern, at_s)
            length = count if rest_s is None else max(1, math.ceil(rest_s * SAMPLE_RATE_HZ - 1e-6))
            length = min(length, count - done)
            pieces.append(self._hold(segment.tone_hz, length))
            done += length
        return np.concatenate(pieces)

    def _hold(self, tone_hz: float, count: int) -> Samples:
        """One tone or silence; the last tone fades out under the silence."""
        self._tone_hz = tone_hz or self._tone_hz
        steps = np.arange(1, count + 1)
        phase = self._phase + steps * (2 * math.pi * self._tone_hz / SAMPLE_RATE_HZ)
        slope = _LOUDNESS / (_RAMP_S * SAMPLE_RATE_HZ)
        goal = _LOUDNESS if tone_hz else 0.0
        change = np.clip(goal - self._level, -slope * steps, slope * steps)
        level = self._level + change
        self._phase, self._level = float(phase[-1] % (2 * math.pi)), float(level[-1])
        return np.asarray(level * np.sin(phase), dtype=np.float32)


class Soundtrack:
    """The samples of a sequence of alerts, from `zero_ns` on."""

    def __init__(self, zero_ns: int) -> None:
        self._zero_ns = zero_ns
        self._tones = Tones()
        self._plan: list[tuple[int, int, Pattern]] = []
        self._done = 0

    def change(self, t_ns: int, since_ns: int, pattern: Pattern) -> None:
        """From `t_ns` on this pattern sounds, its rhythm counted from `since_ns`.

        One that begins later than `t_ns` leaves the pattern before it sounding until then.
        """
        start_ns = max(t_ns, since_ns)
        self._plan = [entry for entry in self._plan if entry[0] < start_ns]
        self._plan.append((start_ns, since_ns, pattern))

    def play_until(self, end_ns: int) -> Samples:
        """The samples from where the last call ended."""
        pieces = [np.zeros(0, np.float32)]
        while (left := self._count(end_ns) - self._done) > 0:
            begun = [entry for entry in self._plan if self._count(entry[0]) <= self._done]
            coming = [self._count(entry[0]) - self._done for entry in self._plan[len(begun) :]]
            length = min([left, *coming])
            if begun:
                _, since_ns, pattern = begun[-1]
                elapsed_s = (self._zero_ns - since_ns) / 1e9 + self._done / SAMPLE_RATE_HZ
                pieces.append(self._tones.play(pattern, elapsed_s, length))
            else:
                pieces.append(np.zeros(length, np.float32))
            self._plan = [*begun[-1:], *self._plan[len(begun) :]]
            self._done += length
        return np.concatenate(pieces)

    def _count(self, t_ns: int) -> int:
        """Samples before this time."""
        return round((t_ns - self._zero_ns) * SAMPLE_RATE_HZ / 1e9)


class ClipWriter:
    """Writes one clip; a context manager.

    `size_px` is the pictures' (width, height); odd sizes are padded to even by repeating the last
    row or column. `rate_hz` is a hint: the last picture is shown for one such period, and the
    true times come with the pictures. Pictures are seen from the first one's time on.

    Leaving the context makes the file whole, syncs it to disk and gives it its name, also when
    something else failed meanwhile: what was filmed stays. Raises LogError, and removes the part
    file, where the folder cannot be written, the disk is full, or no picture came.
    """

    def __init__(self, path: Path | str, size_px: tuple[int, int], rate_hz: float = 30.0) -> None:
        self.path = Path(path)
        self.part = self.path.with_name(self.path.name + ".part")
        self.size_px = size_px
        self.pictures = 0
        self._period_ns = round(1e9 / rate_hz)
        self._zero_ns = 0
        self._last_ns = 0
        self._sound = Soundtrack(0)
        self._samples: Samples = np.zeros(0, np.float32)
        self._coded = 0
        self._file: FileIO | None = None
        with self._failing_clearly():
            self._open(rate_hz)

    def __enter__(self) -> ClipWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, LogError):
            self._discard()
        elif self.pictures or error is None:
            self._finish()
        else:
            self._discard()

    def add(self, picture: Picture, t_ns: int, alert: Alert, pattern: Pattern) -> None:
        """One more picture, and the alert that sounds from it (or from `alert.since_ns`) on.

        An alert that begins between this picture and the next is heard from its own beginning.
        Raises ValueError for a picture of another size or not later than the last one.
        """
        size = (picture.shape[1], picture.shape[0])
        if size != self.size_px:
            raise ValueError(f"picture is {size[0]}x{size[1]}, the clip is {self.size_px}")
        if self.pictures == 0:
            self._zero_ns, self._sound = t_ns, Soundtrack(t_ns)
        elif t_ns <= self._last_ns:
            raise ValueError(f"picture at {t_ns} ns is not after the last at {self._last_ns} ns")
        with self._failing_clearly():
            self._sound_until(t_ns)
            self._show(picture, t_ns - self._zero_ns)
        self._sound.change(t_ns, alert.since_ns, pattern)
        self.pictures += 1
        self._last_ns = t_ns

    # ----------------------------------------------------------------------- file

    def _open(self, rate_hz: float) -> None:
        # Our own file, so that a full disk is an error of the write itself and the sync is ours.
        self._file = FileIO(self.part, "w+", opener=_open_private)
        self._container = av.open(
            self._file,
            "w",
            format="mp4",
            options={"movflags": "frag_keyframe+empty_moov+default_base_moof+delay_moov"},
        )
        video = self._container.add_stream(
            "libx264", rate=Fraction(rate_hz).limit_denominator(1000)
        )
        video.width, video.height = (side + side % 2 for side in self.size_px)
        video.pix_fmt = "yuv420p"
        video.codec_context.time_base = _VIDEO_TICK
        # Said in the file, or players guess the colours' meaning from the size (ITU-T H.273).
        video.codec_context.colorspace = video.codec_context.color_primaries = _BT709
        video.codec_context.color_trc, video.codec_context.color_range = _BT709, _LIMITED_RANGE
        video.codec_context.gop_size = max(1, round(_KEY_EVERY_S * rate_hz))
        video.options = {"preset": "veryfast", "crf": "23", "bf": "0"}
        audio = self._container.add_stream("aac", rate=SAMPLE_RATE_HZ)
        audio.layout = "mono"
        audio.bit_rate = 96_000
        self._video, self._audio = video, audio

    def _show(self, picture: Picture, from_zero_ns: int) -> None:
        height, width = picture.shape[:2]
        even = cv2.copyMakeBorder(picture, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
        coloured = av.VideoFrame.from_ndarray(np.asarray(even, dtype=np.uint8), format="bgr24")
        frame = coloured.reformat(format="yuv420p", dst_colorspace="ITU709")
        frame.pts = round(from_zero_ns * Fraction(1, 1_000_000_000) / _VIDEO_TICK)
        frame.time_base = _VIDEO_TICK
        self._container.mux(self._video.encode(frame))

    def _finish(self) -> None:
        if not self.pictures:
            self._discard()
            raise LogError(f"clip {self.path} got no picture; give it at least one")
        with self._failing_clearly():
            self._sound_until(self._last_ns + self._period_ns)
            if len(self._samples):
                self._code(self._samples)
            for stream in (self._video, self._audio):
                self._container.mux(stream.encode(None))
            self._container.close()
            assert self._file is not None  # held since _open, which raised otherwise
            os.fsync(self._file.fileno())
            self._file.close()
            os.replace(self.part, self.path)
            _sync_folder(self.path.parent)

    def _discard(self) -> None:
        """Remove the part file; what else fails on the way matters no more."""
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError, ValueError, av.FFmpegError):
                self._container.close()
            file.close()
            self.part.unlink(missing_ok=True)

    @contextmanager
    def _failing_clearly(self) -> Iterator[None]:
        try:
            yield
        except (OSError, av.FFmpegError) as error:
            self._discard()
            raise LogError(
                f"clip {self.path} cannot be written: {getattr(error, 'strerror', '') or error}; "
                "check the folder's rights and the room on the disk"
            ) from error

    # ----------------------------------------------------------------------- sound

    def _sound_until(self, end_ns: int) -> None:
        """Code the sound up to this time, in steps, so that a long gap needs no long array."""
        for step_ns in (*range(self._last_ns or end_ns, end_ns, _STEP_NS), end_ns):
            self._samples = np.concatenate([self._samples, self._sound.play_until(step_ns)])
            whole = len(self._samples) - len(self._samples) % _FRAME_SAMPLES
            for at in range(0, whole, _FRAME_SAMPLES):
                self._code(self._samples[at : at + _FRAME_SAMPLES])
            self._samples = self._samples[whole:]

    def _code(self, samples: Samples) -> None:
        frame = av.AudioFrame.from_ndarray(samples[np.newaxis, :], format="fltp", layout="mono")
        frame.sample_rate = SAMPLE_RATE_HZ
        frame.time_base = Fraction(1, SAMPLE_RATE_HZ)
        frame.pts = self._coded
        self._coded += len(samples)
        self._container.mux(self._audio.encode(frame))


def _open_private(path: str, flags: int) -> int:
    """Pictures of people are for the rig's own user alone."""
    return os.open(path, flags, 0o600)


def _sync_folder(folder: Path) -> None:
    """Put a new name on disk too."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
