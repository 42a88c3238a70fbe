"""From boxes in the picture to places on the lane, with their uncertainty (design section 4).

Decides where a detection stands and how far that may be wrong; does not decide who the runner is
or what endangers them. Called by the pipeline, the tracker and the lane check.

Two places are weighed for a person: the foot, where the ray through the middle of the box's lower
edge meets the ground, and the head, where the ray through the upper edge's middle meets the level
of the person's height. `core.foot_or_head` has the rule.

Placing cannot tell who runs, so everything is an obstacle except the person that overlaps
`runner_box` best.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from rig.config import PlacingLimits
from rig.core.camera_pose import Floats
from rig.core.foot_or_head import Flags, Points, choose
from rig.core.hidden_feet import (
    find_hiding,
    guess_places,
    least_along,
    most_along,
    with_guess,
    with_hidden,
)
from rig.core.lane import Site
from rig.records import Box, Detection, Kind, Placed, ViewShift

UNREGISTERED_SIGMA_PX = 6.0
"""Scatter without registration: a mast that sways by 0.35 degrees moves a 66 degree, 1280 px
picture by 6 px; more than `HealthLimits.unregistered_s` of it is CAMERA_MOVED."""
RUNNER_OVERLAP = 0.5
LEARNT_HEIGHT_SHARE = 0.5
"""A learnt height scatters by half as much as an assumed one: knees and back still bend."""

_HEAD_SIGMA_MOST_SHARE = 0.4
"""A head place less certain than this share of its distance is not used: the camera is about as
high as the head, and its ray meets the head's level anywhere."""


