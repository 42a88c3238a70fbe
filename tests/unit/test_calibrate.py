"""`rig calibrate`: points in, lane file and pictures out, and nothing half-written on failure."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from rig.config import PlacingLimits
from rig.core.camera_pose import CameraPose, lens_preset
from rig.core.lane_file import parse_site
from rig.core.placing import Placer
from rig.errors import LaneError, SourceError
from rig.programs.calibrate import add_arguments, calibrate, lane_file_beside, run
from rig.records import Box, Detection, Kind, Placed, ViewShift

POSE = CameraPose(lens_preset("camera-module-3", 1280, 720), 46.0, 1.2, 2.2, math.pi, 0.08, 0.01)
LANES = Path(__file__).parents[1] / "replay" / "lanes"


def points_text(head: str = "picture_px = [1280, 720]") -> str:
    lines = [head, "[lane]", "length_m = 40"]
    for x in (12.0, 20.0, 28.0, 34.0, 39.0):
        for y in (-0.61, 0.61):
            u, v = POSE.to_pixels(np.array([[x, y, 0.0]]))[0]
            lines += ["[[point]]", f"name = 'line {x:g} {y:g}'", f"x_m = {x}", f"y_m = {y}"]
            lines += [f"x_px = {u:.1f}", f"y_px = {v:.1f}"]
    return "\n".join(lines) + "\n"


def arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(words)


@pytest.fixture
def points(tmp_path: Path) -> Path:
    path = tmp_path / "track.toml"
    path.write_text(points_text(), encoding="utf-8")
    return path


def test_a_lane_file_comes_out_and_the_tables_are_printed(
    points: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments("--points", str(points))) == 0
    site = parse_site((points.parent / "track.lane.toml").read_text(encoding="utf-8"))
    assert site.pose.height_m == pytest.approx(2.2, abs=0.02)
    assert site.pose.tilt_rad == pytest.approx(0.08, abs=0.001)
    assert site.error_px is not None
    assert site.error_px < 0.3
    assert site.still is None
    printed = capsys.readouterr().out
    for words in ("line 39 0.61", "height        2.2", "focal length", "range card",
                  "guarded speed:", "walk the first"):  # fmt: skip
        assert words in printed
    assert sorted(p.name for p in points.parent.iterdir()) == ["track.lane.toml", "track.toml"]


def test_with_a_still_the_lane_is_drawn_over_it_and_the_still_kept(points: Path) -> None:
    still = points.parent / "mount.jpg"
    cv2.imwrite(str(still), np.full((720, 1280, 3), 90, np.uint8))
    out = points.parent / "gym.lane.toml"
    run(arguments("--points", str(points), "--still", str(still), "--out", str(out)))
    site = parse_site(out.read_text(encoding="utf-8"))
    assert site.still == "gym.still.png"
    kept = cv2.imread(str(out.with_name("gym.still.png")))
    drawn = cv2.imread(str(out.with_name("gym.overlay.png")))
    assert kept is not None
    assert drawn is not None
    assert int(np.ptp(kept)) <= 2
    # the lane's left edge at 30 m is green in the overlay
    x, y = site.pose.to_pixels(np.array([[30.0, 0.61, 0.0]]))[0].round().astype(int)
    patch = drawn[y - 2 : y + 3, x - 2 : x + 3].reshape(-1, 3).astype(int)
    assert (patch[:, 1] - patch[:, 0] > 60).any()


def test_a_still_named_in_the_file_gives_the_size(points: Path) -> None:
    points.write_text(points_text("still = 'mount.png'"), encoding="utf-8")
    cv2.imwrite(str(points.parent / "mount.png"), np.zeros((720, 1280, 3), np.uint8))
    assert calibrate(points).site.pose.lens.width_px == 1280


@pytest.mark.parametrize(
    ("text", "words", "error", "sentence"),
    [
        (None, (), SourceError, "cannot be read"),
        (points_text("still = 'none.png'"), (), SourceError, "none.png cannot be read"),
        (points_text("still = 'track.toml'"), (), SourceError, "is no picture"),
        (
            points_text("still = 'small.png'\npicture_px = [1280, 720]"),
            (),
            LaneError,
            "still is 64",
        ),
        ("picture_px = [1280, 720]\n[lane]\nlength_m = 40\n", (), LaneError, "0 points given"),
        (points_text().replace("length_m = 40", ""), (), LaneError, "either length_m or"),
        (points_text(), ("--out", "{}/none/x.lane.toml"), SourceError, "cannot be written"),
        (points_text(), ("--out", "{}/folder"), SourceError, "cannot be written"),
        (points_text(), ("--object-px", "nan"), LaneError, "--object-px is nan"),
        (points_text(), ("--whole-px", "0"), LaneError, "--whole-px is 0"),
    ],
)
def test_failures_say_why_and_leave_nothing(
    tmp_path: Path, text: str | None, words: tuple[str, ...], error: type[Exception], sentence: str
) -> None:
    points = tmp_path / "track.toml"
    (tmp_path / "folder").mkdir()
    cv2.imwrite(str(tmp_path / "small.png"), np.zeros((48, 64, 3), np.uint8))
    if text is not None:
        points.write_text(text, encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(error, match=sentence):
        run(arguments("--points", str(points), *(w.format(tmp_path) for w in words)))
    assert sorted(tmp_path.rglob("*")) == before


def test_a_failing_move_leaves_the_old_lane_file(
    points: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = points.parent / "track.lane.toml"
    out.write_text("old", encoding="utf-8")

    def refuse(file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", refuse)
    with pytest.raises(SourceError, match="No space left"):
        run(arguments("--points", str(points)))
    assert out.read_text(encoding="utf-8") == "old"
    assert sorted(p.name for p in points.parent.iterdir()) == ["track.lane.toml", "track.toml"]


@pytest.mark.parametrize("name", ["track.toml", "track.points.toml", "track"])
def test_the_lane_file_stands_beside_the_points(name: str) -> None:
    assert lane_file_beside(Path("a") / name) == Path("a/track.lane.toml")


# --------------------------------------------------------------------------- the replay clips


def placed_in_clip(clip: str, kind: Kind, *box: float) -> Placed:
    site = parse_site((LANES / f"{clip}.lane.toml").read_text(encoding="utf-8"))
    (found,) = Placer(site, PlacingLimits()).place((Detection(kind, 1.0, Box(*box)),), ViewShift())
    return found


@pytest.mark.parametrize("clip", sorted(p.name.split(".")[0] for p in LANES.glob("*.lane.toml")))
def test_a_clips_lane_file_is_what_its_points_give(clip: str) -> None:
    found = calibrate(LANES / f"{clip}.toml").site
    kept = parse_site((LANES / f"{clip}.lane.toml").read_text(encoding="utf-8"))
    assert found.lane == kept.lane
    assert found.pose.height_m == pytest.approx(kept.pose.height_m, rel=1e-6)
    assert found.pose.tilt_rad == pytest.approx(kept.pose.tilt_rad, abs=1e-6)


@pytest.mark.parametrize(
    ("clip", "box"),
    [
        ("worker_on_marked_floor", (90, 53, 153, 209)),
        ("worker_on_marked_floor", (106, 69, 185, 253)),
        ("street_static", (589, 181, 634, 284)),
        ("street_static", (325, 181, 351, 300)),
        ("street_static", (506, 181, 534, 280)),
    ],
)
def test_people_in_the_clips_are_as_tall_as_people(clip: str, box: tuple[float, ...]) -> None:
    height = placed_in_clip(clip, Kind.PERSON, *box).height_m
    assert height is not None
    assert 1.5 <= height <= 1.9


@pytest.mark.parametrize(
    ("clip", "first", "last", "seconds"),
    [
        # boxes measured by hand: the worker's frames 40 and 20 at 16.67 Hz (reversed), the man
        # in white's frames 50 and 120 at 25 Hz
        ("worker_on_marked_floor", (105, 60, 170, 220), (145, 84, 214, 263), 20 / 16.67),
        ("street_static", (426, 181, 470, 285), (589, 181, 634, 284), 70 / 25),
    ],
)
def test_walkers_in_the_clips_go_along_at_walking_speed(
    clip: str, first: tuple[float, ...], last: tuple[float, ...], seconds: float
) -> None:
    start = placed_in_clip(clip, Kind.PERSON, *first)
    end = placed_in_clip(clip, Kind.PERSON, *last)
    assert 0.5 < (end.along_m - start.along_m) / seconds < 2.0
    assert abs(start.across_m) < 1.25
