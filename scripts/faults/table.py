"""The matrix: what is done to the rig, what must be heard, and within how long.

Data, and the small functions that do it. How a row is played and judged is `trial`'s part. The
limits are those of issue text and docs/health.md: the horn's own limit of 0.3 s and 50 ms for what
the horn notices, the health table's for what the camera shows.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from faults import siren
from faults.staged_rig import StagedRig
from rig.causes import Cause
from rig.devices.frame_ring import PREFIX
from rig.devices.video import boottime_ns

HORN_S = 0.35
"""horn.alive_limit_s and 50 ms."""
SUPERVISED_S = 1.5
"""A dead horn's siren is on again."""
STRANGERS_EACH = 2
PIECE_BYTES = 1 << 16
NO_RING, NO_CLIP = "guards on, without clips", "no clip"
"""What the programs say then."""

Hand = Callable[[StagedRig], None]


def nothing(_: StagedRig) -> None:
    """Nothing has to be done."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One row: what is done, and what has to be heard.

    `causes`: any of these, or the horn's own FAULT, has to sound within `limit_s` of `provoke`.
    `is_guarding`: the fault itself needs no sound; the rig has to guard on, so a runner falls at
    that moment and has to be heard. `is_judged_by_word`: the limit also runs from the last word
    that the horn received. `lasts_s`: for how long the sound is followed. `after` looks at the rig
    while the fault still is, and says what is wrong. `needs_root`: skipped without.
    """

    name: str
    provoke: Hand
    causes: frozenset[str]
    limit_s: float
    mend: Hand = nothing
    is_guarding: bool = False
    is_judged_by_word: bool = False
    lasts_s: float = 1.3
    after: Callable[[StagedRig], str | None] = lambda _: None
    needs_root: bool = False
    is_quick: bool = False


def _set(part: str, mode: str) -> Hand:
    return lambda rig: rig.stage.set(part, mode)


def _signal(program: str, number: signal.Signals) -> Hand:
    return lambda rig: getattr(rig, program).kill(number)


# --------------------------------------------------------------------------- programs


def _kill_both(rig: StagedRig) -> None:
    rig.watch.kill(signal.SIGKILL)
    rig.horn.kill(signal.SIGKILL)


def _lose_model(rig: StagedRig) -> None:
    """The file goes and the program dies: it cannot come back."""
    weights = rig.course.card.with_suffix(".onnx")
    weights.rename(weights.with_suffix(".gone"))
    rig.watch.kill(signal.SIGKILL)


def _fill_memory(rig: StagedRig) -> None:
    """No room for shared pictures, and the program that would take it starts anew."""
    starts = rig.watch.starts
    rig.watch.kill(signal.SIGKILL)
    for ring in rig.memory.glob(f"{PREFIX}*"):
        ring.unlink()

    def is_back() -> bool:
        _fill(rig.memory / "ballast")  # the recorder lets go of the dead ring meanwhile
        return rig.watch.starts > starts and rig.watch.is_ready

    rig.wait("watch is back", is_back)


def _guards_without_clips(rig: StagedRig) -> str | None:
    """Said by `watch`; a fall is heard all the same; said by the recorder."""
    rig.put_right()
    if NO_RING not in rig.watch.said or list(rig.memory.glob(f"{PREFIX}*")):
        return f"watch found room, or does not say {NO_RING!r}"
    rig.arm()
    told, fell_ns = rig.record.said.count(NO_CLIP), boottime_ns()
    rig.fall()

    def is_heard() -> bool:
        tones = siren.tones(rig.changes(), fell_ns, boottime_ns())
        return any(change.cause == Cause.FALL for change in tones)

    rig.wait("the fall is heard", is_heard, HORN_S + 1.0)
    rig.wait("the recorder says so", lambda: rig.record.said.count(NO_CLIP) > told)
    return None


def _empty_memory(rig: StagedRig) -> None:
    (rig.memory / "ballast").unlink()
    rig.watch.kill(signal.SIGKILL)
    rig.wait("watch shares again", lambda: list(rig.memory.glob(f"{PREFIX}*")))


def _find_model(rig: StagedRig) -> None:
    weights = rig.course.card.with_suffix(".onnx")
    weights.with_suffix(".gone").rename(weights)


def _is_refused(rig: StagedRig) -> str | None:
    """The start without its model says so."""
    starts = rig.watch.starts
    rig.wait("another start", lambda: rig.watch.starts > starts)
    name = rig.course.card.with_suffix(".onnx").name
    return None if name in rig.watch.said else f"no sentence names {name}"


# --------------------------------------------------------------------------- disk


def _ballast(rig: StagedRig) -> Path:
    return rig.sessions.parent / "ballast"


def _fill_disk(rig: StagedRig) -> None:
    """Until nothing more goes on it."""
    _fill(_ballast(rig))


def _fill(path: Path) -> None:
    with path.open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(PIECE_BYTES))


def _no_clip_is_made(rig: StagedRig) -> str | None:
    """The recorder gives up its clips, says so and lives."""
    starts = rig.record.starts
    rig.wait("the recorder says so", lambda: NO_CLIP in rig.record.said)
    return None if rig.record.starts == starts else "the recorder died"


def _empty_disk(rig: StagedRig) -> None:
    """Room again: the lines that waited in memory have to come."""
    rig.wait("the log fails", lambda: rig.state().get("log_failure") is not None)
    _ballast(rig).unlink()
    rig.wait("the log is back", lambda: rig.state().get("log_failure") is None)


