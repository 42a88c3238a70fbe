"""What an unseen track may still be taken for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rig.records import Level, Track
from tests.unit.test_hazard import level, runner, track


@pytest.mark.parametrize(("unseen_s", "expected"), [(0.49, Level.STOP), (0.51, Level.SILENT)])
def test_an_unseen_thing_is_not_guessed_into_the_lane(unseen_s: float, expected: Level) -> None:
    def unseen(thing: Track) -> Track:
        return replace(thing, seen_t_ns=-round(unseen_s * 1e9))

    assert level(runner(3.0), unseen(track(15.0, 1.6, across_v=-1.4))) is expected
    assert level(runner(3.0), unseen(track(15.0, 0.2))) is Level.STOP, "what was in it stays"
