"""What can happen to a camera, as it looks in its pictures: a table of small functions.

Each makes of a good picture the one that the camera would have given `t_s` seconds after it began.
Sizes are shares of the picture's width, so that every clip is spoilt alike. The first table must
be noticed; the second is ordinary weather and must not. Decides nothing; called by `judged`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from rig.records import Cause, Picture

FOCAL_SHARE = 985 / 1280
"""Focal length over width of Camera Module 3, by which degrees become pixels."""
COMES_S = 0.2
"""A hand or a leaf is on the lens within this time."""
NOISE_SD = 2.0
_PLANES = 5

Spoiler = Callable[[Picture, float], Picture]


@dataclass(frozen=True, slots=True)
class Spoilt:
    """One row: what happens, which of these causes must be heard, and within how many seconds."""

    name: str
    spoil: Spoiler
    causes: frozenset[Cause]
    within_s: float


@dataclass(frozen=True, slots=True)
class Ordinary:
    """One row of what may happen on any day and must not be taken for a fault."""

    name: str
    change: Spoiler


# --------------------------------------------------------------------------- light


def _dim(share: float) -> Spoiler:
    return lambda picture, t_s: noisy(_lit(picture, share), t_s)


def _lit(picture: Picture, gain: float) -> Picture:
    return np.asarray(cv2.convertScaleAbs(picture, alpha=gain), np.uint8)


def _hunting(stops: float, hz: float) -> Spoiler:
    """Exposure that swings by so many stops to either side and finds no rest."""

    def spoil(picture: Picture, t_s: float) -> Picture:
        return _lit(picture, 2.0 ** (stops * math.sin(2 * math.pi * hz * t_s)))

    return spoil


def _sudden_light(gain: float) -> Spoiler:
    """The sun goes in or comes out within half a second; the exposure follows within two."""

    def change(picture: Picture, t_s: float) -> Picture:
        come = min(1.0, t_s / 0.5)
        followed = min(1.0, max(0.0, (t_s - 0.3) / 2.0))
        return _lit(picture, gain ** (come * (1.0 - 0.85 * followed)))

    return change


def _dusk(picture: Picture, t_s: float) -> Picture:
    """Light falls to a third within ten seconds, the noise grows to 6 of 255."""
    share = min(1.0, t_s / 10.0)
    return noisy(_lit(picture, 1.0 - 0.67 * share), t_s, 2.0 + 4.0 * share)


# --------------------------------------------------------------------------- on the lens


def noisy(picture: Picture, t_s: float, sd: float = NOISE_SD) -> Picture:
    """The picture with a sensor's noise, another at each time."""
    plane = _noise_plane(picture.shape[:2], round(t_s * 1000) % _PLANES)
    low = cv2.convertScaleAbs(np.minimum(plane, 0), alpha=sd)
    high = cv2.convertScaleAbs(np.maximum(plane, 0), alpha=sd)
    return np.asarray(cv2.subtract(cv2.add(picture, high), low), np.uint8)


@cache
def _noise_plane(shape: tuple[int, int], number: int) -> NDArray[np.float32]:
    dice = np.random.default_rng(number)
    return np.asarray(dice.normal(0.0, 1.0, (*shape, 3)), np.float32)


def _on_lens(
    middle: tuple[float, float], half: tuple[float, float], colour: tuple[int, int, int]
) -> Spoiler:
    """A thing close to the lens, far out of focus: an ellipse by shares of width and height."""

    def spoil(picture: Picture, t_s: float) -> Picture:
        cover = _soft_ellipse(picture.shape[:2], middle, half) * min(1.0, t_s / COMES_S)
        own = np.asarray(colour, np.float32) * cover[..., None]
        mixed = picture * (1.0 - cover[..., None]) + own
        return noisy(np.asarray(mixed, np.uint8), t_s)

    return spoil


@cache
def _soft_ellipse(
    shape: tuple[int, int], middle: tuple[float, float], half: tuple[float, float]
) -> NDArray[np.float32]:
    height, width = shape
    mask = np.zeros(shape, np.float32)
    at = (round(middle[0] * width), round(middle[1] * height))
    cv2.ellipse(mask, at, (round(half[0] * width), round(half[1] * height)), 20, 0, 360, 1.0, -1)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), 0.02 * width), np.float32)


def _drops(count: int, radius_share: float) -> Spoiler:
    """Rain on the lens: each drop shows the whole view upside down, small and unsharp."""

    def spoil(picture: Picture, t_s: float) -> Picture:
        mask = _drop_mask(picture.shape[:2], count, radius_share)
        inside = _defocused(np.ascontiguousarray(picture[::-1, ::-1]), 0.03)
        mixed = picture * (1.0 - mask[..., None]) + inside * mask[..., None]
        return noisy(np.asarray(mixed, np.uint8), t_s)

    return spoil


@cache
def _drop_mask(shape: tuple[int, int], count: int, radius_share: float) -> NDArray[np.float32]:
    height, width = shape
    reach = max(shape)
    dice = np.random.default_rng(count)
    mask = np.zeros(shape, np.float32)
    for x, y, size in dice.random((count, 3)):
        radius = round(radius_share * reach * (0.5 + size))
        cv2.circle(mask, (round(x * width), round(y * height)), radius, 1.0, -1)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), 0.006 * reach), np.float32)


