"""scripts/rig as a newcomer meets it: a fresh copy, a path with spaces, an empty home."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHON = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
LEFT_OUT = shutil.ignore_patterns(".git", ".venv*", "*_cache", "__pycache__", ".hypothesis")
KEPT = ("PIP_", "SSL_", "REQUESTS_", "CURL_", "http", "HTTP", "no_proxy", "NO_PROXY")
"""Settings of the machine's pip and network, which a newcomer's shell would have too."""
SET_UP_S = 300


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("a b") / "the clone"
    shutil.copytree(ROOT, folder, ignore=LEFT_OUT)
    return folder


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name.startswith(KEPT)}
    return {**kept, "PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "RIG_PYTHON": str(PYTHON)}


def start(clone: Path, env: dict[str, str], *argv: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [clone / "scripts" / "rig", *argv],
        cwd="/",
        env=env,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=SET_UP_S)
    return process.returncode, out, err


def rig(clone: Path, env: dict[str, str], *argv: str) -> tuple[int, str, str]:
    return finish(start(clone, env, *argv))


def write_python(path: Path, before: str) -> str:
    """An interpreter that runs a line of ours before the `-c` code that it is given."""
    path.write_text(
        f'#!/bin/sh\nexec "{PYTHON}" -c "{before}; exec(__import__(\'sys\').argv[1])" "$2"\n'
    )
    path.chmod(0o755)
    return str(path)


# --------------------------------------------------------------- refused before anything is made


@pytest.mark.parametrize(
    ("before", "lack"),
    [
        ("import sys; sys.version_info = (3, 10, 13)", "is version 3.10.13;"),
        ("import sys; sys.modules['ensurepip'] = None", "lacks its venv or ensurepip module;"),
        ("import sys; sys.maxsize = 2**31 - 1", "is a 32-bit build"),
        ("raise SystemExit(1)", "does not run;"),
    ],
)
def test_a_python_that_will_not_do_is_refused_in_one_sentence(
    clone: Path, env: dict[str, str], tmp_path: Path, before: str, lack: str
) -> None:
    env["RIG_PYTHON"] = write_python(tmp_path / "python", before)
    env["RIG_VENV"] = str(tmp_path / "venv")
    code, out, err = rig(clone, env, "config")
    assert (code, out) == (2, "")
    assert err.startswith("scripts/rig: needs a 64-bit Python 3.11 or newer with venv, but ")
    assert lack in err
    assert err.count("\n") == 1
    assert not (tmp_path / "venv").exists()


def test_a_folder_that_is_not_ours_is_left_alone(
    clone: Path, env: dict[str, str], tmp_path: Path
) -> None:
    precious = tmp_path / "precious" / "thesis.txt"
    precious.parent.mkdir()
    precious.write_text("years of work")
    env["RIG_VENV"] = str(precious.parent)
    code, _, err = rig(clone, env, "config")
    assert code == 2
    assert "was not made by this script" in err
    assert precious.read_text() == "years of work"


def test_a_folder_that_cannot_be_made_is_named(
    clone: Path, env: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    env["RIG_VENV"] = str(tmp_path / "file" / "venv")
    code, _, err = rig(clone, env, "config")
    assert code == 2
    assert f"cannot write to {tmp_path / 'file'};" in err


# -------------------------------------------------------------------------- set up for real


@pytest.mark.fresh
@pytest.mark.timeout(3 * SET_UP_S)
def test_without_a_network_it_says_so_and_the_next_call_goes_on(
    clone: Path, env: dict[str, str]
) -> None:
    offline = {**env, "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": ""}
    code, _, err = rig(clone, offline, "config", "--check")
    assert code == 2
    assert "most often the network" in err.splitlines()[-1]
    code, out, _ = rig(clone, env, "config", "--check")
    assert (code, out.split(",")[0]) == (0, "configuration is sound")


@pytest.mark.fresh
@pytest.mark.timeout(3 * SET_UP_S)
def test_once_set_up_it_needs_no_network_and_says_nothing(clone: Path, env: dict[str, str]) -> None:
    assert rig(clone, env, "config", "--check")[0] == 0
    offline = {**env, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "RIG_PYTHON": "/no/python"}
    assert rig(clone, offline, "config", "--check")[::2] == (0, "")
    assert rig(clone, offline, "confg") == (
        2, "", "rig: there is no command confg; did you mean config?\n"
    )  # fmt: skip


@pytest.mark.fresh
@pytest.mark.timeout(3 * SET_UP_S)
def test_an_interrupted_set_up_is_made_again(
    clone: Path, env: dict[str, str], tmp_path: Path
) -> None:
    env["RIG_VENV"] = str(tmp_path / "venv")
    process = start(clone, env, "config", "--check")
    assert process.stderr is not None
    while "fetching" not in process.stderr.readline():
        assert process.poll() is None
    time.sleep(1.0)  # somewhere in the middle of an installation
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert not (tmp_path / "venv" / "rig-stamp").exists()
    code, out, err = rig(clone, env, "config", "--check")
    assert (code, out.split(",")[0]) == (0, "configuration is sound")
    assert "setting up" in err
    imports = "import av, cv2, gpiozero, numpy, onnxruntime, tqdm"
    subprocess.run([tmp_path / "venv" / "bin" / "python", "-c", imports], check=True)


@pytest.mark.fresh
@pytest.mark.timeout(3 * SET_UP_S)
def test_two_first_calls_set_up_once(clone: Path, env: dict[str, str], tmp_path: Path) -> None:
    env["RIG_VENV"] = str(tmp_path / "venv")
    calls = [start(clone, env, "config", "--check") for _ in range(2)]
    (code_a, out_a, err_a), (code_b, out_b, err_b) = [finish(call) for call in calls]
    assert (code_a, code_b) == (0, 0)
    assert out_a == out_b
    assert (err_a + err_b).count("setting up") == 2  # one does, one tells that it waits
    assert (err_a + err_b).count("set-up done") == 1


@pytest.mark.fresh
@pytest.mark.timeout(3 * SET_UP_S)
def test_a_changed_lock_file_sets_up_again(
    clone: Path, env: dict[str, str], tmp_path: Path
) -> None:
    other = tmp_path / "a clone with another lock"
    shutil.copytree(clone, other, ignore=LEFT_OUT)
    lock = other / "requirements.lock"
    small = lock.read_text().split("\ntqdm==")[1]
    lock.write_text("tqdm==" + small)
    assert "set-up done" in rig(other, env, "config", "--check")[2]
    lock.write_text("# changed\ntqdm==" + small)
    assert "set-up done" in rig(other, env, "config", "--check")[2]
    assert rig(other, env, "config", "--check")[2] == ""
