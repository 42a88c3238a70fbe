"""Draws what the rig decided over the picture it decided from.

Decides colours, places and sizes of the drawing, nothing else; every number shown is taken from
the Decision. Called by the programs that record, replay and show.

Sizes go by the picture's height, so that a picture stays readable when shrunk to 480x270. The
words say what the colours say, for people who do not see them.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from rig.core.lane import Lane, Site
from rig.records import Alert, Box, Decision, Level, Picture, Runner, Track

Colour = tuple[int, int, int]
Rectangle = tuple[int, int, int, int]
"""x0, y0, x1, y1 in whole pixels."""

_BLACK, _WHITE, _GREY = (0, 0, 0), (255, 255, 255), (170, 170, 170)
_LINE, _BOX_LINE, _EXIT_LINE = (240, 240, 240), (255, 190, 60), (0, 235, 255)
_RUNNER, _IN_CORRIDOR = (90, 220, 60), (0, 140, 255)
_FONT = cv2.FONT_HERSHEY_DUPLEX

LEVEL_COLOURS: dict[Level, tuple[Colour, Colour]] = {
    Level.STOP: ((30, 20, 215), _WHITE),
    Level.FAULT: ((170, 30, 150), _WHITE),
    Level.CAUTION: ((20, 185, 255), _BLACK),
    Level.CUE: ((210, 140, 40), _WHITE),
    Level.OK: ((70, 140, 40), _WHITE),
    Level.SILENT: ((60, 60, 60), _WHITE),
}
"""Blue green red of the banner and of the letters on it."""


@dataclass(frozen=True, slots=True)
class _Sizes:
    """Pixels of the drawing's parts."""

    banner: int
    footer: int
    big: int
    small: int
    line: int


