"""`rig watch` and `rig demo` from end to end, as processes, and how they end when cut short."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
import pytest

from rig.core.codec import decode
from rig.core.log_events import StepLine
from rig.core.log_lines import Verdict
from rig.devices.eventlog import read_segment, verify_stream
from rig.records import Command, Kind, Picture
from tests.programs.conftest import Given
from tests.programs.processes import (
    HEIGHT_PX,
    ROOT,
    WIDTH_PX,
    Ran,
    command,
    mark,
    run_rig,
    write_clip,
    write_lane,
    write_pictures,
)

STEP_PX = 8
COUNT = 20


def walker() -> list[Picture]:
    """Somebody goes 8 px to the right in every picture, on black ground."""
    ground = np.zeros((HEIGHT_PX, WIDTH_PX, 3), np.uint8)
    return [mark(ground, 40 + STEP_PX * number, 96) for number in range(COUNT)]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("films") / "walker.mp4", walker())


def only_session(sessions: Path) -> Path:
    (session,) = sessions.iterdir()
    return session


def steps_of(sessions: Path) -> list[StepLine]:
    lines = read_segment(only_session(sessions) / "steps.0001.jsonl")
    return [decode(StepLine, line.value) for line in lines if line.kind == "step"]


def places(steps: Sequence[StepLine]) -> list[int]:
    """Which picture of the walker each step saw."""
    found = []
    for step in steps:
        (person,) = step.seen.detections
        assert person.kind is Kind.PERSON
        found.append(round((person.box.centre_px[0] - 44) / STEP_PX))
    return found


def times_s(steps: Sequence[StepLine]) -> list[float]:
    return [(step.seen.t_ns or 0) / 1e9 for step in steps]


def is_whole(session: Path) -> bool:
    """Both streams end with END, the video has its name, and nothing half-written is left."""
    reports = [verify_stream(session, stream)[0] for stream in ("events", "steps")]
    parts = list(session.rglob("*.part"))
    return all(r.verdict is Verdict.WHOLE for r in reports) and parts == []


def pictures_in(clip: Path) -> tuple[int, int]:
    """Pictures and sound samples of a clip."""
    with av.open(str(clip)) as container:
        pictures = sum(1 for _ in container.decode(video=0))
    with av.open(str(clip)) as container:
        return pictures, sum(frame.samples for frame in container.decode(audio=0))


# ------------------------------------------------------------------------------- rig watch


@pytest.fixture(scope="module")
def watched(given: Given, film: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Ran, Path]:
    """The walker's film once through; how it ended, and the folder of its session."""
    sessions = tmp_path_factory.mktemp("sessions")
    return run_rig(*given.watch(sessions, clip=film)), sessions


def test_a_video_is_judged_logged_and_drawn(watched: tuple[Ran, Path]) -> None:
    ran, sessions = watched
    assert (ran.code, ran.err) == (0, "")  # no progress bar where nobody looks at one
    session, steps = only_session(sessions), steps_of(sessions)
    assert places(steps) == list(range(COUNT))
    assert times_s(steps) == pytest.approx([n / 10 for n in range(COUNT)], abs=1e-4)
    assert [step.seen.commands for step in steps] == [(Command.ARM,)] + [()] * (COUNT - 1)
    assert is_whole(session)
    pictures, samples = pictures_in(session / "clips/annotated.mp4")
    assert pictures == COUNT
    assert samples / 48_000 == pytest.approx(1.9 + 1 / 30, abs=0.05)


def test_what_is_printed_can_be_read_aloud(watched: tuple[Ran, Path], film: Path) -> None:
    ran, sessions = watched
    first, *rest = ran.out.splitlines()
    assert first == f"{film}, 320x180 px, on a lane of 20.0 m."
    assert rest[0] == "The lane file names no still: the view is taken as unmoved."
    assert rest[1].startswith("No picture of the empty lane was given (--empty): the lane check is")
    assert "time s  level     cause" in ran.out
    assert "s in all: " in ran.out
    session = only_session(sessions)
    assert all(str(session) in line for line in ran.out.splitlines()[-3:])


