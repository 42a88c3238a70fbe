"""Reads marker files (.trc) and force files (.mot): where the joints were and when a foot stood.

Decides which markers stand for which joints, by the names that public data sets use. Both formats
are OpenSim's: x forward, y up, z to the right, metres or millimetres.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from rig.core.gait.keypoints import JOINTS, SIDES, Floats, numbers_of

DOWN_N: Final = 20.0
"""More force than this is a foot on the plate: the usual limit."""
FOOT: Final = ("toe", "heel", "ankle")
UNITS_M: Final = {"mm": 0.001, "m": 1.0}
MARKERS: Final = {
    "toe": (("{S}TOE",), ("{S}.Toe",)),
    "heel": (("{S}CAL",), ("{S}.Heel",)),
    "ankle": (("{S}AJC",), ("{S}LMALv", "{S}MMALv"), ("{S}.Ankle",)),
    "knee": (("{S}KJC",), ("{S}LFCv", "{S}MFCv"), ("{S}.Knee",)),
    "hip": (("{S}HJC",), ("{S}ASI", "{S}PSI"), ("{S}.ASIS", "{S}.PSIS")),
    "elbow": (("{S}LEL",), ("{S}.Elbow",)),
    "wrist": (("{S}FAradius", "{S}FAulna"), ("{S}.Wrist",)),
    "shoulder": (("{S}SJC",), ("{S}ACR",), ("{S}.Shoulder",)),
}
"""Joint -> groups of markers in order of preference, S being L or R; a group's mean is the joint.

The first group counts whose markers all stand in the file with numbers."""
ANKLE_SHARE: Final = 0.33
ANKLE_ABOVE_M: Final = 0.055
"""Where a file has no ankle: so far from heel to toe, and so far above that line. Fitted on the
files that have one (off by SD 1 cm)."""


@dataclass(frozen=True, slots=True)
class Recording:
    """Joints (T, J, 3) along, across (left), up in metres at times (T,); contacts by foot.

    Joints without a marker are NaN. A contact is (touchdown_s, takeoff_s).
    """

    name: str
    times_s: Floats
    joints_m: Floats
    contacts: dict[str, list[tuple[float, float]]]

    def reversed(self) -> Recording:
        """Played from last to first: a forward runner comes backward."""
        whole = float(self.times_s[0] + self.times_s[-1])
        contacts = {
            foot: sorted((whole - end, whole - begin) for begin, end in spans)
            for foot, spans in self.contacts.items()
        }
        return Recording(
            self.name + ", backward", whole - self.times_s[::-1], self.joints_m[::-1], contacts
        )


def read_recording(markers: Path, forces: Path, belt_mps: float = 0.0) -> Recording:
    """A marker file with its force file; `belt_mps` is a treadmill's speed, added to x.

    Raises ValueError where a file is not of these forms, OSError where it cannot be read.
    """
    names, times, places = read_trc(markers)
    joints = np.full((len(times), len(JOINTS), 3), np.nan)
    for number, joint in enumerate(JOINTS):
        side, _, part = joint.partition("_")
        for group in MARKERS.get(part, ()):
            rows = [
                names.index(m) for m in (g.format(S=side[0].upper()) for g in group) if m in names
            ]
            if len(rows) == len(group) and np.isfinite(places[:, rows]).mean() > 0.9:
                joints[:, number] = places[:, rows].mean(axis=1)
                break
    _add_ankles(joints)
    turned = np.stack(
        [joints[..., 0] + belt_mps * times[:, None], -joints[..., 2], joints[..., 1]], axis=2
    )
    return Recording(_name_of(markers), times, turned, read_contacts(forces))


def _add_ankles(joints_m: Floats) -> None:
    """Puts the ankles that have no marker where feet have them (y is up here)."""
    for side in SIDES:
        toe, heel, ankle = (joints_m[:, k] for k in numbers_of(*(f"{side}_{p}" for p in FOOT)))
        if np.isfinite(ankle).any():
            continue
        foot = toe - heel
        level = np.cross(foot, (0.0, 1.0, 0.0))
        above = np.cross(level, foot)
        above /= np.maximum(np.linalg.norm(above, axis=1, keepdims=True), 1e-9)
        ankle[:] = heel + ANKLE_SHARE * foot + ANKLE_ABOVE_M * above


def read_trc(path: Path) -> tuple[list[str], Floats, Floats]:
    """Marker names, times (T,) and places (T, M, 3) in metres of a .trc file."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    if len(lines) < 6 or not lines[0].startswith("PathFileType"):
        raise ValueError(f"{path} is no .trc file: its first line is not PathFileType ...")
    heads = dict(zip(lines[1].split(), lines[2].split(), strict=False))
    unit = UNITS_M.get(heads.get("Units", ""))
    if unit is None:
        raise ValueError(f"{path} gives Units {heads.get('Units')}; m or mm is known")
    names = [name.strip() for name in lines[3].split("\t")[2:] if name.strip()]
    wanted = 2 + 3 * len(names)
    rows = [_numbers(line, wanted) for line in lines[5:] if line.split("\t")[0].strip()]
    table = np.array(rows, np.float64)
    return names, table[:, 1], table[:, 2:].reshape(len(table), -1, 3) * unit


def _numbers(line: str, wanted: int) -> list[float]:
    cells = [float(cell) if cell.strip() else float("nan") for cell in line.split("\t")]
    return (cells + [float("nan")] * wanted)[:wanted]


def read_contacts(path: Path) -> dict[str, list[tuple[float, float]]]:
    """Whole contacts of each foot from the vertical forces of a .mot file."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    ends = [row for row, line in enumerate(lines) if line.strip().lower() == "endheader"]
    if not ends:
        raise ValueError(f"{path} is no .mot file: it has no line endheader")
    columns = lines[ends[0] + 1].lower().split()
    table = np.array([[float(cell) for cell in line.split()] for line in lines[ends[0] + 2 :]])
    return {side: _spans(table, _force_column(columns, side[0], path)) for side in SIDES}


def _force_column(columns: list[str], letter: str, path: Path) -> int:
    for name in (f"{letter}_ground_force_vy", f"ground_force_{letter}_vy"):
        if name in columns:
            return columns.index(name)
    raise ValueError(f"{path} has no column {letter}_ground_force_vy")


def _spans(table: Floats, column: int) -> list[tuple[float, float]]:
    is_down = table[:, column] > DOWN_N
    changes = np.flatnonzero(is_down[1:] != is_down[:-1]) + 1
    if changes.size and not is_down[changes[0]]:
        changes = changes[1:]
    pairs = changes[: changes.size // 2 * 2].reshape(-1, 2)
    return [(float(table[begin, 0]), float(table[end, 0])) for begin, end in pairs]


def _name_of(markers: Path) -> str:
    return f"{markers.parent.name} {markers.stem.removeprefix('motion_capture_')}"
