"""People as they look: clothes, skin, hair, and the solids that a body is drawn from.

Decides what is worn and which spheres make a limb. Joints come from `bodies`; `strokes` paints the
parts. Called by `scenes` and `render`.
"""

from __future__ import annotations

import colorsys
import math
import random
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rig.sim.bodies import STANDING, Joints, Posture, place_joints
from rig.sim.gaits import GAITS, STANCES
from rig.sim.heads import KEMPT_HAIR, LOOSE_HAIR, build_cap, build_face, build_hair, make_skull
from rig.sim.light import Colour
from rig.sim.strokes import Part

Floats = NDArray[np.float64]

SKINS: tuple[Colour, ...] = (
    (172.0, 196.0, 232.0),
    (150.0, 178.0, 220.0),
    (122.0, 154.0, 204.0),
    (92.0, 126.0, 178.0),
    (66.0, 94.0, 142.0),
    (46.0, 66.0, 102.0),
    (36.0, 48.0, 74.0),
)
HAIRS: tuple[Colour, ...] = (
    (22.0, 24.0, 28.0),
    (30.0, 42.0, 62.0),
    (44.0, 68.0, 104.0),
    (92.0, 142.0, 182.0),
    (40.0, 66.0, 134.0),
    (150.0, 152.0, 156.0),
)
CLOTHS: tuple[Colour, ...] = (
    (28.0, 28.0, 30.0),
    (58.0, 44.0, 36.0),
    (90.0, 52.0, 34.0),
    (96.0, 94.0, 92.0),
    (172.0, 170.0, 168.0),
    (228.0, 228.0, 228.0),
    (40.0, 36.0, 168.0),
    (34.0, 90.0, 34.0),
    (168.0, 96.0, 40.0),
    (40.0, 200.0, 224.0),
    (30.0, 120.0, 232.0),
    (120.0, 60.0, 150.0),
    (190.0, 170.0, 60.0),
    (60.0, 235.0, 190.0),
    (110.0, 80.0, 220.0),
    (60.0, 84.0, 110.0),
)


@dataclass(frozen=True, slots=True)
class Look:
    """One person's clothes and build, and for single pictures also the posture.

    `sleeve` and `trouser` are the covered shares of arm and leg. `build` widens (1 is slim).
    `hat` and `pack` are None where there is none; `skirt` flares the shorts. `hair_style` is a
    name of `heads.HAIR_STYLES`.
    """

    skin: Colour = SKINS[1]
    hair: Colour = HAIRS[1]
    shirt: Colour = (40.0, 36.0, 168.0)
    shorts: Colour = (28.0, 28.0, 30.0)
    shoes: Colour = (228.0, 228.0, 228.0)
    sleeve: float = 0.28
    trouser: float = 0.28
    socks: Colour | None = None
    hat: Colour | None = None
    pack: Colour | None = None
    stripe: Colour | None = None
    hair_style: str = "short"
    skirt: bool = False
    build: float = 1.0
    posture: Posture = STANDING


def random_cloth(dice: random.Random) -> Colour:
    """A clothing colour: mostly common ones, sometimes any."""
    if dice.random() < 0.6:
        base = dice.choice(CLOTHS)
    else:
        vivid = dice.uniform(0.1, 0.95)
        red, green, blue = colorsys.hsv_to_rgb(dice.random(), vivid, dice.uniform(0.2, 0.95))
        base = (blue * 255.0, green * 255.0, red * 255.0)
    scale = dice.uniform(0.8, 1.12)
    return (base[0] * scale, base[1] * scale, base[2] * scale)


def random_look(seed: int, gait: str | None = None) -> Look:
    """A person by seed: clothes, skin, hair, build and posture.

    `gait` is "run", "walk" or "stand"; None draws one (standing is as likely as moving).
    """
    dice = random.Random(f"look {seed}")
    chosen = gait or dice.choice(("run", "walk", "stand", "stand"))
    is_long = dice.random()
    return Look(
        skin=dice.choice(SKINS),
        hair=dice.choice(HAIRS),
        shirt=random_cloth(dice),
        shorts=random_cloth(dice),
        shoes=random_cloth(dice),
        sleeve=dice.choice((0.0, 0.28, 0.28, 0.3, 0.5, 1.0, 1.0)),
        trouser=1.0 if is_long < 0.45 else 0.62 if is_long < 0.55 else dice.uniform(0.16, 0.34),
        socks=random_cloth(dice) if dice.random() < 0.4 else None,
        hat=random_cloth(dice) if dice.random() < 0.25 else None,
        pack=random_cloth(dice) if dice.random() < 0.07 else None,
        stripe=random_cloth(dice) if dice.random() < 0.25 else None,
        hair_style=_hair_style(seed, is_long=dice.random() < 0.4),
        skirt=dice.random() < 0.06,
        build=dice.uniform(0.88, 1.3),
        posture=random_posture(dice, chosen),
    )


