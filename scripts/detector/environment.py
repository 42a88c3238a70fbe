"""Finds or makes the Python environment that training needs; standard library only.

The rig itself never needs PyTorch, so it lives in its own `.venv-train`. Called by the scripts.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import platform
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".venv-train"
REQUIREMENTS = ROOT / "requirements-train.txt"
CPU_HINT = (
    "Note: on Linux the default torch wheel brings several GB of CUDA libraries. Without an NVIDIA "
    "card, make the environment by hand and install torch from PyTorch's own CPU index first "
    "(pytorch.org, 'Get started', compute platform CPU): "
    "python3 -m venv .venv-train && .venv-train/bin/pip install torch==2.13.0 "
    "--index-url <CPU index>."
)


def run_inside(module: str, argv: list[str]) -> int:
    """Run `module.main(argv[1:])` here if PyTorch is here, else in `.venv-train`."""
    # On a shared machine spinning threads hold each other up: measured a tenth of the speed.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if importlib.util.find_spec("torch"):
        return int(importlib.import_module(module).main(argv[1:]))
    python = FOLDER / "bin" / "python"
    if Path(sys.prefix).resolve() == FOLDER.resolve():
        print(f"{FOLDER} has no torch; delete the folder and run this again.", file=sys.stderr)
        return 2
    if not python.exists():
        _make_environment(python)
    return int(os.execv(python, [str(python), *argv]))


def _make_environment(python: Path) -> None:
    print(f"PyTorch is not installed here; making {FOLDER} from {REQUIREMENTS.name}.")
    if sys.platform == "linux" and platform.machine() in ("x86_64", "aarch64"):
        print(CPU_HINT)
    venv.EnvBuilder(with_pip=True).create(FOLDER)
    subprocess.run([python, "-m", "pip", "install", "-r", REQUIREMENTS], check=True)
