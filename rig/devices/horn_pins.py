"""The horn's outputs and its button: real pins, or pins that only print.

Decides how a state of the pins reaches the hardware, nothing about when. Real pins that are not
there are an error: a rig that silently has no siren would be worse than none. gpiozero is told
what to do each tick; its own `Buzzer.beep` would start a thread a beep. Called by `programs.horn`.
"""

from __future__ import annotations

import os
import select
import sys
from typing import Any, Final, Protocol

from rig.config_programs import HornOptions
from rig.core.horn_law import Pins, Sound
from rig.errors import HardwareError

_SOUNDER_MIDDLE_HZ: Final = 980.0
_SOUNDER_OCTAVES: Final = 2
"""245 to 3920 Hz: all tones of the patterns (FACTS: the default range ends at 880 Hz)."""


class HornPins(Protocol):
    """Outputs and the button."""

    def show(self, pins: Pins, elapsed_s: float) -> None:
        """Make the outputs so; `elapsed_s` is since the sound began."""
        ...

    def is_pressed(self) -> bool:
        """Whether the button is down now."""
        ...

    def close(self) -> None:
        """Give the hardware back; what the siren does then is the pull-down's and the guard's."""
        ...


class RealPins:
    """The Pi's pins through gpiozero and lgpio. Raises HardwareError where they are not there."""

    def __init__(self, options: HornOptions) -> None:
        self._devices: list[Any] = []
        os.environ.setdefault("GPIOZERO_PIN_FACTORY", "lgpio")
        try:
            self._open(options)
        except _broken_pins() as error:
            self.close()
            raise HardwareError(
                f"the pins cannot be used ({type(error).__name__}: {error}); on the Pi install "
                "python3-lgpio and join the group gpio, elsewhere give --pins mock or speaker"
            ) from error

    def _open(self, options: HornOptions) -> None:
        import gpiozero

        self._siren = self._output(gpiozero, options.siren_pin)
        self._healthy = self._output(gpiozero, options.healthy_pin)
        self._armed = self._output(gpiozero, options.armed_pin)
        self._sounder = self._button = None
        self._tone_hz = 0.0
        if options.sounder_pin:
            middle = gpiozero.tones.Tone(_SOUNDER_MIDDLE_HZ)
            self._sounder = gpiozero.TonalBuzzer(
                options.sounder_pin, mid_tone=middle, octaves=_SOUNDER_OCTAVES
            )
            self._devices.append(self._sounder)
        if options.button_pin:
            self._button = gpiozero.DigitalInputDevice(options.button_pin, pull_up=True)
            self._devices.append(self._button)

    def _output(self, gpiozero: Any, pin: int) -> Any:
        if not pin:
            return None
        device = gpiozero.OutputDevice(pin, initial_value=False)
        self._devices.append(device)
        return device

    def show(self, pins: Pins, elapsed_s: float) -> None:
        """The siren first."""
        for device, is_on in (
            (self._siren, pins.is_siren_on),
            (self._healthy, pins.is_healthy),
            (self._armed, pins.is_armed),
        ):
            if device is not None and bool(device.value) is not is_on:
                device.value = is_on
        if self._sounder is not None and pins.tone_hz != self._tone_hz:
            self._tone_hz = pins.tone_hz
            if pins.tone_hz:
                self._sounder.play(pins.tone_hz)
            else:
                self._sounder.stop()

    def is_pressed(self) -> bool:
        """The button pulls its pin to ground."""
        return self._button is not None and bool(self._button.value)

    def close(self) -> None:
        """All pins become inputs again."""
        for device in self._devices:
            device.close()


def _broken_pins() -> tuple[type[BaseException], ...]:
    """What gpiozero and lgpio raise where there are no pins (lgpio's error is its own)."""
    import gpiozero.exc

    found: list[type[BaseException]] = [gpiozero.exc.GPIOZeroError, ImportError, OSError]
    try:
        import lgpio
    except ImportError:
        return tuple(found)
    return (*found, lgpio.error)


class MockPins:
    """No hardware: each new sound and lamp is a line in the terminal."""

    def __init__(self, options: HornOptions) -> None:
        del options
        self._shown: tuple[Any, ...] = ()
        self._is_mute = False
        self._say("horn: mock pins, nothing will be heard; every sound is a line here")

    def show(self, pins: Pins, elapsed_s: float) -> None:
        """A line for a change of sound or lamps."""
        sound = pins.sound
        state = (sound.pattern.name, sound.cause, pins.is_healthy, pins.is_armed)
        if state == self._shown:
            return
        self._shown = state
        lamps = f"healthy {_lamp(pins.is_healthy)}, armed {_lamp(pins.is_armed)}"
        self._say(f"horn: {_name(sound)}  ({lamps})")

    def is_pressed(self) -> bool:
        """Nobody can push a button that is not there."""
        return False

    def close(self) -> None:
        """Nothing to give back."""

    def _say(self, line: str) -> None:
        """Print, unless that would wait or nobody reads: a horn must not hang on a terminal."""
        if self._is_mute or not select.select([], [sys.stdout], [], 0)[1]:
            return
        try:
            print(line, flush=True)
        except BrokenPipeError:
            self._is_mute = True
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _lamp(is_on: bool) -> str:
    return "lit" if is_on else "dark"


def _name(sound: Sound) -> str:
    if sound.cause is None:
        return sound.pattern.name
    return f"{sound.level.name} {sound.cause.value.replace('_', ' ')}: {sound.pattern.name}"
