"""`rig gait`: steps, cadence and the rest, from a session's gait log or a file of keypoints.

Decides where things are read and written: `steps.csv`, `session.json` and `gait.html`, each whole
or not at all. What they say is decided in `core.gait`.
"""

from __future__ import annotations

import json
import os
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rig.config import Config
from rig.core.gait.falls import Fall, find_falls
from rig.core.gait.keypoints import Keypoints
from rig.core.gait.lines import STREAM, keypoints_of
from rig.core.gait.page import draw_page
from rig.core.gait.plane import BodyPlane, Plane, picture_plane
from rig.core.gait.reading import NOTHING, Stretch, read_gait
from rig.core.gait.summary import summarise
from rig.core.gait.table import steps_csv
from rig.core.lane import Site
from rig.core.lane_file import parse_site
from rig.devices.eventlog import read_segment, segment_paths
from rig.devices.keypoints_file import read_keypoints
from rig.errors import LaneError, LogError, SourceError
from rig.programs.gait_video import ClipReader, read_runner

DONE, NOTHING_SEEN = 0, 1
"""Exit codes; what cannot be used raises a RigError (2)."""
STRAIGHT_MOST_M = 0.2
"""How far a lane's centre line may leave a straight one for the upright plane to stand on it."""


def add_arguments(parser: ArgumentParser) -> None:
    """The command line of `rig gait`."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("session", type=Path, nargs="?", help="folder of one recorded session")
    what.add_argument("--keypoints", type=Path, help="a .npz or .npy of one runner's keypoints")
    what.add_argument(
        "--video", type=Path, help="a clip of one runner, or of one who goes farthest"
    )
    parser.add_argument("--reversed", action="store_true", help="play the video from last to first")
    parser.add_argument("--rate", type=float, help="pictures a second, where the file has no times")
    parser.add_argument("--lane", type=Path, help="lane file of the camera that saw the keypoints")
    parser.add_argument(
        "--height", type=float, default=1.75, help="the runner's, m; scale where no lane is given"
    )
    parser.add_argument("--out", type=Path, help="folder to write into")


@dataclass(slots=True)
class Found:
    """What was read, over all segments."""

    stretches: list[Stretch]
    falls: list[Fall]
    frames: int = 0

    def add(self, keypoints: Keypoints, plane: Plane | None, size_px: tuple[float, float]) -> None:
        """Reads one run's keypoints; without a plane there is nothing to read."""
        self.frames += len(keypoints.times_s)
        self.falls += find_falls(keypoints, *size_px)
        if plane is not None:
            self.stretches += read_gait(keypoints, plane)


def run(args: Namespace) -> int:
    """0: written; 1: written, but no runner was seen for long enough. Raises RigError."""
    found = Found([], [])
    if args.keypoints is not None or args.video is not None:
        about, folder = _read_file(args, found), _out_of_file(args)
    else:
        about, folder = _read_session(args.session, found), args.out or args.session / "gait"
    summary = summarise(found.stretches, found.falls, {**about, "frames": found.frames})
    title = str(about["session_id"])
    _write(folder / "steps.csv", steps_csv(title, found.stretches))
    _write(folder / "session.json", json.dumps(summary, indent=1, allow_nan=False) + "\n")
    _write(folder / "gait.html", draw_page(title, found.stretches, summary))
    for line in _lines(found, summary):
        print(line)
    print(f"wrote steps.csv, session.json and gait.html to {folder}")
    return DONE if found.stretches else NOTHING_SEEN


def _read_file(args: Namespace, found: Found) -> dict[str, Any]:
    if not (np.isfinite(args.height) and 1.0 <= args.height <= 2.5):
        raise SourceError(f"--height is {args.height:g}; give the runner's height, 1 to 2.5 m")
    if args.rate is not None and not (np.isfinite(args.rate) and 1.0 <= args.rate <= 1000.0):
        raise SourceError(f"--rate is {args.rate:g}; give the pictures a second, 1 to 1000")
    source: Path = args.keypoints or args.video
    about: dict[str, Any] = {"session_id": source.stem, "source": str(source)}
    site = None if args.lane is None else parse_site(_text_of(args.lane))
    keypoints = _keypoints(args, site, about)
    if site is None:
        about["scale"] = f"from a height of {args.height:g} m, camera taken to look from the side"
        found.add(keypoints, picture_plane(keypoints, args.height), (np.inf, np.inf))
        return about
    found.add(keypoints, _plane(site), _size(site))
    return about | _camera(site)


