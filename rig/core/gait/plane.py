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
from typing import Final, Protocol

import numpy as np

from rig.core.camera_pose import CameraPose
from rig.core.gait.keypoints import Floats, Keypoints, numbers_of
from rig.core.lane import Lane

_EDGE_ON: Final = 1e-6
_SHOULDER_SHARE: Final = 0.79
_SURE_LEAST: Final = 0.3


class View(StrEnum):
    """How the camera looks at the runner."""

    SIDE = "side"
    OBLIQUE = "oblique"
    ALONG = "along the lane"


SIDE_LEAST_DEG: Final = 70.0
OBLIQUE_LEAST_DEG: Final = 30.0
"""Nearer to the lane than this contacts scatter by 20 to 44 ms (measured on force plates)."""


class Plane(Protocol):
    """What turns pixels into metres along and up."""

    def to_metres(self, points_px: Floats, across_m: Floats) -> Floats:
        """(N, 2) along and up of pixels (N, 2) on the planes at `across_m` (N,); NaN unseen."""

    def to_level(self, points_px: Floats, up_m: float) -> Floats:
        """(N, 2) along and across of what pixels (N, 2) show at this height."""

    def angle_deg(self, along_m: float, across_m: float) -> float:
        """Between the line of sight to a place on the lane and the lane: 90 is from the side."""

    def to_upright(self, points_px: Floats, along_m: Floats) -> Floats:
        """(N,) how high pixels (N, 2) are, on planes across the lane at `along_m` (N,)."""

    @property
    def looks_down_the_lane(self) -> bool:
        """Whether the camera looks from the lane's end toward its start."""


@dataclass(frozen=True, slots=True)
class PicturePlane:
    """The picture itself, for clips of which only is known that the camera looks from the side.

    Along grows to the right; the runner's size gives the scale.
    """

    px_per_m: float

    def to_metres(self, points_px: Floats, across_m: Floats) -> Floats:
        """See `Plane`; the place across is not known."""
        return np.asarray(points_px * (1.0, -1.0) / self.px_per_m)

    def to_level(self, points_px: Floats, up_m: float) -> Floats:
        """See `Plane`; the place across is not known."""
        return np.stack([points_px[:, 0] / self.px_per_m, np.zeros(len(points_px))], axis=1)

    def angle_deg(self, along_m: float, across_m: float) -> float:
        """From the side, by definition."""
        return 90.0

    def to_upright(self, points_px: Floats, along_m: Floats) -> Floats:
        """As high as on the picture's own plane."""
        return np.asarray(-points_px[:, 1] / self.px_per_m)

    @property
    def looks_down_the_lane(self) -> bool:
        """It looks across."""
        return False


def picture_plane(keypoints: Keypoints, height_m: float) -> PicturePlane | None:
    """The plane of a clip whose runner is so tall; None where shoulder and ankle were never seen.

    Shoulder to ankle is 0.79 of the height (trunk 0.30, thigh 0.245, shank 0.246); the nearly
    longest that is seen counts, because legs bend.
    """
    points, sure = keypoints.points_px, np.nan_to_num(keypoints.confidence)
    points = np.where((sure >= _SURE_LEAST)[:, :, None], points, np.nan)
    shoulders, ankles = (
        points[:, numbers_of(f"left_{part}", f"right_{part}"), 1] for part in ("shoulder", "ankle")
    )
    tall_px = (ankles[:, :, None] - shoulders[:, None, :]).ravel()
    tall_px = tall_px[np.isfinite(tall_px)]
    if tall_px.size < 4 or np.quantile(tall_px, 0.9) <= 0:
        return None
    return PicturePlane(float(np.quantile(tall_px, 0.9)) / (_SHOULDER_SHARE * height_m))


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

    def to_upright(self, points_px: Floats, along_m: Floats) -> Floats:
        """(N,) how high pixels (N, 2) are, on planes across the lane at `along_m` (N,)."""
        start, along, _ = self._axes
        rays = self.pose.to_rays(points_px)
        eye = np.array([self.pose.x_m, self.pose.y_m]) - start
        slope = rays[:, :2] @ along
        reach = (along_m - eye @ along) / np.where(np.abs(slope) > _EDGE_ON, slope, np.nan)
        return np.asarray(self.pose.height_m + rays[:, 2] * np.where(reach > 0, reach, np.nan))

    @property
    def looks_down_the_lane(self) -> bool:
        """Whether the camera looks from the lane's end toward its start."""
        return float(self.pose.axes[2][:2] @ self._axes[1]) < 0

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
