"""`scripts/measure-latency`: pin edge minus frame time, with the real programs on this machine.

A drawn drill is played at 30 pictures a second to `rig watch --live` and `rig horn --pins mock`,
each a process of its own, again and again. Every sound's first edge, by the horn's own clock, is
set against the time of the picture that decided it. Printed with the machine's steal time and with
how long watch waited for a processor: a program that is given none proves nothing.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from latency.course import RATE_HZ, write_course
from latency.figures import Processor, report
from rig.core.datagrams import Order
from rig.devices.datagram_link import Outbox
from rig.devices.run_folder import RunFolder

READY_S = 60.0
ASK_S = 0.5


def main() -> int:
    """Measure and print; 0 when the bar is met, 1 when not."""
    parser = argparse.ArgumentParser(prog="measure-latency", description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0, help="armed for so long (120)")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="write the session there")
    parser.add_argument("--set", action="append", default=[], help="as in `rig`", metavar="KEY=VAL")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rig-latency-") as name:
        folder = Path(name)
        print(f"drawing the drill at {RATE_HZ:g} pictures a second ...", flush=True)
        course = write_course(folder)
        sessions = args.keep or folder / "sessions"
        settings = [f"links.folder={folder}", f"log.sessions={sessions}", *args.set]
        source = ("--live", "--repeat", "--video", str(course.clip), "--lane", str(course.lane))
        with (
            running(settings, "horn", "--pins", "mock"),
            running(settings, "watch", *source) as pid,
        ):
            arm(RunFolder(folder))
            before, waited_s = Processor.now(), waited_of(pid)
            time.sleep(args.seconds)
            print(Processor.now().since(before))
            share, nice = (waited_of(pid) - waited_s) / args.seconds, os.getpriority(0, pid)
            print(f"watch: nice {nice}, waited for a processor {share:.0%} of the time")
        session = max(sessions.iterdir(), key=lambda path: path.stat().st_mtime)
        return report(session)


def waited_of(pid: int) -> float:
    """Seconds that the program's loop could have run and was not let (the kernel's run delay)."""
    words = Path(f"/proc/{pid}/task/{pid}/schedstat").read_text(encoding="ascii").split()
    return int(words[1]) / 1e9


@contextmanager
def running(settings: list[str], name: str, *more: str) -> Iterator[int]:
    """One program of the rig, by its process's number; ended afterwards."""
    chosen = [word for setting in settings for word in ("--set", setting)]
    argv = [sys.executable, "-P", "-m", "rig", *chosen, name, *more]
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
    try:
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


def arm(folder: RunFolder) -> None:
    """Ask again until the drill has come to where its lane is empty."""
    deadline_s = time.monotonic() + READY_S
    while time.monotonic() < deadline_s:
        state = folder.read_state()
        if state.get("stage") == "armed":
            return
        if state and all("horn" in reason for reason in state["not_ready"]):
            Outbox(folder.path / "watch.sock").send(Order("arm", folder.read_token(), True, True))
        time.sleep(ASK_S)
    raise SystemExit(f"the rig was not armed within {READY_S:g} s: {folder.read_state()}")


if __name__ == "__main__":
    sys.exit(main())
