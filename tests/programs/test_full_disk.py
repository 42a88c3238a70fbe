"""Sessions that cannot be written are refused; a disk that fails later leaves a good beginning."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from rig.core.log_lines import Verdict
from rig.devices.eventlog import verify_stream
from tests.programs.conftest import Given
from tests.programs.processes import leaves_nothing, refused, run_rig, write_avi


def test_sessions_below_a_file(given: Given, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ran = run_rig(*given.watch(tmp_path / "file" / "sessions"))
    refused(ran, str(tmp_path / "file"), "a file stands where the folder belongs", "log.sessions")
    assert (tmp_path / "file").read_text() == ""


def test_sessions_where_nobody_may_write(given: Given) -> None:
    """Not even root makes folders in /proc."""
    refused(run_rig(*given.watch(Path("/proc/rig-sessions"))), "/proc/rig-sessions", "log.sessions")


def test_too_little_room_to_begin(given: Given, tmp_path: Path) -> None:
    ran = run_rig(*given.watch(tmp_path / "sessions"), "--set", "log.free_least_mb=1000000")
    refused(ran, "MB of room, less than log.free_least_mb = 1e+06", "delete old sessions")
    leaves_nothing(tmp_path)


@pytest.mark.parametrize("most_bytes", [0, 65_000])
def test_a_limit_on_files_is_met_at_the_beginning(
    given: Given, tmp_path: Path, most_bytes: int
) -> None:
    ran = run_rig(*given.watch(tmp_path / "sessions"), file_most_bytes=most_bytes)
    refused(ran, "no session can be written", "File too large", "ulimit -f")
    leaves_nothing(tmp_path)


@pytest.mark.parametrize("what", ["log segment", "clip"])
def test_a_limit_on_files_is_met_in_the_middle(given: Given, tmp_path: Path, what: str) -> None:
    """Black pictures make a small video and noise a large one: the log or the video fails first."""
    rng = np.random.default_rng(5)
    noise = [rng.integers(0, 256, (180, 320, 3), dtype=np.uint8) for _ in range(60)]
    still = [np.zeros((180, 320, 3), np.uint8)] * 240
    film = write_avi(tmp_path / "film.avi", noise if what == "clip" else still)
    sessions = tmp_path / "sessions"
    ran = run_rig(*given.watch(sessions, clip=film), file_most_bytes=100_000)
    assert ran.code == 2, ran
    (sentence,) = ran.sentences
    assert what in sentence
    assert "File too large; " in sentence
    keeps_a_good_beginning(sessions, sentence)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "rig-test", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no right to mount a small disk; the limits on files are tested all the same")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_disk_that_is_full_at_the_beginning(given: Given, small_disk: Path) -> None:
    (small_disk / "old").write_bytes(bytes(1_200_000))
    ran = run_rig(*given.watch(small_disk / "sessions"))
    refused(ran, "MB of room, less than log.free_least_mb = 1", "delete old sessions")
    assert list((small_disk / "sessions").iterdir()) == []


def test_a_disk_that_fills_up_in_the_middle(given: Given, small_disk: Path) -> None:
    """Noise does not compress: the video takes what is left of the disk."""
    rng = np.random.default_rng(5)
    noise = [rng.integers(0, 256, (180, 320, 3), dtype=np.uint8) for _ in range(90)]
    film = write_avi(small_disk.parent / "noise.avi", noise)
    ran = run_rig(*given.watch(small_disk / "sessions", clip=film))
    assert ran.code == 2, ran
    (sentence,) = ran.sentences
    assert "No space left on device" in sentence
    keeps_a_good_beginning(small_disk / "sessions", sentence)


def keeps_a_good_beginning(sessions: Path, sentence: str) -> None:
    """The log is a good prefix, the sentence leads to it, and nothing half-written is left."""
    (session,) = sessions.iterdir()
    assert f"rig replay {session}" in sentence or f"rig replay --verify {session}" in sentence
    (report,) = verify_stream(session, "steps")
    assert report.verdict in (Verdict.WHOLE, Verdict.NO_END)
    assert report.lines > 10
    assert list(session.rglob("*.part")) == []
    ran = run_rig("replay", session)
    assert "all decisions identical" in ran.out
