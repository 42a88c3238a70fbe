"""Clips written and read back, for tests of the clip writer."""

from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from rig.core.patterns import PATTERNS, Pattern
from rig.devices.clips import ClipWriter
from rig.records import Alert, Level, Picture

SIZE = (64, 48)
ZERO_NS = 7_000_000_000_123
SILENCE = Alert(Level.SILENT, None, 0)
LOUD = 0.05
"""Root mean square over 20 ms; a tone's is 0.35, the coder's leavings are below 0.01."""


def picture(number: int, size: tuple[int, int] = SIZE) -> Picture:
    """A grey whose brightness tells the number, and that H.264 keeps."""
    return np.full((size[1], size[0], 3), 40 + 12 * (number % 16), np.uint8)


def write(
    path: Path, times_ns: list[int], sounds: list[tuple[int, Pattern]], size: tuple[int, int] = SIZE
) -> None:
    """A clip in which each (since_ns, pattern) is the alert from its time on."""
    with ClipWriter(path, size, rate_hz=25) as clip:
        for number, t_ns in enumerate(times_ns):
            begun = [sound for sound in sounds if sound[0] <= t_ns]
            since_ns, pattern = begun[-1] if begun else (0, PATTERNS["silent"])
            alert = Alert(Level.CAUTION, None, since_ns)
            clip.add(picture(number, size), t_ns, alert, pattern)


def read_pictures(path: Path) -> list[tuple[float, Picture]]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return [
            (
                float(frame.pts * stream.time_base),
                np.asarray(frame.to_ndarray(format="bgr24"), np.uint8),
            )
            for frame in container.decode(stream)
            if frame.pts is not None and stream.time_base is not None
        ]


def read_sound(path: Path) -> NDArray[np.float32]:
    """Samples from the clip's time 0 on."""
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    assert frames[0].pts is not None
    samples = np.concatenate([frame.to_ndarray()[0] for frame in frames]).astype(np.float32)
    lead = frames[0].pts
    return samples[-lead:] if lead < 0 else np.concatenate([np.zeros(lead, np.float32), samples])


def uneven_times(count: int, seed: int) -> list[int]:
    steps = np.random.default_rng(seed).integers(18_000_000, 70_000_000, count)
    return [ZERO_NS, *(ZERO_NS + np.cumsum(steps)).tolist()][:count]
