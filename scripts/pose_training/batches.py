"""Endless, seeded stream of training batches, made in a worker process beside the training.

Decides how a sample is turned, scaled, mirrored, hidden and spoilt, and which kinds are drawn how
often. Batch n depends on the seed and n only. Called by `training`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import torch
from detector.augment import spoil
from torch import Tensor
from torch.utils.data import IterableDataset

from pose_training.joints import FloatArray
from pose_training.samples import PAD, SIDE_PX, Samples, UInt8Array
from rig.core.gait.keypoints import MIRRORED
from rig.core.pose_maps import INPUT_HEIGHT_PX, INPUT_WIDTH_PX

SHARES: Final = {"lsp": 0.30, "taught": 0.38, "drawn": 0.32}
"""How often each kind is drawn."""
UNKNOWN: Final = -1.0
_SIZE: Final = (INPUT_WIDTH_PX, INPUT_HEIGHT_PX)


@dataclass(frozen=True, slots=True)
class Batch:
    """`images` (B, 3, 128, 96) uint8 BGR; `points` (B, 17, 2) input px; `known` (B, 17)."""

    images: Tensor
    points: Tensor
    known: Tensor


def place(centre: FloatArray, scale: float, angle_rad: float) -> FloatArray:
    """The affine map (2, 3) that puts `centre` of a sample in the input's middle."""
    cos, sin = scale * np.cos(angle_rad), scale * np.sin(angle_rad)
    turn = np.array([[cos, sin], [-sin, cos]])
    shift = np.array([INPUT_WIDTH_PX, INPUT_HEIGHT_PX]) / 2 - turn @ centre
    return np.concatenate([turn, shift[:, None]], 1)


def warp(pixels: UInt8Array, matrix: FloatArray) -> UInt8Array:
    """The input (128, 96, 3) that a map between continuous pixel coordinates gives."""
    moved = matrix.copy()
    moved[:, 2] += matrix[:, :2].sum(1) * 0.5 - 0.5
    out: UInt8Array = cv2.warpAffine(
        pixels, moved, _SIZE, flags=cv2.INTER_LINEAR, borderValue=(PAD, PAD, PAD)
    )
    return out


def plain(samples: Samples, i: int) -> tuple[UInt8Array, FloatArray]:
    """A sample as the rig would put it before the network: image and points, nothing changed."""
    matrix = place(np.array([SIDE_PX, SIDE_PX]) / 2, 1.0, 0.0)
    points = samples.points[i] @ matrix[:, :2].T + matrix[:, 2]
    return warp(samples.pixels[i], matrix), points.astype(np.float32)


