"""`rig horn` whose pins are a record: each change of the siren with the horn's own time.

    python -m faults.tapped_horn FOLDER horn --pins mock ...

The record is memory that outlives the process (one file for each start), so writing it cannot
hold the horn up and a kill loses nothing of it.
"""

from __future__ import annotations

import json
import mmap
import os
import sys
from pathlib import Path
from typing import Any

import rig.programs.horn as horn
from rig import cli
from rig.core.datagrams import Message, Word
from rig.core.horn_law import Pins
from rig.devices.datagram_link import Inbox

RECORD_BYTES = 4 << 20
PREFIX = "pins"


class TappedInbox(Inbox):
    """Remembers when the last word came."""

    heard_ns = 0

    def receive(self, timeout_s: float = 0.0) -> list[Message]:
        """As the horn's own."""
        messages = super().receive(timeout_s)
        if any(isinstance(message, Word) for message in messages):
            TappedInbox.heard_ns = horn.now_ns()
        return messages


class RecordPins:
    """Pins that are a record in memory."""

    folder = Path()

    def __init__(self, _: Any) -> None:
        path = self.folder / f"{PREFIX}.{horn.now_ns()}"
        with path.open("w+b") as file:
            os.posix_fallocate(file.fileno(), 0, RECORD_BYTES)
            self._record = mmap.mmap(file.fileno(), RECORD_BYTES)
        self._shown: tuple[Any, ...] = ()

    def show(self, pins: Pins, elapsed_s: float) -> None:
        """Write a change down; a full record ends the program, as a lost pin would."""
        sound = pins.sound
        about = (sound.level.name, sound.cause, sound.since_ns, sound.word_sequence is not None)
        shown = (pins.is_siren_on, *about, pins.is_healthy, pins.is_armed)
        if shown == self._shown:
            return
        self._shown = shown
        line = json.dumps([horn.now_ns(), TappedInbox.heard_ns, *shown]) + "\n"
        self._record.write(line.encode())

    def is_pressed(self) -> bool:
        """There is no button."""
        return False

    def close(self) -> None:
        """The record stays."""


def main() -> int:
    """Put the pins in, and become the program."""
    RecordPins.folder = Path(sys.argv[1])
    horn.Inbox = TappedInbox
    horn.PINS = {"mock": RecordPins}
    return cli.main(sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
