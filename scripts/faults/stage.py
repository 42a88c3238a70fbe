"""What the played camera, detector and clock of a staged `watch` do now: a byte for each.

Decides nothing. Written by the matrix, read by the staged program; one byte is written whole, so
neither waits for the other.
"""

from __future__ import annotations

import mmap
from pathlib import Path

CAMERA = ("good", "black", "covered", "moved", "frozen", "none", "stamps")
"""The first four have pictures of their own; `stamps`: good pictures of a year to come."""
DETECTOR = ("well", "slow", "no number")
CLOCK = ("true", "a year on")
PARTS = {"camera": CAMERA, "detector": DETECTOR, "clock": CLOCK}
YEAR_NS = 365 * 86_400 * 1_000_000_000


class Stage:
    """The shared bytes; the file is made anew where it is not there."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(bytes(len(PARTS)))
        with path.open("r+b") as file:
            self._bytes = mmap.mmap(file.fileno(), len(PARTS))

    def set(self, part: str, mode: str) -> None:
        """Let a part do this from now on."""
        self._bytes[list(PARTS).index(part)] = PARTS[part].index(mode)

    def get(self, part: str) -> str:
        """What it does."""
        return PARTS[part][self._bytes[list(PARTS).index(part)]]

    def reset(self) -> None:
        """All is well."""
        self._bytes[:] = bytes(len(PARTS))
