"""What is known of somebody whose feet are hidden, from what hides them.

Who stands beyond a thing is not nearer to the camera than it, and not farther than the ray
through the lowest part that shows. Gives these bounds along the lane, and says which feet show
although a box in front holds them. Called by `core.placing`; `core.foot_or_head` chooses places.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rig.core.boxes import HIDING_PX, HIDING_SHARE, find_hiders
from rig.core.camera_pose import Floats
from rig.core.foot_or_head import Flags, Points
from rig.core.lane import Site

HIDER_GAP_M = 0.4
"""Whose feet are hidden stands at least this much farther away than what hides them: half the
depth of each body, less what a box's lower edge scatters [J]."""
GUESS_SHARE = 0.06
"""A lower edge seen beside what should hide it, or guessed by the detector, scatters by this much
of the height [J]: twice a free one."""
HIDDEN_M = 0.5
"""Of a thing whose foot is hidden and whose head says nothing, so much may be hidden [J]."""


def find_hiding(boxes: Floats, is_cut: Flags) -> tuple[Flags, Flags]:
    """(N, N) which whole box j hides the feet of i, and (N,) whose foot shows all the same.

    What hides cuts the other's box off at its own top. A lower edge well below every such top is
    no cut edge.
    """
    hides = find_hiders(boxes, does_touch=True) & is_cut[:, None]
    y0, y1 = boxes[:, 1], boxes[:, 3]
    margin = np.maximum(HIDING_PX, HIDING_SHARE * (y1 - y0))
    is_over = hides & (y1[:, None] <= y0[None, :] + margin[:, None])
    is_beside = np.asarray(hides.any(axis=1) & ~is_over.any(axis=1), dtype=np.bool_)
    return hides & ~is_cut[None, :], is_beside


def with_guess(sigma_px: Floats, boxes: Floats, is_beside: Flags) -> Floats:
    """(N, 2) what lower edges scatter, where some of them are guessed."""
    guess_px = np.where(is_beside, GUESS_SHARE * (boxes[:, 3] - boxes[:, 1]), 0.0)
    return np.column_stack([sigma_px[:, 0], np.hypot(sigma_px[:, 1], guess_px)])


def with_hidden(site: Site, foot: Points, is_cut: Flags) -> Points:
    """The feet's bounds as places of their own: as if `HIDDEN_M` of the thing were hidden."""
    hidden = np.where(is_cut, _reach(site, foot) * HIDDEN_M / site.pose.height_m, 0.0)
    return replace(foot, along_sigma=np.hypot(foot.along_sigma, hidden))


def most_along(site: Site, hides: Flags, head_px: Floats, foot: Points) -> Floats:
    """(N,) the largest `along_m` of whose feet something hides, on its own line of sight.

    Infinite where nothing does, or where the camera does not look back along the lane.
    """
    reach = _reach(site, foot)
    known = hides & np.isfinite(reach)[None, :]
    least = np.where(known, reach[None, :], -np.inf).max(axis=1) + HIDER_GAP_M
    rays = site.pose.to_rays(head_px)[:, :2]
    sight = rays / np.fmax(np.hypot(*rays.T), 1e-9)[:, None]
    camera = np.array([[site.pose.x_m, site.pose.y_m]])
    has_hider = known.any(axis=1)
    ground = camera + sight * np.where(has_hider, least, 0.0)[:, None]
    along = site.lane.to_lane(ground)[:, 0]
    is_toward = along < site.lane.to_lane(camera)[0, 0]
    return np.where(has_hider & is_toward, along, np.inf)


def least_along(foot: Points, is_cut: Flags, most: Floats) -> Floats:
    """(N,) the smallest `along_m` of whose feet something hides; the edge may err by its sigma."""
    least = foot.lane[:, 0] - foot.along_sigma
    is_known = is_cut & np.isfinite(least) & np.isfinite(most)
    return np.where(is_known, least, -np.inf)


def guess_places(site: Site, foot: Points, head: Points, most: Floats, runs: Flags) -> Points:
    """Heads, and for a runner of whom neither head nor foot says anything a guess.

    Between the lane's start and what hides the feet: the middle, give or take the whole stretch.
    That keeps them seen, and hardly moves them; with the spread of a uniform share it drew a lock
    out of the start box (trials: hurdle left in the lane).
    """
    half = np.where(np.isfinite(most), most / 2, 0.0)
    is_footless = ~(foot.lane[:, 0] >= site.lane.box_start_m - 2 * foot.along_sigma)
    is_blank = runs & np.isnan(head.lane[:, 0]) & is_footless & (half > 0)
    across = np.where(np.isfinite(head.lane[:, 1]), head.lane[:, 1], 0.0)
    middle = np.column_stack([half, across])
    rows = is_blank[:, None]
    return Points(
        np.where(rows, site.lane.to_ground(middle), head.ground),
        np.where(rows, middle, head.lane),
        np.where(is_blank, 2 * half, head.along_sigma),
        np.where(is_blank, site.lane.width_m / 2, head.across_sigma),
    )


def _reach(site: Site, points: Points) -> Floats:
    """Distance on the ground from the camera (N,)."""
    pose = site.pose
    return np.hypot(points.ground[:, 0] - pose.x_m, points.ground[:, 1] - pose.y_m)
