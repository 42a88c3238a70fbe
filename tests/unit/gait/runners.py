"""Made-up runners with exact contacts, shown to a camera as a pose model might see them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rig.core.camera_pose import CameraPose, lens_preset
from rig.core.gait.keypoints import JOINTS, Floats, Keypoints
from rig.core.gait.plane import BodyPlane
from rig.core.lane import straight_lane
from rig.sim.bodies import Posture, place_joints
from rig.sim.gaits import GAITS

LANE = straight_lane(40.0)
TALL_M = 1.75
LENS = lens_preset("camera-module-3", 1280, 720)
POSES = {
    "side": CameraPose(LENS, 8.0, -14.0, 1.5, math.pi / 2, 0.03),
    "oblique": CameraPose(LENS, 16.0, -9.0, 2.0, math.pi * 0.75, 0.06),
    "along": CameraPose(LENS, 30.0, 1.0, 2.3, math.pi + 0.04, 0.06),
}
PLANES = {name: BodyPlane(pose, LANE) for name, pose in POSES.items()}


@dataclass(frozen=True)
class Course:
    """How somebody goes: at `speed_mps` along the lane, facing up it or (backward) down it."""

    speed_mps: float = 3.0
    is_backward: bool = True
    gait: str = "run"
    stride_m: float = 2.0
    lasts_s: float = 5.0
    start_m: float = 1.0
    fall_s: float | None = None
    fall_lasts_s: float = 0.6

    def contacts(self) -> list[tuple[float, float]]:
        """Touch-down and take-off of the left foot, whole ones only."""
        stride_s, duty = self.stride_m / self.speed_mps, GAITS[self.gait].duty
        begins = [k * stride_s for k in range(int(self.lasts_s / stride_s) + 1)]
        if self.is_backward:
            begins = [begin - duty * stride_s for begin in begins]
        spans = [(begin, begin + duty * stride_s) for begin in begins]
        return [span for span in spans if span[0] > 0.2 and span[1] < self.lasts_s - 0.2]

    @property
    def steps_per_min(self) -> float:
        return 120.0 * self.speed_mps / self.stride_m


def joints_of(course: Course, t_s: float, across_m: float = 0.0) -> Floats:
    """(J, 3) in the lane frame."""
    gone_m = course.speed_mps * t_s
    fall = 0.0
    if course.fall_s is not None and t_s > course.fall_s:
        fall = min(1.0, (t_s - course.fall_s) / course.fall_lasts_s)
        gone_m = course.speed_mps * (course.fall_s + (t_s - course.fall_s) * (1 - fall) / 2)
    sign = -1.0 if course.is_backward else 1.0
    posture = Posture(
        course.gait, sign * gone_m / course.stride_m, course.stride_m, still=0.0, fall=fall
    )
    body = place_joints(TALL_M, posture)
    placed = np.full((len(JOINTS), 3), np.nan)
    for number, name in enumerate(JOINTS):
        place = body.get(name.replace("_", " "))
        if place is not None:
            placed[number] = (
                course.start_m + gone_m + sign * place[0],
                across_m + sign * place[1],
                place[2],
            )
    return placed


def seen(
    course: Course, view: str = "side", noise: float = 0.0, rate_hz: float = 30.0, seed: int = 1
) -> Keypoints:
    """Keypoints of the whole course; `noise` is one SD a coordinate as a share of height."""
    random = np.random.default_rng(seed)
    times = np.arange(0.0, course.lasts_s, 1 / rate_hz)
    pose = POSES[view]
    joints = np.stack([joints_of(course, float(t)) for t in times])
    hips = np.nanmean(joints, axis=1)
    px_per_m = LENS.focal_px / ((hips - pose.position_m) @ pose.axes[2])
    points = np.stack([pose.to_pixels(joints[:, j]) for j in range(len(JOINTS))], axis=1)
    points += random.normal(size=points.shape) * (noise * TALL_M * px_per_m)[:, None, None]
    sure = np.where(np.isfinite(points).all(axis=2), 0.9, 0.0)
    return Keypoints(times, points, sure, np.zeros(len(times)))


def without(keypoints: Keypoints, *names: str) -> Keypoints:
    """The same without joints of these names."""
    sure = keypoints.confidence.copy()
    sure[:, [k for k, joint in enumerate(JOINTS) if joint.endswith(names)]] = 0.0
    return Keypoints(keypoints.times_s, keypoints.points_px, sure, keypoints.across_m)


def only(keypoints: Keypoints, rows: object) -> Keypoints:
    """The frames of these rows."""
    return Keypoints(
        keypoints.times_s[rows],
        keypoints.points_px[rows],
        keypoints.confidence[rows],
        keypoints.across_m[rows],
    )


def backwards(keypoints: Keypoints) -> Keypoints:
    """The same played from last to first."""
    whole = keypoints.times_s[0] + keypoints.times_s[-1]
    back = only(keypoints, slice(None, None, -1))
    return Keypoints(whole - back.times_s, back.points_px, back.confidence, back.across_m)
