"""What a runner did over sessions and weeks, against the limits that the coach has set.

Decides totals, changes from week to week, and when a limit is near or passed. A runner is a label
that the coach types; nothing here knows a face. Sessions come as the plain values of their
`session.json`. No calories: the extra cost of running backward is an average of small studies and
says nothing of a person. Pure: days and weeks are handed in. Called by `rig progress`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from rig.config import CoachLimits

NO_LABEL: Final = "(no label)"
SYMMETRY: Final = "contact_time_symmetry_pct"
WEEKS_LOOKED: Final = 4
"""A week's growth is reckoned from the last week with a session among so many before it."""


@dataclass(frozen=True, slots=True)
class Bout:
    """One repetition; None is not measured."""

    distance_m: float
    lasts_s: float
    is_backward: bool
    speed_mps: float | None
    cadence_spm: float | None


@dataclass(frozen=True, slots=True)
class Session:
    """One session of one runner. `week` counts weeks from anywhere; None: its day is not known."""

    name: str
    runner: str
    day: str | None
    week: int | None
    week_name: str
    bouts: tuple[Bout, ...]
    asymmetry_pct: float | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Totals:
    """Over any number of sessions; None is not measured."""

    sessions: int
    repetitions: int
    distance_m: float
    backward_m: float
    backward_share: float | None
    minutes: float
    speed_mps: float | None
    fastest_mps: float | None
    cadence_spm: float | None
    asymmetry_pct: float | None


@dataclass(frozen=True, slots=True)
class LimitWarning:
    """A limit that is near (`is_passed` false) or passed, with the sentence for the coach."""

    limit: str
    value: float
    most: float
    is_passed: bool
    sentence: str


def session_of(
    summary: Mapping[str, Any], runner: str, day: str | None, week: int | None, week_name: str
) -> Session:
    """From the plain values of a `session.json`. Raises KeyError for one of an older version."""
    bouts = tuple(
        Bout(
            float(one["distance_m"]),
            float(one["lasts_s"]),
            one["direction"] == "backward",
            one["speed_mps"],
            one["cadence_spm"],
        )
        for one in summary["repetitions"]
    )
    name, notes = str(summary["session_id"]), tuple(summary["drift_notes"])
    label = runner.strip() or NO_LABEL
    return Session(name, label, day, week, week_name, bouts, summary.get(SYMMETRY), notes)


def add_up(sessions: Sequence[Session]) -> Totals:
    """Speed is distance over time; cadence is weighted by time, asymmetry by repetitions."""
    bouts = [bout for session in sessions for bout in session.bouts]
    distance_m = sum(bout.distance_m for bout in bouts)
    backward_m = sum(bout.distance_m for bout in bouts if bout.is_backward)
    lasts_s = sum(bout.lasts_s for bout in bouts)
    speeds = [bout.speed_mps for bout in bouts if bout.speed_mps is not None]
    return Totals(
        sessions=len(sessions),
        repetitions=len(bouts),
        distance_m=round(distance_m, 1),
        backward_m=round(backward_m, 1),
        backward_share=_rounded(backward_m / distance_m if distance_m else None),
        minutes=round(lasts_s / 60, 2),
        speed_mps=_rounded(distance_m / lasts_s if lasts_s else None),
        fastest_mps=_rounded(max(speeds, default=None)),
        cadence_spm=_weighted([(bout.cadence_spm, bout.lasts_s) for bout in bouts]),
        asymmetry_pct=_weighted([(s.asymmetry_pct, float(len(s.bouts))) for s in sessions]),
    )


def _weighted(pairs: Sequence[tuple[float | None, float]]) -> float | None:
    known = [(value, weight) for value, weight in pairs if value is not None and weight > 0]
    whole = sum(weight for _, weight in known)
    return _rounded(sum(value * weight for value, weight in known) / whole) if known else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def tell_progress(
    sessions: Sequence[Session], limits: CoachLimits, this_week: int
) -> dict[str, Any]:
    """Everything as plain JSON, runner by runner in the order of their labels."""
    labels = sorted({session.runner for session in sessions})
    return {
        "limits": asdict(limits),
        "runners": [
            _tell_runner(label, [s for s in sessions if s.runner == label], limits, this_week)
            for label in labels
        ],
    }


def _tell_runner(
    label: str, sessions: Sequence[Session], limits: CoachLimits, this_week: int
) -> dict[str, Any]:
    ordered = sorted(sessions, key=lambda s: (s.day or "", s.name))
    weeks = _weeks(ordered, limits)
    newest = ordered[-1]
    warnings = [*judge_session(newest, limits), *_judge_week(weeks, this_week, limits)]
    return {
        "runner": label,
        "totals": asdict(add_up(ordered)),
        "sessions": [_tell_session(session, limits) for session in ordered],
        "weeks": weeks,
        "left": _left(newest, weeks, this_week, limits),
        "warnings": [asdict(warning) for warning in warnings],
        "notes": [f"{newest.name}: {note}" for note in newest.notes],
    }


