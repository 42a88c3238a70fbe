"""`rig calibrate`: from a points file to a lane file, with everything a person must judge.

Reads the points file and the still, solves the camera's pose, prints what came out and writes the
lane file, the plain still beside it (registration holds on to it) and a picture of the lane drawn
over the still. Nothing is written unless all of it can be.
"""

from __future__ import annotations

import argparse
import math
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np

from rig.config import HazardLimits, PlacingLimits, TrackerLimits
from rig.core.camera_pose import Lens
from rig.core.lane import Site
from rig.core.lane_file import format_site
from rig.core.points_file import Points, parse_points
from rig.core.pose_fit import solve_pose
from rig.core.range_card import range_card
from rig.errors import LaneError, SourceError
from rig.programs.calibration_report import Calibration, report
from rig.programs.lane_picture import draw_site
from rig.records import Picture

T = TypeVar("T")
R = TypeVar("R")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `rig calibrate`."""
    parser.add_argument("--points", type=Path, required=True, help="points file (TOML)")
    parser.add_argument(
        "--out", type=Path, help="lane file to write (default: NAME.lane.toml beside the points)"
    )
    parser.add_argument("--still", type=Path, help="picture to use instead of the points file's")
    parser.add_argument(
        "--object-px", type=float, default=12.0,
        help="least height in model pixels at which the detector finds things (its card)",
    )  # fmt: skip
    parser.add_argument(
        "--whole-px", type=float, default=416.0,
        help="width in model pixels that the whole view is shrunk to (detector card)",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Calibrate as the arguments say; 0, or LaneError or SourceError with nothing written."""
    out = args.out if args.out is not None else lane_file_beside(args.points)
    found = calibrate(args.points, args.still, args.object_px, args.whole_px, out)
    print(report(found))
    for path in write(found, out):
        print(f"written: {path}")
    return 0


def lane_file_beside(points_file: Path) -> Path:
    """NAME.lane.toml for NAME.toml or NAME.points.toml."""
    name = points_file.name.removesuffix(".toml").removesuffix(".points")
    return points_file.with_name(f"{name}.lane.toml")


def calibrate(
    points_file: Path,
    still_file: Path | None = None,
    object_px: float = 12.0,
    whole_px: float = 416.0,
    out: Path | None = None,
) -> Calibration:
    """Solve the points file; nothing is written. `out` names the still kept with the lane file."""
    for name, value in (("--object-px", object_px), ("--whole-px", whole_px)):
        if not (math.isfinite(value) and value > 0):
            raise LaneError(f"{name} is {value:g}; give a number of pixels above 0")
    points = _named(points_file, parse_points, _text(points_file))
    if still_file is None and points.still is not None:
        still_file = points_file.parent / points.still
    still = _picture(still_file) if still_file is not None else None
    lens = _lens(points, still, points_file)
    fit = _named(
        points_file,
        lambda p: solve_pose(p.ground(), p.picture_points(), lens, p.solve_focal, p.names),
        points,
    )
    lane_file = out if out is not None else lane_file_beside(points_file)
    site = Site(
        fit.pose,
        points.lane,
        still_name(lane_file) if still is not None else None,
        max(fit.errors_px),
        max(fit.errors_m),
        _named(points_file, fit.lane_tilt_sigma_rad, points.lane),
    )
    card = range_card(
        site, PlacingLimits(), HazardLimits(), object_px, whole_px / lens.width_px,
        confirm_s=TrackerLimits().confirm_s,
    )  # fmt: skip
    return Calibration(site, fit, points, card, still)


def still_name(lane_file: Path) -> str:
    """The still kept beside a lane file."""
    return f"{lane_file.name.removesuffix('.toml').removesuffix('.lane')}.still.png"


def write(found: Calibration, out: Path) -> list[Path]:
    """Write lane file and pictures, all or none; the paths written.

    Without a still there is only the lane file.
    """
    contents = [(out, format_site(found.site).encode())]
    if found.still is not None:
        points = found.points
        drawn = draw_site(found.still, found.site, points.names, points.picture_points())
        stem = out.name.removesuffix(".toml").removesuffix(".lane")
        contents = [
            (out.with_name(still_name(out)), _png(found.still)),
            (out.with_name(f"{stem}.overlay.png"), _png(drawn)),
            *contents,
        ]
    _write_all(contents)
    return [path for path, _ in contents]


# --------------------------------------------------------------------------- files


def _named(points_file: Path, call: Callable[[T], R], argument: T) -> R:
    """What `call` answers; its LaneError names the file on every line."""
    try:
        return call(argument)
    except LaneError as error:
        lines = [f"{points_file}: {line}" for line in str(error).split("\n")]
        raise LaneError("\n".join(lines)) from error


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"points file {path} cannot be read: {error}; check its name") from error


def _picture(path: Path) -> Picture:
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise SourceError(
            f"still {path} cannot be read: {error}; give its name with still or --still"
        ) from error
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    if picture is None:
        raise SourceError(f"still {path} is no picture that can be read; give a PNG or JPEG")
    return np.asarray(picture, dtype=np.uint8)


def _lens(points: Points, still: Picture | None, points_file: Path) -> Lens:
    size = points.picture_px
    if still is not None:
        found = (still.shape[1], still.shape[0])
        if size is not None and size != found:
            raise LaneError(
                f"{points_file}: picture_px is {size[0]} x {size[1]} but the still is {found[0]} x "
                f"{found[1]}; measure the pixels in the still itself"
            )
        size = found
    if size is None:
        raise LaneError(f"{points_file}: no picture size; give picture_px or a still")
    return points.lens(*size)


def _png(picture: Picture) -> bytes:
    is_done, data = cv2.imencode(".png", picture)
    if not is_done:
        raise SourceError(f"picture of shape {picture.shape} could not be written as PNG")
    return data.tobytes()


def _write_all(contents: list[tuple[Path, bytes]]) -> None:
    """Write every file under a name of its own, then move all into place; nothing half done."""
    waiting: list[tuple[Path, Path]] = []
    try:
        for path, data in contents:
            if path.is_dir():
                raise IsADirectoryError(f"{path} is a folder")
            handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
            waiting.append((Path(name), path))
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
                os.fchmod(file.fileno(), 0o644)
        for hidden, path in waiting:
            hidden.replace(path)
    except OSError as error:
        raise SourceError(
            f"the calibration cannot be written to {contents[-1][0].parent}: {error}; "
            "choose another place with --out"
        ) from error
    finally:
        for hidden, _ in waiting:
            hidden.unlink(missing_ok=True)
