"""The option tables of the programs beside the deciding one; part of `rig.config`."""

from __future__ import annotations

from dataclasses import dataclass

from rig.option import option


@dataclass(frozen=True, slots=True)
class LinkOptions:
    """Where the programs find each other (design section 7)."""

    folder: str = option("/run/rig", "folder", "sockets and the flag `armed`; in memory, on the Pi")


@dataclass(frozen=True, slots=True)
class HornOptions:
    """The horn: its pins (BCM numbers; 0: not wired) and how long it waits for a word."""

    siren_pin: int = option(17, "BCM", "on/off, through a MOSFET with a pull-down", 2, 27)
    sounder_pin: int = option(0, "BCM", "a tonal sounder beside the siren; 0: none", 0, 27)
    healthy_pin: int = option(22, "BCM", "LED, dark when anything is wrong; 0: none", 0, 27)
    armed_pin: int = option(23, "BCM", "LED, lit while armed; 0: none", 0, 27)
    button_pin: int = option(24, "BCM", "arm button to ground; 0: none", 0, 27)
    long_press_s: float = option(1.5, "s", "longer than any hurried push", 0.5, 5)
    alive_limit_s: float = option(
        0.3, "s", "FAULT when the last word is older: 1.5 m of running at 5 m/s", 0.1, 2
    )
    tick_s: float = option(0.005, "s", "a sound begins within this; 2 % of a core", 0.001, 0.05)
