"""One power cut: a rig that arms, sounds and records, cut at a random instant, and what is left.

Decides what counts as lost. The rig is `faults.staged_rig`'s: real `horn`, `watch` and `record`.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import av
from faults import siren
from faults.course import Course
from faults.staged_rig import StagedRig, Stuck

from power_cut.disk import CutDisk
from rig.core.codec import decode
from rig.core.log_events import AlertLine
from rig.core.log_lines import Verdict
from rig.devices.eventlog import read_segment, segment_paths, stream_names, verify_stream
from rig.devices.video import boottime_ns

SYNCED_S = 1.0
"""What sounded longer than this before the cut has to be there (log.sync_s)."""
CUT_S = (0.5, 9.0)
"""The cut comes at any time between these, from the first arming on."""
SOUNDS_S = 1.8
"""An alert is followed for so long, then disarmed and armed again."""
MAY_BE = {Verdict.WHOLE, Verdict.NO_END, Verdict.TORN, Verdict.EMPTY}


@dataclass(slots=True)
class Result:
    """What one cut left; an empty `wrongs` passed. Ages in seconds before the cut."""

    keeps_cache: bool
    cut_s: float
    sounded: int = 0
    sounded_before: int = 0
    lost_ages_s: list[float] = field(default_factory=list)
    clips: int = 0
    parts: int = 0
    recovered: int = 0
    verdicts: list[str] = field(default_factory=list)
    wrongs: list[str] = field(default_factory=list)


def cut_once(disk: CutDisk, course: Course, rng: random.Random, keeps_cache: bool) -> Result:
    """Start on what the last cut left, run, cut, and look."""
    result = Result(keeps_cache, rng.uniform(*CUT_S))
    sessions = disk.card / "sessions"
    with closing(StagedRig(course, sessions)) as rig:
        try:
            start_cleanly(rig, result)
            begun_ns = boottime_ns()
            play_until(rig, begun_ns + round(result.cut_s * 1e9))
        except Stuck as stuck:
            result.wrongs.append(str(stuck))
            begun_ns = 0
        cut_ns = boottime_ns()
        rig.cut()
        changes = rig.changes()
        disk.cut(keeps_cache)
        count_events(sessions, siren.told_by_watch(changes, begun_ns, cut_ns), cut_ns, result)
    look_at_log(sessions, result)
    look_at_clips(sessions, result)
    return result


def start_cleanly(rig: StagedRig, result: Result) -> None:
    """All programs come up, the recorder mends its clips, and nothing old is in the way."""
    parts = len(list(rig.sessions.glob("*/clips/*.part")))
    old = set(rig.sessions.glob("*/clips/*.mp4"))
    rig.start()
    rig.wait("no clip is left in pieces", lambda: not list(rig.sessions.glob("*/clips/*.part")))
    for clip in set(rig.sessions.glob("*/clips/*.mp4")) - old:
        result.recovered += 1
        if (wrong := why_it_does_not_play(clip)) is not None:
            result.wrongs.append(f"a recovered clip does not play: {wrong}")
    result.parts = parts
    for session in sorted(rig.sessions.iterdir()):
        shutil.rmtree(session)  # looked at after the cut; the card is small
    if any(line.startswith("rig: ") for line in rig.record.said.splitlines()):
        result.wrongs.append(f"the recorder complains: {rig.record.said[-300:]}")


def play_until(rig: StagedRig, cut_ns: int) -> None:
    """Arm, fall, disarm, and again, in sessions of their own."""

    def is_over() -> bool:
        return boottime_ns() >= cut_ns

    for step in _steps(rig):
        if is_over():
            return
        step_ends = boottime_ns() + round(SOUNDS_S * 1e9)
        step()
        rig.wait("the next step", lambda ends=step_ends: is_over() or boottime_ns() >= ends)


def _steps(rig: StagedRig) -> Iterator[Callable[[], object]]:
    while True:
        yield from (rig.arm, rig.fall, lambda: rig.order("disarm"))


def count_events(sessions: Path, told: set[tuple[str, int]], cut_ns: int, result: Result) -> None:
    """What the siren sounded against what the log tells."""
    logged = set()
    for session in sessions.iterdir():
        for path in segment_paths(session, "events"):
            for line in read_segment(path):
                if line.kind == "alert":
                    alert = decode(AlertLine, line.value).alert
                    logged.add((alert.cause.value if alert.cause else "", alert.since_ns))
                elif line.kind == "edge":  # all that tells of the chirp before arming
                    logged.add((line.value.get("cause", ""), line.value["since_ns"]))
    ages_s = {one: (cut_ns - one[1]) / 1e9 for one in told}
    result.sounded = len(told)
    result.sounded_before = sum(age_s > SYNCED_S for age_s in ages_s.values())
    result.lost_ages_s = [ages_s[one] for one in told - logged]
    late = [age_s for age_s in result.lost_ages_s if age_s > SYNCED_S]
    if late:
        result.wrongs.append(f"events lost that sounded {max(late):.2f} s before the cut")


def look_at_log(sessions: Path, result: Result) -> None:
    """Each segment ends as one that was cut off, and is good up to there."""
    for session in sessions.iterdir():
        for stream in stream_names(session):
            for report in verify_stream(session, stream):
                result.verdicts.append(report.verdict.value)
                if report.verdict not in MAY_BE:
                    result.wrongs.append(f"{session.name}: {report.sentence}")


def look_at_clips(sessions: Path, result: Result) -> None:
    """Every clip that has its name plays to its end."""
    for clip in sessions.glob("*/clips/*.mp4"):
        result.clips += 1
        if (wrong := why_it_does_not_play(clip)) is not None:
            result.wrongs.append(f"{clip.name}: {wrong}")


def why_it_does_not_play(clip: Path) -> str | None:
    """None where all of its pictures and its sound can be decoded."""
    try:
        with av.open(str(clip)) as container:
            pictures = sum(1 for _ in container.decode(video=0))
        with av.open(str(clip)) as container:
            sounds = sum(1 for _ in container.decode(audio=0))
    except av.FFmpegError as error:
        return str(error)
    return None if pictures and sounds else f"{pictures} pictures, {sounds} pieces of sound"
