"""The joints that gait is read from, and a runner's keypoints over time.

Decides only how they are held. Made by the pose model's program, by clips and by marker files;
read by `core.gait.cleaning`. Left and right are the person's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SIDES: Final = ("left", "right")
LEG: Final = ("hip", "knee", "ankle", "heel", "toe")
_PAIRED: Final = ("shoulder", "elbow", "wrist", *LEG)
JOINTS: Final = ("head", *(f"{side}_{part}" for side in SIDES for part in _PAIRED))
"""Every joint by its place in arrays."""
NUMBERS: Final = {name: number for number, name in enumerate(JOINTS)}


MIRRORED: Final = np.array(
    [
        NUMBERS[name.replace("left", "right") if "left" in name else name.replace("right", "left")]
        for name in JOINTS
    ]
)
"""The joint that each joint looks like in a mirror."""


def numbers_of(*names: str) -> NDArray[np.intp]:
    """The places in arrays of these joints."""
    return np.array([NUMBERS[name] for name in names], np.intp)


LEFT_LEG: Final = numbers_of(*(f"left_{part}" for part in LEG))
RIGHT_LEG: Final = numbers_of(*(f"right_{part}" for part in LEG))
FEET: Final = numbers_of(*(f"{side}_{part}" for side in SIDES for part in LEG[2:]))
"""Ankle, heel and toe of the left foot, then of the right one."""


@dataclass(frozen=True, slots=True, eq=False)
class Keypoints:
    """One person's joints in the picture: times (N,), points (N, J, 2) px, confidence (N, J).

    `across_m` (N,) is the person's place across the lane where it is known (NaN where not).
    A joint that was not found has NaN or confidence 0. Times may repeat or run back; `cleaning`
    puts that right.
    """

    times_s: Floats
    points_px: Floats
    confidence: Floats
    across_m: Floats

    def __post_init__(self) -> None:
        frames, joints = len(self.times_s), len(JOINTS)
        wanted = {
            "times_s": (frames,),
            "points_px": (frames, joints, 2),
            "confidence": (frames, joints),
            "across_m": (frames,),
        }
        for name, shape in wanted.items():
            found = getattr(self, name).shape
            if found != shape:
                raise ValueError(f"{name} has the shape {found}, not {shape}")
