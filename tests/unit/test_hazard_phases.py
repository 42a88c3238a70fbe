"""The hazard law for who stands, finished or walks back, and before the start."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rig.records import Cause, Level, Phase, Runner
from tests.unit.hazard_people import LANE, REACH, judged, level, runner, track


class TestStandingRunner:
    """Slower than 0.5 m/s: the lane is judged by the drill's speed."""

    def test_who_walks_in_the_lane_counts_within_four_seconds_of_the_drill(self) -> None:
        for off, expected in ((-0.01, Level.CAUTION), (0.01, Level.SILENT)):
            walker = track(10.0 + REACH + (3.0 - 1.0) * 4.0 + off, v=1.0)
            assert level(runner(0.0, phase=Phase.IN_BOX), walker) is expected

    @pytest.mark.parametrize(
        ("along", "across", "expected"),
        [
            (LANE.length_m, 0.0, Level.CAUTION),
            (LANE.length_m + 0.01, 0.0, Level.SILENT),
            (40.0, 0.85, Level.CAUTION),
            (40.0, 0.87, Level.SILENT),  # beside the corridor
        ],
    )
    def test_what_stands_in_the_lane_blocks_the_start_however_far(
        self, along: float, across: float, expected: Level
    ) -> None:
        """Or a fast runner is told of it at full speed only, and too late."""
        thing = replace(track(along, across), first_t_ns=-700_000_000)
        assert level(runner(0.0, phase=Phase.IN_BOX), thing) is expected
        young = replace(thing, first_t_ns=-699_000_000)
        assert level(runner(0.0, phase=Phase.IN_BOX), young) is Level.SILENT

    @pytest.mark.parametrize(("gap", "expected"), [(2.09, Level.STOP), (2.11, Level.CAUTION)])
    def test_stop_only_for_what_hits_within_two_seconds(self, gap: float, expected: Level) -> None:
        oncomer = track(10.0 + REACH + gap, v=-1.0)
        assert level(runner(0.0), oncomer) is expected

    def test_something_that_stands_near_is_no_stop(self) -> None:
        assert level(runner(0.0), track(10.7)) is Level.CAUTION

    @pytest.mark.parametrize(
        ("v", "sigma", "expected"),
        [
            (0.6, 0.0, Level.SILENT),  # surely moving, and slow: 6 m are far
            (0.6, 0.39, Level.SILENT),
            (0.6, 0.41, Level.CAUTION),  # may well stand: the lane is judged for the drill too
            (0.4, 0.0, Level.CAUTION),
        ],
    )
    def test_who_may_be_standing_is_told_that_the_lane_is_not_clear(
        self, v: float, sigma: float, expected: Level
    ) -> None:
        me = replace(track(10.0, v=v, number=1), along_sigma_mps=sigma)
        assert level(Runner(Phase.RUNNING, me), track(16.0)) is expected


class TestPhases:
    @pytest.mark.parametrize("phase", [Phase.DISARMED, Phase.WAITING])
    def test_silent_without_a_runner(self, phase: Phase) -> None:
        assert level(runner(3.0, phase=phase), track(13.0)) is Level.SILENT

    @pytest.mark.parametrize(
        ("along", "across", "expected"),
        [
            (10.0, 0.0, Level.CAUTION),
            (54.9, 0.0, Level.CAUTION),  # the exit zone begins at 55 m
            (55.0, 0.0, Level.SILENT),
            (10.0, 0.7, Level.SILENT),  # beside the lane
        ],
    )
    def test_finished_is_silent_but_in_mid_lane(
        self, along: float, across: float, expected: Level
    ) -> None:
        """Who stopped before something and sets off again would be warned too late."""
        who = Runner(Phase.FINISHED, track(along, across, number=1))
        assert level(who, track(along + 3.0)) is expected
        assert level(who, track(along + REACH + 2.0 * 4.0 + 0.01, v=1.0)) is Level.SILENT

    def test_returning_knows_caution_only(self) -> None:
        back = runner(-1.5, phase=Phase.RETURNING)
        assert level(back, track(11.5, v=-4.0)) is Level.CAUTION
        assert level(back, track(13.0)) is Level.SILENT

    def test_a_fall_is_told_in_every_armed_phase(self) -> None:
        for phase in (Phase.IN_BOX, Phase.RUNNING, Phase.FINISHED, Phase.RETURNING):
            down = replace(runner(0.0, phase=phase), is_falling=True)
            assert Cause.FALL in {h.cause for h in judged(down)}

    def test_a_lost_runner_is_told_even_without_a_track(self) -> None:
        lost = Runner(Phase.RUNNING, None, 3.0, is_lost=True)
        assert {h.cause for h in judged(lost)} == {Cause.RUNNER_LOST}
