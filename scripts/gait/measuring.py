"""What the gait code makes of one recording through one camera, against force plates and markers.

Decides how each error is measured; the limits are in `gait.bars`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

import numpy as np

from gait.cameras import Errors, camera, show
from gait.markers import Recording
from rig.core.camera_pose import CameraPose
from rig.core.gait.contacts import HOLE_REASON, Contact
from rig.core.gait.keypoints import SIDES, Floats, Keypoints, numbers_of
from rig.core.gait.plane import OBLIQUE_LEAST_DEG, BodyPlane, View
from rig.core.gait.reading import Stretch, read_gait
from rig.core.gait.speed import Direction, Gait
from rig.core.lane import straight_lane

MARGIN_S: Final = 0.05
"""A contact that begins or ends so near to a stretch's end may be lost."""
WINDOW_LEAST_S: Final = 3.9
TWO_STRIDES_S: Final = 1.4
"""Direction and gait are held against the truth from two strides on."""
TEN: Final = 10
LANE: Final = straight_lane(40.0)


@dataclass(slots=True)
class Found:
    """Every error of one recording in one view, over all seeds; lists are one number a case."""

    missed: int = 0
    contacts: int = 0
    extra: int = 0
    lists: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    confused: int = 0
    unknown: int = 0
    stretches: int = 0


@dataclass(frozen=True, slots=True)
class Truth:
    """What is known of a recording: how it moves, and how it should be called."""

    recording: Recording
    direction: Direction
    gait: Gait

    @property
    def hips(self) -> Floats:
        """(T,) their place along."""
        joints = self.recording.joints_m[:, numbers_of("left_hip", "right_hip"), 0]
        return np.asarray(joints.mean(axis=1))

    def foot_at(self, foot: str, span: tuple[float, float]) -> float:
        """Where it stood: the median of toe and heel over the contact."""
        rows = (self.recording.times_s >= span[0]) & (self.recording.times_s <= span[1])
        parts = numbers_of(f"{foot}_toe", f"{foot}_heel")
        return float(np.median(self.recording.joints_m[rows][:, parts, 0].mean(axis=1)))


def measure(truth: Truth, view: str, errors: Errors, seeds: int) -> Found:
    """All errors over so many drawings of noise, drops and holes."""
    pose = camera_of(truth, view)
    clips = (show(truth.recording, pose, errors, seed) for seed in range(seeds))
    return add_up(truth, view, clips)


def camera_of(truth: Truth, view: str) -> CameraPose:
    """The view's camera for this recording."""
    return camera(view, float(np.nanmin(truth.hips)), float(np.nanmax(truth.hips)))


def add_up(truth: Truth, view: str, clips: Iterable[Keypoints]) -> Found:
    """All errors of these clips of one recording, each seen by the view's camera."""
    found = Found()
    plane = BodyPlane(camera_of(truth, view), LANE)
    for keypoints in clips:
        stretches = read_gait(keypoints, plane)
        for stretch in stretches:
            _add_whole(found, truth, stretch)
        _add_contacts(found, truth, stretches, plane, is_along=view == "along")
    return found


def _add_whole(found: Found, truth: Truth, stretch: Stretch) -> None:
    """Speed, cadence, direction and gait of one stretch."""
    times = truth.recording.times_s
    rows = (times >= stretch.begin_s) & (times <= stretch.end_s)
    if stretch.speed is not None:
        real = float(np.polyfit(times[rows], truth.hips[rows], 1)[0])
        found.lists["speed"].append(stretch.speed.along_mps - real)
    for middle, cadence in stretch.cadences:
        half = min(2.0, (stretch.end_s - stretch.begin_s) / 2)
        real_spm = _cadence(truth.recording.contacts, middle - half, middle + half)
        if real_spm is not None:
            is_whole = 2 * half >= WINDOW_LEAST_S
            name = "cadence" if is_whole else "cadence, short"
            found.lists[name].append(cadence.steps_per_min - real_spm)
    if stretch.end_s - stretch.begin_s < TWO_STRIDES_S:
        return
    found.stretches += 1
    answers = ((stretch.direction, truth.direction), (stretch.gait, truth.gait))
    found.confused += sum(a is not b and a.value != "unknown" for a, b in answers)
    found.unknown += sum(a.value == "unknown" for a, _ in answers)


