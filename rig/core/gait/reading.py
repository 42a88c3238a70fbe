"""Everything that a clip or a drill's keypoints say of how the runner moves.

Decides which number comes from where, and which is withheld and why. Pure; called by the gait
program, by `rig gait` and by the evaluation, which so measure the same thing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from rig.core.gait.aligning import align
from rig.core.gait.cadence import WINDOW_S, Cadence, fit_cadence
from rig.core.gait.cleaning import Motion, clean
from rig.core.gait.contacts import Contact, find_contacts
from rig.core.gait.keypoints import SIDES, Floats, Keypoints, numbers_of
from rig.core.gait.plane import OBLIQUE_LEAST_DEG, Plane, View, view_at
from rig.core.gait.speed import (
    Direction,
    Gait,
    Speed,
    direction_of,
    facing,
    gait_by_speed,
    ground_speed,
    hip_speed,
    plant_speed,
)
from rig.core.gait.steps import Step, list_steps
from rig.core.gait.stumbles import Stumble, find_stumbles

HIPS_LEAST_MPS: Final = 0.02
"""Hips sway within a stride, so that their line is never surer than this."""
DRIFT_LEAST_M: Final = 5.0
NOTHING: Final = "no runner was seen for long enough, or several in turn"
_WINDOW_STEP_S: Final = 1.0
_SWINGING: Final = ("toe", "heel", "ankle", "knee", "wrist", "elbow")


@dataclass(frozen=True, slots=True)
class Stretch:
    """What one unbroken stretch of motion says. None is not measured; `withheld` says why."""

    begin_s: float
    end_s: float
    view: View
    speed: Speed | None
    direction: Direction
    gait: Gait
    cadences: tuple[tuple[float, Cadence], ...]
    """(middle of the window, cadence), a second apart."""
    contacts: tuple[Contact, ...]
    steps: tuple[Step, ...]
    withheld: tuple[tuple[str, str], ...]
    motion: Motion
    lane_offset_m: float | None
    """Mean place across the lane, to the left of travel; None where nobody told it."""
    lane_drift_m_per_10m: float | None
    stumbles: tuple[Stumble, ...]

    @property
    def frames_seen(self) -> int:
        """With a runner."""
        return self.motion.frames_seen

    @property
    def frames_missing(self) -> int:
        """Dropped, or without a runner."""
        return self.motion.frames_missing


def read_gait(keypoints: Keypoints, plane: Plane) -> tuple[Stretch, ...]:
    """Every stretch in order of time; none where no runner was seen for long enough."""
    return tuple(read_stretch(motion, plane) for motion in clean(keypoints, plane))


def read_stretch(motion: Motion, plane: Plane) -> Stretch:
    """One stretch's speed, direction, cadence, contacts and steps."""
    view = _view(motion, plane)
    rough = hip_speed(motion)
    contacts: tuple[Contact, ...] = ()
    if view is not View.ALONG and rough is not None:
        contacts = _seen_well(align(motion, find_contacts(motion, abs(rough.along_mps))), plane)
    if view is View.ALONG:
        speed = ground_speed(motion, plane.looks_down_the_lane)
    else:
        speed = _surer(plant_speed(contacts), rough)
    faces = facing(motion, view is View.ALONG, plane.looks_down_the_lane)
    steps = list_steps(motion, contacts, faces)
    cadences = _cadences(motion)
    return Stretch(
        float(motion.times_s[0]),
        float(motion.times_s[-1]),
        view,
        speed,
        direction_of(faces, speed),
        _gait(steps, speed, cadences),
        cadences,
        contacts,
        steps,
        tuple(_withheld(view, speed, cadences, contacts)),
        motion,
        float(motion.across_m.mean()) if motion.is_placed else None,
        _drift(motion, speed),
        find_stumbles(motion, steps),
    )


def _drift(motion: Motion, speed: Speed | None) -> float | None:
    """Across for each ten metres along."""
    length_m = abs(speed.along_mps) * float(np.ptp(motion.times_s)) if speed else 0.0
    if not motion.is_placed or length_m < DRIFT_LEAST_M:
        return None
    return 10.0 * float(motion.across_m[-1] - motion.across_m[0]) / length_m


def _surer(by_plants: Speed | None, by_hips: Speed | None) -> Speed | None:
    """Few plants tell less than the hips do."""
    if by_plants is None or by_hips is None:
        return by_plants or by_hips
    return by_plants if by_plants.sigma_mps <= max(by_hips.sigma_mps, HIPS_LEAST_MPS) else by_hips


def _seen_well(contacts: Sequence[Contact], plane: Plane) -> tuple[Contact, ...]:
    """Those that were not seen too nearly along the lane, each with its angle."""
    angles = [plane.angle_deg(contact.along_m, 0.0) for contact in contacts]
    pairs = zip(contacts, angles, strict=True)
    return tuple(replace(c, angle_deg=a) for c, a in pairs if a >= OBLIQUE_LEAST_DEG)


def _view(motion: Motion, plane: Plane) -> View:
    """From the middle of where the runner was."""
    hips = motion.along_m[:, numbers_of("left_hip", "right_hip")]
    along = hips if np.isfinite(hips).any() else motion.along_m
    middle = float(np.nanmedian(along))
    return view_at(plane.angle_deg(middle, float(np.median(motion.across_m))))


def _cadences(motion: Motion) -> tuple[tuple[float, Cadence], ...]:
    """In windows of four seconds, or one of whatever there is of a shorter stretch."""
    times, apart = motion.times_s, _apart(motion)
    last_s = max(float(times[-1]) - WINDOW_S, float(times[0]))
    found = []
    for begin in np.arange(float(times[0]), last_s + 1e-9, _WINDOW_STEP_S):
        rows = (times >= begin) & (times <= begin + WINDOW_S)
        cadence = fit_cadence(times[rows], apart[rows])
        if cadence is not None:
            found.append((float(times[rows].mean()), cadence))
    return tuple(found)


def _apart(motion: Motion) -> Floats:
    """(T, C) left minus right of every joint that swings and was followed, along and up."""
    left, right = (numbers_of(*(f"{side}_{part}" for part in _SWINGING)) for side in SIDES)
    both = [motion.along_m[:, left] - motion.along_m[:, right]]
    both += [motion.up_m[:, left] - motion.up_m[:, right]]
    apart = np.concatenate(both, axis=1)
    return np.asarray(apart[:, np.isfinite(apart).all(axis=0)])


def _gait(
    steps: Sequence[Step], speed: Speed | None, cadences: Sequence[tuple[float, Cadence]]
) -> Gait:
    """What most steps are; without steps, what speed and cadence suggest."""
    told = [step.gait for step in steps if step.gait is not Gait.UNKNOWN]
    if told:
        return max(told, key=told.count)
    spm = float(np.median([c.steps_per_min for _, c in cadences])) if cadences else None
    return gait_by_speed(speed, spm)


def _withheld(
    view: View, speed: Speed | None, cadences: Sequence[object], contacts: Sequence[Contact]
) -> list[tuple[str, str]]:
    reasons = []
    if view is View.ALONG:
        reasons.append(("contacts", "the camera looks along the lane: contacts scatter too much"))
    elif not contacts:
        reasons.append(("contacts", "toes and heels were not followed through a contact"))
    if not cadences:
        reasons.append(("cadence_spm", "the legs' motion fits no cadence well enough"))
    if speed is None:
        reasons.append(("speed_mps", "hips were not followed, or moved faster than anybody runs"))
    return reasons
