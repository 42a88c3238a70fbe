"""`rig log-gait` as a process: poses of the live runner are logged, and its end changes nothing."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rig.core.log_lines import Verdict
from rig.devices.eventlog import verify_stream
from tests.programs.conftest import Make
from tests.programs.live_rig import MODELS
from tests.programs.processes import ROOT, command, run_rig

HANGS_S = 60.0

pytestmark = pytest.mark.skipif(
    not (MODELS / "rearguard-pose.toml").exists(),
    reason="no pose model is there: scripts/train-pose, scripts/export-pose",
)


class LogGait:
    """One `rig log-gait`, started as often as asked."""

    def __init__(self, links: Path, sessions: Path) -> None:
        self.sessions, self._paper = sessions, links.with_suffix(".gait")
        self._argv = ("--set", f"links.folder={links}", "--set", f"log.sessions={sessions}")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> LogGait:
        readies = self.said.count("ready")
        with self._paper.open("a") as paper:
            self.process = subprocess.Popen(
                command("log-gait", *self._argv), cwd=ROOT, stdout=paper, stderr=subprocess.STDOUT
            )
        self.wait(lambda: self.said.count("ready") > readies)
        return self

    def wait(self, until: Callable[[], Any]) -> Any:
        deadline_s = time.monotonic() + HANGS_S
        while time.monotonic() < deadline_s:
            if found := until():
                return found
            time.sleep(0.05)
        raise AssertionError(f"it never came: {self.said}")

    @property
    def said(self) -> str:
        return self._paper.read_text() if self._paper.exists() else ""

    def poses(self) -> list[dict[str, Any]]:
        paths = sorted(self.sessions.glob("*/gait.*.jsonl"))
        whole = [row for path in paths for row in path.read_text().split("\n")[:-1]]
        return [line for line in map(json.loads, whole) if line["kind"] == "pose"]

    def end(self, number: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(HANGS_S)


def test_the_live_runners_poses_are_logged_and_a_killed_logger_changes_nothing(
    make: Make, tmp_path: Path
) -> None:
    (tmp_path / "run").mkdir(exist_ok=True)
    sessions = tmp_path / "sessions"
    logged = LogGait(tmp_path / "run", sessions).start()
    rig = make(sessions=sessions).start()
    rig.arm()
    rig.wait_for_state(lambda s: s["phase"] == "in_box")
    rig.wait(lambda: len(logged.poses()) >= 5)
    assert logged.end(signal.SIGKILL) == -signal.SIGKILL
    assert rig.wait_for_word(lambda w: w.is_armed and w.is_well)
    before = len(logged.poses())
    logged.start()
    rig.wait(lambda: len(logged.poses()) >= before + 5)
    assert logged.end(signal.SIGTERM) == 0
    assert rig.order("disarm")["is_done"]
    assert rig.kill(signal.SIGTERM) == 0
    (session,) = sessions.iterdir()
    verdicts = [report.verdict for report in verify_stream(session, "gait")]
    assert len(verdicts) == 2
    assert verdicts[-1] is Verdict.WHOLE
    told = run_rig("gait", session)
    assert told.code in (0, 1), told.err
    assert (session / "gait" / "session.json").exists()


def test_without_a_run_time_folder_it_refuses(tmp_path: Path) -> None:
    told = run_rig("log-gait", "--set", f"links.folder={tmp_path / 'none'}")
    assert told.code == 2
    assert "run-time folder" in told.err
