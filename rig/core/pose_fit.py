"""The camera's pose from points measured on the ground and found in the still.

Decides whether a calibration can be trusted, and refuses with the reason when it cannot.
Called by `programs.calibrate`. Method: homography from the undistorted pixels (normalised DLT,
Hartley and Zisserman, "Multiple View Geometry", 4.4), taken apart into a pose for several focal
lengths, each refined by Levenberg-Marquardt on the reprojection error; the best one stands.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rig.core.camera_pose import CameraPose, Floats, Lens
from rig.core.lane import Lane
from rig.core.least_squares import refined
from rig.core.pose_checks import check_points, check_pose, clustered
from rig.errors import LaneError

POINT_SIGMA_PX = 1.0
"""Least scatter of a clicked point: a fit's residual below this is luck, not knowledge."""
FOCAL_SIGMA_MOST = 0.15
"""Above this relative sigma a solved focal length says less than the preset does."""
PRESET_FOCAL_SIGMA = 0.03
"""Spread of a preset's focal length: makers' fields are rounded to a degree or two."""

_FOCAL_STARTS = (1.0, 0.7, 1.4, 0.5, 2.0)
_DIFFERENCES = np.array([1e-4, 1e-4, 1e-4, 1e-6, 1e-6, 1e-6, 1e-6])
_PLACES_ALONG = 21
_LOG_SHARE_MOST = 3.0
"""A search that strays farther than 20 times the preset's focal length is not followed."""


@dataclass(frozen=True, slots=True, eq=False)
class PoseFit:
    """A solved pose and how well it explains the points.

    `errors_px` and `errors_m` are one a point: from where the pose puts it in the picture, and
    on the ground. `covariance` (7, 7) is of x_m, y_m, height_m, pan, tilt, roll (rad) and the
    focal length's natural logarithm. `notes` are sentences that the person must read.
    """

    pose: CameraPose
    errors_px: tuple[float, ...]
    errors_m: tuple[float, ...]
    covariance: Floats
    notes: tuple[str, ...]

    def lane_tilt_sigma_rad(self, lane: Lane) -> float:
        """What stays unknown of the angle under which the lane is seen, one standard deviation.

        The largest over the farther half of the lane that is in the picture: there range depends
        on it most (at 40 m from 2.2 m up, 1 mrad is 0.7 m). NaN-free; LaneError if no part of
        the lane is in the picture.
        """
        along = np.linspace(0.0, lane.length_m, _PLACES_ALONG)
        ground = lane.to_ground(np.stack([along, np.zeros_like(along)], axis=1))
        pixels = self.pose.to_pixels(_on_ground(ground))
        ground = ground[is_in_picture(self.pose.lens, pixels)]
        if not len(ground):
            raise LaneError(
                "no part of the lane's centre line is in the picture; "
                "check the lane's length and the points' x_m and y_m, or aim the camera"
            )
        reach = np.hypot(ground[:, 0] - self.pose.x_m, ground[:, 1] - self.pose.y_m)
        far = ground[reach >= np.median(reach)]
        slopes = _slopes(_numbers(self.pose), far, self.pose.lens)[1::2]
        rows_px = np.sqrt(np.einsum("ij,jk,ik->i", slopes, self.covariance, slopes))
        return float(rows_px.max() / self.pose.lens.focal_px)


def is_in_picture(lens: Lens, pixels: Floats) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which pixels (N, 2) lie in the lens's picture; NaN does not."""
    x, y = pixels[:, 0], pixels[:, 1]
    with np.errstate(invalid="ignore"):
        return np.asarray((x >= 0) & (x <= lens.width_px) & (y >= 0) & (y <= lens.height_px))


