"""`rig record` as a process: an alert makes a clip, whatever was started first or killed."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rig.core.log_lines import Verdict
from rig.devices.eventlog import verify_stream
from rig.records import Level, Picture
from tests.programs.conftest import Make
from tests.programs.live_rig import LiveRig, read_events, write_live_clip
from tests.programs.processes import run_rig
from tests.programs.recorder import RecordRig, clip_lines, draw_coach, read_clip

COACH_HEAD, RUNNER = (slice(133, 150), slice(156, 176)), (slice(121, 146), slice(295, 313))
"""Rows and columns of the drawn pictures."""
SHORT = ("clips.before_s=1.5", "clips.after_s=1")


@pytest.fixture(scope="module")
def coached(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Picture]]:
    _, pictures = draw_coach(30)
    return write_live_clip(tmp_path_factory.mktemp("coach") / "coach.mp4", pictures), pictures


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Callable[..., RecordRig]]:
    made: list[RecordRig] = []

    def making(*settings: str) -> RecordRig:
        made.append(RecordRig(tmp_path / "run", tmp_path / "sessions", settings))
        return made[-1]

    yield making
    for one in made:
        one.close()


def sound(rig: LiveRig) -> int:
    """Arm and fall; when the alert began."""
    rig.arm()
    rig.fall()
    return rig.wait_for_word(lambda w: w.level is Level.STOP).since_ns


def only_session(recorded: RecordRig) -> Path:
    (session,) = recorded.sessions.iterdir()
    return session


def test_an_alert_makes_a_clip_with_the_alert_in_it(
    make: Make, recorder: Callable[..., RecordRig], coached: tuple[Path, list[Picture]]
) -> None:
    clip, pictures = coached
    recorded = recorder(*SHORT).start()
    rig = make(clip=clip).start()
    since_ns = sound(rig)
    recorded.wait_for("fall")
    (path,) = recorded.clips()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    (line,) = clip_lines(only_session(recorded), "clip")
    shown = read_clip(path)
    assert len(shown) == line["pictures"]
    assert (line["name"], line["alerts"][0]["cause"]) == (path.name, "fall")
    assert line["alerts"][0]["since_ns"] == since_ns
    assert 1.0 < (since_ns - line["from_ns"]) / 1e9 < 1.6
    assert 0.6 < (line["until_ns"] - since_ns) / 1e9 < 1.1
    assert shown[-1][0] == pytest.approx((line["until_ns"] - line["from_ns"]) / 1e9, abs=0.01)
    assert recorded.end() == 0
    (report,) = verify_stream(only_session(recorded), "clips")
    assert report.verdict is Verdict.WHOLE
    assert rig.order("disarm")["is_done"]
    assert rig.kill(signal.SIGTERM) == 0
    assert run_rig("replay", "--verify", only_session(recorded)).code == 0
    the_coach_is_blurred_and_the_runner_is_not(pictures[0], shown[-1][1])


def the_coach_is_blurred_and_the_runner_is_not(drawn: Picture, shown: Picture) -> None:
    """By detail: what is left of each head's contrast against the picture that was filmed."""
    assert detail(drawn, shown, COACH_HEAD) < 0.3
    assert detail(drawn, shown, RUNNER) > 0.6


def detail(drawn: Picture, shown: Picture, where: tuple[slice, slice]) -> float:
    """Share of the drawn picture's differences between neighbours that is left."""

    def steps(picture: Picture) -> float:
        part = picture[where].astype(float).mean(axis=2)
        return float(np.abs(np.diff(part, axis=0)).mean() + np.abs(np.diff(part, axis=1)).mean())

    return steps(shown) / steps(drawn)


@pytest.mark.slow
def test_a_clip_is_twelve_seconds_long_and_each_alert_is_in_one(
    make: Make, recorder: Callable[..., RecordRig]
) -> None:
    recorded = recorder().start()
    rig = make().start()
    rig.arm()
    for _ in range(90):  # eight seconds of pictures before the alert
        rig.wait_for_word(lambda w: w.is_armed)
        time.sleep(0.1)
    rig.fall()
    since_ns = rig.wait_for_word(lambda w: w.level is Level.STOP).since_ns
    recorded.wait_for("clip /")
    (line,) = clip_lines(only_session(recorded), "clip")
    assert (line["until_ns"] - line["from_ns"]) / 1e9 == pytest.approx(12.0, abs=0.3)
    assert (since_ns - line["from_ns"]) / 1e9 == pytest.approx(8.0, abs=0.2)
    assert line["lost_pictures"] == 0
    (path,) = recorded.clips()
    times = np.array([t_s for t_s, _ in read_clip(path)])
    assert len(times) == line["pictures"]
    assert np.diff(times).max() < 0.3, "no hole"
    alerts = {line["value"]["alert"]["since_ns"] for line in alert_lines(recorded)}
    assert since_ns in alerts, "what the clip names is what the events tell"


