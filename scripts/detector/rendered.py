"""Measures a detector on rendered lanes: recall of people by pixel height, alarms in empty lanes.

All cameras, figures and cut-outs are from the side kept for tests (`composites`, `cutouts`).
Called by `evaluation` and `export`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from detector.accuracy import Found, iou_matrix
from detector.classes import CLASSES, PERSON
from detector.composites import (
    TEST_SEED,
    WHOLE,
    Cut,
    Marked,
    cut_labels,
    cut_tile,
    far_cut,
    fill,
    random_scene,
)
from detector.cutouts import load_cutouts
from detector.pictures import UInt8Array

#: Heights in the tile, px: a person from each one up to the next is counted together.
HEIGHTS_PX: Final = (10, 12, 16, 20, 25, 30, 45, 70, 120, 300)
_SCENES: Final = 30
_FILLS: Final = 6
_FAR_CUTS: Final = 3
#: Somebody of whom nearer boxes cover at most this much counts as seen clearly.
_CLEAR_SHARE: Final = 0.3


@dataclass(frozen=True, slots=True)
class Rendered:
    """Found and wanted people per height class; and false detections in empty tiles.

    `found` and `wanted` map the kind of figure to counts per interval of HEIGHTS_PX; `false` maps
    our class to the number of detections in `n_empty` empty tiles.
    """

    found: dict[str, list[int]]
    wanted: dict[str, list[int]]
    false: dict[str, int]
    n_empty: int

    def recall_from(self, kind: str, height_px: float) -> tuple[float, int]:
        """Recall of one kind of figure from a pixel height on, and how many there were."""
        first = HEIGHTS_PX.index(int(height_px))
        n = sum(self.wanted[kind][first:])
        return sum(self.found[kind][first:]) / max(1, n), n

    def least_height_px(self, recall: float, least_recall: float) -> int | None:
        """Least height from which rendered people, all together, have `recall`.

        And from which no interval of heights has less than `least_recall`. None if there is none.
        """
        pairs = list(zip(self.found["figure"], self.wanted["figure"], strict=True))
        for i, height in enumerate(HEIGHTS_PX[:-1]):
            is_even = all(f >= least_recall * w for f, w in pairs[i:])
            if is_even and self.recall_from("figure", height)[0] >= recall:
                return height
        return None


def measure_rendered(look: Callable[[UInt8Array], Found], scores: dict[str, float]) -> Rendered:
    """Look at tiles of test scenes; a detection counts from its class's score on."""
    cutouts = {"figure": [], "cut-out": load_cutouts(is_for_tests=True)}
    kinds = ("figure", "figure partly hidden", "cut-out")
    n = len(HEIGHTS_PX) - 1
    found, wanted = {k: [0] * n for k in kinds}, {k: [0] * n for k in kinds}
    result = Rendered(found, wanted, dict.fromkeys(CLASSES, 0), _SCENES * (1 + _FAR_CUTS))
    seen = partial(_above, look, np.array([scores[name] for name in CLASSES]))
    for number in range(_SCENES):
        scene = random_scene(TEST_SEED + 500 + number)
        dice = np.random.default_rng([13, number])
        for cut in [WHOLE, *(far_cut(scene, dice, []) for _ in range(_FAR_CUTS))]:
            for c in seen(cut_tile(scene.ground, cut)).classes:
                result.false[CLASSES[int(c)]] += 1
        for kind, pasted in cutouts.items():
            for _ in range(_FILLS if kind == "figure" or pasted else 0):
                share = 1.0 if kind == "cut-out" else 0.0
                picture, marks = fill(scene, dice, pasted, 3, thing_share=0.0, cutout_share=share)
                for cut in (WHOLE, far_cut(scene, dice, marks)):
                    _count_tile(result, kind, marks, cut, seen(cut_tile(picture, cut)))
    return result


def _count_tile(result: Rendered, kind: str, marks: list[Marked], cut: Cut, found: Found) -> None:
    """Clear people under their kind; of the partly hidden ones only figures are told apart."""
    clear = [mark for mark in marks if mark.covered <= _CLEAR_SHARE]
    partly = [mark for mark in marks if mark.covered > _CLEAR_SHARE]
    other = "figure partly hidden" if kind == "figure" else kind
    for name, chosen in ((kind, clear), (other, partly)):
        labels = cut_labels(chosen, cut, "val", "")
        _count(result, name, labels.boxes[labels.classes == PERSON], found)


def _above(look: Callable[[UInt8Array], Found], limits: np.ndarray, tile: UInt8Array) -> Found:
    found = look(tile)
    kept = found.scores >= limits[found.classes]
    return Found(found.boxes[kept], found.scores[kept], found.classes[kept])


def _count(result: Rendered, kind: str, people: np.ndarray, found: Found) -> None:
    boxes = found.boxes[found.classes == PERSON]
    for person in people:
        at = int(np.searchsorted(HEIGHTS_PX, person[3] - person[1], side="right")) - 1
        if not 0 <= at < len(HEIGHTS_PX) - 1:
            continue
        result.wanted[kind][at] += 1
        overlap = iou_matrix(person[None], boxes) if len(boxes) else np.zeros((1, 1))
        result.found[kind][at] += int(overlap.max() >= 0.5)


def print_rendered(name: str, result: Rendered) -> None:
    """Recall per height, and detections per hundred empty tiles."""
    print(
        f"{name}: people found in rendered lanes at overlap 0.5 (recall, number), by height in px"
    )
    for i, (low, high) in enumerate(itertools.pairwise(HEIGHTS_PX)):
        cells = []
        for kind, wanted in result.wanted.items():
            recall = result.found[kind][i] / max(1, wanted[i])
            cells.append(f"{kind} {recall:.3f} ({wanted[i]})")
        print(f"  {low:3d} to {high:3d}: " + "   ".join(cells))
    for kind in result.wanted:
        recall, n = result.recall_from(kind, 20)
        print(f"  {kind} from 20 px: {recall:.3f} ({n})")
    alarms = ", ".join(f"{k} {v}" for k, v in result.false.items())
    print(f"  in {result.n_empty} empty tiles: {alarms}")
