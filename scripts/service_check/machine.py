"""The container from inside: systemd's units, the journal, the rig's own command.

Decides nothing; `service_check.inside` judges. Times are seconds of CLOCK_MONOTONIC, which are
also the journal's.
"""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

LOOK_S = 0.02
PINCTRL = Path("/run/pinctrl.log")


def run(*words: str) -> subprocess.CompletedProcess[str]:
    """A program to its end."""
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)


def show(unit: str, name: str) -> str:
    """A property of a unit, as systemd tells it."""
    return run("systemctl", "show", "--value", "-p", name, unit).stdout.strip()


def memory_mb(unit: str) -> float:
    """What a unit's program holds in memory; 0 where none runs."""
    status = Path(f"/proc/{show(unit, 'MainPID')}/status")
    if not status.exists():
        return 0.0
    found = re.search(r"^VmRSS:\s+(\d+) kB", status.read_text(encoding="utf-8"), re.MULTILINE)
    return int(found[1]) / 1e3 if found else 0.0


def now_s() -> float:
    """The journal's clock."""
    return time.clock_gettime(time.CLOCK_MONOTONIC)


def wait(until: Callable[[], bool], most_s: float) -> float | None:
    """Seconds until it was so, or None."""
    begun_s = now_s()
    while now_s() - begun_s < most_s:
        if until():
            return now_s() - begun_s
        time.sleep(LOOK_S)
    return None


def said(unit: str, since_s: float) -> list[tuple[float, str]]:
    """What a unit wrote since then: when, and the line."""
    lines = run("journalctl", "-b", "-o", "json", "-u", unit).stdout.splitlines()
    entries = [json.loads(line) for line in lines]
    told = [(int(one["__MONOTONIC_TIMESTAMP"]) / 1e6, str(one["MESSAGE"])) for one in entries]
    return [(at_s, text) for at_s, text in told if at_s >= since_s]


def guarded(since_s: float) -> list[tuple[float, str]]:
    """What the horn's guard told pinctrl since then."""
    if not PINCTRL.exists():
        return []
    lines = [line.split(" ", 1) for line in PINCTRL.read_text(encoding="utf-8").splitlines()]
    # The kernel's uptime has hundredths only.
    return [(float(at), words) for at, words in lines if float(at) >= since_s - 0.01]
