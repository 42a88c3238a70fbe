"""The log's thread: nothing waits for it, no event is lost, every failure shows."""

import errno
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rig.core.log_lines import Line, Verdict
from rig.devices import eventlog
from rig.devices.eventlog import (
    SegmentWriter,
    new_segment,
    read_segment,
    verify_segment,
)
from rig.errors import LogError
from rig.programs.log_thread import LogThread
from rig.records import Alert, Cause, Command, Decision, Hazard, Level, Phase, Runner, Seen

HEADER = {"program": "test"}


def lines_of(path: Path) -> list[Line]:
    return list(read_segment(path))


def decision(now_ns: int, level: Level = Level.SILENT, gap_m: float = 5.0) -> Decision:
    cause = Cause.COLLISION if level is Level.STOP else None
    hazard = Hazard(Cause.COLLISION, None, gap_m) if cause else None
    alert = Alert(level, cause, 0, hazard)
    return Decision(now_ns, now_ns, alert, Runner(Phase.RUNNING, None), (), ())


@pytest.fixture
def writers(tmp_path: Path) -> tuple[SegmentWriter, SegmentWriter]:
    return (
        new_segment(tmp_path, "events", HEADER, 1),
        new_segment(tmp_path, "steps", HEADER, 1),
    )


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline_s, "never happened"
        time.sleep(0.005)


def kinds(path: Path) -> list[str]:
    return [each.kind for each in lines_of(path)]


def test_steps_and_the_events_they_make_are_written(
    writers: tuple[SegmentWriter, SegmentWriter],
) -> None:
    log = LogThread(*writers, sync_s=1.0)
    log.start()
    levels = [Level.SILENT, Level.SILENT, Level.STOP, Level.STOP, Level.SILENT]
    for turn, level in enumerate(levels):
        commands = (Command.ARM,) if turn == 1 else ()
        log.put_step(Seen(turn, commands=commands), decision(turn, level))
    log.put_event("pin_edge", 3, {"edge_ns": 12})
    log.close()
    events, steps = (lines_of(writer.path) for writer in writers)
    assert [each.kind for each in steps] == ["begin"] + ["step"] * 5 + ["end"]
    assert [(each.kind, each.t_ns) for each in events[1:-1]] == [
        ("phase", 0),
        ("command", 1),
        ("alert", 2),
        ("alert", 4),
        ("pin_edge", 3),
    ]
    assert events[3].value["alert"]["hazard"] == {"cause": "collision", "gap_m": 5.0}
    assert log.failure is None


