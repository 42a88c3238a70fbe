"""What every source of pictures looks like to the programs.

Decides nothing; it is the one shape that the Pi's camera, a video file, a folder of pictures and
the simulated track share, so that nothing after it knows which one it reads. Used by
`rig.programs`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from rig.records import Frame


class Source(Protocol):
    """Frames in the order of their times, until the source ends or is closed.

    `t_ns` grows from frame to frame; pictures are contiguous uint8 [height, width, 3], blue green
    red, all of `size_px` (width, height). Opening a source that gives no frames raises
    SourceError; a source that ends early says why in `ended_by` (None: it ended as it should).
    """

    size_px: tuple[int, int]
    ended_by: str | None

    def __iter__(self) -> Iterator[Frame]:
        """The frames."""
        ...

    def close(self) -> None:
        """Give the device or file back; an iteration still going on ends."""
        ...
