"""The calibration still with the lane drawn over it, for a person to judge by eye.

Decides nothing. Called by `programs.calibrate`.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from rig.core.camera_pose import Floats
from rig.core.lane import Site
from rig.records import Picture

_LINE = (60, 220, 60)
_BOX = (255, 160, 40)
_EXIT = (60, 60, 255)
_MARK = (0, 220, 255)
_POINT = (255, 60, 255)
_STEP_M = 0.25
_MARKS_M = 5.0


def draw_site(
    still: Picture, site: Site, names: Sequence[str] = (), pixels: Floats | None = None
) -> Picture:
    """A copy of the still with lane lines, 5 m marks, start box, exit zone and the points.

    Points are circles where they were clicked; `names` and `pixels` (N, 2) go together.
    """
    picture = still.copy()
    lane = site.lane
    half = lane.width_m / 2
    box_end = lane.box_start_m + lane.box_length_m
    exit_start = lane.length_m - lane.exit_zone_m
    for across in (-half, half):
        _draw_path(picture, site, _along(0.0, lane.length_m, across), _LINE)
        _draw_path(picture, site, _along(lane.box_start_m, box_end, across), _BOX)
        _draw_path(picture, site, _along(exit_start, lane.length_m, across), _EXIT)
    for along, colour in (
        (lane.box_start_m, _BOX),
        (box_end, _BOX),
        (exit_start, _EXIT),
        (lane.length_m, _EXIT),
    ):
        _draw_path(picture, site, _across(along, half), colour)
    for along in np.arange(0.0, lane.length_m + 1e-9, _MARKS_M):
        _draw_mark(picture, site, float(along), half)
    if pixels is not None:
        for name, (x, y) in zip(names, pixels, strict=True):
            cv2.circle(picture, (round(x), round(y)), 4, _POINT, 1, cv2.LINE_AA)
            _write(picture, name, (x + 6, y - 4), _POINT)
    return picture


def _along(start_m: float, end_m: float, across_m: float) -> Floats:
    steps = max(2, int((end_m - start_m) / _STEP_M) + 1)
    along = np.linspace(start_m, end_m, steps)
    return np.stack([along, np.full(steps, across_m)], axis=1)


def _across(along_m: float, half_m: float) -> Floats:
    return np.array([[along_m, -half_m], [along_m, 0.0], [along_m, half_m]])


def _to_pixels(site: Site, lane_m: Floats) -> Floats:
    ground = site.lane.to_ground(lane_m)
    return site.pose.to_pixels(np.column_stack([ground, np.zeros(len(ground))]))


def _draw_path(picture: Picture, site: Site, lane_m: Floats, colour: tuple[int, int, int]) -> None:
    """Piece by piece, in sixteenths of a pixel, without what is not imaged or far outside."""
    pixels = _to_pixels(site, lane_m)
    far = 4 * max(picture.shape[:2])
    usable = np.isfinite(pixels).all(axis=1) & (np.abs(np.nan_to_num(pixels)) < far).all(axis=1)
    for n in range(len(pixels) - 1):
        if usable[n] and usable[n + 1]:
            ends = [(round(float(x) * 16), round(float(y) * 16)) for x, y in pixels[n : n + 2]]
            cv2.line(picture, ends[0], ends[1], colour, 1, cv2.LINE_AA, 4)


def _draw_mark(picture: Picture, site: Site, along_m: float, half_m: float) -> None:
    _draw_path(picture, site, _across(along_m, half_m), _MARK)
    x, y = _to_pixels(site, np.array([[along_m, -half_m]]))[0]
    if np.isfinite(x) and 0 <= x < picture.shape[1] and 0 <= y < picture.shape[0]:
        _write(picture, f"{along_m:g} m", (x + 4, y + 4), _MARK)


def _write(
    picture: Picture, text: str, at: tuple[float, float], colour: tuple[int, int, int]
) -> None:
    where = (round(float(at[0])), round(float(at[1])))
    for thick, ink in ((3, (0, 0, 0)), (1, colour)):
        cv2.putText(picture, text, where, cv2.FONT_HERSHEY_SIMPLEX, 0.4, ink, thick, cv2.LINE_AA)
