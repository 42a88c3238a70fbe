"""How a body stands, walks, runs backwards or falls: joints in metres.

Legs follow the foot paths of `gaits`, so that a foot in stance does not slide; knees follow by
two-link inverse kinematics. The pattern is driven by distance, not by time: moving against the
facing direction runs it in reverse, which is what running backwards looks like (Mehdizadeh 2015).
Decides joints only; what is worn and painted is in `figures`. Called by `figures`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rig.sim.gaits import GAITS, STANCES, Arm, Gait, Stance

Floats = NDArray[np.float64]
Joints = dict[str, Floats]

THIGH, SHANK, FOOT, TRUNK = 0.245, 0.246, 0.145, 0.30
"""Segment lengths in body heights (Winter 2009)."""
UPPER_ARM, FOREARM = 0.186, 0.146
_ANKLE_UP, _ANKLE_ALONG = 0.039, 0.032
_HIP_SIDE, _SHOULDER_SIDE = 0.052, 0.108
_LEG = 0.53


@dataclass(frozen=True, slots=True)
class Posture:
    """What a body does now.

    `phase` is the left foot's place in the stride (0: it touches down; whole strides of
    travel along the facing direction). `still` blends from moving (0) to standing (1). `fall` goes
    from upright (0) to lying (1), backward for a positive `fall_sign`. `sway_rad` tips slightly.
    """

    gait: str = "run"
    phase: float = 0.0
    stride_m: float = 1.9
    still: float = 1.0
    stance: str = "arms down"
    fall: float = 0.0
    fall_sign: float = 1.0
    sway_rad: float = 0.0


STANDING = Posture()


@dataclass(frozen=True, slots=True)
class Foot:
    """A foot beside the hip: toe forward and up in metres, pitch, and whether it is down."""

    x_m: float
    z_m: float
    pitch_rad: float
    is_down: bool


def place_foot(gait: Gait, phase: float, stride_m: float, height_m: float) -> Foot:
    """Where a foot is in its stride, relative to the hip over the ground."""
    phase %= 1.0
    is_down = phase < gait.duty
    table = gait.stance if is_down else gait.swing
    share = phase / gait.duty if is_down else (phase - gait.duty) / (1 - gait.duty)
    steps = np.linspace(0.0, 1.0, len(table[0]))
    x, z, pitch = (float(np.interp(share, steps, row)) for row in table)
    lead = gait.toe_lead * height_m
    along = stride_m * (x + gait.duty / 2 - phase) + lead
    return Foot(along, z * _LEG * height_m, math.radians(pitch), is_down)


def contacts(posture: Posture) -> tuple[bool, bool]:
    """Whether the left and the right foot carry the body."""
    if posture.still >= 0.99:
        return True, True
    duty = GAITS[posture.gait].duty
    return posture.phase % 1.0 < duty, (posture.phase + 0.5) % 1.0 < duty


def place_joints(height_m: float, posture: Posture) -> Joints:
    """Joints (3,) in the body's frame: x the facing direction, y left, z up, hip over (0, 0)."""
    gait, stance = GAITS[posture.gait], STANCES[posture.stance]
    joints: Joints = {}
    feet = {}
    for side, sign, late in (("left", 1.0, 0.0), ("right", -1.0, 0.5)):
        foot = place_foot(gait, posture.phase + late, posture.stride_m, height_m)
        feet[side] = foot
        _add_foot(joints, side, sign, foot, posture.still, stance, height_m)
    hip_z = _hip_height(gait, stance, posture, height_m)
    hip_z = min(hip_z, *(_reach_z(joints, s, sign, height_m) for s, sign in _SIDES))
    _add_legs(joints, hip_z, height_m)
    lean = gait.lean_rad * (1 - posture.still) + stance.lean_rad * posture.still
    _add_trunk(joints, hip_z, lean, posture.sway_rad, height_m)
    for side, sign, late in (("left", 1.0, 0.0), ("right", -1.0, 0.5)):
        swing = -math.cos(2 * math.pi * (posture.phase + late - 0.06))
        _add_arm(joints, side, sign, _arm(gait, stance, side, swing, posture.still), lean, height_m)
    return _tipped(joints, posture) if posture.fall > 0 else joints


_SIDES = (("left", 1.0), ("right", -1.0))


def _add_foot(
    joints: Joints, side: str, sign: float, foot: Foot, still: float, stance: Stance, tall: float
) -> None:
    x = foot.x_m * (1 - still) + 0.10 * tall * still
    z = foot.z_m * (1 - still)
    pitch = foot.pitch_rad * (1 - still)
    y = sign * tall * (0.042 * (1 - still) + stance.spread * still)
    forward = np.array([math.cos(pitch), 0.0, math.sin(pitch)])
    upward = np.array([-math.sin(pitch), 0.0, math.cos(pitch)])
    toe = np.array([x, y, z])
    heel = toe - FOOT * tall * forward
    heel[2] = max(heel[2], 0.0)
    joints[f"{side} toe"], joints[f"{side} heel"] = toe, heel
    joints[f"{side} ankle"] = heel + tall * (_ANKLE_ALONG * forward + _ANKLE_UP * upward)


