"""`rig log-gait` turn by turn: the newest pose is logged, falls are told, trouble stays its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rig.config import Config
from rig.config_file import config_to_dict
from rig.core.datagrams import PoseFall, RunnerAt, SessionIs, Slot
from rig.core.gait.keypoints import JOINTS
from rig.core.gait.lines import keypoints_of
from rig.core.lane_file import format_site
from rig.core.log_lines import Verdict
from rig.devices.datagram_link import Inbox, Outbox
from rig.devices.eventlog import SegmentWriter, new_segment, read_segment, verify_stream
from rig.devices.frame_ring import FrameRing, RingReader
from rig.devices.run_header import describe_run
from rig.errors import LogError
from rig.programs.gait_log import GaitLog
from rig.programs.log_gait import GaitLogger
from rig.records import Box, Frame, Picture
from tests.programs.live_rig import live_site
from tests.unit.gait.runners import Course, joints_of

SIZE = (640, 360)
BOX = Box(300.0, 100.0, 360.0, 260.0)
MS = 1_000_000


@dataclass
class Mind:
    """Stands where the pose model does: tells the joints it is given, and notes what it saw."""

    points: np.ndarray = field(default_factory=lambda: np.full((len(JOINTS), 2), 200.0))
    boxes: list[Box] = field(default_factory=list)
    levels: list[int] = field(default_factory=list)

    def look(self, picture: Picture, box: Box) -> tuple[np.ndarray, np.ndarray]:
        self.boxes.append(box)
        self.levels.append(int(picture[0, 0, 0]))
        return self.points, np.full(len(JOINTS), 0.9)


@dataclass
class Bench:
    """One logger with everything round it, and a clock that stands."""

    folder: Path
    now_ns: int = 10**12
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.links, self.sessions = self.folder / "run", self.folder / "sessions"
        self.links.mkdir()
        self.sessions.mkdir()
        self.watch = Inbox(self.links / "watch.sock")
        self.ring = FrameRing(self.folder / "ring", SIZE)
        self.mind = Mind()
        config = Config()
        models = {"rearguard-pose.onnx": "0a" * 32}
        self.log = GaitLog(self.sessions, config, models, self.said.append)
        reader = RingReader(self.folder / "ring")
        parts: tuple[Any, ...] = (self.links, reader, self.mind, self.log, lambda: self.now_ns)
        self.logger = GaitLogger(*parts, tells_falls=True)
        self.mouth = Outbox(self.links / "gait.sock")

    def begin_session(self, name: str = "2026-11-24_10-00-00") -> Path:
        session = self.sessions / name
        session.mkdir()
        header = describe_run("watch", config_to_dict(Config()), format_site(live_site()), {}, 12.0)
        new_segment(session, "events", header, self.now_ns).close(self.now_ns)
        self.mouth.send(SessionIs(str(session)))
        return session

    def show(self, number: int, box: Box | None = BOX) -> Slot:
        """Announce picture `number`, of that grey, and the runner's box in it."""
        t_ns = self.now_ns + number * 33 * MS
        picture = np.full((SIZE[1], SIZE[0], 3), number, np.uint8)
        slot = self.ring.put(Frame(t_ns, number, picture))
        assert slot is not None
        assert self.mouth.send(slot)
        if box is not None:
            self.mouth.send(RunnerAt(t_ns, *(round(side) for side in box.sides_px)))
        return slot

    def close(self) -> None:
        self.logger.close()
        self.ring.close()
        self.watch.close()
        self.mouth.close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.close()


def times_logged(session: Path) -> list[float]:
    (path,) = session.glob("gait.*.jsonl")
    return [float(t) for t in keypoints_of(read_segment(path)).times_s]


def test_a_pose_is_logged_with_its_pictures_time_and_place(bench: Bench) -> None:
    session = bench.begin_session()
    slot = bench.show(3)
    bench.logger.turn(0.0)
    assert (bench.mind.boxes, bench.mind.levels) == ([BOX], [3])
    bench.log.close(bench.now_ns)
    (path,) = session.glob("gait.*.jsonl")
    keypoints = keypoints_of(read_segment(path))
    assert keypoints.times_s[0] == pytest.approx(slot.t_ns / 1e9)
    assert keypoints.points_px[0, 0].tolist() == [200.0, 200.0]
    assert np.isfinite(keypoints.across_m).all()
    first = next(iter(read_segment(path)))
    assert first.value["models"] == {"rearguard-pose.onnx": "0a" * 32}
    assert first.value["lane"] == format_site(live_site())
    assert [r.verdict for r in verify_stream(session, "gait")] == [Verdict.WHOLE]


def test_only_the_newest_picture_is_looked_at(bench: Bench) -> None:
    session = bench.begin_session()
    for number in range(5):
        bench.show(number)
    bench.logger.turn(0.0)
    assert bench.mind.levels == [4]
    assert bench.logger.left_out == 4
    bench.logger.turn(0.0)
    assert bench.logger.looked == 1
    assert len(times_logged(session)) == 1


def test_without_a_runner_nothing_is_looked_at(bench: Bench) -> None:
    bench.begin_session()
    bench.show(1, box=None)
    bench.mouth.send(RunnerAt(bench.now_ns + 5, 1, 1, 50, 90))  # of a picture nobody announced
    bench.show(2, box=Box(50.0, 50.0, 50.0, 90.0))
    bench.show(3, box=Box(50.0, 90.0, 70.0, 90.0))
    bench.logger.turn(0.0)
    assert bench.mind.levels == []
    assert bench.watch.receive(0.0) == []


