"""The fault matrix: a trial of the quick rows always, twenty of all rows with `--all`."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.programs.processes import ROOT

REPEATS = 20


def check_faults(*words: str, most_s: float) -> str:
    """What `scripts/check-faults` prints; it has to find nothing wrong."""
    env = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'scripts'}", "OPENBLAS_NUM_THREADS": "1"}
    argv = [sys.executable, "-P", "-m", "faults", *words]
    ran = subprocess.run(
        argv, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=most_s
    )
    print(ran.stdout)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_the_quick_rows_are_heard() -> None:
    told = check_faults("--quick", "--repeats", "1", most_s=100)
    assert "4 trials, 0 failed" in told


@pytest.mark.slow
@pytest.mark.timeout(5400)
def test_every_fault_is_heard_every_time() -> None:
    check_faults("--repeats", str(REPEATS), most_s=5300)


def test_a_row_that_is_not_there_is_refused() -> None:
    with pytest.raises(AssertionError, match="they are"):
        check_faults("--only", "flood", most_s=60)
