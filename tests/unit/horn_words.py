"""Words as watch would send them, for the horn's tests."""

from __future__ import annotations

from rig.causes import Cause, Level
from rig.config_programs import HornOptions
from rig.core.alerts import ALERTS
from rig.core.datagrams import Word
from rig.core.horn_law import HornLaw, Pins

MS = 1_000_000
S = 1_000_000_000
OPTIONS = HornOptions()
ALIVE_NS = round(OPTIONS.alive_limit_s * 1e9)
SLOW_S = 0.4


def word(
    t_ns: int,
    cause: Cause | None = Cause.GUARD,
    is_armed: bool = True,
    since_ns: int | None = None,
    judged_ns: int | None = -1,
    is_well: bool = True,
) -> Word:
    """A word sent at `t_ns`; the frame judged then too, unless told otherwise."""
    row = ALERTS[cause] if cause is not None else None
    ticks = 2.0 if cause is Cause.LANE_END_SOON else None
    name = "silent" if row is None else row.pattern
    return Word(
        sequence=t_ns // MS,
        sent_ns=t_ns,
        judged_ns=t_ns if judged_ns == -1 else judged_ns,
        is_armed=is_armed,
        level=Level.SILENT if row is None else row.level,
        cause=cause,
        pattern="lane_end_tick" if name == "lane_end" else name,
        since_ns=t_ns if since_ns is None else since_ns,
        ticks_per_s=ticks,
        slow_limit_s=SLOW_S,
        is_well=is_well,
    )


class Ear:
    """Plays a horn's law tick by tick and remembers what was heard."""

    def __init__(self, has_flag: bool = False, begun_ns: int = 0) -> None:
        self.law = HornLaw(OPTIONS, has_flag, begun_ns)
        self.has_flag = has_flag
        self.t_ns = begun_ns
        self.heard: list[tuple[int, Pins]] = []

    def run(self, until_ns: int, cause: Cause | None = None, **about: object) -> Pins:
        """Turn every 5 ms; with a cause, hear a word of it every 30 ms."""
        since_ns = self.t_ns
        while self.t_ns < until_ns:
            if cause is not None and (self.t_ns - since_ns) % (30 * MS) == 0:
                self.law.hear(word(self.t_ns, cause, since_ns=since_ns, **about), self.t_ns)  # type: ignore[arg-type]  # the caller names what word takes
            pins = self.law.turn(self.has_flag, self.t_ns)
            self.heard.append((self.t_ns, pins))
            self.t_ns += 5 * MS
        return pins

    def first(self, cause: Cause) -> int:
        """When the siren first went on for a cause."""
        return next(t for t, p in self.heard if p.is_siren_on and p.sound.cause is cause)
