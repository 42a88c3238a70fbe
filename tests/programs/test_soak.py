"""A minute of the soak: `scripts/soak` itself runs for half an hour and eight drilled hours."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.programs.processes import ROOT


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize(("words", "wanted"), [
    (("--minutes", "1", "--drill", "15", "--hours", "0"), "every log whole"),
    (("--minutes", "0", "--hours", "0.3"), "runner_lost"),
])  # fmt: skip
def test_nothing_grows_in_a_minute(words: tuple[str, ...], wanted: str) -> None:
    env = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'scripts'}", "OPENBLAS_NUM_THREADS": "1"}
    argv = [sys.executable, "-P", "-m", "soaking", *words]
    ran = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    print(ran.stdout)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert wanted in ran.stdout
