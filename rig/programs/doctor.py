"""`rig doctor`: is everything there that the rig needs? Right, wrong, and the remedy.

Decides the order of the checks and how their findings are told; what is right is each check's own
part (`doctor_software`, `doctor_board`, `doctor_service`). Looks and changes nothing. For people,
for scripts/install-pi (`--only frame`), and for other programs (`--json`).
"""

from __future__ import annotations

import argparse
import json
import os
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from rig.config import Config
from rig.errors import ConfigError
from rig.programs import doctor_board as board
from rig.programs import doctor_service as service
from rig.programs import doctor_software as software
from rig.programs.doctor_records import (
    Finding,
    Machine,
    Patient,
    State,
    ask_program,
    installed_version,
)

LANE: Final = Path("/var/lib/rig/lane.toml")
"""Where systemd/rig-watch.service looks for it."""
CHECKS: Mapping[str, Callable[[Patient], Finding]] = {
    "python": software.check_python,
    "packages": software.check_packages,
    "onnxruntime": software.check_onnxruntime,
    "model": software.check_model,
    "board": board.check_board,
    "power": board.check_power,
    "heat": board.check_heat,
    "memory": board.check_memory,
    "disk": board.check_disk,
    "clock": board.check_clock,
    "camera": board.check_camera,
    "pins": board.check_pins,
    "speaker": software.check_speaker,
    "guard": service.check_guard,
    "links": service.check_links,
    "lane": service.check_lane,
    "services": service.check_units,
    "frame": service.check_frame,
}
MARKS: Final = {State.RIGHT: "right", State.WRONG: "WRONG", State.SKIPPED: "-"}
WIDTH: Final = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what is looked at and how it is told."""
    parser.add_argument("--json", action="store_true", help="for programs, not for people")
    parser.add_argument(
        "--frame", action="store_true", help="also take one picture and judge it (stop rig-watch)"
    )
    parser.add_argument("--lane", type=Path, default=LANE, metavar="FILE", help=f"not {LANE}")
    parser.add_argument(
        "--only", metavar="NAMES", help=f"some checks, with commas: {', '.join(CHECKS)}"
    )


def run(args: argparse.Namespace, config: Config) -> int:
    """Examine this computer; 0 when nothing is wrong, else 1. Raises ConfigError."""
    names = _names(args.only)
    machine = Machine(Path("/"), os.environ, ask_program, installed_version)
    has_frame = args.frame or "frame" in (args.only or "").split(",")
    patient = Patient(machine, config, args.lane, has_frame)
    findings = {name: CHECKS[name](patient) for name in names}
    print(as_json(findings) if args.json else as_table(findings))
    return int(any(one.state is State.WRONG for one in findings.values()))


def _names(only: str | None) -> list[str]:
    names = list(CHECKS) if only is None else [name.strip() for name in only.split(",")]
    unknown = [name for name in names if name not in CHECKS]
    if unknown:
        raise ConfigError(
            [f"there is no check {name}; --only takes {', '.join(CHECKS)}" for name in unknown]
        )
    return names


def as_json(findings: Mapping[str, Finding]) -> str:
    """One object; `is_right` when nothing is wrong."""
    checks = [
        {"name": name, "state": one.state.value, "found": one.found, "remedy": one.remedy}
        for name, one in findings.items()
    ]
    is_right = all(one.state is not State.WRONG for one in findings.values())
    return json.dumps({"v": 1, "is_right": is_right, "checks": checks}, indent=1)


def as_table(findings: Mapping[str, Finding]) -> str:
    """A line a check, the remedy below what is wrong, and the sum."""
    lines: list[str] = []
    for name, one in findings.items():
        lines += _lines(f"{MARKS[one.state]:<6} {name:<12} ", one.found)
        if one.remedy is not None:
            lines += _lines(" " * 20 + "remedy: ", one.remedy)
    counts = {state: sum(one.state is state for one in findings.values()) for state in State}
    lines.append(
        f"\n{counts[State.RIGHT]} right, {counts[State.WRONG]} wrong, "
        f"{counts[State.SKIPPED]} do not apply"
    )
    return "\n".join(lines)


def _lines(lead: str, text: str) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=lead, subsequent_indent=" " * len(lead),
        break_long_words=False, break_on_hyphens=False,
    ) or [lead]  # fmt: skip
