"""From raw keypoints to even, smooth motion in metres.

Decides what of the keypoints is believed: weak ones are dropped, lone jumps taken back, swapped
legs exchanged, short holes filled; then everything is put on even times and smoothed without
delay. A dropped frame must not change a cadence, so only the frames' own times count. Where the
runner was unseen for longer than a short hole, the motion ends and another one begins.
The order and the limits are those of GAIT (docs/gait.md). Called by `core.gait.reading`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.signal import butter, sosfiltfilt

from rig.core.gait.keypoints import FEET, JOINTS, LEFT_LEG, RIGHT_LEG, Floats, Keypoints
from rig.core.gait.plane import BodyPlane

POINT_LEAST: Final = 0.3
"""Confidence below which a joint was not found."""
PERSON_LEAST: Final = 0.5
"""Mean confidence of the joints that were found, below which nobody was."""
JUMP_FRAMES: Final = 3
"""On each side of a frame: what is an outlier among seven is taken back (Hampel)."""
JUMP_SIGMAS: Final = 3.0
HOLE_MOST_S: Final = 0.2
"""A hole of 0.1 s with a dropped frame on each side at 30 Hz; a foot swings for 0.3 s, so that a
longer one can hide a whole contact."""
HOLE_TELLS: Final = 2.5
"""Periods: over a longer hole nothing tells which leg is which but the names."""
SWAP_PRICE: Final = 0.02
"""Of the legs' height, for each frame whose names are called wrong [J]."""
LASTS_LEAST_S: Final = 0.5
"""Less than a stride says nothing."""
RATE_MOST_HZ: Final = 60.0
RATE_LEAST_HZ: Final = 18.0
"""Below this contacts come out 23 ms short (15 Hz, measured)."""
CUTOFF_HZ: Final = 5.0
"""6 Hz is usual; 5 Hz scattered 0.5 to 1 ms less on the force plates, with the same bias."""
STANDING_UP_M: Final = 0.06
"""Toes and heels lie so high while they stand (marker data: 4 to 9 cm)."""
_ORDER: Final = 2
_TWICE: Final = 0.802
"""Filtering forth and back lowers the cutoff of a second-order Butterworth by this (Winter)."""
_TRACK_HZ: Final = 1.0
"""Of the place across, which the tracker knows slowly and surely."""

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """One unbroken stretch on even times.

    `times_s` (T,), `along_m`, `up_m` (T, J) on the body plane, NaN for joints never found in
    this stretch; `across_m` (T,); `ground_m` (T,) the place along of the foot that stands lower in
    the picture, were it on the ground; `is_seen` (T, J) where a frame near by showed it.
    """

    times_s: Floats
    along_m: Floats
    up_m: Floats
    across_m: Floats
    ground_m: Floats
    is_seen: Flags
    frames_seen: int
    frames_missing: int

    @property
    def rate_hz(self) -> float:
        """Of the even times."""
        return float(1.0 / (self.times_s[1] - self.times_s[0]))


def clean(keypoints: Keypoints, plane: BodyPlane) -> tuple[Motion, ...]:
    """The stretches of believable motion, in order of time; none where there is nothing."""
    raw = _believed(_in_order(keypoints))
    if len(raw.times_s) < 2:
        return ()
    points = np.stack([_without_jumps(raw.points_px[:, j]) for j in range(len(JOINTS))], axis=1)
    points = unswap(raw.times_s, points)
    period_s = _period_s(raw.times_s)
    pieces = _pieces(raw.times_s, points, max(HOLE_MOST_S, 1.5 * period_s))
    found = (_even(raw, points, rows, period_s, plane) for rows in pieces)
    return tuple(motion for motion in found if motion is not None)


def _in_order(keypoints: Keypoints) -> Keypoints:
    """Frames by time, each time once (the last one counts), without times that are none."""
    times = keypoints.times_s
    order = np.argsort(times, kind="stable")
    order = order[np.isfinite(times[order])]
    kept = order[np.append(np.diff(times[order]) > 1e-6, True)] if order.size else order
    return Keypoints(
        times[kept],
        keypoints.points_px[kept].astype(np.float64),
        keypoints.confidence[kept],
        keypoints.across_m[kept],
    )


