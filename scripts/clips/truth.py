"""What a person saw in a clip: who stands where at which moment, and when nobody is in view.

Reads the files `tests/replay/lanes/*.truth.toml`; decides nothing. Each names a clip and its lane
file, and has any of

    nobody_s = [[from, to], ...]     seconds in which no person is in view
    empty_at_s = 3.0                 the picture at this time is the empty lane (lane check on)

    [[person]]
    name = "..."
    seen = [[[time_s, x_px, foot_px, head_px], ...], ...]

`seen` holds one list for each spell in view; between two spells the person was really hidden, so
that only there a track may end and another one begin. Rows are estimated where the picture cuts
them. Called by `evaluation` and by the tests.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from rig.records import Box

LANES = Path(__file__).resolve().parents[2] / "tests" / "replay" / "lanes"
WIDTH_SHARE = 0.4
"""Width of a walking person against their height."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Where one person was seen at one time of the clip, in picture pixels."""

    time_s: float
    x_px: float
    foot_px: float
    head_px: float

    def box(self, width_px: int, height_px: int) -> Box:
        """What a detector should draw around them, clipped to the picture."""
        half = WIDTH_SHARE / 2 * (self.foot_px - self.head_px)
        return Box(
            max(0.0, self.x_px - half),
            max(0.0, self.head_px),
            min(float(width_px), self.x_px + half),
            min(float(height_px), self.foot_px),
        )


@dataclass(frozen=True, slots=True)
class Person:
    """One person's moments, a tuple for each spell in view, in order of time."""

    name: str
    spells: tuple[tuple[Moment, ...], ...]

    @property
    def moments(self) -> tuple[Moment, ...]:
        """All of them."""
        return tuple(moment for spell in self.spells for moment in spell)


@dataclass(frozen=True, slots=True)
class Truth:
    """One clip and what was seen in it."""

    clip: str
    lane_path: Path
    nobody_s: tuple[tuple[float, float], ...]
    empty_at_s: float | None
    people: tuple[Person, ...]


def load_truth(path: Path) -> Truth:
    """Read one truth file; KeyError, TypeError or ValueError where it is not of that form."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return Truth(
        table["clip"],
        path.parent / table["lane"],
        tuple((float(a), float(b)) for a, b in table.get("nobody_s", ())),
        table.get("empty_at_s"),
        tuple(
            Person(row["name"], tuple(tuple(Moment(*m) for m in spell) for spell in row["seen"]))
            for row in table.get("person", ())
        ),
    )


def all_truths(folder: Path = LANES) -> tuple[Truth, ...]:
    """Every truth file of the folder, by name."""
    return tuple(load_truth(path) for path in sorted(folder.glob("*.truth.toml")))
