"""Solving the pose: recovery with and without noise, honest covariance, and every refusal."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rig.core.camera_pose import CameraPose, Floats, Lens, lens_preset
from rig.core.lane import straight_lane
from rig.core.pose_checks import ERROR_MOST_SHARE
from rig.core.pose_fit import FOCAL_SIGMA_MOST, PoseFit, solve_pose
from rig.errors import LaneError

WIDTH, HEIGHT = 1280, 720


def on_ground(places: Floats) -> Floats:
    return np.column_stack([places, np.zeros(len(places))])


def mount(lens: Lens | None = None, **changes: float) -> CameraPose:
    """Mount A: beyond the end of a 40 m lane, 2.2 m up, looking at the start."""
    values = {
        "x_m": 46.0, "y_m": 1.2, "height_m": 2.2, "pan_rad": math.pi + 0.02,
        "tilt_rad": math.radians(4), "roll_rad": 0.01,
    } | changes  # fmt: skip
    return CameraPose(lens or lens_preset("camera-module-3", WIDTH, HEIGHT), **values)


def lane_corners(*along: float) -> Floats:
    return np.array([[x, y] for x in along for y in (-0.61, 0.61)])


def fit_of(
    pose: CameraPose, places: Floats, noise_px: float = 0.0, seed: int = 0, solve_focal: bool = True
) -> PoseFit:
    noise = np.random.default_rng(seed).normal(0, noise_px, (len(places), 2))
    pixels = np.clip(pose.to_pixels(on_ground(places)) + noise, 0, (WIDTH, HEIGHT))
    return solve_pose(places, pixels, lens_preset("camera-module-3", WIDTH, HEIGHT), solve_focal)


@settings(max_examples=40, deadline=None)
@given(
    height=st.floats(1.4, 3.0),
    beside=st.floats(-3, 3),
    tilt=st.floats(0.02, 0.14),
    roll=st.floats(-0.05, 0.05),
    focal=st.floats(0.75, 1.3),
)
def test_a_pose_is_found_exactly_from_exact_points(
    height: float, beside: float, tilt: float, roll: float, focal: float
) -> None:
    preset = lens_preset("camera-module-3", WIDTH, HEIGHT)
    pan = math.pi + math.atan2(beside, 26)
    lens = preset.with_focal(preset.focal_px * focal)
    pose = mount(lens, height_m=height, y_m=beside, tilt_rad=tilt, roll_rad=roll, pan_rad=pan)
    found = fit_of(pose, lane_corners(10, 20, 30, 34)).pose
    assert found.lens.focal_px == pytest.approx(lens.focal_px, rel=1e-5)
    assert (found.x_m, found.y_m, found.height_m) == pytest.approx((46, beside, height), abs=1e-4)
    assert (found.tilt_rad, found.roll_rad) == pytest.approx((tilt, roll), abs=1e-6)
    assert math.remainder(found.pan_rad - pan, 2 * math.pi) == pytest.approx(0, abs=1e-6)


def test_noisy_points_give_a_near_pose_and_an_honest_covariance() -> None:
    pose, places = mount(), lane_corners(10, 18, 26, 34, 38)
    scores, heights, tilts, focals = [], [], [], []
    for seed in range(60):
        fit = fit_of(pose, places, 1.0, seed)
        heights.append(fit.pose.height_m - pose.height_m)
        tilts.append(math.degrees(fit.pose.tilt_rad - pose.tilt_rad))
        focals.append(fit.pose.lens.focal_px / pose.lens.focal_px - 1)
        scores.append(heights[-1] / math.sqrt(fit.covariance[2, 2]))
    assert np.percentile(np.abs(heights), 90) < 0.06
    assert np.percentile(np.abs(tilts), 90) < 0.15
    assert np.percentile(np.abs(focals), 90) < 0.04
    assert 0.7 < float(np.std(scores)) < 1.3


def test_tilt_sigma_covers_where_the_far_lane_is_drawn() -> None:
    pose, places, far = mount(), lane_corners(20, 28, 34, 38), np.array([[0.0, 0.0, 0.0]])
    scores = []
    for seed in range(60):
        fit = fit_of(pose, places, 1.0, seed)
        miss_px = (fit.pose.to_pixels(far) - pose.to_pixels(far))[0, 1]
        sigma_px = fit.lane_tilt_sigma_rad(straight_lane(40)) * pose.lens.focal_px
        scores.append(miss_px / sigma_px)
    assert 0.6 < float(np.std(scores)) < 1.3


@pytest.mark.parametrize("along", [(33, 38), (30, 31), (5, 38)])
def test_two_lane_lines_with_four_points_are_enough(along: tuple[float, float]) -> None:
    pose = mount()
    fit = fit_of(pose, lane_corners(*along), 0.5, seed=3)
    assert fit.pose.height_m == pytest.approx(pose.height_m, abs=0.45)
    assert any("four points" in note for note in fit.notes)


def test_an_unfixed_focal_length_is_said_and_the_preset_kept() -> None:
    preset = lens_preset("camera-module-3", WIDTH, HEIGHT)
    # looking straight down there is no perspective: height and focal length trade freely
    pose = mount(preset.with_focal(1.1 * preset.focal_px), height_m=4, x_m=20, y_m=0, tilt_rad=1.5)
    places = np.array([[x, y] for x in (19.0, 20.0, 21.0) for y in (-0.6, 0.0, 0.6)])
    fit = fit_of(pose, places, 1.0)
    assert fit.pose.lens.focal_px == preset.focal_px
    assert any(
        f"limit {100 * FOCAL_SIGMA_MOST:.0f} %" in note and "kept" in note for note in fit.notes
    )
    assert fit.covariance[6, 6] == pytest.approx(0.03**2, rel=0.05)


def test_a_focal_length_not_asked_for_is_not_solved() -> None:
    preset = lens_preset("camera-module-3", WIDTH, HEIGHT)
    fit = fit_of(mount(), lane_corners(10, 20, 30, 38), 0.5, solve_focal=False)
    assert fit.pose.lens.focal_px == preset.focal_px
    assert fit.notes == ()


# --------------------------------------------------------------------------- refusals

GOOD = lane_corners(10, 20, 30, 38)


def refusal(places: Floats, pixels: Floats, lens: Lens | None = None) -> str:
    names = [f"P{n}" for n in range(len(places))]
    with pytest.raises(LaneError) as caught:
        solve_pose(
            places, pixels, lens or lens_preset("camera-module-3", WIDTH, HEIGHT), names=names
        )
    return str(caught.value)


def seen(places: Floats) -> Floats:
    return mount().to_pixels(on_ground(places))


def test_refuses_three_points() -> None:
    assert "3 points given; at least 4" in refusal(GOOD[:3], seen(GOOD[:3]))


def test_refuses_points_on_a_line() -> None:
    places = np.array([[x, 0.5] for x in (10.0, 20.0, 30.0, 38.0, 39.0)])
    assert "lie on a line within 0.00 m" in refusal(places, seen(places))


def test_refuses_three_of_four_on_a_line() -> None:
    places = np.array([[10.0, 0.5], [20.0, 0.5], [38.0, 0.5], [38.0, -0.5]])
    assert "or all but one do" in refusal(places, seen(places))


def test_refuses_points_all_in_one_spot_of_the_picture() -> None:
    places = lane_corners(2.0, 3.0) * (1.0, 0.4)
    low = mount(height_m=0.6)
    assert "px in the picture" in refusal(places, low.to_pixels(on_ground(places)))


def test_refuses_mirrored_order() -> None:
    assert "order is mirrored" in refusal(GOOD * (1, -1), seen(GOOD))


def test_refuses_a_point_above_the_horizon() -> None:
    pixels = seen(GOOD)
    pixels[0] = (600.0, 40.0)
    assert "some would have to lie above the horizon" in refusal(GOOD, pixels)


def test_refuses_swapped_points_by_name() -> None:
    pixels = seen(GOOD)
    pixels[[2, 5]] = pixels[[5, 2]]
    assert "limit 12.8 px" in refusal(GOOD, pixels)


def test_error_limit_is_one_hundredth_of_the_width() -> None:
    places = lane_corners(4, 8, 14, 20, 24, 28, 31, 34, 36, 38)
    pixels = seen(places)
    pixels[7, 0] += 1.6 * ERROR_MOST_SHARE * WIDTH
    assert "point P7 is" in refusal(places, pixels)
    pixels[7, 0] -= 0.8 * ERROR_MOST_SHARE * WIDTH
    fit = solve_pose(places, pixels, lens_preset("camera-module-3", WIDTH, HEIGHT))
    assert int(np.argmax(fit.errors_px)) == 7


@pytest.mark.parametrize(
    ("share", "is_good"), [(0.45, False), (0.55, True), (1.9, True), (2.2, False)]
)
def test_focal_length_must_be_within_half_and_twice_the_presets(
    share: float, is_good: bool
) -> None:
    preset = lens_preset("camera-module-3", WIDTH, HEIGHT)
    pixels = seen(GOOD)
    lens = preset.with_focal(preset.focal_px / share)
    if is_good:
        assert solve_pose(GOOD, pixels, lens).pose.lens.focal_px == pytest.approx(preset.focal_px)
    else:
        assert "limit 0.5 to 2" in refusal(GOOD, pixels, lens)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_refuses_numbers_that_are_not_finite(value: float) -> None:
    pixels, places = seen(GOOD), GOOD.copy()
    pixels[3, 1] = value
    assert "point P3 holds a number that is not finite" in refusal(GOOD, pixels)
    places[2, 0] = value
    assert "point P2 holds" in refusal(places, seen(GOOD))


@pytest.mark.parametrize("pixel", [(-0.5, 300.0), (1280.5, 300.0), (600.0, 720.5)])
def test_refuses_pixels_outside_the_picture(pixel: tuple[float, float]) -> None:
    pixels = seen(GOOD)
    pixels[1] = pixel
    assert "point P1 at" in refusal(GOOD, pixels)
    assert "outside the 1280 x 720 picture" in refusal(GOOD, pixels)


def test_a_lane_out_of_view_is_refused() -> None:
    fit = fit_of(mount(), GOOD)
    away = straight_lane(20)
    shifted = type(away)(((60.0, 0.0), (90.0, 0.0)))
    with pytest.raises(LaneError, match="no part of the lane's centre line is in the picture"):
        fit.lane_tilt_sigma_rad(shifted)


@settings(max_examples=50, deadline=None)
@given(
    places=st.lists(
        st.tuples(
            st.floats(-50, 50), st.floats(-50, 50), st.floats(0, WIDTH), st.floats(0, HEIGHT)
        ),
        min_size=4,
        max_size=8,
    )
)
def test_any_points_give_a_finite_pose_or_a_refusal(
    places: list[tuple[float, float, float, float]],
) -> None:
    table = np.array(places)
    try:
        fit = solve_pose(
            table[:, :2], table[:, 2:], lens_preset("camera-module-3-wide", WIDTH, HEIGHT)
        )
    except LaneError:
        return
    assert fit.pose.height_m > 0
    assert max(fit.errors_px) <= ERROR_MOST_SHARE * WIDTH
    assert np.isfinite(fit.errors_m).all()
    assert np.isfinite(fit.covariance).all()
