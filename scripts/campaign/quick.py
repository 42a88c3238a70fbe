"""The quick set: the same few drills every time, held against stored reference scores."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from campaign.play import Task
from campaign.statistics import Totals, add_up
from rig.sim.families import FAMILIES

REFERENCE = Path(__file__).with_name("reference.toml")
_SKIPPED = ("squad of two",)
"""Takes a minute of drill; the full campaign has it."""
_HEAD = """\
# Scores of `scripts/trials --quick`, made by `scripts/trials --quick --store`.
# A score that gets worse than these fails the run; store anew only what a change explains.
"""
SCORES = ("drills", "touched", "missed", "near", "overruns", "false_stops", "false_alerts",
          "late_stops", "wrong_cause", "never_armed", "failed")  # fmt: skip


def quick_tasks() -> list[Task]:
    """One drill of each family, seed 1."""
    names = [n for n, row in FAMILIES.items() if not row.is_pictures_only and n not in _SKIPPED]
    return [Task(name, 1) for name in names]


def scores(records: list[dict[str, Any]]) -> dict[str, int]:
    """The counts that are compared; all but `drills` are better when smaller."""
    totals: Totals = add_up(records)
    return {name: totals.drills - totals.passed if name == "failed" else getattr(totals, name)
            for name in SCORES}  # fmt: skip


def store(found: dict[str, int], path: Path = REFERENCE) -> None:
    """Writes the reference anew."""
    lines = [f"{name} = {value}\n" for name, value in found.items()]
    path.write_text(_HEAD + "".join(lines), encoding="utf-8")


def load_reference(path: Path = REFERENCE) -> dict[str, int]:
    """The stored scores."""
    return {name: int(value) for name, value in tomllib.loads(path.read_text()).items()}


def compare(found: dict[str, int], wanted: dict[str, int]) -> list[str]:
    """A sentence for each score that got worse, or that cannot be compared."""
    if found["drills"] != wanted["drills"]:
        return [f"the quick set has {found['drills']} drills, the reference {wanted['drills']}; "
                "store it anew with scripts/trials --quick --store"]  # fmt: skip
    return [
        f"{name} got worse: {found[name]}, reference {wanted[name]}"
        for name in SCORES
        if name != "drills" and found[name] > wanted[name]
    ]
