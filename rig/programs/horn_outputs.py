"""What `rig horn --pins` may name: one class for each, made from the horn's options."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from rig.config_programs import HornOptions
from rig.core.horn_law import SILENT, Pins
from rig.devices.horn_pins import HornPins, MockPins, RealPins
from rig.devices.horn_speaker import Speaker


class SpeakerPins:
    """A laptop's loudspeaker plays the patterns, and the terminal shows them."""

    def __init__(self, options: HornOptions) -> None:
        self._speaker = Speaker()
        self._mock = MockPins(options)

    def show(self, pins: Pins, elapsed_s: float) -> None:
        """Hand the sound on; the guard's quiet tick is played here as well."""
        self._mock.show(pins, elapsed_s)
        self._speaker.play(pins.sound.pattern if pins.tone_hz else SILENT.pattern, elapsed_s)

    def is_pressed(self) -> bool:
        """There is no button."""
        return False

    def close(self) -> None:
        """End the player."""
        self._speaker.close()


PINS: Final[Mapping[str, Callable[[HornOptions], HornPins]]] = {
    "real": RealPins,
    "mock": MockPins,
    "speaker": SpeakerPins,
}
