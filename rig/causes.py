"""The words of every alert: how urgent it is, and what happened.

Part of `rig.records`, which hands them on; `rig.core.alerts` has one table row for each cause.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Level(IntEnum):
    """How urgent; a higher level silences a lower one."""

    SILENT = 0
    OK = 1
    CUE = 2
    CAUTION = 3
    FAULT = 4
    STOP = 5


class Cause(StrEnum):
    """What happened. `core.alerts` has one table row for each: what the person hears."""

    COLLISION = "collision"
    LANE_END_NOW = "lane_end_now"
    RUNNER_LOST = "runner_lost"
    FALL = "fall"
    CAMERA_STALE = "camera_stale"
    CAMERA_BLIND = "camera_blind"
    CAMERA_MOVED = "camera_moved"
    DETECTOR_SLOW = "detector_slow"
    DETECTOR_FAILED = "detector_failed"
    DECIDER_SILENT = "decider_silent"
    HORN_RESTARTED = "horn_restarted"
    POWER_LOW = "power_low"
    CONFLICT_SOON = "conflict_soon"
    LANE_NOT_CLEAR = "lane_not_clear"
    OVERSPEED = "overspeed"
    LANE_END_SOON = "lane_end_soon"
    DRIFT_LEFT = "drift_left"
    DRIFT_RIGHT = "drift_right"
    GUARD = "guard"
    ARMED = "armed"
    ALL_CLEAR = "all_clear"
