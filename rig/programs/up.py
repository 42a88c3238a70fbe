"""`rig up`: the rig's programs on one machine, as processes that survive each other.

Decides which programs run, when one that died is started again, and how all of them end. On the
Pi systemd does this (systemd/); here it is one command for a laptop. Knows nothing of what the
programs do: each is `rig NAME` with the same configuration.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from rig.config import Config
from rig.config_file import format_config
from rig.errors import RigError
from rig.programs.judging import say

PAUSE_LEAST_S, PAUSE_MOST_S = 0.5, 10.0
PAUSE_GROWTH = 2.0
SOUND_S = 30.0
"""Who has run so long was started well: the next pause is the least again."""
LOOK_S = 0.05
END_MOST_S = 6.0
"""A program's own end may take five seconds (systemd's TimeoutStopSec); then it is killed."""
PR_SET_PDEATHSIG = 1
ENDS_LAST = "horn"
"""While the others end the horn still guards."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what is watched and what sounds; handed on to `rig watch` and `rig horn`."""
    parser.add_argument("--lane", type=Path, metavar="FILE", help="from `rig calibrate`")
    parser.add_argument("--video", type=Path, metavar="FILE", help="instead of the Pi's camera")
    parser.add_argument("--repeat", action="store_true", help="play the video again and again")
    parser.add_argument("--pins", metavar="KIND", help="as in `rig horn`: real, mock or speaker")


def run(args: argparse.Namespace, config: Config) -> int:
    """Run until Ctrl-C or SIGTERM: 0. 2 when a program refuses its first start."""
    if args.lane is None:
        raise RigError("no lane file was given; give --lane FILE, which `rig calibrate` makes")
    with ExitStack() as ending:
        folder = _links_folder(config, ending)
        config = replace(config, links=replace(config.links, folder=str(folder)))
        settings = folder / "config.toml"
        settings.write_text(format_config(config), encoding="utf-8")
        ending.callback(settings.unlink, missing_ok=True)
        say(f"links in {folder}; orders: rig tell --set links.folder={folder} arm")
        return Supervisor(_programs(args, settings)).run()


def _links_folder(config: Config, ending: ExitStack) -> Path:
    """The configured folder where it can be used, else one of our own that goes at the end."""
    wanted = Path(config.links.folder)
    if wanted.is_dir() and os.access(wanted, os.W_OK | os.X_OK):
        return wanted
    base = os.environ.get("XDG_RUNTIME_DIR")
    is_usable = base is not None and os.access(base, os.W_OK | os.X_OK)
    own = Path(tempfile.mkdtemp(prefix="rig-", dir=base if is_usable else None))
    ending.callback(shutil.rmtree, own, ignore_errors=True)
    return own


def _programs(args: argparse.Namespace, settings: Path) -> list[Program]:
    """What is started, in this order: the horn listens before anybody speaks."""
    watched: list[str] = ["--lane", str(args.lane.resolve())]
    if args.video is not None:
        watched += ["--live", "--video", str(args.video.resolve())]
    if args.repeat:
        watched.append("--repeat")
    sounded = [] if args.pins is None else ["--pins", args.pins]
    return [
        Program("horn", _command("horn", settings, sounded)),
        Program("watch", _command("watch", settings, watched)),
        Program("record", _command("record", settings, ()), is_needed=False),
        Program("log-gait", _command("log-gait", settings, ()), is_needed=False),
    ]


def _command(name: str, settings: Path, more: Sequence[str]) -> tuple[str, ...]:
    safely = ("-P",) if sys.flags.safe_path else ()
    return (sys.executable, *safely, "-m", "rig", "--config", str(settings), name, *more)


@dataclass(slots=True)
class Program:
    """One program: how it is started, and how it fares. Times are of the monotonic clock."""

    name: str
    command: tuple[str, ...]
    is_needed: bool = True
    """Nothing runs where its first start is refused; the rig guards without the others."""
    process: subprocess.Popen[bytes] | None = None
    started_s: float = 0.0
    starts: int = 0
    pause_s: float = PAUSE_LEAST_S
    due_s: float = 0.0


class Supervisor:
    """Starts the programs, starts again those that die, and ends them all."""

    def __init__(self, programs: list[Program]) -> None:
        self._programs = programs
        self._is_ending = False
        self._code = 0

    def run(self) -> int:
        """Until a signal; the exit code."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        try:
            while not self._is_ending:
                for program in self._programs:
                    self._look_after(program)
                time.sleep(LOOK_S)
        finally:
            self._end_all()
        return self._code

    def _end(self, number: int, _: object) -> None:
        self._is_ending = True

    def _look_after(self, program: Program) -> None:
        now_s = time.monotonic()
        if program.process is None:
            if now_s >= program.due_s and not self._is_ending:
                self._start(program)
        elif (code := program.process.poll()) is not None:
            self._note_end(program, code, now_s)

    def _start(self, program: Program) -> None:
        # In a session of its own, so that Ctrl-C comes to us alone and the order of ending is ours.
        program.process = subprocess.Popen(
            program.command, start_new_session=True, preexec_fn=_end_with_us
        )
        program.started_s = time.monotonic()
        program.starts += 1
        again = "" if program.starts == 1 else f", start {program.starts}"
        say(f"{program.name}: started, process {program.process.pid}{again}")

    def _note_end(self, program: Program, code: int, now_s: float) -> None:
        lived_s = now_s - program.started_s
        program.process = None
        if code == RigError.exit_code and program.starts == 1 and program.is_needed:
            say(f"{program.name}: refused to start, so nothing runs")
            self._is_ending, self._code = True, RigError.exit_code
            return
        if lived_s >= SOUND_S:
            program.pause_s = PAUSE_LEAST_S
        how = how_it_ended(code)
        say(f"{program.name}: {how} after {lived_s:.1f} s; again in {program.pause_s:g} s")
        program.due_s = now_s + program.pause_s
        program.pause_s = min(PAUSE_MOST_S, program.pause_s * PAUSE_GROWTH)

    def _end_all(self) -> None:
        last = [p for p in self._programs if p.name == ENDS_LAST]
        for group in ([p for p in self._programs if p not in last], last):
            running = [p for p in group if p.process is not None]
            for program in running:
                _signal(program, signal.SIGTERM)
            deadline_s = time.monotonic() + END_MOST_S
            for program in running:
                self._wait(program, deadline_s)

    def _wait(self, program: Program, deadline_s: float) -> None:
        if program.process is None:
            return
        try:
            code = program.process.wait(max(0.0, deadline_s - time.monotonic()))
        except subprocess.TimeoutExpired:
            _signal(program, signal.SIGKILL)
            code = program.process.wait()
        say(f"{program.name}: {how_it_ended(code)}")


def how_it_ended(code: int) -> str:
    """A process's end in words."""
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return "ended" if code == 0 else f"ended with exit code {code}"


def _signal(program: Program, number: signal.Signals) -> None:
    if program.process is not None and program.process.poll() is None:
        program.process.send_signal(number)


def _end_with_us() -> None:
    """In the child: be asked to end when the supervisor dies, however it dies."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
