"""Things that lie or stand on a track, as solids: a table from name to how it is built.

Decides shapes and usual sizes and colours. Painted by `strokes`. Called by `scenes` and `render`.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rig.records import Kind
from rig.sim.bodies import Posture
from rig.sim.figures import Look, build_person, limb, random_cloth
from rig.sim.light import Colour
from rig.sim.strokes import Part

Floats = NDArray[np.float64]

_WHITE: Colour = (232.0, 232.0, 232.0)
_STEEL: Colour = (150.0, 150.0, 152.0)
_BLACK: Colour = (34.0, 34.0, 36.0)


@dataclass(frozen=True, slots=True)
class Thing:
    """How a thing is built. `size_m` is its usual size (height; a ball's diameter; a bag's length).

    `width` is how far it reaches across, as a share of the size.
    """

    kind: Kind
    size_m: float
    least_m: float
    most_m: float
    width: float
    build: Callable[[float, Colour, float], list[Part]]
    colours: tuple[Colour, ...] = ()


def _at(x: float, y: float, z: float) -> Floats:
    return np.array([x, y, z])


def _ring(radius: float, z: float, count: int = 14) -> list[tuple[float, float, float]]:
    angles = np.linspace(0.0, 2 * math.pi, count, endpoint=False)
    return [(radius * math.cos(a), radius * math.sin(a), z) for a in angles]


def _solid(points: list[tuple[float, float, float]], radius: float, colour: Colour,
           lift: float = 0.0) -> Part:  # fmt: skip
    return Part(np.array(points), np.full(len(points), radius), colour, lift)


def _block(
    centre: tuple[float, float, float], size: tuple[float, float, float], colour: Colour
) -> list[Part]:
    """A cuboid as its six faces, each shaded by its own normal."""
    middle, half = np.array(centre), np.array(size) / 2
    parts = []
    for axis in range(3):
        for sign in (-1.0, 1.0):
            one, two = (other for other in range(3) if other != axis)
            corners = np.zeros((4, 3))
            corners[:, axis] = sign
            corners[:, one], corners[:, two] = (-1, 1, 1, -1), (-1, -1, 1, 1)
            normal = [0.0, 0.0, 0.0]
            normal[axis] = sign
            facing = (normal[0], normal[1], normal[2])
            thin = np.full(4, 0.002)
            parts.append(Part(middle + corners * half, thin, colour, 0.0, facing))
    return parts


def _cone(size: float, colour: Colour, _: float) -> list[Part]:
    wide = 0.19 * size + 0.05

    def at(share: float) -> list[tuple[float, float, float]]:
        return _ring(wide * (1 - share) * 0.8 + 0.016 * share, size * share)

    return [
        _solid(_ring(wide * 1.25, 0.012), 0.010, colour),
        _solid(at(0.04) + at(1.0), 0.004, colour, 0.005),
        _solid(at(0.40) + at(0.62), 0.006, _WHITE, 0.02),
    ]


def _ball(size: float, colour: Colour, _: float) -> list[Part]:
    return [limb((np.array([0.0, 0.0, size / 2]),), (size / 2,), colour, 0.0)]


def _bag(size: float, colour: Colour, _: float) -> list[Part]:
    long, thick = size / 2, size * 0.22
    body = [(0.0, s * (long - thick), z) for s in (-1, 1) for z in (thick, thick * 1.25)]
    strap = [np.array([0.0, s * long * 0.45, thick * 2.1]) for s in (-1, 1)]
    top = np.array([0.0, 0.0, thick * 2.45])
    return [
        _solid(body, thick, colour),
        limb((strap[0], top), (0.012, 0.012), _BLACK, 0.02),
        limb((top, strap[1]), (0.012, 0.012), _BLACK, 0.02),
    ]


def _hurdle(size: float, colour: Colour, _: float) -> list[Part]:
    half = 0.59
    parts = []
    for side in (-half, half):
        post = (np.array([0.0, side, 0.03]), np.array([0.0, side, size - 0.03]))
        foot = (np.array([-0.02, side, 0.02]), np.array([0.70, side, 0.02]))
        parts.append(limb(post, (0.016, 0.016), _STEEL, 0.0))
        parts.append(limb(foot, (0.018, 0.018), _STEEL, 0.0))
    bar = [(0.0, s * half, z) for s in (-1, 1) for z in (size - 0.065, size - 0.006)]
    parts.append(_solid(bar, 0.006, _WHITE, 0.01))
    for side in (-0.4, 0.4):
        band = [(0.0, side + d, z) for d in (-0.09, 0.09) for z in (size - 0.065, size - 0.006)]
        parts.append(_solid(band, 0.0065, colour, 0.6))
    return parts


def _box(size: float, colour: Colour, _: float) -> list[Part]:
    return _block((0.0, 0.0, size / 2), (size * 0.9, size * 1.25, size), colour)


def _bench(size: float, colour: Colour, _: float) -> list[Part]:
    long = 1.6
    parts = _block((0.0, 0.0, size - 0.02), (0.36, long, 0.04), colour)
    for side in (-0.6, 0.6):
        for edge in (-0.13, 0.13):
            leg = (np.array([edge, side, 0.02]), np.array([edge * 0.6, side, size - 0.04]))
            parts.append(limb(leg, (0.02, 0.02), _STEEL, 0.0))
    return parts


def _dog(size: float, colour: Colour, phase: float) -> list[Part]:
    """A dog of shoulder height `size`, trotting; faces +x."""
    back, hip_x, chest_x = size * 0.88, -0.48 * size, 0.48 * size
    bob = 0.02 * size * math.sin(4 * math.pi * phase)
    body = (np.array([hip_x, 0, back + bob]), np.array([chest_x, 0, back - 0.02 * size + bob]))
    parts = [limb(body, (0.15 * size, 0.19 * size), colour, 0.02)]
    for x, side, late in (
        (chest_x, 0.09, 0.0), (hip_x, -0.09, 0.0), (chest_x, -0.09, 0.5), (hip_x, 0.09, 0.5),
    ):  # fmt: skip
        turn = 2 * math.pi * (phase + late)
        reach, rise = 0.24 * size * math.cos(turn), 0.12 * size * max(0.0, math.sin(turn))
        top = np.array([x, side * size, back - 0.1 * size + bob])
        knee = np.array([x + reach * 0.45 + 0.06 * size, side * size, back * 0.45 + rise * 0.6])
        paw = np.array([x + reach, side * size, 0.035 * size + rise])
        parts.append(limb((top, knee), (0.085 * size, 0.045 * size), colour, 0.0))
        parts.append(limb((knee, paw), (0.045 * size, 0.035 * size), colour, 0.0))
    neck = np.array([chest_x + 0.1 * size, 0.0, back + 0.08 * size + bob])
    head = np.array([chest_x + 0.28 * size, 0.0, back + 0.32 * size + bob])
    nose = head + np.array([0.22 * size, 0.0, -0.07 * size])
    tail = np.array([hip_x - 0.4 * size, 0.03 * size, back + 0.28 * size + bob])
    dark: Colour = (colour[0] * 0.6, colour[1] * 0.6, colour[2] * 0.6)
    parts += [
        limb((neck, head), (0.14 * size, 0.12 * size), colour, 0.0),
        limb((head, nose), (0.115 * size, 0.055 * size), colour, 0.0),
        limb((body[0], tail), (0.05 * size, 0.03 * size), colour, 0.0),
        limb((head + np.array([-0.02 * size, 0.07 * size, 0.1 * size]),
              head + np.array([-0.1 * size, 0.11 * size, -0.02 * size])),
             (0.04 * size, 0.03 * size), dark, 0.02),
    ]  # fmt: skip
    return parts


def _cycle(size: float, colour: Colour, phase: float) -> list[Part]:
    """A bicycle with its rider; `size` is the rider's height; faces +x."""
    wheel, base = 0.34, 0.52
    parts = []
    for x in (-base, base):
        angles = np.linspace(0.0, 2 * math.pi, 17)
        rim = np.array([(x + wheel * math.cos(a), 0.0, wheel + wheel * math.sin(a) + 0.014)
                        for a in angles])  # fmt: skip
        parts += [limb(rim[i : i + 2], (0.014, 0.014), _BLACK, 0.0) for i in range(16)]
    crank, saddle = np.array([-0.05, 0.0, 0.3]), np.array([-0.22, 0.0, 0.92])
    fork, bar = np.array([base - 0.08, 0.0, 0.75]), np.array([base - 0.12, 0.0, 1.0])
    rear, nose = np.array([-base, 0.0, wheel]), np.array([base, 0.0, wheel])
    frame = ((crank, saddle), (crank, fork), (saddle, fork), (rear, crank), (rear, saddle),
             (bar, nose))  # fmt: skip
    parts += [limb(tube, (0.018, 0.018), colour, 0.0) for tube in frame]
    grips = (bar + _at(0.0, -0.24, 0.0), bar + _at(0.0, 0.24, 0.0))
    parts.append(limb(grips, (0.014, 0.014), _BLACK, 0.0))
    return parts + _rider(size, colour, phase, saddle, bar)


