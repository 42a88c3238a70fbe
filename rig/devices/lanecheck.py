"""The class-free lane check: reports what lies on the lane and was not there when it was empty.

Samples the picture along a map made once, hides what the detector explained, and joins strange
cells to things. Which cell is strange is decided in `core.lane_strip`. Does not say what a thing
is, and sees no grey thing on grey ground as dark as a shadow. Called once a frame by the programs.
"""

from __future__ import annotations

import itertools
import math

import cv2
import numpy as np

from rig.config import LaneCheckOptions
from rig.core.lane import Site
from rig.core.lane_strip import SAMPLES, SHAKE_PX, Flags, Floats, Hold, Reference, lay_strip
from rig.core.lane_strip import is_thing as is_thing_size
from rig.errors import LaneError
from rig.records import Box, Detection, Kind, Picture, ViewShift

_SAME_VIEW_PX = 0.1
_GROW_SHARE, _GROW_PX = 0.06, 4.0
"""A silhouette is hidden this much larger: hair, hands and the contact shadow stick out."""
_BOX_LEAST_PX = 4.0
_SCORE_LEAST = 0.5


class LaneCheck:
    """Compares each picture with `reference`, which the coach confirmed to show an empty lane.

    `view` is how the reference lies against the calibration still (None: as the still itself).
    Raises LaneError where the lane is not in view or the reference has another size than the
    site's lens.
    """

    def __init__(
        self,
        site: Site,
        options: LaneCheckOptions,
        reference: Picture,
        view: ViewShift | None = None,
    ) -> None:
        lens = site.pose.lens
        self._size = (lens.width_px, lens.height_px)
        self._options = options
        self._strip = lay_strip(site, options.cell_m, options.range_m)
        self._hold = Hold(self._strip.is_near.shape, options.hold_s)
        self._t_ns: int | None = None
        self._aim(view or ViewShift())
        self._require_size(reference)
        self._reference = Reference(self._shifted(reference))

    def look(
        self,
        picture: Picture,
        view: ViewShift | None,
        silhouettes: tuple[Box, ...],
        t_ns: int,
    ) -> tuple[Detection, ...]:
        """Strange things in this picture, boxes in its pixels.

        `view` None gives no judgement; `silhouettes` are boxes of what the detector explained.
        Time going backwards begins every hold anew. Raises LaneError for another picture size.
        """
        self._require_size(picture)
        if view is None:
            return ()
        elapsed_s = 0.0 if self._t_ns is None else (t_ns - self._t_ns) / 1e9
        self._t_ns = t_ns
        if elapsed_s < 0:
            self._hold = Hold(self._strip.is_near.shape, self._options.hold_s)
        if _differs(view, self._view, self._size):
            self._aim(view)
        is_judged = self._is_seen & ~self._hidden(silhouettes)
        cells = _sample(picture, self._x, self._y)
        learn = min(1.0, max(elapsed_s, 0.0) / self._options.adapt_s)
        is_strange, strangeness = self._reference.compare(cells, is_judged, learn)
        held = self._hold.follow(is_strange, is_judged, elapsed_s)
        return self._things(held, strangeness) if held.any() else ()

    def _require_size(self, picture: Picture) -> None:
        height, width = picture.shape[:2]
        if (width, height) != self._size:
            raise LaneError(
                f"picture is {width}x{height} px but the lane was calibrated for "
                f"{self._size[0]}x{self._size[1]} px; calibrate again with this camera mode"
            )

    def _aim(self, view: ViewShift) -> None:
        """Lay the map over a picture with this view shift."""
        samples = _seen_at(self._strip.samples_px, view, self._size)
        self._view = view
        self._x, self._y = (
            np.ascontiguousarray(samples[..., 0]),
            np.ascontiguousarray(samples[..., 1]),
        )
        middles = samples[SAMPLES // 2 :: SAMPLES, SAMPLES // 2 :: SAMPLES]
        self._middle_x, self._middle_y = (
            np.ascontiguousarray(middles[..., 0]),
            np.ascontiguousarray(middles[..., 1]),
        )
        self._corners = _seen_at(self._strip.corners_px, view, self._size)
        self._is_seen = self._strip.is_near & _all_inside(self._corners, self._size)

    def _shifted(self, reference: Picture) -> list[Floats]:
        """Cell colours of the reference for every shift that may remain, unshifted first."""
        steps = (0.0, -SHAKE_PX, SHAKE_PX)
        return [
            _sample(reference, self._x + np.float32(dx), self._y + np.float32(dy))
            for dx, dy in itertools.product(steps, steps)
        ]

    def _hidden(self, silhouettes: tuple[Box, ...]) -> Flags:
        """Cells whose middle a silhouette covers: what it stands on and what it hides beyond."""
        hidden = np.zeros(self._is_seen.shape, np.bool_)
        x, y = self._middle_x, self._middle_y
        for box in silhouettes:
            grow_x = _GROW_PX + _GROW_SHARE * box.width_px
            grow_y = _GROW_PX + _GROW_SHARE * box.height_px
            hidden |= (
                (x > box.x0 - grow_x)
                & (x < box.x1 + grow_x)
                & (y > box.y0 - grow_y)
                & (y < box.y1 + grow_y)
            )
        return hidden

    def _things(self, held: Flags, strangeness: Floats) -> tuple[Detection, ...]:
        count, labels, stats, _ = cv2.connectedComponentsWithStats(
            held.astype(np.uint8), connectivity=8
        )
        found = []
        for label in range(1, count):
            left, top, width, height = (int(value) for value in stats[label, :4])
            rows, columns = slice(top, top + height), slice(left, left + width)
            cells = labels[rows, columns] == label
            if is_thing_size(self._strip, rows, columns, cells, self._options.least_m):
                box = self._box(rows, columns, cells)
                by = float(np.median(strangeness[rows, columns][cells]))
                found.append(_detection(box, by, self._size[1]))
        large = (d for d in found if min(d.box.width_px, d.box.height_px) >= _BOX_LEAST_PX)
        return tuple(sorted(large, key=lambda d: -d.score))

    def _box(self, rows: slice, columns: slice, cells: Flags) -> Box:
        """The rectangle around the cells' corners in the present picture, clipped to it."""
        window = self._corners[rows.start : rows.stop + 1, columns.start : columns.stop + 1]
        touched = np.zeros(window.shape[:2], np.bool_)
        for down, right in itertools.product((0, 1), (0, 1)):
            touched[down : down + cells.shape[0], right : right + cells.shape[1]] |= cells
        places = window[touched]
        x0, y0 = np.maximum(places.min(axis=0), 0.0)
        x1, y1 = np.minimum(places.max(axis=0), self._size)
        return Box(float(x0), float(y0), float(x1), float(y1))


def _detection(box: Box, strangeness: float, height_px: int) -> Detection:
    """A strange thing; its score grows from 0.5 at the limit toward 1."""
    score = _SCORE_LEAST + (1 - _SCORE_LEAST) * (1 - math.exp(1 - max(strangeness, 1.0)))
    return Detection(Kind.STRANGE, score, box, is_bottom_cut=box.y1 >= height_px - 1)


def _sample(picture: Picture, x: Floats, y: Floats) -> Floats:
    """Mean colours of the cells [row, column, 3] under a map of samples."""
    fine = cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    size = (fine.shape[1] // SAMPLES, fine.shape[0] // SAMPLES)
    mean = cv2.resize(fine, size, interpolation=cv2.INTER_AREA)
    return np.asarray(mean, dtype=np.float32)


def _seen_at(still_px: Floats, view: ViewShift, size: tuple[int, int]) -> Floats:
    """Where still pixels (.., .., 2) are seen (see `records.ViewShift`)."""
    cos, sin = math.cos(view.roll_rad), math.sin(view.roll_rad)
    turn = np.array([[cos, sin], [-sin, cos]], np.float32)
    centre = np.array(size, np.float32) / 2
    there = centre + np.array([view.dx_px, view.dy_px], np.float32)
    return np.asarray((still_px - centre) @ turn + there, dtype=np.float32)


def _all_inside(corners: Floats, size: tuple[int, int]) -> Flags:
    """Cells whose four corners are in the picture."""
    inside = ((corners >= 0) & (corners <= np.array(size, np.float32))).all(axis=2)
    flags = np.asarray(inside, dtype=np.bool_)
    return np.asarray(flags[:-1, :-1] & flags[1:, :-1] & flags[:-1, 1:] & flags[1:, 1:])


def _differs(view: ViewShift, other: ViewShift, size: tuple[int, int]) -> bool:
    turned_px = abs(view.roll_rad - other.roll_rad) * max(size) / 2
    moved_px = math.hypot(view.dx_px - other.dx_px, view.dy_px - other.dy_px)
    return moved_px + turned_px > _SAME_VIEW_PX
