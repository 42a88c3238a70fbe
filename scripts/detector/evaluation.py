"""Measures detectors on photographs and on rendered lanes, and prints what was found.

Decides which pictures count and which thresholds suit the rig. Called by
`scripts/evaluate-detector` and by `export`.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from pathlib import Path
from typing import Final

import numpy as np

from detector.classes import CLASSES
from detector.pictures import (
    DataMissing,
    check_data,
    open_photographs,
)
from detector.rendered import measure_rendered, print_rendered
from detector.running import Model, open_ours, time_interleaved
from detector.validation import ClassResult, judge, val_pictures

ROOT: Final = Path(__file__).resolve().parents[2]
OURS: Final = ROOT / "models" / "rearguard-detector.onnx"
_LEAST_PRECISION: Final = 0.5
_FALLBACK_SCORE: Final = 0.6


def choose_score(result: ClassResult) -> float:
    """The threshold with the best F2 among those whose precision is at least a half.

    F2 weighs a miss more than a false alarm: silence is worse than noise, but people stop obeying
    an alarm that is wrong more often than right. A cautious constant where no score reaches it.
    """
    counted = result.verdicts >= 0
    order = np.argsort(-result.scores[counted], kind="stable")
    scores, right = result.scores[counted][order], result.verdicts[counted][order] == 1
    true = np.cumsum(right)
    precision, recall = true / np.arange(1, len(right) + 1), true / max(1, result.n)
    f2 = 5 * precision * recall / np.maximum(4 * precision + recall, 1e-9)
    f2[precision < _LEAST_PRECISION] = -1.0
    if not len(f2) or f2.max() <= 0:
        return _FALLBACK_SCORE
    return float(np.clip(round(float(scores[int(f2.argmax())]), 2), 0.05, 0.9))


def at_score(result: ClassResult, score: float) -> tuple[float, float]:
    """Precision and recall when only detections of at least `score` count."""
    kept = (result.scores >= score) & (result.verdicts >= 0)
    right = int((result.verdicts[kept] == 1).sum())
    return right / max(1, int(kept.sum())), right / max(1, result.n)


def print_table(rows: dict[str, dict[str, ClassResult]]) -> None:
    """One line per model: AP50 of every class; the header names the wanted boxes."""
    first = next(iter(rows.values()))
    print("AP50".ljust(28) + "".join(f"{f'{c} ({first[c].n})':>14}" for c in CLASSES))
    for name, results in rows.items():
        print(name.ljust(28) + "".join(f"{results[c].ap50:14.3f}" for c in CLASSES))


def evaluate_photographs(models: list[Model]) -> dict[str, dict[str, ClassResult]]:
    """AP50 on the held-out photographs; difficult boxes neither wanted nor wrong (as in VOC)."""
    pictures = val_pictures(open_photographs())
    return {model.name: judge(model.look, pictures) for model in models}


def open_models(with_rivals: bool, path: Path) -> list[Model]:
    """Our detector and, if asked for and present, the public ones."""
    models = [open_ours(path)]
    if with_rivals:
        from detector.rivals import MODELS_DIR, RIVALS

        if not MODELS_DIR.is_dir():
            raise DataMissing(f"No public models to measure against: {MODELS_DIR} is missing.")
        models += [opened(0.02) for opened in RIVALS.values()]
    return models


def read_scores(model_path: Path) -> dict[str, float]:
    """The thresholds on the card beside a model."""
    card = tomllib.loads(model_path.with_suffix(".toml").read_text())
    return {name: float(score) for name, score in card["thresholds"]["score"].items()}


def main(arguments: list[str]) -> int:
    """Entry point; 0 measured, 2 if something needed is missing."""
    parser = argparse.ArgumentParser(prog="evaluate-detector", description=__doc__)
    parser.add_argument("set", choices=("photographs", "rendered", "cost"))
    parser.add_argument("--model", type=Path, default=OURS)
    parser.add_argument("--rivals", action="store_true", help="measure the public models too")
    args = parser.parse_args(arguments)
    try:
        models = open_models(args.rivals, args.model)
        if args.set == "cost":
            for name, ms in time_interleaved(models, 150).items():
                print(f"{name:28s} {ms:6.2f} ms of processor time, one thread, median of 150 turns")
        elif args.set == "photographs":
            check_data()
            rows = evaluate_photographs(models)
            print_table(rows)
            for name in CLASSES:
                result = rows[models[0].name][name]
                score = choose_score(result)
                precision, recall = at_score(result, score)
                print(f"{name:8s} score {score:.2f}: precision {precision:.3f} recall {recall:.3f}")
        else:
            for model in models:
                print_rendered(model.name, measure_rendered(model.look, read_scores(args.model)))
    except DataMissing as problem:
        print(problem, file=sys.stderr)
        return 2
    return 0
