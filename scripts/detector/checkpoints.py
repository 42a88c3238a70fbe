"""What a training run must remember to go on after any interruption, and how it is written.

Called by `training` and `export`.
"""

from __future__ import annotations

import csv
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import torch
from torch import nn

from detector.network import Detector, Widths

LAST: Final = "last.pt"
BEST: Final = "best.pt"
HISTORY: Final = "history.csv"


@dataclass(slots=True)
class Progress:
    """Counters carried over restarts. `trained_s` is time spent training, all runs together."""

    step: int = 0
    pictures: int = 0
    trained_s: float = 0.0
    best_score: float = -1.0
    stages: list[str] = field(default_factory=list)


class SmoothWeights:
    """Exponential moving average of all weights and statistics of a network (EMA)."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self.state = {k: v.detach().clone() for k, v in model.state_dict().items()}

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        """Move towards the model; faster in the first steps, while little is known."""
        decay = min(self.decay, (1 + step) / (20 + step))
        now = model.state_dict()
        names = [k for k, v in self.state.items() if v.is_floating_point()]
        torch._foreach_lerp_(
            [self.state[k] for k in names], [now[k].detach() for k in names], 1 - decay
        )
        for k, v in self.state.items():
            if not v.is_floating_point():
                v.copy_(now[k])


def save(path: Path, content: dict[str, Any]) -> None:
    """Write a checkpoint so that a reader sees the old one or the new one, never half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        torch.save(content, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)


def load(path: Path) -> dict[str, Any]:
    """Read a checkpoint written by `save` onto the CPU."""
    content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return content


def load_smooth(path: Path) -> tuple[Detector, Progress]:
    """The averaged network of a checkpoint, ready to judge pictures."""
    content = load(path)
    widths = {k: tuple(v) if isinstance(v, list) else v for k, v in content["widths"].items()}
    model = Detector(Widths(**widths))
    model.load_state_dict(content["smooth"])
    return model.eval(), Progress(**content["progress"])


def pack(
    model: Detector, smooth: SmoothWeights, optimiser: Any, progress: Progress
) -> dict[str, Any]:
    """Everything needed to go on exactly here."""
    return {
        "widths": {
            k: list(v) if isinstance(v, tuple) else v for k, v in asdict(model.widths).items()
        },
        "model": model.state_dict(),
        "smooth": smooth.state,
        "optimiser": optimiser.state_dict(),
        "progress": asdict(progress),
    }


def append_history(folder: Path, row: dict[str, float]) -> None:
    """Add one line of measurements; the header is written with the first."""
    path = folder / HISTORY
    is_new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, list(row))
        if is_new:
            writer.writeheader()
        writer.writerow(row)


def read_history(folder: Path) -> list[dict[str, float]]:
    """All measurements so far, oldest first."""
    path = folder / HISTORY
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return [{k: float(v) for k, v in row.items()} for row in csv.DictReader(file)]
