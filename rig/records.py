"""The records that flow through the rig, from a frame to an alert.

Data goes one way:

    Frame -> Detection -> Placed -> Track -> Runner + obstacles -> Hazard -> Alert -> Decision

All are frozen. Units are in the names. Two frames of reference are used:

* picture: pixels of the full camera picture, x to the right, y down, (0, 0) the corner;
* lane: metres on the track. `along_m` grows in the direction of travel, `across_m` is 0 on the
  lane's centre line and grows to the left of travel (x forward, y left, as in ROS REP-103).
  The runner faces against travel, so `across_m` grows toward the runner's *right* hand.

Times are CLOCK_BOOTTIME nanoseconds (`t_ns`), as the camera's SensorTimestamp. None is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from rig.causes import Cause as Cause
from rig.causes import Level as Level
from rig.sightings import Box as Box
from rig.sightings import Detection as Detection
from rig.sightings import Kind as Kind
from rig.sightings import Tile as Tile

Picture = NDArray[np.uint8]
"""uint8 [height, width, 3], blue green red."""


# --------------------------------------------------------------------------- from the camera


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture and the time at which its light arrived."""

    t_ns: int
    sequence: int
    picture: Picture


@dataclass(frozen=True, slots=True)
class ViewShift:
    """How the picture lies against the calibration still (registration).

    A point of the still at (x, y) is seen in this picture at (x + dx_px, y + dy_px) after turning
    by `roll_rad` about the picture's centre (positive turns x toward y). `sigma_px` is what
    remains unknown. `None` for a whole ViewShift means that registration had nothing to hold on.
    """

    dx_px: float = 0.0
    dy_px: float = 0.0
    roll_rad: float = 0.0
    sigma_px: float = 0.5


@dataclass(frozen=True, slots=True)
class Vitals:
    """How the picture and the detector are, measured at the edge for `core.health`."""

    inference_s: float = 0.0
    luma_mean: float = 128.0
    luma_sd: float = 50.0
    sharpness: float = 100.0
    same_picture_s: float = 0.0
    detector_error: str | None = None
    hidden_share: float = 0.0
    """Of the parts of the view that had detail when calibrated: those that have lost it."""
    detail_share: float = 1.0
    """Of the whole view's detail when calibrated: what is there now."""


@dataclass(frozen=True, slots=True)
class Board:
    """How the computer itself is; None where this board does not tell."""

    temperature_c: float | None = None
    is_undervolted: bool | None = None
    is_slowed: bool | None = None
    """The firmware has lowered the clock, by heat or by low voltage."""
    free_mb: float | None = None
    """Room left on the disk of the sessions folder."""


class Command(StrEnum):
    """What a person can tell the deciding program."""

    ARM = "arm"
    DISARM = "disarm"
    ACKNOWLEDGE = "acknowledge"


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything that one turn of the loop brings to the decision.

    `t_ns` is None when no new frame came; then the lists are empty. `looked_at` are the tiles
    judged this time: a track outside them was not missed. `pose_fall` is the gait program's word
    that the runner is falling (None: that link is silent). `horn_faults` are what the horn told
    since the last turn: that it heard nothing for too long, or that it was started anew.
    """

    t_ns: int | None
    detections: tuple[Detection, ...] = ()
    strange_things: tuple[Detection, ...] = ()
    looked_at: tuple[Tile, ...] = ()
    view: ViewShift | None = ViewShift()
    commands: tuple[Command, ...] = ()
    pose_fall: bool | None = None
    vitals: Vitals = Vitals()
    board: Board | None = None
    horn_faults: tuple[Cause, ...] = ()


# --------------------------------------------------------------------------- on the lane


@dataclass(frozen=True, slots=True)
class Placed:
    """A detection put on the ground, in the lane frame.

    `along_m`, `across_m` are of the middle of its foot; sigmas are one standard deviation.
    `width_m` is across the line of sight, `height_m` None where the top is cut. A hidden foot lies
    from `along_least_m` to `along_most_m`: its box and what hides it allow no other place.
    """

    detection: Detection
    along_m: float
    across_m: float
    along_sigma_m: float
    across_sigma_m: float
    width_m: float
    height_m: float | None
    along_least_m: float | None = None
    along_most_m: float | None = None


@dataclass(frozen=True, slots=True)
class Track:
    """One thing followed over time, in the lane frame, valid at `t_ns`.

    `seen_t_ns` is when it was last detected (older than `t_ns` while hidden or not looked at);
    `is_confirmed` once it was seen for the confirm time. `box` is the last one seen,
    `seen_across_m` where that was.
    """

    track_id: int
    kind: Kind
    t_ns: int
    first_t_ns: int
    seen_t_ns: int
    along_m: float
    across_m: float
    along_mps: float
    across_mps: float
    along_sigma_m: float
    across_sigma_m: float
    along_sigma_mps: float
    across_sigma_mps: float
    width_m: float
    height_m: float | None
    score: float
    box: Box
    is_confirmed: bool
    is_bottom_cut: bool = False
    seen_across_m: float | None = None


class Phase(StrEnum):
    """Where the drill stands (design section 3)."""

    DISARMED = "disarmed"
    WAITING = "waiting"
    IN_BOX = "in_box"
    RUNNING = "running"
    FINISHED = "finished"
    RETURNING = "returning"


@dataclass(frozen=True, slots=True)
class Runner:
    """The one locked person (None track while out of sight) and the drill's phase."""

    phase: Phase
    track: Track | None
    lost_s: float = 0.0
    """Seconds since the runner was last seen, 0 while seen or when nobody is locked."""
    is_lost: bool = False
    """Unseen for too long where that is a danger: running, outside the exit zone."""
    height_m: float | None = None
    """Learnt while standing in the start box."""
    is_falling: bool = False
    is_down: bool = False
    going_s: float | None = None
    """Seconds since the runner set off: 0 while slow, None if never seen so, or they brake."""
    is_slowing: bool = False
    """They brake, and are not slow yet by an estimate that lags."""


@dataclass(frozen=True, slots=True)
class Hazard:
    """A cause that holds now, with the evidence for it.

    `gap_m` is what lies free between runner and thing, `closing_mps` how fast it shrinks,
    `ttc_s` when they meet (None: they do not, or it is no meeting). `detail` is for people.
    """

    cause: Cause
    track_id: int | None = None
    gap_m: float | None = None
    closing_mps: float | None = None
    ttc_s: float | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """What sounds now. `since_ns` is when this cause began to sound."""

    level: Level
    cause: Cause | None
    since_ns: int
    hazard: Hazard | None = None


class Concern(StrEnum):
    """What a notice is about."""

    HEAT = "heat"
    SLOWED = "slowed"
    UNDERVOLTAGE = "undervoltage"
    DISK = "disk"
    VIEW_SHIFTED = "view_shifted"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to mend that endangers nobody: it stands on the page and in the log, silent."""

    concern: Concern
    detail: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome of one step, with the evidence of its alert."""

    t_ns: int | None
    now_ns: int
    alert: Alert
    runner: Runner
    tracks: tuple[Track, ...]
    hazards: tuple[Hazard, ...]
    notices: tuple[Notice, ...] = ()
