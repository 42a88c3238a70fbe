"""Tables of how bodies move and stand: foot paths of running and walking, arms, stances.

The foot paths are from published marker data (Rajagopal et al. 2016, running at 3.71 m/s and
walking at 1.26 m/s). Read by `bodies`, which turns them into joints.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gait:
    """Foot path over one stride. `duty` is the share of the stride with the foot down.

    Rows are toe place in strides from the plant, toe height in leg lengths, foot pitch in
    degrees, at eleven even steps. `toe_lead` is the toe's place before the hip in the middle of
    stance and `hip` the mean hip height, in body heights; `dip`, `rise` the hip's travel in stance
    and flight; arms swing by `arm_swing_rad` with the elbow bent by `elbow_rad`.
    """

    duty: float
    swing: tuple[tuple[float, ...], ...]
    stance: tuple[tuple[float, ...], ...]
    toe_lead: float
    hip: float
    dip: float
    rise: float
    lean_rad: float
    arm_swing_rad: float
    elbow_rad: float


GAITS: dict[str, Gait] = {
    "run": Gait(
        duty=0.34,
        swing=(
            (0.004, 0.019, 0.057, 0.134, 0.240, 0.366, 0.506, 0.659, 0.808, 0.922, 0.984),
            (0.015, 0.107, 0.240, 0.331, 0.342, 0.280, 0.187, 0.118, 0.097, 0.125, 0.103),
            (-52.0, -73.0, -94.0, -109.0, -107.0, -91.0, -62.0, -30.0, -2.0, 20.0, 23.0),
        ),
        stance=(
            (-0.016, -0.002, 0.001, 0, 0, 0, 0, 0, 0, 0, 0.004),
            (0.105, 0.049, 0.011, 0.007, 0.004, 0.004, 0.003, 0.002, 0, 0.001, 0.015),
            (23.0, 13.0, 3.4, 1.5, 0.5, -0.3, -2.8, -9.7, -21.0, -36.0, -52.0),
        ),
        toe_lead=0.10,
        hip=0.505,
        dip=0.020,
        rise=0.009,
        lean_rad=0.10,
        arm_swing_rad=0.62,
        elbow_rad=1.55,
    ),
    "walk": Gait(
        duty=0.62,
        swing=(
            (0.020, 0.084, 0.178, 0.283, 0.403, 0.529, 0.654, 0.771, 0.865, 0.930, 0.955),
            (0.006, 0.020, 0.033, 0.028, 0.021, 0.022, 0.035, 0.065, 0.117, 0.158, 0.150),
            (-62.0, -69.0, -61.0, -52.0, -39.0, -24.0, -8.0, 7.0, 21.5, 31.0, 32.0),
        ),
        stance=(
            (-0.045, -0.015, -0.002, 0, 0, 0, 0, 0, 0, 0.002, 0.020),
            (0.15, 0.066, 0.016, 0.004, 0.001, 0, 0, 0, 0, 0.006, 0.006),
            (32.0, 14.0, 3.5, 1.0, 0.2, -0.5, -1.2, -2.8, -8.7, -27.0, -62.0),
        ),
        toe_lead=0.065,
        hip=0.515,
        dip=-0.010,
        rise=0.0,
        lean_rad=0.03,
        arm_swing_rad=0.38,
        elbow_rad=0.35,
    ),
}


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm: upper arm forward and outward of hanging, elbow bend, forearm turned inward."""

    forward_rad: float = 0.05
    out_rad: float = 0.12
    elbow_rad: float = 0.2
    inward_rad: float = 0.0


@dataclass(frozen=True, slots=True)
class Stance:
    """How somebody stands: arms, trunk lean, crouch in body heights, feet apart in heights."""

    left: Arm = Arm()
    right: Arm = Arm()
    lean_rad: float = 0.0
    crouch: float = 0.005
    spread: float = 0.065


_CROSSED = Arm(0.35, 0.05, 1.75, 1.2)
_ON_HIP = Arm(-0.25, 0.75, 1.5, 0.9)
STANCES: dict[str, Stance] = {
    "arms down": Stance(),
    "hands on hips": Stance(_ON_HIP, _ON_HIP, spread=0.085),
    "arms crossed": Stance(_CROSSED, _CROSSED),
    "looking at phone": Stance(Arm(0.45, 0.05, 1.7, 0.35), Arm(), lean_rad=0.08),
    "both hands up": Stance(Arm(2.6, 0.35, 0.3), Arm(2.6, 0.35, 0.3)),
    "waving": Stance(Arm(0.3, 2.3, 0.5), Arm()),
    "ready": Stance(Arm(0.3, 0.2, 1.3), Arm(0.3, 0.2, 1.3), 0.22, 0.05, 0.08),
    "leaning on rail": Stance(Arm(0.9, 0.2, 0.6), Arm(0.9, 0.2, 0.6), 0.30, 0.02, 0.07),
    "wide": Stance(Arm(0.0, 0.3, 0.3), Arm(0.0, 0.3, 0.3), spread=0.14),
    "crouching": Stance(Arm(0.9, 0.1, 0.5), Arm(0.9, 0.1, 0.5), 0.75, 0.24, 0.08),
    "hands on knees": Stance(Arm(0.75, 0.15, 0.1), Arm(0.75, 0.15, 0.1), 0.8, 0.06, 0.09),
}
