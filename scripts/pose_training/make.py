"""Makes the samples of one kind: `python -m pose_training.make KIND`, from `scripts/`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import cv2

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from pose_training import drawn, photographs, taught

KINDS: Final[dict[str, Callable[[], int]]] = {
    photographs.KIND: photographs.write_people,
    taught.KIND: taught.write_people,
    drawn.KIND: drawn.write_people,
}

if __name__ == "__main__":
    cv2.setNumThreads(1)
    print(f"{sys.argv[1]}: {KINDS[sys.argv[1]]()} people")
