from __future__ import annotations

import json
import shutil
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rig.config import CameraOptions, Config, DetectorOptions, HornOptions, LogOptions
from rig.core.lane_file import format_site
from rig.errors import ConfigError
from rig.programs import doctor, doctor_board, doctor_service, doctor_software
from rig.programs.doctor_records import Finding, Machine, Patient, State, right, skipped, wrong
from rig.programs.judging import MODELS
from rig.records import Picture
from rig.sim.drills import mount_a

ROOT = Path(__file__).parents[2]
CAMERAS = "Available cameras\n-----------------\n0 : imx708 [4608x2592 10-bit RGGB] (/base/soc)\n"
FOUR_UP = "active\nactive\nactive\nactive\n"
ANSWERS = {
    "vcgencmd": "throttled=0x0\n",
    "rpicam-hello": CAMERAS,
    "systemctl": FOUR_UP,
    "sh": "/usr/bin/pinctrl\n",
    "aplay": "aplay: version 1.2.14\n",
}
MEMINFO = "MemTotal:        4000000 kB\nMemFree:  1 kB\nMemAvailable:    {free} kB\n"


class Board:
    """A made-up computer below a folder; at first a Raspberry Pi with everything right."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.answers: dict[str, str | None] = dict(ANSWERS)
        self.environ: dict[str, str] = {"ORT_DISABLE_TELEMETRY": "1"}
        lock = (ROOT / "systemd/requirements-trixie.lock").read_text(encoding="utf-8")
        self.versions = doctor_software.locked_versions(lock)
        self.versions |= {"picamera2": "0.3.31", "lgpio": "0.2.2"}
        self.config = Config(log=LogOptions(sessions=str(root)))
        self.lane = root / "lane.toml"
        self.has_frame = False
        self.write("/proc/device-tree/model", "Raspberry Pi 5 Model B Rev 1.0\0")
        self.write("/proc/meminfo", MEMINFO.format(free=2_000_000))
        self.write("/etc/os-release", 'ID=debian\nVERSION_CODENAME=trixie\nNAME="Debian"\n')
        self.write("/sys/class/thermal/thermal_zone0/temp", "51234\n")
        self.write("/dev/gpiochip0", "")
        self.write("/etc/systemd/system/rig.target", "")
        horn = (ROOT / "systemd/rig-horn.service").read_text(encoding="utf-8")
        self.write("/etc/systemd/system/rig-horn.service", horn)
        (root / "run/rig").mkdir(parents=True)
        camera = self.config.camera
        site = mount_a(40.0, camera.width_px, camera.height_px)
        self.lane.write_text(format_site(site), encoding="utf-8")

    def write(self, path: str, text: str) -> None:
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def remove(self, path: str) -> None:
        (self.root / path.lstrip("/")).unlink()

    def ask(self, words: Sequence[str]) -> str | None:
        return self.answers[words[0]]

    def examine(self, name: str) -> Finding:
        machine = Machine(self.root, self.environ, self.ask, self.versions.get)
        return doctor.CHECKS[name](Patient(machine, self.config, self.lane, self.has_frame))


@pytest.fixture
def board(tmp_path: Path) -> Board:
    return Board(tmp_path)


@pytest.fixture
def laptop(board: Board) -> Board:
    board.remove("/proc/device-tree/model")
    board.remove("/etc/systemd/system/rig.target")
    board.remove("/etc/systemd/system/rig-horn.service")
    (board.root / "run/rig").rmdir()
    board.lane.unlink()
    board.remove("/sys/class/thermal/thermal_zone0/temp")
    return board


# ------------------------------------------------------------------------------- all is well


@pytest.mark.parametrize("name", [n for n in doctor.CHECKS if n not in ("speaker", "frame")])
def test_a_pi_that_lacks_nothing_is_right(board: Board, name: str) -> None:
    assert board.examine(name).state is State.RIGHT, board.examine(name)


@pytest.mark.parametrize(
    "name",
    ["power", "heat", "camera", "pins", "guard", "links", "lane", "services", "frame", "speaker"],
)
def test_a_laptop_is_not_blamed_for_being_no_pi(laptop: Board, name: str) -> None:
    assert laptop.examine(name).state is State.SKIPPED, laptop.examine(name)


# ------------------------------------------------------------------------------- each thing wrong

BREAKS: Mapping[str, tuple[str, Any, str]] = {
    "package of another version": (
        "packages", lambda b: b.versions.update(numpy="2.4.6"), "numpy 2.4.6 (not 2.2.4)"),
    "package missing": ("packages", lambda b: b.versions.pop("av"), "av missing"),
    "two OpenCVs": (
        "packages", lambda b: b.versions.update({"opencv-python": "4.11.0.86"}), "both bring cv2"),
    "onnxruntime that reports home": (
        "onnxruntime", lambda b: b.versions.update(onnxruntime="1.31.0"), "not 1.28.0"),
    "no onnxruntime": ("onnxruntime", lambda b: b.versions.pop("onnxruntime"), "is missing"),
    "telemetry on": ("onnxruntime", lambda b: b.environ.clear(), "telemetry"),
    "low voltage": ("power", lambda b: b.answers.update(vcgencmd="throttled=0x50005\n"),
                    "too low a voltage now, slowed down now, too low a voltage since"),
    "only once low": ("power", lambda b: b.answers.update(vcgencmd="throttled=0x10000\n"),
                      "too low a voltage since the start"),
    "no firmware tool": ("power", lambda b: b.answers.update(vcgencmd=None), "does not tell"),
    "too hot": ("heat", lambda b: b.write("/sys/class/thermal/thermal_zone0/temp", "80000\n"),
                "80 C"),
    "no thermometer": ("heat", lambda b: b.remove("/sys/class/thermal/thermal_zone0/temp"),
                       "cannot be read"),
    "little memory": ("memory", lambda b: b.write("/proc/meminfo", MEMINFO.format(free=511_999)),
                      "499 of 3906 MB"),
    "no meminfo": ("memory", lambda b: b.remove("/proc/meminfo"), "does not tell"),
    "no picamera2": ("camera", lambda b: b.versions.pop("picamera2"), "picamera2 is missing"),
    "no camera": ("camera", lambda b: b.answers.update({"rpicam-hello": "No cameras available!"}),
                  "no camera"),
    "camera tool hangs": ("camera", lambda b: b.answers.update({"rpicam-hello": None}), "answer"),
    "another factory": ("pins", lambda b: b.environ.update(GPIOZERO_PIN_FACTORY="mock"), "mock"),
    "no lgpio": ("pins", lambda b: b.versions.pop("lgpio"), "lgpio is missing"),
    "no pins": ("pins", lambda b: b.remove("/dev/gpiochip0"), "no /dev/gpiochip"),
    "siren moved": ("guard", lambda b: setattr(
        b, "config", replace(b.config, horn=HornOptions(siren_pin=27))), "GPIO 17 for /run/rig"),
    "guard lost": ("guard", lambda b: b.write("/etc/systemd/system/rig-horn.service", "[Unit]"),
                   "drives nothing"),
    "no pinctrl": ("guard", lambda b: b.answers.update(sh=None), "pinctrl is missing"),
    "links gone": ("links", lambda b: shutil.rmtree(b.root / "run/rig"), "is not there"),
    "not calibrated": ("lane", lambda b: b.lane.unlink(), "not calibrated"),
    "lane torn": ("lane", lambda b: b.lane.write_text("[lane"), "lane.toml"),
    "other picture size": ("lane", lambda b: setattr(
        b, "config", replace(b.config, camera=CameraOptions(width_px=640, height_px=360))),
        "calibrated at 1280x720 px"),
    "not installed": ("services", lambda b: b.remove("/etc/systemd/system/rig.target"),
                      "not installed"),
    "watch down": ("services", lambda b: b.answers.update(
        systemctl="active\nfailed\nactive\nactive\n"), "rig-watch.service is failed"),
    "no systemd": ("services", lambda b: b.answers.update(systemctl=None), "does not tell"),
    "no card": ("model", lambda b: setattr(
        b, "config", replace(b.config, detector=DetectorOptions(card="nothing.toml"))),
        "no model card"),
}  # fmt: skip


@pytest.mark.parametrize("what", BREAKS)
def test_each_wrong_thing_is_found_and_has_a_remedy(board: Board, what: str) -> None:
    name, spoil, words = BREAKS[what]
    spoil(board)
    finding = board.examine(name)
    assert finding.state is State.WRONG
    assert words in finding.found
    assert finding.remedy


def test_every_check_that_can_be_spoilt_here_is(board: Board) -> None:
    spoilt = {name for name, _, _ in BREAKS.values()}
    by_themselves = {"python", "board", "disk", "clock", "speaker", "frame"}
    assert spoilt | by_themselves == set(doctor.CHECKS)


@pytest.mark.parametrize("release", ["bookworm", "trixie"])
def test_a_pi_is_held_against_its_own_lock_file(release: str) -> None:
    name = doctor_software.lock_of(f"VERSION_CODENAME={release}\n", True)
    wanted = doctor_software.locked_versions((ROOT / name).read_text(encoding="utf-8"))
    assert wanted["onnxruntime"] == doctor_software.ONNXRUNTIME
    assert wanted["numpy"] == {"bookworm": "1.24.2", "trixie": "2.2.4"}[release]
    assert doctor_software.lock_of(f"VERSION_CODENAME={release}\n", False) == "requirements.lock"


@pytest.mark.parametrize(
    ("version", "size", "state"),
    [((3, 11), 8, State.RIGHT), ((3, 10), 8, State.WRONG), ((3, 13), 4, State.WRONG)],
)
def test_python(version: tuple[int, ...], size: int, state: State) -> None:
    assert doctor_software.judge_python(version, size).state is state


def test_a_clock_before_the_installation_is_wrong() -> None:
    assert doctor_board.judge_clock(1e9 - 1, 1e9, True).state is State.WRONG
    assert doctor_board.judge_clock(1e9, 1e9, False).state is State.RIGHT


def test_a_full_disk_is_wrong(board: Board) -> None:
    board.config = replace(board.config, log=LogOptions(str(board.root / "new"), 1.0, 1e6))
    assert "1e+06 MB needed" in board.examine("disk").found
    assert board.examine("disk").state is State.WRONG


def test_weights_of_another_version_are_wrong(board: Board, tmp_path: Path) -> None:
    card = tmp_path / "rearguard-detector.toml"
    shutil.copy(MODELS / card.name, card)
    card.with_suffix(".onnx").write_bytes(b"other weights")
    board.config = replace(board.config, detector=DetectorOptions(card=str(card)))
    finding = board.examine("model")
    assert finding.state is State.WRONG
    assert "is not the file that its card names" in finding.found


def test_a_missing_camera_stack_is_a_finding_and_no_crash(board: Board) -> None:
    board.has_frame = True
    finding = board.examine("frame")
    assert finding.state is State.WRONG
    assert "picamera2" in finding.found


def plain(light: int, spread: int = 0) -> Picture:
    picture = np.full((180, 320, 3), light - spread, np.uint8)
    picture[:, ::2] += 2 * spread
    return picture


@pytest.mark.parametrize(
    ("picture", "words"),
    [
        (plain(11, 8), "black"),
        (plain(12, 8), None),
        (plain(251, 2), "white"),
        (plain(120, 5), "even"),
        (plain(120, 6), None),
    ],
)
def test_a_covered_lens_is_no_right_picture(picture: Picture, words: str | None) -> None:
    said = doctor_service.blindness(picture, Config().health)
    assert said is None if words is None else words in str(said)


def test_an_armed_rig_is_told(board: Board) -> None:
    (board.root / "run/rig/armed").touch()
    assert (
        "ARMED"
        in doctor_service.check_links(
            Patient(
                Machine(board.root, {}, board.ask, board.versions.get),
                board.config,
                board.lane,
                False,
            )
        ).found
    )


# ------------------------------------------------------------------------------- telling it

FINDINGS = {"camera": wrong("no camera " * 15, "press it in"), "heat": right("51 C"),
            "lane": skipped("none")}  # fmt: skip


def test_the_table_names_remedies_and_counts() -> None:
    lines = doctor.as_table(FINDINGS).splitlines()
    assert lines[0].startswith("WRONG  camera")
    assert any("remedy: press it in" in line for line in lines)
    assert max(map(len, lines)) <= doctor.WIDTH
    assert lines[-1] == "1 right, 1 wrong, 1 do not apply"


def test_json_says_the_same() -> None:
    told = json.loads(doctor.as_json(FINDINGS))
    assert told["is_right"] is False
    assert [c["name"] for c in told["checks"]] == list(FINDINGS)
    assert told["checks"][0]["remedy"] == "press it in"
    assert json.loads(doctor.as_json({"heat": right("")}))["is_right"] is True


@pytest.mark.parametrize(
    ("finding", "code"), [(right(""), 0), (skipped(""), 0), (wrong("", ""), 1)]
)
def test_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], finding: Finding, code: int
) -> None:
    monkeypatch.setattr(doctor, "CHECKS", {"heat": lambda patient: finding})
    args = Namespace(only="heat", frame=False, lane=doctor.LANE, json=True)
    assert doctor.run(args, Config()) == code
    assert json.loads(capsys.readouterr().out)["is_right"] is (code == 0)


def test_an_unknown_check_is_refused() -> None:
    args = Namespace(only="heat,warmth", frame=False, lane=doctor.LANE, json=False)
    with pytest.raises(ConfigError, match="no check warmth"):
        doctor.run(args, Config())
