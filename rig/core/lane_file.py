"""The lane file: one calibrated site as TOML that a person can read and mend.

Decides what may stand in the file. Reading and writing the disk is the programs' work. Every
number is written so that reading it gives the same number again.
"""

from __future__ import annotations

import json
import math
from typing import Any

from rig.core.camera_pose import CameraPose
from rig.core.lane import Lane, Site
from rig.core.lens import Lens
from rig.core.table_check import Row, check_keys, parse_toml, read_section
from rig.errors import LaneError

VERSION = 1

_CAMERA = (
    Row("x_m", "number", "m", -1000, 1000),
    Row("y_m", "number", "m", -1000, 1000),
    Row("height_m", "number", "m", 0.1, 100),
    Row("pan_rad", "number", "rad", -7, 7),
    Row("tilt_rad", "number", "rad", -1.6, 1.6),
    Row("roll_rad", "number", "rad", -3.2, 3.2, 0.0),
)
_LENS = (
    Row("name", "text"),
    Row("width_px", "integer", "px", 16, 16384),
    Row("height_px", "integer", "px", 16, 16384),
    Row("focal_px", "number", "px", 10, 1e6),
    Row("cx_px", "number", "px", -16384, 32768),
    Row("cy_px", "number", "px", -16384, 32768),
    *(Row(key, "number", "", -100, 100, 0.0) for key in ("k1", "k2", "p1", "p2", "k3")),
)
_LANE = (
    Row("centre_line_m", "points", "m", -1000, 1000),
    Row("width_m", "number", "m", 0.3, 50, 1.22),
    Row("box_start_m", "number", "m", 0, 1000, 0.0),
    Row("box_length_m", "number", "m", 0.1, 100, 3.0),
    Row("exit_zone_m", "number", "m", 0, 100, 5.0),
    Row("run_off_m", "number", "m", 0, 1000, 3.0),
)
_CALIBRATION = (
    Row("still", "text", "", default=None),
    Row("error_px", "number", "px", 0, 1000, None),
    Row("error_m", "number", "m", 0, 1000, None),
    Row(
        "tilt_sigma_rad",
        "number",
        "rad",
        0,
        0.2,
        Site.__dataclass_fields__["tilt_sigma_rad"].default,
    ),
)
_SECTIONS = {"camera": _CAMERA, "lens": _LENS, "lane": _LANE, "calibration": _CALIBRATION}


def parse_site(text: str) -> Site:
    """Read a lane file's text; LaneError lists every problem, one a line."""
    raw = parse_toml(text, "the lane file")
    problems: list[str] = []
    version = raw.get("version")
    if version != VERSION or isinstance(version, bool):
        problems.append(
            f"version is {version!r}; this rig reads {VERSION}: calibrate again to write it"
        )
    problems += check_keys(raw, ["version", *_SECTIONS], "the lane file")
    found = {name: read_section(raw, name, rows, problems) for name, rows in _SECTIONS.items()}
    still = found["calibration"].get("still")
    if still is not None and ("/" in still or "\\" in still or still in (".", "..")):
        problems.append(f"[calibration]: still is {still!r}; give a file name beside the lane file")
    if problems:
        raise LaneError("\n".join(problems))
    pose = CameraPose(Lens(**found["lens"]), **found["camera"])
    return Site(pose, Lane(**_renamed(found["lane"])), **found["calibration"])


def _renamed(lane: dict[str, Any]) -> dict[str, Any]:
    return {"centre_line": lane.pop("centre_line_m"), **lane}


def format_site(site: Site) -> str:
    """A site as lane file text, with what the numbers mean beside them."""
    pose, lens, lane = site.pose, site.pose.lens, site.lane
    corners = ", ".join(f"[{x!r}, {y!r}]" for x, y in lane.centre_line)
    parts = [
        "# Rearguard lane file: where the camera stands and where the lane lies.",
        "# Metres on the ground: x along the straight, y to the left of travel, z up.",
        f"version = {VERSION}",
        "\n[camera]",
        *_lines(pose, _CAMERA),
        f"# pan {_degrees(pose.pan_rad)} (0 looks along x, left is positive), "
        f"tilt {_degrees(pose.tilt_rad)} down, roll {_degrees(pose.roll_rad)}",
        "\n[lens]",
        *_lines(lens, _LENS),
        "\n[lane]",
        f"centre_line_m = [{corners}]",
        *_lines(lane, _LANE[1:]),
        f"# {lane.length_m:.2f} m long",
        "\n[calibration]",
        *_lines(site, _CALIBRATION),
    ]
    return "\n".join(parts) + "\n"


def _lines(record: object, rows: tuple[Row, ...]) -> list[str]:
    """`key = value` for every value that is known."""
    values = [(row.key, getattr(record, row.key)) for row in rows]
    return [f"{key} = {_toml(value)}" for key, value in values if value is not None]


def _toml(value: str | int | float) -> str:
    """A TOML value; JSON's escapes of printable text are TOML's too."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _degrees(angle_rad: float) -> str:
    return f"{math.degrees(angle_rad):.2f} degrees"
