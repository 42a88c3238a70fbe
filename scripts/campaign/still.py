"""Renders one picture of a drawn drill into a file, to be looked at.

Called by scripts/still.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2

from rig.sim.families import FAMILIES, draw_drill
from rig.sim.light import LIGHTS
from rig.sim.render import SURFACES, Renderer


def main(words: Sequence[str] | None = None) -> int:
    """Runs the command; 0 written, 2 the file cannot be written."""
    parser = argparse.ArgumentParser(prog="scripts/still", description=__doc__)
    parser.add_argument("family", choices=FAMILIES, metavar="FAMILY")
    parser.add_argument("out", type=Path, help="picture to write, such as still.jpg")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--at", type=float, default=5.0, metavar="S", help="seconds into the drill")
    parser.add_argument("--light", choices=LIGHTS, help="instead of the drawn one")
    parser.add_argument("--surface", choices=SURFACES, default="red")
    given = parser.parse_args(words)
    scene = draw_drill(FAMILIES[given.family], given.seed).scene
    light = scene.light if given.light is None else LIGHTS[given.light]
    scene = replace(scene, light=light, surface=SURFACES[given.surface])
    picture = Renderer(scene).picture(scene.start_ns + round(given.at * 1e9))
    if not given.out.parent.is_dir():
        print(f"scripts/still: folder {given.out.parent} is missing; make it", file=sys.stderr)
        return 2
    cv2.imwrite(str(given.out), picture, [cv2.IMWRITE_JPEG_QUALITY, 72])
    return 0


if __name__ == "__main__":
    sys.exit(main())
