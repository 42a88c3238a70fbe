"""Photographs of real people and animals for picture drills: those never trained on.

They lie in ../shared/data beside the project and are no part of it; without them only rows that
ask for a photograph cannot be played. Decides which photograph an actor is shown as. Called by
`rows`.
"""

from __future__ import annotations

import random
from functools import cache

from detector.cutouts import Cutout as Cut
from detector.cutouts import load_cutouts

from rig.sim.cutouts import Cutout, trim

PHOTOGRAPHED = {"person": "person", "dog": "animal", "cyclist": "cycle"}
"""An actor's name -> the detector's class of its photographs. (An animal may be a goat.)"""


@cache
def find_photographs(name: str) -> tuple[Cut, ...]:
    """The test side's photographs of what an actor is; empty where the data are absent."""
    return tuple(
        cut for cut in load_cutouts(is_for_tests=True) if cut.class_name == PHOTOGRAPHED[name]
    )


def draw_photograph(name: str, dice: random.Random) -> tuple[Cutout, float]:
    """One of them, as it is or mirrored, and its height in metres."""
    cut = dice.choice(find_photographs(name))
    cutout = trim(cut.pixels, is_mirrored=dice.random() < 0.5)
    return cutout, dice.uniform(cut.least_m, cut.most_m)