def _hair_style(seed: int, is_long: bool) -> str:
    """From a stream of its own, so that the rest of a look does not depend on it."""
    return random.Random(f"hair {seed}").choice(LOOSE_HAIR if is_long else KEMPT_HAIR)


def random_posture(dice: random.Random, gait: str) -> Posture:
    """A posture of the gait ("run", "walk" or "stand") at a random moment."""
    if gait not in GAITS:
        return Posture(stance=dice.choice(tuple(STANCES)), sway_rad=dice.gauss(0.0, 0.02))
    stride = dice.uniform(1.5, 3.0) if gait == "run" else dice.uniform(1.1, 1.6)
    return Posture(gait, dice.random(), stride, 0.0, sway_rad=dice.gauss(0.0, 0.02))


def build_person(height_m: float, look: Look, posture: Posture | None = None) -> list[Part]:
    """The person's parts in the body's frame (x facing, y left, z up, feet at z 0)."""
    joints = place_joints(height_m, posture or look.posture)
    parts: list[Part] = []
    for side in ("left", "right"):
        parts += _leg_parts(joints, side, height_m, look)
        parts += _arm_parts(joints, side, height_m, look)
    parts += _trunk_parts(joints, height_m, look)
    parts += _head_parts(joints, height_m, look)
    return parts


def limb(points: Iterable[Floats], radii: Iterable[float], colour: Colour, lift: float) -> Part:
    """A part from its spheres' centres and radii."""
    return Part(np.stack(list(points)), np.array(list(radii)), colour, lift)


def _between(start: Floats, end: Floats, share: float) -> Floats:
    return start + (end - start) * share


def _leg_parts(joints: Joints, side: str, tall: float, look: Look) -> list[Part]:
    hip, knee = joints[f"{side} hip"], joints[f"{side} knee"]
    ankle, heel, toe = (joints[f"{side} {name}"] for name in ("ankle", "heel", "toe"))
    wide = tall * look.build
    up = np.array([0.0, 0.0, 1.0])
    bare, cloth = look.skin, look.shorts
    parts = [
        limb((hip, knee), (0.050 * wide, 0.032 * tall), bare, 0.0),
        limb(
            (knee, _between(knee, ankle, 0.35), ankle),
            (0.031 * tall, 0.031 * wide, 0.020 * tall),
            bare,
            0.0,
        ),
        limb(
            (heel + up * 0.019 * tall, _between(heel, toe, 0.55) + up * 0.019 * tall,
             _between(heel, toe, 0.93) + up * 0.012 * tall, ankle - up * 0.006 * tall),
            (0.019 * tall, 0.021 * tall, 0.012 * tall, 0.019 * tall),
            look.shoes,
            0.02,
        ),
    ]  # fmt: skip
    if look.socks is not None:
        sock = _between(ankle, knee, 0.3)
        parts.append(limb((ankle, sock), (0.023 * tall, 0.027 * tall), look.socks, 0.01))
    covered = look.trouser * 2.0
    flare = 0.012 * tall if look.trouser < 0.5 else 0.004 * tall
    end = _between(hip, knee, min(covered, 1.0))
    girth = (0.052 + (0.036 - 0.052) * min(covered, 1.0)) * wide + flare
    parts.append(limb((hip, end), (0.056 * wide, girth), cloth, 0.015))
    if covered > 1.0:
        hem = _between(knee, ankle, covered - 1.0)
        parts.append(limb((knee, hem), (0.037 * wide + 0.003, 0.029 * tall), cloth, 0.012))
    return parts


def _arm_parts(joints: Joints, side: str, tall: float, look: Look) -> list[Part]:
    shoulder, elbow = joints[f"{side} shoulder"], joints[f"{side} elbow"]
    wrist = joints[f"{side} wrist"]
    hand = wrist + (wrist - elbow) * 0.28
    wide = tall * look.build
    parts = [
        limb((shoulder, elbow), (0.030 * wide, 0.023 * tall), look.skin, 0.0),
        limb((elbow, wrist), (0.023 * tall, 0.016 * tall), look.skin, 0.0),
        limb((wrist, hand), (0.017 * tall, 0.018 * tall), look.skin, 0.0),
    ]
    covered = look.sleeve * 2.0
    if covered > 0.0:
        end = _between(shoulder, elbow, min(covered, 1.0))
        parts.append(limb((shoulder, end), (0.036 * wide, 0.031 * wide), look.shirt, 0.012))
    if covered > 1.0:
        cuff = _between(elbow, wrist, covered - 1.0)
        parts.append(limb((elbow, cuff), (0.028 * wide, 0.021 * tall), look.shirt, 0.01))
    return parts


