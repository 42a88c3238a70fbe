"""Gait sessions on the disk: logs read, results written, the runner's label kept.

Decides where things lie: `gait/` in the session's folder, each file whole or not at all. What
they say is decided in `core.gait`. Called by `rig gait` and `rig progress`.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from rig import __version__
from rig.core.gait.falls import Fall
from rig.core.gait.keypoints import Keypoints
from rig.core.gait.lines import STREAM, boxes_of, keypoints_of
from rig.core.gait.page import draw_page
from rig.core.gait.plane import BodyPlane, Plane
from rig.core.gait.reading import Stretch, read_gait
from rig.core.gait.summary import summarise
from rig.core.gait.table import steps_csv
from rig.core.gait.witness import find_witnessed_falls
from rig.core.lane import Site
from rig.core.lane_file import parse_site
from rig.devices.eventlog import new_segment, read_segment, segment_paths
from rig.devices.run_header import FORMAT, boot_id
from rig.errors import LaneError, LogError

FOLDER: Final = "gait"
SUMMARY: Final = "session.json"
STRAIGHT_MOST_M: Final = 0.2
"""How far a lane's centre line may leave a straight one for the upright plane to stand on it."""
NOTES: Final = "notes"
RUNNER: Final = "runner"
"""Stream and kind of the line in which the coach says who ran; the last one holds."""
LABEL_MOST: Final = 60


@dataclass(slots=True)
class Found:
    """What was read, over all segments."""

    stretches: list[Stretch]
    falls: list[Fall]
    frames: int = 0

    def add_motion(self, keypoints: Keypoints, plane: Plane | None) -> None:
        """Reads all but the falls."""
        self.frames += len(keypoints.times_s)
        if plane is not None:
            self.stretches += read_gait(keypoints, plane)


def read_session(session: Path) -> tuple[Found, dict[str, Any]]:
    """Each segment is a run of its own, with its own clock and lane. Raises LogError, LaneError."""
    found = Found([], [])
    about: dict[str, Any] = {"session_id": session.name, "log": []}
    paths = segment_paths(session, STREAM)
    if not paths:
        raise LogError(f"{session} holds no gait.*.jsonl, so there is no gait to read")
    for path in paths:
        reader = read_segment(path)
        lines = list(reader)
        if lines:
            first = lines[0].value if isinstance(lines[0].value, dict) else {}
            site = parse_site(_lane_of(first, path))
            keypoints = keypoints_of(lines)
            found.add_motion(keypoints, plane_of(site))
            found.falls += find_witnessed_falls(keypoints, *boxes_of(lines), size_of(site))
            about |= camera_of(site)
            about["models"] = first.get("models", {})
            about.setdefault("wall_time", first.get("wall_time"))
            about.setdefault(RUNNER, _configured(first))
        if reader.report is not None:
            about["log"].append(reader.report.sentence)
    about[RUNNER] = noted_runner(session) or about.get(RUNNER, "")
    return found, about


def _lane_of(header: Mapping[str, Any], path: Path) -> str:
    lane = header.get("lane")
    if not isinstance(lane, str):
        raise LogError(f"{path}: the first line holds no lane; it was not written by rig log-gait")
    return lane


def _configured(header: Mapping[str, Any]) -> str:
    """The label of `gait.runner` when the session was logged."""
    table = header.get("config")
    options = table.get("gait") if isinstance(table, dict) else None
    label = options.get(RUNNER) if isinstance(options, dict) else None
    return label if isinstance(label, str) else ""


def noted_runner(session: Path) -> str:
    """The last label that the coach noted for this session; empty where there is none."""
    label = ""
    for path in segment_paths(session, NOTES):
        for line in read_segment(path):
            name = line.value.get("name") if isinstance(line.value, dict) else None
            if line.kind == RUNNER and isinstance(name, str) and len(name) <= LABEL_MOST:
                label = name.strip()
    return label


def note_runner(session: Path, label: str) -> None:
    """Keep who ran, as one more line of the session's notes. Raises LogError."""
    if not label.isprintable() or not 0 < len(label.strip()) <= LABEL_MOST:
        raise LogError(
            f"--runner is {label[:LABEL_MOST]!r}; give a name or number of 1 to {LABEL_MOST} "
            "letters on one line"
        )
    now_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    header = {
        "format": FORMAT,
        "program": "gait",
        "rig": __version__,
        "boottime_ns": now_ns,
        "wall_time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "boot_id": boot_id(),
    }
    writer = new_segment(session, NOTES, header, now_ns)
    writer.write(RUNNER, now_ns, {"name": label.strip()})
    writer.close(now_ns)


def plane_of(site: Site) -> BodyPlane:
    """The plane that the runner moves on. Raises LaneError for a lane that bends."""
    line = np.array(site.lane.centre_line)
    chord = line[-1] - line[0]
    aside = np.abs((line - line[0]) @ np.array([-chord[1], chord[0]])) / np.hypot(*chord)
    if aside.max() > STRAIGHT_MOST_M:
        raise LaneError(
            f"the lane bends by {aside.max():.1f} m, gait is read on lanes that bend by at most "
            f"{STRAIGHT_MOST_M} m; calibrate its straight part alone"
        )
    return BodyPlane(site.pose, site.lane)


def size_of(site: Site) -> tuple[float, float]:
    """The picture's width and height."""
    return float(site.pose.lens.width_px), float(site.pose.lens.height_px)


def camera_of(site: Site) -> dict[str, Any]:
    """What `session.json` says of the camera."""
    return {
        "camera_height_m": site.pose.height_m,
        "calibration_error_px": site.error_px,
        "calibration_error_m": site.error_m,
    }


def write_results(folder: Path, found: Found, about: Mapping[str, Any]) -> dict[str, Any]:
    """Table, page and summary, the summary last; returns it. Raises LogError."""
    summary = summarise(found.stretches, found.falls, {**about, "frames": found.frames})
    title = str(about["session_id"])
    write_whole(folder / "steps.csv", steps_csv(title, found.stretches))
    write_whole(folder / "gait.html", draw_page(title, found.stretches, summary))
    write_whole(folder / SUMMARY, json.dumps(summary, indent=1, allow_nan=False) + "\n")
    return summary


def write_whole(path: Path, text: str) -> None:
    """Whole or not at all: a rename is the last thing that happens. Raises LogError."""
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