def alert_lines(recorded: RecordRig) -> list[dict[str, Any]]:
    return [line for line in read_events(only_session(recorded)) if line["kind"] == "alert"]


def test_a_recorder_that_comes_late_or_is_killed_leaves_what_plays(
    make: Make, recorder: Callable[..., RecordRig]
) -> None:
    """Started after watch; killed in the middle of a clip; started again."""
    rig = make().start()
    recorded = recorder("clips.before_s=4", "clips.after_s=4").start()
    rig.wait_for_word(lambda w: w.judged_ns is not None)
    recorded.rest(1.5, rig)
    sound(rig)
    recorded.wait(lambda: [p for p in parts(recorded) if p.stat().st_size > 2000])
    recorded.end(signal.SIGKILL)
    assert recorded.clips() == []
    recorded.start()
    recorded.wait_for("cut off")
    assert parts(recorded) == []
    (path,) = recorded.clips()
    (line,) = clip_lines(only_session(recorded), "clip")
    assert line["is_recovered"]
    assert len(read_clip(path)) == line["pictures"] > 10
    assert recorded.end() == 0
    (first, second) = verify_stream(only_session(recorded), "clips")
    assert (first.verdict, second.verdict) == (Verdict.NO_END, Verdict.WHOLE)
    assert rig.order("disarm")["is_done"], "nobody noticed"


def test_sigterm_in_the_middle_finishes_the_clip(
    make: Make, recorder: Callable[..., RecordRig]
) -> None:
    recorded = recorder("clips.before_s=1", "clips.after_s=20").start()
    rig = make().start()
    sound(rig)
    recorded.wait(lambda: parts(recorded))
    assert recorded.end() == 0
    (line,) = clip_lines(only_session(recorded), "clip")
    (path,) = recorded.clips()
    assert len(read_clip(path)) == line["pictures"] > 3
    assert parts(recorded) == []


@pytest.mark.slow
def test_watch_that_is_killed_leaves_a_clip_of_what_it_saw_last_and_is_followed(
    make: Make, recorder: Callable[..., RecordRig]
) -> None:
    """Its next run has another ring, and goes on in the same session."""
    recorded = recorder(*SHORT).start()
    rig = make().start()
    rig.arm()
    recorded.rest(1.0, rig)
    rig.kill(signal.SIGKILL)
    recorded.wait_for("decider silent")
    rig.start()
    assert rig.order("acknowledge")["is_done"]
    sound(rig)
    recorded.wait_for("fall")
    assert [len(read_clip(path)) > 5 for path in recorded.clips()] == [True, True]


@pytest.mark.slow
def test_no_picture_is_said_and_logged(make: Make, recorder: Callable[..., RecordRig]) -> None:
    """No room for the ring: watch guards, and says so; the recorder tells which alert has none."""
    recorded = recorder(*SHORT).start()
    rig = make(memory=Path("/proc")).start()
    assert "the rig guards on, without clips" in rig.said
    sound(rig)
    recorded.wait_for("no clip: watch shared no picture")
    (lost,) = clip_lines(only_session(recorded), "clip_lost")
    assert lost["alerts"][0]["cause"] == "fall"


@pytest.mark.slow
def test_without_room_there_are_no_clips_but_events(
    make: Make, recorder: Callable[..., RecordRig]
) -> None:
    recorded = recorder(*SHORT, "clips.free_least_mb=999999").start()
    rig = make().start()
    sound(rig)
    recorded.wait_for("no clip: less than 999999 MB of room")
    assert recorded.clips() == []
    recorded.wait(lambda: [line for line in alert_lines(recorded) if "fall" in str(line)])


def test_one_recorder_tends_the_clips(recorder: Callable[..., RecordRig], tmp_path: Path) -> None:
    recorded = recorder().start()
    (tmp_path / "other").mkdir()
    links = f"links.folder={tmp_path / 'other'}"
    ran = run_rig("record", "--set", links, "--set", f"log.sessions={recorded.sessions}")
    assert ran.code == 2
    assert "another `rig record`" in ran.err
    assert recorded.end() == 0


def parts(recorded: RecordRig) -> list[Path]:
    return list(recorded.sessions.glob("*/clips/*.part"))
