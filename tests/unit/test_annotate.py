"""The drawing shows the lane where it lies, each role in its colour, and the alert in words."""

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from rig.core.camera_pose import CameraPose
from rig.core.lane import Lane, Site, arc_line, straight_lane
from rig.core.lens import lens_preset
from rig.devices.annotate import LEVEL_COLOURS, draw
from rig.records import (
    Alert,
    Box,
    Cause,
    Decision,
    Hazard,
    Kind,
    Level,
    Phase,
    Picture,
    Runner,
    Track,
)

SIZES = [(1280, 720), (480, 270), (640, 360), (1088, 1920)]
RUNNER, IN_CORRIDOR, OTHER = (90, 220, 60), (0, 140, 255), (170, 170, 170)


def site_for(width: int, height: int, lane: Lane | None = None) -> Site:
    """Mount A: 6 m past the end, 2.2 m high, looking along the lane at the runner's back."""
    lens = lens_preset("pinhole-66", width, height)
    pose = CameraPose(lens, 46.0, 1.2, 2.2, math.pi, math.radians(8))
    return Site(pose, lane or straight_lane(40.0))


def track(number: int, along_m: float, across_m: float, box: Box, width_m: float = 0.5) -> Track:
    return Track(
        track_id=number,
        kind=Kind.PERSON,
        t_ns=0,
        first_t_ns=0,
        seen_t_ns=0,
        along_m=along_m,
        across_m=across_m,
        along_mps=1.4,
        across_mps=0.0,
        along_sigma_m=0.3,
        across_sigma_m=0.1,
        along_sigma_mps=0.1,
        across_sigma_mps=0.1,
        width_m=width_m,
        height_m=1.7,
        score=0.9,
        box=box,
        is_confirmed=True,
    )


def decide(
    level: Level = Level.SILENT,
    hazard: Hazard | None = None,
    runner: Track | None = None,
    tracks: tuple[Track, ...] = (),
) -> Decision:
    cause = None if hazard is None else hazard.cause
    alert = Alert(level, cause, 0, hazard)
    return Decision(4_000_000_000, 4_100_000_000, alert, Runner(Phase.RUNNING, runner), tracks, ())


def grey(width: int, height: int) -> Picture:
    return np.full((height, width, 3), 128, np.uint8)


def count(picture: Picture, colour: tuple[int, int, int]) -> int:
    return int(np.all(picture == colour, axis=2).sum())


def edge_at(picture: Picture, box: Box) -> tuple[int, ...]:
    """Colour in the middle of the box's left edge."""
    return tuple(int(v) for v in picture[round((box.y0 + box.y1) / 2), round(box.x0)])


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_picture_given_stays_as_it_is_and_the_drawing_has_its_size(
    width: int, height: int
) -> None:
    picture = grey(width, height)
    drawn = draw(picture, decide(), site_for(width, height))
    assert np.array_equal(picture, grey(width, height))
    assert drawn.shape == picture.shape
    assert drawn.dtype == np.uint8
    assert drawn.flags.c_contiguous


