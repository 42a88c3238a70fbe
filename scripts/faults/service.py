"""One program under a supervisor that does what systemd does with the rig's units.

Decides when a program is started again, when it counts as hung, and what runs after its end: the
values are those of systemd/*.service. Called by `staged_rig`, whose loop calls `look` all the time.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

WAIT_S = 10.0


class Service:
    """A program that is started anew whenever it ends."""

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        folder: Path,
        watchdog_s: float,
        restart_s: float,
        nice: int = 0,
        stop_post: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.name, self.starts = name, 0
        self.ended_ns: list[int] = []
        """When it was seen to have ended."""
        self.is_wanted = False
        self.is_ready = False
        self.process: subprocess.Popen[bytes] | None = None
        self._argv, self._stop_post, self._nice = list(argv), list(stop_post), nice
        self._watchdog_s, self._restart_s = watchdog_s, restart_s
        self._alive_s = self._due_s = 0.0
        self._paper = folder / f"{name}.said"
        self._address = folder / f"{name}.notify"
        self._ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._ear.bind(str(self._address))
        self._ear.setblocking(False)
        self._env = {**os.environ, **(env or {}), "NOTIFY_SOCKET": str(self._address)}

    @property
    def pid(self) -> int:
        """The process's number. Raises AssertionError where none runs."""
        assert self.process is not None, f"{self.name} does not run"
        return self.process.pid

    def kill(self, number: signal.Signals) -> None:
        """Signal the program."""
        os.kill(self.pid, number)

    def look(self) -> None:
        """Start, notice, end; quick, and to be called every few milliseconds."""
        now_s = time.monotonic()
        if self.process is None:
            if self.is_wanted and now_s >= self._due_s:
                self._start(now_s)
            return
        self._listen(now_s)
        if self.process.poll() is not None:
            self._note_end()
        elif self.is_ready and now_s - self._alive_s > self._watchdog_s:
            self.process.kill()

    def close(self) -> None:
        """End it for good."""
        self.is_wanted = False
        if self.process is not None:
            self.process.kill()
            self.process.wait(WAIT_S)
        self._ear.close()

    @property
    def said(self) -> str:
        """All that it printed."""
        return self._paper.read_text() if self._paper.exists() else ""

    def _start(self, now_s: float) -> None:
        with self._paper.open("ab") as paper:
            self.process = subprocess.Popen(
                self._argv,
                env=self._env,
                stdout=paper,
                stderr=subprocess.STDOUT,
                preexec_fn=self._take_priority,
            )
        self.starts += 1
        self.is_ready, self._alive_s = False, now_s

    def _take_priority(self) -> None:
        if self._nice and os.geteuid() == 0:
            os.nice(self._nice)

    def _listen(self, now_s: float) -> None:
        while True:
            try:
                words = self._ear.recv(4096)
            except BlockingIOError:
                return
            self._alive_s = now_s
            self.is_ready |= b"READY=1" in words

    def _note_end(self) -> None:
        self.ended_ns.append(time.clock_gettime_ns(time.CLOCK_BOOTTIME))
        self.process, self.is_ready = None, False
        if self._stop_post:
            subprocess.run(self._stop_post, env=self._env, check=False)
        self._due_s = time.monotonic() + self._restart_s
