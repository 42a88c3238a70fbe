"""What `rig doctor` looks at and what it finds: the records that its checks share.

Decides nothing. A check takes a `Patient` and gives a `Finding`; everything that it reads of the
machine goes through `Machine`, so that each check can be shown a machine that has what it looks
for. Used by `programs.doctor` and its checks.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from rig.config import Config

ANSWER_S = 10.0
"""No program that is asked here needs longer, and a hung one must not hang the doctor."""


class State(Enum):
    """How one thing stands; SKIPPED is neither: it does not apply here, or was not asked for."""

    RIGHT = "right"
    WRONG = "wrong"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, and how to mend it where it is wrong."""

    state: State
    found: str
    remedy: str | None = None


def right(found: str) -> Finding:
    """It is as it should be."""
    return Finding(State.RIGHT, found)


def wrong(found: str, remedy: str) -> Finding:
    """It is not; every wrong thing has a remedy."""
    return Finding(State.WRONG, found, remedy)


def skipped(why: str) -> Finding:
    """It cannot be right or wrong here."""
    return Finding(State.SKIPPED, why)


@dataclass(frozen=True, slots=True)
class Machine:
    """The computer: its files below `root`, its environment, its programs and its packages.

    `ask(words)` is a program's output, or None where it is missing, fails or does not answer;
    `version_of(package)` None where it is not installed.
    """

    root: Path
    environ: Mapping[str, str]
    ask: Callable[[Sequence[str]], str | None]
    version_of: Callable[[str], str | None]

    def path(self, absolute: str) -> Path:
        """A path of the machine, such as /proc/meminfo."""
        return self.root / absolute.lstrip("/")

    def text(self, absolute: str) -> str | None:
        """A small file's text, or None."""
        try:
            return self.path(absolute).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None

    @property
    def pi(self) -> str | None:
        """The board's name where it is a Raspberry Pi."""
        model = (self.text("/proc/device-tree/model") or "").strip("\0\n ")
        return model if "Raspberry Pi" in model else None

    @property
    def is_installed(self) -> bool:
        """Whether scripts/install-pi has been here."""
        return self.path("/etc/systemd/system/rig.target").exists()


@dataclass(frozen=True, slots=True)
class Patient:
    """What is examined: a machine, the configuration, and what the command line said."""

    machine: Machine
    config: Config
    lane: Path
    has_frame: bool


def ask_program(words: Sequence[str]) -> str | None:
    """Run a program of this computer; see `Machine.ask`. `systemctl` tells by its exit code too."""
    try:
        answer = subprocess.run(
            words, capture_output=True, text=True, errors="replace", timeout=ANSWER_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout if answer.returncode == 0 or words[0] == "systemctl" else None


def installed_version(package: str) -> str | None:
    """What pip or apt says is installed; apt's modules do not always tell their version."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None if find_spec(package) is None else "of unknown version"
