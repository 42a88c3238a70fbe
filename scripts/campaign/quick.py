"""The quick set: the same few drills every time, held against stored reference scores.

`compare` gives a verdict in sentences: each score that got worse, and each drill that failed newly
with the line that shows it. Called by `command` and thereby by scripts/test.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from campaign.play import Task
from campaign.statistics import Totals, add_up, has_failed
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
REMEDY = (
    "look at each with the line beside it and mend the cause; or, if the change is meant, "
    "`scripts/trials --quick --store` and say why in the commit"
)


@dataclass(frozen=True, slots=True)
class Reference:
    """What is stored: the scores, and the failures of each drill that failed, by "family/seed"."""

    scores: Mapping[str, int]
    failures: Mapping[str, Sequence[str]]


def quick_tasks() -> list[Task]:
    """One drill of each family, seed 1."""
    names = [n for n, row in FAMILIES.items() if not row.is_pictures_only and n not in _SKIPPED]
    return [Task(name, 1) for name in names]


def judge(records: Sequence[dict[str, Any]]) -> Reference:
    """Today's scores and failures."""
    totals: Totals = add_up(records)
    scores = {name: totals.drills - totals.passed if name == "failed" else getattr(totals, name)
              for name in SCORES}  # fmt: skip
    failed = [r for r in records if has_failed(r)]
    failures = {f"{r['family']}/{r['seed']}": list(r["failures"]) for r in failed}
    return Reference(scores, dict(sorted(failures.items())))


def store(found: Reference, path: Path = REFERENCE) -> None:
    """Writes the reference anew."""
    lines = [f"{name} = {value}\n" for name, value in found.scores.items()]
    lines += ["\n[failures]\n"]
    for key, failures in found.failures.items():
        listed = ", ".join(f'"{one}"' for one in failures)
        lines.append(f'"{key}" = [{listed}]\n')
    path.write_text(_HEAD + "".join(lines), encoding="utf-8")


def load_reference(path: Path = REFERENCE) -> Reference:
    """The stored scores."""
    found = tomllib.loads(path.read_text(encoding="utf-8"))
    failures = found.pop("failures", {})
    return Reference(found, failures)


def compare(found: Reference, wanted: Reference) -> list[str]:
    """Nothing where no score is worse; else sentences: scores, drills, remedy."""
    if found.scores["drills"] != wanted.scores.get("drills"):
        return [
            f"the quick set has {found.scores['drills']} drills, the reference "
            f"{wanted.scores.get('drills')}; store it anew with scripts/trials --quick --store"
        ]
    worse = [
        f"WORSE: {name} is {found.scores[name]}, the reference {wanted.scores[name]}"
        for name in SCORES
        if name != "drills" and found.scores[name] > wanted.scores[name]
    ]
    return [*worse, *new_failures(found, wanted), REMEDY] if worse else []


def new_failures(found: Reference, wanted: Reference) -> list[str]:
    """A line for each drill with a failure that the reference does not have."""
    lines = []
    for key, failures in found.failures.items():
        new = [one for one in failures if one not in wanted.failures.get(key, ())]
        if new:
            family, _, seed = key.rpartition("/")
            show = f'scripts/trials --show "{family}" --seed {seed}'
            lines.append(f"{family}, seed {seed}: {'; '.join(new)}: {show}")
    return lines


def mended(found: Reference, wanted: Reference) -> list[str]:
    """Drills that failed in the reference and no longer do."""
    return [key for key in wanted.failures if key not in found.failures]
