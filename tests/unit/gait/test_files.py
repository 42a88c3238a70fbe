"""The gait log, keypoint files, and `rig gait` over both."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.cli import main
from rig.core.gait.keypoints import JOINTS, NUMBERS
from rig.core.gait.lines import POSE, STREAM, keypoints_of, pose_value
from rig.core.gait.page import draw_page
from rig.core.gait.smoothing import at_even_times, smooth
from rig.core.lane import Lane, Site
from rig.core.lane_file import format_site
from rig.core.log_lines import Line
from rig.devices.eventlog import new_segment, read_segment
from rig.devices.keypoints_file import LAYOUTS, read_keypoints
from rig.errors import LogError, SourceError
from tests.unit.gait.runners import LANE, POSES, Course, seen

RUN = seen(Course(lasts_s=4.0), noise=0.005)
SITE = Site(POSES["side"], LANE)


def log(session: Path, site: Site = SITE) -> Path:
    """A session whose gait log holds RUN and was not closed."""
    session.mkdir(exist_ok=True)
    writer = new_segment(session, STREAM, {"lane": format_site(site), "models": {}}, 0)
    for row, time_s in enumerate(RUN.times_s):
        value = pose_value(RUN.points_px[row], RUN.confidence[row], float(RUN.across_m[row]))
        writer.write(POSE, round(time_s * 1e9) + 1, value)
    return writer.path


# --------------------------------------------------------------------------- the log's lines


@given(
    st.lists(
        st.one_of(
            st.none(),
            st.tuples(st.floats(-500, 4000), st.floats(-500, 4000), st.floats(0.01, 1)),
        ),
        min_size=len(JOINTS),
        max_size=len(JOINTS),
    ),
    st.one_of(st.none(), st.floats(-3, 3)),
)
def test_a_pose_comes_back_as_it_was(
    joints: list[tuple[float, float, float] | None], across: float | None
) -> None:
    table = np.array([joint or (np.nan, np.nan, 0.0) for joint in joints])
    value = json.loads(json.dumps(pose_value(table[:, :2], table[:, 2], across), allow_nan=False))
    found = keypoints_of([Line(2, POSE, 5_000_000_000, value, "")])
    assert found.times_s.tolist() == [5.0]
    assert np.allclose(found.points_px[0], table[:, :2], atol=0.051, equal_nan=True)
    assert np.allclose(found.confidence[0], table[:, 2], atol=0.00051)
    expected = np.nan if across is None else across
    assert np.allclose(found.across_m, [expected], atol=0.00051, equal_nan=True)


@pytest.mark.parametrize(
    "value", [None, {}, {"points": []}, {"points": [[1, 2]] * 17}, {"points": ["x"] * 17}]
)
def test_a_pose_of_another_form_is_refused(value: object) -> None:
    with pytest.raises(LogError, match="line 3"):
        keypoints_of([Line(3, POSE, 1, value, "")])


def test_after_a_power_cut_all_but_the_last_line_is_read(tmp_path: Path) -> None:
    path = log(tmp_path / "s")
    path.write_bytes(path.read_bytes()[:-30])
    reader = read_segment(path)
    assert len(keypoints_of(reader).times_s) == len(RUN.times_s) - 1
    assert reader.report is not None
    assert reader.report.verdict == "torn"


# --------------------------------------------------------------------------- rig gait


def test_a_session_becomes_table_summary_and_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log(tmp_path / "s")
    log(tmp_path / "s")
    assert main(["gait", str(tmp_path / "s")]) == 0
    out = tmp_path / "s" / "gait"
    assert sorted(p.name for p in out.iterdir()) == ["gait.html", "session.json", "steps.csv"]
    summary = json.loads((out / "session.json").read_text())
    assert summary["stretches"] == 2
    assert summary["backward_share"] == 1.0
    assert len(summary["log"]) == 2
    assert summary["camera_height_m"] == 1.5
    assert "backward, run" in capsys.readouterr().out


def test_a_session_without_a_runner_is_written_with_its_reason(tmp_path: Path) -> None:
    session = tmp_path / "s"
    session.mkdir()
    new_segment(session, STREAM, {"lane": format_site(SITE)}, 0).close(1)
    assert main(["gait", str(session)]) == 1
    summary = json.loads((session / "gait" / "session.json").read_text())
    assert summary["nothing_reason"]
    assert summary["cadence_spm"] is None


def no_log(session: Path) -> None:
    session.mkdir()


def bent(session: Path) -> None:
    lane = Lane(((0.0, 0.0), (20.0, 0.0), (40.0, 6.0)))
    log(session, Site(POSES["side"], lane))


def no_lane(session: Path) -> None:
    session.mkdir()
    new_segment(session, STREAM, {}, 0).close(1)


@pytest.mark.parametrize(
    ("make", "words"),
    [(no_log, "no gait"), (bent, "bends by"), (no_lane, "no lane")],
    ids=["no log", "bent lane", "no lane"],
)
def test_what_cannot_be_read_is_refused(
    make: Callable[[Path], None], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(tmp_path / "s")
    assert main(["gait", str(tmp_path / "s")]) == 2
    assert words in capsys.readouterr().err


def test_a_file_of_keypoints_is_read_with_and_without_a_lane(tmp_path: Path) -> None:
    path, lane = tmp_path / "run.npz", tmp_path / "lane.toml"
    np.savez(
        path,
        points_px=RUN.points_px,
        confidence=RUN.confidence,
        times_s=RUN.times_s,
        across_m=RUN.across_m,
        joints=np.array(JOINTS),
    )
    lane.write_text(format_site(SITE), encoding="utf-8")
    assert main(["gait", "--keypoints", str(path), "--lane", str(lane)]) == 0
    with_lane = json.loads((tmp_path / "run-gait" / "session.json").read_text())
    assert with_lane["speed_mps"] == pytest.approx(3.0, abs=0.05)
    out = tmp_path / "other"
    assert main(["gait", "--keypoints", str(path), "--out", str(out)]) == 0
    without_lane = json.loads((out / "session.json").read_text())
    assert without_lane["cadence_spm"] == pytest.approx(with_lane["cadence_spm"], abs=1)
    assert without_lane["speed_mps"] == pytest.approx(3.0, abs=0.4)
    assert "1.75 m" in without_lane["scale"]


# --------------------------------------------------------------------------- keypoint files


@pytest.mark.parametrize("columns", LAYOUTS)
def test_known_layouts_put_joints_in_their_place(columns: int, tmp_path: Path) -> None:
    table = np.arange(2 * columns * 3, dtype=float).reshape(2, columns, 3)
    np.save(tmp_path / "a.npy", table)
    found = read_keypoints(tmp_path / "a.npy", 10.0)
    assert found.times_s.tolist() == [0.0, 0.1]
    for column, name in enumerate(LAYOUTS[columns]):
        if name is not None:
            assert found.points_px[1, NUMBERS[name]].tolist() == table[1, column, :2].tolist()
    assert np.isnan(found.across_m).all()


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((4, 17, 3)), "--rate"),
        (np.zeros((4, 18, 3)), "18 joints"),
        (np.zeros((4, 17)), "neither"),
    ],
)
def test_other_arrays_are_refused_with_the_remedy(
    array: np.ndarray, words: str, tmp_path: Path
) -> None:
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(SourceError, match=words):
        read_keypoints(tmp_path / "a.npy", None if words == "--rate" else 30.0)


@pytest.mark.parametrize("content", [b"", b"no array", b"\x93NUMPY\x01"])
def test_no_array_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(SourceError, match=r"a\.npy"):
        read_keypoints(tmp_path / "a.npy", 30.0)


# --------------------------------------------------------------------------- smoothing


@given(
    speed=st.floats(-9, 9),
    gaps=st.lists(st.floats(0.01, 0.2), min_size=4, max_size=40),
    base=st.floats(-30, 30),
)
def test_steady_motion_stays_as_it_is(speed: float, gaps: list[float], base: float) -> None:
    times = np.cumsum([0.0, *gaps])
    places = np.stack([base + speed * times, np.full_like(times, base)], axis=1)
    even = np.arange(0.0, times[-1], 1 / 30)
    found = smooth(at_even_times(times, places, even), 30.0, 5.0)
    assert np.allclose(found[:, 0], base + speed * even, atol=2e-3)
    assert np.allclose(found[:, 1], base, atol=1e-6)


def test_smoothing_is_the_same_forth_and_back_and_takes_noise_out() -> None:
    random = np.random.default_rng(1)
    noise = random.normal(size=(300, 2))
    forth, back = smooth(noise, 30.0, 5.0), smooth(noise[::-1], 30.0, 5.0)[::-1]
    assert np.allclose(forth, back)
    assert 0.4 < forth.std() < 0.7
    times = np.arange(300) / 30
    slow = np.stack([np.sin(2 * np.pi * 1.5 * times), np.cos(2 * np.pi * 1.5 * times)], axis=1)
    assert np.abs(smooth(slow, 30.0, 5.0) - slow)[20:-20].max() < 0.03


def test_the_page_speaks_of_measures_as_people_do() -> None:
    summary = {
        "contact_time_ms": 254.904,
        "contact_time_ms_uncertainty": 17.9165,
        "speed_mps": 3.6576,
        "speed_mps_uncertainty": 0.0566,
        "cadence_spm": None,
        "cadence_spm_withheld_reason": "too <short>",
    }
    page = draw_page("a & b", [], summary)
    assert "<td>contact time, ms</td><td>255 ± 18</td>" in page
    assert "<td>speed, m/s</td><td>3.658 ± 0.057</td>" in page
    assert "<td>cadence, steps/min</td><td></td><td>too &lt;short&gt;</td>" in page
