"""Endless, seeded stream of training batches, made in worker processes beside the training.

Decides which pictures are drawn how often and how tiles are composed. Called by `training`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import IterableDataset

from detector.augment import Draw, Tile, known_everywhere, mosaic, single, spoil
from detector.classes import ANIMAL, CYCLE, VEHICLE
from detector.pictures import Labels, PictureStore, UInt8Array

#: How often a picture of each source is drawn, per picture. Near-repeats (fixed cameras) less.
SOURCE_WEIGHTS: Final[dict[str, float]] = {
    "voc2007test": 1.0,
    "people": 1.2,
    "running": 1.1,
    "field_players": 1.1,
    "pitch_crops": 0.7,
    "plant_cameras": 0.7,
    "animalpose": 0.8,
    "tracon": 0.6,
    "sites": 0.6,
    "boxes": 0.5,
}
_RARE_CLASSES: Final = {CYCLE: 1.8, ANIMAL: 1.2, VEHICLE: 1.4}


@dataclass(frozen=True, slots=True)
class Mix:
    """Shares of a batch: rendered composites, and of the rest single pictures and mosaics."""

    composites: float = 0.30
    single: float = 0.40
    mosaic_2: float = 0.42
    mosaic_3: float = 0.18
    sizes_px: tuple[int, ...] = (192, 256, 256, 320)


def picture_weights(store: PictureStore, indices: list[int]) -> np.ndarray:
    """Chance of each picture, by source and by the rarest class in it."""
    weights = []
    for i in indices:
        labels = store.labels[i]
        rare = max((_RARE_CLASSES.get(int(c), 1.0) for c in labels.classes), default=1.0)
        weights.append(SOURCE_WEIGHTS.get(labels.source, 1.0) * rare)
    array = np.array(weights)
    return array / array.sum()


@dataclass(frozen=True, slots=True)
class Batch:
    """What one step sees.

    `images` [B, 3, S, S] uint8 BGR, `unknown` [B, S/4, S/4] uint8 bit masks, `boxes` [N, 6]:
    picture in the batch, x1, y1, x2, y2 (px), class.
    """

    images: Tensor
    unknown: Tensor
    boxes: Tensor


class TileStream(IterableDataset[Batch]):
    """Batches from photographs and, where they exist, rendered composites.

    Batch number n depends on (seed, n) alone, not on how many workers there are.
    """

    def __init__(
        self,
        photographs: PictureStore,
        composites: PictureStore | None,
        batch_size: int,
        first_step: int,
        seed: int,
        mix: Mix,
    ) -> None:
        self._photographs = photographs
        self._composites = composites
        self._batch_size = batch_size
        self._first_step = first_step
        self._seed = seed
        self._mix = mix
        self._indices = photographs.of_split("train")
        self._cumulated = np.cumsum(picture_weights(photographs, self._indices))
        self._composite_indices = composites.of_split("train") if composites else []

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
        rng = np.random.default_rng([self._seed, step])
        size_px = int(rng.choice(self._mix.sizes_px))
        tiles = [self._tile(size_px, rng) for _ in range(self._batch_size)]
        return pack(tiles, rng)

    def _tile(self, size_px: int, rng: np.random.Generator) -> Tile:
        if self._composite_indices and rng.random() < self._mix.composites:
            return self._composite(size_px, rng)

        def draw() -> tuple[UInt8Array, Labels]:
            at = int(np.searchsorted(self._cumulated, rng.random()))
            i = self._indices[min(at, len(self._indices) - 1)]
            return self._photographs.picture(i), self._photographs.labels[i]

        return compose(draw, size_px, rng, self._mix)

    def _composite(self, size_px: int, rng: np.random.Generator) -> Tile:
        assert self._composites is not None

        def draw() -> tuple[UInt8Array, Labels]:
            assert self._composites is not None
            i = self._composite_indices[int(rng.integers(len(self._composite_indices)))]
            return self._composites.picture(i), self._composites.labels[i]

        return single(draw, size_px, rng, (0.75, 1.3))


def compose(draw: Draw, size_px: int, rng: np.random.Generator, mix: Mix) -> Tile:
    """A single picture or a mosaic; tried again when no class is known anywhere in it."""
    chance = np.array([mix.single, mix.mosaic_2, mix.mosaic_3])
    while True:
        kind = int(rng.choice(3, p=chance / chance.sum()))
        tile = single(draw, size_px, rng) if kind == 0 else mosaic(draw, size_px, rng, kind + 1)
        if known_everywhere(tile):
            return tile


def pack(tiles: list[Tile], rng: np.random.Generator) -> Batch:
    """Spoil the pixels and stack the tiles into tensors."""
    images = np.stack([spoil(tile.pixels, rng) for tile in tiles])
    rows = [[float(i), *box] for i, tile in enumerate(tiles) for box in tile.boxes]
    return Batch(
        images=torch.from_numpy(images).permute(0, 3, 1, 2),
        unknown=torch.from_numpy(np.stack([tile.unknown for tile in tiles])),
        boxes=torch.tensor(rows, dtype=torch.float32).reshape(-1, 6),
    )
