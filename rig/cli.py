"""The command line: `rig [--config FILE] [--set section.option=value] COMMAND ...`.

Decides which program runs, with which configuration, and what exit code and sentence a person
gets for an error. It knows nothing of what a program does: each one is a module of
`rig.programs` with `add_arguments(parser)` and `run(args, config) -> exit code` (`run(args)` where
`COMMANDS` says that it takes no configuration), imported only when it is asked for, so that
`rig config` needs neither OpenCV nor onnxruntime.
Called by `scripts/rig`, and by `python -m rig`.
"""

from __future__ import annotations

import difflib
import os
import re
import sys
import traceback
from argparse import REMAINDER, SUPPRESS, ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from rig import __version__
from rig.config_file import load_config
from rig.errors import RigError


class Takes(Enum):
    """What a program is handed beside its own arguments."""

    CONFIG = "defaults, --config and --set"
    SETTINGS = "its own --set, applied to the configuration that a log holds"
    NOTHING = "no configuration"


@dataclass(frozen=True, slots=True)
class Command:
    """A sub-command: one line for the help, and what configuration its program takes."""

    summary: str
    takes: Takes = Takes.CONFIG


COMMANDS: Mapping[str, Command] = {
    "demo": Command("a simulated runner, judged by the shipped code; writes an annotated video"),
    "watch": Command("judge a camera, video or picture folder, and log every decision"),
    "replay": Command(
        "verify a session's log and decide it again, with other limits if wished", Takes.SETTINGS
    ),
    "gait": Command(
        "steps, cadence and more of a session, video or keypoints, as tables and plots",
        Takes.NOTHING,
    ),
    "progress": Command(
        "each runner's distance, speed and cadence by week, and the coach's limits"
    ),
    "calibrate": Command(
        "camera pose and lane from four or more known points on the ground", Takes.NOTHING
    ),
    "horn": Command("own siren, lamps and button; sound what watch says, FAULT when it is silent"),
    "record": Command("a clip of each alert, from the pictures that watch shares"),
    "log-gait": Command("the runner's pose in every picture that watch shares, for `rig gait`"),
    "up": Command("the whole rig on this machine: horn, watch, record, log-gait, kept running"),
    "tell": Command("arm, disarm, acknowledge or test the horn of the running rig"),
    "doctor": Command("what is right, what is wrong, and the remedy: packages, board, services"),
    "config": Command("print the effective configuration with units, limits and reasons"),
    "bench": Command("measure this board: period, latency and the speed it can guard"),
}
"""Each sub-command is the module of this name, with _ for -, in `rig.programs`."""

EXIT_INTERNAL = 3
EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 141

EPILOG = """exit codes:
  0  done
  1  finished, but not as wished (a log that does not verify, decisions that differ)
  2  refused: something given is wrong; the message says what and how to mend it
  3  internal error, with a traceback: please report it
130  interrupted by Ctrl-C"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; see EPILOG."""
    # onnxruntime reads it when imported; wheels other than the pinned one report home without it.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    try:
        code = _run(sys.argv[1:] if argv is None else argv)
        sys.stdout.flush()
    except RigError as error:
        for sentence in str(error).splitlines():
            _say(sentence)
        return error.exit_code
    except SystemExit as leave:  # argparse: help and version given, or wrong arguments
        return leave.code if isinstance(leave.code, int) else 0
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # the reader of our output, such as `head`, has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_BROKEN_PIPE
    except Exception as error:  # noqa: BLE001  the one place: nobody above could say it better
        _say(f"internal error ({type(error).__name__}: {error}); please report what follows")
        traceback.print_exc()
        return EXIT_INTERNAL
    return code


def _say(sentence: str) -> None:
    print(f"rig: {sentence}", file=sys.stderr)


