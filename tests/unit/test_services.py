"""The units and the installer, as far as they can be judged without systemd and root."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from rig.cli import COMMANDS
from rig.config import Config
from rig.programs.doctor import LANE
from rig.programs.doctor_service import UNITS

ROOT = Path(__file__).parents[2]
SERVICES = [ROOT / "systemd" / name for name in UNITS]
EXPOSURE_MOST = 2.0


@pytest.fixture(params=SERVICES, ids=lambda path: path.stem)
def unit(request: pytest.FixtureRequest) -> str:
    path: Path = request.param
    return path.read_text(encoding="utf-8")


def values(unit: str, key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", unit, re.MULTILINE)


def install(*words: str) -> subprocess.CompletedProcess[str]:
    script = ROOT / "scripts/install-pi"
    return subprocess.run([script, *words], capture_output=True, text=True, timeout=60, check=False)


def test_each_unit_is_restarted_for_ever_and_watched(unit: str) -> None:
    assert values(unit, "Restart") == ["always"]
    assert values(unit, "StartLimitIntervalSec") == ["0"]
    assert values(unit, "Type") == ["notify"]
    assert values(unit, "WatchdogSignal") == ["SIGKILL"]


def test_no_unit_hides_what_the_rig_needs(unit: str) -> None:
    assert values(unit, "ProcSubset") == []
    assert values(unit, "RuntimeDirectory") == [], "it goes, with all sockets, when a unit stops"
    needs_devices = not re.search("rig.toml (record|log-gait)", unit)
    assert values(unit, "PrivateDevices") == ([] if needs_devices else ["yes"])


def test_each_unit_starts_a_command_that_exists(unit: str) -> None:
    (start,) = values(unit, "ExecStart")
    command = re.search(r"rig\.toml (\S+)", start)
    assert command is not None
    assert command[1] in COMMANDS


def test_the_watchdogs_are_as_short_as_designed() -> None:
    horn, watch, *_ = (path.read_text(encoding="utf-8") for path in SERVICES)
    assert values(horn, "WatchdogSec") == ["1s"]
    assert values(watch, "WatchdogSec") == ["3s"]


def test_the_horns_guard_drives_the_default_pin() -> None:
    (guard,) = values(SERVICES[0].read_text(encoding="utf-8"), "ExecStopPost")
    config = Config()
    folder, pin = config.links.folder, config.horn.siren_pin
    assert guard == f"+/opt/rearguard/scripts/horn-guard {folder} {pin}"
    assert f"d {folder} 0770 rig rig" in (ROOT / "systemd/tmpfiles.conf").read_text("utf-8")


def test_the_horns_pins_are_real_or_nothing() -> None:
    (pins,) = [v for v in values(SERVICES[0].read_text("utf-8"), "Environment") if "PIN" in v]
    assert "GPIOZERO_PIN_FACTORY=lgpio" in pins
    assert "LG_WD=/var/lib/rig" in pins


def test_watch_and_doctor_look_for_the_same_lane_file() -> None:
    watch = SERVICES[1].read_text(encoding="utf-8")
    assert values(watch, "ConditionPathExists") == [str(LANE)]
    assert f"--lane {LANE}" in watch


def test_the_target_wants_every_unit() -> None:
    (wanted,) = values((ROOT / "systemd/rig.target").read_text(encoding="utf-8"), "Wants")
    assert tuple(wanted.split()) == UNITS


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is missing")
@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.stem)
def test_exposure(path: Path) -> None:
    told = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", path],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    score = re.search(r"exposure level for \S+: ([\d.]+)", told.stdout)
    assert score is not None, told.stderr
    assert float(score[1]) <= EXPOSURE_MOST


# ------------------------------------------------------------------------------- installer


def test_a_dry_run_names_every_step_and_does_none() -> None:
    told = install("--dry-run")
    assert told.returncode == 0, told.stderr
    steps = re.findall(r"^== (.*)$", told.stdout, re.MULTILINE)
    assert steps[0] == "look at this machine"
    assert steps[-2:] == ["one-frame self-test", "start"]
    for words in (
        "python3-picamera2",
        "--system-site-packages",
        "--require-hashes",
        "rig-watch.service",
        "hardware-watchdog",
        "systemctl enable -q rig.target",
    ):
        assert words in told.stdout
    assert not Path("/opt/rearguard").exists() or "is there" not in told.stdout


def test_a_dry_uninstall_keeps_sessions_and_settings() -> None:
    told = install("--dry-run", "--uninstall")
    assert told.returncode == 0
    removed = re.findall(r"^   rm -rf -- (.*)$", told.stdout, re.MULTILINE)
    assert "/opt/rearguard" in removed
    assert not {"/var/lib/rig", "/etc/rearguard"} & set(removed)


@pytest.mark.skipif(
    os.uname().machine == "aarch64" and Path("/proc/device-tree/model").exists(),
    reason="this may be a Pi, which would be installed",
)
def test_it_refuses_what_is_no_pi_and_what_it_does_not_know() -> None:
    assert install("--wrong").returncode == 2
    told = install()
    assert told.returncode == 2
    assert "needs root" in told.stderr or "is needed" in told.stderr or "not a Rasp" in told.stderr