@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_banner_has_the_levels_colour_and_words_in_it(
    level: Level, width: int, height: int
) -> None:
    hazard = Hazard(Cause.CONFLICT_SOON, None, 12.3, 3.1, 2.4)
    drawn = draw(grey(width, height), decide(level, hazard), site_for(width, height))
    banner = drawn[: height // 10]
    fill, ink = LEVEL_COLOURS[level]
    assert count(banner, fill) > banner.size / 3 * 0.5
    like_ink = np.abs(banner.astype(int) - ink).max(axis=2) < 80  # smoothed letters are between
    assert like_ink.mean() > 0.02
    assert not np.array_equal(banner[:, : width // 3], banner[:, -(width // 3) :])


def test_words_fit_into_the_narrowest_banner() -> None:
    """Nothing of the longest cause and evidence runs over the picture's edge or each other."""
    longest = max(Cause, key=lambda cause: len(cause.value))
    hazard = Hazard(longest, None, 123.4, 10.0, 99.9)
    for width, height in SIZES:
        drawn = draw(grey(width, height), decide(Level.CAUTION, hazard), site_for(width, height))
        fill, _ = LEVEL_COLOURS[Level.CAUTION]
        assert np.all(drawn[4 : height // 20, -3:] == fill)
        assert np.all(drawn[4 : height // 20, :3] == fill)


def test_evidence_that_is_not_known_is_left_out() -> None:
    site = site_for(640, 360)
    bare = draw(grey(640, 360), decide(Level.FAULT, Hazard(Cause.CAMERA_STALE)), site)
    right_half = bare[: 360 // 10, 400:]
    assert count(right_half, LEVEL_COLOURS[Level.FAULT][0]) == right_half.size // 3


def test_lane_edges_lie_where_the_camera_sees_them() -> None:
    site = site_for(1280, 720)
    drawn = draw(grey(1280, 720), decide(), site)
    for along_m in (12.0, 21.0, 33.0):
        for across_m in (-0.61, 0.61):
            ground = site.lane.to_ground(np.array([[along_m, across_m]]))[0]
            x, y = site.pose.to_pixels(np.array([[*ground, 0.0]]))[0].round().astype(int)
            assert drawn[y - 1 : y + 2, x - 1 : x + 2].max() > 200


def test_the_lane_is_drawn_only_where_it_is_seen() -> None:
    """A camera that looks away from the lane draws none of it, and nothing overflows."""
    site = site_for(640, 360)
    away = replace(site, pose=replace(site.pose, pan_rad=0.0))
    drawn = draw(grey(640, 360), decide(), away)
    middle = drawn[60:330]
    assert np.array_equal(middle, np.full_like(middle, 128))
    inside = replace(site, pose=replace(site.pose, x_m=20.0, y_m=0.0, height_m=1.0))
    assert not np.array_equal(draw(grey(640, 360), decide(), inside)[60:330], middle)


def test_a_bend_is_drawn_as_a_bend() -> None:
    bend = Lane(arc_line((0.0, 0.0), 0.0, 36.5, 0.9))
    pose = CameraPose(lens_preset("pinhole-66", 640, 360), 5.0, -20.0, 12.0, 1.2, 0.5)
    drawn = draw(grey(640, 360), decide(), Site(pose, bend))
    middle = np.array([[15.0, 0.61]])
    ground = bend.to_ground(middle)[0]
    x, y = pose.to_pixels(np.array([[*ground, 0.0]]))[0].round().astype(int)
    assert drawn[y - 2 : y + 3, x - 2 : x + 3].max() > 200


def test_each_role_has_its_colour_and_the_alarmed_thing_the_levels() -> None:
    boxes = [Box(60.0 + 140 * k, 150.0, 100.0 + 140 * k, 250.0) for k in range(4)]
    runner = track(1, 18.0, 0.0, boxes[0])
    inside = track(2, 25.0, 0.8, boxes[1])  # 0.61 + 0.25 m reach into the lane
    outside = track(3, 25.0, 0.9, boxes[2])
    alarmed = track(4, 30.0, 3.0, boxes[3])
    tracks = (runner, inside, outside, alarmed)
    hazard = Hazard(Cause.COLLISION, 4, 8.0, 3.0, 2.0)
    drawn = draw(grey(640, 360), decide(Level.STOP, hazard, runner, tracks), site_for(640, 360))
    colours = [edge_at(drawn, box) for box in boxes]
    assert colours == [RUNNER, IN_CORRIDOR, OTHER, LEVEL_COLOURS[Level.STOP][0]]


@pytest.mark.parametrize(
    ("along_m", "across_m", "width_m", "colour"),
    [
        (-0.1, 0.0, 0.5, OTHER),
        (0.0, 0.86, 0.5, IN_CORRIDOR),
        (0.0, -0.87, 0.5, OTHER),
        (20.0, -1.3, 1.5, IN_CORRIDOR),
        (43.0, 0.0, 0.5, IN_CORRIDOR),
        (43.1, 0.0, 0.5, OTHER),
    ],
)
def test_the_corridor_is_the_lane_with_half_the_thing_and_the_run_off(
    along_m: float, across_m: float, width_m: float, colour: tuple[int, int, int]
) -> None:
    box = Box(300.0, 150.0, 340.0, 250.0)
    thing = track(2, along_m, across_m, box, width_m)
    drawn = draw(grey(640, 360), decide(tracks=(thing,)), site_for(640, 360))
    assert edge_at(drawn, box) == colour


def test_labels_lie_apart_inside_the_picture_and_clear_of_the_boxes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nine things in a crowd, some over the picture's edge: whatever is written can be read."""
    written: list[tuple[int, int, int, int]] = []
    rectangle = cv2.rectangle

    def noted(canvas: Picture, *spot: object) -> object:
        first, last, _, weight = spot[:4]
        if weight == cv2.FILLED:
            written.append((*first, *last))  # type: ignore[misc]  # points are pairs
        return rectangle(canvas, *spot)  # type: ignore[call-overload]  # passed through

    rng = np.random.default_rng(6)
    corners = [(float(x), float(y)) for x, y in rng.uniform((-30, 40), (600, 320), (9, 2))]
    boxes = [Box(x, y, x + 40, y + 80) for x, y in corners]
    things = tuple(track(k, 20.0, 0.0, box) for k, box in enumerate(boxes))
    monkeypatch.setattr(cv2, "rectangle", noted)
    draw(grey(640, 360), decide(runner=things[0], tracks=things), site_for(640, 360))
    labels = [spot for spot in written if spot[1] > 0 and spot[2] - spot[0] < 600]
    assert len(labels) >= 6
    for number, (x0, y0, x1, y1) in enumerate(labels):
        assert x0 >= 0
        assert x1 <= 640
        for other in labels[:number]:
            assert x1 <= other[0] or other[2] <= x0 or y1 <= other[1] or other[3] <= y0
        for box in boxes:
            is_apart = x1 <= round(box.x0) or round(box.x1) <= x0
            assert is_apart or y1 <= round(box.y0) or round(box.y1) <= y0


def changed(one: Picture, other: Picture) -> NDArray[np.bool_]:
    return np.asarray(np.any(one != other, axis=2))


def test_time_phase_and_a_missing_frame_are_told_in_the_footer() -> None:
    site, picture = site_for(640, 360), grey(640, 360)
    plain = draw(picture, decide(), site)
    later = draw(picture, decide(), site, zero_ns=1_000_000_000)
    missing = draw(picture, replace(decide(), t_ns=None), site)
    resting = draw(picture, replace(decide(), runner=Runner(Phase.WAITING, None)), site)
    for other in (later, missing, resting):
        rows, columns = np.nonzero(changed(plain, other))
        assert rows.min() >= 340
        assert (columns.max() < 320) == (other is resting)


def test_a_runner_that_is_not_among_the_tracks_is_drawn_once() -> None:
    box = Box(300.0, 150.0, 340.0, 250.0)
    runner = track(1, 18.0, 0.0, box)
    alone = draw(grey(640, 360), decide(runner=runner), site_for(640, 360))
    listed = draw(grey(640, 360), decide(runner=runner, tracks=(runner,)), site_for(640, 360))
    assert edge_at(alone, box) == RUNNER
    assert np.array_equal(alone, listed)
