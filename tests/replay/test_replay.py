"""Replay finds every decision that differs, and every session that it must not judge."""

from argparse import ArgumentParser, Namespace
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rig.config import Config
from rig.config_file import config_to_dict
from rig.core.lane_file import format_site
from rig.core.log_events import StepLine
from rig.core.pipeline import Pipeline
from rig.devices.eventlog import new_segment, read_segment
from rig.errors import ConfigError, LaneError, LogError
from rig.programs.replay import add_arguments, build_pipeline, run
from rig.programs.timeline import Timeline, format_row, heading
from rig.records import Alert, Cause, Command, Hazard, Kind, Level, Seen
from tests.replay.recorded import SECOND_NS, SmallDecider, approach, louder, record
from tests.unit.drill_site import SITE, WHOLE, Stand

GAPS_M = [8.0, 6.0, 4.0, 3.0, 2.0, 3.0, 5.0]
"""The default reaction time stops below 3.1 m."""


def arguments(session: Path, *more: str) -> Namespace:
    parser = ArgumentParser()
    add_arguments(parser)
    return parser.parse_args([str(session), *more])


def replay(session: Path, *more: str) -> int:
    return run(arguments(session, *more), SmallDecider)


def test_the_same_code_makes_the_same_decisions(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record(tmp_path, approach(GAPS_M))
    record(tmp_path, approach(GAPS_M[:3], start_ns=7))
    assert replay(tmp_path) == 0
    assert capsys.readouterr().out.splitlines() == [
        "steps.0001.jsonl: 7 steps, all decisions identical",
        "steps.0002.jsonl: 3 steps, all decisions identical",
    ]


@pytest.mark.parametrize("index", range(len(GAPS_M)))
def test_any_single_other_decision_is_shown_field_by_field(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], index: int
) -> None:
    steps = approach(GAPS_M)
    steps[index] = louder(steps[index])
    record(tmp_path, steps)
    assert replay(tmp_path) == 1
    out = capsys.readouterr().out
    assert "1 of 7 decisions differ, the first in line " in out
    assert f"in line {index + 2}, {index / 2:.3f} s after the first step" in out
    is_stop = GAPS_M[index] < 3.1
    today = "<Level.STOP: 5>" if is_stop else "<Level.SILENT: 0>"
    assert f"decision.alert.level\n    recorded <Level.FAULT: 4>\n    now      {today}\n" in out
    assert "decision.alert.cause" in out
    assert "since_ns" not in out  # the same on both sides


def test_the_last_digit_of_a_number_counts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = approach(GAPS_M)
    alert = steps[4].decision.alert
    nearly = replace(alert, hazard=replace(alert.hazard, gap_m=2.0000000000000004))
    steps[4] = replace(steps[4], decision=replace(steps[4].decision, alert=nearly))
    record(tmp_path, steps, versions={"numpy": "0.1"})
    assert replay(tmp_path) == 1
    out = capsys.readouterr().out
    assert "decision.alert.hazard.gap_m\n    recorded 2.0000000000000004\n    now      2.0" in out
    assert "numpy was 0.1 and is " in out


