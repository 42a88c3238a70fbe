"""What the ground is made of: track covering with its wear, grass, kerb, lines and numbers.

Decides the colour of each place in plain daylight. Called by `ground`, which lights it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from rig.core.lane import Lane
from rig.sim.surfaces import LINE_WIDTH_M, Surface
from rig.sim.texture import Plane, mix, noise, stripe

_KERB_M = 0.06
_DIGIT_M = (0.42, 0.95)
"""Width and length of a painted lane number."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """Per pixel: place on the ground in the lane frame, and how much of it one pixel covers.

    `right_px`, `down_px` are the pixel's own place in the picture: blades of grass stand up, so
    their pattern is the picture's and not the ground's.
    """

    along: Plane
    across: Plane
    far: Plane
    along_span: Plane
    across_span: Plane
    right_px: Plane
    down_px: Plane

    @property
    def span(self) -> Plane:
        """Square root of a pixel's area on the ground."""
        return np.asarray(np.sqrt(self.along_span * self.across_span), dtype=np.float32)


def paint_floor(picture: NDArray[np.float32], view: View, surface: Surface, seed: int) -> None:
    """Grass, the covering over it, and the lines between the lanes, in place."""
    left, right = edges(surface)
    picture[:] = _grass(view, surface, seed)
    strip = stripe(view.across, -right - surface.apron_m, left + surface.apron_m, view.across_span)
    mix(picture, _covering(view, surface, seed), strip)
    if surface.apron_m > 0.0:
        _kerb(picture, view, left + surface.apron_m, seed)
        _kerb(picture, view, -right - surface.apron_m - _KERB_M, seed)
    share = 0.92 - 0.10 * surface.wear * noise(view.along, view.across, 6.0, seed + 8, view.span)
    share -= 0.07 * surface.wear * noise(view.along, view.across, 31.0, seed + 9, view.span)
    worn = np.clip(share, 0.3, 1.0).astype(np.float32)
    line = np.asarray(surface.line, np.float32)
    for index in range(-surface.lanes_right, surface.lanes_left + 2):
        middle = (index - 0.5) * surface.lane_width_m
        width = LINE_WIDTH_M / 2
        paint = stripe(view.across, middle - width, middle + width, view.across_span)
        mix(picture, line, paint * worn)


def edges(surface: Surface) -> tuple[float, float]:
    """Half widths of the track to the left and right of the drill's centre line."""
    width = surface.lane_width_m
    return (surface.lanes_left + 0.5) * width, (surface.lanes_right + 0.5) * width


def _grass(view: View, surface: Surface, seed: int) -> NDArray[np.float32]:
    """Mown stripes, clumps, dry patches, and blades that stand up."""
    dice = random.Random(f"grass {seed}")
    along, across, span = view.along, view.across, view.span
    patches = noise(along, across, 0.22, seed + 1, span) + 0.6 * noise(along, across, 0.8, seed + 2)
    mown = along if dice.random() < 0.6 else across
    width = dice.uniform(1.1, 1.9)
    band = np.tanh(3.0 * np.sin(mown * np.float32(width)) / (1.0 + 0.5 * view.along_span))
    tone = 1.0 + dice.uniform(0.0, 0.06) * band + 0.06 * patches
    tone += 0.09 * noise(along, across, 5.0, seed + 10, span)
    blade = np.clip(18.0 / np.maximum(view.far, 3.0), 0.35, 2.2)
    right, down = view.right_px, view.down_px
    tone += np.clip(0.055 + 0.03 * blade, 0.0, 0.12) * noise(right, down, 0.85, seed + 11)
    tone += 0.055 * blade * noise(right, down * np.float32(0.5), 0.3, seed + 12)
    colour = np.asarray(surface.beyond, np.float32) * np.clip(tone, 0.35, 1.7)[..., None]
    dry = np.clip(0.35 * patches - 0.05 + 0.2 * noise(along, across, 2.3, seed + 13, span), 0, 0.6)
    straw = np.asarray((78.0, 138.0, 142.0), np.float32) * np.clip(tone, 0.4, 1.6)[..., None]
    mix(colour, straw.astype(np.float32), (dry * np.float32(dice.uniform(0.2, 1.0))))
    return np.asarray(colour, np.float32)


