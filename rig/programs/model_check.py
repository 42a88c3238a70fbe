"""The detector's test picture: a drawn person, whom the model must find, and an empty lane.

Drawn at each start with the rig's own renderer, so that no picture lies in the repository and the
test shows what the code means by a person. Decides whether the loaded model, on this machine, with
these settings, still sees: damaged weights are caught by their hash, but not a faulty memory, a
wrong build of the runtime, a threshold set too high or another model with a matching card.
Called at start and by arming.
"""

from __future__ import annotations

from functools import cache

from rig.core.camera_pose import CameraPose, lens_preset
from rig.core.overlap import share_inside
from rig.devices.detector import Detector
from rig.errors import ModelError
from rig.records import Box, Detection, Kind, Picture, Tile
from rig.sim.figures import random_look
from rig.sim.ground import SURFACES, render_ground
from rig.sim.light import LIGHTS
from rig.sim.render import draw_person

WIDTH_PX, HEIGHT_PX = 320, 180
NEAR_M = 4.0
"""The person stands here, about 100 px tall: six times what the shipped model needs."""
OVERLAP_LEAST = 0.6
"""Share of the found box that lies in the drawn one, and of the drawn one in the found [J]."""


def check_detector(detector: Detector) -> str | None:
    """None where the model sees the drawn person, else one sentence with the remedy."""
    picture, empty, drawn = draw_test_pictures()
    about = detector.card.input
    tiles = (Tile(0, 0, WIDTH_PX, HEIGHT_PX, about.width_px, about.height_px),)
    try:
        found = _people(detector.look(picture, tiles), drawn)
        ghosts = _people(detector.look(empty, tiles), drawn)
    except ModelError as error:
        return str(error)
    name = detector.card.weights.name
    if not found:
        return (
            f"{name} does not find the person in its test picture; set detector.score_scale back "
            "to 1, else copy the model and its card anew"
        )
    if ghosts:
        return (
            f"{name} finds a person ({ghosts[0].score:.2f}) in its test picture of an empty lane; "
            "set detector.score_scale back to 1, else copy the model and its card anew"
        )
    return None


def _people(found: tuple[Detection, ...], drawn: Box) -> list[Detection]:
    """Who was found, for certain, where the person is drawn."""
    return [
        one
        for one in found
        if one.kind is Kind.PERSON and not one.is_weak and _is_same(one.box, drawn)
    ]


def _is_same(box: Box, drawn: Box) -> bool:
    return min(share_inside(box, drawn), share_inside(drawn, box)) >= OVERLAP_LEAST


@cache
def draw_test_pictures() -> tuple[Picture, Picture, Box]:
    """The lane with somebody on it, the same lane empty, and that person's box."""
    light = LIGHTS["overcast"]
    lens = lens_preset("camera-module-3", WIDTH_PX, HEIGHT_PX)
    pose = CameraPose(lens, 0.0, 0.0, 2.3, 0.0, 0.25)
    empty = render_ground(pose, (WIDTH_PX, HEIGHT_PX), SURFACES["red"], light, 3)
    picture = empty.copy()
    box = draw_person(picture, pose, NEAR_M, 0.5, 3.0, 1.75, random_look(0, "stand"), light)
    assert box is not None, "the test picture's person stands in view"
    return picture, empty, box