def _tell_session(session: Session, limits: CoachLimits) -> dict[str, Any]:
    return {
        "session_id": session.name,
        "day": session.day,
        "week": session.week_name,
        **asdict(add_up([session])),
        "notes": list(session.notes),
        "warnings": [asdict(warning) for warning in judge_session(session, limits)],
    }


def _weeks(sessions: Sequence[Session], limits: CoachLimits) -> list[dict[str, Any]]:
    """A row a week with a session, each against the last one within `WEEKS_LOOKED`."""
    by_week: dict[int, list[Session]] = {}
    for session in sessions:
        if session.week is not None:
            by_week.setdefault(session.week, []).append(session)
    rows: list[dict[str, Any]] = []
    for week in sorted(by_week):
        total = add_up(by_week[week])
        before = [row for row in rows if 0 < week - row["number"] <= WEEKS_LOOKED]
        base = before[-1] if before else None
        row = {"week": by_week[week][0].week_name, "number": week, **asdict(total)}
        rows.append(row | _changes(total, base) | _allowed(base, limits))
    return rows


_CHANGING: Final = ("distance_m", "speed_mps", "cadence_spm")


def _changes(total: Totals, base: Mapping[str, Any] | None) -> dict[str, Any]:
    """Percent against the week that it is held against."""
    found: dict[str, Any] = {"held_against": base["week"] if base else None}
    for name in _CHANGING:
        now, then = getattr(total, name), base[name] if base else None
        found[f"{name}_change_pct"] = round(100 * (now / then - 1), 1) if now and then else None
    return found


def _allowed(base: Mapping[str, Any] | None, limits: CoachLimits) -> dict[str, Any]:
    is_told = base is not None and base["distance_m"] > 0 and limits.weekly_growth_pct > 0
    most = base["distance_m"] * (1 + limits.weekly_growth_pct / 100) if base and is_told else None
    return {"distance_most_m": None if most is None else round(most, 1)}


def judge_session(session: Session, limits: CoachLimits) -> tuple[LimitWarning, ...]:
    """Repetitions, minutes and speed of one session, near their limits or past them."""
    total, where = add_up([session]), f"in {session.name}"
    found = [
        _judge("repetitions", float(total.repetitions), float(limits.repetitions), limits, where),
        _judge("minutes", total.minutes, limits.minutes, limits, where),
        _judge("speed_mps", total.fastest_mps, limits.speed_mps, limits, where),
    ]
    return tuple(warning for warning in found if warning is not None)


def _judge_week(
    weeks: Sequence[Mapping[str, Any]], this_week: int, limits: CoachLimits
) -> tuple[LimitWarning, ...]:
    """Of the present week: its distance against what the last one allows."""
    row = next((row for row in weeks if row["number"] == this_week), None)
    if row is None or row["distance_most_m"] is None:
        return ()
    where = f"this week, {row['held_against']} and {limits.weekly_growth_pct:g} % more"
    found = _judge("weekly_growth_pct", row["distance_m"], row["distance_most_m"], limits, where)
    return () if found is None else (found,)


_WORDS: Final = {
    "repetitions": "{:.0f} of at most {:.0f} repetitions",
    "minutes": "{:.1f} of at most {:.1f} minutes of repetitions",
    "speed_mps": "the fastest repetition was {:.2f} of at most {:.2f} m/s",
    "weekly_growth_pct": "{:.0f} of at most {:.0f} m",
}


def _judge(
    limit: str, value: float | None, most: float, limits: CoachLimits, where: str
) -> LimitWarning | None:
    """A count is near its limit with one left to go, whatever the share says."""
    if most <= 0 or value is None:
        return None
    near = max(1.0, most - 1) if limit == "repetitions" else most
    if value < min(near, most * limits.near_share):
        return None
    is_passed = value > most
    words = _WORDS[limit].format(value, most)
    state = "PASSED" if is_passed else "reached" if value == most else "near"
    return LimitWarning(limit, value, most, is_passed, f"limit {state}: {words} ({where})")


def _left(
    newest: Session, weeks: Sequence[Mapping[str, Any]], this_week: int, limits: CoachLimits
) -> dict[str, Any]:
    """What the limits still allow: in the newest session, and in this week; null: no limit."""
    total = add_up([newest])
    this = next((row for row in weeks if row["number"] == this_week), None)
    base = next((r for r in reversed(weeks) if 0 < this_week - r["number"] <= WEEKS_LOOKED), None)
    most = _allowed(base, limits)["distance_most_m"]
    gone = this["distance_m"] if this else 0.0
    return {
        "session_id": newest.name,
        "repetitions": _rest(limits.repetitions, total.repetitions),
        "minutes": _rest(limits.minutes, total.minutes),
        "distance_this_week_m": None if most is None else round(max(0.0, most - gone), 1),
    }


def _rest(most: float, used: float) -> float | None:
    return round(max(0.0, most - used), 2) if most > 0 else None
