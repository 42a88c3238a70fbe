"""`rig gait`: steps, cadence and the rest, from a session's gait log or a file of keypoints.

Decides what is read: a session, a clip, or a file of keypoints; and what a person is told first.
Where things lie is `gait_session`'s, what they say is decided in `core.gait`.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from rig.config import Config
from rig.core.gait.falls import Fall, Witness, find_falls
from rig.core.gait.keypoints import Keypoints
from rig.core.gait.plane import picture_plane
from rig.core.gait.reading import NOTHING
from rig.core.lane import Site
from rig.core.lane_file import parse_site
from rig.devices.keypoints_file import read_keypoints
from rig.errors import LaneError, SourceError
from rig.programs.gait_session import (
    FOLDER,
    Found,
    camera_of,
    note_runner,
    plane_of,
    read_session,
    size_of,
    write_results,
)
from rig.programs.gait_video import ClipReader, read_runner

DONE, NOTHING_SEEN = 0, 1
"""Exit codes; what cannot be used raises a RigError (2)."""


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
    parser.add_argument(
        "--runner", metavar="LABEL", help="keep with the session who ran, for `rig progress`"
    )


def run(args: Namespace) -> int:
    """0: written; 1: written, but no runner was seen for long enough. Raises RigError."""
    if args.session is None:
        if args.runner is not None:
            raise SourceError("--runner is kept with a session; leave it out with files")
        found = Found([], [])
        about, folder = _read_file(args, found), _out_of_file(args)
    else:
        if args.runner is not None:
            note_runner(args.session, args.runner)
        found, about = read_session(args.session)
        folder = args.out or args.session / FOLDER
    summary = write_results(folder, found, about)
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
    keypoints = _keypoints(args, site, about, found)
    if site is None:
        about["scale"] = f"from a height of {args.height:g} m, camera taken to look from the side"
        found.add_motion(keypoints, picture_plane(keypoints, args.height))
        return about
    found.add_motion(keypoints, plane_of(site))
    return about | camera_of(site)


def _keypoints(
    args: Namespace, site: Site | None, about: dict[str, Any], found: Found
) -> Keypoints:
    """Of the file, or read out of the video's pictures; with the falls."""
    if args.video is None:
        if args.reversed:
            raise SourceError("--reversed is for --video; leave it out with --keypoints")
        keypoints = read_keypoints(args.keypoints, args.rate)
        size_px = (np.inf, np.inf) if site is None else size_of(site)
        found.falls += find_falls(keypoints, *size_px)
        return keypoints
    if args.rate is not None:
        raise SourceError("--rate is for --keypoints; a video has its own times")
    about["reversed"] = args.reversed
    reader = ClipReader(Config())
    about["models"] = reader.models
    runner, size_px = read_runner(reader, args.video, site, is_reversed=args.reversed)
    found.falls += runner.falls(*size_px)
    return runner.keypoints()


def _out_of_file(args: Namespace) -> Path:
    source: Path = args.keypoints or args.video
    beside = source.with_name(f"{source.stem}-gait")
    return beside if args.out is None else Path(args.out)


def _text_of(lane: Path) -> str:
    try:
        return lane.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LaneError(
            f"cannot read the lane file {lane}: {error}; give one of `rig calibrate`"
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
    lines += [_fall_line(fall) for fall in found.falls]
    lines += [f"stumble at {each['t_s']:.1f} s" for each in summary["stumbles"]]
    lines += [f"drift: {note}" for note in summary["drift_notes"]]
    return lines


def _fall_line(fall: Fall) -> str:
    if fall.witness is Witness.POSE_AND_BOX:
        return f"FALL at {fall.fallen_s:.1f} s (pose, borne out by the box)"
    why = "the box does not bear it out" if fall.witness is Witness.POSE_ALONE else fall.witness
    return f"perhaps a fall at {fall.fallen_s:.1f} s ({why}; most such are false)"
