"""Keypoints of everybody in a clip: detector, boxes followed, pose.

Decides which of them is the runner: who went farthest, in their own heights. Needs no lane; where
there is one, it gives the place across. Called by `rig gait --video` and by the evaluation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from rig.config import Config
from rig.core.gait.falls import Fall
from rig.core.gait.keypoints import JOINTS, Keypoints
from rig.core.gait.people import People, moved_heights
from rig.core.gait.witness import find_witnessed_falls
from rig.core.lane import Site
from rig.core.tiles import InputFacts, whole_view
from rig.devices.detector import Detector
from rig.devices.pose import PoseModel
from rig.devices.video import VideoFile
from rig.programs.judging import check_size, load_named_card
from rig.programs.pose_loading import open_pose_model
from rig.records import Box, Frame, Kind

LOOK_PX: Final = 640
"""The detector sees the whole picture at this width: a clip need not be kept up with."""
LEAST_FRAMES: Final = 8

Floats = np.ndarray


@dataclass(slots=True)
class Seen:
    """One person over a clip."""

    boxes: list[Box] = field(default_factory=list)
    is_seen: list[bool] = field(default_factory=list)
    """Whether the detector found them there, or they were only looked for."""
    times_s: list[float] = field(default_factory=list)
    points: list[Floats] = field(default_factory=list)
    sure: list[Floats] = field(default_factory=list)
    across_m: list[float] = field(default_factory=list)

    def falls(self, width_px: float, height_px: float) -> tuple[Fall, ...]:
        """Each fall of the pose, and whether its box bore it out."""
        size_px = (width_px, height_px)
        return find_witnessed_falls(self.keypoints(), self.boxes, self.is_seen, size_px)

    def keypoints(self) -> Keypoints:
        """As arrays."""
        joints = len(JOINTS)
        return Keypoints(
            np.array(self.times_s, np.float64),
            np.array(self.points, np.float64).reshape(-1, joints, 2),
            np.array(self.sure, np.float64).reshape(-1, joints),
            np.array(self.across_m, np.float64),
        )


class ClipReader:
    """Detector and pose model, for any number of clips."""

    def __init__(self, config: Config) -> None:
        card = load_named_card(config)
        self._detector = Detector(card, config.detector)
        self._multiple_px = card.input.multiple_px
        self._least_px = card.input.min_object_px
        self._pose: PoseModel = open_pose_model(config.gait.card)

    @property
    def models(self) -> dict[str, str]:
        """sha256 of each weights file by its name."""
        cards = (self._detector.card, self._pose.card)
        return {card.weights.name: card.sha256 for card in cards}

    def read(
        self, frames: Iterable[Frame], place_across: Callable[[Box], float] | None = None
    ) -> list[Seen]:
        """Everybody who was seen in at least eight pictures."""
        people, seen = People(), dict[int, Seen]()
        for frame in frames:
            t_s = frame.t_ns / 1e9
            for person in people.update(self._find(frame), t_s):
                points, sure = self._pose.look(frame.picture, person.box)
                one = seen.setdefault(person.number, Seen())
                one.boxes.append(person.box)
                one.is_seen.append(person.seen_s == t_s)
                one.times_s.append(t_s)
                one.points.append(points)
                one.sure.append(sure)
                one.across_m.append(place_across(person.box) if place_across else np.nan)
        return [one for one in seen.values() if len(one.times_s) >= LEAST_FRAMES]

    def _find(self, frame: Frame) -> list[Box]:
        height, width = frame.picture.shape[:2]
        facts = InputFacts(LOOK_PX, LOOK_PX, self._multiple_px, self._least_px)
        found = self._detector.look(frame.picture, (whole_view(width, height, facts),))
        return [d.box for d in found if d.kind is Kind.PERSON and not d.is_weak]


def runner_of(seen: list[Seen]) -> Seen | None:
    """Who went farthest; None where nobody was seen for long enough."""
    return max(seen, key=lambda one: moved_heights(one.boxes), default=None)


def read_runner(
    reader: ClipReader, path: Path, site: Site | None, *, is_reversed: bool = False
) -> tuple[Seen, tuple[float, float]]:
    """A video's runner and picture size; nobody was seen: without frames. Raises SourceError."""
    video = VideoFile(path, is_reversed=is_reversed)
    if site is not None:
        check_size(video.size_px, site, str(path))
    seen = reader.read(video, None if site is None else lambda box: across_of(site, box))
    width_px, height_px = video.size_px
    return runner_of(seen) or Seen(), (float(width_px), float(height_px))


def across_of(site: Site, box: Box) -> float:
    """Where the box's foot stands across the lane; NaN above the horizon."""
    foot = np.array([[(box.x0 + box.x1) / 2, box.y1]])
    ground = site.pose.to_ground(foot)
    return float(site.lane.to_lane(ground)[0, 1]) if np.isfinite(ground).all() else float("nan")
