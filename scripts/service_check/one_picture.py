"""Judges one picture with the shipped model, and says what computed (scripts/check-arm64).

Decides only that people are found in it: the picture shows some. Imports every package of the rig.
"""

from __future__ import annotations

import platform
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import cv2

import rig
from rig.config import DetectorOptions
from rig.core.tiles import whole_view
from rig.devices.detector import Detector
from rig.devices.model_card import load_card
from rig.records import Kind

ROOT = Path(rig.__file__).parents[1]
PACKAGES = {
    "numpy": "numpy", "cv2": "opencv-python-headless", "onnxruntime": "onnxruntime", "av": "av",
    "tqdm": "tqdm", "gpiozero": "gpiozero",
}  # fmt: skip
"""Module -> package."""


def main() -> None:
    """One look; raises AssertionError where nobody is found."""
    picture = cv2.imread(str(ROOT / "docs/still-sunny.jpg"))
    height, width = picture.shape[:2]
    card = load_card(ROOT / "models/rearguard-detector.toml")
    detector = Detector(card, DetectorOptions(threads=1))
    found = detector.look(picture, (whole_view(width, height, card.facts),))
    people = [one for one in found if one.kind is Kind.PERSON and not one.is_weak]
    assert people, f"nobody is found in a picture that shows people: {found}"
    best = max(one.score for one in people)
    for module in PACKAGES:
        import_module(module)
    versions = ", ".join(f"{module} {version(package)}" for module, package in PACKAGES.items())
    print(f"{platform.machine()}, {versions}; {len(people)} people, best {best:.4f}")


if __name__ == "__main__":
    main()
