"""A blind or frozen camera shows in the vitals, through the sensor's noise; an ordinary one not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from rig.config import HealthLimits
from rig.core.health import Health
from rig.devices.video import VideoFile
from rig.devices.vitals import VitalsMeter
from rig.records import Cause, Picture, Seen, Vitals
from rig.sim.drills import mount_a
from rig.sim.light import LIGHTS
from rig.sim.render import Renderer, SensorNoise
from rig.sim.scenes import Scene

SIZE = (640, 360)
PERIOD_NS = 33_333_333
NOISE = SensorNoise(SIZE, 2.0, 9)


def lane_in(light: str, is_noisy: bool = True) -> Renderer:
    """A lane with nobody on it: only the noise differs between two pictures."""
    look = LIGHTS[light] if is_noisy else replace(LIGHTS[light], noise_sd=0.0)
    return Renderer(Scene("empty", mount_a(20.0, *SIZE), light=look))


def plain(grey: int) -> Picture:
    return np.full((SIZE[1], SIZE[0], 3), grey, np.uint8)


def faults(pictures: list[Picture], period_ns: int = PERIOD_NS) -> set[Cause]:
    meter, health, found = VitalsMeter(), Health(HealthLimits()), set()
    for number, picture in enumerate(pictures):
        t_ns = number * period_ns
        seen = Seen(t_ns, vitals=meter.measure(picture, t_ns, 0.02))
        found |= {hazard.cause for hazard in health.check(seen, t_ns)}
    return found


def once(picture: Picture) -> Vitals:
    return VitalsMeter().measure(picture, 5, 0.02)


@pytest.mark.parametrize("light", [name for name in LIGHTS if name != "flat"])
def test_a_still_scene_with_a_live_sensor_is_healthy(light: str) -> None:
    renderer = lane_in(light)
    pictures = [renderer.picture(number * PERIOD_NS) for number in range(5)]
    assert faults(pictures, period_ns=6 * PERIOD_NS) == set()  # one second
    vitals = once(pictures[0])
    limits = HealthLimits()
    assert vitals.sharpness > 3 * limits.blurred_sharpness  # 18.7 at least on real clips
    assert vitals.luma_sd > 2 * limits.flat_luma_sd
    assert vitals.luma_mean > 2 * limits.dark_luma


def test_a_frozen_camera_gives_the_same_buffer_again() -> None:
    picture = lane_in("overcast").picture(0)
    assert faults([picture] * 15) == set()  # 0.47 s
    assert faults([picture] * 17) == {Cause.CAMERA_STALE}  # 0.53 s


def test_sameness_is_counted_from_the_first_of_the_same() -> None:
    renderer, meter = lane_in("overcast"), VitalsMeter()
    first, second = renderer.picture(0), renderer.picture(PERIOD_NS)
    shown = [first, first, second, second, second, first]
    same_s = [meter.measure(p, 7 + n * 10**8, 0.0).same_picture_s for n, p in enumerate(shown)]
    assert same_s == pytest.approx([0, 0.1, 0, 0.1, 0.2, 0])


def test_one_changed_pixel_in_the_sample_is_life() -> None:
    first = lane_in("overcast").picture(0)
    second = first.copy()
    second[8 * 20, 8 * 30, 1] ^= 1
    assert faults([first, second] * 10) == set()


def test_another_size_is_another_picture() -> None:
    meter = VitalsMeter()
    meter.measure(plain(9), 0, 0.0)
    assert meter.measure(plain(9)[:-8], 10**9, 0.0).same_picture_s == 0.0


@pytest.mark.parametrize("grey", [0, 6, 11])
def test_a_dark_picture_is_blind_through_its_noise(grey: int) -> None:
    assert faults([NOISE.add(plain(grey), n) for n in range(3)]) == {Cause.CAMERA_BLIND}


@pytest.mark.parametrize("grey", [20, 128, 250])
@pytest.mark.parametrize("noise_sd", [0.0, 2.0, 8.0])
def test_a_covered_lens_is_flat_however_noisy_the_sensor(grey: int, noise_sd: float) -> None:
    noise = SensorNoise(SIZE, noise_sd, 4)
    vitals = once(noise.add(plain(grey), 1))
    assert vitals.luma_mean == pytest.approx(grey, abs=1.0)
    assert vitals.luma_sd < 0.3 * HealthLimits().flat_luma_sd


def test_blur_shows_although_the_noise_stays_sharp() -> None:
    """Water on the lens blurs the light; the sensor adds its noise behind it."""
    picture = lane_in("overcast", is_noisy=False).empty()
    sharpness = [
        once(NOISE.add(cv2.GaussianBlur(picture, (0, 0), sd_px), 1)).sharpness
        for sd_px in (0.5, 2.0, 4.0, 8.0, 16.0, 32.0)
    ]
    assert sharpness == sorted(sharpness, reverse=True)
    assert sharpness[0] > 3 * sharpness[3]
    # What is left at last is the noise: 2 / 8 times the root of the Laplacian's squares, 20.
    assert sharpness[-1] < 3 * 2 / 8 * 20**0.5


@pytest.mark.parametrize(("width", "height"), [(1, 1), (16, 16), (33, 17), (321, 181)])
def test_odd_sizes(width: int, height: int) -> None:
    vitals = once(np.full((height, width, 3), 77, np.uint8))
    assert (vitals.luma_mean, vitals.luma_sd, vitals.inference_s) == (77.0, 0.0, 0.02)


@pytest.mark.parametrize(
    "name", ["fall_indoor_2.mp4", "carpark_person_bicycle_car.gif", "worker_on_marked_floor.gif"]
)
def test_recordings_of_still_cameras_are_healthy(shared: Path, name: str) -> None:
    """Coding drops the noise of a still scene, so that pictures do repeat for a moment."""
    meter, health = VitalsMeter(), Health(HealthLimits())
    for frame in VideoFile(shared / "data/video" / name):
        seen = Seen(frame.t_ns, vitals=meter.measure(frame.picture, frame.t_ns, 0.02))
        assert health.check(seen, frame.t_ns) == ()