def _cadence(
    contacts: Mapping[str, Sequence[tuple[float, float]]], begin_s: float, end_s: float
) -> float | None:
    """Steps a minute on the plates in this time: a line through the strides of each foot."""
    strides = []
    for spans in contacts.values():
        downs = [down for down, _ in spans if begin_s <= down <= end_s]
        if len(downs) > 1:
            slope = float(np.polyfit(np.arange(len(downs)), downs, 1)[0])
            strides.append((slope, len(downs) - 1))
    if not strides:
        return None
    mean = sum(slope * count for slope, count in strides) / sum(count for _, count in strides)
    return 120.0 / mean


def _add_contacts(
    found: Found,
    truth: Truth,
    stretches: Sequence[Stretch],
    plane: BodyPlane,
    *,
    is_along: bool,
) -> None:
    if is_along:
        return
    strides: list[tuple[float, float]] = []
    for foot in SIDES:
        hits = [
            _Hit(truth, foot, span, stretches, plane) for span in truth.recording.contacts[foot]
        ]
        due = [hit for hit in hits if hit.is_due]
        found.contacts += len(due)
        found.missed += sum(hit.contact is None for hit in due)
        found.extra += _extra(truth.recording.contacts[foot], stretches, foot)
        for hit in due:
            hit.add_to(found.lists)
        strides += _stride_errors(hits)
    errors = [error for _, error in sorted(strides)]
    found.lists["stride"] += errors
    tens = [errors[k : k + TEN] for k in range(0, len(errors) - TEN + 1, TEN)]
    found.lists["ten strides"] += [float(np.mean(ten)) for ten in tens]


class _Hit:
    """One contact on the plates and what was found of it."""

    def __init__(
        self,
        truth: Truth,
        foot: str,
        span: tuple[float, float],
        stretches: Sequence[Stretch],
        plane: BodyPlane,
    ) -> None:
        begin, end = self.span = span
        self.place_m = truth.foot_at(foot, span)
        is_seen = any(
            s.begin_s + MARGIN_S <= begin and end <= s.end_s - MARGIN_S
            for s in stretches
            if s.view is not View.ALONG
        )
        self.is_due = is_seen and plane.angle_deg(self.place_m, 0.0) >= OBLIQUE_LEAST_DEG + 1
        overlapping = (
            c
            for s in stretches
            for c in s.contacts
            if c.foot == foot
            and (c.touchdown_s or s.begin_s) < end
            and (c.takeoff_s or s.end_s) > begin
        )
        self.contact: Contact | None = next(overlapping, None)

    def add_to(self, lists: Mapping[str, list[float]]) -> None:
        contact = self.contact
        if contact is None or contact.touchdown_s is None or contact.takeoff_s is None:
            return
        if contact.untimed_reason != HOLE_REASON:
            lists["touch-down"].append(1e3 * (contact.touchdown_s - self.span[0]))
        if not contact.untimed_reason:
            lists["take-off"].append(1e3 * (contact.takeoff_s - self.span[1]))
            real = self.span[1] - self.span[0]
            lists["contact"].append(1e3 * (contact.takeoff_s - contact.touchdown_s - real))


def _stride_errors(hits: Sequence[_Hit]) -> list[tuple[float, float]]:
    """(when, error of the length) of each stride whose two contacts were found in a row."""
    errors = []
    for before, after in pairwise(hits):
        if before.contact is None or after.contact is None or not (before.is_due and after.is_due):
            continue
        measured = after.contact.along_m - before.contact.along_m
        real = abs(after.place_m - before.place_m)
        errors.append((before.span[0], abs(measured) - real))
    return errors


def _extra(spans: Sequence[tuple[float, float]], stretches: Sequence[Stretch], foot: str) -> int:
    """Contacts found between the foot's first and last one on the plates that are none."""
    extra = 0
    for stretch in stretches:
        for contact in stretch.contacts:
            begin = contact.touchdown_s or stretch.begin_s
            end = contact.takeoff_s or stretch.end_s
            is_between = bool(spans) and spans[0][0] < begin and end < spans[-1][1]
            is_real = any(begin < off and end > on for on, off in spans)
            extra += contact.foot == foot and is_between and not is_real
    return extra
