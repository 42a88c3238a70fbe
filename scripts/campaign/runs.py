"""Playing many drills: on several processes, with progress, into a file that is gone on with."""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from campaign import results
from campaign.play import Task, play
from campaign.state import code_state
from rig.sim.families import FAMILIES

_TELL_EVERY_S = 120.0


def timed(task: Task) -> dict[str, Any]:
    """One drill's record, with the processor seconds that it took."""
    begun_s = time.process_time()
    record = play(task)
    cost_s = round(time.process_time() - begun_s, 2)
    return {**record, "code": code_state(), "cost_s": cost_s}


def play_all(tasks: Sequence[Task], jobs: int, title: str = "") -> Iterator[dict[str, Any]]:
    """Records as they come, not in order."""
    if jobs == 1 or len(tasks) < 2:
        yield from _told(map(timed, tasks), len(tasks), title)
        return
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield from _told(pool.imap_unordered(timed, tasks), len(tasks), title)


def run(tasks: Sequence[Task], path: Path, jobs: int, title: str = "") -> list[dict[str, Any]]:
    """Plays what the file does not hold yet; the records of exactly these tasks, in order.

    Raises ResultsError where the file, or what a process adds to it, is of other code.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    known = {results.key_of(r): r for r in results.load(path)} if path.exists() else {}
    results.require_state(path, known.values(), code_state())
    rest = [task for task in tasks if task.key not in known]
    for record in play_all(rest, jobs, title):
        # A process that began after a file was changed has loaded that.
        results.require_state(path, [record], code_state())
        results.append(path, record)
        # As it is read back, so that a resumed campaign reports the same.
        known[results.key_of(record)] = record
    return [known[task.key] for task in tasks]


def run_until_clear(
    tasks: Sequence[Task], path: Path, jobs: int, hours: float, title: str = ""
) -> list[dict[str, Any]]:
    """These tasks, then further seeds of the quiet families until so much clear drill is played."""
    records = run(tasks, path, jobs, title)
    quiet = [n for n, row in FAMILIES.items() if row.expect.is_quiet and not row.is_pictures_only]
    seed, wanted_s = max(task.seed for task in tasks) + 1, hours * 3600
    while (clear_s := sum(r["clear_s"] for r in records)) < wanted_s:
        more = [Task(name, seed, tasks[0].decider) for name in quiet]
        print(f"clear drill {clear_s / 3600:.2f} h of {hours:g} h: {len(more)} quiet drills more")
        records += run(more, path, jobs, f"{title} (quiet)")
        seed += 1
    return records


def _told(records: Iterable[dict[str, Any]], total: int, title: str) -> Iterator[dict[str, Any]]:
    """A progress bar, or without a terminal a line now and then; both tell the time to go."""
    if sys.stderr.isatty():
        yield from tqdm(records, total=total, unit="drill", desc=title or None)
        return
    begun_s = told_s = time.monotonic()
    for number, record in enumerate(records, 1):
        now_s = time.monotonic()
        is_first = number == 4 and total > 8
        if is_first or now_s - told_s > _TELL_EVERY_S:
            told_s = now_s
            each_s = (now_s - begun_s) / number
            print(
                f"{title or 'trials'}: {number} of {total} drills, {each_s:.1f} s each, "
                f"about {each_s * (total - number) / 60:.0f} min to go",
                file=sys.stderr,
            )
        yield record
