"""Shows a recording to made-up cameras: keypoints in pixels with errors, drops and holes.

Decides the cameras of the evaluation and the errors of its keypoints; all drawn from a seed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from gait.markers import Recording
from rig.core.camera_pose import CameraPose, lens_preset
from rig.core.gait.keypoints import JOINTS, Floats, Keypoints, numbers_of

VIEWS: Final = ("side", "oblique 60", "oblique 45", "oblique 30", "along")
HOLES_FROM_S: Final = 2.0
"""A shorter recording has single frames dropped and no hole: it would take the only contact."""
HEIGHT_M: Final = 1.75
"""Of a body, for errors given as a share of it."""
FEET: Final = numbers_of("left_toe", "left_heel", "right_toe", "right_heel")


@dataclass(frozen=True, slots=True)
class Errors:
    """How keypoints go wrong. `noise` is one SD a coordinate as a share of body height."""

    rate_hz: float = 30.0
    noise: float = 0.01
    noise_memory: float = 0.5
    dropped: float = 0.10
    hole_s: float = 0.1
    jitter_s: float = 0.001
    across_sigma_m: float = 0.05
    has_feet: bool = True


def camera(view: str, along_least_m: float, along_most_m: float) -> CameraPose:
    """The camera of a view, for a run between these places; "oblique A" is A degrees off."""
    lens, middle = lens_preset("camera-module-3", 1280, 720), (along_least_m + along_most_m) / 2
    if view == "side":
        return CameraPose(lens, middle, -14.0, 1.5, math.pi / 2, 0.03)
    if view == "along":
        return CameraPose(lens, along_most_m + 8.0, 1.0, 2.3, math.pi + 0.05, 0.08)
    angle, away_m = math.radians(float(view.split()[1])), 16.0
    x, y = middle + away_m * math.cos(angle), -away_m * math.sin(angle)
    return CameraPose(lens, x, y, 2.0, math.pi - angle, 0.06)


def show(recording: Recording, pose: CameraPose, errors: Errors, seed: int) -> Keypoints:
    """The recording as a pose model might see it through this camera."""
    random = np.random.default_rng(seed)
    times = _frame_times(recording, errors, random)
    joints = _at(recording, times)
    hips = joints[:, numbers_of("left_hip", "right_hip")].mean(axis=1)
    px_per_m = pose.lens.focal_px / ((hips - pose.position_m) @ pose.axes[2])
    pixels = np.stack([pose.to_pixels(joints[:, j]) for j in range(len(JOINTS))], axis=1)
    pixels += _noise(pixels.shape, errors, random) * (HEIGHT_M * px_per_m)[:, None, None]
    sure = np.where(np.isfinite(pixels).all(axis=2), 0.9, 0.0)
    if not errors.has_feet:
        sure[:, FEET] = 0.0
    across = hips[:, 1] + random.normal(0.0, errors.across_sigma_m, len(times))
    return Keypoints(times, pixels, sure, across)


def _frame_times(recording: Recording, errors: Errors, random: np.random.Generator) -> Floats:
    begin, end = recording.times_s[0], recording.times_s[-1]
    times = np.arange(begin + random.uniform(0, 1 / errors.rate_hz), end, 1 / errors.rate_hz)
    times = times + random.normal(0.0, errors.jitter_s, len(times))
    is_kept = random.random(len(times)) >= errors.dropped
    if end - begin > HOLES_FROM_S:
        hole = random.uniform(begin + 0.3, end - 0.4)
        is_kept &= (times < hole) | (times > hole + errors.hole_s)
    is_kept[[0, -1]] = True
    return np.asarray(np.sort(times[is_kept]))


def _at(recording: Recording, times: Floats) -> Floats:
    flat = recording.joints_m.reshape(len(recording.times_s), -1)
    columns = [np.interp(times, recording.times_s, flat[:, k]) for k in range(flat.shape[1])]
    return np.stack(columns, axis=1).reshape(len(times), -1, 3)


def _noise(shape: tuple[int, ...], errors: Errors, random: np.random.Generator) -> Floats:
    """Errors that last a little: each frame's takes over `noise_memory` of the one before."""
    fresh = random.normal(size=shape) * errors.noise * math.sqrt(1 - errors.noise_memory**2)
    fresh[0] /= math.sqrt(1 - errors.noise_memory**2)
    for row in range(1, shape[0]):
        fresh[row] += errors.noise_memory * fresh[row - 1]
    return np.asarray(fresh)