def _run(argv: Sequence[str]) -> int:
    outer = _make_parser()
    given, unknown = outer.parse_known_args(argv)
    if unknown:
        _refuse_unknown(outer, unknown)
    if given.command is None:
        outer.print_help()
        return 0
    if given.command not in COMMANDS:
        near = difflib.get_close_matches(given.command, COMMANDS, 1)
        _refuse(f"there is no command {given.command}; {_hint(near)}")
    program = import_module(f"rig.programs.{given.command.replace('-', '_')}")
    inner = _make_command_parser(given.command, program)
    args, unknown = inner.parse_known_args(given.rest)
    if unknown:
        _refuse_unknown(inner, unknown)
    return STARTS[COMMANDS[given.command].takes](program, args, given)


def _start_with_config(program: Any, args: Namespace, given: Namespace) -> int:
    path = args.later_config_file or given.config_file
    config = load_config(path, [*given.settings, *args.later_settings])
    return int(program.run(args, config))


def _start_with_settings(program: Any, args: Namespace, given: Namespace) -> int:
    if given.config_file is not None:
        _refuse(f"{given.command} takes its configuration from the log; use --set, not --config")
    args.settings = [*given.settings, *args.settings]
    return int(program.run(args))


def _start_plainly(program: Any, args: Namespace, given: Namespace) -> int:
    if given.config_file is not None or given.settings:
        _refuse(f"{given.command} takes no configuration; leave out --config and --set")
    return int(program.run(args))


STARTS: Mapping[Takes, Callable[[Any, Namespace, Namespace], int]] = {
    Takes.CONFIG: _start_with_config,
    Takes.SETTINGS: _start_with_settings,
    Takes.NOTHING: _start_plainly,
}


def _make_parser() -> ArgumentParser:
    """The outer parser: global options, the command's name, and the rest unread."""
    width = max(len(name) for name in COMMANDS)
    rows = [f"  {name:{width}}  {command.summary}" for name, command in COMMANDS.items()]
    parser = ArgumentParser(
        prog="rig",
        usage="rig [--config FILE] [--set KEY=VALUE] COMMAND ...",
        description="Looks out for people who run backwards.\n\ncommands:\n" + "\n".join(rows),
        epilog=EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"rig {__version__}")
    _add_config_arguments(parser, "")
    parser.add_argument("command", nargs="?", help=SUPPRESS)
    parser.add_argument("rest", nargs=REMAINDER, help=SUPPRESS)
    return parser


def _make_command_parser(name: str, program: Any) -> ArgumentParser:
    parser = ArgumentParser(
        prog=f"rig {name}", description=COMMANDS[name].summary, allow_abbrev=False
    )
    program.add_arguments(parser)
    if COMMANDS[name].takes is Takes.CONFIG:
        _add_config_arguments(parser, "later_")
    return parser


def _add_config_arguments(parser: ArgumentParser, prefix: str) -> None:
    """The options that every command takes, written before or after the command's name."""
    parser.add_argument(
        "--config",
        dest=f"{prefix}config_file",
        type=Path,
        metavar="FILE",
        help="a TOML file of options; `rig config` prints one to start from",
    )
    parser.add_argument(
        "--set",
        dest=f"{prefix}settings",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change one option, such as hazard.reaction_s=0.9; may be repeated",
    )


def _refuse_unknown(parser: ArgumentParser, unknown: Sequence[str]) -> NoReturn:
    """Refuse what no argument took, with the nearest option that exists."""
    word = unknown[0].partition("=")[0]
    options = sorted(set(re.findall(r"--[a-z][\w-]*", parser.format_help())))
    near = difflib.get_close_matches(word, options, 1)
    thing = "option" if word.startswith("-") else "argument"
    _refuse(f"{parser.prog} has no {thing} {word}; {_hint(near)}")


def _hint(near: Sequence[str]) -> str:
    return f"did you mean {near[0]}?" if near else "--help lists what there is"


def _refuse(sentence: str) -> NoReturn:
    _say(sentence)
    raise SystemExit(RigError.exit_code)