def test_other_limits_show_what_would_have_sounded_beside_what_did(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record(tmp_path, approach(GAPS_M))
    assert replay(tmp_path, "--set", "hazard.reaction_s=1.2") == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "steps.0001.jsonl: 7 steps decided again with hazard.reaction_s=1.2"
    assert [[side.split() for side in line.split("|")] for line in out[3:7]] == [
        [["0.00", "SILENT", "-", "-", "-"], ["SILENT", "-", "-", "-"]],
        [["1.00"], ["STOP", "collision", "4.0", "1.3"]],
        [["1.50", "STOP", "collision", "3.0", "1.0"], []],
        [["3.00", "SILENT", "-", "-", "-"], ["SILENT", "-", "-", "-"]],
    ]
    assert len({line.index("|") for line in out[1:7]}) == 1
    assert out[-2] == "did:   3.0 s in all: 1.5 s silent, 1.5 s STOP (once)"
    assert out[-1] == "would: 3.0 s in all: 1.0 s silent, 2.0 s STOP (once)"


def test_settings_that_cannot_be_are_refused(tmp_path: Path) -> None:
    record(tmp_path, approach(GAPS_M))
    with pytest.raises(ConfigError, match="reaction_s"):
        replay(tmp_path, "--set", "hazard.reaction_s=99", "--set", "hazard.reactions=1")


def test_a_torn_session_is_replayed_as_far_as_it_goes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = record(tmp_path, approach(GAPS_M))
    raws = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(raws[:5]) + raws[5][:100])
    assert replay(tmp_path) == 1
    torn, same = capsys.readouterr().out.splitlines()
    assert "torn in the middle of line 6" in torn
    assert same == "steps.0001.jsonl: 4 steps, all decisions identical"
    path.write_bytes(b"".join(raws[:5]))
    assert replay(tmp_path) == 1
    assert "5 lines are good, then no END line" in capsys.readouterr().out


def test_a_changed_recording_is_never_called_identical(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = record(tmp_path, approach(GAPS_M))
    path.write_bytes(path.read_bytes().replace(b'"x0":4.0', b'"x0":7.0'))
    assert replay(tmp_path) == 1
    changed, same = capsys.readouterr().out.splitlines()
    assert "line 4 at byte" in changed
    assert "was changed" in changed
    assert same.endswith(": 2 steps, all decisions identical")


@pytest.mark.parametrize("gap", [("dropped", {"steps": 5}), ("unwritable", {"kind": "step"})])
def test_after_steps_that_were_not_recorded_nothing_is_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], gap: tuple[str, Any]
) -> None:
    steps: list[StepLine | tuple[str, Any]] = [*approach(GAPS_M)]
    record(tmp_path, [*steps[:3], gap, louder(approach(GAPS_M)[3]), *steps[4:]])
    assert replay(tmp_path) == 1
    out = capsys.readouterr().out
    assert "3 steps, all decisions identical up to line 5, where steps were not recorded" in out
    assert "the 4 steps after it cannot be compared" in out


def test_verify_reads_every_stream_and_decides_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record(tmp_path, approach(GAPS_M))
    new_segment(tmp_path, "gait", {}, 1).close(2)
    assert replay(tmp_path, "--verify") == 0
    assert capsys.readouterr().out.splitlines() == [
        "gait.0001.jsonl: whole, 2 lines, closed by its END line",
        "steps.0001.jsonl: whole, 9 lines, closed by its END line",
    ]
    record(tmp_path, approach(GAPS_M), is_closed=False)
    assert replay(tmp_path, "--verify") == 1
    assert "steps.0002.jsonl: 8 lines are good, then no END line" in capsys.readouterr().out


# --------------------------------------------------------------------------- unusable: exit code 2


def test_what_is_no_session_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LogError, match=r"holds no log segments; give the folder of one session"):
        replay(tmp_path)
    with pytest.raises(LogError, match=r"cannot read the session .*nowhere") as caught:
        replay(tmp_path / "nowhere")
    assert caught.value.exit_code == 2
    new_segment(tmp_path, "events", {}, 1).close(2)
    with pytest.raises(LogError, match=r"holds no steps"):
        replay(tmp_path)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({"format": 2}, r"has log format 2, this rig reads 1; replay it with the version"),
        ({"defaults": {"ViewShift.sigma_px": 9.0}}, r"records differ \(ViewShift\.sigma_px stood"),
    ],
)
def test_a_session_of_another_version_is_refused(
    tmp_path: Path, header: dict[str, Any], message: str
) -> None:
    record(tmp_path, approach(GAPS_M), **header)
    with pytest.raises(LogError, match=message):
        replay(tmp_path)


