"""Lens and pose: analytic cases, OpenCV's distortion, and round trips over the whole picture."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rig.core.camera_pose import LENS_PRESETS, CameraPose, Floats, Lens, lens_preset
from rig.errors import LaneError

WIDTH, HEIGHT = 1280, 720
HARD = Lens("hard", WIDTH, HEIGHT, 600.0, 630.0, 371.0, -0.2, 0.03, 1e-3, -2e-3, -1e-3)


def grid(lens: Lens) -> Floats:
    x, y = np.meshgrid(np.linspace(0, lens.width_px, 65), np.linspace(0, lens.height_px, 37))
    return np.column_stack([x.ravel(), y.ravel()])


def on_ground(places: Floats) -> Floats:
    return np.column_stack([places, np.zeros(len(places))])


def mount(lens: Lens | None = None, **changes: float) -> CameraPose:
    """Mount A: beyond the end of a 40 m lane, 2.2 m up, looking at the start."""
    values = {
        "x_m": 46.0, "y_m": 1.2, "height_m": 2.2, "pan_rad": math.pi + 0.02,
        "tilt_rad": math.radians(4), "roll_rad": 0.01,
    } | changes  # fmt: skip
    return CameraPose(lens or lens_preset("camera-module-3", WIDTH, HEIGHT), **values)


# --------------------------------------------------------------------------- lens


@pytest.mark.parametrize("name", LENS_PRESETS)
def test_preset_field_and_round_trip_over_the_whole_picture(name: str) -> None:
    lens = lens_preset(name, WIDTH, HEIGHT)
    assert lens.field_deg == pytest.approx(LENS_PRESETS[name].field_deg, abs=1e-9)
    rays = lens.to_rays(grid(lens))
    assert np.abs(lens.to_pixels(rays) - grid(lens)).max() < 1e-6


def test_focal_length_of_66_degrees_over_1280_px_is_985_px() -> None:
    assert lens_preset("camera-module-3", 1280, 720).focal_px == pytest.approx(985.5, abs=0.5)


def test_distortion_is_opencvs() -> None:
    cv2 = pytest.importorskip("cv2")
    rays = HARD.to_rays(grid(HARD))
    camera = np.array([[HARD.focal_px, 0, HARD.cx_px], [0, HARD.focal_px, HARD.cy_px], [0, 0, 1]])
    bends = np.array([HARD.k1, HARD.k2, HARD.p1, HARD.p2, HARD.k3])
    points = np.column_stack([rays, np.ones(len(rays))])
    seen, _ = cv2.projectPoints(points, np.zeros(3), np.zeros(3), camera, bends)
    assert np.abs(seen[:, 0] - grid(HARD)).max() < 1e-6


def test_rays_beyond_the_turning_point_are_nan_and_do_not_wrap() -> None:
    lens = Lens("barrel", WIDTH, HEIGHT, 500.0, 640.0, 360.0, k1=-0.2)
    turning = math.sqrt(1 / 0.6)  # 1 - 3 * 0.2 r^2 = 0
    radii = np.array([0.5, turning - 1e-6, turning + 1e-6, 2.0, 3.0])
    pixels = lens.to_pixels(np.column_stack([radii, np.zeros(5)]))
    assert np.isfinite(pixels[:, 0]).tolist() == [True, True, False, False, False]
    edge_px = 640 + 500 * turning * (1 - 0.2 * turning**2)
    rays = lens.to_rays(np.array([[edge_px - 1e-3, 360.0], [edge_px + 1e-3, 360.0]]))
    assert rays[0, 0] == pytest.approx(turning, abs=0.01)
    assert np.isnan(rays[1]).all()


def test_unknown_preset_names_the_known_ones() -> None:
    with pytest.raises(LaneError, match=r"lens 'camera-modul-3' is not known; use one of: camera"):
        lens_preset("camera-modul-3", WIDTH, HEIGHT)


# --------------------------------------------------------------------------- pose


def test_level_pinhole_sees_a_point_where_similar_triangles_say() -> None:
    lens = Lens("plain", 1000, 800, 500.0, 500.0, 400.0)
    pose = CameraPose(lens, 0.0, 0.0, 2.0, 0.0, 0.0)
    # 10 m along the view, 1 m to the left, on the ground: left of the middle, 2 m low
    assert pose.to_pixels(np.array([[10.0, 1.0, 0.0]]))[0] == pytest.approx([450.0, 500.0])
    assert pose.to_ground(np.array([[450.0, 500.0]]))[0] == pytest.approx([10.0, 1.0])


def test_tilt_moves_the_horizon_up_and_the_axis_hits_the_ground_at_height_over_tan() -> None:
    lens = Lens("plain", 1000, 800, 500.0, 500.0, 400.0)
    pose = CameraPose(lens, 1.0, 2.0, 3.0, math.pi / 2, math.radians(10))
    hit = pose.to_ground(np.array([[500.0, 400.0]]))[0]
    assert hit == pytest.approx([1.0, 2.0 + 3 / math.tan(math.radians(10))])
    horizon = 400 - 500 * math.tan(math.radians(10))
    rows = np.array([horizon - 1.0, horizon - 1e-6, horizon + 1e-3, horizon + 1.0])
    ground = pose.to_ground(np.column_stack([np.full(4, 500.0), rows]))
    assert np.isfinite(ground[:, 1]).tolist() == [False, False, True, True]


def test_positive_roll_turns_the_content_from_right_toward_down() -> None:
    level, rolled = mount(roll_rad=0.0), mount(roll_rad=0.05)
    point = np.array([[20.0, 8.0, 0.0]])  # looking along -x, y > 0 is to the right
    before = level.to_pixels(point)[0] - (level.lens.cx_px, level.lens.cy_px)
    after = rolled.to_pixels(point)[0] - (level.lens.cx_px, level.lens.cy_px)
    cos, sin = math.cos(0.05), math.sin(0.05)
    turned = (cos * before[0] - sin * before[1], sin * before[0] + cos * before[1])
    assert after == pytest.approx(turned)
    assert before[0] > 0


def test_points_on_the_cameras_other_side_are_nan() -> None:
    pixels = mount().to_pixels(np.array([[45.9, 1.2, 2.2], [46.1, 1.2, 2.2], [60.0, 0.0, 0.0]]))
    assert np.isfinite(pixels).all(axis=1).tolist() == [True, False, False]


@settings(max_examples=60, deadline=None)
@given(
    height=st.floats(0.5, 12),
    pan=st.floats(-math.pi, math.pi),
    tilt=st.floats(-0.3, 1.4),
    roll=st.floats(-0.5, 0.5),
    lens=st.sampled_from([HARD, *(lens_preset(n, WIDTH, HEIGHT) for n in LENS_PRESETS)]),
)
def test_pixels_to_metres_and_back(
    height: float, pan: float, tilt: float, roll: float, lens: Lens
) -> None:
    pose = CameraPose(lens, 3.0, -2.0, height, pan, tilt, roll)
    pixels = grid(lens)
    ground = pose.to_ground(pixels)
    # within 100 m: beyond, one pixel is metres and the trip is a matter of rounding
    near = np.hypot(ground[:, 0] - 3, ground[:, 1] + 2) < 100
    assert np.abs(pose.to_pixels(on_ground(ground[near])) - pixels[near]).max(initial=0) < 1e-6
    axes = pose.axes
    assert axes @ axes.T == pytest.approx(np.eye(3), abs=1e-12)
    assert np.linalg.det(axes) == pytest.approx(1.0)


def test_level_above_the_camera_is_reached_by_rising_rays_only() -> None:
    pose = mount(tilt_rad=0.0, roll_rad=0.0, pan_rad=math.pi)
    rows = np.array([[640.0, 300.0], [640.0, 420.0]])
    high, low = pose.to_level(rows, 3.0), pose.to_level(rows, 1.0)
    assert np.isfinite(high[:, 0]).tolist() == [True, False]
    assert np.isfinite(low[:, 0]).tolist() == [False, True]
    assert high[0, 0] == pytest.approx(46 - 0.8 * pose.lens.focal_px / 60)
