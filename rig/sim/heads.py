"""Heads: faces and hair, from tables. What is too small to be seen from afar is a detail.

Decides the solids of a head. Called by `figures`, which says what is worn on it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rig.sim.light import Colour
from rig.sim.strokes import Part

Floats = NDArray[np.float64]

_CAP_RIM: Final = 0.02
"""Hair whose middle lies higher than this over the head's, in body heights, is under a cap."""
_IRIS: Final[Colour] = (26.0, 28.0, 34.0)


@dataclass(frozen=True, slots=True, eq=False)
class Skull:
    """A head's axes (unit vectors up, toward the face and to the left), its middle, and the scale.

    Places on it are given in body heights.
    """

    middle: Floats
    neck: Floats
    up: Floats
    face: Floats
    left: Floats
    tall: float

    def at(self, up: float, face: float, left: float = 0.0) -> Floats:
        """A place by its share of body height upward, toward the face and to the left."""
        by = self.up * up + self.face * face + self.left * left
        return np.asarray(self.middle + by * self.tall)

    def height(self, part: Part) -> float:
        """How far a part's middle lies over the head's, in body heights."""
        return float((part.centres.mean(axis=0) - self.middle) @ self.up) / self.tall


def make_skull(neck: Floats, head: Floats, tall: float, facing: Floats) -> Skull:
    """The axes of a head that looks along `facing` as far as the neck allows."""
    up = head - neck
    up = up / float(np.linalg.norm(up))
    face = facing - float(facing @ up) * up
    face = face / max(float(np.linalg.norm(face)), 1e-6)
    return Skull(head, neck, up, face, np.cross(up, face), tall)


def _solid(skull: Skull, colour: Colour, lift_m: float, *spheres: tuple[Floats, float],
           is_detail: bool = False) -> Part:  # fmt: skip
    places = np.stack([place for place, _ in spheres])
    radii = np.array([radius * skull.tall for _, radius in spheres])
    return Part(places, radii, colour, lift_m, None, is_detail)


def build_face(skull: Skull, skin: Colour, hair: Colour) -> list[Part]:
    """Skull, jaw, ears and nose; eyes, brows and mouth as details."""
    shade: Colour = (skin[0] * 0.62, skin[1] * 0.66, skin[2] * 0.72)
    lips: Colour = (skin[0] * 0.62, skin[1] * 0.56, skin[2] * 0.82)
    white: Colour = (90 + skin[0] * 0.4, 88 + skin[1] * 0.4, 86 + skin[2] * 0.4)
    brow: Colour = (hair[0] * 0.8, hair[1] * 0.8, hair[2] * 0.8)
    at = skull.at
    parts = [
        _solid(skull, skin, 0.0, (at(0.020, -0.004), 0.047), (at(0.004, 0.004), 0.044),
               (at(-0.030, 0.016), 0.031)),
        _solid(skull, skin, 0.004, (at(0.004, 0.044), 0.006), (at(-0.012, 0.050), 0.0075)),
        _solid(skull, lips, 0.016, (at(-0.034, 0.042, 0.010), 0.0042),
               (at(-0.034, 0.042, -0.010), 0.0042), is_detail=True),
    ]  # fmt: skip
    for side in (1.0, -1.0):
        ear = (at(0.004, -0.002, side * 0.044), 0.010), (at(-0.012, -0.002, side * 0.042), 0.007)
        parts.append(_solid(skull, skin, 0.0, *ear))
        socket = (at(0.011, 0.0385, side * 0.0185), 0.0082)
        parts.append(_solid(skull, shade, 0.010, socket, is_detail=True))
        eye = (at(0.010, 0.041, side * 0.0145), 0.0031), (at(0.010, 0.040, side * 0.0215), 0.0029)
        parts.append(_solid(skull, white, 0.014, *eye, is_detail=True))
        parts.append(_solid(skull, _IRIS, 0.018, (at(0.010, 0.0425, side * 0.018), 0.0044),
                            is_detail=True))  # fmt: skip
        arch = (at(0.022, 0.042, side * 0.010), 0.0034), (at(0.023, 0.037, side * 0.028), 0.0028)
        parts.append(_solid(skull, brow, 0.014, *arch, is_detail=True))
    return parts


