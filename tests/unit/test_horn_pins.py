"""The pins do what the law says; missing ones are an error; a terminal never holds the horn."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import gpiozero
import pytest
from gpiozero.pins.mock import MockFactory, MockPWMPin

from rig.causes import Cause, Level
from rig.config_programs import HornOptions
from rig.core.horn_law import SILENT, Pins, Sound
from rig.core.patterns import PATTERNS
from rig.devices.horn_pins import MockPins, RealPins
from rig.errors import HardwareError
from rig.programs.horn_outputs import SpeakerPins

OPTIONS = replace(HornOptions(), sounder_pin=18)
STOP = Sound(PATTERNS["stop"], 0, Level.STOP, Cause.COLLISION, 1)


@pytest.fixture
def factory() -> Iterator[MockFactory]:
    before = gpiozero.Device.pin_factory
    gpiozero.Device.pin_factory = MockFactory(pin_class=MockPWMPin)
    yield gpiozero.Device.pin_factory
    gpiozero.Device.pin_factory.reset()
    gpiozero.Device.pin_factory = before


def state(factory: MockFactory, number: int) -> Any:
    return factory.pin(number).state


def test_each_output_follows_and_only_on_a_change(factory: MockFactory) -> None:
    pins = RealPins(OPTIONS)
    siren = factory.pin(OPTIONS.siren_pin)
    siren.clear_states()
    for is_on in (True, True, False, False, True):
        tone_hz = 1200.0 if is_on else 0.0
        pins.show(Pins(is_on, tone_hz, is_healthy=is_on, is_armed=True, sound=STOP), 0.0)
        assert bool(state(factory, OPTIONS.siren_pin)) is is_on
        assert bool(state(factory, OPTIONS.healthy_pin)) is is_on
        assert state(factory, OPTIONS.armed_pin)
        assert bool(state(factory, OPTIONS.sounder_pin)) is is_on
    assert [bool(s.state) for s in siren.states] == [False, True, False, True]
    pins.close()


def test_all_tones_of_all_patterns_can_be_played(factory: MockFactory) -> None:
    pins = RealPins(OPTIONS)
    for pattern in PATTERNS.values():
        for segment in pattern.segments:
            pins.show(Pins(False, segment.tone_hz, True, True, STOP), 0.0)
    pins.close()


def test_the_button_pulls_to_ground(factory: MockFactory) -> None:
    pins = RealPins(OPTIONS)
    assert not pins.is_pressed()
    factory.pin(OPTIONS.button_pin).drive_low()
    assert pins.is_pressed()
    pins.close()


def test_what_is_not_wired_is_left_alone(factory: MockFactory) -> None:
    pins = RealPins(HornOptions(healthy_pin=0, armed_pin=0, button_pin=0))
    pins.show(Pins(True, 1200.0, True, True, STOP), 0.0)
    assert not pins.is_pressed()
    assert len(factory.pins) == 1
    pins.close()


def test_missing_pins_are_refused_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpiozero.Device, "pin_factory", None)
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "lgpio")
    monkeypatch.setitem(sys.modules, "lgpio", None)
    with pytest.raises(HardwareError, match="--pins mock"):
        RealPins(OPTIONS)


def test_the_mock_says_that_nothing_is_heard(capfd: pytest.CaptureFixture[str]) -> None:
    pins = MockPins(OPTIONS)
    pins.show(Pins(False, 0.0, True, False, SILENT), 0.0)
    for _ in range(3):
        pins.show(Pins(True, 1200.0, False, True, STOP), 0.0)
    assert capfd.readouterr().out.splitlines() == [
        "horn: mock pins, nothing will be heard; every sound is a line here",
        "horn: silent  (healthy lit, armed dark)",
        "horn: STOP collision: stop  (healthy dark, armed lit)",
    ]


@pytest.mark.parametrize("is_read", [True, False])
def test_a_terminal_that_nobody_reads_does_not_hold_the_horn(
    is_read: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as out:
        monkeypatch.setattr(sys, "stdout", out)
        pins = MockPins(OPTIONS)
        if not is_read:
            os.close(reader)
        for number in range(4000):
            sound = replace(STOP, cause=Cause.FALL if number % 2 else Cause.COLLISION)
            pins.show(Pins(True, 0.0, True, True, sound), 0.0)
        if is_read:
            assert os.read(reader, 40).startswith(b"horn: mock pins")
            os.close(reader)


def test_a_speaker_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(HardwareError, match="alsa-utils"):
        SpeakerPins(OPTIONS)


def test_a_player_that_ends_at_once_is_refused(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    player = tmp_path / "aplay"
    player.write_text("#!/bin/sh\necho no soundcards found >&2\nexit 1\n")
    player.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HardwareError, match="no soundcards found"):
        SpeakerPins(OPTIONS)


def test_a_player_is_fed_as_time_goes(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    player, fed = tmp_path / "aplay", tmp_path / "fed"
    player.write_text(f"#!/bin/sh\nexec /bin/cat > '{fed}'\n")
    player.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    pins = SpeakerPins(OPTIONS)
    for number in range(20):
        pins.show(Pins(True, 1200.0, True, True, STOP), 0.02 * number)
    for _ in range(500):  # a player on a busy machine takes its time to begin
        if fed.exists() and any(fed.read_bytes()):
            break
        time.sleep(0.02)
    pins.close()
    assert any(fed.read_bytes())
