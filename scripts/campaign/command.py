"""The command line of scripts/trials: which drills, played where, and what is printed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from campaign import quick, results, stages
from campaign.clips import write_clips
from campaign.compare import without_sweep
from campaign.options import make_parser, problem_with
from campaign.play import ABLATIONS, LAW, PICTURES, Task
from campaign.plots import write_plots
from campaign.report import WORST, report_lines, worst_records
from campaign.rows import OwnRow, RowError, load_rows
from campaign.runs import play_all, run, run_until_clear
from campaign.timeline import timeline
from campaign.words import replay_command
from rig.errors import RigError
from rig.sim.families import FAMILIES

_Records = list[dict[str, Any]]


def main(words: Sequence[str] | None = None) -> int:
    """Runs the command; 0 good, 1 a quick score got worse, 2 a wrong call."""
    given = make_parser().parse_args(words)
    try:
        rows = _take_file(given)
        problem = problem_with(given, rows)
        if problem is not None:
            print(f"scripts/trials: {problem}", file=sys.stderr)
            return 2
        return _run(given, rows)
    except (results.ResultsError, RowError, RigError) as error:
        print(f"scripts/trials: {error}", file=sys.stderr)
        return 2


def _take_file(given: argparse.Namespace) -> dict[str, OwnRow]:
    """The rows by name where `--drills` names a file; then the number is no longer given."""
    try:
        given.drills = None if given.drills is None else int(given.drills)
    except ValueError:
        rows = load_rows(Path(given.drills))
        given.drills = None
        return {row.name: row for row in rows}
    return {}


def _run(given: argparse.Namespace, rows: dict[str, OwnRow]) -> int:
    if given.list:
        print("\n".join(_list_lines()))
        return 0
    if given.show is not None:
        eye = PICTURES if given.pictures else "boxes"
        task = Task(given.show, given.seed, given.decider, eye, rows.get(given.show))
        for line in timeline(task):
            print(line)
        return 0
    if given.quick:
        return _quick(given)
    play = next(play for is_asked, play in _WAYS if is_asked(given))
    _hand_out(play(given, rows), given, rows)
    return 0


# ----------------------------------------------------------------------- what is played


def _play_campaign(given: argparse.Namespace, rows: dict[str, OwnRow]) -> _Records:
    usual = stages.Sizes()
    sizes = stages.Sizes(
        given.drills or usual.drills,
        usual.clear_hours if given.clear_hours is None else given.clear_hours,
        given.sweep_drills or usual.sweep,
        given.compare_drills or usual.compare,
        given.picture_drills or usual.pictures,
    )
    return stages.play_campaign(given.campaign, sizes, given.jobs)


def _play_sweep(given: argparse.Namespace, rows: dict[str, OwnRow]) -> _Records:
    count = given.drills or stages.Sizes().sweep
    return stages.play_sweep(_path(given), count, given.jobs, [given.baseline])


def _play_comparison(given: argparse.Namespace, rows: dict[str, OwnRow]) -> _Records:
    usual = stages.Sizes()
    sizes = stages.Sizes(sweep=given.sweep_drills or usual.sweep,
                         compare=given.drills or usual.compare)  # fmt: skip
    return stages.play_comparison(_path(given), sizes, given.jobs)


def _play_ablations(given: argparse.Namespace, rows: dict[str, OwnRow]) -> _Records:
    path, count = _path(given), given.drills or stages.Sizes().compare
    tasks = [t for n in (LAW, *ABLATIONS) for t in stages.drawn(count, stages.PLAYABLE, decider=n)]
    return run(tasks, path, given.jobs, "ablations")


def _play_drawn(given: argparse.Namespace, rows: dict[str, OwnRow]) -> _Records:
    tasks = drawn_tasks(given, rows)
    if given.clear_hours is not None:
        return run_until_clear(tasks, _path(given), given.jobs, given.clear_hours)
    return run(tasks, _path(given), given.jobs)


def _load(given: argparse.Namespace, rows: dict[str, OwnRow]) -> _Records:
    return stages.unique(r for path in given.results for r in results.load(path))


_WAYS: tuple[tuple[Callable[[argparse.Namespace], bool], Callable[..., _Records]], ...] = (
    (lambda given: given.campaign is not None, _play_campaign),
    (lambda given: bool(given.results), _load),
    (lambda given: given.compare, _play_comparison),
    (lambda given: given.ablations, _play_ablations),
    (lambda given: given.sweep, _play_sweep),
    (lambda given: True, _play_drawn),
)
"""What was asked for, first that applies, and what plays it."""


def drawn_tasks(given: argparse.Namespace, rows: dict[str, OwnRow]) -> list[Task]:
    """The drills of a plain run: families (or own rows) in turn, seeds from `--seed` on."""
    shipped = tuple(FAMILIES) if given.pictures else stages.PLAYABLE
    names = given.family or list(rows) or shipped
    eye = PICTURES if given.pictures else "boxes"
    usual = 20 * len(rows) if rows else stages.Sizes().pictures if given.pictures else 500
    count = given.drills or usual
    if given.drills_per_family:
        count = given.drills_per_family * len(names)
    tasks = stages.drawn(count, names, given.seed, decider=given.decider, eye=eye)
    return [Task(t.family, t.seed, t.decider, t.eye, rows.get(t.family)) for t in tasks]


def _path(given: argparse.Namespace) -> Path:
    path: Path = given.resume or given.out or results.default_path()
    print(f"results: {path}", file=sys.stderr)
    return path


# ----------------------------------------------------------------------- what is handed out


def _hand_out(records: _Records, given: argparse.Namespace, rows: dict[str, OwnRow]) -> None:
    """Clips, report and plots as asked for; without a report file the report is printed."""
    links = _write_clips(records, given, rows) if given.clips is not None else {}
    lines = report_lines(records, links)
    if given.report is None:
        print("\n".join(lines))
        return
    given.report.parent.mkdir(parents=True, exist_ok=True)
    plots = write_plots(records, given.report)
    text = "\n".join([*_HEAD, "", *lines, "", *plots]).rstrip()
    given.report.write_text(text + "\n", encoding="utf-8")
    print(f"report: {given.report}")


_HEAD = (
    "# Trials: report",
    "",
    "Written by `scripts/trials --report`; [trials](trials.md) says what is simulated and how a "
    "drill is judged. Shares carry Wilson's interval at 95 %, rates a Poisson interval, "
    "and where nothing happened the upper end is three over the number tried.",
)


def _write_clips(
    records: _Records, given: argparse.Namespace, rows: dict[str, OwnRow]
) -> dict[str, str]:
    """Clips of the law's worst drills of each eye; their names by replay command."""
    digests = {row.digest: row for row in rows.values()}
    links: dict[str, str] = {}
    for eye in ("boxes", PICTURES):
        mine = [r for r in without_sweep(records) if (r["decider"], r["eye"]) == (LAW, eye)]
        most = len(mine) if given.all_clips and eye == PICTURES else WORST
        worst = worst_records(mine, most)
        for record, path in write_clips(worst, given.clips, digests, given.jobs):
            links[replay_command(record)] = path.name
            print(f"clip: {path}", file=sys.stderr)
    return links


def _quick(given: argparse.Namespace) -> int:
    found = quick.judge(list(play_all(quick.quick_tasks(), given.jobs)))
    print(", ".join(f"{name} {value}" for name, value in found.scores.items()))
    if given.store:
        quick.store(found)
        return 0
    wanted = quick.load_reference()
    worse = quick.compare(found, wanted)
    mended = quick.mended(found, wanted)
    if mended:
        print(f"no longer failing: {', '.join(mended)}")
    print("\n".join(worse) or "no score is worse than the reference")
    return 1 if worse else 0


def _list_lines() -> Iterator[str]:
    for row in FAMILIES.values():
        wanted = ", ".join("/".join(sorted(one)) for one in row.expect.must)
        must = wanted or ("quiet" if row.expect.is_quiet else "nobody touched")
        yield f"{row.name:32s} {row.what}; {must}{'; pictures only' * row.is_pictures_only}"
