"""Drill rows of one's own: read from a TOML file, checked, and drawn like the shipped families.

A row is a `[[drill]]` table with its `[[drill.actor]]` tables; every number is a value or a range
[least, most] from which each seed draws. The keys stand in two tables below. Anything that is
wrong is told in one sentence with row, key, value, limit and remedy. Called by `command` and, in
each process, by `play`.
"""

from __future__ import annotations

import difflib
import hashlib
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from campaign.photographs import PHOTOGRAPHED, draw_photograph, find_photographs
from rig.records import Cause
from rig.sim.families import FAMILIES
from rig.sim.families_course import (
    BLOCKED,
    LENSES,
    LIGHT_NAMES,
    Dice,
    Expect,
    Family,
    Ranges,
    Staged,
)
from rig.sim.motion import Path as Way
from rig.sim.motion import Waypoint, stand
from rig.sim.scenes import Actor
from rig.sim.things import THINGS


class RowError(Exception):
    """A row that cannot be played, in one sentence with the remedy."""


@dataclass(frozen=True, slots=True)
class Number:
    """What a number may be, and its unit for people."""

    unit: str
    least: float
    most: float


DRILL_NUMBERS: dict[str, Number] = {
    "speed_mps": Number("m/s", 0.5, 8.0),
    "length_m": Number("m", 15.0, 60.0),
    "rate_hz": Number("Hz", 2.0, 60.0),
    "duration_s": Number("s", 6.0, 60.0),
    "sway_px": Number("px", 0.0, 30.0),
}
ACTOR_NUMBERS: dict[str, Number] = {
    "size_m": Number("m", 0.05, 2.2),
    "along_m": Number("m", -10.0, 80.0),
    "across_m": Number("m", -12.0, 12.0),
    "to_along_m": Number("m", -10.0, 80.0),
    "to_across_m": Number("m", -12.0, 12.0),
    "walk_mps": Number("m/s", 0.1, 10.0),
    "start_s": Number("s", 0.0, 60.0),
    "meets_runner_s": Number("s", -20.0, 20.0),
}
_DRILL_KEYS = {*DRILL_NUMBERS, "name", "what", "lens", "light", "must", "may", "quiet", "actor"}
_ACTOR_KEYS = {*ACTOR_NUMBERS, "name", "photograph"}
_NAMES = ("person", *sorted(THINGS))
_Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class OwnActor:
    """One actor's row; a key that was not given is not in `numbers`."""

    name: str
    numbers: tuple[tuple[str, _Span], ...]
    is_photograph: bool = False


@dataclass(frozen=True, slots=True)
class OwnRow:
    """One drill's row, checked; plain values, so that it can be sent to another process."""

    name: str
    what: str
    numbers: tuple[tuple[str, _Span], ...]
    lens: str | None
    light: str | None
    must: tuple[str, ...]
    may: tuple[str, ...]
    is_quiet: bool
    actors: tuple[OwnActor, ...]

    @property
    def digest(self) -> str:
        """Changes when anything of the row does: results of another row are not taken for it."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:12]

    def family(self) -> Family:
        """The row as a family to draw drills from."""
        usual, spans = Ranges(), dict(self.numbers)
        ranges = replace(
            usual,
            length_m=spans.get("length_m", usual.length_m),
            speed_mps=spans.get("speed_mps", usual.speed_mps),
            lenses=(self.lens,) if self.lens else usual.lenses,
            lights=(self.light,) if self.light else usual.lights,
            rates_hz=spans.get("rate_hz", usual.rates_hz),
        )
        must = (frozenset(Cause(one) for one in self.must),) if self.must else ()
        may = frozenset(Cause(one) for one in self.may) | (frozenset() if must else BLOCKED)
        expect = Expect(must, frozenset() if self.is_quiet else may, self.is_quiet, phases=())
        return Family(self.name, self.what, self.stage, expect, ranges)

    def stage(self, dice: Dice) -> Staged:
        """One drawn drill of this row."""
        spans = dict(self.numbers)
        actors = tuple(_place(dice, n, actor) for n, actor in enumerate(self.actors, 1))
        return Staged(
            actors,
            duration_s=dice.between(*spans["duration_s"]) if "duration_s" in spans else None,
            sway_px=dice.between(*spans["sway_px"]) if "sway_px" in spans else 0.0,
        )


def _place(dice: Dice, number: int, row: OwnActor) -> Actor:
    drawn = {key: dice.between(*span) for key, span in row.numbers}
    start = (drawn["along_m"], drawn.get("across_m", 0.0))
    name = f"{row.name} {number}"
    if row.is_photograph:
        cutout, height_m = draw_photograph(row.name, dice.rng)
        return Actor(name, stand(*start), row.name, drawn.get("size_m", height_m), cutout=cutout)
    if "walk_mps" not in drawn:
        return Actor(name, stand(*start), row.name, drawn.get("size_m"))
    end = (drawn.get("to_along_m", start[0]), drawn.get("to_across_m", start[1]))
    way_s = max(0.05, ((end[0] - start[0]) ** 2 + (end[1] - start[1]) ** 2) ** 0.5
                / drawn["walk_mps"])  # fmt: skip
    from_s = drawn.get("start_s", 0.0)
    if "meets_runner_s" in drawn:
        from_s = dice.arrival_s(end[0]) + drawn["meets_runner_s"] - way_s
    way = Way((Waypoint(from_s, *start), Waypoint(from_s + way_s, *end)))
    return Actor(name, way, row.name, drawn.get("size_m"))


# ----------------------------------------------------------------------- reading


def load_rows(path: Path) -> list[OwnRow]:
    """All rows of a file. Raises RowError."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RowError(f"{path} cannot be read ({error}); see the example in docs/trials.md") from (
            error
        )
    tables = found.get("drill")
    if not isinstance(tables, list) or not tables or set(found) != {"drill"}:
        raise RowError(f"{path} must hold [[drill]] tables and nothing else; see docs/trials.md")
    rows = [_row(table, f"{path.name} row {n}") for n, table in enumerate(tables, 1)]
    for n, row in enumerate(rows):
        if row.name in [other.name for other in rows[:n]]:
            raise RowError(f"{path.name} row {n + 1}: name {row.name!r} is taken; give another")
    return rows


