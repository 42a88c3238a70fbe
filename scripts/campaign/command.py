"""The command line of scripts/trials: which drills, played where, and what is printed."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from campaign import quick, results
from campaign.play import BASELINES, DECIDERS, Task, play, settings_of
from campaign.report import report_lines, sweep_lines
from campaign.timeline import timeline
from rig.sim.families import FAMILIES


def main(words: Sequence[str] | None = None) -> int:
    """Runs the command; 0 good, 1 a quick score got worse, 2 a wrong call."""
    parser = _parser()
    given = parser.parse_args(words)
    problem = _problem(given)
    if problem is not None:
        print(f"scripts/trials: {problem}", file=sys.stderr)
        return 2
    try:
        return _run(given)
    except results.ResultsError as error:
        print(f"scripts/trials: {error}", file=sys.stderr)
        return 2


def _run(given: argparse.Namespace) -> int:
    if given.list:
        print("\n".join(_list_lines()))
        return 0
    if given.show is not None:
        for line in timeline(Task(given.show, given.seed, given.decider)):
            print(line)
        return 0
    if given.quick:
        return _quick(given)
    deciders = settings_of(given.baseline) if given.baseline else [given.decider]
    tasks = [task for name in deciders for task in drawn_tasks(given, name)]
    path = given.resume or given.out or results.default_path()
    records = _campaign(tasks, path, given.jobs)
    print(f"results: {path}\n")
    if given.baseline:
        by_name = {n: [r for r in records if r["decider"] == n] for n in deciders}
        print("\n".join(sweep_lines(by_name)))
    else:
        print("\n".join(report_lines(records)))
    return 0


def _quick(given: argparse.Namespace) -> int:
    found = quick.scores(list(_play_all(quick.quick_tasks(), given.jobs)))
    print("\n".join(f"{name}: {value}" for name, value in found.items()))
    if given.store:
        quick.store(found)
        return 0
    worse = quick.compare(found, quick.load_reference())
    print("\n".join(worse) or "no score is worse than the reference")
    return 1 if worse else 0


def drawn_tasks(given: argparse.Namespace, decider: str) -> list[Task]:
    """The campaign's drills: families in turn, seeds from `--seed` on."""
    names = given.family or [n for n, row in FAMILIES.items() if not row.is_pictures_only]
    each = given.drills_per_family or -(-given.drills // len(names))
    tasks = [Task(name, given.seed + n, decider) for n in range(each) for name in names]
    return tasks if given.drills_per_family else tasks[: given.drills]


def _campaign(tasks: Sequence[Task], path: Path, jobs: int) -> list[dict[str, Any]]:
    """Plays what the file does not hold yet; the records of exactly these tasks, in order."""
    path.parent.mkdir(parents=True, exist_ok=True)
    known = {results.task_of(r): r for r in results.load(path)} if path.exists() else {}
    rest = [task for task in tasks if task not in known]
    for record in _play_all(rest, jobs):
        results.append(path, record)
        # As it is read back, so that a resumed campaign reports the same.
        known[results.task_of(record)] = record
    return [known[task] for task in tasks]


def _play_all(tasks: Sequence[Task], jobs: int) -> Iterator[dict[str, Any]]:
    if jobs == 1 or len(tasks) < 2:
        yield from _with_bar(map(play, tasks), len(tasks))
        return
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield from _with_bar(pool.imap_unordered(play, tasks), len(tasks))


def _with_bar(records: Iterable[dict[str, Any]], total: int) -> Iterator[dict[str, Any]]:
    yield from tqdm(records, total=total, unit="drill", disable=not sys.stderr.isatty())


def _list_lines() -> Iterator[str]:
    for row in FAMILIES.values():
        wanted = ", ".join("/".join(sorted(one)) for one in row.expect.must)
        must = wanted or ("quiet" if row.expect.is_quiet else "nobody touched")
        yield f"{row.name:32s} {row.what}; {must}{'; pictures only' * row.is_pictures_only}"


def _problem(given: argparse.Namespace) -> str | None:
    names = [*(given.family or []), *([given.show] if given.show is not None else [])]
    for name in names:
        if name not in FAMILIES:
            return f"family {name!r} is not known; scripts/trials --list prints all names"
        if FAMILIES[name].is_pictures_only:
            return f"family {name!r} says something only with pictures, which trials do not draw"
    if given.decider not in DECIDERS:
        return f"decider {given.decider!r} is not known; use one of: {', '.join(DECIDERS)}"
    if given.sweep != (given.baseline is not None):
        return "--baseline NAME and --sweep belong together; --decider NAME plays one setting"
    counts = (given.drills, given.drills_per_family or 1, given.jobs)
    return "--drills, --drills-per-family and --jobs take 1 or more" if min(counts) < 1 else None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/trials", description=(
        "Plays drawn drills in closed loop (exact places plus the noise model) and reports."
    ))  # fmt: skip
    add = parser.add_argument
    add("--drills", type=int, default=500, help="how many, over all families (500)")
    add("--drills-per-family", type=int, help="how many of each family instead")
    add("--family", action="append", help="only this family (may be given again)")
    add("--seed", type=int, default=1, help="the first seed (1)")
    add("--jobs", type=int, default=2, help="processes (2)")
    add("--out", type=Path, help="results file (a new one in ~/.local/state/rearguard/trials)")
    add("--resume", type=Path, help="results file to go on with; finished drills are not repeated")
    add("--decider", default="law", help="what decides: law, an ablation or a baseline's setting")
    add("--baseline", choices=BASELINES, help="with --sweep: all settings of a baseline")
    add("--sweep", action="store_true", help="see --baseline")
    add("--show", metavar="FAMILY", help="print one drill's timeline with the truth; see --seed")
    add("--quick", action="store_true", help="a fixed set against the stored scores; 1 when worse")
    add("--store", action="store_true", help="with --quick: store the scores as the reference")
    add("--list", action="store_true", help="print the table of families")
    return parser
