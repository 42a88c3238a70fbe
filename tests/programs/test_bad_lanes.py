"""A lane file or a reference picture that cannot be true is refused before anything is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.programs.conftest import Given
from tests.programs.processes import refused, rendered, run_rig, write_lane

Spoil = Callable[[Path], Path]


def _without(path: Path, old: str, new: str) -> Path:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


def lane_of_another_size(folder: Path) -> Path:
    return _without(write_lane(folder / "a.lane.toml"), "width_px = 320", "width_px = 640")


def lane_in_a_point(folder: Path) -> Path:
    lane = write_lane(folder / "a.lane.toml")
    return _without(lane, "[[0.0, 0.0], [20.0, 0.0]]", "[[0.0, 0.0], [0.0, 0.0]]")


def lane_below_ground(folder: Path) -> Path:
    return _without(write_lane(folder / "a.lane.toml"), "height_m = 2.3", "height_m = -2.3")


def binary_lane(folder: Path) -> Path:
    lane = folder / "a.lane.toml"
    lane.write_bytes(b"\xff\xfe\x00")
    return lane


def lane_without_its_still(folder: Path) -> Path:
    lane = write_lane(folder / "a.lane.toml", still=np.zeros((180, 320, 3), np.uint8))
    (folder / "still.png").unlink()
    return lane


def lane_with_half_a_still(folder: Path) -> Path:
    lane = write_lane(folder / "a.lane.toml", still=rendered(1)[0])
    still = folder / "still.png"
    still.write_bytes(still.read_bytes()[:20_000])
    return lane


def lane_with_a_small_still(folder: Path) -> Path:
    lane = write_lane(folder / "a.lane.toml", still=rendered(1)[0])
    cv2.imwrite(str(folder / "still.png"), np.zeros((90, 160, 3), np.uint8))
    return lane


def lane_with_a_black_still(folder: Path) -> Path:
    return write_lane(folder / "a.lane.toml", still=np.zeros((180, 320, 3), np.uint8))


@pytest.mark.parametrize(
    ("spoil", "wanted"),
    [
        (lambda folder: folder / "a.lane.toml", ("a.lane.toml cannot be read", "rig calibrate")),
        (lambda folder: folder, ("cannot be read", "rig calibrate")),
        (binary_lane, ("a.lane.toml cannot be read", "rig calibrate")),
        (lane_in_a_point, ("a.lane.toml", "centre line holds a point twice", "remove one")),
        (lane_below_ground, ("a.lane.toml", "height_m", "-2.3", "0.1")),
        (lane_of_another_size, ("320x180 px", "640x180 px", "calibrate for this picture size")),
        (lane_without_its_still, ("still.png", "cannot be read", "check its name")),
        (lane_with_half_a_still, ("still.png is damaged or cut off",)),
        (lane_with_a_small_still, ("still.png is 160x90 px", "320x180 px")),
        (lane_with_a_black_still, ("still",)),
    ],
    ids=[
        *("missing", "a folder", "binary", "a point", "below ground", "other size", "no still"),
        *("half a still", "small still", "black still"),
    ],
)
def test_a_lane_file_that_cannot_be_true(
    given: Given, tmp_path: Path, spoil: Spoil, wanted: tuple[str, ...]
) -> None:
    (tmp_path / "lanes").mkdir()
    ran = run_rig(*given.watch(tmp_path / "sessions", lane=spoil(tmp_path / "lanes")))
    refused(ran, *wanted)
    assert not (tmp_path / "sessions").exists()


def test_no_lane_file_at_all(given: Given) -> None:
    refused(run_rig("watch", "--video", given.clip), "no lane file was given", "--lane FILE")
