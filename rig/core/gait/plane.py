"""Keypoints in metres: on the upright plane in which the runner moves.

The plane stands on the lane, parallel to it, at the runner's place across. There a foot's speed
over the ground is its speed, from any camera that looks at the plane from the side; the nearer the
camera stands to the plane's edge, the more the keypoints' errors grow. Which views allow which
numbers is decided here, once (`VIEWS`). For straight lanes; called by `core.gait.cleaning`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from rig.core.camera_pose import CameraPose
from rig.core.gait.keypoints import Floats
from rig.core.lane import Lane

_EDGE_ON: Final = 1e-6


class View(StrEnum):
    """How the camera looks at the runner."""

    SIDE = "side"
    OBLIQUE = "oblique"
    ALONG = "along the lane"


SIDE_LEAST_DEG: Final = 70.0
OBLIQUE_LEAST_DEG: Final = 30.0
"""Nearer to the lane than this contacts scatter by 20 to 44 ms (measured on force plates)."""


@dataclass(frozen=True, slots=True)
class BodyPlane:
    """The upright plane along a straight lane at `across_m`, seen by `pose`."""

    pose: CameraPose
    lane: Lane

    @property
    def _axes(self) -> tuple[Floats, Floats, Floats]:
        """Lane origin, unit vector along and unit vector across, on the ground."""
        start, end = (
            np.array(point) for point in (self.lane.centre_line[0], self.lane.centre_line[-1])
        )
        along = (end - start) / np.linalg.norm(end - start)
        return start, along, np.array([-along[1], along[0]])

    def to_metres(self, points_px: Floats, across_m: Floats) -> Floats:
        """(N, 2) along and up of pixels (N, 2) on the planes at `across_m` (N,); NaN unseen."""
        start, along, across = self._axes
        rays = self.pose.to_rays(points_px)
        eye = np.array([self.pose.x_m, self.pose.y_m]) - start
        slope = rays[:, :2] @ across
        reach = (across_m - eye @ across) / np.where(np.abs(slope) > _EDGE_ON, slope, np.nan)
        reach = np.where(reach > 0, reach, np.nan)
        along_m = eye @ along + (rays[:, :2] @ along) * reach
        return np.stack([along_m, self.pose.height_m + rays[:, 2] * reach], axis=1)

    @property
    def is_past_the_end(self) -> bool:
        """Whether the camera stands nearer to the lane's end than to its start."""
        start, along, _ = self._axes
        eye = np.array([self.pose.x_m, self.pose.y_m]) - start
        return float(eye @ along) > self.lane.length_m / 2

    def to_level(self, points_px: Floats, up_m: float) -> Floats:
        """(N, 2) along and across of what pixels (N, 2) show at this height; NaN for the sky."""
        return self.lane.to_lane(self.pose.to_level(points_px, up_m))

    def angle_deg(self, along_m: float, across_m: float) -> float:
        """Between the line of sight to a place on the lane and the lane: 90 is from the side."""
        start, along, across = self._axes
        eye = np.array([self.pose.x_m, self.pose.y_m]) - start
        sight = np.array([along_m - eye @ along, across_m - eye @ across])
        return math.degrees(math.atan2(abs(sight[1]), abs(sight[0])))


def view_at(angle_deg: float) -> View:
    """The view for an angle between line of sight and lane."""
    if angle_deg >= SIDE_LEAST_DEG:
        return View.SIDE
    return View.OBLIQUE if angle_deg >= OBLIQUE_LEAST_DEG else View.ALONG
