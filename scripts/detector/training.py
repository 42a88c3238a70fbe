"""Trains the detector from random weights; one command, goes on where it was stopped.

Decides schedule, optimiser and when to measure. The learning rate rises over the first steps,
stays flat and falls to nearly nothing over the last two fifths of the hours asked for; `--resume`
with more hours therefore simply goes on. The data of step n depend on the seed and n only.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch.utils.data import DataLoader

from detector import checkpoints
from detector.batches import Batch, Mix, TileStream
from detector.classes import CLASSES
from detector.curves import draw_curves
from detector.losses import measure_loss
from detector.network import Detector
from detector.onnx_graph import fold, to_onnx
from detector.pictures import (
    DataMissing,
    PictureStore,
    cache_dir,
    check_data,
    open_composites,
    open_photographs,
)
from detector.running import open_ours
from detector.teachers import ignore_missed
from detector.validation import judge, val_pictures, val_tiles

ROOT: Final = Path(__file__).resolve().parents[2]
_DECAY_SHARE: Final = 0.4
_FINAL_RATE: Final = 0.02


@dataclass(frozen=True, slots=True)
class Settings:
    """What one run is asked for."""

    hours: float
    batch_size: int
    rate: float
    weight_decay: float
    warm_up_steps: int
    smooth_decay: float
    seed: int
    validate_every_s: float
    save_every_s: float
    workers: int
    device: str
    folder: Path


def rate_at(step: int, trained_s: float, settings: Settings) -> float:
    """Learning rate: linear warm-up by steps, flat, then linear fall by share of time used."""
    rise = min(1.0, (step + 1) / settings.warm_up_steps)
    used = trained_s / (settings.hours * 3600)
    fall = min(1.0, max(0.0, (1.0 - used) / _DECAY_SHARE))
    return settings.rate * rise * max(_FINAL_RATE, fall)


def make_optimiser(model: Detector, settings: Settings) -> torch.optim.AdamW:
    """AdamW; no decay on biases and normalisation."""
    weights = [p for p in model.parameters() if p.ndim > 1]
    rest = [p for p in model.parameters() if p.ndim <= 1]
    groups = [
        {"params": weights, "weight_decay": settings.weight_decay},
        {"params": rest, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=settings.rate)


class Trainer:
    """One run: model, averaged weights, optimiser, progress and the stream of batches."""

    def __init__(
        self,
        settings: Settings,
        photographs: PictureStore,
        composites: PictureStore | None,
        is_resumed: bool,
    ) -> None:
        torch.manual_seed(settings.seed)
        self.settings = settings
        self.photographs = photographs
        self.composites = composites
        self.device = torch.device(settings.device)
        self.model = Detector()
        self.smooth = checkpoints.SmoothWeights(self.model, settings.smooth_decay)
        self.progress = checkpoints.Progress()
        self.model.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # stub lacks it
        self.optimiser = make_optimiser(self.model, settings)
        if is_resumed:
            self._restore()
        self.is_stopping = False
        self.loss = float("nan")

    def _restore(self) -> None:
        content = checkpoints.load(self.settings.folder / checkpoints.LAST)
        self.model.load_state_dict(content["model"])
        self.smooth.state = content["smooth"]
        self.optimiser.load_state_dict(content["optimiser"])
        for group, decay in zip(
            self.optimiser.param_groups, (self.settings.weight_decay, 0.0), strict=True
        ):
            group["weight_decay"] = decay
        self.progress = checkpoints.Progress(**content["progress"])

    def batches(self) -> Iterator[Batch]:
        """Batches from worker processes, from the present step on."""
        stream = TileStream(
            self.photographs,
            self.composites,
            self.settings.batch_size,
            self.progress.step,
            self.settings.seed,
            Mix(),
        )
        loader: DataLoader[Batch] = DataLoader(
            stream,
            batch_size=None,
            num_workers=self.settings.workers,
            prefetch_factor=6 if self.settings.workers else None,
        )
        return iter(loader)

    def step(self, batch: Batch) -> None:
        """One step of the optimiser and of the averaged weights."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate_at(self.progress.step, self.progress.trained_s, self.settings)
        images = batch.images.to(self.device).float().contiguous(memory_format=torch.channels_last)
        there = Batch(images, batch.unknown.to(self.device), batch.boxes.to(self.device))
        with torch.autocast(self.device.type, dtype=torch.bfloat16):
            levels = self.model(images)
        loss, _, _ = measure_loss(levels, there)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch's own
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 10.0)
        self.optimiser.step()
        self.smooth.update(self.model, self.progress.step)
        value = float(loss.detach())
        if not np.isfinite(value):
            raise FloatingPointError(
                f"The loss is {value} at step {self.progress.step}; lower --rate and --resume."
            )
        self.loss = value if not np.isfinite(self.loss) else 0.98 * self.loss + 0.02 * value
        self.progress.step += 1
        self.progress.pictures += len(images)

    def save(self, name: str = checkpoints.LAST) -> None:
        """Write a checkpoint."""
        content = checkpoints.pack(self.model, self.smooth, self.optimiser, self.progress)
        checkpoints.save(self.settings.folder / name, content)

    def validate(self) -> None:
        """Measure the averaged weights, add to the history, draw the curves, keep the best."""
        model = Detector()
        model.load_state_dict({k: v.cpu() for k, v in self.smooth.state.items()})
        look = open_ours(to_onnx(fold(model.eval()))).look
        row: dict[str, float] = {
            "step": self.progress.step,
            "pictures": self.progress.pictures,
            "trained_s": round(self.progress.trained_s),
            "rate": rate_at(self.progress.step, self.progress.trained_s, self.settings),
            "loss": round(self.loss, 4),
        }
        results = judge(look, val_pictures(self.photographs))
        row |= {name: round(results[name].ap50, 4) for name in CLASSES}
        drawn = val_tiles(self.composites)[:250] if self.composites else []
        found = judge(look, drawn)
        row["rendered_person"] = round(found["person"].ap50, 4)
        row["rendered_object"] = round(found["object"].ap50, 4)
        checkpoints.append_history(self.settings.folder, row)
        print(" ".join(f"{k}={v:.5g}" for k, v in row.items()), flush=True)
        draw_curves(
            checkpoints.read_history(self.settings.folder), ROOT / "docs" / "training-curves.png"
        )
        score = sum(row[name] for name in CLASSES) + row["person"]
        if score > self.progress.best_score:
            self.progress.best_score = score
            self.save(checkpoints.BEST)

    def run(self) -> None:
        """Train until the hours are used or a signal asks to stop; then save and measure."""
        self.model.train()
        last = saved = validated = time.monotonic()
        for batch in self.batches():
            self.step(batch)
            now = time.monotonic()
            self.progress.trained_s += now - last
            last = now
            if self.progress.step % 100 == 0:
                print(
                    f"step {self.progress.step} pictures {self.progress.pictures} "
                    f"hours {self.progress.trained_s / 3600:.3f} loss {self.loss:.4f}",
                    flush=True,
                )
            is_done = self.progress.trained_s >= self.settings.hours * 3600
            if is_done or self.is_stopping or now - saved > self.settings.save_every_s:
                self.save()
                saved = now
            if is_done or now - validated > self.settings.validate_every_s:
                self.validate()
                self.save()
                last = validated = time.monotonic()
            if is_done or self.is_stopping:
                return


