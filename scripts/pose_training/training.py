"""Trains the pose model from random weights; one command, goes on where it was stopped.

Decides schedule, optimiser and when to measure; samples are made on first use. The learning rate
rises over the first steps, stays flat and falls to nearly nothing over the last half of the
hours asked for. The data of step n depend on the seed and n only.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from detector import checkpoints
from detector.pictures import DataMissing
from torch.utils.data import DataLoader

from pose_training.batches import Batch, PoseStream, plain
from pose_training.losses import measure_loss
from pose_training.make import KINDS
from pose_training.network import MAP_SHAPE, PoseNet, Widths
from pose_training.samples import SIDE_PX, Samples, cache_dir, open_samples
from pose_training.scoring import ANKLES, COMMON, FOOT_ENDS, judge
from rig.core.gait.keypoints import JOINTS
from rig.core.pose_maps import MARGIN, read_maps

_DECAY_SHARE: Final = 0.5
_FINAL_RATE: Final = 0.01
_WARM_UP_STEPS: Final = 400
_SMOOTH_DECAY: Final = 0.999
_VAL_MOST: Final = 500


@dataclass(frozen=True, slots=True)
class Settings:
    """What one run is asked for."""

    hours: float
    batch_size: int
    rate: float
    weight_decay: float
    seed: int
    validate_every_s: float
    save_every_s: float
    workers: int
    folder: Path
    is_half: bool


def rate_at(step: int, trained_s: float, settings: Settings) -> float:
    """Learning rate: linear warm-up by steps, flat, then linear fall by share of time used."""
    rise = min(1.0, (step + 1) / _WARM_UP_STEPS)
    used = trained_s / (settings.hours * 3600)
    fall = min(1.0, max(0.0, (1.0 - used) / _DECAY_SHARE))
    return settings.rate * rise * max(_FINAL_RATE, fall)


def load_smooth(path: Path) -> tuple[PoseNet, checkpoints.Progress]:
    """The averaged network of a checkpoint, ready to look."""
    content = checkpoints.load(path)
    widths = {k: tuple(v) if isinstance(v, list) else v for k, v in content["widths"].items()}
    net = PoseNet(Widths(**widths))
    net.load_state_dict(content["smooth"])
    return net.eval(), checkpoints.Progress(**content["progress"])


@torch.no_grad()
def measure(net: PoseNet, kinds: dict[str, Samples]) -> dict[str, float]:
    """PCK at a tenth of the torso, ankles within 5 % and feet's ends, on held-out samples."""
    row: dict[str, float] = {}
    for name, samples in kinds.items():
        chosen = np.flatnonzero(samples.is_val)[:_VAL_MOST]
        images, points = (
            np.stack(c) for c in zip(*(plain(samples, i) for i in chosen), strict=True)
        )
        feed = torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2))).float()
        logits = torch.cat([net(part) for part in feed.split(64)])
        maps = torch.softmax(logits, 2)[:, :, :-1].reshape(-1, len(JOINTS), *MAP_SHAPE).numpy()
        found = np.stack([read_maps(one)[0] for one in maps])
        tall = SIDE_PX / 1.5 / MARGIN
        boxes = np.tile([0.0, 0.0, tall * 0.5, tall], (len(chosen), 1))
        judged = judge(found, points.astype(np.float64), samples.known[chosen], boxes)
        row[f"{name}_pck10"] = round(judged.pck(0.1, COMMON), 4)
        row[f"{name}_ankle5"] = round(judged.error(ANKLES)[1], 4)
        if samples.known[chosen][:, FOOT_ENDS].any():
            row[f"{name}_feet"] = round(judged.error(FOOT_ENDS)[0], 4)
    return row