def test_what_was_watched_is_verified_and_replayed(watched: tuple[Ran, Path]) -> None:
    session = only_session(watched[1])
    assert run_rig("replay", "--verify", session).code == 0
    again = run_rig("replay", session)
    assert (again.code, again.err) == (0, "")
    assert again.out == f"steps.0001.jsonl: {COUNT} steps, all decisions identical\n"


def test_reversed_gives_the_same_pictures_from_last_to_first(
    given: Given, tmp_path: Path, film: Path
) -> None:
    assert run_rig(*given.watch(tmp_path, clip=film), "--reversed").code == 0
    steps = steps_of(tmp_path)
    assert places(steps) == list(range(COUNT))[::-1]
    assert times_s(steps) == pytest.approx([n / 10 for n in range(COUNT)], abs=1e-4)
    assert is_whole(only_session(tmp_path))


def test_a_part_of_a_video(given: Given, tmp_path: Path, film: Path) -> None:
    ran = run_rig(*given.watch(tmp_path, clip=film), "--start", "0.5", "--duration", "0.95")
    assert (ran.code, ran.err) == (0, "")
    steps = steps_of(tmp_path)
    assert places(steps) == list(range(5, 15))
    assert times_s(steps)[0] == pytest.approx(0.5)


def test_paced_runs_on_the_live_clock(given: Given, tmp_path: Path, film: Path) -> None:
    begun_s = time.clock_gettime(time.CLOCK_BOOTTIME)
    assert run_rig(*given.watch(tmp_path, clip=film), "--paced", "--duration", "0.8").code == 0
    ended_s = time.clock_gettime(time.CLOCK_BOOTTIME)
    steps = steps_of(tmp_path)
    seen = places(steps)  # a busy machine may drop some, but never the last
    assert seen == sorted(set(seen))
    assert seen[-1] == 7
    passed_s = [t - times_s(steps)[0] for t in times_s(steps)]
    assert passed_s == pytest.approx([(n - seen[0]) / 10 for n in seen], abs=1e-4)
    assert all(begun_s < t < ended_s for t in times_s(steps))
    assert all(step.decision.now_ns >= (step.seen.t_ns or 0) for step in steps)


def test_pictures_of_a_folder(given: Given, tmp_path: Path) -> None:
    """More than ten of them: 10.png comes after 9.png. Nothing is coded, so boxes are exact."""
    folder = write_pictures(tmp_path / "pictures", walker()[:12])
    head, lane = given.watch(tmp_path / "sessions")[3:5], given.watch(tmp_path / "sessions")[5:]
    ran = run_rig("watch", "--pictures", folder, *head, *lane, "--rate", "5")
    assert (ran.code, ran.err) == (0, "")
    steps = steps_of(tmp_path / "sessions")
    assert places(steps) == list(range(12))
    assert times_s(steps) == pytest.approx([n / 5 for n in range(12)])
    box = steps[3].seen.detections[0].box
    assert (box.x0, box.y0, box.x1, box.y1) == (52.0, 84.0, 84.0, 116.0)


def test_a_folder_with_a_stray_picture_keeps_what_came_before(given: Given, tmp_path: Path) -> None:
    small = np.zeros((90, 160, 3), np.uint8)
    folder = write_pictures(tmp_path / "pictures", [*walker()[:4], small])
    rest = given.watch(tmp_path / "sessions")[3:]
    ran = run_rig("watch", "--pictures", folder, *rest)
    assert ran.code == 2
    (sentence,) = ran.sentences
    session = only_session(tmp_path / "sessions")
    assert "4.png is 160x90 but the first picture is 320x180; keep pictures of one" in sentence
    assert sentence.endswith(f"the log of the first 4 pictures is whole: rig replay {session}")
    assert is_whole(session)


