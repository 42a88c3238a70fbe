"""Every option of the rig: its default, unit, limits and reason, in one table per concern.

An option is one dataclass field made by `option()`. `rig.config_file` reads a TOML file against
these tables, reports all problems at once and prints the effective configuration with the
reasons beside the values. An option that no code reads is an error (a test looks for it).

The tables are frozen and are handed to the code that uses them; nothing looks options up by name.
"""

from __future__ import annotations

from dataclasses import dataclass

from rig.config_programs import ClipOptions as ClipOptions
from rig.config_programs import CoachLimits as CoachLimits
from rig.config_programs import GaitOptions, HornOptions, LinkOptions
from rig.option import Option as Option
from rig.option import option as option


@dataclass(frozen=True, slots=True)
class CameraOptions:
    """The Pi camera (FACTS: picamera2)."""

    width_px: int = option(
        1280, "px", "66 degrees over 1280 px: 42 px of person at 40 m", 640, 1920
    )
    height_px: int = option(720, "px", "16:9 of the sensor, no wasted rows", 360, 1080)
    rate_hz: float = option(30.0, "Hz", "a runner at 5 m/s moves 17 cm a frame", 5.0, 60.0)
    lens_position: float = option(
        0.1, "dioptre", "manual focus at 10 m keeps 5 m to far sharp", 0, 10
    )


@dataclass(frozen=True, slots=True)
class DetectorOptions:
    """The ONNX detector and its frame budget (design section 9)."""

    card: str = option("rearguard-detector.toml", "file in models/", "the model card to load")
    threads: int = option(0, "threads", "0: all cores but one, so that capture never waits", 0, 16)
    tiles: int = option(2, "inferences a frame", "whole view, and one far tile in turn", 1, 6)
    score_scale: float = option(1.0, "ratio", "multiplies the card's thresholds", 0.3, 2.0)
    weak_share: float = option(
        0.5, "of the threshold", "boxes above this go on with a track, but begin none", 0.2, 1.0
    )


@dataclass(frozen=True, slots=True)
class PlacingLimits:
    """How far a box's place on the ground may be wrong (design section 4)."""

    foot_sigma_px: float = option(
        1.5, "model-input px", "least scatter of a box's lower edge", 0.2, 10
    )
    foot_sigma_share: float = option(0.03, "of box height", "scatter that grows with size", 0, 0.2)
    across_sigma_most_m: float = option(
        0.2, "m", "2 px at 40 m would else alarm for every neighbour in the next lane", 0.05, 0.6
    )
    person_height_m: float = option(1.7, "m", "assumed until learnt in the start box", 1.0, 2.2)
    person_height_sigma_m: float = option(
        0.12, "m", "spread of adults' and teenagers' height", 0.02, 0.4
    )
    range_most_m: float = option(80.0, "m", "farther things are not placed", 10, 200)


@dataclass(frozen=True, slots=True)
class TrackerLimits:
    """How detections become tracks."""

    confirm_s: float = option(
        0.12, "s", "a track speaks after this long; a flicker never", 0.0, 1.0
    )
    confirm_sightings: int = option(2, "sightings", "and after this many sightings", 1, 10)
    keep_s: float = option(1.2, "s", "a missed track is carried on for this long", 0.2, 5.0)
    accel_mps2: float = option(4.5, "m/s2", "a runner who starts, brakes or turns", 0.5, 10)
    accel_calm_mps2: float = option(0.3, "m/s2", "standing, or an even pace", 0.05, 2)
    switch_s: float = option(0.6, "s", "an even pace lasts about this long", 0.2, 10)
    gate_sigmas: float = option(3.5, "sigmas", "a sighting farther off starts a new track", 1.5, 8)
    gate_least_m: float = option(0.6, "m", "never gate tighter than an arm's length", 0.1, 3)