def _trunk_parts(joints: Joints, tall: float, look: Look) -> list[Part]:
    pelvis, neck, head = joints["pelvis"], joints["neck"], joints["head"]
    left, right = joints["left shoulder"], joints["right shoulder"]
    hips = joints["left hip"], joints["right hip"]
    wide = tall * look.build
    rise = neck - pelvis
    waist = pelvis + rise * 0.18
    flank = (left - right) * 0.24
    chest = pelvis + rise * 0.68
    hem = pelvis + rise * 0.10
    parts = [
        limb(
            (*hips, waist + flank, waist - flank),
            (0.056 * wide, 0.056 * wide, 0.05 * wide, 0.05 * wide),
            look.shorts,
            0.02,
        ),
        limb(
            (hem + flank * 0.8, hem - flank * 0.8, chest + flank * 1.2, chest - flank * 1.2,
             _between(left, neck, 0.14), _between(right, neck, 0.14), neck - rise * 0.07),
            (0.053 * wide, 0.053 * wide, 0.054 * wide, 0.054 * wide,
             0.032 * tall, 0.032 * tall, 0.038 * tall),
            look.shirt,
            0.03,
        ),
        limb((neck - rise * 0.05, _between(neck, head, 0.55)), (0.033 * tall, 0.030 * tall),
             look.skin, 0.0),
    ]  # fmt: skip
    if look.stripe is not None:
        parts.append(_band(pelvis + rise * 0.56, (left - right) * 0.47, look.stripe, wide))
    if look.skirt:
        edge = [(_between(hip, joints[f"{side} knee"], 0.55), 0.072 * wide)
               for hip, side in zip(hips, ("left", "right"), strict=True)]  # fmt: skip
        points = [*hips, *(place for place, _ in edge)]
        parts.append(limb(points, (0.058 * wide,) * 2 + (0.072 * wide,) * 2, look.shorts, 0.05))
    if look.pack is not None:
        back = np.array([-0.085 * tall, 0.0, 0.0])
        places = (chest + back + flank * 0.5, chest + back - flank * 0.5, waist + back)
        parts.append(limb(places, (0.05 * tall, 0.05 * tall, 0.06 * tall), look.pack, 0.0))
    return parts


def _band(middle: Floats, side: Floats, colour: Colour, wide: float) -> Part:
    """A stripe round the chest, a little proud of the shirt."""
    deep = np.cross(side, (0.0, 0.0, 1.0))
    deep = deep / max(float(np.linalg.norm(deep)), 1e-6) * 0.044 * wide
    ways = (side, side * 0.7 + deep, side * 0.7 - deep)
    places = [middle + sign * way for sign in (1.0, -1.0) for way in ways]
    return limb(places, (0.013 * wide,) * 6, colour, 0.05)


def _head_parts(joints: Joints, tall: float, look: Look) -> list[Part]:
    skull = make_skull(joints["neck"], joints["head"], tall, np.array([1.0, 0.0, 0.0]))
    parts = build_face(skull, look.skin, look.hair)
    parts += build_hair(skull, look.hair_style, look.hair, look.hat is not None)
    return parts if look.hat is None else parts + build_cap(skull, look.hat)


def place_parts(parts: Iterable[Part], x_m: float, y_m: float, heading_rad: float) -> list[Part]:
    """Parts moved from the body's frame to the ground frame."""
    cos, sin = math.cos(heading_rad), math.sin(heading_rad)
    turn = np.array([[cos, sin, 0.0], [-sin, cos, 0.0], [0.0, 0.0, 1.0]])
    shift = np.array([x_m, y_m, 0.0])
    placed = []
    for part in parts:
        normal = None
        if part.normal is not None:
            turned = np.asarray(part.normal) @ turn
            normal = (float(turned[0]), float(turned[1]), float(turned[2]))
        places = part.centres @ turn + shift
        placed.append(Part(places, part.radii, part.colour, part.lift_m, normal, part.is_detail))
    return placed