def test_without_a_session_falls_are_told_all_the_same(bench: Bench) -> None:
    bench.show(1)
    bench.logger.turn(0.0)
    (word,) = bench.watch.receive(0.0)
    assert isinstance(word, PoseFall)
    assert not word.is_falling
    assert list(bench.sessions.iterdir()) == []


def test_watch_is_told_nothing_unless_falls_are_asked_for(bench: Bench) -> None:
    bench.logger._tells_falls = Config().gait.tells_falls
    bench.show(1)
    bench.logger.turn(0.0)
    assert bench.logger.looked == 1
    assert bench.watch.receive(0.0) == []


def fallen_times(bench: Bench, box_of: Callable[[np.ndarray, float], Box]) -> list[float]:
    """When a runner who falls at 2 s is said to fall, if the boxes are these."""
    course, site = Course(lasts_s=4.0, fall_s=2.0, fall_lasts_s=0.6), live_site()
    begun_ns, falling = bench.now_ns, []
    for number in range(110):
        bench.mind.points = site.pose.to_pixels(joints_of(course, number / 30))
        slot = bench.show(number, box_of(bench.mind.points, number / 30))
        bench.now_ns = slot.t_ns
        bench.logger.turn(0.0)
        (word,) = (w for w in bench.watch.receive(0.0) if isinstance(w, PoseFall))
        falling += [number / 30] if word.is_falling else []
        bench.now_ns = begun_ns
    return falling


def around(points: np.ndarray, _: float) -> Box:
    (x0, y0), (x1, y1) = points.min(0) - 5, points.max(0) + 5
    return Box(x0, y0, x1, y1)


def test_a_fall_is_told(bench: Bench) -> None:
    falling = fallen_times(bench, around)
    assert falling, "the fall was not told"
    assert 2.0 < falling[0] < 3.0
    assert falling[-1] > 3.5


def test_a_fall_is_told_of_whom_the_detector_loses(bench: Bench) -> None:
    kept: list[Box] = []

    def lost(points: np.ndarray, t_s: float) -> Box:
        kept.append(around(points, t_s) if t_s < 2.2 else kept[-1])
        return kept[-1]

    falling = fallen_times(bench, lost)
    assert falling, "the fall was not told"
    assert 2.0 < falling[0] < 3.0


def test_a_fall_that_the_box_does_not_bear_out_is_not_told(bench: Bench) -> None:
    def upright(points: np.ndarray, t_s: float) -> Box:
        x, y = points[:, 0].mean(), points[:, 1].max()
        tall = 60.0 + 2.0 * (round(30 * t_s) % 2)
        return Box(x - 12, y - tall, x + 12, y)

    assert fallen_times(bench, upright) == []


def test_a_picture_that_is_gone_is_left_out(bench: Bench) -> None:
    bench.begin_session()
    bench.show(0)
    for number in range(1, 20):
        bench.ring.put(Frame(bench.now_ns + number, number, np.zeros((360, 640, 3), np.uint8)))
    bench.logger.turn(0.0)
    assert bench.mind.levels == []
    assert bench.logger.left_out == 1


@pytest.mark.parametrize("ago_s", [-60.0, 60.0])
def test_a_picture_with_a_wrong_clock_is_left_out(bench: Bench, ago_s: float) -> None:
    bench.show(1)
    bench.now_ns += round(ago_s * 1e9)
    bench.logger.turn(0.0)
    assert bench.mind.levels == []


def test_a_session_elsewhere_is_not_written_into(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    bench.mouth.send(SessionIs(str(tmp_path / "other")))
    bench.mouth.send(SessionIs(str(bench.sessions / "not there")))
    bench.show(1)
    bench.logger.turn(0.0)
    assert bench.logger.looked == 1
    assert list(tmp_path.rglob("gait.*.jsonl")) == []


def test_a_session_that_has_no_log_yet_is_followed_once_it_has(bench: Bench) -> None:
    early = bench.sessions / "2026-11-24_10-00-00"
    early.mkdir()
    bench.mouth.send(SessionIs(str(early)))
    bench.show(1)
    bench.logger.turn(0.0)
    early.rmdir()
    session = bench.begin_session()
    bench.show(2)
    bench.logger.turn(0.0)
    bench.log.close(bench.now_ns)
    assert len(times_logged(session)) == 1


def test_the_next_session_gets_a_log_of_its_own(bench: Bench) -> None:
    sessions = [bench.begin_session("2026-11-24_10-00-00")]
    bench.show(1)
    bench.logger.turn(0.0)
    sessions.append(bench.begin_session("2026-11-24_11-00-00"))
    bench.show(2)
    bench.logger.turn(0.0)
    bench.log.close(bench.now_ns)
    assert [len(times_logged(session)) for session in sessions] == [1, 1]
    for session in sessions:
        assert [r.verdict for r in verify_stream(session, "gait")] == [Verdict.WHOLE]


def test_a_full_disk_ends_the_log_and_nothing_else(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.begin_session()
    bench.show(1)
    bench.logger.turn(0.0)

    def fail(*_: object) -> None:
        raise LogError("no room")

    monkeypatch.setattr(SegmentWriter, "write", fail)
    for number in (2, 3):
        bench.show(number)
        bench.logger.turn(0.0)
    assert bench.logger.looked == 3
    assert sum("ends here: no room" in line for line in bench.said) == 1
    assert len(bench.watch.receive(0.0)) == 3
