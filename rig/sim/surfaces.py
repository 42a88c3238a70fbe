"""What a simulated track is covered with: a table, and a surface drawn by seed.

Decides colours, wear and the number of lanes. Read by `floor`, `ground` and `scenes`.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from rig.sim.light import Colour

LANE_WIDTH_M = 1.22
LINE_WIDTH_M = 0.05
"""World Athletics: lanes 1.22 m, lines 5 cm."""


@dataclass(frozen=True, slots=True)
class Surface:
    """What the ground is made of.

    `lanes_left`, `lanes_right`: lanes beside the drill's own. `grain` is the texture's contrast,
    `wear` how worn and patchy it is. `beyond` is the colour outside the track.
    `has_numbers`: lane numbers are painted before the start box and the lane's end.
    """

    name: str
    track: Colour
    line: Colour = (225.0, 228.0, 230.0)
    beyond: Colour = (62.0, 118.0, 88.0)
    lanes_left: int = 3
    lanes_right: int = 4
    apron_m: float = 1.2
    grain: float = 1.0
    wear: float = 1.0
    lane_width_m: float = LANE_WIDTH_M
    has_numbers: bool = False


SURFACES: dict[str, Surface] = {
    "red": Surface("red", (70.0, 78.0, 168.0)),
    "worn red": Surface("worn red", (92.0, 98.0, 150.0), (190.0, 194.0, 198.0), wear=2.4),
    "blue": Surface("blue", (158.0, 112.0, 62.0)),
    "grey": Surface("grey", (118.0, 116.0, 114.0), wear=1.5),
    "brick": Surface("brick", (56.0, 84.0, 150.0), grain=1.6, wear=1.4),
    "green": Surface("green", (84.0, 122.0, 70.0), beyond=(66.0, 108.0, 98.0)),
    "asphalt": Surface(
        "asphalt", (86.0, 84.0, 82.0), lanes_left=0, lanes_right=1, grain=2.0, wear=2.0
    ),
    "grass": Surface(
        "grass", (64.0, 128.0, 94.0), beyond=(60.0, 116.0, 86.0), grain=2.6, apron_m=0.0
    ),
}


def random_surface(seed: int) -> Surface:
    """A surface by seed: material, tone, wear and number of lanes."""
    dice = random.Random(f"surface {seed}")
    base = dice.choice(tuple(SURFACES.values()))
    tone = dice.uniform(0.75, 1.2)
    blue, green, red = (min(240.0, c * tone * dice.uniform(0.92, 1.08)) for c in base.track)
    return replace(
        base,
        track=(blue, green, red),
        lanes_left=dice.randint(0, 7),
        lanes_right=dice.randint(0, 7),
        wear=base.wear * dice.uniform(0.5, 2.0),
        grain=base.grain * dice.uniform(0.6, 1.6),
    )