def _cap(skull: Skull, colour: Colour, thick: float = 0.0) -> list[Part]:
    """Hair over crown, temples and the rear of the skull."""
    at = skull.at
    top = 0.048 + thick
    return [
        _solid(skull, colour, -0.008, (at(0.026, -0.012), top), (at(0.000, -0.020), 0.045 + thick)),
        _solid(skull, colour, 0.020, (at(0.050, 0.008), 0.030 + thick), (at(0.045, -0.014), 0.038),
               (at(0.040, 0.014, 0.022), 0.020 + thick),
               (at(0.040, 0.014, -0.022), 0.020 + thick)),
    ]  # fmt: skip


def _short(skull: Skull, colour: Colour) -> list[Part]:
    return _cap(skull, colour)


def _crop(skull: Skull, colour: Colour) -> list[Part]:
    return [_solid(skull, colour, -0.006, (skull.at(0.028, -0.010), 0.0455),
                   (skull.at(0.004, -0.016), 0.0435))]  # fmt: skip


def _bald(skull: Skull, colour: Colour) -> list[Part]:
    return []


def _curly(skull: Skull, colour: Colour) -> list[Part]:
    at = skull.at
    locks = [(0.058, 0.020, 0.0), (0.050, 0.012, 0.030), (0.050, 0.012, -0.030),
             (0.030, -0.020, 0.042), (0.030, -0.020, -0.042), (0.062, -0.020, 0.0),
             (0.010, -0.050, 0.020), (0.010, -0.050, -0.020)]  # fmt: skip
    curls = [_solid(skull, colour, -0.004, (at(*place), 0.026)) for place in locks]
    return [*_cap(skull, colour, 0.006), *curls]


def _bun(skull: Skull, colour: Colour) -> list[Part]:
    knot = _solid(skull, colour, 0.0, (skull.at(0.052, -0.052), 0.022))
    return [*_cap(skull, colour), knot]


def _tail(skull: Skull, colour: Colour) -> list[Part]:
    root, middle = skull.at(0.030, -0.058), skull.at(-0.020, -0.078)
    end = skull.neck - skull.face * 0.062 * skull.tall - skull.up * 0.040 * skull.tall
    return [
        *_cap(skull, colour),
        _solid(skull, colour, 0.0, (root, 0.014), (middle, 0.018)),
        _solid(skull, colour, 0.0, (middle, 0.018), (end, 0.007)),
    ]


def _long(skull: Skull, colour: Colour) -> list[Part]:
    nape = skull.neck - skull.face * 0.042 * skull.tall
    drops = [nape + skull.left * side * skull.tall - skull.up * 0.012 * skull.tall
             for side in (0.028, -0.028)]  # fmt: skip
    sheet = _solid(skull, colour, 0.0, (skull.at(0.0, -0.022), 0.044), (drops[0], 0.021),
                   (drops[1], 0.021))  # fmt: skip
    sides = [
        _solid(skull, colour, 0.0, (skull.at(0.024, -0.012, side * 0.041), 0.014),
               (skull.at(-0.048, -0.016, side * 0.044), 0.012))
        for side in (1.0, -1.0)
    ]  # fmt: skip
    return [*_cap(skull, colour), sheet, *sides]


HAIR_STYLES: Final[dict[str, Callable[[Skull, Colour], list[Part]]]] = {
    "short": _short,
    "crop": _crop,
    "bald": _bald,
    "curly": _curly,
    "bun": _bun,
    "tail": _tail,
    "long": _long,
}
"""By name: how hair is built."""
LOOSE_HAIR: Final = ("bun", "tail", "long", "curly")
KEMPT_HAIR: Final = ("short", "short", "short", "crop", "crop", "bald", "curly")
"""What is drawn for people with long hair and for the others; common ones are named more often."""


def build_hair(skull: Skull, style: str, colour: Colour, is_covered: bool) -> list[Part]:
    """Hair of a named style; under a cap only what hangs below it is seen."""
    parts = HAIR_STYLES[style](skull, colour)
    if not is_covered:
        return parts
    loose = [part for part in parts[2:] if skull.height(part) < _CAP_RIM]
    return _crop(skull, colour) + loose if style != "bald" else loose


def build_cap(skull: Skull, colour: Colour) -> list[Part]:
    """A peaked cap."""
    at = skull.at
    return [
        _solid(skull, colour, 0.026, (at(0.036, -0.006), 0.049), (at(0.026, -0.012), 0.050)),
        _solid(skull, colour, 0.03, (at(0.034, 0.034, 0.018), 0.010),
               (at(0.034, 0.034, -0.018), 0.010), (at(0.030, 0.082, 0.008), 0.006),
               (at(0.030, 0.082, -0.008), 0.006)),
    ]  # fmt: skip
