"""One runner and other things with constant speeds, seen as exact boxes by the whole pipeline."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from rig.config import Config
from rig.core.alerts import ALERTS
from rig.core.pipeline import Pipeline
from rig.records import Command, Decision, Detection, Kind, Level, Seen
from tests.unit.drill_site import CONFIG, PLACER, SITE, WHOLE, Stand, times

DELAY_NS = 100_000_000
GO_S = 3.0
"""The runner stands in the start box until then, and is locked by then."""


@dataclass(frozen=True)
class Mover:
    """A thing with a constant speed; `along_m`, `across_m` are where it is at the start."""

    along_m: float
    across_m: float = 0.0
    along_mps: float = 0.0
    across_mps: float = 0.0
    kind: Kind = Kind.PERSON
    width_m: float = 0.5
    height_m: float = 1.75

    def at(self, t_s: float) -> Stand:
        """Where it is at a time."""
        return Stand(
            self.along_m + self.along_mps * t_s,
            self.across_m + self.across_mps * t_s,
            self.kind,
            self.width_m,
            self.height_m,
        )


def runner_at(t_s: float, speed_mps: float) -> Stand:
    """Stands at 1.5 m until `GO_S`, then moves at one speed."""
    return Stand(1.5 + speed_mps * max(0.0, t_s - GO_S))


def detections(things: Sequence[Stand]) -> tuple[Detection, ...]:
    """What is in view of them, as exact boxes."""
    in_view = [t for t in things if PLACER.box_of(t.along_m, t.across_m, t.width_m, t.height_m)]
    return tuple(thing.detection() for thing in in_view)


def course(
    speed_mps: float,
    others: Sequence[Mover],
    until_s: float,
    rate_hz: float,
    change: Callable[[Seen], Seen] = lambda seen: seen,
) -> Iterator[tuple[Seen, int]]:
    """What `Pipeline.step` is given, step by step: (Seen, now_ns). Armed with the first."""
    for t in times(until_s, rate_hz):
        things = [runner_at(t, speed_mps), *(other.at(t) for other in others)]
        commands = (Command.ARM,) if t == 0 else ()
        seen = Seen(round(t * 1e9), detections(things), looked_at=(WHOLE,), commands=commands)
        yield change(seen), round(t * 1e9) + DELAY_NS


def decide(steps: Iterator[tuple[Seen, int]], config: Config = CONFIG) -> list[Decision]:
    """The decisions of a fresh pipeline."""
    pipeline = Pipeline(SITE, config)
    return [pipeline.step(seen, now_ns) for seen, now_ns in steps]


def level_of(decision: Decision) -> Level:
    """The highest level among the causes that hold, whether they sound yet or not."""
    return max((ALERTS[h.cause].level for h in decision.hazards), default=Level.SILENT)


def with_commands(seen: Seen, *commands: Command) -> Seen:
    """The same with more commands."""
    return replace(seen, commands=(*seen.commands, *commands))