def _defocused(picture: Picture, sigma_share: float) -> Picture:
    """Blurred by a share of the longer side; large blurs are made on a smaller picture."""
    height, width = picture.shape[:2]
    sigma_px, factor = sigma_share * max(height, width), 1
    while sigma_px / factor > 6.0:
        factor *= 2
    small = cv2.resize(picture, (width // factor, height // factor), interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), sigma_px / factor)
    return np.asarray(cv2.resize(soft, (width, height)), np.uint8)


def _defocus(sigma_share: float) -> Spoiler:
    return lambda picture, t_s: noisy(_defocused(picture, sigma_share), t_s)


def _fog(picture: Picture, t_s: float) -> Picture:
    """Breath or dew: within two seconds soft, pale and flat."""
    share = min(1.0, t_s / 2.0)
    soft = _defocused(picture, 0.001 + 0.012 * share)
    return noisy(np.asarray(soft * (1 - 0.6 * share) + 100.0 * share, np.uint8), t_s)


# --------------------------------------------------------------------------- the mast


def turned(pan_deg: float = 0.0, tilt_deg: float = 0.0, roll_deg: float = 0.0) -> Spoiler:
    """The mast turned: what the same camera sees from there, its edges mirrored."""

    def spoil(picture: Picture, t_s: float) -> Picture:
        height, width = picture.shape[:2]
        focal = FOCAL_SHARE * max(width, height)
        lens = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1.0]])
        turn, _ = cv2.Rodrigues(np.radians([tilt_deg, pan_deg, roll_deg]))
        across = lens @ turn @ np.linalg.inv(lens)
        seen = cv2.warpPerspective(
            picture, across, (width, height), borderMode=cv2.BORDER_REFLECT_101
        )
        return np.asarray(seen, np.uint8)

    return spoil


def _gust(picture: Picture, t_s: float) -> Picture:
    """A mast that sways by 0.25 degrees once a second."""
    return turned(0.25 * math.sin(2 * math.pi * t_s), 0.1 * math.sin(5 * t_s))(picture, t_s)


def _bird(picture: Picture, t_s: float) -> Picture:
    """Something dark before the whole lens for 0.2 s."""
    return _dim(0.03)(picture, t_s) if 1.0 <= t_s < 1.2 else picture


_BLIND, _MOVED = frozenset({Cause.CAMERA_BLIND}), frozenset({Cause.CAMERA_MOVED})
_EITHER = _BLIND | _MOVED
_HAND, _LEAF, _CLOTH = (90, 110, 160), (40, 110, 70), (60, 55, 50)

SPOILT: tuple[Spoilt, ...] = (
    Spoilt("black", lambda p, t: noisy(np.zeros_like(p), t), _BLIND, 0.8),
    Spoilt("light goes out (3 % left)", _dim(0.03), _BLIND, 0.8),
    Spoilt("blown out", lambda p, t: _lit(p, 40.0), _BLIND, 1.0),
    Spoilt("palm over all of it", _on_lens((0.5, 0.5), (0.9, 0.9), _HAND), _BLIND, 1.5),
    Spoilt("hand over two thirds", _on_lens((0.4, 0.5), (0.45, 0.6), _HAND), _BLIND, 1.5),
    Spoilt("cloth over one half", _on_lens((0.0, 0.5), (0.5, 0.9), _CLOTH), _BLIND, 2.0),
    Spoilt("leaf over a fifth", _on_lens((0.5, 0.45), (0.25, 0.25), _LEAF), _BLIND, 2.0),
    Spoilt("rain: 120 drops", _drops(120, 0.035), _EITHER, 2.0),
    Spoilt("fog within two seconds", _fog, _BLIND, 3.0),
    Spoilt("defocus, 0.5 % of width", _defocus(0.005), _BLIND, 1.5),
    Spoilt("defocus, 1 % of width", _defocus(0.01), _BLIND, 1.5),
    Spoilt("defocus, 2 % of width", _defocus(0.02), _BLIND, 1.5),
    Spoilt("exposure hunts, 1 stop at 1 Hz", _hunting(1.0, 1.0), _BLIND, 4.0),
    Spoilt("exposure hunts, 2 stops at 0.7 Hz", _hunting(2.0, 0.7), _BLIND, 4.0),
    Spoilt("mast turned 3 degrees", turned(pan_deg=3.0), _MOVED, 2.5),
    Spoilt("mast tilted 3 degrees", turned(tilt_deg=-3.0), _MOVED, 2.5),
    Spoilt("mast turned 5 degrees", turned(pan_deg=-5.0), _MOVED, 2.5),
    Spoilt("mast rolled 3 degrees", turned(roll_deg=3.0), _MOVED, 2.5),
    Spoilt("another view (20 degrees)", turned(pan_deg=20.0), _EITHER, 2.5),
)
"""What must be noticed; no frames and the frozen picture need no change of a picture."""

ORDINARY: tuple[Ordinary, ...] = (
    Ordinary("as it is", lambda p, t: p),
    Ordinary("sudden shade", _sudden_light(0.42)),
    Ordinary("sudden sun", _sudden_light(2.2)),
    Ordinary("dusk", _dusk),
    Ordinary("noise of 8", lambda p, t: noisy(p, t, 8.0)),
    Ordinary("gusts of 0.25 degrees", _gust),
    Ordinary("a bird for 0.2 s", _bird),
    Ordinary("small leaf", _on_lens((0.85, 0.2), (0.06, 0.06), _LEAF)),
    Ordinary("six drops", _drops(6, 0.02)),
    Ordinary("mast turned 0.2 degrees", turned(pan_deg=0.2)),
    Ordinary("mast turned 0.5 degrees", turned(pan_deg=-0.5)),
    Ordinary("mast turned 1 degree", turned(pan_deg=1.0)),
)
"""Ordinary days: a small turn is followed by registration and needs no fault."""
