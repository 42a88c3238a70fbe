"""The live loop goes first where it may, and says so once where it may not."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import pytest

from rig.programs import live_priority
from rig.programs.live_priority import NICE, go_first


@pytest.fixture
def nices(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """What was asked for; nothing is really changed."""
    asked = [0]
    monkeypatch.setattr(os, "getpriority", lambda which, who: asked[-1])
    monkeypatch.setattr(os, "setpriority", lambda which, who, nice: asked.append(nice))
    yield asked
    gc.unfreeze()


def test_it_asks_once_and_what_is_loaded_is_no_garbage(nices: list[int]) -> None:
    go_first()
    go_first()
    assert nices == [0, NICE]
    assert gc.get_freeze_count() > 0


def test_who_may_not_is_told(
    nices: list[int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(which: int, who: int, nice: int) -> None:
        raise PermissionError

    monkeypatch.setattr(live_priority.os, "setpriority", refuse)
    go_first()
    (sentence,) = capsys.readouterr().err.splitlines()
    assert "no raised priority" in sentence
    assert nices == [0]