class PoseStream(IterableDataset[Batch]):
    """Batches from all kinds of samples there are."""

    def __init__(
        self, kinds: dict[str, Samples], batch_size: int, first_step: int, seed: int
    ) -> None:
        self._kinds = list(kinds.values())
        shares = np.array([SHARES[name] for name in kinds])
        self._shares = shares / shares.sum()
        self._rows = [np.flatnonzero(~samples.is_val) for samples in self._kinds]
        self._batch_size, self._first_step, self._seed = batch_size, first_step, seed

    def __iter__(self) -> Iterator[Batch]:
        cv2.setNumThreads(1)
        torch.set_num_threads(1)
        worker = torch.utils.data.get_worker_info()
        start, stride = (worker.id, worker.num_workers) if worker else (0, 1)
        step = self._first_step + start
        while True:
            yield self.make(step)
            step += stride

    def make(self, step: int) -> Batch:
        """The batch of one training step."""
        dice = np.random.default_rng([self._seed, step])
        rows = [self._one(dice) for _ in range(self._batch_size)]
        images, points, known = (np.stack(column) for column in zip(*rows, strict=True))
        return Batch(
            torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2))),
            torch.from_numpy(points),
            torch.from_numpy(known),
        )

    def _draw(self, dice: np.random.Generator) -> tuple[Samples, int]:
        kind = int(dice.choice(len(self._kinds), p=self._shares))
        rows = self._rows[kind]
        return self._kinds[kind], int(rows[int(dice.integers(len(rows)))])

    def _one(self, dice: np.random.Generator) -> tuple[UInt8Array, FloatArray, np.ndarray]:
        samples, i = self._draw(dice)
        pixels = samples.pixels[i]
        if samples.valid[i, 2:].min() < SIDE_PX or samples.valid[i, :2].max() > 0:
            pixels = self._surround(pixels, samples.valid[i], dice)
        matrix = _random_place(dice)
        points = samples.points[i] @ matrix[:, :2].T + matrix[:, 2]
        known = samples.known[i]
        image = warp(pixels, matrix)
        if dice.random() < 0.5:
            image = np.ascontiguousarray(image[:, ::-1])
            points = (points * [-1, 1] + [INPUT_WIDTH_PX, 0])[MIRRORED]
            known = known[MIRRORED]
        if dice.random() < 0.35:
            image = self._hide(image, dice)
        return _spoil(image, dice), points.astype(np.float32), known

    def _surround(
        self, pixels: UInt8Array, valid: FloatArray, dice: np.random.Generator
    ) -> UInt8Array:
        """What lies outside the source picture: grey, its edge drawn out, or another picture."""
        x0, y0, x1, y1 = (round(float(v)) for v in valid)
        kind = dice.random()
        if kind < 0.3 or x1 - x0 < 2 or y1 - y0 < 2:
            return pixels
        inner = pixels[y0:y1, x0:x1]
        if kind < 0.55:
            out: UInt8Array = cv2.copyMakeBorder(
                inner, y0, SIDE_PX - y1, x0, SIDE_PX - x1, cv2.BORDER_REPLICATE
            )
            return out
        other, i = self._draw(dice)
        turned = np.array(other.pixels[i][:, ::-1] if kind < 0.8 else other.pixels[i][::-1])
        turned[y0:y1, x0:x1] = inner
        return turned

    def _hide(self, image: UInt8Array, dice: np.random.Generator) -> UInt8Array:
        """A piece of another picture, or one colour, over part of the person."""
        wide, tall = (int(v) for v in dice.integers(8, 42, 2))
        x, y = int(dice.integers(-8, _SIZE[0] - 8)), int(dice.integers(-8, _SIZE[1] - 8))
        rows, columns = slice(max(0, y), y + tall), slice(max(0, x), x + wide)
        part = image[rows, columns]
        out = image.copy()
        if dice.random() < 0.5:
            out[rows, columns] = dice.integers(0, 256, 3)
        else:
            other, i = self._draw(dice)
            out[rows, columns] = other.pixels[i][: part.shape[0], : part.shape[1]]
        return out


def _random_place(dice: np.random.Generator) -> FloatArray:
    """Boxes from a detector are off by some share; people lean, and some lie."""
    shift = np.clip(dice.normal(0, 0.055, 2), -0.2, 0.2) * INPUT_HEIGHT_PX
    scale = float(np.exp(np.clip(dice.normal(-0.02, 0.16), -0.45, 0.45)))
    angle = float(dice.normal(0, 0.17))
    if dice.random() < 0.08:
        angle = float(dice.uniform(-1.8, 1.8))
    return place(np.array([SIDE_PX, SIDE_PX]) / 2 + shift, scale, angle)


def _spoil(image: UInt8Array, dice: np.random.Generator) -> UInt8Array:
    """Few pixels, motion and the detector's own spoiling (colour, noise, compression)."""
    if dice.random() < 0.4:
        share = float(np.exp(dice.uniform(np.log(0.22), 0)))
        small = cv2.resize(image, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
        image = np.asarray(cv2.resize(small, _SIZE, interpolation=cv2.INTER_LINEAR), np.uint8)
    if dice.random() < 0.15:
        long = int(dice.integers(2, 8))
        kernel = np.zeros((long, long), np.float32)
        kernel[long // 2] = 1.0 / long
        turn = cv2.getRotationMatrix2D((long / 2 - 0.5, long / 2 - 0.5), dice.uniform(0, 180), 1)
        kernel = np.asarray(cv2.warpAffine(kernel, turn, (long, long)))
        image = np.asarray(cv2.filter2D(image, -1, kernel / max(kernel.sum(), 1e-6)), np.uint8)
    return spoil(image, dice)