def _size(height_px: int) -> _Sizes:
    # The least letter heights are those at which this font can still be read.
    return _Sizes(
        banner=max(26, height_px // 9),
        footer=max(16, height_px // 20),
        big=max(12, height_px // 18),
        small=max(9, height_px // 34),
        line=max(1, round(height_px / 360)),
    )


def draw(picture: Picture, decision: Decision, site: Site, zero_ns: int = 0) -> Picture:
    """A copy of the picture with lane, boxes, alert, phase and time drawn over it.

    The time shown is the frame's, in seconds after `zero_ns`. A thing out of the picture is left
    out. Costs a few milliseconds at 1280x720.
    """
    canvas = np.ascontiguousarray(picture).copy()
    sizes = _size(canvas.shape[0])
    height, width = canvas.shape[:2]
    _draw_lane(canvas, site, sizes)
    coloured = _coloured(decision, site.lane)
    for track, colour in coloured:
        x0, y0, x1, y1 = _whole(track.box)
        weight = sizes.line if colour == _GREY else 2 * sizes.line
        cv2.rectangle(canvas, (x0, y0), (x1, y1), colour, weight)
    taken = [_whole(track.box) for track, _ in coloured]
    taken += [(0, 0, width, sizes.banner), (0, height - sizes.footer, width, height)]
    for track, colour in reversed(coloured):
        _label_track(canvas, track, colour, sizes, taken)
    _label_marks(canvas, site, sizes, taken)
    _draw_banner(canvas, decision.alert, sizes)
    _draw_footer(canvas, decision, zero_ns, sizes)
    return canvas


def _draw_lane(canvas: Picture, site: Site, sizes: _Sizes) -> None:
    lane, half_m = site.lane, site.lane.width_m / 2
    exit_m = lane.length_m - lane.exit_zone_m
    box_m = (lane.box_start_m, lane.box_start_m + lane.box_length_m)
    along_m = np.arange(0.0, lane.length_m + 0.25, 0.5).clip(max=lane.length_m)
    for across_m in (-half_m, half_m):
        _draw_path(canvas, site, along_m, across_m, _LINE, sizes.line)
        _draw_path(canvas, site, along_m[along_m >= exit_m], across_m, _EXIT_LINE, 2 * sizes.line)
        _draw_path(canvas, site, np.linspace(*box_m, 7), across_m, _BOX_LINE, 2 * sizes.line)
    crossings = [(at_m, _BOX_LINE, 2) for at_m in box_m]
    crossings += [(at_m, _EXIT_LINE, 2) for at_m in (exit_m, lane.length_m)]
    crossings += [(at_m, _LINE, 1) for at_m in _marks(lane)]
    for at_m, colour, weight in crossings:
        across = np.linspace(-half_m, half_m, 5)
        _draw_path(canvas, site, np.full(5, at_m), across, colour, weight * sizes.line)


def _marks(lane: Lane) -> list[float]:
    return [float(at_m) for at_m in range(10, int(lane.length_m) + 1, 10)]


def _draw_path(
    canvas: Picture,
    site: Site,
    along_m: NDArray[np.float64],
    across_m: NDArray[np.float64] | float,
    colour: Colour,
    width_px: int,
) -> None:
    """A line over the ground; the parts that are not seen are left out."""
    points = _see(site, along_m, across_m)
    height, width = canvas.shape[:2]
    margin = np.array([width, height])
    # A line that starts far outside is cut there; numbers beyond would overflow OpenCV's.
    is_near = np.all((points > -margin) & (points < 2 * margin), axis=1)
    for run in np.split(np.arange(len(points)), np.flatnonzero(~is_near)):
        line = points[run[is_near[run]]].round().astype(np.int32)
        cv2.polylines(canvas, [line], False, colour, width_px, cv2.LINE_AA)


def _see(
    site: Site, along_m: NDArray[np.float64], across_m: NDArray[np.float64] | float
) -> NDArray[np.float64]:
    """Pixels (N, 2) of lane places; NaN where the camera does not look."""
    places = np.stack([along_m, np.zeros(len(along_m)) + across_m], axis=1)
    ground = site.lane.to_ground(places)
    return site.pose.to_pixels(np.column_stack([ground, np.zeros(len(ground))]))


def _label_marks(canvas: Picture, site: Site, sizes: _Sizes, taken: list[Rectangle]) -> None:
    """Metres beside the lane, nearest first; those that would cover something are left out."""
    marks = _marks(site.lane)
    limits = (canvas.shape[1], canvas.shape[0])
    half_m = site.lane.width_m / 2
    ends = np.stack([_see(site, np.array(marks), side * half_m) for side in (-1, 1)])
    nearest_first = np.argsort(-np.nan_to_num(ends[:, :, 1].max(axis=0), nan=-1.0))
    for mark, pair in ((marks[i], ends[:, i]) for i in nearest_first):
        if np.isfinite(pair).all() and (pair >= 0).all() and (pair < limits).all():
            words, pad = f"{mark:g} m", sizes.small
            (left_x, left_y), (right_x, right_y) = pair[pair[:, 0].argsort()].round().astype(int)
            left = (left_x - pad - _width(words, sizes.small), left_y + pad // 2)
            right = (right_x + pad, right_y + pad // 2)
            _label(canvas, words, [right, left], _BLACK, sizes, taken)


def _coloured(decision: Decision, lane: Lane) -> list[tuple[Track, Colour]]:
    """Tracks with the colour of their role, the most important last so that it lies on top."""
    hazard = decision.alert.hazard
    alarmed = None if hazard is None else hazard.track_id
    found, runner = [], decision.runner.track
    tracks = {track.track_id: track for track in (*decision.tracks, runner) if track is not None}
    for track in tracks.values():
        if runner is not None and track.track_id == runner.track_id:
            found.append((2, track, _RUNNER))
        elif track.track_id == alarmed:
            found.append((3, track, LEVEL_COLOURS[decision.alert.level][0]))
        else:
            is_inside = _is_in_corridor(track, lane)
            found.append((int(is_inside), track, _IN_CORRIDOR if is_inside else _GREY))
    return [(track, colour) for _, track, colour in sorted(found, key=lambda item: item[0])]


def _is_in_corridor(track: Track, lane: Lane) -> bool:
    """Design section 2: the whole lane width plus the thing's half width."""
    reach_m = (lane.width_m + track.width_m) / 2
    return abs(track.across_m) <= reach_m and 0 <= track.along_m <= lane.length_m + lane.run_off_m


def _label_track(
    canvas: Picture, track: Track, colour: Colour, sizes: _Sizes, taken: list[Rectangle]
) -> None:
    """Kind, place and speed above, beside or below the box, wherever nothing is covered."""
    name = "runner" if colour == _RUNNER else track.kind
    words = f"{name} {track.along_m:.1f} m {abs(track.along_mps):.1f} m/s"
    x0, y0, x1, y1 = _whole(track.box)
    width, pad = _width(words, sizes.small), sizes.small // 3 + 2
    step = sizes.small + 2 * pad
    above = [(x0, y0 - pad - sizes.line - lift * step) for lift in range(3)]
    beside = [
        (x, y0 + sizes.small + pad + drop * step)
        for drop in (0, 1)
        for x in (x1 + 2 * pad, x0 - width - 2 * pad)
    ]
    below = [(x0, y1 + pad + sizes.small + drop * step) for drop in range(3)]
    _label(canvas, words, [*above[:1], *beside, *above[1:], *below], colour, sizes, taken)


def _whole(box: Box) -> Rectangle:
    return round(box.x0), round(box.y0), round(box.x1), round(box.y1)


def _draw_banner(canvas: Picture, alert: Alert, sizes: _Sizes) -> None:
    fill, ink = LEVEL_COLOURS[alert.level]
    width = canvas.shape[1]
    cv2.rectangle(canvas, (0, 0), (width, sizes.banner - 1), fill, cv2.FILLED)
    cause = "" if alert.cause is None else alert.cause.replace("_", " ")
    left, right = f"{alert.level.name}  {cause}", _evidence(alert)
    room = width - 3 * sizes.small
    letters = _fit(f"{left}   {right}", sizes.big, room)
    baseline = (sizes.banner + letters) // 2
    _write(canvas, left, (sizes.small, baseline), ink, letters)
    _write(canvas, right, (width - sizes.small - _width(right, letters), baseline), ink, letters)


def _evidence(alert: Alert) -> str:
    if alert.hazard is None:
        return ""
    gap_m, ttc_s = alert.hazard.gap_m, alert.hazard.ttc_s
    parts = [
        "" if gap_m is None else f"{gap_m:.1f} m",
        "" if ttc_s is None else f"{ttc_s:.1f} s",
    ]
    return "  ".join(part for part in parts if part)


def _draw_footer(canvas: Picture, decision: Decision, zero_ns: int, sizes: _Sizes) -> None:
    height, width = canvas.shape[:2]
    cv2.rectangle(canvas, (0, height - sizes.footer), (width, height), _BLACK, cv2.FILLED)
    t_ns = decision.now_ns if decision.t_ns is None else decision.t_ns
    clock = f"{(t_ns - zero_ns) / 1e9:.2f} s" + (" no frame" if decision.t_ns is None else "")
    words = _phase(decision.runner)
    letters = _fit(f"{words}   {clock}", max(8, sizes.footer * 6 // 11), width - 3 * sizes.small)
    baseline = height - (sizes.footer - letters) // 2
    _write(canvas, words, (sizes.small, baseline), _WHITE, letters)
    place = (width - sizes.small - _width(clock, letters), baseline)
    _write(canvas, clock, place, _WHITE, letters)


def _phase(runner: Runner) -> str:
    parts = [runner.phase.replace("_", " ")]
    if runner.track is not None:
        parts.append(f"{runner.track.along_m:.1f} m {runner.track.along_mps:+.1f} m/s")
    if runner.lost_s > 0:
        parts.append(f"unseen {runner.lost_s:.1f} s")
    if runner.is_falling or runner.is_down:
        parts.append("down" if runner.is_down else "falling")
    return "   ".join(parts)


def _label(
    canvas: Picture,
    words: str,
    places: list[tuple[int, int]],
    fill: Colour,
    sizes: _Sizes,
    taken: list[Rectangle],
) -> None:
    """Words on a filled ground at the first free place that lies in the picture, if any."""
    height, width_px = canvas.shape[:2]
    width, pad = _width(words, sizes.small), sizes.small // 3
    for x, y in places:
        spot = (x - pad, y - sizes.small - pad, x + width + pad, y + pad)
        is_inside = spot[0] >= 0 and spot[1] >= 0 and spot[2] <= width_px and spot[3] <= height
        if is_inside and not any(_meet(spot, other) for other in taken):
            taken.append(spot)
            cv2.rectangle(canvas, spot[:2], spot[2:], fill, cv2.FILLED)
            # Rec. 601 weights: dark letters on a light ground, light ones on a dark ground.
            luma = 0.114 * fill[0] + 0.587 * fill[1] + 0.299 * fill[2]
            _write(canvas, words, (x, y), _BLACK if luma > 110 else _WHITE, sizes.small)
            return


def _meet(one: Rectangle, other: Rectangle) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _write(canvas: Picture, words: str, at: tuple[int, int], colour: Colour, letters: int) -> None:
    cv2.putText(canvas, words, at, _FONT, _scale(letters), colour, _weight(letters), cv2.LINE_AA)


def _width(words: str, letters: int) -> int:
    return int(cv2.getTextSize(words, _FONT, _scale(letters), _weight(letters))[0][0])


def _fit(words: str, letters: int, room_px: int) -> int:
    """The letters' height, made smaller where the words would not fit."""
    width = _width(words, letters)
    return letters if width <= room_px else max(6, letters * room_px // width)


def _weight(letters: int) -> int:
    return max(1, round(letters / 10))


def _scale(letters: int) -> float:
    return letters / 22  # the font's capitals are 22 px high at scale 1
