"""What the live loop is made of: its source, its pace, its voice and its folder's small files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.core.alerts import COUNTDOWN_S
from rig.core.arming import Sound
from rig.core.datagrams import Message, Word
from rig.devices.run_folder import RunFolder
from rig.errors import HardwareError
from rig.programs.live_links import Voice
from rig.programs.live_pace import SLOW_LEAST_S, SLOW_PERIODS, WINDOW, Pace
from rig.programs.live_source import LiveVideo
from rig.records import Alert, Cause, Decision, Frame, Hazard, Level, Phase, Runner

MS = 1_000_000
PERIOD_NS = 40 * MS
NOTHING = np.zeros((2, 2, 3), np.uint8)


@dataclass
class Clock:
    """Time that passes only in sleep, in decoding and in work."""

    now_ns: int = 10**12
    decode_ns: int = 0
    slept: list[float] = field(default_factory=list)

    def now(self) -> int:
        return self.now_ns

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_ns += round(seconds * 1e9)


@dataclass
class Film:
    """So many pictures; each is decoded when it is asked for."""

    count: int
    clock: Clock

    def __iter__(self) -> Iterator[Frame]:
        for number in range(self.count):
            self.clock.now_ns += self.clock.decode_ns
            yield Frame(number * PERIOD_NS, number, NOTHING)


def play(clock: Clock, count: int = 10, is_repeated: bool = False) -> LiveVideo:
    return LiveVideo(Film(count, clock), (2, 2), is_repeated, clock.now, clock.sleep)


# ------------------------------------------------------------------------------- source


def test_pictures_come_when_they_are_due_and_none_is_lost() -> None:
    clock = Clock(decode_ns=5 * MS)
    video = play(clock)
    frames = [video.newest(0.1) for _ in range(10)]
    assert [f.sequence for f in frames if f] == list(range(10))
    times = [f.t_ns for f in frames if f]
    assert np.diff(times).tolist() == [PERIOD_NS] * 9
    assert video.newest(0.1) is None, "a film that is over gives nothing, like a dead camera"
    assert clock.slept[-1] == 0.1


def test_none_comes_within_a_shorter_wait_and_nothing_is_lost_by_asking() -> None:
    video = play(Clock())
    assert video.newest(0.1) is not None
    assert [video.newest(0.015) for _ in range(2)] == [None, None]
    frame = video.newest(0.015)
    assert frame is not None
    assert frame.sequence == 1


def test_what_was_overtaken_is_left_out() -> None:
    clock = Clock(decode_ns=MS)
    video = play(clock)
    first = [video.newest(0.1), video.newest(0.1)]
    assert all(first)
    clock.now_ns += 3 * PERIOD_NS + PERIOD_NS // 2  # work that took so long
    frame = video.newest(0.1)
    assert frame is not None
    assert frame.sequence == 4
    assert 0 <= clock.now_ns - frame.t_ns < PERIOD_NS + 5 * MS


def test_a_repeated_film_goes_on_in_number_and_time() -> None:
    video = play(Clock(), count=3, is_repeated=True)
    frames = [f for _ in range(9) if (f := video.newest(0.1)) is not None]
    assert [f.sequence for f in frames] == list(range(9))
    assert set(np.diff([f.t_ns for f in frames]).tolist()) == {PERIOD_NS}


@given(st.lists(st.integers(0, 300), max_size=40), st.booleans())
def test_times_and_numbers_grow_whatever_the_work_takes(work: list[int], is_repeated: bool) -> None:
    clock = Clock(decode_ns=2 * MS)
    video = play(clock, 12, is_repeated)
    found = []
    for each in work:
        frame = video.newest(0.1)
        if frame is not None:
            found.append((frame.t_ns, frame.sequence))
            assert frame.t_ns <= clock.now_ns, "no picture of the future"
        clock.now_ns += each * MS
    assert found == sorted(set(found))


def test_a_closed_film_is_over() -> None:
    video = play(Clock())
    video.close()
    assert video.newest(0.1) is None


# ------------------------------------------------------------------------------- pace


def test_the_age_is_what_the_horn_sees() -> None:
    pace = Pace()
    assert (pace.turns, pace.age_p99_s, pace.slow_limit_s) == (0, 0.0, SLOW_LEAST_S)
    for number in range(WINDOW * 2):
        pace.add(number * PERIOD_NS, number * 2, number * PERIOD_NS + 30 * MS)
    assert pace.turns == WINDOW
    assert pace.age_p99_s == pytest.approx(0.07)
    assert (pace.judged, pace.dropped) == (WINDOW * 2, WINDOW * 2 - 1)
    assert pace.slow_limit_s == SLOW_LEAST_S


def test_a_slow_board_is_given_time_by_its_period() -> None:
    pace = Pace()
    for number in range(40):
        pace.add(number * 200 * MS, number, number * 200 * MS + 150 * MS)
    assert pace.slow_limit_s == pytest.approx(SLOW_PERIODS * 0.2)


# ------------------------------------------------------------------------------- voice


@dataclass
class Ear:
    """Stands for the socket."""

    words: list[Word] = field(default_factory=list)

    def send(self, message: Message) -> bool:
        assert isinstance(message, Word)
        self.words.append(message)
        return True


def decided(alert: Alert, phase: Phase, *hazards: Hazard) -> Decision:
    return Decision(5, 7, alert, Runner(phase, None), (), hazards)


SILENT = Alert(Level.SILENT, None, 3)
TICK = Sound(Level.OK, Cause.GUARD, "guard", 9)


def test_every_word_is_the_whole_state_and_has_its_own_number() -> None:
    ear = Ear()
    voice = Voice(ear, iter(range(100, 200)).__next__)
    hazard = Hazard(Cause.LANE_END_SOON, ttc_s=COUNTDOWN_S / 2)
    alert = Alert(Level.CAUTION, Cause.LANE_END_SOON, 3, hazard)
    voice.say(decided(alert, Phase.RUNNING, hazard), None, 5, 0.4)
    voice.beat()
    first, second = ear.words
    assert (first.sequence, second.sequence) == (1, 2)
    assert (first.sent_ns, second.sent_ns) == (100, 101)
    assert (first.is_armed, first.pattern, first.since_ns) == (True, "lane_end_tick", 3)
    assert first.ticks_per_s == pytest.approx(2.0)
    assert (second.cause, second.judged_ns, second.slow_limit_s) == (Cause.LANE_END_SOON, 5, 0.4)


def test_a_confirming_sound_is_heard_only_while_the_rig_does_not_guard() -> None:
    ear = Ear()
    voice = Voice(ear, lambda: 1)
    voice.say(decided(SILENT, Phase.DISARMED), TICK, 5, 0.4)
    voice.say(decided(SILENT, Phase.WAITING), TICK, 5, 0.4)
    voice.say(decided(SILENT, Phase.DISARMED), None, 5, 0.4)
    assert [w.pattern for w in ear.words] == ["guard", "silent", "silent"]
    assert [w.is_armed for w in ear.words] == [False, True, False]


def test_a_fault_of_a_disarmed_rig_is_named_without_a_sound() -> None:
    ear = Ear()
    hazards = (Hazard(Cause.COLLISION), Hazard(Cause.CAMERA_BLIND))
    Voice(ear, lambda: 1).say(decided(SILENT, Phase.DISARMED, *hazards), None, 5, 0.4)
    (word,) = ear.words
    assert (word.level, word.pattern, word.cause) == (Level.SILENT, "silent", Cause.CAMERA_BLIND)
    assert not word.is_well


@pytest.mark.parametrize(("alert", "hazards", "is_known_well", "is_well"), [
    (Alert(Level.OK, Cause.GUARD, 3), (Hazard(Cause.GUARD),), True, True),
    (Alert(Level.STOP, Cause.COLLISION, 3), (Hazard(Cause.COLLISION),), True, True),
    (Alert(Level.STOP, Cause.FALL, 3), (Hazard(Cause.POWER_LOW),), True, False),
    (Alert(Level.FAULT, Cause.CAMERA_STALE, 3), (), True, False),
    (SILENT, (), False, False),
])  # fmt: skip
def test_a_word_is_well_when_nothing_is_wrong(
    alert: Alert, hazards: tuple[Hazard, ...], is_known_well: bool, is_well: bool
) -> None:
    for phase in (Phase.WAITING, Phase.DISARMED):
        ear = Ear()
        voice = Voice(ear, lambda: 1)
        assert not voice.word.is_well, "nothing was judged yet"
        voice.say(decided(alert, phase, *hazards), None, 5, 0.4, is_known_well)
        fault_is_silenced = phase is Phase.DISARMED and alert.level is Level.FAULT
        assert ear.words[0].is_well is is_well or fault_is_silenced


# ------------------------------------------------------------------------------- folder


def test_the_flag_names_its_session(tmp_path: Path) -> None:
    folder, session = RunFolder(tmp_path), tmp_path / "session"
    assert not folder.has_flag
    folder.set_flag(5, "boot", session)
    assert folder.has_flag
    assert folder.flagged_session() is None, "a session that is gone"
    session.mkdir()
    assert folder.flagged_session() == session
    folder.clear_flag()
    folder.clear_flag()
    assert not folder.has_flag


@pytest.mark.parametrize("text", ["", "{", "[]", "5", '{"session": 3}', "\ud83d"])
def test_a_flag_of_another_hand_is_still_a_flag(tmp_path: Path, text: str) -> None:
    (tmp_path / "armed").write_bytes(text.encode("utf-8", "surrogatepass"))
    assert RunFolder(tmp_path).has_flag
    assert RunFolder(tmp_path).flagged_session() is None


def test_the_token_is_kept_and_nobody_else_reads_it(tmp_path: Path) -> None:
    token = RunFolder(tmp_path).make_token()
    assert RunFolder(tmp_path).make_token() == RunFolder(tmp_path).read_token() == token
    assert len(token) >= 32
    assert (tmp_path / "token").stat().st_mode & 0o777 == 0o600


def test_a_state_is_read_whole_or_not_at_all(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    assert folder.read_state() == {}
    folder.write_state({"judged": 5})
    assert folder.read_state() == {"judged": 5}
    assert sorted(os.listdir(tmp_path)) == ["state.json"]
    (tmp_path / "state.json").write_text("[1")
    assert folder.read_state() == {}


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HardwareError, match="set links"):
        RunFolder(tmp_path / "nowhere")
    with pytest.raises(HardwareError, match="start the rig"):
        RunFolder(tmp_path).read_token()