def test_still_and_empty_lane_switch_everything_on(given: Given, tmp_path: Path) -> None:
    """The shipped detector, with registration and lane check, on a rendered lane."""
    lane = write_lane(tmp_path / "a.lane.toml", still=given.pictures[0])
    ran = run_rig(
        *("watch", "--video", given.clip, "--lane", lane, "--empty", tmp_path / "still.png"),
        *("--set", f"log.sessions={tmp_path / 'sessions'}", "--set", "log.free_least_mb=1"),
        *("--duration", "1.0"),
    )
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[1] == ""  # nothing is off
    steps = steps_of(tmp_path / "sessions")
    assert len(steps) == 10
    assert all(step.seen.view is not None for step in steps)
    assert all(abs(step.seen.view.dx_px) < 1.0 for step in steps if step.seen.view)
    assert not any(step.seen.strange_things for step in steps)
    assert is_whole(only_session(tmp_path / "sessions"))


# ------------------------------------------------------------------------------- cut short


def wait_for_row(process: subprocess.Popen[str]) -> None:
    """Until the first decision has been printed."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("   0.00"):
            return
    raise AssertionError(f"ended before its first decision: {process.communicate()}")


def interrupt(*argv: str | Path) -> tuple[int, str]:
    """Ctrl-C once the first decision has been made; exit code and what it said."""
    with subprocess.Popen(
        command(*argv), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        wait_for_row(process)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    return process.returncode, err


def stopped_cleanly(code: int, err: str, sessions: Path) -> None:
    session = only_session(sessions)
    assert code == 130, err
    (sentence,) = err.splitlines()
    assert sentence.startswith("rig: stopped by Ctrl-C; the log of the first ")
    assert sentence.endswith(f"is whole: rig replay {session}")
    assert is_whole(session)
    pictures, samples = pictures_in(session / "clips/annotated.mp4")
    assert pictures == len(steps_of(sessions))
    assert samples > 0


def test_ctrl_c_ends_the_watch_with_everything_whole(given: Given, tmp_path: Path) -> None:
    film = write_clip(tmp_path / "long.mp4", walker() * 20)
    sessions = tmp_path / "sessions"
    stopped_cleanly(*interrupt(*given.watch(sessions, clip=film), "--paced"), sessions)
    assert len(steps_of(sessions)) < 100


def test_ctrl_c_ends_the_demo_with_everything_whole(tmp_path: Path) -> None:
    argv = ("demo", "--drill", "empty lane", "--rate", "60", "--sessions", tmp_path)
    stopped_cleanly(*interrupt(*argv), tmp_path)


def test_a_reader_who_has_had_enough_ends_the_demo_quietly(tmp_path: Path) -> None:
    """`rig demo | head -3`."""
    argv = command("demo", "--drill", "standing person", "--rate", "4", "--sessions", tmp_path)
    with subprocess.Popen(
        argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        wait_for_row(process)
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 141
    assert is_whole(only_session(tmp_path))


# ------------------------------------------------------------------------------- rig demo


@pytest.mark.slow
def test_the_demo_leaves_a_session_that_can_be_watched_and_replayed(tmp_path: Path) -> None:
    """Whether it warned in time is the detector's part; here everything else must be right."""
    ran = run_rig("demo", "--drill", "empty lane", "--rate", "4", "--sessions", tmp_path)
    assert ran.code in (0, 1)
    assert ran.err == ""
    session = only_session(tmp_path)
    assert ran.out.splitlines()[-3:] == [
        f"watch and hear it:  {session}/clips/annotated.mp4   (any player or browser)",
        f"read the log:       {session}/events.0001.jsonl",
        f"decide it again:    rig replay {session}",
    ]
    assert is_whole(session)
    assert run_rig("replay", "--verify", session).code == 0
    again = run_rig("replay", session).out
    assert again == "steps.0001.jsonl: 80 steps, all decisions identical\n"
    pictures, samples = pictures_in(session / "clips/annotated.mp4")
    assert pictures == len(steps_of(tmp_path)) == 80
    assert samples / 48_000 == pytest.approx(79 / 4 + 1 / 30, abs=0.05)
