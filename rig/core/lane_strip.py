"""The lane unrolled to a bird's-eye strip of cells, and what on it differs from the reference.

Decides which cells look strange and for how long they have; does not sample pictures or join
cells to things (`devices.lanecheck` does, and is the only caller). Arrays are [row, column]:
rows along the lane, columns across it from -across to +across.

Light is told from things by three measures of a cell's mean colour, all logarithms of ratios to
the reference: luma, red over green, blue over green. Light that changes over the whole strip or
slowly along it moves a block of cells together and is subtracted. A cast shadow lowers luma by
at most `_SHADOW_MOST` and hardly moves the colour, only toward blue, because the sky still lights
it; it may have any edge. So a cell is strange when it is darker than a shadow can be, brighter
than the brightest lit part of the strip explains, or of another colour. A grey thing on grey
ground inside these limits is not found: the price of never reporting a shadow.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rig.core.lane import Site
from rig.errors import LaneError

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]

SAMPLES = 3
"""Picture samples per cell and direction; nine halve the noise twice over."""
SIDE_M = 0.3
"""The corridor is the lane and this on each side: half a thing that stands beside it."""
SHAKE_PX = 1.5
"""What registration may leave; the reference is known within this shift, not only at it."""
_ROW_LEAST_PX = 1.0
_BLOCK_ROWS = 10
_DARK_LEVELS = 6.0
"""Added to each channel, so that noise in black is not a colour."""
_SHADOW_MOST = 0.95
"""Log of the picture's luma ratio: 0.39, which is 0.13 of the light at gamma 2.2; open shade
under a clear sky keeps 0.15 to 0.3 of sunlight."""
_DARK_BLOCK = 0.35
_BRIGHT_LEAST = 0.2
_COLOUR_LEAST = 0.12
_NOISE_LEVELS = 1.5
_NOISE_SIGMAS = 3.0
_SHADOW_RED, _SHADOW_BLUE = 0.14, 0.18
"""How far a shadow may lose red and gain blue against green: skylight is bluer than sunlight."""
_BLOCK_COLOUR_MOST = 0.08
_CLIPPED = 247.0
_LIT_SHARE = 0.6
_LEARN_LUMA, _LEARN_COLOUR = 0.25, 0.08
_GAP_MOST_S = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """Where the cells lie: pixels of the calibration still, shapes by [row, column].

    `samples_px` (rows * SAMPLES, columns * SAMPLES, 2), `corners_px` (rows + 1, columns + 1, 2),
    `row_m` (rows,) each row's length along; `is_near` (rows, columns): within the range.
    """

    samples_px: Floats
    corners_px: Floats
    row_m: Floats
    cell_m: float
    is_near: Flags


def lay_strip(site: Site, cell_m: float, range_m: float) -> Strip:
    """Cells over the part of the corridor that the camera sees within `range_m` of its foot.

    Rows are `cell_m` long, and longer where that would be under one pixel. Raises LaneError
    where no part of the lane is in view.
    """
    lane, lens = site.lane, site.pose.lens
    stations = np.arange(0.0, lane.length_m + lane.run_off_m + cell_m / 2, cell_m)
    middle = np.stack([stations, np.zeros_like(stations)], axis=1)
    pixels = _pixels(site, middle)
    away = np.linalg.norm(lane.to_ground(middle) - (site.pose.x_m, site.pose.y_m), axis=1)
    is_seen = (away <= range_m) & _is_inside(pixels, lens.width_px, lens.height_px)
    seen = np.flatnonzero(is_seen)
    if len(seen) < 3:
        raise LaneError(
            f"the camera sees {len(seen)} cells of the lane within {range_m:g} m of its foot, the "
            "lane check needs 3; turn it to the lane end or raise lane_check.range_m"
        )
    kept = _long_enough(pixels, range(int(seen[0]), int(seen[-1]) + 1))
    half = lane.width_m / 2 + SIDE_M
    columns = max(3, round(2 * half / cell_m))
    across = np.linspace(-half, half, columns + 1)
    along = stations[kept]
    centres = np.stack(np.meshgrid(_middles(along), _middles(across), indexing="ij"), axis=2)
    ground = lane.to_ground(centres.reshape(-1, 2)) - (site.pose.x_m, site.pose.y_m)
    is_near = np.linalg.norm(ground, axis=1).reshape(centres.shape[:2]) <= range_m
    samples = _grid(site, _divided(along), _divided(across))
    return Strip(
        samples,
        _grid(site, along, across),
        np.diff(along).astype(np.float32),
        float(across[1] - across[0]),
        is_near,
    )


def _long_enough(pixels: NDArray[np.float64], wanted: range) -> list[int]:
    """Station indices such that neighbours are at least a pixel apart in the picture."""
    kept = [wanted[0]]
    for index in wanted[1:]:
        step = pixels[index] - pixels[kept[-1]]
        if not math.hypot(step[0], step[1]) < _ROW_LEAST_PX:
            kept.append(index)
    return kept


def _middles(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    return (edges[:-1] + edges[1:]) / 2


def _divided(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """`SAMPLES` places in each interval between edges."""
    share = (np.arange(SAMPLES) + 0.5) / SAMPLES
    return np.asarray((edges[:-1, None] + np.diff(edges)[:, None] * share).ravel())


def _pixels(site: Site, lane_m: NDArray[np.float64]) -> NDArray[np.float64]:
    ground = site.lane.to_ground(lane_m)
    return site.pose.to_pixels(np.column_stack([ground, np.zeros(len(ground))]))


def _grid(site: Site, along: NDArray[np.float64], across: NDArray[np.float64]) -> Floats:
    places = np.stack(np.meshgrid(along, across, indexing="ij"), axis=2)
    pixels = _pixels(site, places.reshape(-1, 2)).reshape(places.shape)
    return np.nan_to_num(pixels, nan=-1e4).astype(np.float32)


def _is_inside(pixels: NDArray[np.float64], width: int, height: int) -> Flags:
    is_inside = (pixels >= 0).all(axis=1) & (pixels[:, 0] < width) & (pixels[:, 1] < height)
    return np.asarray(is_inside, dtype=np.bool_)


def measure(cells: Floats) -> Floats:
    """Log luma, red over green, blue over green [3, row, column] of mean colours (.., .., 3)."""
    blue, green, red = np.moveaxis(np.log(cells + np.float32(_DARK_LEVELS)), 2, 0)
    luma = np.float32(0.2) * blue + np.float32(0.5) * green + np.float32(0.3) * red
    return np.stack([luma, red - green, blue - green])


class Reference:
    """The empty lane: what each cell may look like, and how light has drifted since.

    `shifted` are the cells' mean colours [row, column, 3] sampled with every shift that
    registration may leave, the unshifted one first.
    """

    def __init__(self, shifted: list[Floats]) -> None:
        measured = np.stack([measure(cells) for cells in shifted])
        low, high = measured.min(axis=0), measured.max(axis=0)
        self._middle = (low + high) / 2
        self._reach = (high - low) / 2
        self._cells = shifted[0]
        dark = 1.0 / (shifted[0] + _DARK_LEVELS)
        noise = _NOISE_LEVELS * np.hypot(dark[:, :, 1], np.maximum(dark[:, :, 0], dark[:, :, 2]))
        self._colour_least = np.maximum(_COLOUR_LEAST, _NOISE_SIGMAS * noise)
        self._drift = np.zeros_like(self._middle)

    def compare(self, cells: Floats, is_judged: Flags, learn: float) -> tuple[Flags, Floats]:
        """Which cells are strange, and by how many thresholds (1 is the limit).

        `learn` is the share by which the drift follows cells that look as they should.
        """
        change = measure(cells) - self._middle - self._drift
        block, lit = _light(change, is_judged)
        luma = change[0]
        dark = np.minimum(
            (lit - luma - self._reach[0]) / _SHADOW_MOST,
            (block[0] - luma - self._reach[0]) / _DARK_BLOCK,
        )
        bright = (luma - lit - self._reach[0]) / _BRIGHT_LEAST
        expected = (self._cells + _DARK_LEVELS) * np.exp(np.maximum(lit, 0.0)) - _DARK_LEVELS
        is_clipped = np.maximum(expected, cells).max(axis=2) > _CLIPPED
        colour = self._colour_excess(change[1:] - block[1:], luma < lit - 0.1)
        strangeness = np.maximum(dark, np.where(is_clipped, 0.0, np.maximum(bright, colour)))
        strangeness = np.where(is_judged, strangeness, 0.0).astype(np.float32)
        is_usual = is_judged & (strangeness < 0.7)
        self._learn(change - block, is_usual, learn)
        return strangeness > 1.0, strangeness

    def _colour_excess(self, change: Floats, is_darker: Flags) -> Floats:
        red, blue = change
        red = red + np.where(is_darker, np.clip(-red, 0.0, _SHADOW_RED), 0.0)
        blue = blue - np.where(is_darker, np.clip(blue, 0.0, _SHADOW_BLUE), 0.0)
        excess = np.maximum(np.abs(red) - self._reach[1], np.abs(blue) - self._reach[2])
        return np.asarray(excess / self._colour_least, dtype=np.float32)

    def _learn(self, change: Floats, is_usual: Flags, learn: float) -> None:
        self._drift += np.where(is_usual, learn * change, 0.0).astype(np.float32)
        np.clip(self._drift[0], -_LEARN_LUMA, _LEARN_LUMA, out=self._drift[0])
        np.clip(self._drift[1:], -_LEARN_COLOUR, _LEARN_COLOUR, out=self._drift[1:])


def _light(change: Floats, is_judged: Flags) -> tuple[Floats, float]:
    """What light did: per cell [3, row, 1] smooth along the lane, and the lit level of luma.

    From the blocks' 60 % quantile of luma (a shadow over half the block does not darken it) and
    median of colour, each colour held near the whole strip's.
    """
    rows = change.shape[1]
    starts = range(0, max(rows - _BLOCK_ROWS // 2, 1), _BLOCK_ROWS)
    middles, levels = [], []
    for start in starts:
        part = slice(start, start + _BLOCK_ROWS if start + 1.5 * _BLOCK_ROWS < rows else rows)
        values = np.sort(change[:, part][:, is_judged[part]], axis=1)
        count = values.shape[1]
        if count < 2 * _BLOCK_ROWS:
            continue
        middles.append((part.start + min(part.stop, rows) - 1) / 2)
        levels.append(values[(0, 1, 2), (int(_LIT_SHARE * count), count // 2, count // 2)])
    if not levels:
        return np.zeros((3, rows, 1), np.float32), 0.0
    level = np.array(levels)
    whole = np.median(level[:, 1:], axis=0)
    level[:, 1:] = whole + np.clip(level[:, 1:] - whole, -_BLOCK_COLOUR_MOST, _BLOCK_COLOUR_MOST)
    along = np.arange(rows)
    smooth = [np.interp(along, middles, level[:, kind]) for kind in range(3)]
    return np.stack(smooth)[:, :, None].astype(np.float32), float(level[:, 0].max())


class Hold:
    """For how many seconds each cell has been strange without a break that counts."""

    def __init__(self, shape: tuple[int, int], hold_s: float) -> None:
        self._held_s = np.zeros(shape, np.float32)
        self._was_strange = np.zeros(shape, np.bool_)
        self._hold_s = hold_s

    def follow(self, is_strange: Flags, is_judged: Flags, elapsed_s: float) -> Flags:
        """Cells strange for the hold time. Hidden cells begin anew; others fade twice as fast.

        A gap between looks counts for at most 0.3 s: two looks alone prove no duration.
        """
        step = min(max(elapsed_s, 0.0), _GAP_MOST_S)
        grown = np.where(is_strange & self._was_strange, step, 0.0)
        faded = np.where(is_strange, 0.0, -2.0 * step)
        held = np.clip(self._held_s + grown + faded, 0.0, 1.5 * self._hold_s)
        self._held_s = np.where(is_judged, held, 0.0).astype(np.float32)
        self._was_strange = is_strange
        return np.asarray(is_strange & (self._held_s >= self._hold_s - 1e-4), dtype=np.bool_)


def is_thing(strip: Strip, rows: slice, columns: slice, cells: Flags, least_m: float) -> bool:
    """Whether joined cells (flags of that window) are at least `least_m` in size.

    Half a cell of tolerance, as a thing fills its outermost cells by half; half of the square
    must be filled, so that a thin line is none.
    """
    row_m = strip.row_m[rows]
    along_m, across_m = float(row_m.sum()), (columns.stop - columns.start) * strip.cell_m
    area = float((cells * row_m[:, None]).sum()) * strip.cell_m
    is_long = max(along_m, across_m) >= least_m - strip.cell_m / 2
    return is_long and area >= least_m**2 / 2 and int(cells.sum()) >= 3