class Placer:
    """Puts detections on the ground of one calibrated site."""

    def __init__(self, site: Site, limits: PlacingLimits) -> None:
        self.site = site
        self.limits = limits

    def place(
        self,
        detections: Sequence[Detection],
        view: ViewShift | None,
        runner_height_m: float | None = None,
        runner_box: Box | None = None,
    ) -> tuple[Placed, ...]:
        """Lane places of the detections, by the module's rule, in their order.

        Left out: feet at or above the horizon, farther than `range_most_m`, or on the camera's
        other side. `view` None (registration found nothing) places them as if the camera had not
        moved, with `UNREGISTERED_SIGMA_PX`. `runner_box` is the runner's last box in picture
        pixels; the person that overlaps it best (by `RUNNER_OVERLAP`) is taken for the runner,
        and `runner_height_m`, their learnt height, counts for that one only.
        """
        if not detections:
            return ()
        boxes = np.array([d.box.sides_px for d in detections])
        sizes = np.stack([boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]], axis=1)
        runs = _runner_flags(detections, runner_box)
        is_cut = np.array([d.is_bottom_cut for d in detections])
        has_head = np.array([d.kind is Kind.PERSON and not d.is_top_cut for d in detections])
        pixel_px = np.array([d.pixel_px for d in detections])
        foot_px, head_px, sigma_px = self._edges(boxes, sizes, pixel_px, view)
        hides, is_beside = find_hiding(boxes, is_cut)
        pixels = np.concatenate([foot_px, head_px])
        sigmas_px = np.concatenate([with_guess(sigma_px, boxes, is_beside), sigma_px])
        levels = self._levels(runs, runner_height_m)
        foot, head = _halves(self._candidates(pixels, sigmas_px, *levels))
        head = self._usable(head, has_head, runs & is_cut)
        most = most_along(self.site, hides, head_px, foot)
        bounds = np.column_stack([least_along(foot, is_cut & ~is_beside, most), most])
        head = guess_places(self.site, foot, head, most, runs)
        chosen, is_head = choose(
            with_hidden(self.site, foot, is_cut & ~is_beside), head, is_cut, is_beside, runs
        )
        return self._placed(detections, chosen, bounds, head_px, sizes, is_cut | is_head)

    def box_of(
        self, along_m: float, across_m: float, width_m: float, height_m: float
    ) -> Box | None:
        """Where an upright thing of that size would be seen, in the calibration still's pixels.

        Clipped to the picture; None if nothing of it would be in view.
        """
        pose, lens = self.site.pose, self.site.pose.lens
        x, y = self.site.lane.to_ground(np.array([[along_m, across_m]]))[0]
        sight = np.array([x - pose.x_m, y - pose.y_m])
        reach = float(np.hypot(*sight))
        if not reach > 0:
            return None
        side = np.array([-sight[1], sight[0]]) / reach * (width_m / 2)
        corners = [
            (x + sign * side[0], y + sign * side[1], z) for z in (0.0, height_m) for sign in (-1, 1)
        ]
        pixels = pose.to_pixels(np.array(corners))
        if not np.all(np.isfinite(pixels)):
            return None
        x0, y0 = np.maximum(pixels.min(axis=0), 0.0)
        x1, y1 = np.minimum(pixels.max(axis=0), (lens.width_px, lens.height_px))
        return Box(float(x0), float(y0), float(x1), float(y1)) if x1 > x0 and y1 > y0 else None

    # ----------------------------------------------------------------- the two candidates

    def _edges(
        self, boxes: Floats, sizes: Floats, pixel_px: Floats, view: ViewShift | None
    ) -> tuple[Floats, Floats, Floats]:
        """Lower and upper edge middles in the still's pixels, and their sigmas (N, 2)."""
        middle = (boxes[:, 0] + boxes[:, 2]) / 2
        shift = view if view is not None else ViewShift(sigma_px=UNREGISTERED_SIGMA_PX)
        centre = np.array([self.site.pose.lens.width_px, self.site.pose.lens.height_px]) / 2
        foot = _to_still(np.stack([middle, boxes[:, 3]], axis=1), shift, centre)
        head = _to_still(np.stack([middle, boxes[:, 1]], axis=1), shift, centre)
        limits = self.limits
        least_px = limits.foot_sigma_px * np.maximum(pixel_px, 1.0)[:, None]
        scatter = np.maximum(least_px, limits.foot_sigma_share * sizes)
        tilt_px = self.site.tilt_sigma_rad * self.site.pose.lens.focal_px
        rest = np.array([shift.sigma_px, math.hypot(shift.sigma_px, tilt_px)])
        return foot, head, np.hypot(scatter, rest)

    def _levels(self, runs: Flags, runner_height_m: float | None) -> tuple[Floats, Floats]:
        """Levels (2 N,) of feet and then heads, and their sigmas."""
        limits, feet = self.limits, np.zeros(len(runs))
        heights = np.full(len(runs), limits.person_height_m)
        sigmas = np.full(len(runs), limits.person_height_sigma_m)
        if runner_height_m is not None:
            heights = np.where(runs, runner_height_m, heights)
            sigmas = np.where(runs, LEARNT_HEIGHT_SHARE * sigmas, sigmas)
        return np.concatenate([feet, heights]), np.concatenate([feet, sigmas])

    def _usable(self, found: Points, has_head: Flags, blind: Flags) -> Points:
        """Head candidates; NaN where there is no head to see or it says too little.

        `blind`: a runner with hidden feet, of whom nothing else says anything: taken however
        vague, for what it says adds up over a run (trials: hurdle left in the lane).
        """
        is_vague = found.along_sigma > _HEAD_SIGMA_MOST_SHARE * self._reach(found.ground)
        lost = ~has_head | (is_vague & ~blind) | ~np.isfinite(found.along_sigma)
        return replace(found, lane=np.where(lost[:, None], np.nan, found.lane))

    def _candidates(
        self, pixels: Floats, sigma_px: Floats, z_m: Floats, z_sigma_m: Floats
    ) -> Points:
        """Where rays meet the levels `z_m`, with sigmas from differences one sigma wide."""
        lane = self.site.lane
        ground, moves = self._moved(pixels, sigma_px, z_m, z_sigma_m)
        on_lane = lane.to_lane(ground)
        along = np.where(np.isfinite(on_lane[:, 0]), on_lane[:, 0], 0.0)
        travel = lane.directions(along)
        left = np.stack([-travel[:, 1], travel[:, 0]], axis=1)
        along_sigma = np.sqrt(sum((move * travel).sum(axis=1) ** 2 for move in moves))
        across_sigma = np.sqrt(sum((move * left).sum(axis=1) ** 2 for move in moves))
        return Points(ground, on_lane, along_sigma, across_sigma)

    def _moved(
        self, pixels: Floats, sigma_px: Floats, z_m: Floats, z_sigma_m: Floats
    ) -> tuple[Floats, list[Floats]]:
        """Ground places (N, 2), and how far one sigma across, down and of the level moves them.

        One call for all seven rays of each: numpy's calls cost more than its sums here.
        """
        count = len(pixels)
        steps_px, steps_m = np.zeros((7, count, 2)), np.zeros((7, count))
        steps_px[1, :, 0], steps_px[3, :, 1] = sigma_px[:, 0], sigma_px[:, 1]
        steps_m[5] = z_sigma_m
        steps_px[2::2], steps_m[2::2] = -steps_px[1::2], -steps_m[1::2]
        found = self.site.pose.to_level(
            (pixels + steps_px).reshape(-1, 2), (z_m + steps_m).reshape(-1)
        ).reshape(7, count, 2)
        pairs = zip(found[1::2], found[2::2], strict=True)
        return found[0], [_half(more, found[0], less) for more, less in pairs]

    def _reach(self, ground: Floats) -> Floats:
        """Distance on the ground from the camera (N,)."""
        pose = self.site.pose
        return np.hypot(ground[:, 0] - pose.x_m, ground[:, 1] - pose.y_m)

    # ----------------------------------------------------------------- the outcome

    def _placed(
        self,
        detections: Sequence[Detection],
        chosen: Points,
        bounds: Floats,
        head_px: Floats,
        sizes: Floats,
        has_no_height: Flags,
    ) -> tuple[Placed, ...]:
        pose, limits = self.site.pose, self.limits
        offset = chosen.ground - (pose.x_m, pose.y_m)
        reach = np.hypot(offset[:, 0], offset[:, 1])
        facing = offset @ (math.cos(pose.pan_rad), math.sin(pose.pan_rad))
        widths = sizes[:, 0] * self._metres_per_px(chosen.ground)
        rays = pose.to_rays(head_px)
        no_height = has_no_height | np.array([d.is_top_cut for d in detections])
        heights = (
            pose.height_m + rays[:, 2] / np.fmax(np.hypot(rays[:, 0], rays[:, 1]), 1e-9) * reach
        )
        kept = (reach <= limits.range_most_m) & (facing > 0) & np.isfinite(widths)
        table = np.column_stack(
            [chosen.lane, chosen.along_sigma, chosen.across_sigma, widths, heights, bounds]
        ).tolist()
        return tuple(
            Placed(found, along, across, sigma, side, width, None if flat else tall,
                   _known(low), _known(most))
            for found, (along, across, sigma, side, width, tall, low, most), flat, is_kept
            in zip(detections, table, no_height.tolist(), kept.tolist(), strict=True)
            if is_kept
        )  # fmt: skip

    def _metres_per_px(self, ground: Floats) -> Floats:
        """Across the line of sight, half a metre above the places on the ground."""
        pose = self.site.pose
        middle = np.column_stack([ground, np.full(len(ground), 0.5)])
        side = pose.axes[0] * 0.25
        left, right = np.split(pose.to_pixels(np.concatenate([middle - side, middle + side])), 2)
        return np.asarray(0.5 / np.hypot(*(right - left).T), dtype=np.float64)


