"""What every test may ask for, and what makes each run the same as the last."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

ROOT = Path(__file__).parent.parent
SEED = int(os.environ.get("RIG_TEST_SEED", "20260419"))

settings.register_profile("rig", derandomize=True, deadline=None, database=None, print_blob=True)
settings.load_profile("rig")


def pytest_report_header() -> str:
    return f"seed of the rng fixture: {SEED} (RIG_TEST_SEED changes it); hypothesis: derandomized"


@pytest.fixture
def rng() -> np.random.Generator:
    """Random numbers that are the same in every run and for every test."""
    return np.random.default_rng(SEED)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of recordings and measurements beside the checkout; most clones have none."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip(f"no recordings: {folder} does not exist")
    return folder
