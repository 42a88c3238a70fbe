"""`rig up`'s supervisor: who dies is started again, a little later each time, and all end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rig.devices.run_folder import RunFolder
from rig.programs.up import how_it_ended
from tests.programs.conftest import LiveSite
from tests.programs.processes import ROOT, command, run_rig

HANGS_S = 60.0
LIVES = "import time; time.sleep(600)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
SUPERVISE = """
import sys
from rig.programs import up
up.PAUSE_LEAST_S, up.END_MOST_S = 0.2, 0.5
programs = [up.Program(name, (sys.executable, "-c", code), pause_s=0.05)
            for name, code in zip(sys.argv[1::2], sys.argv[2::2])]
sys.exit(up.Supervisor(programs).run())
"""


class Supervised:
    """A supervisor of small programs, and what it says."""

    def __init__(self, paper: Path, **programs: str) -> None:
        self.paper = paper
        words = [word for pair in programs.items() for word in pair]
        with paper.open("w") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SUPERVISE, *words], cwd=ROOT, stdout=file, stderr=file
            )

    def wait_for(self, *parts: str, times: int = 1) -> str:
        deadline_s = time.monotonic() + HANGS_S
        while time.monotonic() < deadline_s:
            found = [x for x in self.said if all(part in x for part in parts)]
            if len(found) >= times:
                return found[-1]
            time.sleep(0.02)
        raise AssertionError(f"{parts} was never said: {self.said}")

    @property
    def said(self) -> list[str]:
        return self.paper.read_text().splitlines()

    def pid_of(self, name: str) -> int:
        return int(self.wait_for(f"{name}: started").split("process ")[1].split(",")[0])

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(HANGS_S)


def test_who_is_killed_is_started_again_later_and_later(tmp_path: Path) -> None:
    rig = Supervised(tmp_path / "said", horn=LIVES, watch="import os; os.kill(os.getpid(), 9)")
    rig.wait_for("watch: killed by SIGKILL", times=4)
    pauses = [float(x.split()[-2]) for x in rig.said if "watch: killed" in x]
    assert pauses[:4] == [0.05, 0.1, 0.2, 0.4]
    assert sum("horn: started" in x for x in rig.said) == 1
    assert rig.end() == 0


def test_all_end_and_the_horn_last(tmp_path: Path) -> None:
    rig = Supervised(tmp_path / "said", horn=LIVES, watch=LIVES, record=STUBBORN)
    pids = [rig.pid_of(name) for name in ("horn", "watch", "record")]
    assert rig.end() == 0
    ends = [x.split(":")[0] for x in rig.said if "killed by" in x]
    assert ends == ["watch", "record", "horn"]
    assert "SIGKILL" in rig.wait_for("record: killed")
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_refused_first_start_ends_everything(tmp_path: Path) -> None:
    rig = Supervised(tmp_path / "said", horn=LIVES, watch="import sys; sys.exit(2)")
    assert rig.process.wait(HANGS_S) == 2
    rig.wait_for("watch: refused to start")
    rig.wait_for("horn: killed by SIGTERM")


def test_children_do_not_outlive_a_killed_supervisor(tmp_path: Path) -> None:
    rig = Supervised(tmp_path / "said", horn=LIVES)
    pid = rig.pid_of("horn")
    rig.process.kill()
    rig.process.wait(HANGS_S)
    deadline_s = time.monotonic() + HANGS_S
    while is_running(pid) and time.monotonic() < deadline_s:
        time.sleep(0.02)
    assert not is_running(pid)


def is_running(pid: int) -> bool:
    """Whether the process is there and no zombie that nobody has buried yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] != "Z"
    except FileNotFoundError:
        return False


def test_ends_have_words() -> None:
    assert [how_it_ended(code) for code in (0, 3, -9)] == [
        "ended",
        "ended with exit code 3",
        "killed by SIGKILL",
    ]


def test_up_needs_a_lane() -> None:
    ran = run_rig("up")
    assert ran.code == 2
    assert "--lane FILE" in ran.err


@pytest.mark.slow
def test_the_real_programs_run_arm_and_end(site: LiveSite, tmp_path: Path) -> None:
    """From nothing to armed by the commands that a person types; a killed watch comes back."""
    paper = tmp_path / "said"
    argv = command(
        *("up", "--pins", "mock", "--lane", site.lane, "--video", site.clip, "--repeat"),
        *("--set", f"detector.card={site.card}", "--set", f"log.sessions={tmp_path / 'sessions'}"),
        *("--set", "log.free_least_mb=1"),
    )
    with paper.open("w") as file:
        process = subprocess.Popen(argv, cwd=ROOT, stdout=file, stderr=file)
    try:
        folder = Path(said(paper, "links in").split("links in ")[1].split(";")[0])
        links = ("--set", f"links.folder={folder}")
        ready = RunFolder(folder)
        wait(lambda: ready.read_state().get("judged", 0) > 40)
        assert run_rig("tell", "arm", *links).code == 1
        told = run_rig("tell", "arm", "--lane-is-empty", "--tick-is-heard", *links)
        assert told.out == "armed: the rig guards the lane\n", told
        said(paper, "horn: OK armed")
        os.kill(int(said(paper, "watch: started").split("process ")[1]), signal.SIGKILL)
        said(paper, "horn: FAULT decider silent")
        wait(lambda: ready.read_state().get("stage") == "left armed")
        assert run_rig("tell", "acknowledge", *links).code == 0
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(HANGS_S)
    assert code == 0
    assert not folder.exists()


def wait(until: Callable[[], Any]) -> Any:
    deadline_s = time.monotonic() + HANGS_S
    while time.monotonic() < deadline_s:
        if found := until():
            return found
        time.sleep(0.05)
    raise AssertionError("it never came")


def said(paper: Path, part: str) -> str:
    """The first line with this part."""
    found: str = wait(lambda: next((x for x in paper.read_text().splitlines() if part in x), None))
    return found
