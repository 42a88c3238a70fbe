"""The option tables of the programs beside the deciding one; part of `rig.config`."""

from __future__ import annotations

from dataclasses import dataclass

from rig.option import option


@dataclass(frozen=True, slots=True)
class LinkOptions:
    """Where the programs find each other (design section 7)."""

    folder: str = option("/run/rig", "folder", "sockets and the flag `armed`; in memory, on the Pi")
    memory: str = option("/dev/shm", "folder", "in memory: the newest pictures lie here, for clips")


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


@dataclass(frozen=True, slots=True)
class GaitOptions:
    """The gait log and its pose model."""

    card: str = option("rearguard-pose.toml", "file in models/", "the pose model's card")
    tells_falls: bool = option(
        False, "", "a fall by pose sounds STOP; 16 an hour were false on clips (docs/gait.md)"
    )
    runner: str = option(
        "", "label", "who runs, in the coach's words; kept with each session, for `rig progress`"
    )


@dataclass(frozen=True, slots=True)
class CoachLimits:
    """What the coach allows a runner; `rig progress` warns before it is passed. 0: no limit."""

    speed_mps: float = option(0.0, "m/s", "mean of a repetition; the coach's to set", 0, 10)
    repetitions: int = option(0, "a session", "the coach's to set", 0, 1000)
    minutes: float = option(0.0, "min", "of repetitions a session; the coach's to set", 0, 600)
    weekly_growth_pct: float = option(
        0.0, "%", "distance against the last week that was run in; the coach's to set", 0, 500
    )
    near_share: float = option(0.9, "of the limit", "warn from here on", 0.5, 1)


@dataclass(frozen=True, slots=True)
class ClipOptions:
    """Clips of alerts, their faces and how long they stay (design section 7)."""

    before_s: float = option(8.0, "s", "kept in memory; a drill's approach", 0.5, 30)
    after_s: float = option(4.0, "s", "from the last alert's beginning: how it ended", 0.5, 30)
    longest_s: float = option(60.0, "s", "alerts that follow each other share a clip", 10, 600)
    rate_hz: float = option(15.0, "Hz", "enough to see steps; half the work of 30", 2, 60)
    jpeg_quality: int = option(85, "of 100", "pictures that wait in memory", 40, 100)
    memory_mb: int = option(64, "MB", "for pictures that wait; 12 s of 720p take 25", 8, 1024)
    blur_faces: bool = option(True, "", "of all who are not the runner; off: only with their leave")
    keep_days: float = option(14.0, "days", "then a clip without a star goes", 0.01, 3650)
    free_least_mb: float = option(
        200.0, "MB", "with less room the oldest clips go, then no new ones are made", 1, 1e6
    )