def _believed(keypoints: Keypoints) -> Keypoints:
    """The same with NaN for joints, and for whole people, that are not sure enough."""
    points, sure = keypoints.points_px, np.nan_to_num(keypoints.confidence)
    is_found = (sure >= POINT_LEAST) & np.isfinite(points).all(axis=2)
    counts = np.maximum(is_found.sum(axis=1), 1)
    mean = np.where(is_found, sure, 0.0).sum(axis=1) / counts
    is_found &= (mean >= PERSON_LEAST)[:, None]
    believed = np.where(is_found[:, :, None], points, np.nan)
    return Keypoints(keypoints.times_s, believed, keypoints.confidence, keypoints.across_m)


def _without_jumps(track: Floats) -> Floats:
    """A joint's places (N, 2) with lone outliers replaced by their neighbours' median."""
    padded = np.pad(track, ((JUMP_FRAMES, JUMP_FRAMES), (0, 0)), constant_values=np.nan)
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * JUMP_FRAMES + 1, axis=0)
    enough = np.isfinite(around).sum(axis=2) >= JUMP_FRAMES
    safe = np.where(enough[:, :, None], around, 0.0)
    middle = np.nanmedian(safe, axis=2)
    spread = 1.4826 * np.nanmedian(np.abs(safe - middle[:, :, None]), axis=2)
    is_jump = enough & (np.abs(track - middle) > JUMP_SIGMAS * spread + 1e-6)
    return np.where(is_jump, middle, track)


def unswap(times_s: Floats, points: Floats) -> Floats:
    """Points (N, J, 2) px with legs exchanged wherever that makes the legs move least.

    The cheapest of all sequences of right and exchanged frames (Viterbi over two states), so a
    swap that lasts is found as well as a lone one. Over a hole legs may have passed each other:
    there the names decide, which are more often right than wrong.
    """
    if len(points) < 2:
        return points
    legs = np.stack([points[:, LEFT_LEG], points[:, RIGHT_LEG]], axis=1)
    steps_s = np.diff(times_s, prepend=times_s[0])
    is_near = steps_s <= HOLE_TELLS * float(np.median(steps_s[1:]))
    stay = np.where(is_near, _leg_travel(legs, legs), 0.0)
    cross = np.where(is_near, _leg_travel(legs, legs[:, ::-1]), 0.0)
    rows = np.flatnonzero(_cheapest_states(stay, cross, SWAP_PRICE * _leg_px(legs)))
    mended = points.copy()
    mended[rows[:, None], LEFT_LEG] = points[rows[:, None], RIGHT_LEG]
    mended[rows[:, None], RIGHT_LEG] = points[rows[:, None], LEFT_LEG]
    return mended


def _cheapest_states(stay: Floats, cross: Floats, price: float) -> NDArray[np.intp]:
    """(N,) 0 for right, 1 for exchanged; each exchanged frame costs `price` as well."""
    cost, came = np.array([0.0, price]), np.zeros((len(stay), 2), np.intp)
    for row in range(1, len(stay)):
        ways = cost[:, None] + np.array([[stay[row], cross[row]], [cross[row], stay[row]]])
        came[row] = ways.argmin(axis=0)
        cost = ways.min(axis=0) + np.array([0.0, price])
    states = np.zeros(len(stay), np.intp)
    states[-1] = int(cost[1] < cost[0])
    for row in range(len(stay) - 1, 0, -1):
        states[row - 1] = came[row, states[row]]
    return states


def _leg_travel(legs: Floats, before: Floats) -> Floats:
    """(N,) how far the joints of legs (N, 2, L, 2) went since the frame before; NaN counts 0."""
    steps = np.zeros(legs.shape[:3])
    steps[1:] = np.linalg.norm(legs[1:] - before[:-1], axis=-1)
    return np.asarray(np.nan_to_num(steps).sum(axis=(1, 2)))


def _leg_px(legs: Floats) -> float:
    """How tall the legs (N, 2, L, 2) stand in the picture."""
    rows = legs[..., 1].reshape(len(legs), -1)
    rows = rows[np.isfinite(rows).any(axis=1)]
    return float(np.median(np.nanmax(rows, axis=1) - np.nanmin(rows, axis=1))) if len(rows) else 0.0


