"""`rig horn` as a process, and a stand-in for watch that speaks to it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from rig.causes import Cause
from rig.core.datagrams import Edge, Message, pack
from rig.devices.datagram_link import Inbox, Outbox
from rig.programs.horn import now_ns
from tests.programs.processes import ROOT, command
from tests.unit.horn_words import word

HANGS_S = 30.0
"""Nothing is judged by it: a test that waits for longer has failed."""
WORD_S = 0.02

SPEAKER = """
import sys, time
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from rig.causes import Cause
from rig.devices.datagram_link import Outbox
from tests.unit.horn_words import word
from rig.programs.horn import now_ns
horn = Outbox(Path(sys.argv[2]))
begun = now_ns()
while True:
    horn.send(word(now_ns(), Cause(sys.argv[3]), since_ns=begun))
    time.sleep(0.02)
"""
"""Another process that says one thing for ever."""


class HornProcess:
    """One `rig horn --pins mock` in a folder of its own; this is its watch."""

    def __init__(self, folder: Path, *settings: str, **about: Any) -> None:
        self.folder = folder
        self.inbox = Inbox(folder / "watch.sock")
        self.outbox = Outbox(folder / "horn.sock")
        self.said: list[Message] = []
        argv = command("horn", "--pins", "mock", "--set", f"links.folder={folder}", *settings)
        about.setdefault("stdout", subprocess.DEVNULL)
        self.process = subprocess.Popen(argv, cwd=ROOT, stderr=subprocess.PIPE, text=True, **about)
        self.wait(lambda: (folder / "horn.sock").exists())

    def say(self, cause: Cause | None, for_s: float = 0.0, **about: Any) -> int:
        """Words of one cause for so long; gives when the first one was sent."""
        since_ns = now_ns()
        until_ns = since_ns + round(for_s * 1e9)
        while True:
            self.outbox.send(word(now_ns(), cause, since_ns=since_ns, **about))
            self.said += self.inbox.receive(WORD_S)
            if now_ns() >= until_ns:
                return since_ns

    def wait(self, until: Callable[[], Any]) -> Any:
        """Listen until something is so."""
        deadline_s = time.monotonic() + HANGS_S
        while time.monotonic() < deadline_s:
            if found := until():
                return found
            self.said += self.inbox.receive(WORD_S)
        raise AssertionError(f"it never came; heard {self.said}, exit {self.process.poll()}")

    def edge(self, cause: Cause, is_on: bool = True) -> Edge:
        """The first edge of a cause that the horn reports."""
        found: Edge = self.wait(
            lambda: next((e for e in self.edges() if (e.cause, e.is_on) == (cause, is_on)), None)
        )
        return found

    def edges(self) -> Iterable[Edge]:
        return (m for m in self.said if isinstance(m, Edge))

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it; gives its exit code."""
        self.process.send_signal(number)
        return self.process.wait(HANGS_S)

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()
        self.inbox.close()
        self.outbox.close()


def another_watch(folder: Path, cause: Cause) -> subprocess.Popen[bytes]:
    """A process that only says one thing, to be killed or frozen."""
    argv = [sys.executable, "-c", SPEAKER, str(ROOT), str(folder / "horn.sock"), cause.value]
    return subprocess.Popen(argv, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})


def resident_mb(process: subprocess.Popen[Any]) -> float:
    """Memory that a process holds."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    line = next(row for row in status.splitlines() if row.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def flood(folder: Path, count: int) -> None:
    """Rubbish and torn words, as fast as they go."""
    import socket

    stranger = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    stranger.setblocking(False)
    torn = pack(word(1))[:-5]
    for number in range(count):
        try:
            stranger.sendto(torn if number % 2 else b"\xff" * 900, str(folder / "horn.sock"))
        except BlockingIOError:
            time.sleep(0.0005)
    stranger.close()