@dataclass(frozen=True, slots=True)
class RunnerLimits:
    """When the drill's phase changes (design section 3)."""

    settle_s: float = option(2.0, "s", "still in the start box this long: locked", 0.3, 10)
    still_mps: float = option(0.4, "m/s", "slower than this is standing", 0.1, 1.0)
    moving_mps: float = option(0.5, "m/s", "faster than this is moving", 0.2, 2.0)
    finished_s: float = option(2.0, "s", "standing this long after a run ends the run", 0.5, 10)
    lost_s: float = option(0.5, "s", "RUNNER_LOST after this long unseen while running", 0.2, 3.0)
    idle_s: float = option(600.0, "s", "disarm after this long without anybody moving", 30, 7200)
    lock: str = option(
        "box",
        "",
        "moving: for clips that begin in mid-run, whoever moves along the lane is the runner",
        choices=("box", "moving"),
    )
    relock_gap_m: float = option(2.5, "m", "a lost runner is found again within this reach", 0.5, 8)


@dataclass(frozen=True, slots=True)
class HazardLimits:
    """The hazard law's numbers (design section 5); reaction and braking are the runner's own."""

    latency_s: float = option(
        0.35, "s", "light to pin, p95, until `rig bench` measured it", 0.05, 2
    )
    reaction_s: float = option(
        0.9, "s", "tone to braking, the slow end of 0.4 to 0.9; measure per runner", 0.2, 2
    )
    brake_mps2: float = option(1.8, "m/s2", "braking backwards, gently; measure per runner", 0.5, 6)
    brake_end_mps2: float = option(
        2.4, "m/s2", "an expected stop at the lane end is harder", 0.5, 6
    )
    margin_m: float = option(1.0, "m", "left free after a stop; Autoware AEB uses 1 m", 0, 5)
    margin_end_m: float = option(0.3, "m", "left free at the lane end", 0, 5)
    drill_mps: float = option(3.0, "m/s", "speed to judge a standing runner's lane by", 0.5, 8)
    caution_s: float = option(4.0, "s", "CAUTION when a conflict is nearer than this", 1, 10)
    caution_more_s: float = option(1.5, "s", "or within stop_m plus this times the speed", 0, 5)
    horizon_s: float = option(6.0, "s", "predict this far", 2, 15)
    horizon_crosser_s: float = option(3.0, "s", "but crossers only this far: they turn", 1, 10)
    stand_hit_s: float = option(2.1, "s", "STOP a standing runner about to be hit; NHTSA", 0.5, 5)
    crosser_mps: float = option(0.4, "m/s", "an across speed below this does not count", 0.1, 2)
    crosser_sigmas: float = option(2.0, "sigmas", "nor one below this many sigmas", 0.5, 5)
    runner_reach_m: float = option(0.4, "m", "half a runner's depth, arms and trailing leg", 0.1, 1)
    speed_sigmas: float = option(
        1.0, "sigmas", "reckon the stop from a speed this much higher: it is learnt late", 0, 3
    )
    start_more_mps: float = option(
        1.5, "m/s", "a starter is faster than estimated by about this (docs/tuning.md)", 0, 4
    )
    start_s: float = option(2.5, "s", "for so long after they were slow", 0, 6)
    has_slower_futures: bool = option(
        True, "", "also judge a runner who slows or brakes; off: only one who goes on"
    )
    overspeed_mps: float = option(0.0, "m/s", "coach's limit for the drill; 0: none", 0, 10)
    end_soon_s: float = option(3.0, "s", "the lane end counts down from here", 1, 10)
    drift_m: float = option(0.35, "m", "CUE when this far off the centre line", 0.1, 1)
    has_drift_cue: bool = option(False, "", "off: another sound to learn, few want it at first")
    distance_m: float = option(
        30.0, "m", "loudspeaker to runner at most, for sound's travel", 0, 100
    )


