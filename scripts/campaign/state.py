"""Which code decided a drill: a digest that goes into every record.

Results of two states of the code must not be added up, and a campaign takes hours in which files
change. A commit's name would not do: it says nothing of what is not committed. Called by `runs`,
and `report` tells a mixture.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DECIDING = (
    "play",
    "pictures",
    "camera",
    "photographs",
    "referee",
    "verdict",
    "baselines",
    "tally",
    "rows",
)
"""The modules of the campaign that a record depends on; the others only count and draw."""
_LENGTH = 12


@cache
def code_state() -> str:
    """The digest of the code and the model as they were when first asked for."""
    return digest(deciding_files(), ROOT)


def deciding_files() -> list[Path]:
    """All that a record depends on: the rig, the judges, the model with its card."""
    mine = [ROOT / "scripts" / "campaign" / f"{name}.py" for name in DECIDING]
    rig = [p for kind in ("*.py", "*.toml") for p in (ROOT / "rig").rglob(kind)]
    models = [p for kind in ("*.toml", "*.onnx") for p in (ROOT / "models").glob(kind)]
    return sorted([*mine, *rig, *models])


def digest(files: Iterable[Path], root: Path) -> str:
    """Changes with any name and any content."""
    total = hashlib.sha256()
    for path in files:
        total.update(str(path.relative_to(root)).encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:_LENGTH]
