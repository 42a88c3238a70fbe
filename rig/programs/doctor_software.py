"""Checks of `rig doctor` on what the rig is made of: Python, packages, model.

Each function decides one thing, from the machine that it is shown. Called by `programs.doctor`.
"""

from __future__ import annotations

import hashlib
import platform
import re
import struct
from pathlib import Path
from typing import Final

import rig
from rig.errors import ModelError
from rig.programs.doctor_records import Finding, Patient, right, skipped, wrong
from rig.programs.judging import load_named_card

PYTHON_LEAST: Final = (3, 11)
ONNXRUNTIME: Final = "1.28.0"
"""1.21 dies on a Pi 4, wheels from 1.29 on report home (FACTS: dependencies and their traps)."""
AGAIN: Final = "call scripts/install-pi again (elsewhere scripts/rig sets its environment up)"
REPOSITORY: Final = Path(rig.__file__).resolve().parents[1]
INSTALLED: Final = Path("/opt/rearguard")
"""Where scripts/install-pi puts the program."""


def check_python(patient: Patient) -> Finding:
    """The running interpreter's version and width."""
    del patient
    return judge_python(tuple(map(int, platform.python_version_tuple()[:2])), struct.calcsize("P"))


def judge_python(version: tuple[int, ...], pointer_bytes: int) -> Finding:
    """3.11 or newer, and 64 bits, for which alone onnxruntime has wheels."""
    found = f"{'.'.join(map(str, version))}, {pointer_bytes * 8}-bit"
    if version < PYTHON_LEAST or pointer_bytes < 8:
        return wrong(found, "install the 64-bit Raspberry Pi OS trixie or bookworm (3.11 or newer)")
    return right(found)


def check_packages(patient: Patient) -> Finding:
    """Every package in the version that the lock file names, and one OpenCV only."""
    is_rig = patient.machine.pi is not None or REPOSITORY == INSTALLED
    lock = lock_of(patient.machine.text("/etc/os-release") or "", is_rig)
    version_of = patient.machine.version_of
    wanted = locked_versions((REPOSITORY / lock).read_text(encoding="utf-8"))
    off = [
        f"{name} {version_of(name) or 'missing'} (not {version})"
        for name, version in wanted.items()
        if version_of(name) != version
    ]
    if version_of("opencv-python") is not None:
        off.append("opencv-python beside opencv-python-headless: both bring cv2")
    if off:
        return wrong("; ".join(off), f"{AGAIN}: {lock}")
    return right(f"all {len(wanted)} as in {lock}")


def lock_of(os_release: str, is_rig: bool) -> str:
    """The lock file that this system was installed from, by the text of /etc/os-release."""
    codename = re.search(r"^VERSION_CODENAME=(\w+)", os_release, re.MULTILINE)
    if is_rig and codename is not None and codename[1] in ("trixie", "bookworm"):
        return f"systemd/requirements-{codename[1]}.lock"
    return "requirements.lock"


def locked_versions(lock: str) -> dict[str, str]:
    """Package -> version. A line with a marker (another system's package) is passed over."""
    return dict(re.findall(r"^([a-z][a-z0-9-]*)==(\S+) \\$", lock, re.MULTILINE))


def check_onnxruntime(patient: Patient) -> Finding:
    """The pinned version, with telemetry off."""
    found = patient.machine.version_of("onnxruntime")
    if found != ONNXRUNTIME:
        return wrong(f"onnxruntime {found or 'is missing'}, not {ONNXRUNTIME}", AGAIN)
    if patient.machine.environ.get("ORT_DISABLE_TELEMETRY") != "1":
        return wrong("telemetry is not off", "set ORT_DISABLE_TELEMETRY=1, as scripts/rig does")
    return right(f"{found}, telemetry off")


def check_model(patient: Patient) -> Finding:
    """The card can be read and the weights are those that it names."""
    try:
        card = load_named_card(patient.config)
        digest = hashlib.sha256(card.weights.read_bytes()).hexdigest()
    except (ModelError, OSError) as error:
        return wrong(str(error).replace("\n", "; "), "copy models/ again, or mend detector.card")
    if digest != card.sha256:
        return wrong(
            f"{card.weights.name} is not the file that its card names",
            f"copy {card.weights.name} and {card.path.name} again, both of the same version",
        )
    return right(f"{card.name}, {digest[:12]}")


def check_speaker(patient: Patient) -> Finding:
    """A sound card, which only `--pins speaker` needs."""
    machine = patient.machine
    if machine.pi is not None:
        return skipped("the siren is on a pin; a Pi needs no sound card")
    cards = machine.text("/proc/asound/cards")
    if cards is None or "no soundcards" in cards:
        return skipped("no sound card: use --pins mock, which prints the sounds")
    if machine.ask(("aplay", "--version")) is None:
        return wrong("a sound card, but no aplay", "apt install alsa-utils, or use --pins mock")
    return right("sound card and aplay, for --pins speaker")