class Trainer:
    """One run: network, averaged weights, optimiser, progress and the stream of batches."""

    def __init__(self, settings: Settings, kinds: dict[str, Samples], is_resumed: bool) -> None:
        torch.manual_seed(settings.seed)
        self.settings, self.kinds = settings, kinds
        self.net = PoseNet()
        self.smooth = checkpoints.SmoothWeights(self.net, _SMOOTH_DECAY)
        self.progress = checkpoints.Progress()
        self.net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # stub lacks it
        many = [p for p in self.net.parameters() if p.ndim > 1]
        rest = [p for p in self.net.parameters() if p.ndim <= 1]
        groups = [{"params": many, "weight_decay": settings.weight_decay},
                  {"params": rest, "weight_decay": 0.0}]  # fmt: skip
        self.optimiser = torch.optim.AdamW(groups, lr=settings.rate)
        if is_resumed:
            content = checkpoints.load(settings.folder / checkpoints.LAST)
            self.net.load_state_dict(content["model"])
            self.smooth.state = content["smooth"]
            self.optimiser.load_state_dict(content["optimiser"])
            self.progress = checkpoints.Progress(**content["progress"])
        self.is_stopping = False
        self.loss = float("nan")

    def batches(self) -> Iterator[Batch]:
        """Batches from worker processes, from the present step on."""
        s = self.settings
        stream = PoseStream(self.kinds, s.batch_size, self.progress.step, s.seed)
        loader: DataLoader[Batch] = DataLoader(
            stream,
            batch_size=None,
            num_workers=s.workers,
            prefetch_factor=6 if s.workers else None,
        )
        return iter(loader)

    def step(self, batch: Batch) -> None:
        """One step of the optimiser and of the averaged weights."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate_at(self.progress.step, self.progress.trained_s, self.settings)
        images = batch.images.float().contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.settings.is_half):
            logits = self.net(images)
        loss = measure_loss(logits, batch.points, batch.known)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch's own
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        self.optimiser.step()
        self.smooth.update(self.net, self.progress.step)
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
        widths = {k: list(v) if isinstance(v, tuple) else v
                  for k, v in asdict(self.net.widths).items()}  # fmt: skip
        content = {
            "widths": widths,
            "model": self.net.state_dict(),
            "smooth": self.smooth.state,
            "optimiser": self.optimiser.state_dict(),
            "progress": asdict(self.progress),
        }
        checkpoints.save(self.settings.folder / name, content)

    def validate(self) -> None:
        """Measure the averaged weights, add to the history, keep the best."""
        net = PoseNet(self.net.widths)
        net.load_state_dict(self.smooth.state)
        row: dict[str, float] = {
            "step": self.progress.step,
            "pictures": self.progress.pictures,
            "trained_s": round(self.progress.trained_s),
            "loss": round(self.loss, 4),
        } | measure(net.eval(), self.kinds)
        checkpoints.append_history(self.settings.folder, row)
        print(" ".join(f"{k}={v:.5g}" for k, v in row.items()), flush=True)
        score = sum(v for k, v in row.items() if k.endswith(("pck10", "ankle5")))
        if score > self.progress.best_score:
            self.progress.best_score = score
            self.save(checkpoints.BEST)

    def run(self) -> None:
        """Train until the hours are used or a signal asks to stop; then save and measure."""
        self.net.train()
        last = saved = validated = time.monotonic()
        for batch in self.batches():
            self.step(batch)
            now = time.monotonic()
            self.progress.trained_s += now - last
            last = now
            if self.progress.step % 200 == 0:
                print(
                    f"step {self.progress.step} people {self.progress.pictures} "
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
        prog="train-pose", description="Train the pose model from random weights."
    )
    parser.add_argument("--hours", type=float, default=1.5, help="training time, all runs together")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--rate", type=float, default=2e-3, help="highest learning rate")
    parser.add_argument("--weight-decay", type=float, default=0.03)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1, help="processes that make batches")
    parser.add_argument("--validate-every", type=float, default=300.0, metavar="S")
    parser.add_argument("--float32", action="store_true", help="where bfloat16 is slow")
    parser.add_argument("--folder", type=Path, default=cache_dir() / "run", help="checkpoints")
    args = parser.parse_args(arguments)
    settings = Settings(
        hours=args.hours, batch_size=args.batch_size, rate=args.rate,
        weight_decay=args.weight_decay, seed=args.seed, validate_every_s=args.validate_every,
        save_every_s=60.0, workers=args.workers, folder=args.folder, is_half=not args.float32,
    )  # fmt: skip
    return settings, args.resume


def open_all() -> dict[str, Samples]:
    """Samples of every kind; those that are missing are made (ten minutes in all)."""
    kinds = {}
    for name, make in KINDS.items():
        if open_samples(name) is None:
            print(f"{name}: making samples", flush=True)
            make()
        samples = open_samples(name)
        assert samples is not None
        print(f"{name}: {len(samples)} people, {int(samples.is_val.sum())} held out", flush=True)
        kinds[name] = samples
    return kinds


def main(arguments: list[str]) -> int:
    """Entry point; 0 done or stopped, 2 if something needed is missing."""
    settings, is_resumed = read_settings(arguments)
    last = settings.folder / checkpoints.LAST
    torch.set_num_threads(1)
    try:
        if is_resumed and not last.is_file():
            raise DataMissing(f"Nothing to resume: {last} does not exist; leave out --resume.")
        if not is_resumed and last.is_file():
            raise DataMissing(f"{last} exists; use --resume to go on, or --folder for a new run.")
        kinds = open_all()
    except DataMissing as problem:
        print(problem, file=sys.stderr)
        return 2
    trainer = Trainer(settings, kinds, is_resumed)

    def stop(_signal: int, _frame: object) -> None:
        trainer.is_stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    trainer.run()
    return 0
