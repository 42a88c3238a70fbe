"""A folder of pictures as a source of frames.

Decides the pictures' order (natural: 9 before 10) and their times (an even rate). Does not judge
the pictures. Called by the programs that judge recordings.
`load_picture` reads single pictures for them, such as the calibration still.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from rig.errors import SourceError
from rig.records import Frame, Picture

_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")


class PictureFolder:
    """The PNG, JPEG and WebP pictures of one folder, `rate_hz` of them a second.

    The first lies at `base_ns`. A picture that is damaged or cut off ends the source there, with
    the reason in `ended_by`: leaving it out would be a silent gap in time.

    Raises SourceError where the folder is missing or empty, the rate is not above 0, or the
    first picture is damaged; and, on reaching it, for a picture of another size.
    """

    def __init__(self, path: Path | str, rate_hz: float, base_ns: int = 0) -> None:
        self.path = Path(path)
        self.ended_by: str | None = None
        if not self.path.is_dir():
            raise SourceError(f"{path} is no folder; give a folder of PNG, JPEG or WebP pictures")
        if not rate_hz > 0:
            raise SourceError(f"a rate of {rate_hz} pictures per second is not above 0")
        self._period_ns, self._base_ns = 1e9 / rate_hz, base_ns
        files = (p for p in self.path.iterdir() if p.suffix.lower() in _SUFFIXES)
        self._files = sorted(files, key=_natural)
        if not self._files:
            raise SourceError(f"{path} holds no picture; put PNG, JPEG or WebP files into it")
        first = load_picture(self._files[0])
        if first is None:
            raise SourceError(f"{self._files[0]} is damaged or cut off; take it out or mend it")
        self.size_px = (first.shape[1], first.shape[0])
        self.total = len(self._files)
        self._is_closed = False

    def __iter__(self) -> Iterator[Frame]:
        """The frames from the first."""
        self.ended_by = None
        for sequence, file in enumerate(self._files):
            if self._is_closed:
                return
            picture = load_picture(file)
            if picture is None:
                self.ended_by = f"{file} is damaged or cut off; {sequence} good pictures were read"
                return
            size = (picture.shape[1], picture.shape[0])
            if size != self.size_px:
                raise SourceError(
                    f"{file} is {size[0]}x{size[1]} but the first picture is "
                    f"{self.size_px[0]}x{self.size_px[1]}; keep pictures of one size in a folder"
                )
            yield Frame(self._base_ns + round(sequence * self._period_ns), sequence, picture)

    def close(self) -> None:
        """End any iteration before its next frame."""
        self._is_closed = True


def _natural(path: Path) -> list[tuple[bool, int, str]]:
    """Sort key that takes digits as numbers, 2.png before 10.png, and puts them before letters."""
    parts: list[str] = re.findall(r"[0-9]+|[^0-9]+", path.name.lower())
    return [(False, int(p), "") if p[0] in "0123456789" else (True, 0, p) for p in parts]


def load_picture(path: Path) -> Picture | None:
    """The picture of one file, or None where it is damaged or cut off.

    Raises SourceError where the file is missing or may not be read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SourceError(
            f"picture {path} cannot be read: {error.strerror}; check its name and rights"
        ) from error
    # OpenCV fills the missing part of a picture that is cut off with grey, without a word.
    if not data or not _is_whole(data):
        return None
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return None if picture is None else np.ascontiguousarray(picture, dtype=np.uint8)


def _is_whole(data: bytes) -> bool:
    """Whether the file holds its own end: JPEG's EOI, PNG's IEND, WebP's declared length."""
    if data.startswith(b"\xff\xd8"):
        return b"\xff\xd9" in data[-64:]
    if data.startswith(b"\x89PNG"):
        return b"IEND\xaeB`\x82" in data[-64:]
    if data.startswith(b"RIFF"):
        return len(data) >= 8 + int.from_bytes(data[4:8], "little")
    return False
