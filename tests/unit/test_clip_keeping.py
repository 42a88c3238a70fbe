"""Clips on disk: what a stop leaves, what expires, what a full disk drops, and the lines of it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import rig.programs.clip_keeper as clip_keeper
from rig.config import ClipOptions
from rig.core.clip_plan import ClipAlert, Kept
from rig.core.clip_policy import DAY_S
from rig.core.log_lines import Verdict
from rig.devices.clip_folder import (
    count_pictures,
    lock_sessions,
    recover_parts,
    stored_clips,
    whole_bytes,
)
from rig.devices.clip_pictures import pack_picture
from rig.devices.eventlog import verify_stream
from rig.errors import LogError
from rig.programs.clip_keeper import ClipKeeper
from rig.programs.clip_thread import Begin, ClipThread, Finish
from rig.records import Alert, Cause, Level
from tests.unit.tiny_clips import SIZE, picture, read_pictures, uneven_times, write

SMALL = ClipOptions(free_least_mb=1.0)
FALL = ClipAlert(Level.STOP, Cause.FALL, 5)


@pytest.fixture
def sessions(tmp_path: Path) -> Path:
    (tmp_path / "sessions/one/clips").mkdir(parents=True)
    (tmp_path / "sessions/two/clips").mkdir(parents=True)
    return tmp_path / "sessions"


def put(sessions: Path, name: str, age_days: float = 0.0, is_starred: bool = False) -> Path:
    path = sessions / f"{name}.mp4"
    path.write_bytes(bytes(2_000_000))
    then_s = clip_keeper.time.time() - age_days * DAY_S
    os.utime(path, (then_s, then_s))
    if is_starred:
        path.with_name(path.name + ".star").touch()
    return path


def keeper(sessions: Path, options: ClipOptions = SMALL) -> tuple[ClipKeeper, list[str]]:
    said: list[str] = []
    return ClipKeeper(sessions, options, {"format": 1}, lambda: 7, said.append), said


def lines(session: Path, kind: str) -> list[dict[str, Any]]:
    text = "".join(path.read_text() for path in sorted(session.glob("clips.*.jsonl")))
    return [one["value"] for one in map(json.loads, text.splitlines()) if one["kind"] == kind]


# ------------------------------------------------------------------------------- policy on disk


def test_what_expired_goes_and_its_session_tells(sessions: Path) -> None:
    old, starred = put(sessions, "one/clips/old", 15), put(sessions, "one/clips/star", 99, True)
    young = put(sessions, "two/clips/young", 13)
    kept, _ = keeper(sessions)
    kept.tidy()
    kept.leave()
    assert [p.exists() for p in (old, starred, young)] == [False, True, True]
    (line,) = lines(sessions / "one", "clip_dropped")
    assert (line["name"], line["reason"]) == ("old.mp4", "older than 14 days")
    (report,) = verify_stream(sessions / "one", "clips")
    assert report.verdict is Verdict.WHOLE
    assert verify_stream(sessions / "two", "clips") == []


def test_for_want_of_room_the_oldest_go_first_then_no_clips_are_made(
    sessions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [put(sessions, f"one/clips/{n}", 10 - n) for n in range(3)]
    starred = put(sessions, "two/clips/star", 12, True)
    room_mb = {"start": 97.0}

    def free(_: Path) -> float:
        return room_mb["start"] + 2.0 * sum(not path.exists() for path in paths)

    monkeypatch.setattr(clip_keeper, "free_mb", free)
    kept, said = keeper(sessions, ClipOptions(free_least_mb=100.0))
    kept.tidy()
    assert kept.has_room
    assert [path.exists() for path in paths] == [False, False, True]
    room_mb["start"] = 10.0
    kept.tidy()
    kept.tidy()
    assert not kept.has_room
    assert not paths[2].exists()
    assert starred.exists()
    assert sum("no clips for want of room" in line for line in said) == 1
    room_mb["start"] = 500.0
    kept.tidy()
    assert kept.has_room
    assert "room for clips again" in said[-1]
    assert len(lines(sessions / "one", "clip_dropped")) == 3


def test_lines_wait_for_the_disk(sessions: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> Any:
        raise LogError("the disk is full")

    put(sessions, "one/clips/old", 15)
    kept, said = keeper(sessions)
    with monkeypatch.context() as full:
        full.setattr(clip_keeper, "new_segment", refuse)
        kept.tidy()
        kept.tidy()
    assert sum("the disk is full" in line for line in said) == 1
    kept.tidy()
    assert len(lines(sessions / "one", "clip_dropped")) == 1


def test_links_and_strange_names_are_let_be(sessions: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere/clips").mkdir(parents=True)
    there = put(tmp_path, "elsewhere/clips/mine", 99)
    (sessions / "linked").symlink_to(tmp_path / "elsewhere")
    (sessions / "one/clips/link.mp4").symlink_to(there)
    (sessions / "one/clips/folder.mp4").mkdir()
    (sessions / "a file").write_text("")
    assert stored_clips(sessions) == []


def test_one_lock_for_one_folder(sessions: Path) -> None:
    lock = lock_sessions(sessions)
    with pytest.raises(LogError, match="another `rig record`"):
        lock_sessions(sessions)
    os.close(lock)
    os.close(lock_sessions(sessions))


# ------------------------------------------------------------------------------- after a stop


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("whole") / "a.mp4"
    write(path, uneven_times(160, seed=2), [])
    return path.read_bytes()


@pytest.mark.parametrize("share", [0.0, 0.001, 0.01, 0.3, 0.5, 0.7, 0.9, 0.99, 1.0])
def test_a_clip_cut_anywhere_plays_or_goes(sessions: Path, whole: bytes, share: float) -> None:
    left = whole[: round(share * len(whole))]
    part = sessions / "one/clips/a.mp4.part"
    part.write_bytes(left)
    (found,) = recover_parts(sessions)
    assert not part.exists()
    if found.path is None:
        assert share < 0.5
        assert list((sessions / "one/clips").iterdir()) == []
    else:
        assert found.path == sessions / "one/clips/a.mp4"
        assert len(read_pictures(found.path)) == found.pictures > 0
        assert found.size_bytes == found.path.stat().st_size <= len(left)


@pytest.mark.parametrize("spoil", [
    lambda raw: bytes(len(raw)),
    lambda raw: raw[:-5000] + bytes(5000),
    lambda raw: raw[: len(raw) // 2] + bytes(len(raw) // 2),
    lambda raw: b"\0\0\0\1moov" + raw,
    lambda raw: b"\xff\xff\xff\xffmdat" + raw,
])  # fmt: skip
def test_zeros_and_rubbish_never_stop_the_start(
    sessions: Path, whole: bytes, spoil: Callable[[bytes], bytes]
) -> None:
    """Some file systems leave zeros where data was not written yet."""
    part = sessions / "one/clips/a.mp4.part"
    part.write_bytes(spoil(whole))
    assert whole_bytes(part) <= part.stat().st_size
    (found,) = recover_parts(sessions)
    assert not part.exists()
    assert found.path is None or count_pictures(found.path) == found.pictures > 0


# ------------------------------------------------------------------------------- the thread


def run_thread(
    sessions: Path, items: list[Any], options: ClipOptions = SMALL
) -> tuple[list[str], ClipThread]:
    kept, said = keeper(sessions, options)
    thread = ClipThread(options, kept, said.append)
    for item in items:
        thread.put(item)
    thread.start()
    assert thread.close(30.0)
    return said, thread


def kept_pictures(count: int, heads: tuple[int, ...] = ()) -> list[Kept]:
    silent = Alert(Level.SILENT, None, 0)
    times = uneven_times(count, seed=4)
    return [
        Kept(t_ns, SIZE, pack_picture(picture(n), 90), heads, silent)
        for n, t_ns in enumerate(times)
    ]


def test_pictures_are_written_in_order_once_and_told_of(sessions: Path) -> None:
    shown = kept_pictures(20)
    items = [Begin(sessions / "one", FALL), *shown, shown[3], Finish((FALL,))]
    _, thread = run_thread(sessions, items)
    (path,) = (sessions / "one/clips").iterdir()
    assert path.name.endswith("_fall.mp4")
    assert len(read_pictures(path)) == 20
    (line,) = lines(sessions / "one", "clip")
    assert (line["pictures"], line["from_ns"], line["until_ns"]) == (
        (20, shown[0].t_ns, shown[-1].t_ns)
    )
    assert thread.backlog_bytes == 0


def test_a_head_is_blurred_in_the_pictures_around_too(sessions: Path) -> None:
    shown = kept_pictures(30)
    marked = picture(0).copy()
    marked[::2] = 255
    data = pack_picture(marked, 95)
    heads = (0, 0, *SIZE)
    items = [
        Kept(k.t_ns, SIZE, data, heads if n == 15 else (), k.alert) for n, k in enumerate(shown)
    ]
    run_thread(sessions, [Begin(sessions / "one", FALL), *items, Finish((FALL,))])
    (path,) = (sessions / "one/clips").iterdir()
    found = read_pictures(path)
    near = [abs(k.t_ns - shown[15].t_ns) <= 400_000_000 for k in shown]
    assert 10 < sum(near) < 25
    detail = [float(image[20:28, 20:44].std()) for _, image in found]
    assert max(d for d, is_near in zip(detail, near, strict=True) if is_near) < 20
    assert min(d for d, is_near in zip(detail, near, strict=True) if not is_near) > 60


def test_a_disk_that_fails_costs_that_clip_and_is_told(sessions: Path) -> None:
    (sessions / "two/clips").rmdir()
    (sessions / "two/clips").write_text("a file")
    shown = kept_pictures(5)
    items = [Begin(sessions / "two", FALL), *shown, Finish((FALL,)),
             Begin(sessions / "one", FALL), *shown, Finish((FALL,))]  # fmt: skip
    said, _ = run_thread(sessions, items)
    (lost,) = lines(sessions / "two", "clip_lost")
    assert "a file stands where the folder belongs" in lost["reason"]
    assert len(lines(sessions / "one", "clip")) == 1
    assert sum("no clip" in line for line in said) == 1


def test_pictures_beyond_the_memory_are_counted(sessions: Path) -> None:
    big = bytes(3_000_000)
    silent = Alert(Level.SILENT, None, 0)
    thread = ClipThread(ClipOptions(memory_mb=8), keeper(sessions)[0], print)
    for number in range(4):
        thread.put(Kept(number, SIZE, big, (), silent))
    assert thread.backlog_bytes == 3_000_000