def _rider(size: float, colour: Colour, phase: float, saddle: Floats, bar: Floats) -> list[Part]:
    """Somebody seated: thighs follow the cranks, hands at the grips."""
    dice = random.Random(f"rider {colour}")
    look = Look(shirt=random_cloth(dice), shorts=random_cloth(dice), hat=random_cloth(dice))
    upper = build_person(size, look, Posture(stance="leaning on rail", still=1.0))
    hip = np.array([0.0, 0.0, 0.507 * size])
    seat = saddle + _at(0.02, 0.0, 0.07)
    above = [part for part in upper if float(part.centres[:, 2].min()) > 0.46 * size]
    parts = [replace(part, centres=part.centres - hip + seat) for part in above]
    for sign, late in ((1.0, 0.0), (-1.0, 0.5)):
        turn = 2 * math.pi * (phase + late)
        pedal = np.array([-0.05 + 0.17 * math.cos(turn), sign * 0.12, 0.3 - 0.17 * math.sin(turn)])
        top = seat + _at(0.0, sign * 0.09, 0.0)
        knee = (top + pedal) / 2 + np.array([0.24, 0.0, 0.10])
        ankle = pedal + _at(-0.06, 0.0, 0.08)
        parts.append(limb((top, knee), (0.09, 0.06), look.shorts, 0.01))
        parts.append(limb((knee, ankle), (0.055, 0.036), look.skin, 0.0))
        parts.append(limb((ankle, pedal + _at(0.12, 0.0, 0.02)), (0.036, 0.026), look.shoes, 0.0))
    return parts


