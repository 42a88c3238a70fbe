"""Registration: what shift and roll it finds, and when it says that it cannot tell.

`pytest tests/unit/test_registration.py -s` prints the errors on made and on recorded pictures.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from rig.devices.registration import Registration
from rig.errors import LaneError
from rig.records import Picture, ViewShift
from rig.sim.render import LIGHTS, SURFACES, SensorNoise, render_ground
from tests.unit.drill_site import SITE

SIZE = (1280, 720)


def shifted(picture: Picture, view: ViewShift) -> Picture:
    """The picture as a moved camera would see it, by the convention of `ViewShift`."""
    height, width = picture.shape[:2]
    centre = np.array([width / 2 - 0.5, height / 2 - 0.5])
    cos, sin = math.cos(view.roll_rad), math.sin(view.roll_rad)
    turn = np.array([[cos, -sin], [sin, cos]])
    move = centre + np.array([view.dx_px, view.dy_px]) - turn @ centre
    matrix = np.column_stack([turn, move])
    moved = cv2.warpAffine(
        picture, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(moved, np.uint8)


def some_view(rng: np.random.Generator, reach_px: float = 40, reach_deg: float = 2) -> ViewShift:
    """Any shift and roll within the reach."""
    dx, dy = rng.uniform(-reach_px, reach_px, 2)
    return ViewShift(dx, dy, math.radians(rng.uniform(-reach_deg, reach_deg)))


def errors(found: ViewShift, true: ViewShift) -> tuple[float, float]:
    """Distance in pixels, and roll in degrees."""
    miss_px = math.hypot(found.dx_px - true.dx_px, found.dy_px - true.dy_px)
    return miss_px, abs(math.degrees(found.roll_rad - true.roll_rad))


@pytest.fixture(scope="module")
def track() -> Picture:
    """An empty rendered track."""
    light = LIGHTS["overcast"]
    return render_ground(SITE.pose, SIZE, SURFACES["red"], light, 1, SITE.lane)


def test_shift_and_roll_are_found_over_the_whole_reach(
    track: Picture, rng: np.random.Generator
) -> None:
    registration = Registration(track)
    noise = SensorNoise(SIZE, 3.0, 1)
    misses = []
    for number in range(24):
        true = some_view(rng)
        light = cv2.convertScaleAbs(shifted(track, true), alpha=rng.uniform(0.6, 1.3))
        found = registration.find(noise.add(np.asarray(light, np.uint8), number))
        assert found is not None, f"{true} not found"
        misses.append(errors(found, true))
    px, degrees = np.quantile(np.array(misses), 0.95, axis=0)
    print(f"\nmade track: 95 % within {px:.2f} px and {degrees:.3f} deg")
    assert px < 0.3
    assert degrees < 0.05


@pytest.mark.parametrize("light", ["dusk", "against the sun", "floodlit"])
def test_another_light_at_the_same_place_moves_nothing(track: Picture, light: str) -> None:
    now = render_ground(SITE.pose, SIZE, SURFACES["red"], LIGHTS[light], 1, SITE.lane)
    noisy = SensorNoise(SIZE, LIGHTS[light].noise_sd, 2).add(now, 1)
    found = Registration(track).find(noisy)
    assert found is not None
    assert errors(found, ViewShift()) < (0.5, 0.05)


def test_a_crowd_over_forty_percent_that_walks_together_does_not_pull(
    track: Picture, rng: np.random.Generator
) -> None:
    registration = Registration(track)
    crowd = cv2.resize(rng.integers(0, 255, (90, 64, 3), np.uint8), (512, 720))
    misses = []
    for step in range(20):
        true = some_view(rng, 6, 0.3)
        picture = shifted(track, true)
        left = 100 + 20 * step
        picture[:, left : left + 512] = crowd
        found = registration.find(picture)
        assert found is not None
        misses.append(errors(found, true))
    assert np.quantile(np.array(misses), 0.95, axis=0)[0] < 0.4


def test_a_crowd_already_in_the_still_does_not_pull_when_it_has_gone(
    track: Picture, rng: np.random.Generator
) -> None:
    crowd = cv2.resize(rng.integers(0, 255, (90, 64, 3), np.uint8), (512, 720))
    still = track.copy()
    still[:, 300:812] = crowd
    found = Registration(still).find(track)
    assert found is not None
    assert errors(found, ViewShift())[0] < 0.3


def test_what_shows_nothing_of_the_still_is_not_placed(
    track: Picture, rng: np.random.Generator
) -> None:
    registration = Registration(track)
    other = cv2.resize(rng.integers(0, 255, (45, 80, 3), np.uint8), SIZE)
    pictures = {
        "black": np.zeros_like(track),
        "white": np.full_like(track, 255),
        "covered, noisy": SensorNoise(SIZE, 6.0, 3).add(np.full_like(track, 40), 1),
        "blurred": np.asarray(cv2.GaussianBlur(track, (0, 0), 40), np.uint8),
        "another scene": np.asarray(other, np.uint8),
        "upside down": np.ascontiguousarray(track[::-1, ::-1]),
    }
    for name, picture in pictures.items():
        assert registration.find(picture) is None, name
    assert registration.find(track) is not None


def test_a_wrong_last_shift_is_recovered_from_at_once(track: Picture) -> None:
    registration = Registration(track)
    for true in (ViewShift(38, -30, 0.03), ViewShift(-40, 40, -0.035), ViewShift()):
        registration.find(np.zeros_like(track))
        found = registration.find(shifted(track, true))
        assert found is not None
        assert errors(found, true) < (0.5, 0.1)


def test_sigma_grows_with_noise(track: Picture) -> None:
    registration = Registration(track)
    sigmas = []
    for sd in (0.0, 25.0):
        found = registration.find(SensorNoise(SIZE, sd, 1).add(track, 3))
        assert found is not None
        sigmas.append(found.sigma_px)
    assert sigmas[0] < sigmas[1] < 1.0


def test_a_still_without_texture_is_refused() -> None:
    with pytest.raises(LaneError, match="textured patches"):
        Registration(np.full((720, 1280, 3), 90, np.uint8))


def test_a_picture_of_another_size_is_refused(track: Picture) -> None:
    with pytest.raises(LaneError, match="640x360"):
        Registration(track).find(np.zeros((360, 640, 3), np.uint8))


# ------------------------------------------------------------------------ recorded pictures


def frames(file: Path, step: int) -> Iterator[Picture]:
    """Every `step`-th frame of a recording."""
    reader = cv2.VideoCapture(str(file))
    number = 0
    while reader.grab():
        if number % step == 0:
            yield np.asarray(reader.retrieve()[1], np.uint8)
        number += 1
    reader.release()


@pytest.mark.parametrize(
    ("name", "step"), [("room_one_by_one.mp4", 40), ("walk_side_static.mp4", 12)]
)
def test_a_camera_that_stands_still_is_found_still(shared: Path, name: str, step: int) -> None:
    pictures = list(frames(shared / "data" / "video" / name, step))
    registration = Registration(pictures[0])
    found = [registration.find(picture) for picture in pictures]
    views = [view for view in found if view is not None]
    assert len(views) == len(found)
    shifts = np.array([(v.dx_px, v.dy_px, math.degrees(v.roll_rad)) for v in views])
    print(f"\n{name}: mean {shifts.mean(axis=0).round(3)}, SD {shifts.std(axis=0).round(3)}")
    assert np.abs(shifts[:, :2]).max() < 0.5
    assert shifts[:, :2].std(axis=0).max() < 0.2


def test_recorded_pictures_moved_by_hand_are_found(shared: Path, rng: np.random.Generator) -> None:
    pictures = list(frames(shared / "data" / "video" / "room_one_by_one.mp4", 40))
    registration = Registration(pictures[0])
    misses = []
    for picture in pictures:
        true = some_view(rng)
        found = registration.find(shifted(picture, true))
        assert found is not None
        misses.append(errors(found, true))
    px, degrees = np.quantile(np.array(misses), 0.95, axis=0)
    print(f"\nrecorded room: 95 % within {px:.2f} px and {degrees:.3f} deg")
    assert px < 0.3
    assert degrees < 0.05
