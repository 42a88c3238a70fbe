"""What `rig calibrate` tells the person, as text.

Decides only how numbers are laid out. Called by `programs.calibrate`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rig.core.lane import Site
from rig.core.points_file import Points
from rig.core.pose_fit import PoseFit
from rig.core.range_card import RangeCard
from rig.records import Picture


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """What calibrating found: the site, the fit behind it and its range card."""

    site: Site
    fit: PoseFit
    points: Points
    card: RangeCard
    still: Picture | None


def report(found: Calibration) -> str:
    """The tables that the person reads: points, camera, range card, guarded speed, notes."""
    return "\n\n".join(
        [_points_table(found), _camera_lines(found), _card_table(found.card), _advice(found)]
    )


def _points_table(found: Calibration) -> str:
    width = max(5, *(len(name) for name in found.points.names))
    rows = [f"{'point':<{width}}  {'x':>8} {'y':>8}  {'error':>8} {'error':>9}"]
    for name, (x, y), error_px, error_m in zip(
        found.points.names, found.points.ground_m, found.fit.errors_px, found.fit.errors_m,
        strict=True,
    ):  # fmt: skip
        rows.append(
            f"{name:<{width}}  {x:>6.2f} m {y:>6.2f} m"
            f"  {error_px:>5.1f} px {100 * error_m:>6.1f} cm"
        )
    return "\n".join(rows)


def _camera_lines(found: Calibration) -> str:
    pose, lens, sigma = found.fit.pose, found.fit.pose.lens, np.sqrt(np.diag(found.fit.covariance))
    rows = (
        ("height", f"{pose.height_m:.2f} m", f"{sigma[2]:.2f} m"),
        ("place", f"x {pose.x_m:.2f} m, y {pose.y_m:.2f} m", f"{math.hypot(*sigma[:2]):.2f} m"),
        ("pan", f"{math.degrees(pose.pan_rad):.2f} deg", f"{math.degrees(sigma[3]):.2f} deg"),
        (
            "tilt down",
            f"{math.degrees(pose.tilt_rad):.2f} deg",
            f"{math.degrees(sigma[4]):.2f} deg",
        ),
        ("roll", f"{math.degrees(pose.roll_rad):.2f} deg", f"{math.degrees(sigma[5]):.2f} deg"),
        (
            "focal length",
            f"{lens.focal_px:.0f} px ({lens.field_deg:.1f} deg wide)",
            f"{100 * sigma[6]:.1f} %",
        ),
    )
    return "\n".join(f"{what:<13} {value:<32} +- {spread}" for what, value, spread in rows)


def _card_table(card: RangeCard) -> str:
    rows = [f"{'range card':<19} {'seen to':>9} {'along lane':>17} {'guards up to':>13}"]
    for sight in card.sights:
        look = "tile" if sight.scale >= 1 else "whole view"
        thing = f"{sight.thing_height_m:g} m in {look}"
        if sight.from_along_m is None or sight.to_along_m is None:
            rows.append(f"{thing:<19} {'nowhere':>9}")
            continue
        stretch = f"{sight.from_along_m:.1f} to {sight.to_along_m:.1f} m"
        rows.append(
            f"{thing:<19} {sight.reach_m:>7.1f} m {stretch:>17} {sight.guarded_mps:>9.1f} m/s"
        )
    rows += [f"along is known to +- {s:.2f} m at {r:g} m from the camera" for r, s in card.sigmas]
    return "\n".join(rows)


def _advice(found: Calibration) -> str:
    people, small = found.card.sights[0], found.card.sights[2]
    lines = [f"note: {note}" for note in found.fit.notes]
    start = small.from_along_m
    if start is None:
        lines.append("small things (30 cm) are seen nowhere: walk the whole lane yourself")
    elif start > 0:
        lines.append(f"walk the first {start:.1f} m of the lane yourself: 30 cm is too small there")
    lines.append(
        f"guarded speed: {people.guarded_mps:.1f} m/s for people, "
        f"{small.guarded_mps:.1f} m/s for things of 30 cm"
    )
    return "\n".join(lines)