def _period_s(times_s: Floats) -> float:
    """Of the camera: the median step, whatever was dropped, within what is useful."""
    return float(np.clip(np.median(np.diff(times_s)), 1 / RATE_MOST_HZ, 1.0))


def _pieces(times_s: Floats, points: Floats, hole_s: float) -> list[NDArray[np.intp]]:
    """Rows of each stretch in which the feet are seen without a long hole."""
    feet = np.isfinite(points[:, FEET, 0])
    rows = np.flatnonzero(feet[:, :3].any(axis=1) & feet[:, 3:].any(axis=1))
    if not rows.size:
        return []
    breaks = np.flatnonzero(np.diff(times_s[rows]) > hole_s + 1e-6)
    return np.split(rows, breaks + 1)


def _even(
    raw: Keypoints, points: Floats, rows: NDArray[np.intp], period_s: float, plane: BodyPlane
) -> Motion | None:
    times = raw.times_s[rows]
    if times[-1] - times[0] < LASTS_LEAST_S or 1 / period_s < RATE_LEAST_HZ:
        return None
    even = np.arange(times[0], times[-1] + 1e-9, period_s)
    across = _slow(times, raw.across_m[rows], even)
    along, up = (np.full((len(even), len(JOINTS)), np.nan) for _ in range(2))
    is_seen = np.zeros(along.shape, np.bool_)
    for joint in range(len(JOINTS)):
        metres = plane.to_metres(points[rows, joint], np.interp(times, even, across))
        is_good = np.isfinite(metres).all(axis=1)
        gap_s = np.diff(times[is_good], prepend=times[0], append=times[-1])
        if is_good.sum() < 4 or gap_s.max() > HOLE_MOST_S + period_s:
            continue
        along[:, joint], up[:, joint] = _smooth(times[is_good], metres[is_good], even).T
        near = np.abs(times[is_good][None, :] - even[:, None]).min(axis=1)
        is_seen[:, joint] = near <= 0.6 * period_s
    expected = round((times[-1] - times[0]) / period_s) + 1
    ground = _lower_foot(points[rows], plane)
    is_good = np.isfinite(ground)
    ground = np.interp(even, times[is_good], ground[is_good]) if is_good.any() else even * np.nan
    missing = max(0, expected - len(rows))
    return Motion(even, along, up, across, ground, is_seen, len(rows), missing)


def _lower_foot(points: Floats, plane: BodyPlane) -> Floats:
    """(N,) the place along of the ground that the lowest joint of the feet covers; NaN if none."""
    feet = points[:, FEET]
    rows_px = np.where(np.isfinite(feet[:, :, 1]), feet[:, :, 1], -np.inf)
    lowest = feet[np.arange(len(feet)), rows_px.argmax(axis=1)]
    return plane.to_level(lowest, STANDING_UP_M)[:, 0]


def _slow(times_s: Floats, across_m: Floats, even_s: Floats) -> Floats:
    """The place across on even times: a straight line through what is known of it."""
    is_known = np.isfinite(across_m)
    if is_known.sum() < 2:
        return np.full(len(even_s), float(across_m[is_known][0]) if is_known.any() else 0.0)
    slope, base = np.polyfit(times_s[is_known] - times_s[0], across_m[is_known], 1)
    return np.asarray(base + slope * (even_s - times_s[0]))


def _smooth(times_s: Floats, places_m: Floats, even_s: Floats) -> Floats:
    """Places (N, 2) on even times, low-passed forth and back."""
    even = CubicSpline(times_s, places_m, axis=0)(np.clip(even_s, times_s[0], times_s[-1]))
    rate_hz = 1 / (even_s[1] - even_s[0])
    filter_ = butter(_ORDER, CUTOFF_HZ / _TWICE / (rate_hz / 2), output="sos")
    pad = min(len(even) - 1, round(rate_hz / CUTOFF_HZ * 2))
    return np.asarray(sosfiltfilt(filter_, even, axis=0, padtype="odd", padlen=pad))
