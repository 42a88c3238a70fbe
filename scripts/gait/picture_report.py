"""`scripts/evaluate-gait --pictures`: the gait code end to end, from pictures.

Prints, for drawn runners, each measure from pictures beside the same from keypoints with 1 %
noise, and the gap; then drawn falls; then real clips: direction and cadence of a walker forward
and reversed, falls, and false falls an hour.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from gait.bars import Score, scores
from gait.cameras import Errors
from gait.drawn import LASTS_S, SPEEDS_MPS, drawn_runners
from gait.measuring import Truth, add_up, camera_of, measure
from gait.pictures import FALL_FROM_S, FALL_SPEED_MPS, draw, falling, running
from rig.config import Config
from rig.core.gait.falls import find_falls
from rig.core.gait.keypoints import JOINTS, Floats, Keypoints
from rig.core.gait.plane import picture_plane
from rig.core.gait.reading import Stretch, read_gait
from rig.core.gait.speed import Direction, Gait
from rig.devices.video import VideoFile
from rig.programs.gait_video import ClipReader, Seen, runner_of

VIEWS: Final = ("side", "oblique 45", "along")
LOOKS: Final = 2
FALLS_S: Final = (0.4, 0.6, 0.8)
FALL_WITHIN_S: Final = 1.0
WALK: Final = "walk_side_static.mp4"
FALLS: Final = {
    "fall_indoor_1.mp4": (3.0, 3.8),
    "fall_indoor_2.mp4": (3.5, 4.3),
    "fall_indoor_3.mp4": (3.7, 4.7),
}
"""From losing hold to lying, by eye, s."""
NO_FALLS: Final = (
    WALK, "balance_walk_cam1.mp4", "two_people_cam2.mp4", "room_one_by_one.mp4",
    "worker_on_marked_floor.gif", "carpark_person_bicycle_car.gif", "street_static.mp4",
)  # fmt: skip
CADENCE: Final = "cadence error SD, 4 s"
CADENCE_MOST_SPM: Final = 1.0


@dataclass(slots=True)
class Tally:
    """Limits judged and held."""

    judged: int = 0
    held: int = 0

    def say(self, text: str, is_held: bool | None) -> None:
        """Print a line; None: no limit."""
        word = "-" if is_held is None else "held" if is_held else "short"
        self.judged += is_held is not None
        self.held += bool(is_held)
        print(f"  {text:86} {word}", flush=True)


def tell_pictures(seeds: int, videos: Path) -> int:
    """0: every limit held; 1: one or more short."""
    reader, tally = ClipReader(Config()), Tally()
    for speed_mps, recording in zip(SPEEDS_MPS, drawn_runners(), strict=True):
        truth = Truth(recording, Direction.BACKWARD, Gait.RUN)
        for view in VIEWS:
            _tell_runner(tally, reader, truth, view, speed_mps, seeds)
    _tell_drawn_falls(tally, reader)
    if videos.is_dir():
        _tell_walk(tally, reader, videos / WALK)
        _tell_real_falls(tally, reader, videos)
        _tell_no_falls(tally, reader, videos)
    else:
        print(f"\nno real clips: {videos} is not there")
    print(f"\n{tally.held} of {tally.judged} limits held")
    return 0 if tally.held == tally.judged else 1


def _tell_runner(
    tally: Tally, reader: ClipReader, truth: Truth, view: str, speed_mps: float, seeds: int
) -> None:
    print(f"\n{truth.recording.name}, {view}: from pictures, from keypoints, gap")
    pose = camera_of(truth, view)
    clips = []
    for look in range(LOOKS):
        frames = draw(running(speed_mps), pose, look + round(10 * speed_mps), LASTS_S)
        clips.append(_keypoints(reader.read(frames)))
    far, feet = _keypoint_errors(truth, view, clips)
    tally.say(
        f"keypoints off by {100 * far:.1f} % of height, toes and heels {100 * feet:.1f} %", None
    )
    seen = add_up(truth, view, clips)
    ideal = {s.name: s for s in scores(measure(truth, view, Errors(), seeds), view,
                                       is_noisy=False, has_feet=True)}  # fmt: skip
    for score in scores(seen, view, is_noisy=False, has_feet=True):
        if score.name == CADENCE and score.count:
            # Of so few windows no scatter can be told: the whole error counts, bias and all.
            errors = np.array(seen.lists["cadence"])
            score = replace(score, value=float(np.sqrt(np.mean(errors**2))))
        _tell_score(tally, score, ideal.get(score.name))


def _tell_score(tally: Tally, score: Score, ideal: Score | None) -> None:
    limit = "" if score.limit is None else f"limit {score.limit:g}"
    text = f"{score.name:30} n {score.count:3}  {score.value:8.3g}"
    if ideal is not None and ideal.count and score.count:
        text += f"  {ideal.value:8.3g}  {score.value - ideal.value:+8.3g}"
    is_held = None if score.word == "-" else score.word == "held"
    if score.limit is not None and not score.count:
        is_held = False  # nothing was measured of what is asked for
    tally.say(f"{text} {score.unit} {limit}", is_held)


def _keypoints(seen: list[Seen]) -> Keypoints:
    """The runner's; the place across is known, as from a lane file."""
    found = (runner_of(seen) or Seen()).keypoints()
    return Keypoints(found.times_s, found.points_px, found.confidence, found.across_m * 0)