def _row(table: dict[str, Any], where: str) -> OwnRow:
    name = table.get("name")
    if not isinstance(name, str) or not name.strip():
        raise RowError(f"{where}: name is {name!r}; give the drill a name in quotes")
    where = f"{where} ({name})"
    if name in FAMILIES:
        raise RowError(f"{where}: name {name!r} is a shipped family's; give another")
    _check_keys(table, _DRILL_KEYS, where)
    actors = table.get("actor", [])
    if not isinstance(actors, list):
        raise RowError(f"{where}: actor is {actors!r}; write each as a [[drill.actor]] table")
    is_quiet = table.get("quiet", False)
    if not isinstance(is_quiet, bool):
        raise RowError(f"{where}: quiet is {is_quiet!r}; give true or false")
    must, may = (_causes(table.get(key, []), key, where) for key in ("must", "may"))
    if is_quiet and must:
        raise RowError(f"{where}: must is {list(must)} but quiet is true; take one of them out")
    return OwnRow(
        name,
        _text(table, "what", name, where),
        _numbers(table, DRILL_NUMBERS, where),
        _choice(table, "lens", LENSES, where),
        _choice(table, "light", LIGHT_NAMES, where),
        must,
        may,
        is_quiet,
        tuple(_actor(one, f"{where} actor {n}") for n, one in enumerate(actors, 1)),
    )


def _actor(table: dict[str, Any], where: str) -> OwnActor:
    _check_keys(table, _ACTOR_KEYS, where)
    name = _choice(table, "name", _NAMES, where) or "person"
    numbers = _numbers(table, ACTOR_NUMBERS, where)
    given = {key for key, _ in numbers}
    if "along_m" not in given:
        raise RowError(f"{where}: along_m is missing; give metres from the lane's start")
    lost = given & {"to_along_m", "to_across_m", "start_s", "meets_runner_s"}
    if lost and "walk_mps" not in given:
        raise RowError(f"{where}: {sorted(lost)[0]} needs walk_mps; add it, 0.1 to 10 m/s")
    if {"start_s", "meets_runner_s"} <= given:
        raise RowError(f"{where}: start_s and meets_runner_s both say when; take one out")
    return OwnActor(name, numbers, _is_photograph(table, name, given, where))


def _is_photograph(table: dict[str, Any], name: str, given: set[str], where: str) -> bool:
    """Whether the actor is shown as a real photograph, and can be."""
    value = table.get("photograph", False)
    if not isinstance(value, bool):
        raise RowError(f"{where}: photograph is {value!r}; give true or false")
    if value and "walk_mps" in given:
        raise RowError(f"{where}: a photograph cannot walk; take walk_mps or photograph out")
    if value and name not in PHOTOGRAPHED:
        raise RowError(f"{where}: no {name} is photographed; give {', '.join(PHOTOGRAPHED)}")
    if value and not find_photographs(name):
        raise RowError(f"{where}: photograph needs ../shared/data/cutouts, which is absent; "
                       "bring it, or take photograph out")  # fmt: skip
    return value


def _check_keys(table: Any, known: set[str], where: str) -> None:
    if not isinstance(table, dict):
        raise RowError(f"{where}: is {table!r}, no table; see the example in docs/trials.md")
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1) or sorted(known)[:1]
            raise RowError(f"{where}: key {key!r} is not known; the nearest is {near[0]!r}")


def _numbers(
    table: dict[str, Any], limits: dict[str, Number], where: str
) -> tuple[tuple[str, _Span], ...]:
    return tuple(
        (key, _span(table[key], key, limits[key], where)) for key in limits if key in table
    )


def _span(value: Any, key: str, limit: Number, where: str) -> _Span:
    """A value or a range [least, most] within the limit."""
    ends = value if isinstance(value, list) else [value, value]
    said = f"{where}: {key} is {value!r}; "
    remedy = f"give a number or [least, most] from {limit.least:g} to {limit.most:g} {limit.unit}"
    if len(ends) != 2 or any(isinstance(v, bool) or not isinstance(v, int | float) for v in ends):
        raise RowError(said + remedy)
    low, high = float(ends[0]), float(ends[1])
    if not limit.least <= low <= high <= limit.most:
        raise RowError(said + remedy)
    return low, high


def _text(table: dict[str, Any], key: str, usual: str, where: str) -> str:
    value = table.get(key, usual)
    if not isinstance(value, str):
        raise RowError(f"{where}: {key} is {value!r}; give words in quotes")
    return value


def _choice(table: dict[str, Any], key: str, known: tuple[str, ...], where: str) -> str | None:
    value = table.get(key)
    if value is not None and value not in known:
        raise RowError(f"{where}: {key} is {value!r}; give one of {', '.join(known)}")
    return value


def _causes(value: Any, key: str, where: str) -> tuple[str, ...]:
    known = [str(cause) for cause in Cause]
    for one in value if isinstance(value, list) else [value]:
        if one not in known:
            near = difflib.get_close_matches(str(one), known, 3) or known
            raise RowError(f"{where}: {key} names {one!r}; give causes such as {', '.join(near)}")
    if not isinstance(value, list):
        raise RowError(f"{where}: {key} is {value!r}; give a list such as [{value!r}]")
    return tuple(value)
