"""Segments on a real disk: chained, synced, filled up, and written by a killed process."""

import json
import os
import random
import signal
import stat
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from rig.core.log_lines import LINE_MOST_BYTES, UNCHAINED, Line, Verdict, hash_in
from rig.devices.eventlog import (
    SegmentWriter,
    new_segment,
    read_segment,
    segment_paths,
    stream_names,
    verify_segment,
    verify_stream,
)
from rig.devices.run_header import describe_run
from rig.devices.session import create_session
from rig.errors import LogError

PROJECT = Path(__file__).parents[2]
WALL_TIME = datetime(2026, 5, 2, 18, 30, 5)
HEADER = {"program": "test"}


def lines_of(path: Path) -> list[Line]:
    return list(read_segment(path))


# --------------------------------------------------------------------------- segments


def test_a_segment_tells_what_was_written(tmp_path: Path) -> None:
    writer = new_segment(tmp_path, "events", HEADER, 5)
    writer.write("alert", 6, {"text": 'a "quoted" line\n and \u2028 an umlaut \u00fc', "x": 0.1})
    writer.write("note", None, None)
    writer.close(9)
    path = tmp_path / "events.0001.jsonl"
    found = [(each.number, each.kind, each.t_ns, each.value) for each in lines_of(path)]
    assert found == [
        (1, "begin", 5, HEADER),
        (2, "alert", 6, {"text": 'a "quoted" line\n and \u2028 an umlaut \u00fc', "x": 0.1}),
        (3, "note", None, None),
        (4, "end", 9, {"lines": 4}),
    ]
    report = verify_segment(path)
    assert report.sentence == "events.0001.jsonl: whole, 4 lines, closed by its END line"
    assert report.good_bytes == path.stat().st_size
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_new_run_begins_a_new_segment_chained_to_the_old_one(tmp_path: Path) -> None:
    for stream in ("events", "steps", "events", "events"):
        new_segment(tmp_path, stream, HEADER, 1).close(2)
    assert stream_names(tmp_path) == ["events", "steps"]
    paths = segment_paths(tmp_path, "events")
    assert [path.name for path in paths] == [f"events.000{n}.jsonl" for n in (1, 2, 3)]
    last = UNCHAINED
    for path in paths:
        assert lines_of(path)[0].previous == last
        last = hash_in(path.read_bytes().splitlines()[-1]) or ""
    assert {report.verdict for report in verify_stream(tmp_path, "events")} == {Verdict.WHOLE}


def test_numbers_are_sorted_as_numbers(tmp_path: Path) -> None:
    for name in ("events.10000.jsonl", "events.9999.jsonl", "events.0002.jsonl", "events.jsonl"):
        (tmp_path / name).touch()
    names = [path.name for path in segment_paths(tmp_path, "events")]
    assert names == ["events.0002.jsonl", "events.9999.jsonl", "events.10000.jsonl"]
    assert new_segment(tmp_path, "events", HEADER, 1).path.name == "events.10001.jsonl"


def three_segments(folder: Path) -> list[Path]:
    for _ in range(3):
        writer = new_segment(folder, "events", HEADER, 1)
        writer.write("note", 2, "x")
        writer.close(3)
    return segment_paths(folder, "events")


def test_a_tail_cut_off_at_a_line_break_is_found_by_the_next_segment(tmp_path: Path) -> None:
    paths = three_segments(tmp_path)
    raws = paths[1].read_bytes().splitlines(keepends=True)
    paths[1].write_bytes(b"".join(raws[:2]))
    reports = verify_stream(tmp_path, "events")
    assert [each.verdict for each in reports] == [Verdict.WHOLE, Verdict.CUT, Verdict.WHOLE]
    assert "lines at its end, or segments between it and events.0003" in reports[1].sentence
    assert reports[1].lines == 2


def test_a_removed_segment_is_found(tmp_path: Path) -> None:
    paths = three_segments(tmp_path)
    paths[1].unlink()
    assert [each.verdict for each in verify_stream(tmp_path, "events")] == [
        Verdict.CUT,
        Verdict.WHOLE,
    ]
    paths[0].unlink()
    first, last = verify_stream(tmp_path, "events")
    assert (first.verdict, last.verdict) == (Verdict.CUT, Verdict.WHOLE)
    assert "the session's beginning" in first.sentence


def test_a_run_after_a_crash_is_chained_to_what_the_crash_left(tmp_path: Path) -> None:
    writer = new_segment(tmp_path, "events", HEADER, 1)
    writer.write("note", 2, "x")
    with writer.path.open("ab") as file:
        file.write(b'{"n":3,"kind":"al')  # torn
    new_segment(tmp_path, "events", HEADER, 1).close(2)
    assert [each.verdict for each in verify_stream(tmp_path, "events")] == [
        Verdict.TORN,
        Verdict.WHOLE,
    ]


def test_an_existing_segment_is_never_opened_again(tmp_path: Path) -> None:
    path = new_segment(tmp_path, "events", HEADER, 1).path
    before = path.read_bytes()
    with pytest.raises(LogError, match=r"cannot make the log segment .*File exists"):
        SegmentWriter(path, HEADER, 1)
    assert path.read_bytes() == before


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, "x" * LINE_MOST_BYTES])
def test_a_value_that_no_line_can_hold_is_refused_and_nothing_added(
    tmp_path: Path, value: Any
) -> None:
    writer = new_segment(tmp_path, "events", HEADER, 1)
    with pytest.raises(LogError, match=r"log line 2 \(note\)"):
        writer.write("note", 1, value)
    writer.write("note", 1, "good")
    writer.close(2)
    assert [each.kind for each in lines_of(writer.path)] == ["begin", "note", "end"]
    with pytest.raises(LogError):
        new_segment(tmp_path, "steps", {"value": value}, 1)
    assert segment_paths(tmp_path, "steps") == []


