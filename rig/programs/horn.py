"""`rig horn`: owns siren, lamps and button; sounds what watch says, and FAULT when watch is silent.

Decides nothing but `core.horn_law`'s one rule. A small loop of its own turns every few
milliseconds, waits for nobody, and imports nothing heavy (no numpy, OpenCV or onnxruntime: a test
looks). What it does when it dies itself is others' part: systemd's watchdog restarts it, and
`scripts/horn-guard`, run by systemd after its end, switches the siren on while the flag `armed`
is there.
"""

from __future__ import annotations

import argparse
import os
import resource
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from types import FrameType
from typing import Final

from rig.config import Config
from rig.core.datagrams import Edge, Message, Press, Word
from rig.core.horn_law import SILENT, ButtonWatch, HornLaw, Pins, Sound
from rig.devices.datagram_link import Inbox, Outbox
from rig.devices.horn_pins import HornPins
from rig.devices.service_notify import ServiceNotifier
from rig.errors import HardwareError
from rig.programs.horn_outputs import PINS

PRIORITY: Final = 20
"""Above all that is not real-time, below the kernel's own threads."""
NOTIFY_S: Final = 0.25
"""systemd's watchdog is set to 1 s."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the kind of pins."""
    parser.add_argument(
        "--pins",
        choices=tuple(PINS),
        default="real",
        help="real: the Pi's pins (default); mock: printed, not heard; speaker: this computer's",
    )


def run(args: argparse.Namespace, config: Config) -> int:
    """Sound until told to end; 0."""
    folder = Path(config.links.folder)
    if not folder.is_dir():
        raise HardwareError(
            f"the run-time folder {folder} is not there; `rig up` makes one of its own, on the Pi "
            "scripts/install-pi does, or set links.folder"
        )
    pins = PINS[args.pins](config.horn)
    horn = Horn(config, folder, pins)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, horn.stop)
    _ask_for_priority()
    try:
        horn.run()
    finally:
        horn.close()
    return 0


class Horn:
    """The loop, with its sockets and pins."""

    def __init__(self, config: Config, folder: Path, pins: HornPins) -> None:
        self._tick_s = config.horn.tick_s
        self._flag = folder / "armed"
        self._inbox = Inbox(folder / "horn.sock")
        self._watch = Outbox(folder / "watch.sock")
        self._pins = pins
        self._law = HornLaw(config.horn, self._flag.exists(), now_ns())
        self._button = ButtonWatch()
        self._edges = EdgeWatch()
        self._notifier = ServiceNotifier()
        self._notified_s = float("-inf")
        self._is_running = True

    def stop(self, number: int = 0, frame: FrameType | None = None) -> None:
        """End after this tick."""
        self._is_running = False

    def run(self) -> None:
        """Turn until stopped."""
        self._notifier.ready("listening")
        while self._is_running:
            self._tick(self._inbox.receive(self._tick_s))
        self._notifier.stopping()

    def close(self) -> None:
        """Give sockets and pins back. While `armed` is there the guard takes over the siren."""
        self._pins.close()
        self._inbox.close()
        self._watch.close()

    def _tick(self, messages: Iterable[Message]) -> None:
        t_ns = now_ns()
        for message in messages:
            if isinstance(message, Word):
                self._law.hear(message, t_ns)
        press = self._button.look(self._pins.is_pressed(), t_ns)
        if press is not None:
            self._take(press, t_ns)
        pins = self._law.turn(self._flag.exists(), t_ns)
        self._pins.show(pins, (t_ns - pins.sound.since_ns) / 1e9)
        self._tell(pins)
        self._notify()

    def _take(self, press: Press, t_ns: int) -> None:
        """Hand a push on; where watch is gone, it disarms here."""
        self._watch.send(press)
        if self._law.may_disarm(press, t_ns):
            self._flag.unlink(missing_ok=True)
            self._law.disarm()

    def _tell(self, pins: Pins) -> None:
        """After the pins, whatever watch may want to know."""
        t_ns = now_ns()
        for edge in self._edges.look(pins, t_ns):
            self._watch.send(edge)
        for tiding in self._law.tidings(t_ns):
            self._watch.send(tiding)

    def _notify(self) -> None:
        now_s = time.monotonic()
        if now_s - self._notified_s >= NOTIFY_S:
            self._notified_s = now_s
            self._notifier.alive()


class EdgeWatch:
    """Finds the siren's first edge of each sound, and its end."""

    def __init__(self) -> None:
        self._sound: Sound = SILENT
        self._is_told = False

    def look(self, pins: Pins, t_ns: int) -> list[Edge]:
        """The edges to report, for pins that were set at `t_ns`."""
        edges = []
        sound, before = pins.sound, self._sound
        if (sound.pattern.name, sound.since_ns) != (before.pattern.name, before.since_ns):
            if self._is_told:
                edges.append(_edge(before, t_ns, is_on=False))
            self._sound, self._is_told = sound, False
        if pins.is_siren_on and not self._is_told:
            self._is_told = True
            edges.append(_edge(sound, t_ns, is_on=True))
        return edges


def _edge(sound: Sound, t_ns: int, is_on: bool) -> Edge:
    name, number = sound.pattern.name, sound.word_sequence or 0
    return Edge(number, sound.since_ns, sound.cause, name, t_ns, is_on)


def now_ns() -> int:
    """CLOCK_BOOTTIME, the clock of frames and words."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def _ask_for_priority() -> None:
    """Real-time priority where this user may have it; said once where not."""
    most = resource.getrlimit(resource.RLIMIT_RTPRIO)[0]
    wanted = PRIORITY if os.geteuid() == 0 or most < 0 else min(PRIORITY, most)
    if wanted > 0:
        try:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(wanted))
        except PermissionError:
            wanted = 0
    if wanted <= 0:
        print("rig: no real-time priority (systemd gives it); a busy board may delay the horn",
              file=sys.stderr)  # fmt: skip
