"""`rig watch --live` as a process: armed, refused, killed, starved, and never silent about it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from rig.core.datagrams import Restarted, Silence
from rig.core.log_lines import Verdict
from rig.devices.datagram_link import Inbox
from rig.devices.eventlog import verify_stream
from rig.devices.run_folder import RunFolder
from rig.devices.video import boottime_ns
from rig.records import Cause, Level
from tests.programs.conftest import LiveSite, Make
from tests.programs.live_models import write_failing_card
from tests.programs.live_rig import (
    MODELS,
    mark_full,
    read_events,
    write_live_clip,
)
from tests.programs.processes import run_rig

STALE_MOST_S = 0.5
"""CAMERA_STALE is said within this time after the last picture (design section 7)."""


def only(folder: Path) -> Path:
    (found,) = folder.iterdir()
    return found


def kinds(session: Path) -> list[str]:
    return [line["kind"] for line in read_events(session)]


def test_a_drill_from_arming_to_the_end(make: Make, tmp_path: Path) -> None:
    rig = make().start()
    assert "horn" in rig.state()["not_ready"][-1]
    assert "token" in rig.order("arm", token="guessed")["sentence"]
    assert "--lane-is-empty" in rig.order("arm", empty=False)["sentence"]
    rig.arm()
    assert RunFolder(rig.folder).has_flag
    rig.fall()
    rig.wait_for_word(lambda w: (w.level, w.cause) == (Level.STOP, Cause.FALL))
    assert rig.order("disarm")["sentence"] == "disarmed: as asked"
    rig.wait_for_word(lambda w: not w.is_armed and w.level is Level.SILENT)
    rig.wait(lambda: not RunFolder(rig.folder).has_flag)
    assert rig.kill(signal.SIGTERM) == 0
    assert "fall" in rig.said
    session = only(tmp_path / "sessions")
    assert {"edge", "answer", "alert", "counts"} <= set(kinds(session))
    for stream in ("events", "steps"):
        (report,) = verify_stream(session, stream)
        assert report.verdict is Verdict.WHOLE
    assert "all decisions identical" in run_rig("replay", session).out


@pytest.mark.slow
def test_words_come_all_the_time(make: Make) -> None:
    """Numbered without a gap, and each newer than the one before."""
    rig = make().start()
    rig.arm()
    rig.words.clear()
    rig.wait(lambda: len(rig.words) > 200)
    numbers = [w.sequence for w in rig.words]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    sent = [w.sent_ns for w in rig.words]
    assert sent == sorted(sent)
    assert all(w.judged_ns is not None and w.judged_ns <= w.sent_ns for w in rig.words)


@pytest.mark.slow
def test_a_killed_run_comes_back_disarmed_and_faulting(make: Make, tmp_path: Path) -> None:
    rig = make().start()
    rig.arm()
    rig.kill(signal.SIGKILL)
    assert RunFolder(rig.folder).has_flag
    rig.start()
    word = rig.wait_for_word(lambda w: w.level is Level.FAULT)
    assert (word.is_armed, word.cause) == (False, Cause.DECIDER_SILENT)
    assert "acknowledge that first" in rig.order("arm")["sentence"]
    assert rig.order("acknowledge")["is_done"]
    rig.wait_for_word(lambda w: w.level is Level.SILENT)
    assert not RunFolder(rig.folder).has_flag
    session = only(tmp_path / "sessions")
    assert "started_armed" in kinds(session)
    assert (session / "steps.0002.jsonl").exists(), "the same session, in segments of its own"
    rig.arm()


@pytest.mark.slow
@pytest.mark.parametrize("told", [Silence, Restarted])
def test_what_the_horn_tells_is_a_fault_until_acknowledged(make: Make, told: type) -> None:
    rig = make().start()
    rig.arm()
    now_ns = boottime_ns()
    rig.tell(Silence(now_ns - 10**9, now_ns) if told is Silence else Restarted(now_ns))
    cause = Cause.DECIDER_SILENT if told is Silence else Cause.HORN_RESTARTED
    rig.wait_for_word(lambda w: w.is_armed and (w.level, w.cause) == (Level.FAULT, cause))
    rig.wait_for_word(lambda w: w.judged_ns is not None and w.judged_ns > now_ns + 3 * 10**9)
    assert rig.words[-1].cause is cause, "latched"
    assert rig.order("acknowledge")["is_done"]
    rig.wait_for_word(lambda w: not w.is_armed)


@pytest.mark.slow
def test_a_source_without_pictures_is_stale(make: Make, site: LiveSite, tmp_path: Path) -> None:
    """The video ends as if the cable came loose: the loop does not hang in it."""
    clip = write_live_clip(tmp_path / "short.mp4", site.pictures * 9)
    rig = make(repeat=False, clip=clip).start()
    rig.arm()
    word = rig.wait_for_word(lambda w: w.cause is Cause.CAMERA_STALE)
    assert word.judged_ns is not None
    assert (word.since_ns - word.judged_ns) / 1e9 < STALE_MOST_S
    rig.words.clear()
    rig.wait(lambda: len(rig.words) > 20)
    assert {w.level for w in rig.words} == {Level.FAULT}, "and the words go on"


@pytest.mark.slow
def test_the_same_picture_again_is_stale(make: Make, site: LiveSite, tmp_path: Path) -> None:
    frozen = site.pictures * 5 + [site.pictures[0]] * 60
    clip = write_live_clip(tmp_path / "frozen.mp4", frozen)
    rig = make(clip=clip).start()
    rig.arm()
    rig.wait_for_word(lambda w: (w.level, w.cause) == (Level.FAULT, Cause.CAMERA_STALE))


@pytest.mark.slow
def test_a_failing_detector_ends_the_run(make: Make, site: LiveSite, tmp_path: Path) -> None:
    """Nothing is caught: the words stop, which the horn notices."""
    bad = site.pictures * 6 + [mark_full(p) for p in site.pictures]
    clip = write_live_clip(tmp_path / "bad.mp4", bad)
    rig = make(clip=clip, card=write_failing_card(tmp_path / "failing.toml")).start()
    rig.arm()
    assert rig.process is not None
    assert rig.process.wait(60) == 2
    (sentence,) = [line for line in rig.said.splitlines() if line.startswith("rig:")]
    assert "no finite numbers" in sentence
    assert "fatal" in kinds(only(tmp_path / "sessions"))
    assert RunFolder(rig.folder).has_flag, "so the horn goes on sounding"


@pytest.mark.slow
def test_a_model_that_is_gone_is_refused_and_the_flag_stays(make: Make, tmp_path: Path) -> None:
    for name in ("rearguard-detector.toml", "rearguard-detector.onnx"):
        shutil.copy(MODELS / name, tmp_path / name)
    card = tmp_path / "rearguard-detector.toml"
    rig = make(card=card).start()
    rig.arm()
    card.with_suffix(".onnx").unlink()
    rig.wait_for_word(lambda w: w.is_armed)
    rig.kill(signal.SIGKILL)
    ran = run_rig(*rig.argv)
    assert ran.code == 2
    assert "rearguard-detector.onnx" in ran.err
    assert RunFolder(rig.folder).has_flag


@pytest.mark.slow
def test_sessions_that_cannot_be_written_refuse_arming_and_end_nothing(make: Make) -> None:
    rig = make(sessions=Path("/proc/rig-sessions")).start()
    rig.wait_for_state(lambda s: s["judged"] > 40)
    answer = rig.order("arm")
    assert not answer["is_done"]
    assert "no session can be written" in answer["sentence"]
    assert rig.process is not None
    assert rig.process.poll() is None


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "rig-test", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no right to mount a small disk")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.mark.slow
def test_a_disk_that_fills_up_does_not_end_the_guarding(make: Make, small_disk: Path) -> None:
    rig = make(sessions=small_disk / "sessions").start()
    rig.arm()
    (small_disk / "ballast").touch()
    room = os.statvfs(small_disk)
    with (small_disk / "ballast").open("wb") as file:
        file.write(bytes(room.f_bavail * room.f_frsize - 8192))
    state = rig.wait_for_state(lambda s: s["log_failure"] is not None)
    assert "No space left" in state["log_failure"]
    assert state["stage"] == "armed"
    rig.fall()
    rig.wait_for_word(lambda w: w.level is Level.STOP)
    (small_disk / "ballast").unlink()
    rig.wait_for_state(lambda s: s["log_failure"] is None)
    assert rig.order("disarm")["is_done"]
    assert rig.kill(signal.SIGTERM) == 0
    assert "rig: the log is not written" in rig.said
    session = only(small_disk / "sessions")
    assert "alert" in kinds(session), "no event was lost"


@pytest.mark.slow
def test_a_horn_that_vanishes_and_comes_back_is_spoken_to(make: Make, tmp_path: Path) -> None:
    rig = make().start()
    rig.arm()
    rig.ear.close()
    judged = rig.state()["judged"]
    rig.ear = Inbox(tmp_path / "elsewhere.sock")
    rig.wait_for_state(lambda s: s["judged"] > judged + 30)
    rig.ear.close()
    rig.ear = Inbox(rig.folder / "horn.sock")
    rig.wait_for_word(lambda w: w.is_armed)


def test_nothing_starts_without_its_folder(make: Make) -> None:
    rig = make()
    argv = [a.replace(str(rig.folder), "/nowhere/run") for a in rig.argv]
    ran = run_rig(*argv)
    assert ran.code == 2
    assert "links.folder" in ran.err
    told = run_rig("tell", "disarm", "--set", "links.folder=/nowhere/run")
    assert told.code == 2
    assert "rig up" in told.err


def test_an_order_to_nobody_says_so(tmp_path: Path) -> None:
    RunFolder(tmp_path).make_token()
    told = run_rig("tell", "arm", "--set", f"links.folder={tmp_path}")
    assert told.code == 2
    assert "nobody takes orders" in told.err
