"""How warm, how well fed and how full the computer is.

Reads only small files of the kernel and the disk's free room, so that it may be asked from the
deciding loop; each source may be missing and is then None: not every board has a firmware that
tells. Decides nothing: `core.health` and `core.notices` judge. `ask_firmware` starts a program and
is for start, arming and `rig doctor` only. Called by `rig.programs`.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from rig.records import Board

PERIOD_S = 2.0
"""Neither heat nor a battery changes faster; a reading costs a tenth of a millisecond."""
UNDERVOLTED_NOW, CAPPED_NOW, THROTTLED_NOW, HOT_NOW = 1 << 0, 1 << 1, 1 << 2, 1 << 3
"""Bits of the firmware's `get_throttled` word (Raspberry Pi documentation, vcgencmd)."""
ASK_S = 1.0


class BoardMeter:
    """Reads the board every PERIOD_S. `sysfs` is /sys but in tests."""

    def __init__(self, folder: Path, sysfs: Path = Path("/sys")) -> None:
        self._folder = folder
        self._zone = sysfs / "class/thermal/thermal_zone0/temp"
        self._throttled = _first(sysfs, "devices/platform/soc*/soc*firmware/get_throttled")
        self._alarm = _voltage_alarm(sysfs)
        self._read_ns: int | None = None

    def read_if_due(self, now_ns: int) -> Board | None:
        """The board every PERIOD_S, None between."""
        if self._read_ns is not None and now_ns - self._read_ns < PERIOD_S * 1e9:
            return None
        self._read_ns = now_ns
        return self.read()

    def read(self) -> Board:
        """The board now."""
        milli = _number(self._zone, 10)
        word = _number(self._throttled, 16)
        return Board(
            temperature_c=None if milli is None else milli / 1000.0,
            is_undervolted=self._is_undervolted(word),
            is_slowed=None if word is None else bool(word & (CAPPED_NOW | THROTTLED_NOW | HOT_NOW)),
            free_mb=_free_mb(self._folder),
        )

    def _is_undervolted(self, word: int | None) -> bool | None:
        if word is not None:
            return bool(word & UNDERVOLTED_NOW)
        alarm = _number(self._alarm, 10)
        return None if alarm is None else alarm != 0


def ask_firmware(program: str = "vcgencmd") -> int | None:
    """The firmware's word by its own program; None where there is none or it does not answer."""
    try:
        done = subprocess.run(
            [program, "get_throttled"], capture_output=True, text=True, timeout=ASK_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    name, _, word = done.stdout.strip().partition("=")
    return _parsed(word, 16) if done.returncode == 0 and name == "throttled" else None


def _first(folder: Path, pattern: str) -> Path | None:
    return next(iter(sorted(folder.glob(pattern))), None)


def _voltage_alarm(sysfs: Path) -> Path | None:
    """The hwmon of the Pi's own driver, which raises an alarm while the supply is too low."""
    for name in sorted(sysfs.glob("class/hwmon/hwmon*/name")):
        if name.read_text(encoding="ascii", errors="replace").strip() == "rpi_volt":
            return name.parent / "in0_lcrit_alarm"
    return None


def _number(path: Path | None, base: int) -> int | None:
    if path is None:
        return None
    try:
        return _parsed(path.read_text(encoding="ascii", errors="replace").strip(), base)
    except OSError:
        return None


def _parsed(text: str, base: int) -> int | None:
    try:
        return int(text, base)
    except ValueError:
        return None


def _free_mb(folder: Path) -> float | None:
    """What an ordinary user may still write where `folder` is, or will be made."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        room = os.statvfs(folder)
    except OSError:
        return None
    return room.f_bavail * room.f_frsize / 1e6
