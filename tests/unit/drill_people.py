"""People whose places over time are exact tracks, and a keeper that is fed with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rig.config import RunnerLimits
from rig.core.runner import RunnerKeeper
from rig.records import Box, Command, Kind, Phase, Runner, Track
from tests.unit.drill_site import PLACER, SITE

LIMITS = RunnerLimits()
RATE_HZ = 20.0


@dataclass(frozen=True)
class Person:
    """Where one person is over time: (along, across) or None while out of sight."""

    number: int
    where: Callable[[float], tuple[float, float] | None]
    kind: Kind = Kind.PERSON


class Drill:
    """Feeds exact tracks of these people to a keeper, and remembers what it says."""

    def __init__(self, people: Sequence[Person], limits: RunnerLimits = LIMITS) -> None:
        self.keeper = RunnerKeeper(SITE.lane, limits)
        self.people = people
        self.last: dict[int, Track] = {}
        self.first_ns: dict[int, int] = {}
        self.t = 0.0
        self.commands: list[Command] = [Command.ARM]
        self.heard: list[tuple[float, Runner, tuple[Track, ...]]] = []

    def run(self, until_s: float) -> Runner:
        while self.t <= until_s:
            tracks = self._tracks()
            found = self.keeper.split(tracks, self.commands, None, round(self.t * 1e9))
            self.heard.append((self.t, *found))
            self.commands = []
            self.t += 1.0 / RATE_HZ
        return self.heard[-1][1]

    def _tracks(self) -> list[Track]:
        now, step = round(self.t * 1e9), 1.0 / RATE_HZ
        for person in self.people:
            here, before = person.where(self.t), person.where(self.t - step)
            if here is None:
                old = self.last.get(person.number)
                if old is not None and now - old.seen_t_ns <= 1.2e9:
                    moved = old.along_m + old.along_mps * step
                    self.last[person.number] = replace(old, t_ns=now, along_m=moved)
                else:
                    self.last.pop(person.number, None)
                continue
            speed = 0.0 if before is None else (here[0] - before[0]) / step
            first_ns = self.first_ns.setdefault(person.number, now)
            box = PLACER.box_of(here[0], here[1], 0.5, 1.75) or Box(0, 0, 1, 1)
            self.last[person.number] = Track(
                person.number, person.kind, now, first_ns, now, *here, speed, 0.0,
                0.1, 0.1, 0.1, 0.1, 0.5, 1.75, 0.9, box, True,
            )  # fmt: skip
        return list(self.last.values())

    @property
    def phases(self) -> list[Phase]:
        found: list[Phase] = []
        for _, runner, _ in self.heard:
            if not found or runner.phase is not found[-1]:
                found.append(runner.phase)
        return found


def back_and_forth(t: float) -> tuple[float, float]:
    """Stand 3 s, run 30 m at 3 m/s, stand 3 s, walk back at 1.5 m/s, stand."""
    if t < 3:
        return 1.5, 0.0
    if t < 13:
        return 1.5 + 3.0 * (t - 3), 0.0
    if t < 16:
        return 31.5, 0.0
    return max(1.5, 31.5 - 1.5 * (t - 16)), 0.0