def _mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True)


def _write_protect(rig: StagedRig) -> None:
    """New files are refused; those that are open go on."""
    _mount("--bind", str(rig.sessions), str(rig.sessions))
    _mount("-o", "remount,bind,ro", str(rig.sessions))


def _write_again(rig: StagedRig) -> None:
    subprocess.run(["umount", "-l", str(rig.sessions)], check=True)


def _arming_is_refused(rig: StagedRig) -> str | None:
    """Who disarms now cannot arm again, and is told why."""
    rig.order("disarm")
    rig.wait("disarmed", lambda: rig.state().get("stage") == "disarmed")
    answer = rig.order("arm")
    if answer["is_done"]:
        return "armed without a log"
    return None if "session" in answer["sentence"] else f"refused with {answer['sentence']!r}"


# --------------------------------------------------------------------------- machine

_BUSY = "while True: pass"
_strangers: list[subprocess.Popen[bytes]] = []


def _call_strangers(rig: StagedRig) -> None:
    """Busy programs, two for each core, that have run for a second."""
    count = STRANGERS_EACH * (os.cpu_count() or 1)
    _strangers.extend(subprocess.Popen([sys.executable, "-c", _BUSY]) for _ in range(count))
    rig.rest(1.0)


def _dismiss_strangers(_: StagedRig) -> None:
    for one in _strangers:
        one.kill()
        one.wait()
    _strangers.clear()


def _remove_socket(rig: StagedRig) -> None:
    (rig.run.path / "horn.sock").unlink()


_STALE, _BLIND = frozenset({Cause.CAMERA_STALE.value}), frozenset({Cause.CAMERA_BLIND.value})
_SILENT = frozenset({Cause.DECIDER_SILENT.value})
_RESTARTED = frozenset({Cause.HORN_RESTARTED.value, "guard switch"}) | _SILENT
_FALL = frozenset({Cause.FALL.value})
_ANY = _FALL | _SILENT | _STALE | {Cause.DETECTOR_SLOW.value}

FAULTS: tuple[Fault, ...] = (
    Fault("watch: kill -9", _signal("watch", signal.SIGKILL), _SILENT, HORN_S,
          is_judged_by_word=True),
    Fault("watch: SIGSTOP", _signal("watch", signal.SIGSTOP), _SILENT, HORN_S,
          mend=_signal("watch", signal.SIGCONT), is_judged_by_word=True, is_quick=True),
    Fault("horn: kill -9", _signal("horn", signal.SIGKILL), _RESTARTED, SUPERVISED_S,
          lasts_s=2.0, is_quick=True),
    Fault("horn: SIGSTOP", _signal("horn", signal.SIGSTOP), _RESTARTED, SUPERVISED_S,
          lasts_s=2.0),
    Fault("watch and horn: kill -9", _kill_both, _RESTARTED, SUPERVISED_S, lasts_s=2.0),
    Fault("camera: no pictures", _set("camera", "none"), _STALE, 0.5, is_quick=True),
    Fault("camera: frozen", _set("camera", "frozen"), _STALE, 1.0),
    Fault("camera: black", _set("camera", "black"), _BLIND, 0.8),
    Fault("camera: covered", _set("camera", "covered"), _BLIND, 1.5),
    Fault("camera: moved by 5 degrees", _set("camera", "moved"),
          frozenset({Cause.CAMERA_MOVED.value}), 2.5),
    Fault("camera: stamps of next year", _set("camera", "stamps"), _STALE, 0.5),
    Fault("clock of watch: a year on", _set("clock", "a year on"), _STALE | _SILENT, 0.5),
    Fault("detector: no number", _set("detector", "no number"), _SILENT, 0.5,
          is_judged_by_word=True),
    Fault("detector: 0.8 s slower", _set("detector", "slow"),
          _SILENT | {Cause.DETECTOR_SLOW.value}, 0.5, is_judged_by_word=True),
    Fault("model file gone, watch killed", _lose_model, _SILENT, HORN_S, mend=_find_model,
          is_judged_by_word=True, lasts_s=2.5, after=_is_refused),
    Fault("sessions folder read-only", _write_protect, _FALL, HORN_S, mend=_write_again,
          is_guarding=True, after=_arming_is_refused, needs_root=True),
    Fault("disk full", _fill_disk, _FALL, HORN_S, mend=_empty_disk, is_guarding=True,
          after=_no_clip_is_made, needs_root=True),
    Fault("shared memory full, watch killed", _fill_memory, _SILENT, HORN_S, mend=_empty_memory,
          is_judged_by_word=True, after=_guards_without_clips, needs_root=True),
    Fault("record: kill -9", _signal("record", signal.SIGKILL), _FALL, HORN_S, is_guarding=True),
    Fault("record: SIGSTOP", _signal("record", signal.SIGSTOP), _FALL, HORN_S,
          mend=_signal("record", signal.SIGCONT), is_guarding=True),
    Fault("strangers take all processors", _call_strangers, _ANY, HORN_S,
          mend=_dismiss_strangers, is_guarding=True),
    Fault("horn's socket removed", _remove_socket, _FALL | _SILENT, HORN_S, is_guarding=True,
          is_quick=True),
)  # fmt: skip
"""In this order; each row leaves the rig as it found it."""
