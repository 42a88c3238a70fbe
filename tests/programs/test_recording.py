"""What is left of a recording that was cut short at its very beginning, or that the disk failed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rig.config import Config
from rig.core.lane_file import format_site
from rig.devices.model_card import load_card
from rig.errors import LogError, ModelError, RigError, SourceError
from rig.programs import recording as module
from rig.programs.judging import Turn
from rig.programs.recording import Recording
from rig.records import Alert, Decision, Frame, Level, Phase, Runner, Seen
from tests.programs.conftest import Given
from tests.programs.processes import HEIGHT_PX, WIDTH_PX, small_site


def begin(given: Given, sessions: Path) -> Recording:
    log = replace(Config().log, sessions=str(sessions), free_least_mb=1.0)
    site = small_site()
    config = replace(Config(), log=log)
    return Recording("watch", config, format_site(site), site, load_card(given.card), 0)


def turn_at(t_ns: int) -> Turn:
    picture = np.zeros((HEIGHT_PX, WIDTH_PX, 3), np.uint8)
    silent, nobody = Alert(Level.SILENT, None, 0), Runner(Phase.WAITING, None)
    decision = Decision(t_ns, t_ns + 1, silent, nobody, (), ())
    return Turn(Frame(t_ns, 0, picture), Seen(t_ns), decision)


def break_off(given: Given, sessions: Path, turns: int, error: BaseException) -> None:
    """A run that ends with this error after so many turns."""
    with begin(given, sessions) as recording:
        for number in range(turns):
            recording.put(turn_at(number * 10**8))
        raise error


@pytest.mark.parametrize("error", [KeyboardInterrupt(), BrokenPipeError(), SourceError("bad film")])
def test_a_run_without_a_picture_leaves_nothing(
    given: Given, tmp_path: Path, capsys: pytest.CaptureFixture[str], error: BaseException
) -> None:
    with pytest.raises(type(error)) as caught:
        break_off(given, tmp_path, 0, error)
    assert caught.value is error
    assert list(tmp_path.iterdir()) == []
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("failing", ["ClipWriter", "new_segment", "LogThread"])
def test_a_beginning_that_fails_leaves_nothing(
    given: Given, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise LogError("the disk is full; delete something")

    monkeypatch.setattr(module, failing, fail)
    with pytest.raises(LogError, match=r"^the disk is full; delete something$"):
        begin(given, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("turns", "words"), [(1, "the first picture"), (3, "the first 3 pictures")]
)
@pytest.mark.parametrize("error", [ModelError("the model failed"), SourceError("the film tore")])
def test_an_error_on_the_way_says_what_is_left(
    given: Given, tmp_path: Path, error: RigError, turns: int, words: str
) -> None:
    with pytest.raises(type(error)) as caught:
        break_off(given, tmp_path, turns, error)
    (session,) = tmp_path.iterdir()
    assert str(caught.value) == f"{error}; the log of {words} is whole: rig replay {session}"
    assert (session / "clips/annotated.mp4").exists()


def test_an_error_of_the_program_itself_is_not_dressed_up(given: Given, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^a bug$"):
        break_off(given, tmp_path, 1, ValueError("a bug"))
    assert len(list(tmp_path.rglob("annotated.mp4"))) == 1


def test_the_first_failure_of_the_disk_ends_the_run(given: Given, tmp_path: Path) -> None:
    recording = begin(given, tmp_path)
    recording.put(turn_at(0))
    recording._log.failure = "the card fails; replace it"
    with pytest.raises(LogError, match=r"^the card fails; replace it$"):
        recording.put(turn_at(10**8))
    recording.__exit__(None, None, None)
