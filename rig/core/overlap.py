"""How much of one box lies in another; used wherever one thing may hide or repeat another."""

from __future__ import annotations

from rig.records import Box


def share_inside(box: Box, outer: Box) -> float:
    """Share of a box's area inside another, 0 to 1."""
    width = min(box.x1, outer.x1) - max(box.x0, outer.x0)
    height = min(box.y1, outer.y1) - max(box.y0, outer.y0)
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / max(box.width_px * box.height_px, 1e-9)