def _keypoints(args: Namespace, site: Site | None, about: dict[str, Any]) -> Keypoints:
    """Of the file, or read out of the video's pictures."""
    if args.video is None:
        if args.reversed:
            raise SourceError("--reversed is for --video; leave it out with --keypoints")
        return read_keypoints(args.keypoints, args.rate)
    if args.rate is not None:
        raise SourceError("--rate is for --keypoints; a video has its own times")
    about["reversed"] = args.reversed
    reader = ClipReader(Config())
    about["models"] = reader.models
    return read_runner(reader, args.video, site, is_reversed=args.reversed)


def _out_of_file(args: Namespace) -> Path:
    source: Path = args.keypoints or args.video
    beside = source.with_name(f"{source.stem}-gait")
    return beside if args.out is None else Path(args.out)


def _read_session(session: Path, found: Found) -> dict[str, Any]:
    """Each segment is a run of its own, with its own clock and lane."""
    about: dict[str, Any] = {"session_id": session.name, "log": []}
    paths = segment_paths(session, STREAM)
    if not paths:
        raise LogError(f"{session} holds no gait.*.jsonl, so there is no gait to read")
    for path in paths:
        reader = read_segment(path)
        lines = iter(reader)
        first = next(lines, None)
        if first is not None:
            site = parse_site(_lane_of(first.value, path))
            found.add(keypoints_of(lines), _plane(site), _size(site))
            about |= _camera(site)
            about["models"] = first.value.get("models", {})
            about.setdefault("wall_time", first.value.get("wall_time"))
        if reader.report is not None:
            about["log"].append(reader.report.sentence)
    return about


def _lane_of(header: Mapping[str, Any], path: Path) -> str:
    lane = header.get("lane") if isinstance(header, dict) else None
    if not isinstance(lane, str):
        raise LogError(f"{path}: the first line holds no lane; it was not written by rig log-gait")
    return lane


def _text_of(lane: Path) -> str:
    try:
        return lane.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LaneError(
            f"cannot read the lane file {lane}: {error}; give one of `rig calibrate`"
        ) from error


def _plane(site: Site) -> BodyPlane:
    line = np.array(site.lane.centre_line)
    chord = line[-1] - line[0]
    aside = np.abs((line - line[0]) @ np.array([-chord[1], chord[0]])) / np.hypot(*chord)
    if aside.max() > STRAIGHT_MOST_M:
        raise LaneError(
            f"the lane bends by {aside.max():.1f} m, gait is read on lanes that bend by at most "
            f"{STRAIGHT_MOST_M} m; calibrate its straight part alone"
        )
    return BodyPlane(site.pose, site.lane)


def _size(site: Site) -> tuple[float, float]:
    return float(site.pose.lens.width_px), float(site.pose.lens.height_px)


def _camera(site: Site) -> dict[str, Any]:
    return {
        "camera_height_m": site.pose.height_m,
        "calibration_error_px": site.error_px,
        "calibration_error_m": site.error_m,
    }


def _write(path: Path, text: str) -> None:
    """Whole or not at all: a rename is the last thing that happens."""
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise LogError(
            f"cannot write {path}: {error.strerror}; name another folder with --out"
        ) from error


def _lines(found: Found, summary: Mapping[str, Any]) -> list[str]:
    """What a person wants to know first."""
    if not found.stretches:
        return [f"{found.frames} frames: {NOTHING}"]
    lines = []
    for stretch in found.stretches:
        speed = f"{abs(stretch.speed.along_mps):.2f} m/s" if stretch.speed else "speed not told"
        spms = [c.steps_per_min for _, c in stretch.cadences]
        cadence = f"{np.mean(spms):.1f} steps/min" if spms else "cadence not told"
        lines.append(
            f"{stretch.begin_s:.1f} to {stretch.end_s:.1f} s: {stretch.direction}, {stretch.gait}, "
            f"{speed}, {cadence}, {len(stretch.steps)} steps ({stretch.view})"
        )
    lines += [f"FALL at {fall.fallen_s:.1f} s" for fall in found.falls]
    lines += [f"stumble at {each['t_s']:.1f} s" for each in summary["stumbles"]]
    return lines
