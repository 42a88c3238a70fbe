"""What the person hears for each cause: one table, and the keeper that applies it over time.

`ALERTS` has one row for every `Cause` (tested as data). `AlertKeeper.decide` turns the causes
that hold now into the one sound that plays: highest level, then newest. A cause sounds once it
held for its row's `confirm_s` and until it has been gone for `hold_s`.
Does not judge danger (`core.hazard`, `core.health`) and makes no sound (`core.patterns`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rig.core.patterns import (
    PATTERNS,
    TICKS_LEAST_PER_S,
    TICKS_MOST_PER_S,
    Pattern,
    lane_end_pattern,
    lane_end_ticks_per_s,
)
from rig.records import Alert, Cause, Hazard, Level


@dataclass(frozen=True, slots=True)
class AlertRow:
    """One line of the table: urgency, sound and timing, with the source of the numbers."""

    level: Level
    pattern: str
    confirm_s: float
    hold_s: float
    source: str
    is_once: bool = False
    """Plays its pattern once and is then over, however long the cause lasts."""
    is_relief: bool = False
    """Sounds only after a STOP or CAUTION that ended."""
    is_latched: bool = False
    """Stays until a person acknowledges it."""


_STOP, _FAULT, _CAUTION = Level.STOP, Level.FAULT, Level.CAUTION
_OWN = "the cause has its own confirmation time"

ALERTS: dict[Cause, AlertRow] = {
    Cause.COLLISION: AlertRow(
        _STOP,
        "stop",
        0.08,
        0.35,
        "one frame at 15 Hz beyond the track's own; two at 8 Hz to end it",
    ),
    Cause.LANE_END_NOW: AlertRow(_STOP, "stop", 0.0, 0.5, "the lane's end does not flicker"),
    Cause.RUNNER_LOST: AlertRow(_STOP, "stop", 0.0, 0.3, _OWN),
    Cause.FALL: AlertRow(_STOP, "fall", 0.0, 0.0, _OWN),
    Cause.CAMERA_STALE: AlertRow(_FAULT, "fault", 0.0, 0.5, _OWN, is_latched=True),
    Cause.CAMERA_BLIND: AlertRow(
        _FAULT, "fault", 0.3, 0.5, "a bird is past in 0.2 s", is_latched=True
    ),
    Cause.CAMERA_MOVED: AlertRow(
        _FAULT, "fault", 0.5, 0.5, "a gust is over in 0.5 s", is_latched=True
    ),
    Cause.DETECTOR_SLOW: AlertRow(_FAULT, "fault", 0.0, 0.5, _OWN, is_latched=True),
    Cause.DETECTOR_FAILED: AlertRow(_FAULT, "fault", 0.0, 0.5, _OWN, is_latched=True),
    Cause.DECIDER_SILENT: AlertRow(
        _FAULT, "fault", 0.0, 0.5, "the horn's own timer", is_latched=True
    ),
    Cause.HORN_RESTARTED: AlertRow(
        _FAULT, "fault", 0.0, 0.5, "the horn's own word", is_latched=True
    ),
    Cause.POWER_LOW: AlertRow(_FAULT, "fault", 0.0, 0.5, _OWN, is_latched=True),
    Cause.CONFLICT_SOON: AlertRow(_CAUTION, "caution", 0.2, 0.6, "three frames at 15 Hz"),
    Cause.LANE_NOT_CLEAR: AlertRow(_CAUTION, "caution", 0.3, 0.6, "nothing moves: time to be sure"),
    Cause.OVERSPEED: AlertRow(_CAUTION, "caution", 0.5, 0.5, "one backward step is 0.3 s"),
    Cause.LANE_END_SOON: AlertRow(
        _CAUTION, "lane_end", 0.3, 1.0, "a countdown that stops and begins again is noise: trials"
    ),
    Cause.DRIFT_LEFT: AlertRow(Level.CUE, "drift_left", 0.5, 0.5, "one stride is 0.6 s"),
    Cause.DRIFT_RIGHT: AlertRow(Level.CUE, "drift_right", 0.5, 0.5, "one stride is 0.6 s"),
    Cause.GUARD: AlertRow(Level.OK, "guard", 0.0, 0.0, "the tick that says: I am watching"),
    Cause.ARMED: AlertRow(Level.OK, "armed", 0.0, 0.0, "once a lock", is_once=True),
    Cause.ALL_CLEAR: AlertRow(
        Level.OK, "all_clear", 0.5, 0.0, "half a second of clear lane", is_once=True, is_relief=True
    ),
}

COUNTDOWN_S = 3.5
"""The ticks to the lane end begin slow at this many seconds before it (section 6)."""


def pattern_of(alert: Alert) -> Pattern:
    """The sound of an alert; the lane-end countdown quickens as the end comes nearer."""
    if alert.cause is None:
        return PATTERNS["silent"]
    row = ALERTS[alert.cause]
    if row.pattern == "lane_end":
        return lane_end_pattern(_ticks_hz(alert.hazard))
    return PATTERNS[row.pattern]


def _ticks_hz(hazard: Hazard | None) -> float:
    if hazard is None or hazard.ttc_s is None:
        return TICKS_MOST_PER_S
    return lane_end_ticks_per_s(hazard.ttc_s, COUNTDOWN_S)


@dataclass(slots=True)
class _Standing:
    """One cause over time. `sounds_since_ns` is None until confirmed."""

    first_ns: int
    last_ns: int
    hazard: Hazard
    sounds_since_ns: int | None = None


class AlertKeeper:
    """Remembers since when each cause holds; one for each run of the deciding program."""

    def __init__(self) -> None:
        self._standing: dict[Cause, _Standing] = {}
        self._alert = Alert(Level.SILENT, None, 0)
        self._owes_relief = False

    def decide(self, hazards: Sequence[Hazard], is_acknowledged: bool, now_ns: int) -> Alert:
        """The one alert that sounds now; call once a step with every cause that holds.

        Only what is heard can be acknowledged: a fault under a STOP stays.
        """
        is_acknowledged &= self.level is Level.FAULT
        self._note(hazards, now_ns)
        self._forget({h.cause for h in hazards}, is_acknowledged, now_ns)
        sounding = [c for c, s in self._standing.items() if s.sounds_since_ns is not None]
        sounding = [c for c in sounding if self._may_sound(c, now_ns)]
        chosen = max(sounding, key=self._rank, default=None)
        if chosen is None:
            self._alert = Alert(Level.SILENT, None, self._since("silent", Level.SILENT, now_ns))
        else:
            row = ALERTS[chosen]
            since_ns = self._since(row.pattern, row.level, now_ns)
            self._alert = Alert(row.level, chosen, since_ns, self._standing[chosen].hazard)
        self._owe(chosen, now_ns)
        return self._alert

    @property
    def level(self) -> Level:
        """The level that sounds now."""
        return self._alert.level

    def silence(self) -> None:
        """Forget everything: the rig was disarmed."""
        self._standing.clear()
        self._owes_relief = False

    # ------------------------------------------------------------------ bookkeeping

    def _note(self, hazards: Sequence[Hazard], now_ns: int) -> None:
        """The first hazard of a cause is its nearest: `assess` sorts them so."""
        noted: set[Cause] = set()
        for hazard in hazards:
            if hazard.cause in noted:
                continue
            noted.add(hazard.cause)
            standing = self._standing.setdefault(hazard.cause, _Standing(now_ns, now_ns, hazard))
            standing.last_ns, standing.hazard = now_ns, hazard
            held_s = (now_ns - standing.first_ns) / 1e9
            if standing.sounds_since_ns is None and held_s >= ALERTS[hazard.cause].confirm_s - 1e-6:
                standing.sounds_since_ns = now_ns

    def _forget(self, present: set[Cause], is_acknowledged: bool, now_ns: int) -> None:
        for cause in [c for c in self._standing if c not in present]:
            row, standing = ALERTS[cause], self._standing[cause]
            if standing.sounds_since_ns is None:
                is_over = True
            elif row.is_latched:
                is_over = is_acknowledged
            else:
                sounded_s = (now_ns - standing.sounds_since_ns) / 1e9
                gone_s = (now_ns - standing.last_ns) / 1e9
                is_over = gone_s >= row.hold_s and sounded_s >= _pattern(row).least_s
            if is_over:
                del self._standing[cause]

    def _may_sound(self, cause: Cause, now_ns: int) -> bool:
        row, since_ns = ALERTS[cause], self._standing[cause].sounds_since_ns
        if row.is_relief and not self._owes_relief:
            return False
        if not row.is_once or since_ns is None:
            return True
        return (now_ns - since_ns) / 1e9 < _pattern(row).period_s

    def _rank(self, cause: Cause) -> tuple[int, bool, int]:
        """Highest level, one-shots before lasting ones, then newest."""
        row, since_ns = ALERTS[cause], self._standing[cause].sounds_since_ns
        return row.level, row.is_once, since_ns or 0

    def _since(self, pattern: str, level: Level, now_ns: int) -> int:
        """A sound that goes on keeps its rhythm, even when another cause takes it over."""
        before = self._alert
        old = ALERTS[before.cause].pattern if before.cause is not None else "silent"
        return before.since_ns if (old, before.level) == (pattern, level) else now_ns

    def _owe(self, chosen: Cause | None, now_ns: int) -> None:
        """Once a STOP or a blocked lane has sounded, its end is told when the lane is clear."""
        if chosen in _OWES_RELIEF:
            self._owes_relief = True
            self._standing.pop(Cause.ALL_CLEAR, None)
        elif Cause.ALL_CLEAR in self._standing and not self._may_sound(Cause.ALL_CLEAR, now_ns):
            self._owes_relief = False  # its time is over: told once, a later gap is no new relief


_OWES_RELIEF = {Cause.COLLISION, Cause.CONFLICT_SOON, Cause.LANE_NOT_CLEAR}


def _pattern(row: AlertRow) -> Pattern:
    return (
        lane_end_pattern(TICKS_LEAST_PER_S) if row.pattern == "lane_end" else PATTERNS[row.pattern]
    )
