"""Measures pose models on held-out people, ours beside the public ones on the same pictures.

Decides which people count; the measures are `scoring`'s. Called by `scripts/evaluate-pose` and by
`export`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import onnxruntime
from detector.pictures import DataMissing
from detector.running import open_session

from pose_training.drawn import draw_alone
from pose_training.joints import FloatArray, from_coco
from pose_training.photographs import read_people
from pose_training.samples import PAD, UInt8Array
from pose_training.scoring import ANKLES, FOOT_ENDS, KNEES, Judged, judge
from pose_training.taught import TEACHERS, open_teacher
from rig.core.gait.keypoints import JOINTS
from rig.core.pose_card import PoseCard
from rig.devices.pose import PoseModel
from rig.records import Box

MODEL: Final = Path(__file__).resolve().parents[2] / "models" / "rearguard-pose.onnx"
INPUT: Final = "images"
OUTPUT: Final = "maps"
"""Names in the exported graph."""
_DRAWN: Final = 400
Person = tuple[UInt8Array, FloatArray, FloatArray, np.ndarray]
"""Picture, box, points (17, 2) and which of them are known."""
Look = Callable[[UInt8Array, FloatArray], np.ndarray]
"""Picture and box to joints (17, 2)."""


@dataclass(frozen=True, slots=True)
class Result:
    """One model on one set of people."""

    people: int
    pck10: float
    pck20: float
    oks: float
    knee: tuple[float, float]
    ankle: tuple[float, float]
    feet: tuple[float, float]

    def __str__(self) -> str:
        parts = ((n, getattr(self, n)) for n in ("knee", "ankle", "feet"))
        legs = ", ".join(f"{n} {100 * m:.1f} % ({100 * w:.0f} %)" for n, (m, w) in parts)
        return (
            f"n {self.people}  PCK@0.1 {self.pck10:.3f}  PCK@0.2 {self.pck20:.3f}  "
            f"OKS {self.oks:.3f}  {legs}"
        )


def summarise(judged: Judged) -> Result:
    """The numbers that are told."""
    return Result(
        judged.count(), judged.pck(0.1), judged.pck(0.2), judged.oks(),
        judged.error(KNEES), judged.error(ANKLES), judged.error(FOOT_ENDS),
    )  # fmt: skip


def look_of(session: onnxruntime.InferenceSession, *, looks_twice: bool = True) -> Look:
    """How our model looks at somebody, by the rig's own code."""
    card = PoseCard(MODEL, "candidate", MODEL, "", INPUT, OUTPUT, PAD)
    model = PoseModel(card, session, looks_twice=looks_twice)
    return lambda picture, box: model.look(picture, Box(*(float(v) for v in box)))[0]


def looks_of_teachers() -> Mapping[str, Look]:
    """The public models, each looking once, not mirrored."""

    def wrap(name: str) -> Look:
        teacher = open_teacher(name)

        def look(picture: UInt8Array, box: FloatArray) -> np.ndarray:
            points, known = from_coco(teacher.look(picture, box, False)[0], np.ones(17, bool))
            return np.where(known[:, None], points.astype(np.float64), np.nan)

        return look

    return {name: wrap(name) for name in TEACHERS}


def photographed(is_upright: bool = True) -> Iterator[Person]:
    """The held-out people of `pose/`, as a detector's box would show them."""
    for picture, box, (points, known), _, upright in read_people(only_val=True):
        if upright == is_upright:
            yield picture, box, points, known


def drawn() -> Iterator[Person]:
    """Drawn people on grounds, from cameras and in clothes that were not trained on."""
    for picture, box, (points, known) in draw_alone(_DRAWN):
        yield picture, box, points, known


def measure(look: Look, people: list[Person]) -> Result:
    """One model on these people."""
    found = np.stack([look(picture, box) for picture, box, _, _ in people])
    boxes, points, known = (np.stack([p[i] for p in people]) for i in (1, 2, 3))
    return summarise(judge(found, points.astype(np.float64), known, boxes.astype(np.float64)))


def measure_ours(data: bytes | Path) -> tuple[Result, Result]:
    """Our model on photographs of upright people and on drawn ones."""
    look = look_of(open_session(data))
    return measure(look, list(photographed())), measure(look, list(drawn()))


def time_models(
    sessions: Mapping[str, onnxruntime.InferenceSession], rounds: int
) -> dict[str, float]:
    """Median processor time of one inference in ms, one thread, the models taking turns."""
    feeds, times = {}, {name: list[float]() for name in sessions}
    for name, session in sessions.items():
        one = session.get_inputs()[0]
        shape = [v if isinstance(v, int) else 1 for v in one.shape]
        feeds[name] = {one.name: np.random.default_rng(0).uniform(0, 1, shape).astype(np.float32)}
    for turn in range(rounds + 5):
        for name, session in sessions.items():
            start = time.process_time()
            session.run(None, feeds[name])
            if turn >= 5:
                times[name].append(time.process_time() - start)
    return {name: float(np.median(rows)) * 1000 for name, rows in times.items()}


def main(arguments: list[str]) -> int:
    """Entry point; 0 measured, 2 if something needed is missing."""
    parser = argparse.ArgumentParser(prog="evaluate-pose", description=__doc__)
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--alone", action="store_true", help="leave out the public models")
    args = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    try:
        if not args.model.is_file():
            raise DataMissing(f"No model {args.model}: run scripts/export-pose first.")
        sessions = {"rearguard-pose": open_session(args.model)}
        ours = sessions["rearguard-pose"]
        looks = {
            "rearguard-pose": look_of(ours),
            "  looking once": look_of(ours, looks_twice=False),
        }
        if not args.alone:
            looks |= looks_of_teachers()
            sessions |= {name: open_teacher(name).session for name in TEACHERS}
        sets = {
            "photographs, upright": list(photographed()),
            "photographs, other postures": list(photographed(is_upright=False)),
            "drawn runners": list(drawn()),
        }
    except DataMissing as problem:
        print(problem, file=sys.stderr)
        return 2
    print(
        f"{len(JOINTS)} joints; PCK and OKS over the twelve that all models have; knee, ankle and"
    )
    print(
        "feet: median error as a share of box height (share within 5 %). Ours looks twice, also in"
    )
    print("the mirror, as the rig does; the others look once.")
    for name, people in sets.items():
        print(f"\n{name}")
        for model, look in looks.items():
            print(f"  {model:20} {measure(look, people)}")
    print()
    for model, ms in time_models(sessions, 150).items():
        print(f"{model:20} {ms:6.2f} ms of processor time, one thread, median of 150 turns")
    return 0
