from __future__ import annotations

import argparse
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from rig import __version__, cli
from rig.config import Config
from rig.errors import (
    ArmingRefused,
    ConfigError,
    HardwareError,
    LaneError,
    LogError,
    ModelError,
    RigError,
    SourceError,
)

ROOT = Path(__file__).parents[2]


class FakeProgram:
    """Stands in for a module of `rig.programs`; keeps what it was started with."""

    def __init__(self, outcome: int | BaseException = 0) -> None:
        self.outcome = outcome
        self.started: list[tuple[Any, ...]] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--video")
        if cli.COMMANDS[parser.prog.split()[1]].takes is cli.Takes.SETTINGS:
            parser.add_argument("--set", dest="settings", action="append", default=[])

    def run(self, *given: Any) -> int:
        self.started.append(given)
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> FakeProgram:
    fake = FakeProgram()
    monkeypatch.setattr(cli, "import_module", lambda name: fake)
    return fake


# ------------------------------------------------------------------------------- starting


def test_no_command_prints_the_help_with_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 0
    out = capsys.readouterr().out
    assert all(f"  {name} " in out for name in cli.COMMANDS)
    assert "exit codes:" in out


@pytest.mark.parametrize("code", [0, 1])
def test_the_program_gets_arguments_and_configuration_and_gives_the_exit_code(
    program: FakeProgram, code: int
) -> None:
    program.outcome = code
    assert cli.main(["--set", "hazard.margin_m=2", "watch", "--video", "a.mp4",
                     "--set", "hazard.reaction_s=1"]) == code  # fmt: skip
    ((args, config),) = program.started
    assert args.video == "a.mp4"
    assert config.hazard.margin_m == 2
    assert config.hazard.reaction_s == 1


@pytest.mark.parametrize("place", ["before", "after"])
def test_the_configuration_file_is_named_before_or_after_the_command(
    program: FakeProgram, tmp_path: Path, place: str
) -> None:
    path = tmp_path / "track.toml"
    path.write_text("[hazard]\nmargin_m = 3\n")
    given = ["--config", str(path)]
    assert cli.main([*given, "watch"] if place == "before" else ["watch", *given]) == 0
    assert program.started[0][1].hazard.margin_m == 3


def test_replay_gets_the_settings_of_both_places(program: FakeProgram) -> None:
    assert cli.main(["--set", "a=1", "replay", "--set", "b=2"]) == 0
    ((args,),) = program.started
    assert args.settings == ["a=1", "b=2"]


@pytest.mark.parametrize(
    "argv",
    [["--config", "x.toml", "replay"], ["--config", "x.toml", "calibrate"],
     ["--set", "hazard.margin_m=2", "calibrate"]],
)  # fmt: skip
def test_a_configuration_that_a_program_would_not_heed_is_refused(
    program: FakeProgram, argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(argv) == 2
    assert "configuration" in capsys.readouterr().err
    assert not program.started


# ------------------------------------------------------------------------------- refusing


@pytest.mark.parametrize(
    ("argv", "hint"),
    [
        (["wach"], "did you mean watch?"),
        (["xyzzy"], "--help lists"),
        (["--vesion"], "did you mean --version?"),
        (["watch", "--vido", "a"], "did you mean --video?"),
        (["watch", "--vide=a"], "did you mean --video?"),
        (["watch", "a.mp4"], "no argument a.mp4"),
        (["watch", "--set", "hazard.margn_m=1"], "did you mean hazard.margin_m?"),
        (["--config", "/no/such.toml", "watch"], "/no/such.toml cannot be read"),
    ],
)
def test_what_does_not_exist_is_refused_with_the_nearest_that_does(
    program: FakeProgram, argv: list[str], hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(argv) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("rig: ")
    assert hint in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""
    assert not program.started


@pytest.mark.parametrize(
    "kind", [LaneError, ModelError, SourceError, LogError, HardwareError, ArmingRefused]
)
def test_what_a_program_refuses_is_one_sentence_and_exit_code_two(
    program: FakeProgram, kind: type[RigError], capsys: pytest.CaptureFixture[str]
) -> None:
    program.outcome = kind("the lane is 2 m long, at least 10 m are needed; move the cones")
    assert cli.main(["watch"]) == 2
    captured = capsys.readouterr()
    assert captured.err == ("rig: the lane is 2 m long, at least 10 m are needed; move the cones\n")


def test_each_configuration_problem_has_its_own_line(
    program: FakeProgram, capsys: pytest.CaptureFixture[str]
) -> None:
    program.outcome = ConfigError(["one is wrong", "two is wrong"])
    assert cli.main(["watch"]) == 2
    assert capsys.readouterr().err == "rig: one is wrong\nrig: two is wrong\n"


def test_an_error_of_ours_shows_its_traceback(
    program: FakeProgram, capsys: pytest.CaptureFixture[str]
) -> None:
    program.outcome = ZeroDivisionError("division by zero")
    assert cli.main(["watch"]) == 3
    first, *rest = capsys.readouterr().err.splitlines()
    assert first.startswith("rig: internal error (ZeroDivisionError: division by zero)")
    assert any("Traceback" in line for line in rest)


def test_ctrl_c_ends_quietly(program: FakeProgram, capsys: pytest.CaptureFixture[str]) -> None:
    program.outcome = KeyboardInterrupt()
    assert cli.main(["watch"]) == 130
    assert capsys.readouterr().err == ""


# ------------------------------------------------------------------- as a process of its own


def run_rig(*argv: str, **more: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "rig", *argv]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, **more)


def test_the_printed_configuration_is_sound_and_complete() -> None:
    done = run_rig("--set", "hazard.reaction_s=0.8", "config")
    assert (done.returncode, done.stderr) == (0, "")
    assert tomllib.loads(done.stdout)["hazard"]["reaction_s"] == 0.8
    assert set(tomllib.loads(done.stdout)) == set(Config.__dataclass_fields__)


def test_a_checked_configuration_says_what_was_changed() -> None:
    done = run_rig("config", "--check", "--set", "hazard.reaction_s=0.8")
    assert done.returncode == 0
    assert done.stdout.startswith("configuration is sound, 1 of ")
    assert done.stdout.endswith("changed: hazard.reaction_s\n")


def test_the_configuration_needs_no_heavy_part() -> None:
    code = (
        "import sys; from rig.cli import main; assert main(['config']) == 0; "
        "heavy = {'cv2', 'onnxruntime', 'av', 'numpy', 'gpiozero'} & set(sys.modules); "
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_reader_that_leaves_is_no_error() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "rig", "config"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    error = process.stderr.read()
    process.stderr.close()
    assert process.wait() == cli.EXIT_BROKEN_PIPE
    assert error == b""


def test_the_version_is_the_projects() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert run_rig("--version").stdout == f"rig {project['version']}\n" == f"rig {__version__}\n"


@pytest.mark.parametrize("name", list(cli.COMMANDS))
def test_every_command_exists_and_explains_itself(name: str) -> None:
    done = run_rig(name, "--help")
    assert done.returncode == 0, done.stderr
    assert cli.COMMANDS[name].summary in " ".join(done.stdout.split())
