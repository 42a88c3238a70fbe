"""`rig progress` over a folder of sessions, labels in their notes, and falls with their witness."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from rig.cli import main
from rig.core.gait.falls import Witness
from rig.core.gait.keypoints import Keypoints
from rig.core.gait.lines import POSE, STREAM, boxes_of, pose_value
from rig.core.gait.witness import find_witnessed_falls
from rig.core.lane import Site
from rig.core.lane_file import format_site
from rig.core.log_lines import Line, Verdict
from rig.devices.eventlog import new_segment, verify_stream
from rig.records import Box
from tests.unit.gait.runners import LANE, LENS, POSES, Course, seen

SIZE = (float(LENS.width_px), float(LENS.height_px))
RUN = seen(Course(lasts_s=4.0), noise=0.005)
FALL = seen(Course(lasts_s=4.0, fall_s=2.0), noise=0.005)


def around(points: np.ndarray) -> Box:
    x0, y0, x1, y1 = (*points.min(0) - 5, *points.max(0) + 5)
    return Box(float(x0), float(y0), float(x1), float(y1))


def log(
    folder: Path,
    day: str = "2026-11-24",
    label: str = "",
    run: Keypoints = RUN,
    boxes: list[Box] | None = None,
) -> Path:
    """A session with a whole gait log of RUN; `label` is `gait.runner` as it was configured."""
    session = folder / f"{day}_10-00-00"
    session.mkdir(parents=True)
    header = {
        "lane": format_site(Site(POSES["side"], LANE)),
        "wall_time": f"{day}T10:00:00+00:00",
        "config": {"gait": {"runner": label}},
    }
    writer = new_segment(session, STREAM, header, 0)
    for row, time_s in enumerate(run.times_s):
        box = None if boxes is None else boxes[row]
        value = pose_value(run.points_px[row], run.confidence[row], 0.0, box)
        writer.write(POSE, round(time_s * 1e9) + 1, value)
    writer.close(1)
    return session


def progress(folder: Path, *more: str) -> dict:
    assert main(["progress", str(folder), *more]) == 0
    return dict(json.loads((folder.parent / "progress" / "progress.json").read_text()))


def test_a_folder_of_sessions_becomes_tables_and_a_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sessions = tmp_path / "sessions"
    log(sessions, "2026-11-16", "Ada")
    log(sessions, "2026-11-24", "Ada")
    log(sessions, "2026-11-25")
    (sessions / "2026-11-26_without_gait").mkdir()
    told = progress(sessions, "--set", "coach.speed_mps=3.1")
    names = {path.name for path in (tmp_path / "progress").iterdir()}
    assert names == {"sessions.csv", "weeks.csv", "progress.html", "progress.json"}
    unnamed, ada = told["runners"]
    assert [row["week"] for row in ada["weeks"]] == ["2026-W47", "2026-W48"]
    assert ada["totals"]["repetitions"] == 2
    assert ada["totals"]["backward_share"] == 1.0
    assert ada["totals"]["distance_m"] == pytest.approx(23.8, abs=0.6)
    assert "the fastest repetition was 3.0" in ada["warnings"][0]["sentence"]
    assert unnamed["totals"]["sessions"] == 1
    out = capsys.readouterr().out
    assert "2026-W48" in out
    assert "name who ran" in out
    assert progress(sessions, "--runner", "Ada")["runners"] == [
        {**ada, "warnings": [], "sessions": [{**s, "warnings": []} for s in ada["sessions"]]}
    ]


def test_the_coachs_label_holds_over_the_configured_one(tmp_path: Path) -> None:
    sessions = tmp_path / "sessions"
    session = log(sessions, label="Ada")
    assert main(["gait", str(session), "--runner", "Bo"]) == 0
    assert main(["gait", str(session), "--runner", "  Cy "]) == 0
    assert json.loads((session / "gait" / "session.json").read_text())["runner"] == "Cy"
    assert [r.verdict for r in verify_stream(session, "notes")] == [Verdict.WHOLE] * 2
    (runner,) = progress(sessions)["runners"]
    assert runner["runner"] == "Cy"
    assert main(["gait", str(session)]) == 0
    assert json.loads((session / "gait" / "session.json").read_text())["runner"] == "Cy"


@pytest.mark.parametrize("label", ["", " ", "a\nb", "x" * 61])
def test_a_label_that_is_none_is_refused(label: str, tmp_path: Path) -> None:
    session = log(tmp_path / "sessions")
    assert main(["gait", str(session), "--runner", label]) == 2
    assert not list(session.glob("notes.*"))


def test_a_session_is_read_again_only_when_its_log_has_grown(tmp_path: Path) -> None:
    sessions = tmp_path / "sessions"
    session = log(sessions)
    progress(sessions)
    kept = session / "gait" / "session.json"
    marked = json.loads(kept.read_text()) | {"runner": "kept"}
    kept.write_text(json.dumps(marked))
    (runner,) = progress(sessions)["runners"]
    assert runner["runner"] == "kept"
    for old in (marked | {"summary_format": 1}, [], {}):
        kept.write_text(json.dumps(old))
        (runner,) = progress(sessions)["runners"]
        assert runner["runner"] == "(no label)"
    kept.write_text(json.dumps(marked))
    (path,) = session.glob("gait.*.jsonl")
    later = kept.stat().st_mtime + 5
    os.utime(path, (later, later))
    (runner,) = progress(sessions)["runners"]
    assert runner["runner"] == "(no label)"


def test_one_session_that_cannot_be_read_does_not_hide_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sessions = tmp_path / "sessions"
    log(sessions, label="Ada")
    broken = sessions / "2026-11-23_10-00-00"
    broken.mkdir()
    new_segment(broken, STREAM, {}, 0).close(1)
    told = progress(sessions)
    assert [runner["runner"] for runner in told["runners"]] == ["Ada"]
    assert told["unread"][0]["session_id"] == broken.name
    assert "holds no lane" in capsys.readouterr().out


def test_where_there_is_nothing_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "sessions").mkdir()
    assert main(["progress", str(tmp_path / "sessions")]) == 1
    assert main(["progress", str(tmp_path / "none")]) == 2


# --------------------------------------------------------------------------- falls


def upright(points: np.ndarray) -> Box:
    box = around(points)
    return Box(box.x0, box.y1 - 300.0, box.x0 + 90.0, box.y1)


def falls(boxes: list[Box | None]) -> list[Witness]:
    return [f.witness for f in find_witnessed_falls(FALL, boxes, [True] * len(boxes), SIZE)]


def test_a_fall_says_who_bears_it_out() -> None:
    assert falls([around(points) for points in FALL.points_px]) == [Witness.POSE_AND_BOX]
    assert falls([upright(points) for points in FALL.points_px]) == [Witness.POSE_ALONE]
    boxes: list[Box | None] = [around(points) for points in FALL.points_px]
    assert falls([*boxes[:-1], None]) == [Witness.UNCHECKED]
    assert falls([]) == [Witness.UNCHECKED]


def test_a_session_tells_falls_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    boxes = [around(points) for points in FALL.points_px]
    for number, (kept, words, word) in enumerate(
        [
            (boxes, "FALL at 2.", "pose and box"),
            ([upright(points) for points in FALL.points_px], "perhaps a fall", "pose alone"),
            (None, "no box to check it by", "pose; no box to check it by"),
        ]
    ):
        session = log(tmp_path / str(number), run=FALL, boxes=kept)
        assert main(["gait", str(session)]) == 0
        assert words in capsys.readouterr().out
        (fall,) = json.loads((session / "gait" / "session.json").read_text())["falls"]
        assert fall["witness"] == word
        assert (fall["told_s"] is not None) == (word == "pose and box")
        assert word in (session / "gait" / "gait.html").read_text()


@pytest.mark.parametrize("sides", [None, [1, 2, 3], [1, 2, 3, "x"], [1, 2, 3, float("nan")], {}])
def test_a_box_of_another_form_is_no_box(sides: object) -> None:
    boxes, is_seen = boxes_of([Line(2, POSE, 1, {"box": sides, "is_seen": 1}, "")])
    assert (boxes, is_seen) == ([None], [False])


def test_a_box_comes_back_as_it_was() -> None:
    value = pose_value(RUN.points_px[0], RUN.confidence[0], None, Box(1.04, 2, 3, 4.5), False)
    found = boxes_of([Line(2, POSE, 1, json.loads(json.dumps(value)), "")])
    assert found == ([Box(1.0, 2, 3, 4.5)], [False])