def _covering(view: View, surface: Surface, seed: int) -> NDArray[np.float32]:
    """Granules, worn middles of the lanes, streaks, seams, stains and scuffs."""
    along, across, span = view.along, view.across, view.span
    rough = surface.grain * (
        0.040 * noise(along, across, 140.0, seed + 3, span)
        + 0.030 * noise(along, across, 30.0, seed + 4, span)
        + 0.022 * noise(view.right_px, view.down_px, 0.9, seed + 14)
    )
    rough += surface.wear * (
        0.030 * noise(along, across, 1.3, seed + 5, span)
        + 0.030 * noise(along * np.float32(0.06), across, 4.0, seed + 6, view.across_span)
        + 0.035 * noise(along, across, 0.17, seed + 7, span)
        - 0.05 * np.clip(noise(along, across, 0.55, seed + 15, span) - 1.3, 0.0, 1.0)
    )
    middle = np.cos(across * np.float32(2 * np.pi / surface.lane_width_m))
    trod = 0.5 + 0.5 * noise(along * np.float32(0.1), across, 0.6, seed + 16)
    rough -= 0.018 * surface.wear * middle * np.clip(trod, 0.0, 1.5)
    dice = random.Random(f"seams {seed}")
    step = dice.uniform(7.0, 19.0)
    for index in range(-2, 12):
        at = index * step + dice.uniform(-0.4, 0.4)
        rough -= 0.07 * stripe(along, at, at + 0.02, view.along_span)
    scuff = np.clip(noise(along * np.float32(0.35), across, 9.0, seed + 17, span) - 2.1, 0.0, 0.8)
    rough -= 0.08 * surface.wear * scuff
    floor = np.asarray(surface.track, np.float32) * np.clip(1.0 + rough, 0.3, 1.6)[..., None]
    pale = np.clip(0.06 * surface.wear * noise(along, across, 0.4, seed + 18, span), 0.0, 0.3)
    mix(floor, np.asarray((150.0, 152.0, 158.0), np.float32), pale.astype(np.float32))
    return np.asarray(floor, np.float32)


def _kerb(picture: NDArray[np.float32], view: View, at_m: float, seed: int) -> None:
    """A pale edging, the strip of bare soil beside it and its thin shade."""
    soil = stripe(view.across, at_m - 0.10, at_m + _KERB_M + 0.10, view.across_span)
    patchy = np.clip(0.5 + 0.4 * noise(view.along, view.across, 4.0, seed + 19, view.span), 0, 1)
    mix(picture, np.asarray((58.0, 78.0, 88.0), np.float32), (soil * patchy).astype(np.float32))
    edge = stripe(view.across, at_m, at_m + _KERB_M, view.across_span)
    tone = 1.0 + 0.08 * noise(view.along, view.across, 7.0, seed + 20, view.span)
    stone = np.asarray((176.0, 180.0, 184.0), np.float32) * tone[..., None]
    mix(picture, stone.astype(np.float32), edge * np.float32(0.85))


def paint_marks(picture: NDArray[np.float32], view: View, surface: Surface, lane: Lane) -> None:
    """The start box, the lane's end, a tick every five metres, and the lanes' numbers."""
    half = lane.width_m / 2
    white = np.asarray(surface.line, np.float32)
    yellow = np.asarray((70.0, 200.0, 230.0), np.float32)
    box_end = lane.box_start_m + lane.box_length_m
    bars = [(lane.box_start_m, half, -half, white), (box_end, half, -half, white),
            (lane.length_m, half, -half, yellow)]  # fmt: skip
    ticks = range(5, int(lane.length_m), 5)
    bars += [(float(m), -half + 0.25, -half, yellow) for m in ticks]
    bars += [(float(m), half, half - 0.25, yellow) for m in ticks]
    for along, left, right, colour in bars:
        share = stripe(view.along, along - LINE_WIDTH_M / 2, along + LINE_WIDTH_M / 2,
                       view.along_span)  # fmt: skip
        mix(picture, colour, 0.9 * share * stripe(view.across, right, left, view.across_span))
    if surface.has_numbers:
        for at_m in (lane.box_start_m - 1.4, lane.length_m - 1.5):
            _number_lanes(picture, view, surface, at_m)


def _number_lanes(picture: NDArray[np.float32], view: View, surface: Surface, at_m: float) -> None:
    """Lane numbers, to be read by somebody who comes against the direction of travel."""
    wide, long = _DIGIT_M
    lanes = surface.lanes_left + surface.lanes_right + 1
    for number in range(1, min(lanes, 9) + 1):
        middle = (surface.lanes_left + 1 - number) * surface.lane_width_m
        u = (view.across - np.float32(middle - wide / 2)) * np.float32(60.0 / wide)
        v = (view.along - np.float32(at_m)) * np.float32(100.0 / long)
        is_near = (u > 0) & (u < 60) & (v > 0) & (v < 100)
        rows = np.flatnonzero(is_near.any(axis=1))
        if len(rows) == 0:
            continue
        columns = np.flatnonzero(is_near.any(axis=0))
        area = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
        ink = cv2.remap(_digit(number), u[area], v[area], cv2.INTER_LINEAR)
        mix(picture[area], np.asarray(surface.line, np.float32), ink * np.float32(0.0035))


def _digit(number: int) -> Plane:
    """A digit's ink, 0 to 255, on 60 by 100 samples."""
    page = np.zeros((100, 60), np.uint8)
    cv2.putText(page, str(number), (7, 84), cv2.FONT_HERSHEY_SIMPLEX, 2.3, 255, 11, cv2.LINE_AA)
    return np.asarray(page, np.float32)
