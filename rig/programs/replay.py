"""`rig replay SESSION`: decides a recorded session again, step by step.

Decides whether today's code still makes the recorded decisions, and with `--set` what would have
sounded with other limits. Takes everything from the log: settings, lane and what was seen.
Pictures are not needed. A new segment is a new run of `watch`, so it gets a new pipeline.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Protocol

from tqdm import tqdm

from rig.config import Config
from rig.config_file import apply_settings, config_from_dict
from rig.core.codec import changed_defaults, decode
from rig.core.lane_file import parse_site
from rig.core.log_events import StepLine
from rig.core.log_lines import Line, Verdict
from rig.core.pipeline import Pipeline
from rig.devices.eventlog import (
    read_segment,
    segment_paths,
    stream_names,
    verify_stream,
)
from rig.devices.run_header import FORMAT, versions
from rig.errors import LogError
from rig.programs.timeline import Timeline, format_beside
from rig.records import Decision, Seen

SAME, DIFFERENT = 0, 1
"""Exit codes; a session that cannot be used raises a RigError (2)."""
SHOWN_DIFFERENCES = 20
NEEDED = ("format", "config", "lane", "min_object_px", "versions", "defaults")
Header = Mapping[str, Any]


class Decider(Protocol):
    """What is stepped; `Pipeline` outside of tests."""

    def step(self, seen: Seen, now_ns: int) -> Decision:
        """One turn of the loop."""


Build = Callable[[Header, Config], Decider]


def build_pipeline(header: Header, config: Config) -> Decider:
    """The pipeline of the site and detector that a segment's first line tells of."""
    return Pipeline(parse_site(header["lane"]), config, header["min_object_px"])


def add_arguments(parser: ArgumentParser) -> None:
    """The command line of `rig replay`."""
    parser.add_argument("session", type=Path, help="folder of one recorded session")
    parser.add_argument(
        "--set",
        dest="settings",
        metavar="TABLE.OPTION=VALUE",
        action="append",
        default=[],
        help="decide with another limit and print what would have sounded (repeatable)",
    )
    parser.add_argument(
        "--verify", action="store_true", help="only check that the log is whole and unchanged"
    )


def run(args: Namespace, build: Build = build_pipeline) -> int:
    """0: whole and the same decisions; 1: damaged or other decisions. Raises RigError."""
    session: Path = args.session
    streams = stream_names(session)
    if not streams:
        raise LogError(f"{session} holds no log segments; give the folder of one session")
    if args.verify:
        return _verify(session, streams)
    if "steps" not in streams:
        raise LogError(f"{session} holds no steps.*.jsonl, so there is nothing to decide again")
    damaged = [each for each in verify_stream(session, "steps") if each.verdict != Verdict.WHOLE]
    for report in damaged:
        print(report.sentence)
    codes = [_replay(path, args.settings, build) for path in segment_paths(session, "steps")]
    return DIFFERENT if damaged else max(codes)


def _verify(session: Path, streams: Sequence[str]) -> int:
    reports = [report for stream in streams for report in verify_stream(session, stream)]
    for report in reports:
        print(report.sentence)
    return SAME if all(each.verdict == Verdict.WHOLE for each in reports) else DIFFERENT


# --------------------------------------------------------------------------- one segment


@dataclass(slots=True)
class Outcome:
    """What deciding one segment again gave, gathered while it is read."""

    steps: int = 0
    compared: int = 0
    differing: int = 0
    first: tuple[Line, Decision, Decision] | None = None
    """Line, recorded and new decision of the first step that differs."""
    gap: Line | None = None
    """The first line that stands for steps which were not recorded."""
    did: Timeline = field(default_factory=Timeline)
    would: Timeline = field(default_factory=Timeline)


def _replay(path: Path, settings: Sequence[str], build: Build) -> int:
    lines = iter(read_segment(path))
    first = next(lines, None)
    if first is None:
        return DIFFERENT
    header = _checked(first.value, path)
    config = apply_settings(config_from_dict(header["config"]), settings)
    progress = tqdm(lines, desc=path.name, unit=" steps", disable=None, leave=False)
    outcome = _decide_again(iter(progress), build(header, config), path)
    if settings:
        return _tell_other_limits(path.name, settings, outcome)
    return _tell_comparison(path.name, header, outcome)


