"""How the fault matrix judges the siren: what counts as heard, as silence, as told by watch."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))

from faults import siren  # noqa: E402
from faults.siren import Change  # noqa: E402
from faults.stage import CAMERA, PARTS, Stage  # noqa: E402
from faults.table import FAULTS  # noqa: E402

from rig.causes import Cause, Level  # noqa: E402

S = 1_000_000_000


def at(t_s: float, is_on: bool, level: Level = Level.FAULT, cause: str = "camera_stale") -> Change:
    return Change(round(t_s * S), 1, is_on, level, cause, 5, True, False, True)


PULSES = [at(1.0, True), at(1.5, False), at(2.0, True), at(2.7, False), at(3.0, True)]


@pytest.mark.parametrize(("from_s", "until_s", "quiet_s"), [
    (1.0, 3.5, 0.5), (2.0, 3.5, 0.3), (0.0, 1.2, 1.0), (3.0, 9.0, 0.0), (2.8, 2.9, 0.1),
])  # fmt: skip
def test_silence_is_the_longest_time_off(from_s: float, until_s: float, quiet_s: float) -> None:
    found = siren.longest_quiet_s(PULSES, round(from_s * S), round(until_s * S))
    assert found == pytest.approx(quiet_s)


def test_what_only_ticks_is_silence() -> None:
    tick = [at(1.0, True, Level.OK, "guard")]
    assert siren.longest_quiet_s(tick, 0, 4 * S) == pytest.approx(4.0)
    assert siren.tones(tick, 0, 4 * S) == []


def test_a_dead_horn_is_silence_until_its_guard_switches() -> None:
    told = [*PULSES, siren.died(round(3.1 * S)), at(4.0, True, cause=siren.GUARD)]
    assert siren.longest_quiet_s(told, 3 * S, 5 * S) == pytest.approx(0.9)


def test_the_guards_clock_is_never_taken_as_too_early(tmp_path: Path) -> None:
    assert siren.read_guard(tmp_path / "told") == []
    (tmp_path / "told").write_text("12.34 set 17 op dh\n")
    (change,) = siren.read_guard(tmp_path / "told")
    assert (change.t_ns, change.is_on) == (12_350_000_000, True)


def test_records_of_all_starts_are_one_course(tmp_path: Path) -> None:
    record, written = siren.SirenRecord(tmp_path), dict.fromkeys((7, 5), b"")
    for start, t_ns in ((7, 900), (5, 100), (7, 950)):
        line = json.dumps([t_ns, 3, True, "FAULT", "fall", 5, True, False, True])
        written[start] += line.encode() + b"\n"
        torn = written[start] + line.encode()[:20]
        (tmp_path / f"pins.{start}").write_bytes(torn + bytes(500))
        found = record.read()
    assert [(c.t_ns, c.level, c.cause) for c in found] == [
        (t_ns, Level.FAULT, "fall") for t_ns in (100, 900, 950)
    ]


def test_what_watch_told_is_only_what_it_told_while_armed() -> None:
    own = Change(S, 1, True, Level.FAULT, "decider_silent", 4, False, False, True)
    unarmed = Change(S, 1, True, Level.OK, "armed", 4, True, False, False)
    told = siren.told_by_watch([*PULSES, own, unarmed], 0, 3 * S)
    assert told == {("camera_stale", 5)}


def test_each_part_of_the_stage_has_its_own_byte(tmp_path: Path) -> None:
    stage, other = Stage(tmp_path / "stage"), Stage(tmp_path / "stage")
    for part, modes in PARTS.items():
        for mode in reversed(modes):
            stage.set(part, mode)
            assert other.get(part) == mode
    stage.set("camera", CAMERA[-1])
    other.reset()
    assert [stage.get(part) for part in PARTS] == [modes[0] for modes in PARTS.values()]


def test_the_rows_can_be_told_apart_and_heard() -> None:
    assert len({f.name for f in FAULTS}) == len(FAULTS)
    for fault in FAULTS:
        assert fault.causes <= {*(c.value for c in Cause), siren.GUARD}
        assert 0.1 < fault.limit_s <= 2.5
        assert not (fault.is_guarding and Cause.FALL.value not in fault.causes), fault.name
