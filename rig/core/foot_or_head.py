"""Foot or head: which of a person's two places is believed, and how far it may be wrong.

Called by `core.placing`, which finds the candidates. The rule, with "free gap" being what lies
between runner and obstacle:

* foot visible, head agrees or is not usable: the foot.
* foot visible, head disagrees (`DISAGREE_SIGMAS`): the one with the smaller gap. If that is the
  foot, its own sigma stays, because a shorter or bent person explains a low head. If it is the
  head (a shadow or reflection lengthened the box; feet off the ground), sigma grows to reach the
  foot.
* foot flagged as hidden, but the lower edge is seen well below the top of what should hide it
  (`is_beside`): it is seen beside that thing, or the detector guesses it; the foot, with a sigma
  for a guess, unless the head disagrees.
* foot cut or hidden: the ray through the lower edge is then no place but a bound, for the true
  foot is lower in the picture. The runner is where the head says, with the head's sigma, unless
  that contradicts the bound; the tracker keeps the estimate within it. An obstacle is at the
  bound, the smaller gap, but no farther from its head than `DISAGREE_SIGMAS`, and sigma reaches
  the head. With no usable head the foot's bound, as if half a metre of the thing were hidden.

An obstacle's smaller gap is the smaller `along_m`, the runner's the larger; but a runner whose
foot is visible stays at the foot, for a low head is what a fall looks like (`core.fall`).

Once sigma reached from the head to the bound for the runner too: above somebody's head that bound
is tens of metres away, so that no sighting moved the lock any more, and it coasted past who stood
there or stayed where it was (trials: standing person, standing child).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rig.core.camera_pose import Floats

Flags = NDArray[np.bool_]

DISAGREE_SIGMAS = 2.0


@dataclass(frozen=True, slots=True)
class Points:
    """Candidate places (foot or head) of all detections: ground (N, 2), sigmas, lane (N, 2)."""

    ground: Floats
    lane: Floats
    along_sigma: Floats
    across_sigma: Floats


def choose(
    foot: Points, head: Points, is_cut: Flags, is_beside: Flags, runs: Flags
) -> tuple[Points, Flags]:
    """The module's rule, and which detections it placed by their head."""
    with np.errstate(invalid="ignore"):
        apart = head.lane[:, 0] - foot.lane[:, 0]
        scatter = np.hypot(head.along_sigma, foot.along_sigma)
        is_cut = is_cut & ~(is_beside & ~(np.abs(apart) > DISAGREE_SIGMAS * scatter))
        differ = is_cut | (np.abs(apart) > DISAGREE_SIGMAS * scatter)
        is_taller = ~(-apart > DISAGREE_SIGMAS * scatter)
        is_nearer = np.where(runs, is_cut & is_taller, apart < 0)
        reach = DISAGREE_SIGMAS * head.along_sigma
        is_far = is_cut & ~runs & (apart > reach)
    has_head, has_foot = np.isfinite(head.lane[:, 0]), np.isfinite(foot.lane[:, 0])
    by_head = has_head & np.where(has_foot, (differ & is_nearer) | is_far, is_cut)
    rows = by_head[:, None]
    sigma = np.where(by_head, head.along_sigma, foot.along_sigma)
    widen = has_head & has_foot & (by_head | is_cut) & ~(runs & by_head) & ~is_far
    sigma = np.where(widen, np.fmax(sigma, np.abs(apart)), sigma)
    sigma = np.where(is_far & by_head, reach, sigma)
    lane = np.where(rows, head.lane, foot.lane)
    lane[:, 0] -= np.where(is_far & by_head, reach, 0.0)
    return Points(
        np.where(rows, head.ground, foot.ground),
        lane,
        sigma,
        np.where(by_head, head.across_sigma, foot.across_sigma),
    ), by_head