def test_a_segment_of_another_program_is_refused(tmp_path: Path) -> None:
    new_segment(tmp_path, "steps", {"program": "other"}, 1).close(2)
    with pytest.raises(LogError, match=r"lacks format, config, lane, min_object_px"):
        replay(tmp_path)


def test_a_step_that_today_cannot_be_read_is_named(tmp_path: Path) -> None:
    record(tmp_path, [*approach(GAPS_M), ("step", {"seen": {"t_ns": "noon"}, "decision": {}})])
    with pytest.raises(LogError, match=r"line 9: StepLine\.seen\.t_ns cannot be read: 'noon'"):
        replay(tmp_path)


def test_a_lane_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    record(tmp_path, approach(GAPS_M))
    with pytest.raises(LaneError):
        run(arguments(tmp_path))


# --------------------------------------------------------------------------- the real pipeline


def drill(pipeline: Pipeline) -> list[StepLine]:
    """Stand in the box, run toward somebody standing on the lane; 10 Hz."""
    steps, along_m = [], 1.5
    for turn in range(120):
        now_ns = SECOND_NS + turn * SECOND_NS // 10
        along_m += 0.3 if 30 <= turn < 90 else 0.0
        things = (Stand(along_m), Stand(23.0, 0.2, Kind.OBJECT))
        seen = Seen(
            now_ns,
            tuple(thing.detection() for thing in things),
            looked_at=(WHOLE,),
            commands=(Command.ARM,) if turn == 0 else (),
        )
        steps.append(StepLine(seen, pipeline.step(seen, now_ns + 50_000_000)))
    return steps


def test_the_pipeline_decides_the_same_from_its_own_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lane, config = format_site(SITE), Config()
    header = {"lane": lane, "config": config_to_dict(config), "min_object_px": 12.0}
    pipeline = build_pipeline(header, config)
    assert isinstance(pipeline, Pipeline)
    steps = drill(pipeline)
    assert {Level.CAUTION, Level.STOP} <= {step.decision.alert.level for step in steps}
    path = record(tmp_path, steps, lane=lane)
    assert len(list(read_segment(path))) == len(steps) + 2
    assert run(arguments(tmp_path)) == 0
    assert capsys.readouterr().out == "steps.0001.jsonl: 120 steps, all decisions identical\n"
    assert run(arguments(tmp_path, "--set", "hazard.reaction_s=1.5")) == 0
    assert "would sound" in capsys.readouterr().out


# --------------------------------------------------------------------------- the timeline


def test_a_timeline_has_a_row_for_each_change_and_adds_up() -> None:
    timeline = Timeline()
    steps = approach(GAPS_M)
    rows = [timeline.add(step.decision) for step in steps]
    assert [row is not None for row in rows] == [True, False, False, True, False, False, True]
    assert timeline.rows == [row for row in rows if row is not None]
    assert timeline.seconds[Level.STOP] == 1.5
    assert sum(timeline.seconds.values()) == 3.0
    assert timeline.summary == "3.0 s in all: 1.5 s silent, 1.5 s STOP (once)"


def test_another_cause_of_the_same_level_is_a_row_and_the_columns_are_aligned() -> None:
    timeline = Timeline()
    (step,) = approach([9.0])
    long_name = max(Cause, key=lambda cause: len(cause.value))
    for turn, cause in enumerate((Cause.COLLISION, long_name, long_name)):
        hazard = Hazard(cause, gap_m=-12.34, ttc_s=123.456)
        alert = Alert(Level.STOP, cause, 0, hazard)
        timeline.add(replace(step.decision, alert=alert, now_ns=turn * 1000 * SECOND_NS))
    assert [row.cause for row in timeline.rows] == [Cause.COLLISION, long_name]
    lines = [heading(), *map(format_row, timeline.rows)]
    assert len({len(line) for line in lines}) == 1
    assert lines[2].split() == [
        "1000.00",
        "STOP",
        *long_name.split("_"),
        "-12.3",
        "123.5",
        "-",
        "-",
    ]
    assert timeline.summary.endswith("2000.0 s STOP (2 times)")
