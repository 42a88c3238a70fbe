"""Playing a recording at its own pace, as a camera would."""

import time
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rig.devices.video import VideoFile, pace
from rig.records import Frame
from tests.unit.tiny_videos import picture, write


class Clock:
    """Time that passes only by sleeping, and while the caller works."""

    def __init__(self) -> None:
        self.ns = 1_000_000_000_000

    def now_ns(self) -> int:
        return self.ns

    def sleep(self, seconds: float) -> None:
        self.ns += round(seconds * 1e9)


def frames_at(times_ns: list[int]) -> list[Frame]:
    return [Frame(t_ns, number, picture(0)) for number, t_ns in enumerate(times_ns)]


def test_paced_frames_come_when_they_are_due_and_are_stamped_so() -> None:
    clock = Clock()
    begun_ns = clock.ns
    times_ns = [500, 40_000_500, 90_000_500]
    arrived = []
    for frame in pace(frames_at(times_ns), clock.now_ns, clock.sleep):
        arrived.append((frame.t_ns, clock.ns))
        clock.ns += 10_000_000
    due = [begun_ns, begun_ns + 40_000_000, begun_ns + 90_000_000]
    assert arrived == [(t_ns, t_ns) for t_ns in due]


@given(st.lists(st.integers(1, 100), max_size=30), st.lists(st.integers(0, 300), min_size=31))
def test_a_slow_caller_gets_the_newest_frame_and_never_an_overtaken_one(
    steps_ms: list[int], busy_ms: list[int]
) -> None:
    clock = Clock()
    begun_ns = clock.ns
    times_ns = [0, *(np.cumsum(steps_ms) * 1_000_000).tolist()]
    seen = []
    work = iter(busy_ms)
    for frame in pace(frames_at([int(t) for t in times_ns]), clock.now_ns, clock.sleep):
        following = [begun_ns + t for t in times_ns[frame.sequence + 1 :]]
        assert frame.t_ns <= clock.ns
        assert not following or following[0] > clock.ns
        seen.append(frame.sequence)
        clock.ns += next(work) * 1_000_000
    assert seen == sorted(set(seen))
    assert seen[-1] == len(times_ns) - 1


def test_no_frames_are_paced_to_none() -> None:
    assert list(pace([])) == []


def test_a_paced_file_runs_on_the_rigs_clock(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", [0, 40, 80])
    before_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    frames = list(VideoFile(path, paced=True))
    after_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    assert before_ns <= frames[0].t_ns
    assert frames[-1].t_ns <= after_ns
    assert frames[-1].t_ns - frames[0].t_ns == 80_000_000


# --------------------------------------------------------------------------- real clips
