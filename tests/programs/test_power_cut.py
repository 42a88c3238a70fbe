"""A few power cuts; `scripts/check-power-cut` makes two hundred."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

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
