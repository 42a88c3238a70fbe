"""Measure the parts of the loop, one by one, in this thread's processor time.

Everything runs in the order of the live loop, frame after frame, with inference between the parts
as in life, so that caches are as cold as they will be. Decides nothing. Called by `rig bench`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from rig.config import Config
from rig.core.alerts import AlertKeeper
from rig.core.card import Card
from rig.core.hazard import assess
from rig.core.health import Health
from rig.core.placing import Placer
from rig.core.runner import RunnerKeeper
from rig.core.tiles import TilePlanner
from rig.core.tracker import Tracker
from rig.devices.colours import with_colours
from rig.devices.detector import Detector
from rig.devices.lanecheck import LaneCheck
from rig.devices.registration import Registration
from rig.devices.vitals import VitalsMeter
from rig.programs.bench_scene import RATE_HZ, START_S, Crowd, Drill, draw_maps
from rig.records import Command, Detection, Picture, Runner, Seen, Tile, Track, ViewShift

PARTS = (
    "register",
    "plan tiles",
    "cut and shrink",
    "decode",
    "merge",
    "colours",
    "lane check",
    "vitals",
    "place",
    "track",
    "decide",
)
"""The parts of one turn of the loop beside inference; `decide` is runner, hazards and alert."""

CROWD_PARTS = ("decode", "merge", "place", "track", "decide")
"""The parts that grow with the number of things."""

WARM_FRAMES = 15
"""Frames before the measuring begins: first touches of memory are not the loop's."""

Milliseconds = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Times in milliseconds, one row per frame.

    `parts`: this thread's processor time; `inference_cpu`, `inference_wall`: both tiles together;
    `wall`: the whole turn on the wall clock; `tracks`: how many tracks there were in each frame.
    """

    parts: dict[str, Milliseconds]
    inference_cpu: Milliseconds
    inference_wall: Milliseconds
    wall: Milliseconds
    tracks: NDArray[np.int64]

    def total(self, names: tuple[str, ...] = PARTS) -> Milliseconds:
        """The sum of these parts in each frame."""
        total: Milliseconds = np.sum([self.parts[name] for name in names], axis=0)
        return total


class Stopwatch:
    """Collects this thread's processor time by part."""

    def __init__(self) -> None:
        self.rows: dict[str, list[float]] = {name: [] for name in PARTS}

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Measure what is inside."""
        begun = time.thread_time_ns()
        yield
        self.rows[name].append((time.thread_time_ns() - begun) / 1e6)


@contextmanager
def one_thread() -> Iterator[None]:
    """OpenCV works in this thread alone, so that this thread's time is all of its work."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


class Loop:
    """The rig's loop taken apart, over a rendered drill and a crowd of `count`."""

    def __init__(
        self, drill: Drill, config: Config, card: Card, detector: Detector, count: int
    ) -> None:
        site = drill.site
        self._drill, self._config = drill, config
        self._lane, self._classes = site.lane, card.classes
        self._detector = detector
        self._planner = TilePlanner(site, card.facts, config.detector.tiles)
        self._registration = Registration(drill.empty)
        self._lane_check = LaneCheck(site, config.lane_check, drill.empty, ViewShift())
        self._vitals = VitalsMeter(drill.empty)
        self._placer = Placer(site, config.placing)
        self._crowd = Crowd(self._placer, count)
        self._tracker = Tracker(config.tracker, self._placer, card.input.min_object_px)
        self._keeper = RunnerKeeper(site.lane, config.runner)
        self._health = Health(config.health)
        self._alerts = AlertKeeper()
        self._tracks: tuple[Track, ...] = ()
        self._runner: Runner | None = None

    def measure(self, frames: int) -> Measured:
        """The times of `frames` turns, after a few to warm up."""
        with one_thread():
            for number in range(WARM_FRAMES):
                self._turn(number, Stopwatch())
            watch = Stopwatch()
            numbers = range(WARM_FRAMES, WARM_FRAMES + frames)
            rows = [self._turn(number, watch) for number in numbers]
        cpu, inference, wall, tracks = np.array(rows).T
        parts = {name: np.array(values) for name, values in watch.rows.items()}
        return Measured(parts, cpu, inference, wall, tracks.astype(np.int64))

    def _turn(self, number: int, watch: Stopwatch) -> tuple[float, float, float, int]:
        """One turn; gives inference processor time, its wall time, all wall time (ms), tracks."""
        picture = self._drill.pictures[number % len(self._drill.pictures)]
        t_ns = round(number * 1e9 / RATE_HZ)
        things = self._crowd.boxes(t_ns / 1e9 % (START_S + 9.0))
        self._detector.last_inference_cpu_s = self._detector.last_inference_s = 0.0
        begun = time.perf_counter_ns()
        with watch.part("register"):
            view = self._registration.find(picture)
        with watch.part("plan tiles"):
            interest = (self._runner.track.box,) if self._runner and self._runner.track else ()
            tiles = self._planner.plan(number, interest)
        aside = time.perf_counter_ns()
        maps = [draw_maps(things, tile, self._classes) for tile in tiles]
        aside = time.perf_counter_ns() - aside
        found = self._look(picture, tiles, maps, watch)
        self._judge(picture, number, Seen(t_ns, found, (), tiles, view), watch)
        wall = (time.perf_counter_ns() - begun - aside) / 1e6
        cpu_s, wall_s = self._detector.last_inference_cpu_s, self._detector.last_inference_s
        return cpu_s * 1e3, wall_s * 1e3, wall, len(self._tracks)

    def _look(
        self,
        picture: Picture,
        tiles: tuple[Tile, ...],
        maps: list[list[NDArray[np.float32]]],
        watch: Stopwatch,
    ) -> tuple[Detection, ...]:
        """`Detector.look` taken apart; infers on the picture, but goes on with `maps`."""
        height, width = picture.shape[:2]
        found = []
        part = Stopwatch()
        for tile, drawn in zip(tiles, maps, strict=True):
            with part.part("cut and shrink"):
                laid = self._detector.lay(picture, tile)
            self._detector.infer(laid)
            with part.part("decode"):
                found.append((tile, self._detector.find(drawn, tile)))
        lay_ms, decode_ms = (sum(part.rows[name]) for name in ("cut and shrink", "decode"))
        watch.rows["cut and shrink"].append(lay_ms)
        watch.rows["decode"].append(decode_ms)
        with watch.part("merge"):
            seen = self._detector.merge(found, width, height)
        with watch.part("colours"):
            return with_colours(picture, seen)

    def _judge(self, picture: Picture, number: int, seen: Seen, watch: Stopwatch) -> None:
        """Everything from the detections to the alert."""
        t_ns = seen.t_ns or 0
        with watch.part("lane check"):
            explained = tuple(d.box for d in seen.detections if not d.is_weak)
            strange = self._lane_check.look(picture, seen.view, explained, t_ns)
        with watch.part("vitals"):
            self._vitals.measure(picture, t_ns, 0.0)
        with watch.part("place"):
            height_m = self._runner.height_m if self._runner else None
            things = seen.detections + strange
            placed = self._placer.place(things, seen.view, height_m)
        with watch.part("track"):
            self._tracks = self._tracker.update(placed, seen.looked_at, t_ns)
        commands = (Command.ARM,) if number == 0 else ()
        with watch.part("decide"):
            faults = self._health.check(seen, t_ns)
            runner, obstacles = self._keeper.split(self._tracks, commands, None, t_ns)
            hazards = assess(runner, obstacles, self._lane, self._config.hazard, t_ns)
            self._alerts.decide(hazards + faults, False, t_ns)
            self._runner = runner