def read_settings(arguments: list[str]) -> tuple[Settings, bool]:
    """Command line to settings, and whether to go on from the last checkpoint."""
    parser = argparse.ArgumentParser(
        prog="train-detector", description="Train the obstacle detector from random weights."
    )
    parser.add_argument(
        "--hours", type=float, default=8.0, help="training time in all, over all runs"
    )
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--rate", type=float, default=2e-3, help="highest learning rate")
    parser.add_argument("--weight-decay", type=float, default=0.03)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1, help="processes that make batches")
    parser.add_argument("--validate-every", type=float, default=900.0, metavar="S")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--folder", type=Path, default=cache_dir() / "run", help="checkpoints")
    args = parser.parse_args(arguments)
    settings = Settings(
        hours=args.hours,
        batch_size=args.batch_size,
        rate=args.rate,
        weight_decay=args.weight_decay,
        warm_up_steps=500,
        smooth_decay=0.9993,
        seed=args.seed,
        validate_every_s=args.validate_every,
        save_every_s=120.0,
        workers=args.workers,
        device=args.device,
        folder=args.folder,
    )
    return settings, args.resume


def main(arguments: list[str]) -> int:
    """Entry point; 0 done or stopped, 2 if something needed is missing."""
    settings, is_resumed = read_settings(arguments)
    last = settings.folder / checkpoints.LAST
    try:
        if is_resumed and not last.is_file():
            raise DataMissing(f"Nothing to resume: {last} does not exist; leave out --resume.")
        if not is_resumed and last.is_file():
            raise DataMissing(f"{last} exists; use --resume to go on, or --folder for a new run.")
        check_data()
        photographs = open_photographs()
        print(
            f"{ignore_missed(photographs)} unlabelled people are left out of the loss", flush=True
        )
    except DataMissing as problem:
        print(problem, file=sys.stderr)
        return 2
    trainer = Trainer(settings, photographs, open_composites(), is_resumed)

    def stop(_signal: int, _frame: object) -> None:
        trainer.is_stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    trainer.run()
    return 0
