"""The options of scripts/trials, and which of them do not go together."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from campaign.play import BASELINES, DECIDERS, LAW
from campaign.rows import OwnRow
from rig.sim.families import FAMILIES

_COUNTS = ("drills", "drills_per_family", "jobs", "picture_drills", "compare_drills",
           "sweep_drills", "seed")  # fmt: skip


def make_parser() -> argparse.ArgumentParser:
    """The parser."""
    parser = argparse.ArgumentParser(prog="scripts/trials", description=(
        "Plays drawn drills in closed loop and reports: exact places plus the noise model, or "
        "with --pictures drawn frames through the shipped detector."
    ))  # fmt: skip
    _add_drills(parser.add_argument_group("which drills"))
    _add_others(parser.add_argument_group("instead of drawn drills"))
    _add_outputs(parser.add_argument_group("results"))
    return parser


def _add_drills(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--drills", help="how many, over all families (500; 350 with --pictures); or a TOML FILE "
        "with rows of one's own")  # fmt: skip
    add("--drills-per-family", type=int, metavar="N", help="how many of each family instead")
    add("--family", action="append", help="only this family (may be given again)")
    add("--seed", type=int, default=1, help="the first seed (1)")
    add("--pictures", action="store_true", help="draw frames; real detector and lane check")
    add("--decider", default=LAW, help="what decides: law, an ablation or a baseline's setting")
    add("--clear-hours", type=float, metavar="H",
        help="go on with quiet families until so much clear drill is played")  # fmt: skip


def _add_others(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--campaign", type=Path, metavar="DIR",
        help="all that the report is made of, into DIR; goes on where it was stopped")  # fmt: skip
    for name, what in (("picture", 350), ("compare", 1020), ("sweep", 136)):
        add(f"--{name}-drills", type=int, metavar="N",
            help=f"with --campaign or --compare: drills of this stage ({what})")  # fmt: skip
    add("--compare", action="store_true",
        help="sweep both baselines, then law, best settings and ablations")  # fmt: skip
    add("--ablations", action="store_true", help="the law and its ablations on the same drills")
    add("--baseline", choices=BASELINES, help="with --sweep: all settings of a baseline")
    add("--sweep", action="store_true", help="see --baseline")
    add("--results", type=Path, nargs="+", metavar="FILE", default=[],
        help="play nothing: report on these results files together")  # fmt: skip
    add("--show", metavar="FAMILY", help="print one drill's timeline with the truth; see --seed")
    add("--quick", action="store_true", help="a fixed set against the stored scores; 1 when worse")
    add("--store", action="store_true", help="with --quick: store the scores as the reference")
    add("--list", action="store_true", help="print the table of families")


def _add_outputs(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--jobs", type=int, default=2, help="processes (2)")
    add("--out", type=Path, help="results file (a new one in ~/.local/state/rearguard/trials)")
    add("--resume", type=Path, help="results file to go on with; finished drills are not repeated")
    add("--report", type=Path, metavar="FILE.md", help="write the report there, plots beside it")
    add("--clips", type=Path, metavar="DIR",
        help="the ten worst drills of each kind as annotated clips with sound")  # fmt: skip
    add("--all-clips", action="store_true", help="with --clips: every failed picture drill")


def problem_with(given: argparse.Namespace, rows: Mapping[str, OwnRow]) -> str | None:
    """What is wrong with the call, in a sentence; None if nothing is."""
    names = [*(given.family or []), *([given.show] if given.show is not None else [])]
    for name in names:
        if name not in rows and name not in FAMILIES:
            return f"family {name!r} is not known; scripts/trials --list prints all names"
        if name not in rows and FAMILIES[name].is_pictures_only and not given.pictures:
            return f"family {name!r} says something only with pictures; add --pictures"
    if given.decider not in DECIDERS:
        return f"decider {given.decider!r} is not known; use one of: {', '.join(DECIDERS)}"
    if given.pictures and given.decider != LAW:
        return "--pictures plays the law as shipped; take --decider out"
    if given.sweep != (given.baseline is not None):
        return "--baseline NAME and --sweep belong together; --decider NAME plays one setting"
    for name in _COUNTS:
        if (value := getattr(given, name)) is not None and value < 1:
            return f"--{name.replace('_', '-')} is {value}; give 1 or more"
    if given.all_clips and given.clips is None:
        return "--all-clips needs --clips DIR; add the folder"
    if given.clear_hours is not None and not 0 <= given.clear_hours <= 100:
        return f"--clear-hours is {given.clear_hours:g}; give 0 to 100"
    missing = [path for path in given.results if not path.is_file()]
    return f"results file {missing[0]} is not there; give one that a run wrote" if missing else None
