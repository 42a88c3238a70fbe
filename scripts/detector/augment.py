"""Turns labelled pictures into square training tiles: placed, mixed, mirrored, coloured, spoilt.

Decides sizes and looks; a person in a tile is meant to be 12 to 300 px tall. All randomness comes
from the generator passed in. Called by `batches`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from detector.classes import ALL_CLASSES
from detector.pictures import FloatArray, Labels, UInt8Array

#: Something smaller than this in the tile (height, or shorter side) is ignored, not taught.
MIN_HEIGHT_PX: Final = 8.0
MIN_SIDE_PX: Final = 3.0
#: A thing cut by the tile's edge with less than this left is ignored.
MIN_VISIBLE: Final = 0.25
#: The mask of unknown classes has one cell per this many pixels.
MASK_STEP_PX: Final = 4

Draw = Callable[[], tuple[UInt8Array, Labels]]


@dataclass(slots=True)
class Tile:
    """One square training tile: pixels, boxes [x1, y1, x2, y2, class], and the unknown mask.

    `unknown` [S / 4, S / 4] uint8 holds a bit per class about which that place says nothing.
    """

    pixels: UInt8Array
    unknown: UInt8Array
    boxes: list[list[float]] = field(default_factory=list)


def empty_tile(size_px: int, colour: tuple[int, int, int]) -> Tile:
    """A tile of one colour in which every class is known to be absent."""
    pixels = np.empty((size_px, size_px, 3), np.uint8)
    pixels[:] = colour
    cells = size_px // MASK_STEP_PX
    return Tile(pixels, np.zeros((cells, cells), np.uint8))


def place(
    tile: Tile,
    picture: UInt8Array,
    labels: Labels,
    cell: tuple[int, int, int, int],
    scale_xy: tuple[float, float],
    corner: tuple[float, float],
    is_mirrored: bool,
) -> None:
    """Draw a scaled picture into the rectangle `cell` (x1, y1, x2, y2) of the tile.

    `corner` is where the picture's top left lands, in tile pixels; what lies outside is cut.
    """
    height, width = picture.shape[:2]
    sx, sy = scale_xy
    x1 = max(cell[0], int(np.ceil(corner[0])))
    y1 = max(cell[1], int(np.ceil(corner[1])))
    x2 = min(cell[2], int(np.floor(corner[0] + width * sx)))
    y2 = min(cell[3], int(np.floor(corner[1] + height * sy)))
    if x2 - x1 < 8 or y2 - y1 < 8:
        return
    ax, bx = (-sx, corner[0] + width * sx) if is_mirrored else (sx, corner[0])
    part = (x1, y1, x2, y2)
    tile.pixels[y1:y2, x1:x2] = _warp(picture, (ax, bx, sy, corner[1]), part)
    step = MASK_STEP_PX
    grid = tile.unknown[y1 // step : -(-y2 // step), x1 // step : -(-x2 // step)]
    grid[:] = labels.unknown
    _map_boxes(tile, labels, (ax, bx, sy, corner[1]), part)


def _warp(
    picture: UInt8Array, map_xy: tuple[float, float, float, float], part: tuple[int, int, int, int]
) -> UInt8Array:
    """Scale by area averaging where it shrinks, so small people look as a camera shows them."""
    ax, bx, ay, by = map_xy
    x1, y1, x2, y2 = part
    scale = min(abs(ax), ay)
    if scale < 0.6:
        shrunk = cv2.resize(picture, None, fx=abs(ax), fy=ay, interpolation=cv2.INTER_AREA)
        gx = shrunk.shape[1] / picture.shape[1]
        gy = shrunk.shape[0] / picture.shape[0]
        picture, ax, ay = shrunk, ax / gx, ay / gy
    # Pixel centres: destination u + 0.5 = a * (source + 0.5) + b.
    matrix = np.array(
        [[ax, 0, bx - x1 + 0.5 * ax - 0.5], [0, ay, by - y1 + 0.5 * ay - 0.5]], np.float64
    )
    out: UInt8Array = cv2.warpAffine(
        picture, matrix, (x2 - x1, y2 - y1), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return out


def _map_boxes(
    tile: Tile,
    labels: Labels,
    map_xy: tuple[float, float, float, float],
    part: tuple[int, int, int, int],
) -> None:
    moved = _move(labels.boxes, map_xy)
    cut = _clip(moved, part)
    for before, after, index in zip(moved, cut, labels.classes, strict=True):
        width, height = after[2] - after[0], after[3] - after[1]
        if width <= 0 or height <= 0:
            continue
        whole = max(1e-6, float((before[2] - before[0]) * (before[3] - before[1])))
        is_clear = width * height >= MIN_VISIBLE * whole
        is_large = height >= MIN_HEIGHT_PX and min(width, height) >= MIN_SIDE_PX
        if is_clear and is_large:
            tile.boxes.append([*after.tolist(), float(index)])
        else:
            mask_out(tile, after, 1 << int(index))
    for box, mask in zip(
        _clip(_move(labels.ignored, map_xy), part), labels.ignored_classes, strict=True
    ):
        mask_out(tile, box, int(mask))


def _move(boxes: FloatArray, map_xy: tuple[float, float, float, float]) -> FloatArray:
    ax, bx, ay, by = map_xy
    out = np.empty_like(boxes)
    xs = boxes[:, 0::2] * ax + bx
    out[:, 0], out[:, 2] = xs.min(1, initial=np.inf), xs.max(1, initial=-np.inf)
    out[:, 1::2] = boxes[:, 1::2] * ay + by
    return out


def _clip(boxes: FloatArray, part: tuple[int, int, int, int]) -> FloatArray:
    low = np.array([part[0], part[1], part[0], part[1]], np.float32)
    high = np.array([part[2], part[3], part[2], part[3]], np.float32)
    return np.clip(boxes, low, high)


def mask_out(tile: Tile, box: npt.NDArray[np.float32], mask: int) -> None:
    """Mark the classes `mask` as unknown inside a box and one mask cell around it."""
    x1, y1, x2, y2 = (float(v) / MASK_STEP_PX for v in box)
    if x2 <= x1 or y2 <= y1:
        return
    rows = slice(max(0, int(y1) - 1), int(np.ceil(y2)) + 1)
    columns = slice(max(0, int(x1) - 1), int(np.ceil(x2)) + 1)
    tile.unknown[rows, columns] |= mask


def single(
    draw: Draw,
    size_px: int,
    rng: np.random.Generator,
    scales: tuple[float, float] = (0.45, 1.9),
) -> Tile:
    """One picture at a random place; `scales` are relative to its just fitting the tile."""
    picture, labels = draw()
    height, width = picture.shape[:2]
    fit = size_px / max(height, width)
    scale = fit * float(np.exp(rng.uniform(*np.log(scales))))
    stretch = float(np.exp(rng.uniform(-0.15, 0.15)))
    sx, sy = scale * stretch, scale / stretch
    colour = tuple(int(v) for v in (114, 114, 114)) if rng.random() < 0.5 else _mean_colour(picture)
    tile = empty_tile(size_px, colour)
    corner = tuple(
        float(rng.uniform(min(0.0, size_px - n * s), max(0.0, size_px - n * s)))
        for n, s in ((width, sx), (height, sy))
    )
    whole = (0, 0, size_px, size_px)
    place(tile, picture, labels, whole, (sx, sy), corner, bool(rng.random() < 0.5))  # type: ignore[arg-type]  # two numbers
    return tile


def _mean_colour(picture: UInt8Array) -> tuple[int, int, int]:
    blue, green, red = picture[::16, ::16].reshape(-1, 3).mean(0)
    return int(blue), int(green), int(red)


def mosaic(draw: Draw, size_px: int, rng: np.random.Generator, per_side: int) -> Tile:
    """`per_side` squared pictures in a grid with random lines, each covering its cell."""
    tile = empty_tile(size_px, (114, 114, 114))
    lines_x = _grid_lines(size_px, per_side, rng)
    lines_y = _grid_lines(size_px, per_side, rng)
    for row in range(per_side):
        for column in range(per_side):
            cell = (lines_x[column], lines_y[row], lines_x[column + 1], lines_y[row + 1])
            _cover(tile, draw, cell, rng)
    return tile


def _grid_lines(size_px: int, per_side: int, rng: np.random.Generator) -> list[int]:
    """Cell borders, on multiples of the mask step so that no mask cell straddles two pictures."""
    step = size_px / per_side
    inner = [
        round((i + float(rng.uniform(-0.3, 0.3))) * step / MASK_STEP_PX) * MASK_STEP_PX
        for i in range(1, per_side)
    ]
    return [0, *inner, size_px]


def _cover(
    tile: Tile, draw: Draw, cell: tuple[int, int, int, int], rng: np.random.Generator
) -> None:
    picture, labels = draw()
    height, width = picture.shape[:2]
    cell_w, cell_h = cell[2] - cell[0], cell[3] - cell[1]
    scale = max(cell_w / width, cell_h / height) * float(np.exp(rng.uniform(0.02, np.log(1.7))))
    x = cell[0] + float(rng.uniform(cell_w - width * scale, 0.0))
    y = cell[1] + float(rng.uniform(cell_h - height * scale, 0.0))
    place(tile, picture, labels, cell, (scale, scale), (x, y), bool(rng.random() < 0.5))


def spoil(pixels: UInt8Array, rng: np.random.Generator) -> UInt8Array:
    """Colour, gamma, blur, noise and compression, each with its own chance."""
    out = _recolour(pixels, rng)
    if rng.random() < 0.12:
        sigma = float(rng.uniform(0.4, 1.3))
        out = cv2.GaussianBlur(out, (0, 0), sigma)
    elif rng.random() < 0.08:
        out = cv2.blur(out, (int(rng.integers(2, 5)), 1))
    if rng.random() < 0.25:
        out = _add_noise(out, rng)
    if rng.random() < 0.15:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 85))]
        out = cv2.imdecode(cv2.imencode(".jpg", out, quality)[1], cv2.IMREAD_COLOR)
    return out


def _recolour(pixels: UInt8Array, rng: np.random.Generator) -> UInt8Array:
    """Gain, offset and gamma by table; saturation and white balance by a 3 x 3 matrix."""
    if rng.random() < 0.15:
        return pixels
    saturation = float(rng.uniform(0.0, 1.6)) if rng.random() < 0.85 else 0.0
    grey = np.array([0.114, 0.587, 0.299])
    matrix = saturation * np.eye(3) + (1 - saturation) * np.tile(grey, (3, 1))
    matrix = np.diag(rng.uniform(0.85, 1.15, 3)) @ matrix
    out = cv2.transform(pixels, matrix)
    levels = np.arange(256) / 255.0
    gamma = float(np.exp(rng.uniform(-0.5, 0.5)))
    gain, offset = float(rng.uniform(0.65, 1.3)), float(rng.uniform(-0.1, 0.1))
    table = np.clip((levels**gamma * gain + offset) * 255, 0, 255).astype(np.uint8)
    result: UInt8Array = cv2.LUT(out, table)
    return result


_NOISE: Final = np.random.default_rng(7).normal(0, 1, (704, 704)).astype(np.float32)


def _add_noise(pixels: UInt8Array, rng: np.random.Generator) -> UInt8Array:
    """Grey or coloured noise cut at a random place from one fixed field (drawing it costs more)."""
    height, width = pixels.shape[:2]
    strength = float(rng.uniform(2, 14))
    planes = 3 if rng.random() < 0.5 else 1
    corners = rng.integers(0, 704 - 384, (planes, 2))
    cuts = [_NOISE[y : y + height, x : x + width] for y, x in corners]
    noise = np.stack(cuts if planes == 3 else cuts * 3, -1)
    out: UInt8Array = np.clip(pixels + noise * strength, 0, 255).astype(np.uint8)
    return out


def known_everywhere(tile: Tile) -> bool:
    """True if at least one class is known at some place, so the tile teaches something."""
    return bool(tile.boxes) or bool((tile.unknown != ALL_CLASSES).any())
