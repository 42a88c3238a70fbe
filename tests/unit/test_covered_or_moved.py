"""A covered lens is told apart from a moved camera, and both from an ordinary day, on pictures."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
import pytest

from rig.config import HealthLimits
from rig.core.health import Health
from rig.devices.registration import Registration
from rig.devices.vitals import VitalsMeter
from rig.records import Cause, Picture, Seen
from rig.sim.drills import bystanders, mount_a
from rig.sim.light import LIGHTS
from rig.sim.render import Renderer
from rig.sim.scenes import Scene

SIZE = (640, 360)
S = 1_000_000_000
RATE_HZ = 8
Change = Callable[[Picture], Picture]


@cache
def scene(light: str) -> tuple[Picture, tuple[Picture, ...]]:
    """The still without anybody, and pictures with people at the rail."""
    site = mount_a(20.0, *SIZE)
    still = Renderer(Scene("still", site, light=LIGHTS[light])).picture(0)
    live = Renderer(Scene("live", site, actors=bystanders(), light=LIGHTS[light]))
    return still, tuple(live.picture(n * S // RATE_HZ) for n in range(1, RATE_HZ))


def heard(change: Change, light: str = "sunny", seconds: int = 2) -> set[Cause]:
    """The faults of some seconds after a second of good pictures."""
    still, pictures = scene(light)
    meter, registration = VitalsMeter(still), Registration(still)
    health, found = Health(HealthLimits(), mount_a(20.0, *SIZE).pose.lens.focal_px), set()
    for number in range(RATE_HZ * (1 + seconds)):
        picture, t_ns = pictures[number % len(pictures)], number * S // RATE_HZ
        shown = change(picture) if number >= RATE_HZ else picture
        vitals = meter.measure(shown, t_ns, 0.03)
        seen = Seen(t_ns, view=registration.find(shown), vitals=vitals)
        faults = {hazard.cause for hazard in health.check(seen, t_ns)}
        assert number >= RATE_HZ or not faults
        found |= faults
    return found


def on_lens(x: float, y: float, half_x: float, half_y: float) -> Change:
    """Something brown and far out of focus, by shares of width and height."""
    width, height = SIZE
    mask = np.zeros((height, width), np.float32)
    middle, axes = (round(x * width), round(y * height)), (half_x * width, half_y * height)
    cv2.ellipse(mask, (middle, (2 * axes[0], 2 * axes[1]), 15.0), 1.0, -1)
    soft = np.asarray(cv2.GaussianBlur(mask, (0, 0), 12.0))[..., None]

    def change(picture: Picture) -> Picture:
        return np.asarray(picture * (1 - soft) + np.array((60.0, 90.0, 120.0)) * soft, np.uint8)

    return change


def seen_aside(dx_px: float, dy_px: float, roll_deg: float = 0.0) -> Change:
    """The view of a mast that was knocked."""
    turn = cv2.getRotationMatrix2D((SIZE[0] / 2, SIZE[1] / 2), roll_deg, 1.0)
    turn[:, 2] += (dx_px, dy_px)

    def change(picture: Picture) -> Picture:
        moved = cv2.warpAffine(picture, turn, SIZE, borderMode=cv2.BORDER_REFLECT_101)
        return np.asarray(moved, np.uint8)

    return change


@pytest.mark.parametrize("light", ["sunny", "dusk"])
@pytest.mark.parametrize(
    "where",
    [(0.5, 0.5, 0.9, 0.9), (0.4, 0.5, 0.45, 0.6), (0.0, 0.5, 0.5, 0.9), (0.5, 0.45, 0.25, 0.25)],
    ids=["palm", "hand over two thirds", "cloth over one half", "leaf over a fifth"],
)
def test_what_lies_on_the_lens_is_a_cover(where: tuple[float, ...], light: str) -> None:
    assert heard(on_lens(*where), light) == {Cause.CAMERA_BLIND}


@pytest.mark.parametrize("light", ["sunny", "dusk"])
@pytest.mark.parametrize(
    "change",
    [seen_aside(30, 0), seen_aside(0, -25), seen_aside(-120, 40), seen_aside(0, 0, 4.0)],
    ids=["3.5 degrees aside", "3 degrees down", "14 degrees away", "rolled"],
)
def test_a_knocked_mast_is_a_move(change: Change, light: str) -> None:
    assert heard(change, light) == {Cause.CAMERA_MOVED}


@pytest.mark.parametrize("light", ["sunny", "dusk"])
@pytest.mark.parametrize(
    "change",
    [
        lambda picture: picture,
        lambda picture: np.asarray(cv2.convertScaleAbs(picture, alpha=0.45)),
        lambda picture: np.asarray(cv2.convertScaleAbs(picture, alpha=1.5)),
        seen_aside(5, 2),
        on_lens(0.85, 0.2, 0.05, 0.05),
    ],
    ids=["as it is", "shade", "sun", "0.6 degrees aside", "small leaf"],
)
def test_an_ordinary_day_is_neither(change: Change, light: str) -> None:
    assert heard(change, light) == set()


def test_without_a_still_nothing_counts_as_hidden() -> None:
    covered = on_lens(0.5, 0.5, 0.4, 0.4)(scene("sunny")[1][0])
    vitals = VitalsMeter().measure(covered, 0, 0.0)
    assert (vitals.hidden_share, vitals.detail_share) == (0.0, 1.0)


def test_a_plain_still_hides_nothing() -> None:
    plain = np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)
    vitals = VitalsMeter(plain).measure(plain, 0, 0.0)
    assert (vitals.hidden_share, vitals.detail_share) == (0.0, 1.0)


def test_the_share_hidden_is_about_the_share_covered() -> None:
    still, pictures = scene("dusk")
    shares = []
    for half in (0.1, 0.2, 0.3, 0.5):
        shown = on_lens(0.5, 0.5, half, half)(pictures[0])
        shares.append(VitalsMeter(still).measure(shown, 0, 0.0).hidden_share)
    assert shares == sorted(shares)
    areas = [np.pi * half**2 for half in (0.1, 0.2, 0.3, 0.5)]
    assert shares == pytest.approx(areas, abs=0.12)


def test_light_that_dims_evenly_leaves_detail_as_it_was() -> None:
    still, pictures = scene("dusk")
    dimmed = np.asarray(cv2.convertScaleAbs(pictures[0], alpha=0.4))
    bright, dark = (VitalsMeter(still).measure(p, 0, 0.0) for p in (pictures[0], dimmed))
    assert dark.detail_share == pytest.approx(bright.detail_share, rel=0.1)
