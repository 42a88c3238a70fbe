"""From raw keypoints to even, smooth motion in metres.

Decides what of the keypoints is believed: weak ones are dropped, lone jumps taken back, swapped
legs exchanged, short holes filled; then everything is put on even times and smoothed without
delay. A dropped frame must not change a cadence, so only the frames' own times count. Where the
runner was unseen for longer than a short hole, the motion ends and another one begins.
The order and the limits are those of GAIT (docs/gait.md). Called by `core.gait.reading`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rig.core.gait.keypoints import FEET, JOINTS, Floats, Keypoints, numbers_of
from rig.core.gait.plane import Plane, View, view_at
from rig.core.gait.smoothing import at_even_times, smooth
from rig.core.gait.swaps import unswap

LEAP_TORSOS, LEAPS_MOST = 1.2, 0.1
"""In a frame a runner of 8 m/s goes half a torso; over a hole more, so one move in ten may be."""
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
LASTS_LEAST_S: Final = 0.5
"""Less than a stride says nothing."""
RATE_MOST_HZ: Final = 60.0
RATE_LEAST_HZ: Final = 18.0
"""Below this contacts come out 23 ms short (15 Hz, measured)."""
CUTOFF_HZ: Final = 5.0
"""6 Hz is usual; 5 Hz scattered 0.5 to 1 ms less on the force plates, with the same bias."""
STANDING_UP_M: Final = np.array([0.08, 0.03, 0.03, 0.08, 0.03, 0.03])
"""Ankles, toes and heels lie so high while they stand, in the order of `FEET`. Markers lie at 8 to
12 and 4 to 9 cm, drawn feet at 7 and 0: what errs by 3 cm is 1.3 % of the speed from 2.3 m up."""
_TORSO: Final = numbers_of("left_shoulder", "left_hip", "right_shoulder", "right_hip")

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """One unbroken stretch on even times.

    `times_s` (T,), `along_m`, `up_m` (T, J) on the body plane, NaN for joints never found in
    this stretch; `across_m` (T,), told by
    somebody if `is_placed`; `ground_m` (T,) the place along of the foot that stands lower in
    the picture, were it on the ground; `is_seen` (T, J) where a frame near by showed it; `turned`
    how far the person's right side is seen to the right of the left one, in torsos (more than 0:
    from the back).
    """

    times_s: Floats
    along_m: Floats
    up_m: Floats
    across_m: Floats
    is_placed: bool
    ground_m: Floats
    is_seen: Flags
    turned: float
    frames_seen: int
    frames_missing: int

    @property
    def rate_hz(self) -> float:
        """Of the even times."""
        return float(1.0 / (self.times_s[1] - self.times_s[0]))


def clean(keypoints: Keypoints, plane: Plane) -> tuple[Motion, ...]:
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
    pieces = np.split(rows, breaks + 1)
    return [piece for piece in pieces if not _leaps(points[piece])]


def _leaps(points: Floats) -> bool:
    """Whether the trunk goes to and fro faster than anybody runs: two people in turn."""
    torso = points[:, _TORSO]
    tall_px = np.abs(torso[:, [0, 2], 1] - torso[:, [1, 3], 1])
    middles = np.nanmean(torso[np.isfinite(torso[:, :, 0]).any(axis=1)], axis=1)
    if len(middles) < 4 or not np.isfinite(tall_px).any():
        return False
    moves = np.hypot(*np.diff(middles, axis=0).T)
    return float(np.mean(moves > LEAP_TORSOS * np.nanmedian(tall_px))) > LEAPS_MOST


def _even(
    raw: Keypoints, points: Floats, rows: NDArray[np.intp], period_s: float, plane: Plane
) -> Motion | None:
    times = raw.times_s[rows]
    if times[-1] - times[0] < LASTS_LEAST_S or 1 / period_s < RATE_LEAST_HZ:
        return None
    even = np.arange(times[0], times[-1] + 1e-9, period_s)
    across = _slow(times, raw.across_m[rows], even)
    ground = _on_even(times, _lower_foot(points[rows], plane), even)
    to_metres = _metres(plane, ground, across, even)
    along, up = (np.full((len(even), len(JOINTS)), np.nan) for _ in range(2))
    is_seen = np.zeros(along.shape, np.bool_)
    for joint in range(len(JOINTS)):
        metres = to_metres(points[rows, joint], times)
        is_good = np.isfinite(metres).all(axis=1)
        gap_s = np.diff(times[is_good], prepend=times[0], append=times[-1])
        if is_good.sum() < 4 or gap_s.max() > HOLE_MOST_S + period_s:
            continue
        lasting = at_even_times(times[is_good], metres[is_good], even)
        along[:, joint], up[:, joint] = smooth(lasting, 1 / period_s, CUTOFF_HZ).T
        near = np.abs(times[is_good][None, :] - even[:, None]).min(axis=1)
        is_seen[:, joint] = near <= 0.6 * period_s
    if not np.isfinite(along).any():
        return None
    expected = round((times[-1] - times[0]) / period_s) + 1
    missing = max(0, expected - len(rows))
    turned, is_placed = _turned(points[rows]), bool(np.isfinite(raw.across_m[rows]).any())
    return Motion(even, along, up, across, is_placed, ground, is_seen, turned, len(rows), missing)


def _on_even(times_s: Floats, places: Floats, even_s: Floats) -> Floats:
    is_good = np.isfinite(places)
    if not is_good.any():
        return np.full(len(even_s), np.nan)
    return np.interp(even_s, times_s[is_good], places[is_good])


def _metres(
    plane: Plane, ground_m: Floats, across_m: Floats, even_s: Floats
) -> Callable[[Floats, Floats], Floats]:
    """What gives (N, 2) along and up for a joint's pixels (N, 2) at times (N,).

    Along the lane the upright plane is seen nearly edge-on: heights are then those on a plane
    across the lane that goes with the runner.
    """
    middle_m, side_m = float(np.median(ground_m)), float(np.median(across_m))
    is_along = np.isfinite(ground_m).all() and (
        view_at(plane.angle_deg(middle_m, side_m)) is View.ALONG
    )
    track = np.polyfit(even_s, ground_m, 1) if is_along else None

    def to_metres(points_px: Floats, times_s: Floats) -> Floats:
        metres = plane.to_metres(points_px, np.interp(times_s, even_s, across_m))
        if track is not None:
            metres[:, 1] = plane.to_upright(points_px, np.asarray(np.polyval(track, times_s)))
        return metres

    return to_metres


def _turned(points: Floats) -> float:
    """How far the right shoulder and hip are seen to the right of the left ones, in torsos."""
    corners = points[:, _TORSO]
    corners = corners[np.isfinite(corners).all(axis=(1, 2))]
    if len(corners) < 4:
        return 0.0
    torso_px = np.abs(corners[:, [0, 2], 1] - corners[:, [1, 3], 1]).mean()
    return float((corners[:, 2:, 0] - corners[:, :2, 0]).mean() / max(torso_px, 1.0))


def _lower_foot(points: Floats, plane: Plane) -> Floats:
    """(N,) the place along of the ground that the lowest joint of the feet covers; NaN if none."""
    feet = points[:, FEET]
    rows_px = np.where(np.isfinite(feet[:, :, 1]), feet[:, :, 1], -np.inf)
    lowest = feet[np.arange(len(feet)), rows_px.argmax(axis=1)]
    places = [plane.to_level(lowest, float(up_m))[:, 0] for up_m in STANDING_UP_M[:2]]
    is_ankle = STANDING_UP_M[rows_px.argmax(axis=1)] == STANDING_UP_M[0]
    return np.where(is_ankle, places[0], places[1])


def _slow(times_s: Floats, across_m: Floats, even_s: Floats) -> Floats:
    """The place across on even times: a straight line through what is known of it."""
    is_known = np.isfinite(across_m)
    if is_known.sum() < 2:
        return np.full(len(even_s), float(across_m[is_known][0]) if is_known.any() else 0.0)
    slope, base = np.polyfit(times_s[is_known] - times_s[0], across_m[is_known], 1)
    return np.asarray(base + slope * (even_s - times_s[0]))
