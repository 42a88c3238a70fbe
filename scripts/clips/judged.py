"""One clip judged by the rig: the frames' times, what was seen and what was decided.

Runs the same loop as `rig watch`, with one setting changed: a clip begins in mid-run, so whoever
moves along the lane is the runner. Called by `evaluation` and by the tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from clips.truth import Truth
from rig.config import Config
from rig.core.lane import Site
from rig.core.pipeline import Pipeline
from rig.devices.video import VideoFile
from rig.programs.judging import Turn, check_size, judge, load_mount, load_named_card
from rig.programs.observer import Observer, References
from rig.records import Decision, Picture, Seen


@dataclass(frozen=True, slots=True)
class Step:
    """One turn of the loop; `time_s` is the clip's own time, also when it is played reversed."""

    time_s: float
    seen: Seen
    decision: Decision


@dataclass(frozen=True, slots=True)
class Judged:
    """A clip played once through, in the order of playing."""

    truth: Truth
    is_reversed: bool
    site: Site
    min_object_px: float
    steps: tuple[Step, ...]

    @property
    def title(self) -> str:
        """Name and direction."""
        return f"{self.truth.clip} {'reversed' if self.is_reversed else 'forward'}"


def config_for_clips(config: Config | None = None) -> Config:
    """The given or default configuration for recordings that begin in mid-run."""
    config = config or Config()
    return replace(config, runner=replace(config.runner, lock="moving"))


def judge_clip(
    truth: Truth, folder: Path, is_reversed: bool, config: Config | None = None
) -> Judged:
    """Play a clip through detector and pipeline, all of it in memory but the pictures."""
    config = config_for_clips(config)
    turns = play(truth, folder, is_reversed, config)
    last_s = _last_s(folder / truth.clip) if is_reversed else 0.0
    steps = []
    for turn in turns:
        played_s = turn.frame.t_ns / 1e9
        time_s = last_s - played_s if is_reversed else played_s
        steps.append(Step(time_s, turn.seen, turn.decision))
    site = load_mount(truth.lane_path).site
    min_px = load_named_card(config).input.min_object_px
    return Judged(truth, is_reversed, site, min_px, tuple(steps))


def play(truth: Truth, folder: Path, is_reversed: bool, config: Config) -> Iterator[Turn]:
    """The turns of one clip, pictures included, as they are judged."""
    source = VideoFile(folder / truth.clip, is_reversed=is_reversed)
    mount = load_mount(truth.lane_path)
    check_size(source.size_px, mount.site, truth.clip)
    card = load_named_card(config)
    empty = None
    if truth.empty_at_s is not None:
        empty = _picture_at(folder / truth.clip, truth.empty_at_s)
    observer = Observer(mount.site, config, card, References(mount.still, empty))
    pipeline = Pipeline(mount.site, config, card.input.min_object_px)
    yield from judge(source, observer, pipeline)


def _picture_at(path: Path, time_s: float) -> Picture:
    return next(iter(VideoFile(path, start_s=time_s))).picture


def _last_s(path: Path) -> float:
    return max(frame.t_ns for frame in VideoFile(path)) / 1e9