def solve_pose(
    ground_m: Floats,
    pixels: Floats,
    lens: Lens,
    solve_focal: bool = True,
    names: Sequence[str] | None = None,
) -> PoseFit:
    """Find the camera from ground places (N, 2) in metres and their pixels (N, 2), N >= 4.

    The focal length is solved too when `solve_focal`; if its relative sigma is then above
    `FOCAL_SIGMA_MOST`, the preset's is kept, the pose solved with it and a note says so.
    Raises LaneError, naming the point by `names`, for: fewer than four points, numbers not
    finite, pixels outside the picture, points on a line or too close together, mirrored order,
    a point above the horizon, a focal length outside 0.5 to 2 of the lens's, and a worst point
    error above `pose_checks.ERROR_MOST_SHARE` of the picture's width.
    """
    ground = np.asarray(ground_m, dtype=np.float64)
    seen = np.asarray(pixels, dtype=np.float64)
    labels = tuple(names) if names is not None else tuple(f"{n + 1}" for n in range(len(ground)))
    check_points(ground, seen, lens, labels)
    starts = _starts(ground, seen, lens)
    notes: list[str] = []
    if len(ground) == 4:
        notes.append(
            "four points leave almost nothing to check them with: one wrong metre can hide; "
            "measure six or more"
        )
    numbers = _best(starts, ground, seen, lens, solve_focal)
    if solve_focal:
        sigma = math.sqrt(_covariance(numbers, ground, seen, lens, math.inf)[6, 6])
        if sigma > FOCAL_SIGMA_MOST:
            notes.append(_focal_note(sigma, lens))
            solve_focal = False
            numbers = _best(starts, ground, seen, lens, False)
    prior = math.inf if solve_focal else PRESET_FOCAL_SIGMA
    pose = _pose(numbers, lens)
    errors_px, errors_m = check_pose(pose, ground, seen, lens, labels)
    covariance = _covariance(numbers, ground, seen, lens, prior)
    return PoseFit(pose, errors_px, errors_m, covariance, tuple(notes))


def _focal_note(sigma: float, lens: Lens) -> str:
    return (
        f"the points fix the focal length only to {100 * sigma:.0f} % (limit "
        f"{100 * FOCAL_SIGMA_MOST:.0f} %), so the {lens.name} preset's {lens.focal_px:.0f} px "
        "is kept; points nearer to and farther from the camera would fix it"
    )


# --------------------------------------------------------------------------- start


def _starts(ground: Floats, seen: Floats, lens: Lens) -> list[Floats]:
    """Poses, as numbers, from the homography at several focal lengths."""
    found = []
    for share in _FOCAL_STARTS:
        rays = lens.with_focal(lens.focal_px * share).to_rays(seen)
        if np.all(np.isfinite(rays)):  # a short focal length may put corners past the distortion
            found.append(_taken_apart(_homography(ground, rays), share))
    return found


def _homography(ground: Floats, rays: Floats) -> Floats:
    """3 x 3 from ground to rays, scaled so that most points lie at positive depth."""
    to_unit_ground, to_unit_rays = _to_unit(ground), _to_unit(rays)
    a = _homogeneous(ground) @ to_unit_ground.T
    b = _homogeneous(rays) @ to_unit_rays.T
    zero = np.zeros_like(a)
    rows = np.concatenate(
        [
            np.concatenate([a, zero, -b[:, :1] * a], axis=1),
            np.concatenate([zero, a, -b[:, 1:2] * a], axis=1),
        ]
    )
    _, strengths, directions = np.linalg.svd(rows)
    if strengths[7] < 1e-6 * strengths[0]:
        raise clustered()
    unit = directions[-1].reshape(3, 3)
    homography = np.linalg.inv(to_unit_rays) @ unit @ to_unit_ground
    depths = _homogeneous(ground) @ homography[2]
    return np.asarray(homography * (1.0 if np.median(depths) > 0 else -1.0))


def _to_unit(points: Floats) -> Floats:
    """3 x 3 that moves points to mean 0 and mean distance sqrt 2."""
    middle = points.mean(axis=0)
    spread = np.hypot(*(points - middle).T).mean()
    scale = math.sqrt(2) / spread
    return np.array([[scale, 0, -scale * middle[0]], [0, scale, -scale * middle[1]], [0, 0, 1.0]])


def _homogeneous(points: Floats) -> Floats:
    return np.concatenate([points, np.ones((len(points), 1))], axis=1)


