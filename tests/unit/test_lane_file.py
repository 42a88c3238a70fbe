"""Lane and points files: exact round trip, and every problem named at once."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rig.core.camera_pose import CameraPose, Lens, lens_preset
from rig.core.lane import Lane, Site, straight_lane
from rig.core.lane_file import format_site, parse_site
from rig.core.points_file import parse_points
from rig.errors import LaneError

SITE = Site(
    CameraPose(lens_preset("camera-module-3", 1280, 720), 46.0, 1.2, 2.2, math.pi, 0.07, 0.01),
    straight_lane(40.0),
    "track.still.png", 1.25, 0.2, 0.0008,
)  # fmt: skip
TEXT = format_site(SITE)
LANES = Path(__file__).parents[1] / "replay" / "lanes"


def numbers(least: float, most: float) -> st.SearchStrategy[float]:
    return st.floats(least, most, allow_subnormal=False)


def names() -> st.SearchStrategy[str]:
    return st.text(min_size=1, max_size=40).filter(
        lambda s: s.isprintable() and "/" not in s and "\\" not in s and s not in (".", "..")
    )


@st.composite
def sites(draw: st.DrawFn) -> Site:
    lens = Lens(
        draw(names()), draw(st.integers(16, 16384)), draw(st.integers(16, 16384)),
        *(draw(numbers(10, 16384)) for _ in range(3)), *(draw(numbers(-9, 9)) for _ in range(5)),
    )  # fmt: skip
    pose = CameraPose(
        lens, draw(numbers(-99, 99)), draw(numbers(-99, 99)), draw(numbers(0.2, 50)),
        draw(numbers(-3.2, 3.2)), draw(numbers(-1.5, 1.5)), draw(numbers(-3, 3)),
    )  # fmt: skip
    y = draw(numbers(-5, 5))
    line = ((0.0, y), (draw(numbers(10, 20)), y + 1), (draw(numbers(40, 90)), draw(numbers(-9, 9))))
    lane = Lane(line, draw(numbers(0.3, 5)), draw(numbers(0, 9)), draw(numbers(0.5, 9)), 5.0)
    known = draw(st.booleans())
    return Site(
        pose, lane, draw(names()) if known else None, draw(numbers(0, 9)) if known else None,
        draw(numbers(0, 9)) if known else None, draw(numbers(0, 0.1)),
    )  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(site=sites())
def test_what_is_written_is_read_back_exactly(site: Site) -> None:
    assert parse_site(format_site(site)) == site


def test_units_stand_in_the_keys_and_degrees_beside() -> None:
    for key in ("height_m = 2.2", "tilt_rad = 0.07", "focal_px = ", "# pan 180.00 degrees"):
        assert key in TEXT


def test_every_problem_is_listed_at_once() -> None:
    broken = (
        TEXT.replace("height_m = 2.2", "height_m = nan")
        .replace("tilt_rad = 0.07", "tild_rad = 0.07")
        .replace("width_px = 1280", 'width_px = "wide"')
        .replace("box_length_m = 3.0", "box_length_m = -3.0")
        .replace('still = "track.still.png"', 'still = "../x.png"')
    )
    with pytest.raises(LaneError) as caught:
        parse_site(broken)
    lines = str(caught.value).split("\n")
    assert lines == [
        "[camera]: tild_rad is not known; did you mean tilt_rad?",
        "[camera]: height_m is nan; it must be a number from 0.1 to 100 m",
        "[camera]: tilt_rad is missing; give a number from -1.6 to 1.6 rad",
        "[lens]: width_px is 'wide'; it must be a whole number from 16 to 16384 px",
        "[lane]: box_length_m is -3.0; it must be a number from 0.1 to 100 m",
        "[calibration]: still is '../x.png'; give a file name beside the lane file",
    ]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("version = 1", "version = 2", "version is 2; this rig reads 1: calibrate again"),
        ("version = 1\n", "", "version is None"),
        ("version = 1", "version = true", "version is True"),
        ("[lane]", "[lanes]", "lanes is not known; did you mean lane?"),
        ("[lane]", "[lane", "the lane file is not TOML"),
        ("height_m = 2.2", "height_m = inf", "height_m is inf"),
        ("height_m = 2.2", "height_m = true", "height_m is True"),
        ("height_m = 2.2", "height_m = 0.09", "height_m is 0.09; it must be a number from 0.1"),
        ("width_px = 1280", "width_px = 1280.5", "width_px is 1280.5; it must be a whole number"),
        ("centre_line_m = [[0.0, 0.0], ", "centre_line_m = [[0.0], ", "a list of at least two"),
        ("[40.0, 0.0]]", "[7.0, 0.0]]", "start box ends at 3 m, in the exit zone"),
        ("tilt_sigma_rad = 0.0008", "tilt_sigma_rad = 0.3", "from 0 to 0.2 rad"),
    ],
)
def test_each_wrong_value_is_refused_with_its_remedy(old: str, new: str, sentence: str) -> None:
    assert old in TEXT
    with pytest.raises(LaneError) as caught:
        parse_site(TEXT.replace(old, new, 1))
    assert sentence in str(caught.value)


@pytest.mark.parametrize("height", ["0.1", "100.0"])
def test_limits_themselves_are_allowed(height: str) -> None:
    assert parse_site(TEXT.replace("height_m = 2.2", f"height_m = {height}")).pose.height_m == (
        float(height)
    )


def test_left_out_optional_keys_take_their_defaults() -> None:
    short = "\n".join(
        line for line in TEXT.split("\n")
        if not line.startswith(("k", "p1", "p2", "roll", "width_m", "box", "exit", "run", "still",
                                "error", "tilt_sigma"))
    )  # fmt: skip
    found = parse_site(short)
    assert found.lane == SITE.lane
    assert (found.still, found.error_px, found.error_m) == (None, None, None)
    assert found.tilt_sigma_rad == Site(SITE.pose, SITE.lane).tilt_sigma_rad


# --------------------------------------------------------------------------- points file

POINTS = """
picture_px = [1280, 720]
[lane]
length_m = 40
[[point]]
name = "cone"
x_m = 10
y_m = 0.61
x_px = 600
y_px = 400.5
"""


def test_a_points_file_needs_little() -> None:
    found = parse_points(POINTS)
    assert found.lane == straight_lane(40.0)
    assert (found.names, found.ground_m, found.pixels) == (
        ("cone",), ((10.0, 0.61),), ((600.0, 400.5),)
    )  # fmt: skip
    assert found.lens(1280, 720) == lens_preset("camera-module-3", 1280, 720)
    assert found.solve_focal


def test_own_lens_coefficients_replace_the_presets() -> None:
    found = parse_points(POINTS + "\n[lens]\npreset = 'pinhole-66'\nfocal_px = 900\nk1 = -0.1\n")
    lens = found.lens(1280, 720)
    assert lens == replace(lens_preset("pinhole-66", 1280, 720), focal_px=900.0, k1=-0.1)


def test_start_heading_and_bend_make_the_centre_line() -> None:
    turned = parse_points(POINTS.replace("length_m = 40", "length_m = 40\nheading_deg = 90"))
    assert turned.lane.centre_line[1] == pytest.approx((0.0, 40.0))
    bent = parse_points(
        POINTS.replace("length_m = 40", "length_m = 60\nbend_start_m = 20\nbend_radius_m = -36.5")
    )
    assert bent.lane.length_m == pytest.approx(60, abs=0.02)
    assert bent.lane.centre_line[1] == pytest.approx((20.0, 0.0))
    end = bent.lane.centre_line[-1]
    assert end == pytest.approx(
        (20 + 36.5 * math.sin(40 / 36.5), -36.5 * (1 - math.cos(40 / 36.5)))
    )


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("picture_px = [1280, 720]", "", "neither still nor picture_px is given"),
        ("length_m = 40", "", "give either length_m or centre_line_m"),
        (
            "length_m = 40",
            "length_m = 40\nbend_start_m = 50\nbend_radius_m = 36.5",
            "bend_start_m is",
        ),
        ("length_m = 40", "length_m = 6", "[lane]: start box ends at 3 m"),
        ("x_px = 600", "", "[[point]] 1: x_px is missing"),
        ("x_px = 600", "x_pix = 600", "[[point]] 1: x_pix is not known; did you mean x_px?"),
        ("[[point]]", "[point]", "point must be given as sections [[point]]"),
        ("[lane]", "[lens]\npreset = 'fisheye'\n[lane]", "preset is 'fisheye'; use one of"),
        ("[lane]", "[lens]\nsolve_focal = 1\n[lane]", "solve_focal is 1; it must be true or false"),
    ],
)
def test_what_is_wrong_with_a_points_file_is_said(old: str, new: str, sentence: str) -> None:
    assert old in POINTS
    with pytest.raises(LaneError) as caught:
        parse_points(POINTS.replace(old, new, 1))
    assert sentence in str(caught.value)


@pytest.mark.parametrize("path", sorted(LANES.glob("*.lane.toml")), ids=lambda path: path.name)
def test_the_replay_clips_lane_files_read(path: Path) -> None:
    site = parse_site(path.read_text(encoding="utf-8"))
    assert format_site(site) == path.read_text(encoding="utf-8")
