"""Checks of `rig doctor` on the board: power, heat, room, clock, camera, pins.

Each function decides one thing, from the machine that it is shown. Called by `programs.doctor`.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from pathlib import Path
from typing import Final

from rig.programs.doctor_records import Finding, Patient, right, skipped, wrong
from rig.programs.doctor_software import REPOSITORY

HEAT_MOST_C: Final = 80.0
"""From here on a Pi slows its cores (Raspberry Pi documentation: frequency management)."""
MEMORY_LEAST_MB: Final = 500
"""watch 300, horn 40, record 100, and a little (the budgets of docs/install.md)."""
THROTTLED: Final = {
    0: "too low a voltage now",
    1: "clock capped now",
    2: "slowed down now",
    3: "at the soft heat limit now",
    16: "too low a voltage since the start",
    18: "slowed down since the start",
}
"""Bits of `vcgencmd get_throttled` that matter (Raspberry Pi documentation: vcgencmd)."""
NO_PI: Final = "not a Raspberry Pi"


def check_board(patient: Patient) -> Finding:
    """Which computer this is."""
    return right(patient.machine.pi or NO_PI + ": recordings, demo and mock pins only")


def check_power(patient: Patient) -> Finding:
    """The firmware's memory of low voltage and throttling."""
    if patient.machine.pi is None:
        return skipped(NO_PI)
    answer = patient.machine.ask(("vcgencmd", "get_throttled")) or ""
    word = re.fullmatch(r"throttled=0x([0-9a-fA-F]+)", answer.strip())
    if word is None:
        return wrong("vcgencmd does not tell", "apt install raspi-utils; join the group video")
    bits = int(word[1], 16)
    said = [text for bit, text in THROTTLED.items() if bits >> bit & 1]
    if said:
        remedy = "a supply of 5 V and 3 A (Pi 5: 5 A), a short thick cable, then start anew"
        return wrong(f"{', '.join(said)} (0x{bits:x})", remedy)
    return right("never too low a voltage, never slowed")


def check_heat(patient: Patient) -> Finding:
    """The processor's temperature."""
    text = patient.machine.text("/sys/class/thermal/thermal_zone0/temp")
    if text is None or not text.strip().lstrip("-").isdigit():
        if patient.machine.pi is None:
            return skipped("no thermometer")
        return wrong("the thermometer cannot be read", "update the system and start anew")
    heat_c = int(text) / 1000.0
    found = f"{heat_c:.0f} C, slows at {HEAT_MOST_C:.0f} C"
    return right(found) if heat_c < HEAT_MOST_C else wrong(found, "shade, a heat sink or a fan")


def check_memory(patient: Patient) -> Finding:
    """What is free for the programs, or already used by them."""
    text = patient.machine.text("/proc/meminfo") or ""
    total_kb, free_kb = (
        re.search(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE)
        for name in ("MemTotal", "MemAvailable")
    )
    if total_kb is None or free_kb is None:
        return wrong("/proc/meminfo does not tell", "mount /proc")
    total_mb, free_mb = int(total_kb[1]) // 1024, int(free_kb[1]) // 1024
    found = f"{free_mb} of {total_mb} MB free, {MEMORY_LEAST_MB} MB needed"
    if free_mb < MEMORY_LEAST_MB:
        return wrong(found, "end other programs, or take a board with 2 GB or more")
    return right(found)


def check_disk(patient: Patient) -> Finding:
    """Room where sessions are written."""
    folder = _nearest(Path(patient.config.log.sessions).absolute())
    free_mb = shutil.disk_usage(folder).free / 1e6
    least_mb = patient.config.log.free_least_mb
    found = f"{free_mb:.0f} MB free at {folder}, {least_mb:g} MB needed"
    if free_mb < least_mb:
        return wrong(found, "delete old sessions, or set log.sessions to a larger disk")
    if not os.access(folder, os.W_OK):
        return wrong(f"{folder} cannot be written", "run it as the user rig (sudo rig doctor)")
    return right(found)


def _nearest(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    return next(path for path in (folder, *folder.parents) if path.is_dir())


def check_clock(patient: Patient) -> Finding:
    """The wall clock, which people read in the log; the rig itself judges by the boot's clock."""
    made_s = (REPOSITORY / "rig/__init__.py").stat().st_mtime
    return judge_clock(
        time.time(),
        made_s,
        patient.machine.path("/run/systemd/timesync/synchronized").exists(),
    )


def judge_clock(now_s: float, made_s: float, is_synchronized: bool) -> Finding:
    """Seconds of the epoch: a clock before the program's own files has lost its time."""
    shown = time.strftime("%Y-%m-%d %H:%M", time.gmtime(now_s)) + " UTC"
    if now_s < made_s:
        return wrong(
            f"{shown}, before this program was installed",
            "connect to a network once, or: sudo date --set 'YYYY-MM-DD HH:MM'",
        )
    return right(f"{shown}, {'set by the network' if is_synchronized else 'not set by a network'}")


def check_camera(patient: Patient) -> Finding:
    """picamera2 in reach, and a camera on the ribbon."""
    machine = patient.machine
    if machine.pi is None:
        return skipped(NO_PI)
    if machine.version_of("picamera2") is None:
        return wrong(
            "picamera2 is missing",
            "apt install python3-picamera2, then scripts/install-pi (its venv sees apt's packages)",
        )
    listed = machine.ask(("rpicam-hello", "--list-cameras"))
    if listed is None:
        return wrong("rpicam-hello does not answer", "apt install rpicam-apps-lite")
    cameras = re.findall(r"^\d+ : (\S+)", listed, re.MULTILINE)
    if not cameras:
        return wrong("no camera", "power off, press the ribbon in at both ends, power on")
    return right(f"picamera2 {machine.version_of('picamera2')}, {', '.join(cameras)}")


def check_pins(patient: Patient) -> Finding:
    """The pin factory is lgpio, and it finds pins that this user may use."""
    machine = patient.machine
    if machine.pi is None:
        return skipped(f"{NO_PI}: use --pins mock")
    factory = machine.environ.get("GPIOZERO_PIN_FACTORY", "lgpio")
    if factory != "lgpio":
        return wrong(f"GPIOZERO_PIN_FACTORY={factory}", "set it to lgpio or take it away")
    if machine.version_of("lgpio") is None:
        return wrong("lgpio is missing", "apt install python3-lgpio")
    chips = sorted(machine.path("/dev").glob("gpiochip*"))
    if not any(os.access(chip, os.R_OK | os.W_OK) for chip in chips):
        found = "no pins that this user may use" if chips else "no /dev/gpiochip*"
        return wrong(found, "run it as the user rig (sudo rig doctor), who is in the group gpio")
    return right(f"lgpio on {len(chips)} chips, siren on GPIO {patient.config.horn.siren_pin}")
