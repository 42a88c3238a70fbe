"""The board's own files are read as they are, missing or broken ones are unknown."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rig.devices.board import PERIOD_S, BoardMeter, ask_firmware
from rig.records import Board


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def meter(tmp_path: Path) -> BoardMeter:
    return BoardMeter(tmp_path / "sessions" / "to" / "come", tmp_path / "sys")


def throttled(tmp_path: Path, text: str) -> None:
    write(tmp_path / "sys/devices/platform/soc/soc:firmware/get_throttled", text)


def test_a_machine_that_tells_nothing(tmp_path: Path) -> None:
    board = meter(tmp_path).read()
    room = os.statvfs(tmp_path)
    assert (board.temperature_c, board.is_undervolted, board.is_slowed) == (None, None, None)
    assert board.free_mb == pytest.approx(room.f_bavail * room.f_frsize / 1e6, rel=0.05)


@pytest.mark.parametrize(("text", "degrees"), [("61234\n", 61.234), ("", None), ("warm", None)])
def test_temperature(tmp_path: Path, text: str, degrees: float | None) -> None:
    write(tmp_path / "sys/class/thermal/thermal_zone0/temp", text)
    assert meter(tmp_path).read().temperature_c == degrees


@pytest.mark.parametrize(
    ("word", "is_undervolted", "is_slowed"),
    [
        ("0", False, False),
        ("1", True, False),
        ("2", False, True),
        ("4", False, True),
        ("8", False, True),
        ("50005", True, True),
        ("f0000", False, False),  # all of it has been, nothing of it is
        ("lost", None, None),
    ],
)
def test_the_firmware_s_word(
    tmp_path: Path, word: str, is_undervolted: bool | None, is_slowed: bool | None
) -> None:
    throttled(tmp_path, word + "\n")
    board = meter(tmp_path).read()
    assert (board.is_undervolted, board.is_slowed) == (is_undervolted, is_slowed)


@pytest.mark.parametrize(("alarm", "is_low"), [("0", False), ("1", True)])
def test_the_voltage_alarm_stands_in_for_a_missing_word(
    tmp_path: Path, alarm: str, is_low: bool
) -> None:
    write(tmp_path / "sys/class/hwmon/hwmon0/name", "cpu_thermal\n")
    write(tmp_path / "sys/class/hwmon/hwmon1/name", "rpi_volt\n")
    write(tmp_path / "sys/class/hwmon/hwmon1/in0_lcrit_alarm", alarm + "\n")
    board = meter(tmp_path).read()
    assert (board.is_undervolted, board.is_slowed) == (is_low, None)


def test_it_is_read_now_and_then(tmp_path: Path) -> None:
    throttled(tmp_path, "0")
    one, period_ns = meter(tmp_path), round(PERIOD_S * 1e9)
    assert isinstance(one.read_if_due(7), Board)
    assert one.read_if_due(6 + period_ns) is None
    throttled(tmp_path, "1")
    later = one.read_if_due(7 + period_ns)
    assert later is not None
    assert later.is_undervolted is True
    assert one.read_if_due(8 + period_ns) is None


def script(tmp_path: Path, text: str) -> str:
    path = tmp_path / "vcgencmd"
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('[ "$1" = get_throttled ] && echo throttled=0x50005', 0x50005),
        ("echo throttled=0x0", 0),
        ("echo VCHI initialization failed; exit 1", None),
        ("echo error=2", None),
        ("echo throttled=soon", None),
    ],
)
def test_the_firmware_s_program(tmp_path: Path, text: str, word: int | None) -> None:
    assert ask_firmware(script(tmp_path, text)) == word


def test_a_program_that_is_missing_or_hangs_tells_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ask_firmware(str(tmp_path / "none")) is None
    monkeypatch.setattr("rig.devices.board.ASK_S", 0.1)
    assert ask_firmware(script(tmp_path, "exec sleep 5")) is None
