"""What makes calibration points or a solved pose unbelievable, each with its sentence.

Decides refusal only; solves nothing. Called by `pose_fit`.
"""

from __future__ import annotations

import numpy as np

from rig.core.camera_pose import CameraPose, Floats, Lens
from rig.errors import LaneError

ERROR_MOST_SHARE = 0.01
"""Worst point's error at most, of the picture's width: 12.8 px at 1280. A careful click is good
to 1 or 2 px; a foot's width wrong on the tape at 10 m is about 10 px."""
FOCAL_LEAST_SHARE, FOCAL_MOST_SHARE = 0.5, 2.0

_SPREAD_LEAST_M = 0.1
_SPREAD_LEAST_SHARE = 0.005
_SPREAD_LEAST_PX = 3.0


def clustered() -> LaneError:
    """The refusal for points that leave the plane undetermined."""
    return LaneError(
        "the points lie on a line, or all but one do: they do not fix the ground; "
        "measure points on both sides of the lane, near and far, no three of four on one line"
    )


def check_points(ground: Floats, pixels: Floats, lens: Lens, names: tuple[str, ...]) -> None:
    """Refuse points that no camera could have seen so, before solving."""
    if ground.shape != pixels.shape or ground.ndim != 2 or ground.shape[1:] != (2,):
        raise LaneError(
            f"ground points are {ground.shape} and pixels {pixels.shape}; "
            "give as many (x_px, y_px) as (x_m, y_m)"
        )
    if len(ground) < 4:
        raise LaneError(f"{len(ground)} points given; at least 4 are needed, better 6: add more")
    for name, place, pixel in zip(names, ground, pixels, strict=True):
        _check_point(name, place, pixel, lens)
    _check_spread(ground, pixels)


def _check_point(name: str, place: Floats, pixel: Floats, lens: Lens) -> None:
    if not (np.all(np.isfinite(place)) and np.all(np.isfinite(pixel))):
        raise LaneError(
            f"point {name} holds a number that is not finite (x_m, y_m = {place[0]:g}, "
            f"{place[1]:g}, x_px, y_px = {pixel[0]:g}, {pixel[1]:g}); measure it again"
        )
    is_inside = 0 <= pixel[0] <= lens.width_px and 0 <= pixel[1] <= lens.height_px
    if not is_inside or not np.all(np.isfinite(lens.to_rays(pixel[None]))):
        raise LaneError(
            f"point {name} at ({pixel[0]:g}, {pixel[1]:g}) px is outside the {lens.width_px} x "
            f"{lens.height_px} picture of lens {lens.name}; give pixels of the still itself"
        )


def _check_spread(ground: Floats, pixels: Floats) -> None:
    long_m, short_m = _spread(ground)
    if short_m < max(_SPREAD_LEAST_M, _SPREAD_LEAST_SHARE * long_m):
        raise LaneError(
            f"the points lie on a line within {short_m:.2f} m (limit {_SPREAD_LEAST_M:g} m and "
            f"{100 * _SPREAD_LEAST_SHARE:g} % of their length); add points beside that line"
        )
    _, short_px = _spread(pixels)
    if short_px < _SPREAD_LEAST_PX:
        raise LaneError(
            f"the points lie on a line within {short_px:.1f} px in the picture (limit "
            f"{_SPREAD_LEAST_PX:g} px); use points farther apart or mount the camera higher"
        )


def _spread(points: Floats) -> tuple[float, float]:
    """Root mean square extent along and across the line that fits the points best."""
    strengths = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
    long, short = strengths / np.sqrt(len(points))
    return float(long), float(short)


def check_pose(
    pose: CameraPose, ground: Floats, pixels: Floats, lens: Lens, names: tuple[str, ...]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Errors a point in px and in m; LaneError where the solved pose is unbelievable."""
    if pose.height_m <= 0:
        raise LaneError(
            f"the camera would be {-pose.height_m:.2f} m below the ground; "
            "left and right or two points are swapped: check them"
        )
    share = pose.lens.focal_px / lens.focal_px
    if not FOCAL_LEAST_SHARE <= share <= FOCAL_MOST_SHARE:
        raise LaneError(
            f"focal length comes out at {pose.lens.focal_px:.0f} px, {share:.2f} of lens "
            f"{lens.name} (limit {FOCAL_LEAST_SHARE:g} to {FOCAL_MOST_SHARE:g}); check the "
            "points, or name the lens that is really mounted"
        )
    flat = np.concatenate([ground, np.zeros((len(ground), 1))], axis=1)
    errors_px = np.hypot(*(pose.to_pixels(flat) - pixels).T)
    worst = int(errors_px.argmax())
    most_px = ERROR_MOST_SHARE * lens.width_px
    if errors_px[worst] > most_px:
        raise LaneError(
            f"point {names[worst]} is {errors_px[worst]:.1f} px from where the others put it "
            f"(limit {most_px:.1f} px); measure it again and look for swapped points"
        )
    errors_m = np.hypot(*(pose.to_ground(pixels) - ground).T)
    for name, error_m in zip(names, errors_m, strict=True):
        if not np.isfinite(error_m):
            raise LaneError(
                f"point {name} lies above the horizon in the picture; it cannot be on the "
                "ground: check its pixels"
            )
    return tuple(float(e) for e in errors_px), tuple(float(e) for e in errors_m)