def _known(bound_m: float) -> float | None:
    return bound_m if math.isfinite(bound_m) else None


def _runner_flags(detections: Sequence[Detection], runner_box: Box | None) -> Flags:
    """True for the one person that overlaps the runner's last box best, if enough."""
    flags = np.zeros(len(detections), dtype=np.bool_)
    if runner_box is not None:
        overlaps = np.array([_overlap(found, runner_box) for found in detections])
        flags[overlaps.argmax()] = overlaps.max() > RUNNER_OVERLAP
    return flags


def _overlap(found: Detection, runner_box: Box) -> float:
    """Overlap with the runner's box, of which only the part above hidden feet can be seen."""
    if found.kind is not Kind.PERSON:
        return 0.0
    last = found.box.y1 if found.is_bottom_cut else math.inf
    seen = Box(runner_box.x0, runner_box.y0, runner_box.x1, min(runner_box.y1, last))
    return found.box.overlap(seen) if seen.height_px > 0 else 0.0


def _to_still(pixels: Floats, view: ViewShift, centre: Floats) -> Floats:
    """Undo a view shift: picture pixels to the calibration still's (see `ViewShift`)."""
    cos, sin = math.cos(view.roll_rad), math.sin(view.roll_rad)
    turned = pixels - (view.dx_px, view.dy_px) - centre
    back = np.array([[cos, -sin], [sin, cos]])
    return np.asarray(turned @ back + centre, dtype=np.float64)


def _half(more: Floats, middle: Floats, less: Floats) -> Floats:
    """Half the difference; where one end has no place (horizon), the other end's whole one."""
    one_sided = np.where(np.isfinite(more), more - middle, middle - less)
    both = (more - less) / 2
    return np.where(np.isfinite(both), both, one_sided)


def _halves(both: Points) -> tuple[Points, Points]:
    """Candidates that were reckoned together: of feet, then of heads."""
    parts = [
        np.split(each, 2) for each in (both.ground, both.lane, both.along_sigma, both.across_sigma)
    ]
    return Points(*(part[0] for part in parts)), Points(*(part[1] for part in parts))
