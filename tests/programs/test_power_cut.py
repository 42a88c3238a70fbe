"""A few power cuts; `scripts/check-power-cut` makes two hundred."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "scripts"))
from power_cut.disk import CutDisk, NoDisk

from tests.programs.processes import ROOT


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_three_cuts_lose_nothing_that_has_to_be_there() -> None:
    env = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'scripts'}", "OPENBLAS_NUM_THREADS": "1"}
    argv = [sys.executable, "-P", "-m", "power_cut", "--cuts", "3"]
    ran = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    if ran.returncode == 2:
        pytest.skip(ran.stderr.strip().splitlines()[-1])
    print(ran.stdout)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "3 cuts, 0 with something wrong" in ran.stdout


@pytest.fixture
def card(tmp_path: Path) -> Iterator[CutDisk]:
    try:
        disk = CutDisk(tmp_path)
    except NoDisk as no:
        pytest.skip(str(no))
    yield disk
    disk.close()


@pytest.mark.parametrize("keeps_cache", [False, True])
def test_the_cut_loses_what_was_not_synced_and_nothing_else(
    card: CutDisk, keeps_cache: bool
) -> None:
    """Synced, only written to the drive, and neither: the simulation itself, tried."""
    names = ("synced", "sent", "waiting")
    for name in names:
        (card.card / name).write_bytes(bytes(4096))
    subprocess.run(["sync", "-f", str(card.card)], check=True)
    for name in names:
        descriptor = os.open(card.card / name, os.O_RDWR)
        os.pwrite(descriptor, b"new!", 0)
        if name == "synced":
            os.fsync(descriptor)
        elif name == "sent":
            send_to_drive(descriptor)
        os.close(descriptor)
    card.cut(keeps_cache)
    found = [(card.card / name).read_bytes()[:4] == b"new!" for name in names]
    assert found == [True, keeps_cache, False]


def send_to_drive(descriptor: int) -> None:
    """Hand the file's pages to the drive without asking it to empty its cache."""
    wait_write_wait = 7
    libc = ctypes.CDLL(None, use_errno=True)
    libc.sync_file_range.argtypes = (ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint)
    assert libc.sync_file_range(descriptor, 0, 0, wait_write_wait) == 0
