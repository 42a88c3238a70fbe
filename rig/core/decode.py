"""Turn the detector's raw maps into candidate boxes in model-input pixels (decoder `ltrb_maps`).

Each map belongs to one stride s and is [1, 4 + classes, height, width]. Cell (x, y) says how far
the box reaches to the left, top, right and bottom of the point ((x + 0.5) * s, (y + 0.5) * s), in
input pixels, and how sure each class is, 0 to 1. The grid-of-points layout follows FCOS
(Tian et al., 2019, arXiv 1904.01355).

Decides which cells count. Does not suppress doubles and knows nothing of tiles or of the picture
(`rig.core.boxes` does). Called by `rig.devices.detector`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rig.errors import ModelError
from rig.records import Kind

STRIDES = (8, 16, 32)
"""Input pixels per cell of the outputs p8, p16 and p32."""

CANDIDATES_MOST = 300
"""Cells that go on to suppression, best first: bounds the time of a picture full of noise."""

SCORE_MOST = 1.01
"""A probability above this is none; the graph then gives logits, that is: is another model."""

REACH_LEAST_PX = 0.5
"""Half an input pixel on each side: nothing that was found is thinner, so none is lost as empty."""

KINDS: tuple[Kind, ...] = tuple(Kind)
"""The kinds by the number that stands for them in arrays."""

KIND_NUMBERS: dict[Kind, int] = {kind: number for number, kind in enumerate(KINDS)}
"""The number that stands for a kind in arrays."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Boxes as arrays: `boxes` (N, 4) x0 y0 x1 y1, `scores` (N,), `kinds` (N,) indices of KINDS."""

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    kinds: NDArray[np.intp]


NO_CANDIDATES = Candidates(
    np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty(0, np.intp)
)
"""Nothing found."""


def decode(
    maps: Sequence[NDArray[np.float32]],
    thresholds: NDArray[np.float32],
    class_kinds: NDArray[np.intp],
    most: int = CANDIDATES_MOST,
) -> Candidates:
    """Candidates in input pixels from the maps p8, p16, p32.

    `thresholds` (classes,): a score must be above; `class_kinds` (classes,): index of KINDS of
    each class. Of more than `most` candidates the best by score stay. Raises ModelError for a
    value that is no finite number and for a score above 1.
    """
    shapes = tuple((level.shape[2], level.shape[3]) for level in maps)
    cells = np.concatenate([level.reshape(level.shape[1], -1) for level in maps], axis=1)
    if not np.isfinite(cells).all():
        raise _not_finite(maps)
    found = np.flatnonzero(cells[4:] > thresholds[:, None])
    if not found.size:
        return NO_CANDIDATES
    scores = cells[4:].reshape(-1)[found]
    if float(scores.max()) > SCORE_MOST:
        raise ModelError(
            f"the detector gave a score of {float(scores.max()):.3g}, the limit is 1: "
            "its graph does not end in probabilities; export it again for decoder ltrb_maps"
        )
    if found.size > most:
        best = np.argpartition(-scores, most)[:most]
        found, scores = found[best], scores[best]
    classes, places = np.divmod(found, cells.shape[1])
    reach = np.maximum(cells[:4, places].T, REACH_LEAST_PX)
    middle = _middles(shapes)[places]
    boxes = np.concatenate([middle - reach[:, :2], middle + reach[:, 2:]], axis=1)
    return Candidates(boxes, scores, class_kinds[classes])


@lru_cache(maxsize=16)
def _middles(shapes: tuple[tuple[int, int], ...]) -> NDArray[np.float32]:
    """The input points (x, y) of all cells of maps of these (height, width), in their order."""
    points = []
    for (height, width), stride in zip(shapes, STRIDES, strict=True):
        rows, columns = np.indices((height, width), np.float32)
        grid = np.stack([columns.ravel(), rows.ravel()], axis=1)
        points.append((grid + np.float32(0.5)) * np.float32(stride))
    return np.concatenate(points)


def _not_finite(maps: Sequence[NDArray[np.float32]]) -> ModelError:
    """The error that names the first map with a value that is no finite number."""
    names = (f"p{s}" for s, m in zip(STRIDES, maps, strict=True) if not np.isfinite(m).all())
    return ModelError(
        f"the detector's output {next(names)} holds values that are no finite numbers: its weights "
        "or the memory are damaged; compare the weights' sha256 with the card and restart"
    )
