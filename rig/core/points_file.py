"""The points file: what a coach measured at the track, as TOML typed by hand.

Decides what may stand in it and what is meant when something is left out; `docs/calibration.md`
describes the form. Solving is `pose_fit`'s, reading the disk the calibrate program's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from rig.core.lane import Lane, Point, arc_line
from rig.core.lens import LENS_PRESETS, Floats, Lens, lens_preset
from rig.core.table_check import Row, check_keys, parse_toml, read_section, read_table
from rig.errors import LaneError

_TOP = (
    Row("still", "text", "", default=None),
    Row("picture_px", "point", "px", 16, 16384, None),
)
_LENS = (
    Row("preset", "text", "", default="camera-module-3"),
    Row("solve_focal", "flag", "", default=True),
    Row("focal_px", "number", "px", 10, 1e6, None),
    Row("cx_px", "number", "px", -16384, 32768, None),
    Row("cy_px", "number", "px", -16384, 32768, None),
    *(Row(key, "number", "", -100, 100, None) for key in ("k1", "k2", "p1", "p2", "k3")),
)
_LANE = (
    Row("length_m", "number", "m", 1, 1000, None),
    Row("start_m", "point", "m", -1000, 1000, (0.0, 0.0)),
    Row("heading_deg", "number", "degrees", -360, 360, 0.0),
    Row("bend_start_m", "number", "m", 0, 1000, None),
    Row("bend_radius_m", "number", "m", -1000, 1000, None),
    Row("centre_line_m", "points", "m", -1000, 1000, None),
    Row("width_m", "number", "m", 0.3, 50, 1.22),
    Row("box_start_m", "number", "m", 0, 1000, 0.0),
    Row("box_length_m", "number", "m", 0.1, 100, 3.0),
    Row("exit_zone_m", "number", "m", 0, 100, 5.0),
    Row("run_off_m", "number", "m", 0, 1000, 3.0),
)
_POINT = (
    Row("name", "text", "", default=None),
    Row("x_m", "number", "m", -1000, 1000),
    Row("y_m", "number", "m", -1000, 1000),
    Row("x_px", "number", "px", -16384, 32768),
    Row("y_px", "number", "px", -16384, 32768),
)
_SECTIONS = ("lens", "lane", "point")


@dataclass(frozen=True, slots=True)
class Points:
    """A points file's content.

    `picture_px` is None where only the still tells the size; `ground_m` and `pixels` are one pair
    for each of `names`.
    """

    still: str | None
    picture_px: tuple[int, int] | None
    lane: Lane
    names: tuple[str, ...]
    ground_m: tuple[Point, ...]
    pixels: tuple[Point, ...]
    solve_focal: bool
    lens_values: tuple[tuple[str, Any], ...]

    def lens(self, width_px: int, height_px: int) -> Lens:
        """The lens for the picture's size: the preset with what the file gives instead."""
        given = dict(self.lens_values)
        lens = lens_preset(given.pop("preset"), width_px, height_px)
        values = {key: getattr(lens, key) for key in Lens.__dataclass_fields__}
        return Lens(**{**values, **given})

    def ground(self) -> Floats:
        """Ground places (N, 2) in metres."""
        return np.array(self.ground_m, dtype=np.float64).reshape(-1, 2)

    def picture_points(self) -> Floats:
        """Pixels (N, 2)."""
        return np.array(self.pixels, dtype=np.float64).reshape(-1, 2)


def parse_points(text: str) -> Points:
    """Read a points file's text; LaneError lists every problem, one a line."""
    raw = parse_toml(text, "the points file")
    problems: list[str] = []
    top_keys = [row.key for row in _TOP]
    problems += check_keys(raw, [*top_keys, *_SECTIONS], "the points file")
    top_raw = {key: value for key, value in raw.items() if key in top_keys}
    top = read_table(top_raw, "the points file", _TOP, problems)
    lens = read_section(raw, "lens", _LENS, problems)
    if lens.get("preset") is not None and lens["preset"] not in LENS_PRESETS:
        known = ", ".join(LENS_PRESETS)
        problems.append(f"[lens]: preset is {lens['preset']!r}; use one of: {known}")
    lane_values = read_section(raw, "lane", _LANE, problems)
    rows = _point_rows(raw.get("point", []), problems)
    if top.get("still") is None and top.get("picture_px") is None and not problems:
        problems.append("neither still nor picture_px is given; give one, so the size is known")
    lane = _lane(lane_values, problems)
    if problems or lane is None:
        raise LaneError("\n".join(problems))
    size = top["picture_px"]
    solve_focal = bool(lens.pop("solve_focal"))
    return Points(
        still=top["still"],
        picture_px=(int(size[0]), int(size[1])) if size else None,
        lane=lane,
        names=tuple(row["name"] or f"{n}" for n, row in enumerate(rows, 1)),
        ground_m=tuple((row["x_m"], row["y_m"]) for row in rows),
        pixels=tuple((row["x_px"], row["y_px"]) for row in rows),
        solve_focal=solve_focal,
        lens_values=tuple((key, value) for key, value in lens.items() if value is not None),
    )


def _point_rows(raw: object, problems: list[str]) -> list[dict[str, Any]]:
    if not isinstance(raw, list) or not all(isinstance(row, dict) for row in raw):
        problems.append("point must be given as sections [[point]] with x_m, y_m, x_px, y_px")
        return []
    return [read_table(row, f"[[point]] {n}", _POINT, problems) for n, row in enumerate(raw, 1)]


def _lane(values: dict[str, Any], problems: list[str]) -> Lane | None:
    """The lane, straight or with one bend or along given points; None adds problems."""
    line = _centre_line(values, problems)
    keys = ("width_m", "box_start_m", "box_length_m", "exit_zone_m", "run_off_m")
    if line is None or not all(key in values for key in keys):
        return None
    try:
        return Lane(line, *(values[key] for key in keys))
    except LaneError as error:
        problems += [f"[lane]: {sentence}" for sentence in str(error).split("\n")]
        return None


def _centre_line(values: dict[str, Any], problems: list[str]) -> tuple[Point, ...] | None:
    line, length = values.get("centre_line_m"), values.get("length_m")
    if (line is None) == (length is None):
        if "centre_line_m" in values and "length_m" in values:
            problems.append("[lane]: give either length_m or centre_line_m, not both or neither")
        return None
    if line is not None or length is None:
        return tuple(line or ())
    if "start_m" not in values or "heading_deg" not in values:
        return None
    (x, y), heading = values["start_m"], math.radians(values["heading_deg"])
    bend, radius = values.get("bend_start_m"), values.get("bend_radius_m")
    if bend is None and radius is None:
        return (x, y), (x + length * math.cos(heading), y + length * math.sin(heading))
    if bend is None or not radius or bend >= length:
        problems.append(
            f"[lane]: bend_start_m is {bend} and bend_radius_m {radius}; give both, the bend's "
            f"start before length_m ({length:g} m) and a radius that is not 0 (negative: right)"
        )
        return None
    corner = (x + bend * math.cos(heading), y + bend * math.sin(heading))
    arc = arc_line(corner, heading, abs(radius), (length - bend) / radius)
    return arc if bend == 0 else ((x, y), *arc)
