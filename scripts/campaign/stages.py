"""The whole campaign by one command: every stage into one folder, each gone on with if stopped.

The order is: exact drills with enough clear hours, the baselines' sweep on seeds of its own, the
best settings and the ablations on the law's drills, pictures. Called by `command`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from campaign.compare import SWEEP_SEED, best_setting
from campaign.play import ABLATIONS, BASELINES, LAW, PICTURES, Task, settings_of
from campaign.results import key_of
from campaign.runs import run, run_until_clear
from rig.sim.families import FAMILIES

PLAYABLE = tuple(n for n, row in FAMILIES.items() if not row.is_pictures_only)


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many drills each stage plays."""

    drills: int = 5100
    clear_hours: float = 6.0
    sweep: int = 136
    compare: int = 1020
    pictures: int = 350


def drawn(count: int, names: Sequence[str], seed: int = 1, **task: Any) -> list[Task]:
    """So many tasks: families in turn, seeds from `seed` on."""
    each = -(-count // len(names))
    return [Task(name, seed + n, **task) for n in range(each) for name in names][:count]


def play_campaign(folder: Path, sizes: Sizes, jobs: int) -> list[dict[str, Any]]:
    """All stages; the records of all."""
    tasks = drawn(sizes.drills, PLAYABLE)
    records = run_until_clear(tasks, folder / "exact.jsonl", jobs, sizes.clear_hours, "exact")
    law = folder / "exact.jsonl"
    records += play_comparison(folder / "comparison.jsonl", sizes, jobs, law)
    pictures = drawn(sizes.pictures, tuple(FAMILIES), eye=PICTURES)
    return unique([*records, *run(pictures, folder / "pictures.jsonl", jobs, "pictures")])


def unique(records: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each drill once, whichever stages it belongs to."""
    return list({key_of(record): record for record in records}.values())


def play_comparison(
    path: Path, sizes: Sizes, jobs: int, law_path: Path | None = None
) -> list[dict[str, Any]]:
    """The sweep, then the law, the best settings and the ablations on the same drills.

    The law's own drills are those of `law_path`, where they stand already.
    """
    records = play_sweep(path, sizes.sweep, jobs, BASELINES)
    swept: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        swept.setdefault(record["decider"], []).append(record)
    best = [one for name in BASELINES if (one := best_setting(name, swept)) is not None]
    for name in (LAW, *best, *ABLATIONS):
        tasks = drawn(sizes.compare, PLAYABLE, decider=name)
        records += run(tasks, (law_path or path) if name == LAW else path, jobs, name)
    return records


def play_sweep(path: Path, count: int, jobs: int, baselines: Sequence[str]) -> list[dict[str, Any]]:
    """Every setting of these baselines on the same drills of the sweep's own."""
    names = [name for baseline in baselines for name in settings_of(baseline)]
    tasks = [task for n in names for task in drawn(count, PLAYABLE, SWEEP_SEED, decider=n)]
    return run(tasks, path, jobs, "sweep")