def _checked(header: Header, path: Path) -> Header:
    missing = [key for key in NEEDED if key not in header]
    if missing:
        raise LogError(
            f"{path}: the first line lacks {', '.join(missing)}, so it was not "
            "written by rig watch; give a session of rig watch"
        )
    if header["format"] != FORMAT:
        raise LogError(
            f"{path} has log format {header['format']}, this rig reads {FORMAT}; "
            "replay it with the version that wrote it"
        )
    changed = changed_defaults(header["defaults"], StepLine)
    if changed:
        raise LogError(
            f"{path} was written by a version whose records differ ({changed[0]}); "
            "replay it with that version"
        )
    return header


def _decide_again(lines: Iterator[Line], decider: Decider, path: Path) -> Outcome:
    outcome = Outcome()
    for line in lines:
        if line.kind in ("dropped", "unwritable"):
            outcome.gap = outcome.gap or line
        if line.kind != "step":
            continue
        step = _step_of(line, path)
        decision = decider.step(step.seen, step.decision.now_ns)
        outcome.steps += 1
        outcome.did.add(step.decision)
        outcome.would.add(decision)
        if outcome.gap is None:
            _compare(outcome, line, step.decision, decision)
    return outcome


def _step_of(line: Line, path: Path) -> StepLine:
    try:
        return decode(StepLine, line.value)
    except LogError as error:
        raise LogError(
            f"{path} line {line.number}: {error}; replay it with the version that wrote it"
        ) from error


def _compare(outcome: Outcome, line: Line, recorded: Decision, again: Decision) -> None:
    outcome.compared += 1
    if recorded != again:
        outcome.differing += 1
        outcome.first = outcome.first or (line, recorded, again)


# --------------------------------------------------------------------------- telling


def _tell_comparison(name: str, header: Header, outcome: Outcome) -> int:
    if outcome.first is not None:
        _tell_difference(name, header, outcome, *outcome.first)
        return DIFFERENT
    if outcome.gap is not None:
        print(
            f"{name}: {outcome.compared} steps, all decisions identical up to line "
            f"{outcome.gap.number}, where steps were not recorded ({outcome.gap.value}); "
            f"the {outcome.steps - outcome.compared} steps after it cannot be compared"
        )
        return DIFFERENT
    print(f"{name}: {outcome.steps} steps, all decisions identical")
    return SAME


def _tell_difference(
    name: str, header: Header, outcome: Outcome, line: Line, recorded: Decision, again: Decision
) -> None:
    start_ns = outcome.did.first_ns or 0
    print(
        f"{name}: {outcome.differing} of {outcome.compared} decisions differ, the first in line "
        f"{line.number}, {(recorded.now_ns - start_ns) / 1e9:.3f} s after the first step:"
    )
    found = list(_differences("decision", recorded, again))
    for path, left, right in found[:SHOWN_DIFFERENCES]:
        print(f"  {path}\n    recorded {left}\n    now      {right}")
    if len(found) > SHOWN_DIFFERENCES:
        print(f"  and {len(found) - SHOWN_DIFFERENCES} more fields")
    for key, today in versions().items():
        then = header["versions"].get(key)
        if then != today:
            print(f"  {key} was {then} and is {today}")


def _differences(path: str, left: object, right: object) -> Iterator[tuple[str, str, str]]:
    if left == right:
        return
    if is_dataclass(left) and type(left) is type(right):
        for each in fields(left):
            inner = f"{path}.{each.name}"
            yield from _differences(inner, getattr(left, each.name), getattr(right, each.name))
    elif isinstance(left, tuple) and isinstance(right, tuple) and len(left) == len(right):
        for index, (one, other) in enumerate(zip(left, right, strict=True)):
            yield from _differences(f"{path}[{index}]", one, other)
    else:
        yield path, repr(left), repr(right)


def _tell_other_limits(name: str, settings: Sequence[str], outcome: Outcome) -> int:
    print(f"{name}: {outcome.steps} steps decided again with {', '.join(settings)}")
    if outcome.gap is not None:
        print(
            f"from line {outcome.gap.number} on steps were not recorded: it may be off after that"
        )
    for line in format_beside(outcome.did.rows, outcome.would.rows, ("did sound", "would sound")):
        print(line)
    print(f"did:   {outcome.did.summary}")
    print(f"would: {outcome.would.summary}")
    return SAME