def _hip_height(gait: Gait, stance: Stance, posture: Posture, tall: float) -> float:
    step = (2 * posture.phase) % 1.0
    down = min(2 * gait.duty, 1.0)
    if step < down:
        travel = -gait.dip * math.sin(math.pi * step / down)
    else:
        travel = gait.rise * math.sin(math.pi * (step - down) / (1 - down))
    moving = gait.hip + travel
    return tall * (moving * (1 - posture.still) + (0.527 - stance.crouch) * posture.still)


def _reach_z(joints: Joints, side: str, sign: float, tall: float) -> float:
    """The highest hip from which the leg still reaches its ankle."""
    ankle = joints[f"{side} ankle"]
    flat = math.hypot(ankle[0], ankle[1] - sign * _HIP_SIDE * tall)
    leg = (THIGH + SHANK) * tall * 0.998
    return float(ankle[2] + math.sqrt(max(leg * leg - flat * flat, (0.3 * leg) ** 2)))


def _add_legs(joints: Joints, hip_z: float, tall: float) -> None:
    for side, sign in _SIDES:
        hip = np.array([0.0, sign * _HIP_SIDE * tall, hip_z])
        ankle = joints[f"{side} ankle"]
        line = ankle - hip
        far = min(float(np.linalg.norm(line)), (THIGH + SHANK) * tall * 0.9999)
        share = (THIGH**2 - SHANK**2) * tall**2 / (2 * far) + far / 2
        bulge = math.sqrt(max((THIGH * tall) ** 2 - share**2, 0.0))
        unit = line / far
        forward = np.array([1.0, 0.0, 0.0]) - unit[0] * unit
        forward /= max(float(np.linalg.norm(forward)), 1e-6)
        joints[f"{side} hip"] = hip
        joints[f"{side} knee"] = hip + unit * share + forward * bulge


def _add_trunk(joints: Joints, hip_z: float, lean: float, sway: float, tall: float) -> None:
    hip = np.array([0.0, 0.0, hip_z])
    along = np.array([math.sin(lean), math.sin(sway), math.cos(lean)])
    joints["pelvis"] = hip
    joints["neck"] = hip + along * TRUNK * tall
    upright = np.array([math.sin(lean * 0.5), math.sin(sway), math.cos(lean * 0.5)])
    joints["head"] = joints["neck"] + upright * 0.098 * tall
    for side, sign in _SIDES:
        out = np.array([0.0, sign * _SHOULDER_SIDE * tall, 0.0])
        joints[f"{side} shoulder"] = hip + along * (TRUNK - 0.022) * tall + out


def _arm(gait: Gait, stance: Stance, side: str, swing: float, still: float) -> Arm:
    rest = stance.left if side == "left" else stance.right
    bend = gait.elbow_rad + 0.25 * swing

    def mix(moving: float, standing: float) -> float:
        return moving * (1 - still) + standing * still

    return Arm(
        mix(gait.arm_swing_rad * swing - 0.05, rest.forward_rad),
        mix(0.18, rest.out_rad),
        mix(bend, rest.elbow_rad),
        mix(0.25, rest.inward_rad),
    )


def _add_arm(joints: Joints, side: str, sign: float, arm: Arm, lean: float, tall: float) -> None:
    def direction(forward: float, outward: float) -> Floats:
        flat = math.cos(outward)
        return np.array(
            [math.sin(forward) * flat, sign * math.sin(outward), -math.cos(forward) * flat]
        )

    upper = direction(arm.forward_rad - lean * 0.3, arm.out_rad)
    lower = direction(arm.forward_rad + arm.elbow_rad, arm.out_rad * 0.5 - arm.inward_rad)
    elbow = joints[f"{side} shoulder"] + upper * UPPER_ARM * tall
    joints[f"{side} elbow"] = elbow
    joints[f"{side} wrist"] = elbow + lower * FOREARM * tall


def _up(metres: float) -> Floats:
    return np.array([0.0, 0.0, metres])


def _tipped(joints: Joints, posture: Posture) -> Joints:
    """The whole body turned about its feet, and folded a little, on the way to the ground."""
    angle = posture.fall * math.radians(84.0) * posture.fall_sign
    cos, sin = math.cos(angle), math.sin(angle)
    turn = np.array([[cos, 0.0, -sin], [0.0, 1.0, 0.0], [sin, 0.0, cos]])
    low = 0.05 * posture.fall
    turned = {name: turn @ place + _up(low) for name, place in joints.items()}
    floor = min(float(place[2]) for place in turned.values())
    rise = max(0.0, low - floor)
    return {name: place + _up(rise) for name, place in turned.items()}