def _taken_apart(homography: Floats, focal_share: float) -> Floats:
    """The seven numbers of the pose whose ground-to-ray mapping is nearest to `homography`."""
    scale = 2 / (np.linalg.norm(homography[:, 0]) + np.linalg.norm(homography[:, 1]))
    x_axis, y_axis, place = (scale * homography).T
    sides, _, turns = np.linalg.svd(np.stack([x_axis, y_axis, np.cross(x_axis, y_axis)], axis=1))
    rotation = sides @ np.diag([1, 1, np.linalg.det(sides @ turns)]) @ turns
    camera = -rotation.T @ place
    if camera[2] <= 0:
        raise LaneError(
            "the points' order is mirrored: the ground would be seen from below; left and right "
            "(y_m grows to the left of travel) or two points' pixels are swapped: check them"
        )
    right, down, view = rotation
    tilt = math.asin(float(np.clip(-view[2], -1, 1)))
    pan = math.atan2(view[1], view[0])
    level_right = np.array([math.sin(pan), -math.cos(pan), 0.0])
    roll = math.atan2(float(down @ level_right), float(right @ level_right))
    return np.array([*camera, pan, tilt, roll, math.log(focal_share)])


# --------------------------------------------------------------------------- refinement


def _pose(numbers: Floats, lens: Lens) -> CameraPose:
    x, y, height, pan, tilt, roll, log_share = (float(n) for n in numbers)
    log_share = min(max(log_share, -_LOG_SHARE_MOST), _LOG_SHARE_MOST)
    pan = math.remainder(pan, 2 * math.pi)
    return CameraPose(
        lens.with_focal(lens.focal_px * math.exp(log_share)), x, y, height, pan, tilt, roll
    )


def _numbers(pose: CameraPose) -> Floats:
    """The numbers of a pose relative to its own lens."""
    p = pose
    return np.array([p.x_m, p.y_m, p.height_m, p.pan_rad, p.tilt_rad, p.roll_rad, 0.0])


def _on_ground(ground: Floats) -> Floats:
    return np.concatenate([ground, np.zeros((len(ground), 1))], axis=1)


def _projected(numbers: Floats, ground: Floats, lens: Lens) -> Floats:
    """Across and down pixel of every point in turn, (2N,)."""
    return _pose(numbers, lens).to_pixels(_on_ground(ground)).ravel()


def _slopes(numbers: Floats, ground: Floats, lens: Lens) -> Floats:
    """Jacobian (2N, 7) of `_projected` by central differences."""
    columns = []
    for index, step in enumerate(_DIFFERENCES):
        nudge = np.zeros(7)
        nudge[index] = step
        more = _projected(numbers + nudge, ground, lens)
        less = _projected(numbers - nudge, ground, lens)
        columns.append((more - less) / (2 * step))
    return np.stack(columns, axis=1)


def _best(
    starts: Sequence[Floats], ground: Floats, seen: Floats, lens: Lens, solve_focal: bool
) -> Floats:
    """The refined start with the least reprojection error."""
    free = np.arange(7 if solve_focal else 6)
    found = []
    for start in starts:
        first = start if solve_focal else np.append(start[:6], 0.0)
        found.append(
            refined(first, free, lambda n: _projected(n, ground, lens) - seen.ravel(),
                     lambda n: _slopes(n, ground, lens))
        )  # fmt: skip
    cost, numbers = min(found, key=lambda pair: pair[0])
    if not math.isfinite(cost):
        raise LaneError(
            "the points fit no camera: some would have to lie above the horizon; "
            "check that x_px, y_px belong to the same points as x_m, y_m"
        )
    return numbers


def _covariance(
    numbers: Floats, ground: Floats, seen: Floats, lens: Lens, focal_sigma: float
) -> Floats:
    """Covariance (7, 7) at the solution; `focal_sigma` is what else is known of log focal."""
    miss = _projected(numbers, ground, lens) - seen.ravel()
    spare = len(miss) - (7 if math.isinf(focal_sigma) else 6)
    variance = max(POINT_SIGMA_PX**2, float(miss @ miss) / spare)
    slope = _slopes(numbers, ground, lens)
    knowledge = slope.T @ slope / variance
    knowledge[6, 6] += 0.0 if math.isinf(focal_sigma) else focal_sigma**-2
    scale = 1 / np.sqrt(np.diag(knowledge) + 1e-300)
    inverse = np.linalg.pinv(knowledge * scale[:, None] * scale, rcond=1e-14, hermitian=True)
    return np.asarray(inverse * scale[:, None] * scale)