_ORANGE: Colour = (28.0, 92.0, 236.0)
THINGS: dict[str, Thing] = {
    "cone": Thing(
        Kind.OBJECT, 0.45, 0.2, 0.75, 0.6, _cone,
        (_ORANGE, (30.0, 40.0, 210.0), (40.0, 210.0, 235.0), (40.0, 170.0, 60.0)),
    ),
    "ball": Thing(
        Kind.OBJECT, 0.22, 0.07, 0.30, 1.0, _ball,
        (_WHITE, _ORANGE, (40.0, 200.0, 200.0), (60.0, 60.0, 190.0), (170.0, 90.0, 40.0)),
    ),
    "bag": Thing(
        Kind.OBJECT, 0.55, 0.35, 0.8, 1.0, _bag,
        (_BLACK, (90.0, 52.0, 34.0), (40.0, 36.0, 150.0), (96.0, 94.0, 92.0), (60.0, 90.0, 50.0)),
    ),
    "hurdle": Thing(
        Kind.OBJECT, 0.84, 0.6, 1.07, 1.3, _hurdle,
        (_BLACK, (40.0, 36.0, 190.0), (170.0, 80.0, 30.0)),
    ),
    "box": Thing(
        Kind.OBJECT, 0.4, 0.2, 0.7, 1.25, _box,
        ((96.0, 140.0, 180.0), (120.0, 160.0, 196.0), (170.0, 120.0, 60.0), (60.0, 60.0, 62.0)),
    ),
    "bench": Thing(
        Kind.OBJECT, 0.45, 0.38, 0.5, 3.5, _bench,
        ((70.0, 110.0, 150.0), (120.0, 124.0, 126.0), (50.0, 90.0, 50.0)),
    ),
    "dog": Thing(
        Kind.ANIMAL, 0.5, 0.25, 0.7, 0.5, _dog,
        (_BLACK, (60.0, 90.0, 130.0), (120.0, 160.0, 200.0), _WHITE, (40.0, 60.0, 90.0)),
    ),
    "cyclist": Thing(
        Kind.CYCLE, 1.75, 1.5, 1.9, 0.35, _cycle,
        ((40.0, 36.0, 170.0), _BLACK, (170.0, 110.0, 40.0), _WHITE),
    ),
}  # fmt: skip
"""By name: everything that is no plain person."""


def build_thing(
    name: str, size_m: float | None = None, colour: Colour | None = None, phase: float = 0.0
) -> list[Part]:
    """A thing's parts in its own frame (facing +x, standing on z 0); size and colour as usual."""
    thing = THINGS[name]
    return thing.build(size_m or thing.size_m, colour or thing.colours[0], phase)