def test_a_session_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LogError, match=r"cannot read the session .*gone.*give the folder of one"):
        segment_paths(tmp_path / "gone", "events")
    with pytest.raises(LogError, match=r"cannot read the log segment .*No such file"):
        lines_of(tmp_path / "events.0001.jsonl")


def test_the_header_tells_what_decides(tmp_path: Path) -> None:
    header = describe_run("watch", {"hazard": {"reaction_s": 0.7}}, "lane text", {"m": "ab"}, 12.0)
    assert header["config"]["hazard"]["reaction_s"] == 0.7
    assert header["versions"]["numpy"]
    assert header["versions"]["python"]
    assert abs(header["boottime_ns"] - time.clock_gettime_ns(time.CLOCK_BOOTTIME)) < 60e9
    assert header["boot_id"] == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    datetime.fromisoformat(header["wall_time"])
    new_segment(tmp_path, "events", header, 1).close(2)
    assert lines_of(tmp_path / "events.0001.jsonl")[0].value == json.loads(json.dumps(header))


# --------------------------------------------------------------------------- a full disk, for real


def run_python(code: str, *arguments: str) -> str:
    """Runs code in a process of its own, because a file size limit holds for a whole process."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=PROJECT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_no_room_at_the_start_leaves_neither_segment_nor_session(tmp_path: Path) -> None:
    code = """
import resource, sys
from datetime import datetime
from pathlib import Path
from rig.devices.eventlog import new_segment
from rig.devices.session import create_session
from rig.errors import LogError
resource.setrlimit(resource.RLIMIT_FSIZE, (100, -1))
for begin in (
    lambda: new_segment(Path(sys.argv[1]), "events", {"lane": "x" * 200}, 1),
    lambda: create_session(Path(sys.argv[1]), datetime(2026, 1, 1), 0.001),
):
    try:
        begin()
    except LogError as error:
        print(error)
"""
    sentences = run_python(code, str(tmp_path)).splitlines()
    assert "cannot write the log segment" in sentences[0]
    assert "no session can be written" in sentences[1]
    assert all("File too large; raise the limit" in each for each in sentences)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_up_keeps_the_good_lines_and_goes_on_when_there_is_room(
    tmp_path: Path,
) -> None:
    code = """
import resource, sys
from pathlib import Path
from rig.devices.eventlog import new_segment, verify_segment
from rig.errors import LogError
writer = new_segment(Path(sys.argv[1]), "events", {}, 1)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, -1))
try:
    for number in range(100):
        writer.write("note", number, "x" * 50)
except LogError as error:
    print(error)
print(verify_segment(writer.path).sentence, writer.lines)
resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))
writer.write("note", 1, "room again")
writer.close(2)
print(verify_segment(writer.path).sentence, writer.lines)
"""
    failed, while_full, after = run_python(code, str(tmp_path)).splitlines()
    assert "cannot write the log segment" in failed
    lines = int(while_full.split()[-1])
    assert lines > 2
    assert f"{lines} lines are good, then no END line" in while_full
    assert f"whole, {lines + 2} lines" in after


def fill(writer: SegmentWriter) -> None:
    for _ in range(100):
        writer.write("note", 1, "x" * 5000)


def test_a_tmpfs_that_is_full_says_so(tmp_path: Path) -> None:
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=128k", "none", str(tmp_path)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("needs the right to mount a small file system")
    try:
        writer = new_segment(tmp_path, "events", HEADER, 1)
        with pytest.raises(LogError, match=r"No space left on device; delete old sessions"):
            fill(writer)
        assert verify_segment(writer.path).verdict is Verdict.NO_END
        with pytest.raises(LogError, match=r"No space left on device; delete old sessions"):
            create_session(tmp_path, WALL_TIME, 0.0)
        assert [path.name for path in tmp_path.iterdir()] == ["events.0001.jsonl"]
        os.close(writer._descriptor)
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


# --------------------------------------------------------------------------- a killed writer

WRITER = """
import sys
from pathlib import Path
from rig.devices.eventlog import new_segment
writer = new_segment(Path(sys.argv[1]), "events", {}, 1)
number = 0
while True:
    for _ in range(7):
        number += 1
        writer.write("note", number, {"number": number, "text": "x" * 300})
    writer.sync()
    print(number, flush=True)
"""


def test_what_was_synced_survives_kill_9_at_any_moment(tmp_path: Path) -> None:
    moments = random.Random(9)
    for run in range(20):
        synced = kill_a_writer(tmp_path, moments.uniform(0.0, 0.04))
        path = segment_paths(tmp_path, "events")[-1]
        numbers = [each.value["number"] for each in lines_of(path)[1:]]
        assert numbers == list(range(1, len(numbers) + 1)), run
        assert len(numbers) >= synced > 0, run
    reports = verify_stream(tmp_path, "events")
    assert len(reports) == 20
    assert {each.verdict for each in reports} <= {Verdict.NO_END, Verdict.TORN}


def kill_a_writer(folder: Path, after_s: float) -> int:
    """The last number that the writer said was synced before it was killed."""
    command = [sys.executable, "-c", WRITER, str(folder)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        first = writer.stdout.readline()
        time.sleep(after_s)
        writer.send_signal(signal.SIGKILL)
        said = (first + writer.stdout.read()).split("\n")
    return int(said[-2])