def _keypoint_errors(truth: Truth, view: str, clips: Iterable[Keypoints]) -> tuple[float, float]:
    """Median distances from the drawn joints as shares of body height: all, and feet's ends."""
    pose, recording = camera_of(truth, view), truth.recording
    shares: list[Floats] = []
    for clip in clips:
        rows = np.clip(np.searchsorted(recording.times_s, clip.times_s - 1e-6), 0,
                       len(recording.times_s) - 1)  # fmt: skip
        places = recording.joints_m[rows]
        pixels = np.stack([pose.to_pixels(places[:, j]) for j in range(len(JOINTS))], axis=1)
        tall = np.nanmax(pixels[:, :, 1], axis=1) - np.nanmin(pixels[:, :, 1], axis=1)
        far = np.hypot(*np.moveaxis(clip.points_px - pixels, 2, 0)) / tall[:, None]
        shares.append(np.where(clip.confidence > 0.3, far, np.nan))
    if not sum(len(s) for s in shares):
        return float("nan"), float("nan")
    whole = np.concatenate(shares)
    ends = [number for number, name in enumerate(JOINTS) if name.endswith(("heel", "toe"))]
    return float(np.nanmedian(whole)), float(np.nanmedian(whole[:, ends]))


def _tell_drawn_falls(tally: Tally, reader: ClipReader) -> None:
    print("\ndrawn backward falls: told after the beginning, s")
    truth = next(
        Truth(recording, Direction.BACKWARD, Gait.RUN)
        for speed, recording in zip(SPEEDS_MPS, drawn_runners(), strict=True)
        if speed == FALL_SPEED_MPS
    )
    for view in VIEWS:
        pose = camera_of(truth, view)
        for lasts_s in FALLS_S:
            frames = draw(falling(lasts_s), pose, round(10 * lasts_s), FALL_FROM_S + 2.5)
            falls = _falls(reader.read(frames), (pose.lens.width_px, pose.lens.height_px))
            told = [t_s - FALL_FROM_S for t_s in falls]
            early = [t for t in told if t < 0]
            is_held = bool(told) and not early and told[0] <= FALL_WITHIN_S
            after = f"{told[0]:.2f}" if told else "not told"
            tally.say(f"{view}, falling for {lasts_s:g} s: {after}", is_held)


def _falls(seen: list[Seen], size_px: tuple[float, float]) -> list[float]:
    """When everybody's falls were told, as the gait program tells them."""
    falls = (fall for one in seen for fall in one.falls(*size_px))
    return sorted(fall.told_s for fall in falls if fall.told_s is not None)


def _pose_falls(seen: list[Seen], size_px: tuple[float, float]) -> int:
    """How many falls the poses alone tell, boxes or not."""
    return sum(len(find_falls(one.keypoints(), *size_px)) for one in seen)


def _tell_walk(tally: Tally, reader: ClipReader, path: Path) -> None:
    print(f"\n{path.name}, forward and reversed")
    told = {}
    for is_reversed, wanted in ((False, Direction.FORWARD), (True, Direction.BACKWARD)):
        keypoints = (
            runner_of(reader.read(VideoFile(path, is_reversed=is_reversed))) or Seen()
        ).keypoints()
        plane = picture_plane(keypoints, 1.75)
        stretches = read_gait(keypoints, plane) if plane is not None else ()
        longest = max(stretches, key=lambda s: s.end_s - s.begin_s, default=None)
        told[is_reversed] = _mean_cadence(longest)
        words = "nothing" if longest is None else f"{longest.direction}, {longest.gait}"
        name = "reversed" if is_reversed else "forward"
        is_right = longest is not None and longest.direction is wanted
        tally.say(f"{name}: {words}, {told[is_reversed]:.1f} steps/min", is_right)
    gap = abs(told[True] - told[False])
    tally.say(f"cadence differs by {gap:.2f} steps/min", gap <= CADENCE_MOST_SPM)


def _mean_cadence(stretch: Stretch | None) -> float:
    if stretch is None or not stretch.cadences:
        return float("nan")
    return float(np.mean([cadence.steps_per_min for _, cadence in stretch.cadences]))


def _tell_real_falls(tally: Tally, reader: ClipReader, videos: Path) -> None:
    print("\nreal falls")
    for name in FALLS:
        video = VideoFile(videos / name)
        falls = _falls(reader.read(video), video.size_px)
        told = ", ".join(f"{t_s:.1f} s" for t_s in falls)
        begun_s, down_s = FALLS[name]
        is_held = any(begun_s <= t_s <= down_s + FALL_WITHIN_S for t_s in falls)
        tally.say(f"{name}, {begun_s:g} to {down_s:g} s: told at {told or 'no time'}", is_held)


def _tell_no_falls(tally: Tally, reader: ClipReader, videos: Path) -> None:
    print("\nclips without a fall")
    total_s, count, by_pose = 0.0, 0, 0
    for name in NO_FALLS:
        for is_reversed in (False, True):
            video = VideoFile(videos / name, is_reversed=is_reversed)
            seen = reader.read(video)
            falls = _falls(seen, video.size_px)
            person_s = sum(one.times_s[-1] - one.times_s[0] for one in seen)
            total_s, count = total_s + person_s, count + len(falls)
            by_pose += _pose_falls(seen, video.size_px)
            told = ", ".join(f"{t_s:.1f} s" for t_s in falls)
            way = ", reversed" if is_reversed else ""
            tally.say(f"{name}{way}: {len(seen)} people, {told or 'no fall'}", not falls)
    hours = max(total_s / 3600, 1e-9)
    print(f"  {total_s / 60:.1f} minutes of people; false falls:")
    print(f"  borne out by the box: {count}, {count / hours:.1f} an hour")
    print(f"  by pose alone: {by_pose}, {by_pose / hours:.1f} an hour")
