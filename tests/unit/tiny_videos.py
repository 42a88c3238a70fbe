"""Small video files of known pictures and times, for tests of everything that reads video."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from rig.records import Frame, Picture

SIZE = (64, 48)
SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "video"


def picture(number: int) -> Picture:
    """A grey that tells the number, and a white corner at the top left."""
    image = np.full((SIZE[1], SIZE[0], 3), 30 + (number * 37) % 160, np.uint8)
    image[:16, :16] = 255
    return image


def write(
    path: Path,
    times_ms: list[int],
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    gop: int = 10,
) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=options or {})
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "gray" if codec == "gif" else "yuv420p"
        tick = Fraction(1, 100) if codec == "gif" else Fraction(1, 1000)
        stream.codec_context.time_base = tick
        stream.codec_context.gop_size = gop
        for number, t_ms in enumerate(times_ms):
            frame = av.VideoFrame.from_ndarray(picture(number), format="bgr24")
            frame = frame.reformat(format=stream.pix_fmt)
            frame.pts, frame.time_base = round(Fraction(t_ms, 1000) / tick), tick
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def uneven_ms(count: int) -> list[int]:
    steps = np.random.default_rng(2).choice([20, 30, 40, 70, 110], count)
    return [0, *np.cumsum(steps).tolist()][:count]


def looks(frames: list[Frame]) -> list[int]:
    """Each picture's grey."""
    return [round(float(frame.picture[30:, 30:].mean())) for frame in frames]


def told(frames: list[Frame]) -> list[tuple[int, int]]:
    """Each frame's time, and its picture in short."""
    return [(frame.t_ns, hash(frame.picture.tobytes())) for frame in frames]


def mirrored(frames: list[Frame]) -> list[tuple[int, int]]:
    return [(frames[-1].t_ns - t_ns, seen) for t_ns, seen in reversed(told(frames))]
