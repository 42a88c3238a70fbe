"""The sounds: when each alert's sounder is on, and at what pitch.

Decides the on/off rhythm and the tone of every pattern, as data. Does not decide which alert
sounds (`core.alerts`) and drives nothing. Called by the horn and by clips, which must agree to
the sample. This module imports nothing heavy, so that the horn starts fast and stays small.

A plain sounder knows only on and off; a tonal one also plays `tone_hz`. Rules, tested as data
(design section 6; reasons in docs/alerts.md):

* no two patterns have the same on/off sequence;
* patterns of different levels differ within 0.25 s of their beginning;
* a pattern counts its time from when it began, so it always starts with its first segment on.

Tones lie in 400 to 2400 Hz: alarms are heard best at 500 to 3000 Hz, and far best below 1000.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of one tone, or of silence where `tone_hz` is 0."""

    duration_s: float
    tone_hz: float = 0.0


@dataclass(frozen=True, slots=True)
class Pattern:
    """A rhythm: its segments once, or again and again where it repeats.

    `least_s` is how long it sounds once begun, even when its cause goes at once; only a higher
    level cuts it short. A pattern without segments is silence.
    """

    name: str
    segments: tuple[Segment, ...]
    repeats: bool
    least_s: float

    @property
    def period_s(self) -> float:
        """Duration of all segments once."""
        return sum(segment.duration_s for segment in self.segments)


TICKS_LEAST_PER_S = 1.0
TICKS_MOST_PER_S = 4.0
_TICK_S = 0.06
_TICK_HZ = 1000.0


def lane_end_pattern(ticks_per_s: float) -> Pattern:
    """The countdown to the lane end: 60 ms ticks, 1 to 4 a second.

    Raises ValueError outside these rates: faster ticks run into the STOP pattern.
    """
    if not TICKS_LEAST_PER_S <= ticks_per_s <= TICKS_MOST_PER_S:
        raise ValueError(
            f"lane end ticks at {ticks_per_s} per second are outside "
            f"{TICKS_LEAST_PER_S:g} to {TICKS_MOST_PER_S:g}; use lane_end_ticks_per_s"
        )
    rest_s = 1.0 / ticks_per_s - _TICK_S
    ticks = (Segment(_TICK_S, _TICK_HZ), Segment(rest_s))
    return Pattern("lane_end_tick", ticks, repeats=True, least_s=_TICK_S)


def lane_end_ticks_per_s(gap_m: float, far_m: float) -> float:
    """Tick rate at `gap_m` before the lane end when the countdown begins at `far_m`.

    1, 2 or 4 for the far, middle and near third: the steps double, so that every tick of the
    slower rate is also one of the faster, and a change of rate never cuts or doubles a tick.
    What is not known (NaN, or `far_m` not above 0) ticks fastest.
    """
    if far_m > 0 and gap_m > far_m * 2 / 3:
        return 1.0
    if far_m > 0 and gap_m > far_m / 3:
        return 2.0
    return 4.0


_STOP = (Segment(0.1, 1200.0), Segment(0.05), Segment(0.1, 2400.0), Segment(0.05))
# One second on, a quarter off, entered 0.85 s into its tone: a FALL that began with the whole
# second would sound like FAULT for half of it.
_FALL = (Segment(0.15, 1600.0), Segment(0.25), Segment(0.85, 1600.0))
_FAULT = (Segment(0.5, 600.0), Segment(0.5), Segment(0.5, 400.0), Segment(0.5))
_CAUTION = (Segment(0.2, 800.0), Segment(0.15), Segment(0.2, 800.0), Segment(0.95))
_DRIFT_LEFT = (Segment(0.24, 700.0), Segment(0.16), Segment(0.08, 700.0), Segment(1.52))
_DRIFT_RIGHT = (Segment(0.08, 700.0), Segment(0.16), Segment(0.24, 700.0), Segment(1.52))
_GUARD = (Segment(0.04, 1000.0), Segment(1.96))
_ARMED = (Segment(0.04, 1000.0), Segment(0.04, 1400.0), Segment(0.04, 2000.0))
_ALL_CLEAR = (Segment(0.12, 1050.0), Segment(0.03), Segment(0.12, 790.0))

PATTERNS: dict[str, Pattern] = {
    pattern.name: pattern
    for pattern in (
        Pattern("stop", _STOP, repeats=True, least_s=1.5),
        Pattern("fall", _FALL, repeats=True, least_s=2.5),
        Pattern("fault", _FAULT, repeats=True, least_s=2.0),
        Pattern("caution", _CAUTION, repeats=True, least_s=0.55),
        lane_end_pattern(TICKS_LEAST_PER_S),
        Pattern("drift_left", _DRIFT_LEFT, repeats=True, least_s=0.48),
        Pattern("drift_right", _DRIFT_RIGHT, repeats=True, least_s=0.48),
        Pattern("guard", _GUARD, repeats=True, least_s=0.04),
        Pattern("armed", _ARMED, repeats=False, least_s=0.12),
        Pattern("all_clear", _ALL_CLEAR, repeats=False, least_s=0.27),
        Pattern("silent", (), repeats=False, least_s=0.0),
    )
}


def segment_at(pattern: Pattern, elapsed_s: float) -> tuple[Segment, float | None]:
    """The segment that sounds `elapsed_s` after the beginning, and for how much longer.

    A segment's end belongs to the next one. The rest is None when nothing changes any more
    (a pattern that does not repeat is silent after its last segment). A time before the
    beginning, or one that is not a number, counts as the beginning: better early than mute.
    """
    # Whole nanoseconds: sums of decimal fractions would move the ends about.
    left_ns = round(max(0.0, elapsed_s) * 1e9)  # max(0.0, nan) is 0.0
    lengths_ns = [round(segment.duration_s * 1e9) for segment in pattern.segments]
    if pattern.repeats:
        left_ns %= sum(lengths_ns)
    for segment, length_ns in zip(pattern.segments, lengths_ns, strict=True):
        if left_ns < length_ns:
            return segment, (length_ns - left_ns) / 1e9
        left_ns -= length_ns
    return Segment(0.0), None


def tone_hz(pattern: Pattern, elapsed_s: float) -> float:
    """The pitch `elapsed_s` after the beginning; 0 is silence."""
    return segment_at(pattern, elapsed_s)[0].tone_hz


def is_on(pattern: Pattern, elapsed_s: float) -> bool:
    """Whether a plain sounder is on `elapsed_s` after the beginning."""
    return tone_hz(pattern, elapsed_s) > 0