def test_an_event_is_synced_without_waiting_for_the_end(
    writers: tuple[SegmentWriter, SegmentWriter], monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    real = os.fdatasync

    def fdatasync(descriptor: int) -> None:
        real(descriptor)
        synced.append(os.fstat(descriptor).st_size)

    monkeypatch.setattr(eventlog.os, "fdatasync", fdatasync)
    log = LogThread(*writers, sync_s=0.05)
    log.start()
    log.put_step(Seen(1), decision(1, Level.STOP))
    size = lambda: writers[0].path.stat().st_size  # noqa: E731
    wait_until(lambda: writers[0].lines == 3 and size() in synced)
    log.close()


def test_steps_that_find_no_place_are_counted_where_they_are_missing(
    writers: tuple[SegmentWriter, SegmentWriter],
) -> None:
    log = LogThread(*writers, sync_s=1.0, steps_most=3)
    for turn in range(8):  # not started yet, as if the disk hung
        log.put_step(Seen(turn), decision(turn, Level.STOP, gap_m=turn))
    log.start()
    wait_until(lambda: writers[1].lines == 4)
    log.put_step(Seen(8), decision(8))
    log.close()
    steps = lines_of(writers[1].path)
    assert [each.kind for each in steps[1:-1]] == ["step"] * 3 + ["dropped", "step"]
    assert steps[4].value == {"steps": 5}


def test_a_value_with_nan_is_shown_but_stops_nothing(
    writers: tuple[SegmentWriter, SegmentWriter],
) -> None:
    log = LogThread(*writers, sync_s=0.0)
    log.start()
    log.put_step(Seen(1), decision(1, Level.STOP, gap_m=float("nan")))
    log.put_event("odd", 2, {"a": {1, 2}})
    log.put_step(Seen(3), decision(3))
    log.close()
    assert kinds(writers[0].path)[2:-1] == ["unwritable", "unwritable", "alert"]
    assert kinds(writers[1].path)[1:-1] == ["unwritable", "step"]
    assert "gap_m cannot be written: nan" in lines_of(writers[1].path)[1].value["reason"]
    assert log.unwritable == 3


class Disk:
    """Stands between the writers and the real pwrite and fdatasync; full or failing when told."""

    def __init__(self) -> None:
        self.write_errno = 0
        self.sync_errno = 0
        self._pwrite, self._fdatasync = os.pwrite, os.fdatasync

    def pwrite(self, descriptor: int, raw: bytes, offset: int) -> int:
        if self.write_errno:
            self._pwrite(descriptor, raw[: len(raw) // 2], offset)  # half of it still fits
            raise OSError(self.write_errno, os.strerror(self.write_errno))
        return self._pwrite(descriptor, raw, offset)

    def fdatasync(self, descriptor: int) -> None:
        if self.sync_errno:
            raise OSError(self.sync_errno, os.strerror(self.sync_errno))
        self._fdatasync(descriptor)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk()
    monkeypatch.setattr(eventlog.os, "pwrite", disk.pwrite)
    monkeypatch.setattr(eventlog.os, "fdatasync", disk.fdatasync)
    monkeypatch.setattr("rig.programs.log_thread.RETRY_S", 0.01)
    return disk


def test_events_wait_out_a_full_disk_and_none_is_lost(
    disk: Disk, writers: tuple[SegmentWriter, SegmentWriter]
) -> None:
    log = LogThread(*writers, sync_s=0.05)
    log.start()
    disk.write_errno = errno.ENOSPC
    log.put_event("note", 1, "while full")
    wait_until(lambda: log.failure is not None)
    assert "No space left on device; delete old sessions" in (log.failure or "")
    for number in range(50):
        log.put_event("note", number, "more")
    assert verify_segment(writers[0].path).verdict is Verdict.NO_END
    disk.write_errno = 0
    wait_until(lambda: log.failure is None)
    log.close()
    events = lines_of(writers[0].path)
    assert [each.kind for each in events] == ["begin"] + ["note"] * 51 + ["log_recovered", "end"]
    assert "No space left" in events[-2].value["failure"]


def test_closing_on_a_full_disk_says_how_much_is_missing(
    disk: Disk, writers: tuple[SegmentWriter, SegmentWriter]
) -> None:
    log = LogThread(*writers, sync_s=0.05)
    log.start()
    disk.write_errno = errno.ENOSPC
    log.put_event("note", 1, "while full")
    with pytest.raises(LogError, match=r"the log ends without 1 lines? .*No space left"):
        log.close()
    assert verify_segment(writers[0].path).verdict is Verdict.NO_END


def test_a_failed_sync_stays_a_failure(
    disk: Disk, writers: tuple[SegmentWriter, SegmentWriter]
) -> None:
    log = LogThread(*writers, sync_s=0.0)
    log.start()
    disk.sync_errno = errno.EIO
    log.put_event("note", 1, "x")
    wait_until(lambda: log.failure is not None)
    disk.sync_errno = 0
    log.put_event("note", 2, "y")
    wait_until(lambda: writers[0].lines == 3)
    assert "cannot sync" in (log.failure or "")
    with pytest.raises(LogError, match="cannot sync"):
        log.close()


def test_putting_never_waits_for_the_disk(
    writers: tuple[SegmentWriter, SegmentWriter], monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs, may_go_on = threading.Event(), threading.Event()

    def fdatasync(descriptor: int) -> None:
        hangs.set()
        may_go_on.wait(20)

    monkeypatch.setattr(eventlog.os, "fdatasync", fdatasync)
    log = LogThread(*writers, sync_s=0.0, steps_most=10)
    log.start()
    log.put_event("note", 1, "x")
    assert hangs.wait(20)
    for turn in range(100):  # would hang here for good, and the test with it
        log.put_step(Seen(turn), decision(turn))
    with pytest.raises(LogError, match=r"ends without \d+ lines .*not answered for 0\.01 s"):
        log.close(timeout_s=0.01)
    may_go_on.set()
    log._thread.join(20)


def test_a_patient_program_waits_for_the_disk_and_drops_nothing(
    writers: tuple[SegmentWriter, SegmentWriter],
) -> None:
    log = LogThread(*writers, sync_s=1.0, steps_most=3, is_patient=True)
    log.start()
    for turn in range(100):
        log.put_step(Seen(turn), decision(turn))
    log.close()
    assert kinds(writers[1].path)[1:-1] == ["step"] * 100


def test_a_patient_program_is_told_when_the_disk_fails(
    disk: Disk, writers: tuple[SegmentWriter, SegmentWriter]
) -> None:
    log = LogThread(*writers, sync_s=1.0, steps_most=3, is_patient=True)
    log.start()
    disk.write_errno = errno.ENOSPC

    def put_steps() -> None:
        for turn in range(100):
            log.put_step(Seen(turn), decision(turn))

    with pytest.raises(LogError, match="No space left"):
        put_steps()
    with pytest.raises(LogError, match="No space left"):
        log.close()
