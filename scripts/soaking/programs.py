"""The real programs for a long time: armed, a fall a minute, disarmed, armed again.

Decides when a minute's drill is done; samples once a second. Called by the command and the tests.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from faults import siren
from faults.course import RATE_HZ, write_course
from faults.staged_rig import ROOT, StagedRig

from rig.core.log_lines import Verdict
from rig.devices.eventlog import read_segment, segment_paths, verify_stream
from rig.devices.video import boottime_ns
from soaking.flat import Bound, held, judge

BOUNDS = {
    "watch memory": Bound("MB", 300, 6),
    "watch files": Bound("", 64, 2),
    "watch threads": Bound("", 24, 1),
    "horn memory": Bound("MB", 40, 1),
    "horn files": Bound("", 24, 0),
    "horn threads": Bound("", 2, 0),
    "record memory": Bound("MB", 300, 25),
    "record files": Bound("", 32, 2),
    "record threads": Bound("", 24, 4),
    "age of judged picture": Bound("ms", 300, 30),
    "sessions, MB an hour": Bound("MB", 1000, 1000),
}
"""Of the issue (300 and 40 MB), of the horn's limit, and no growth beyond noise [J]. The recorder
holds what its encoder took (docs/clips.md)."""
SAMPLE_S = 1.0
STOP_MOST_S = 0.5
CLIPS_END_S = 12.0
"""The recorder ends a session's segment so long after its last line."""


@dataclass(slots=True)
class Soak:
    """What is gathered."""

    samples: list[dict[str, float]] = field(default_factory=list)
    drills: int = 0
    judged: int = 0
    wrongs: list[str] = field(default_factory=list)
    sessions: list[Path] = field(default_factory=list)


def soak_programs(seconds: float, drill_s: float, tell: Callable[[float], object]) -> list[str]:
    """Run so long and print what was measured; gives what is wrong. `tell` hears each second."""
    with tempfile.TemporaryDirectory(prefix="rig-soak-") as name:
        folder = Path(name)
        rig = StagedRig(write_course(folder, ROOT / "models"), folder / "sessions")
        with closing(rig):
            rig.start()
            soak, begun_s = Soak(), time.monotonic()
            while time.monotonic() - begun_s < seconds:
                _drill(rig, soak, begun_s, drill_s, tell)
            lasted_s = time.monotonic() - begun_s
            _read_back(rig, soak)
            return _report(soak, lasted_s)


def _drill(
    rig: StagedRig, soak: Soak, begun_s: float, drill_s: float, tell: Callable[[float], object]
) -> None:
    """Arm, guard for so long, hear a fall, disarm."""
    rig.arm()
    armed_ns, until_s = boottime_ns(), time.monotonic() + drill_s
    soak.sessions.append(Path(str(rig.state()["session"])))
    begun_judged = rig.state()["judged"]
    while time.monotonic() < until_s:
        rig.rest(SAMPLE_S)
        soak.samples.append(_sample(rig, soak, time.monotonic() - begun_s))
        tell(SAMPLE_S)
    soak.judged += rig.state()["judged"] - begun_judged
    early = siren.tones(rig.changes(), armed_ns, boottime_ns())
    for cause, _ in sorted({(tone.cause, tone.since_ns) for tone in early}):
        soak.wrongs.append(f"{cause} sounded for nothing in drill {soak.drills + 1}")
    told_ns = boottime_ns()
    rig.fall()
    tone = rig.wait("the fall", lambda: siren.tones(rig.changes(), told_ns, boottime_ns()))[0]
    if (tone.t_ns - told_ns) / 1e9 > STOP_MOST_S:
        soak.wrongs.append(f"a fall was heard after {(tone.t_ns - told_ns) / 1e9:.2f} s")
    rig.put_right()
    soak.drills += 1


def _sample(rig: StagedRig, soak: Soak, lasted_s: float) -> dict[str, float]:
    found = {
        f"{one.name} {what}": value for one in rig.programs for what, value in held(one.pid).items()
    }
    found["age of judged picture"] = 1e3 * rig.state()["judged_age_p99_s"]
    size = sum(path.stat().st_size for path in rig.sessions.rglob("*.jsonl"))
    found["sessions, MB an hour"] = size / 1e6 / lasted_s * 3600
    return found


def _read_back(rig: StagedRig, soak: Soak) -> None:
    """Every session is whole, and no heartbeat was missed."""
    rig.rest(CLIPS_END_S)
    for session in soak.sessions:
        for stream in ("events", "steps", "clips"):
            for found in verify_stream(session, stream):
                if found.verdict is not Verdict.WHOLE:
                    soak.wrongs.append(f"{session.name} {found.name}: {found.verdict.value}")
        missed = sum(line == "silence" for line in _kinds(session))
        if missed:
            soak.wrongs.append(f"{session.name}: the horn missed {missed} heartbeats")
    again = [f"{one.name} {one.starts}" for one in rig.programs if one.starts != 1]
    if again:
        soak.wrongs.append(f"started more than once: {', '.join(again)}")


def _kinds(session: Path) -> Iterator[str]:
    for path in segment_paths(session, "events"):
        yield from (line.kind for line in read_segment(path))


def _report(soak: Soak, lasted_s: float) -> list[str]:
    guarded_s = len(soak.samples) * SAMPLE_S
    print(f"\nreal programs for {lasted_s / 60:.1f} min, {soak.drills} drills, each with a fall")
    print(f"{soak.judged / guarded_s:.1f} pictures judged a second of {RATE_HZ:g}")
    wrongs = [*soak.wrongs, *judge(soak.samples, BOUNDS)]
    if not wrongs:
        print("no missed heartbeat, no false sound, every log whole")
    return wrongs
