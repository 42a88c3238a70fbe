"""How far a runner gets before they stand: the distances that the hazard law compares with.

    stop_m(v) = v * (t_latency + t_reaction) + v^2 / (2 * a_brake) + margin

Design section 5. Decides nothing; called by `core.hazard`.
"""

from __future__ import annotations

from rig.config import HazardLimits

SOUND_MPS = 343.0
"""Speed of sound at 20 degrees Celsius."""


def latency_s(limits: HazardLimits) -> float:
    """Light to ear: the rig's own delay and the sound's way."""
    return limits.latency_s + limits.distance_m / SOUND_MPS


def stop_m(speed_mps: float, limits: HazardLimits) -> float:
    """Metres from the light of a hazard to a standstill, margin included."""
    delay_s = latency_s(limits) + limits.reaction_s
    return speed_mps * delay_s + speed_mps**2 / (2 * limits.brake_mps2) + limits.margin_m


def stop_end_m(speed_mps: float, limits: HazardLimits) -> float:
    """The same for the lane's end, which the runner expects: no reaction, harder braking."""
    braking = speed_mps**2 / (2 * limits.brake_end_mps2)
    return speed_mps * latency_s(limits) + braking + limits.margin_end_m
