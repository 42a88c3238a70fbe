"""What the horn's pins do, given the last word it heard, the flag `armed`, and now.

Decides one thing of its own: that watch has fallen silent, or judges nothing, while somebody
relies on it; then FAULT sounds whatever the last word was, and goes on until watch itself carries
the fault or the rig is disarmed. All else is watch's decision, played as told. Pure, and imports
nothing heavy. Called by `programs.horn`, once a tick.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rig.causes import Cause, Level
from rig.config_programs import HornOptions
from rig.core.datagrams import Press, Restarted, Silence, Word
from rig.core.patterns import PATTERNS, Pattern, is_on, lane_end_pattern, tone_hz

REPEAT_S: Final = 0.2
"""How often watch is told again of a fault that it does not carry yet."""
WATCH_GONE_S: Final = 1.0
"""Silent for so long watch is not just late: the button then disarms without it."""
BOUNCE_S: Final = 0.03
"""A switch chatters for less than this."""
_FAULT: Final = PATTERNS["fault"]


@dataclass(frozen=True, slots=True)
class Sound:
    """What plays, since when, and the word that told it (None: the horn's own)."""

    pattern: Pattern
    since_ns: int
    level: Level
    cause: Cause | None
    word_sequence: int | None


@dataclass(frozen=True, slots=True)
class Pins:
    """What each output does now; `tone_hz` 0 is silence."""

    is_siren_on: bool
    tone_hz: float
    is_healthy: bool
    is_armed: bool
    sound: Sound


SILENT: Final = Sound(PATTERNS["silent"], 0, Level.SILENT, None, None)


class HornLaw:
    """Remembers the last word and its own fault; `begun_ns` is when the program started."""

    def __init__(self, options: HornOptions, has_flag: bool, begun_ns: int) -> None:
        self._options = options
        self._word: Word | None = None
        self._heard_ns = begun_ns
        self._fault_ns: int | None = None
        self._recovered_ns: int | None = None
        self._is_restart_owed = has_flag
        self._told_ns = 0

    def hear(self, word: Word, now_ns: int) -> None:
        """Take a word; of two the later one counts, whatever way they came.

        One from a clock that had jumped does not shut out those that come after it.
        """
        before = self._word
        if before is not None and word.sent_ns < before.sent_ns <= now_ns:
            return
        self._word = word
        self._heard_ns = min(now_ns, word.sent_ns)

    def turn(self, has_flag: bool, now_ns: int) -> Pins:
        """What the pins do now."""
        is_guarding = self._word is not None and self._word.is_armed
        is_relied_on = has_flag or is_guarding
        is_late = self._is_late(now_ns)
        is_bad = is_late or (is_guarding and self._is_judging_late(now_ns))
        self._note_fault(is_relied_on, is_bad, now_ns)
        sound = self._sound(is_late)
        elapsed_s = (now_ns - sound.since_ns) / 1e9
        # The tick that says "I watch" is for a sounder: a siren of 108 dB would be no comfort.
        has_siren = not (sound.level is Level.OK and sound.pattern.repeats and is_relied_on)
        return Pins(
            has_siren and is_on(sound.pattern, elapsed_s),
            tone_hz(sound.pattern, elapsed_s),
            self._is_well(is_late, sound, now_ns),
            is_relied_on,
            sound,
        )

    def tidings(self, now_ns: int) -> tuple[Silence | Restarted, ...]:
        """What watch has to be told now; again and again until its words carry it."""
        if self._is_late(now_ns) or now_ns - self._told_ns < REPEAT_S * 1e9:
            return ()
        owed: list[Silence | Restarted] = []
        if self._is_restart_owed:
            owed.append(Restarted(now_ns))
        if self._fault_ns is not None and self._recovered_ns is not None:
            owed.append(Silence(self._fault_ns, self._recovered_ns))
        if owed:
            self._told_ns = now_ns
        return tuple(owed)

    def may_disarm(self, press: Press, now_ns: int) -> bool:
        """Whether this push of the button is for the horn itself: watch is gone."""
        is_short = press.held_s < self._options.long_press_s
        return is_short and now_ns - self._heard_ns > WATCH_GONE_S * 1e9

    def disarm(self) -> None:
        """A person has heard it and switched it off without watch."""
        self._word, self._fault_ns, self._recovered_ns = None, None, None
        self._is_restart_owed = False

    def _is_well(self, is_late: bool, sound: Sound, now_ns: int) -> bool:
        """For the lamp: watch speaks, judges, and knows of nothing wrong, armed or not."""
        if self._word is None or is_late or self._is_judging_late(now_ns):
            return False
        return self._word.is_well and sound.level is not Level.FAULT

    def _is_late(self, now_ns: int) -> bool:
        return now_ns - self._heard_ns > self._options.alive_limit_s * 1e9

    def _is_judging_late(self, now_ns: int) -> bool:
        word = self._word
        if word is None:
            return False
        return word.judged_ns is None or now_ns - word.judged_ns > word.slow_limit_s * 1e9

    def _note_fault(self, is_relied_on: bool, is_bad: bool, now_ns: int) -> None:
        """Begin, hold or end the horn's own fault."""
        if not is_relied_on:
            self._fault_ns, self._recovered_ns, self._is_restart_owed = None, None, False
            return
        if is_bad:
            self._fault_ns = now_ns if self._fault_ns is None else self._fault_ns
            self._recovered_ns = None
            return
        has_taken_over = self._word is not None and self._word.level is Level.FAULT
        self._is_restart_owed = self._is_restart_owed and not has_taken_over
        if self._fault_ns is None:
            return
        self._recovered_ns = now_ns if self._recovered_ns is None else self._recovered_ns
        has_sounded = now_ns - self._fault_ns >= _FAULT.least_s * 1e9
        if has_taken_over and has_sounded:
            self._fault_ns, self._recovered_ns = None, None

    def _sound(self, is_late: bool) -> Sound:
        """The word's sound, or FAULT where that is the higher or the word is old."""
        word = self._word
        own = None
        if self._fault_ns is not None:
            own = Sound(_FAULT, self._fault_ns, Level.FAULT, Cause.DECIDER_SILENT, None)
        if word is None or is_late:
            return own or SILENT
        if own is not None and word.level <= Level.FAULT:
            return own
        return Sound(_pattern_of(word), word.since_ns, word.level, word.cause, word.sequence)


def _pattern_of(word: Word) -> Pattern:
    if word.ticks_per_s is not None:
        return lane_end_pattern(word.ticks_per_s)
    return PATTERNS[word.pattern]


class ButtonWatch:
    """Turns the button's level, asked for once a tick, into pushes without its chatter."""

    def __init__(self) -> None:
        self._is_down = False
        self._changed_ns = -round(BOUNCE_S * 1e9)
        self._down_ns = 0

    def look(self, is_down: bool, now_ns: int) -> Press | None:
        """A push, when the button is let go."""
        if is_down == self._is_down or now_ns - self._changed_ns < BOUNCE_S * 1e9:
            return None
        self._is_down, self._changed_ns = is_down, now_ns
        if is_down:
            self._down_ns = now_ns
            return None
        return Press(now_ns, (now_ns - self._down_ns) / 1e9)
