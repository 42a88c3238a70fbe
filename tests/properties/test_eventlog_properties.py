"""Whatever happens to a segment's bytes, reading gives a true prefix and says where it ends."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rig.core.codec import decode, encode
from rig.core.log_events import StepLine, events_of
from rig.core.log_lines import (
    BEGIN,
    END,
    UNCHAINED,
    Line,
    LineReader,
    SegmentReport,
    Verdict,
    hash_in,
    last_hash,
    seal,
)
from rig.devices.eventlog import new_segment, read_segment
from rig.records import (
    Alert,
    Box,
    Cause,
    Command,
    Decision,
    Detection,
    Hazard,
    Kind,
    Level,
    Phase,
    Runner,
    Seen,
    Track,
)

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
KIND_TEXT = st.text("abcdefgh_", min_size=1, max_size=8)


def segment(values: list[Any], is_closed: bool = True) -> list[bytes]:
    """The raw lines of a segment with a line for each value."""
    kinds = [BEGIN] + ["note"] * len(values) + ([END] if is_closed else [])
    raws: list[bytes] = []
    previous = UNCHAINED
    for number, (kind, value) in enumerate(zip(kinds, [{}, *values, {}], strict=False), 1):
        raws.append(seal(number, kind, number * 10, value, previous))
        previous = last_hash(raws[-1])
    return raws


def read(raw: bytes) -> tuple[list[Line], SegmentReport]:
    reader = LineReader("segment", io.BytesIO(raw))
    lines = list(reader)
    assert reader.report is not None
    assert reader.report.lines == len(lines)
    return lines, reader.report


SMALL = segment([{"gap_m": 5.25, "cause": "collision"}, "x\ny", [1, None]])
SMALL_LINES = read(b"".join(SMALL))[0]
STARTS = [sum(len(raw) for raw in SMALL[:index]) for index in range(len(SMALL) + 1)]


def test_a_segment_cut_at_any_byte_reads_as_a_prefix_and_says_where() -> None:
    whole = b"".join(SMALL)
    for cut in range(len(whole) + 1):
        lines, report = read(whole[:cut])
        good = sum(1 for start in STARTS[1:] if start <= cut)
        assert lines == SMALL_LINES[:good], cut
        assert (report.lines, report.good_bytes) == (good, STARTS[good]), cut
        if cut == len(whole):
            assert report.verdict is Verdict.WHOLE
        elif cut == 0:
            assert report.verdict is Verdict.EMPTY
        elif cut in STARTS:
            assert report.verdict is Verdict.NO_END, cut
            assert "no END line: the writer was stopped" in report.sentence
        else:
            assert report.verdict is Verdict.TORN, cut
            assert f"torn in the middle of line {good + 1}, which begins at byte" in report.sentence
            assert f" {STARTS[good]}:" in report.sentence


@pytest.mark.parametrize("flip", [0x01, 0x04, 0x20, 0x80, 0xFF])
def test_any_flipped_byte_is_found_in_its_line(flip: int) -> None:
    whole = b"".join(SMALL)
    for place in range(len(whole)):
        raw = bytearray(whole)
        raw[place] ^= flip
        lines, report = read(bytes(raw))
        hit = sum(1 for start in STARTS[1:] if start <= place)
        assert lines == SMALL_LINES[:hit], place
        assert report.verdict is Verdict.CHANGED, place
        assert f"then line {hit + 1} at byte {STARTS[hit]} was changed" in report.sentence


@pytest.mark.parametrize("byte", [b"\n", b"\0", b'"', b"}"])
def test_any_byte_written_over_with_one_that_means_something_is_found(byte: bytes) -> None:
    whole = b"".join(SMALL)
    for place in range(len(whole)):
        raw = whole[:place] + byte + whole[place + 1 :]
        if raw != whole:
            assert read(raw)[1].verdict is Verdict.CHANGED, place


def test_any_inserted_or_removed_byte_is_found() -> None:
    whole = b"".join(SMALL)
    for place in range(len(whole) - 1):  # removing the very last one is a torn end
        assert read(whole[:place] + whole[place + 1 :])[1].verdict is Verdict.CHANGED, place
        found = read(whole[:place] + b" " + whole[place:])[1].verdict
        assert found is Verdict.CHANGED, place


def test_zeros_where_a_line_was_promised_are_a_torn_end() -> None:
    lines, report = read(b"".join(SMALL[:3]) + b"\0" * 4096)
    assert lines == SMALL_LINES[:3]
    assert report.verdict is Verdict.TORN


def test_a_file_without_line_breaks_is_not_read_into_memory(tmp_path: Path) -> None:
    path = tmp_path / "events.0001.jsonl"
    with path.open("wb") as file:
        file.truncate(1 << 32)  # 4 GiB of zeros that take no room
    reader = read_segment(path)
    assert list(reader) == []
    assert reader.report is not None
    assert reader.report.verdict is Verdict.CHANGED
    assert "longer than" in reader.report.sentence


@given(data=st.data(), count=st.integers(1, 8))
def test_removed_repeated_and_reordered_lines_are_found(data: st.DataObject, count: int) -> None:
    raws = segment(list(range(count)))
    order = data.draw(st.lists(st.sampled_from(range(len(raws))), max_size=len(raws) + 2))
    lines, report = read(b"".join(raws[index] for index in order))
    good = 0
    while good < len(order) and order[good] == good:
        good += 1
    assert len(lines) == good
    if good < len(order):
        assert report.verdict is Verdict.MISPLACED
        assert f"at byte {sum(map(len, raws[:good]))} lines were removed" in report.sentence
    else:
        endings = {0: Verdict.EMPTY, len(raws): Verdict.WHOLE}
        assert report.verdict is endings.get(good, Verdict.NO_END)


def test_a_line_of_another_log_does_not_pass() -> None:
    other = segment([{"gap_m": 9.0, "cause": "collision"}, "other", 2])
    for index in range(2, len(SMALL)):
        mixed = [*SMALL[:index], other[index], *SMALL[index + 1 :]]
        report = read(b"".join(mixed))[1]
        assert (report.verdict, report.lines) == (Verdict.MISPLACED, index)
        assert "does not carry the hash of the line above it" in report.sentence


def test_a_second_beginning_and_lines_after_the_end_are_misplaced() -> None:
    last = last_hash(SMALL[-1])
    extra = seal(len(SMALL) + 1, "note", 1, 0, last)
    assert "follows the END line" in read(b"".join(SMALL) + extra)[1].sentence
    begin = seal(3, BEGIN, 1, 0, last_hash(SMALL[1]))
    assert "the first begins, no other does" in read(b"".join(SMALL[:2]) + begin)[1].sentence
    assert read(seal(1, "note", 1, 0, UNCHAINED))[1].verdict is Verdict.MISPLACED


@pytest.mark.parametrize("body", [b"[1,2]", b'{"n":1}', b"{nonsense}", b"7"])
def test_a_sealed_line_that_is_no_line_is_refused(body: bytes) -> None:
    sealed = seal(1, "note", 1, 0, UNCHAINED)
    assert hash_in(sealed[:-1])
    from rig.core import log_lines

    forged = body + log_lines._seal_of(body) + b"\n"
    assert read(forged)[1].verdict is Verdict.CHANGED


@given(values=st.lists(PLAIN, max_size=5), kind=KIND_TEXT, t_ns=st.none() | st.integers())
def test_plain_values_come_back(values: list[Any], kind: str, t_ns: int | None) -> None:
    raws = [seal(1, BEGIN, t_ns, {}, UNCHAINED)]
    for number, value in enumerate(values, 2):
        raws.append(seal(number, kind + "_", t_ns, value, last_hash(raws[-1])))
    assert all(raw.count(b"\n") == 1 and raw.isascii() for raw in raws)
    lines = read(b"".join(raws))[0]
    assert [line.value for line in lines[1:]] == values
    assert {line.t_ns for line in lines} == {t_ns}


@given(raw=st.binary(max_size=200))
def test_any_bytes_can_be_read(raw: bytes) -> None:
    lines, report = read(raw)
    assert lines == []
    assert report.verdict is (Verdict.EMPTY if not raw else report.verdict)
    assert report.sentence


# --------------------------------------------------------------------------- steps and events

FINITE = st.floats(-1e6, 1e6)
NS = st.integers(0, 2**62)


@st.composite
def decisions(draw: st.DrawFn) -> Decision:
    level = draw(st.sampled_from(Level))
    cause = None if level is Level.SILENT else draw(st.sampled_from(Cause))
    track = Track(
        draw(st.integers(0, 3)),
        Kind.PERSON,
        draw(NS),
        0,
        0,
        *(draw(FINITE) for _ in range(9)),
        height_m=draw(st.none() | FINITE),
        score=0.5,
        box=Box(0.0, 0.0, draw(FINITE), 1.0),
        is_confirmed=draw(st.booleans()),
    )
    hazard = Hazard(cause, draw(st.none() | st.integers(0, 3)), draw(FINITE)) if cause else None
    alert = Alert(level, cause, draw(st.integers(0, 2)), hazard)
    runner = Runner(draw(st.sampled_from(Phase)), draw(st.none() | st.just(track)))
    return Decision(draw(st.none() | NS), draw(NS), alert, runner, (track,), ())


SEENS = st.builds(
    Seen,
    t_ns=st.none() | NS,
    detections=st.lists(
        st.builds(Detection, st.sampled_from(Kind), FINITE, st.builds(Box, *[FINITE] * 4)),
        max_size=3,
    ).map(tuple),
    commands=st.lists(st.sampled_from(Command), max_size=2).map(tuple),
    pose_fall=st.none() | st.booleans(),
)


@settings(max_examples=50, deadline=None)
@given(steps=st.lists(st.tuples(SEENS, decisions()), max_size=4))
def test_steps_come_back_from_disk_exactly(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[Seen, Decision]]
) -> None:
    writer = new_segment(tmp_path_factory.mktemp("steps"), "steps", {}, 1)
    for seen, decision in steps:
        writer.write("step", decision.now_ns, encode(StepLine(seen, decision)))
    writer.close(None)
    found = [
        decode(StepLine, line.value) for line in read_segment(writer.path) if line.kind == "step"
    ]
    again = [(step.seen, step.decision) for step in found if isinstance(step, StepLine)]
    assert again == steps


@given(seen=SEENS, before=st.none() | decisions(), after=decisions())
def test_every_change_is_an_event_and_nothing_else_is(
    seen: Seen, before: Decision | None, after: Decision
) -> None:
    lines = events_of(before, seen, after)
    names = [type(line).__name__ for line in lines]
    assert names.count("CommandLine") == len(seen.commands)
    is_new_phase = before is None or before.runner.phase is not after.runner.phase
    assert names.count("PhaseLine") == is_new_phase
    old = before.alert if before else Alert(Level.SILENT, None, 0)
    is_same = (old.level, old.cause) == (after.alert.level, after.alert.cause) and (
        old.since_ns == after.alert.since_ns or old.cause is None
    )
    assert names.count("AlertLine") == (not is_same)
    json.dumps([encode(line) for line in lines], allow_nan=False)
    assert len(events_of(after, Seen(None), after)) == 0


@pytest.mark.parametrize(
    ("level", "cause", "is_event"), [(Level.SILENT, None, False), (Level.OK, Cause.GUARD, True)]
)
def test_silence_that_is_dated_anew_is_no_event(
    level: Level, cause: Cause | None, is_event: bool
) -> None:
    before, after = (
        Decision(1, 1, Alert(level, cause, since_ns), Runner(Phase.WAITING, None), (), ())
        for since_ns in (1, 2)
    )
    assert bool(events_of(before, Seen(None), after)) is is_event