@dataclass(frozen=True, slots=True)
class HealthLimits:
    """When the camera or detector no longer deserves trust."""

    stale_s: float = option(0.2, "s", "no new frame this long at 30 Hz: CAMERA_STALE", 0.05, 2)
    frozen_s: float = option(0.5, "s", "the same picture again this long", 0.2, 5)
    dark_luma: float = option(12.0, "of 255", "mean below this: nothing is seen", 1, 60)
    bright_luma: float = option(250.0, "of 255", "mean above this: blown out", 200, 255)
    flat_luma_sd: float = option(6.0, "of 255", "spread below this: covered or fogged", 0.5, 30)
    blurred_sharpness: float = option(
        5.0, "Laplacian SD", "lens wet or shifted; ordinary pictures stay above 18", 0, 50
    )
    hidden_share: float = option(
        0.11, "of the view", "more of the still's detail gone: a leaf over a fifth", 0.02, 1
    )
    detail_share: float = option(
        0.5, "of before", "less detail left in all: defocus by 1 % of the width", 0.05, 0.9
    )
    covered_share: float = option(
        0.3, "of the view", "so much gone at once: a hand; a runner at 5 m hides 0.04", 0.1, 1
    )
    hidden_s: float = option(1.0, "s", "hidden this long: who passes close by is gone", 0.1, 10)
    elsewhere_share: float = option(
        0.75, "of before", "so much detail left and no match: moved, not covered", 0.1, 2
    )
    hunting_stops: float = option(0.6, "stops", "brightness that swings this much", 0.1, 4)
    hunting_turns: int = option(4, "turns", "so often; a cloud makes two turns", 3, 20)
    hunting_s: float = option(4.0, "s", "within this time: the exposure hunts", 1, 30)
    slow_s: float = option(0.5, "s", "one turn of the loop longer than this", 0.1, 5)
    turned_deg: float = option(2.0, "deg", "view turned by more: CAMERA_MOVED", 0.2, 20)
    rolled_deg: float = option(2.0, "deg", "or rolled by more", 0.2, 20)
    aside_deg: float = option(0.3, "deg", "turned by more: a notice, the view is followed", 0.1, 5)
    aside_s: float = option(5.0, "s", "for this long: no gust", 0.5, 60)
    unregistered_s: float = option(
        1.0, "s", "nothing to hold on to this long: CAMERA_MOVED", 0.2, 10
    )
    early_most_s: float = option(0.05, "s", "a frame stamped later than now: wrong clock", 0, 1)
    age_most_s: float = option(1.0, "s", "a judged frame older than this: wrong clock", 0.3, 10)
    undervolted_s: float = option(
        5.0, "s", "POWER_LOW; a siren's start pulls the supply down for less", 0.5, 60
    )
    warm_c: float = option(75.0, "degC", "a notice; the firmware slows down from 80", 40, 85)
    room_least_mb: float = option(500.0, "MB", "a notice; an evening of clips", 50, 1e5)


@dataclass(frozen=True, slots=True)
class LaneCheckOptions:
    """The class-free lane check (design section 9)."""

    cell_m: float = option(0.1, "m", "bird's-eye cell; a 30 cm thing is nine cells", 0.03, 0.5)
    range_m: float = option(20.0, "m", "farther out 30 cm is under two pixels a cell", 5, 60)
    least_m: float = option(0.25, "m", "smaller strange things are not reported", 0.05, 2)
    hold_s: float = option(0.4, "s", "strange this long before it is reported", 0.1, 5)
    adapt_s: float = option(30.0, "s", "slow change of light is learnt this slowly", 2, 600)


@dataclass(frozen=True, slots=True)
class LogOptions:
    """Where sessions are written."""

    sessions: str = option("sessions", "folder", "one folder a session below it")
    sync_s: float = option(1.0, "s", "alert lines are on disk within this time", 0.0, 10)
    free_least_mb: float = option(50.0, "MB", "refuse to start a session with less room", 1, 1e6)


@dataclass(frozen=True, slots=True)
class Config:
    """The whole effective configuration."""

    camera: CameraOptions = CameraOptions()
    detector: DetectorOptions = DetectorOptions()
    placing: PlacingLimits = PlacingLimits()
    tracker: TrackerLimits = TrackerLimits()
    runner: RunnerLimits = RunnerLimits()
    hazard: HazardLimits = HazardLimits()
    health: HealthLimits = HealthLimits()
    lane_check: LaneCheckOptions = LaneCheckOptions()
    log: LogOptions = LogOptions()
    links: LinkOptions = LinkOptions()
    horn: HornOptions = HornOptions()
    clips: ClipOptions = ClipOptions()
    gait: GaitOptions = GaitOptions()
    coach: CoachLimits = CoachLimits()
