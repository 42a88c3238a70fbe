"""Picture drills of the campaign: the camera's faults, the tally of finds, a drill end to end."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from campaign import clips, play  # noqa: E402
from campaign.camera import KNOCKED_PX, SPOILT, Camera, move  # noqa: E402
from campaign.pictures import FAULTS_BEHIND_CAMERA  # noqa: E402
from campaign.play import PICTURES, Task, drill_of  # noqa: E402
from campaign.tally import Tally, bin_of, is_of  # noqa: E402

from rig.records import (  # noqa: E402
    Alert,
    Box,
    Cause,
    Decision,
    Detection,
    Kind,
    Level,
    Phase,
    Runner,
    Seen,
)
from rig.sim.families import FAMILIES, Drill  # noqa: E402
from rig.sim.noise_faults import FAULTS, Fault  # noqa: E402
from rig.sim.scenes import ActorTruth  # noqa: E402

S = 1_000_000_000
OK = Alert(Level.OK, Cause.ARMED, 0)


def short(family: str = "standing person", seconds: float = 1.0, seed: int = 1) -> Drill:
    drill = drill_of(Task(family, seed, eye=PICTURES))
    return replace(drill, scene=replace(drill.scene, duration_s=seconds))


# ------------------------------------------------------------------ camera


def test_every_fault_is_the_cameras_or_lies_behind_it() -> None:
    assert set(SPOILT) | FAULTS_BEHIND_CAMERA | {"unseen"} == set(FAULTS)


@cache
def shots() -> tuple[Any, Any]:
    """The picture before and in darkness."""
    drill = short()
    conditions = replace(drill.conditions, sway_px=0.0, faults=(Fault("dark", 0.5, 9.0),))
    camera = Camera(replace(drill, conditions=conditions))
    assert not camera.is_spoilt(0)
    assert camera.is_spoilt(S)
    return camera.shoot(0), camera.shoot(S)


def spoilt(kind: str, last: Any = None) -> Any:
    return SPOILT[kind](shots()[0], last)


def test_faults_look_like_what_they_are() -> None:
    good, dark = shots()
    assert good.mean() > 60 > 20 > dark.mean()
    assert spoilt("no frames") is None
    assert spoilt("frozen picture", dark) is dark
    assert spoilt("covered").std() < 5 < good.std()
    fog, sharp = (
        np.abs(np.diff(p.astype(float), axis=1)).mean() for p in (spoilt("blurred"), good)
    )
    assert fog < 0.3 * sharp
    assert np.array_equal(spoilt("camera moved")[:, KNOCKED_PX + 1 :], good[:, 1:-KNOCKED_PX])
    assert np.array_equal(spoilt("view lost")[0, 0], good[-1, -1])


def test_unseen_takes_the_runner_out_of_the_picture() -> None:
    drill = short(seconds=1.0)
    there = Camera(drill).shoot(S)
    gone = Camera(replace(drill, conditions=replace(
        drill.conditions, faults=(Fault("unseen", 0.0, 9.0, "runner"),)))).shoot(S)  # fmt: skip
    assert there is not None
    assert gone is not None
    box = next(a.box for a in drill.scene.truth(S) if a.actor_id == "runner")
    assert box is not None
    differs = np.abs(there.astype(int) - gone.astype(int)).max(axis=2) > 30
    rows, columns = np.nonzero(differs)
    assert len(rows) > 20
    assert abs(np.median(columns) - box.centre_px[0]) < 2 * box.width_px + 10


def test_a_cloud_takes_the_light_from_one_side_to_the_other() -> None:
    drill = drill_of(Task("sudden shade", 2, eye=PICTURES))
    assert drill.cloud is not None
    assert drill.scene.light.name == "sunny"
    from_s, to_s = drill.cloud
    camera = Camera(replace(drill, conditions=replace(drill.conditions, sway_px=0.0)))
    shots = [camera.shoot(round(t * S)) for t in (from_s - 1, (from_s + to_s) / 2, to_s + 1)]
    left, right = (
        [float(shot[:, part].mean()) for shot in shots if shot is not None]
        for part in (slice(0, 300), slice(980, 1280))
    )
    assert left[1] < 0.6 * left[0]
    assert right[1] > 0.9 * right[0]
    assert right[2] < 0.6 * right[0]


def test_moving_by_whole_pixels_is_exact() -> None:
    picture = np.random.default_rng(1).integers(0, 255, (20, 30, 3), np.uint8)
    moved = move(picture, 3.0, 2.0)
    assert np.array_equal(moved[2:, 3:], picture[:-2, :-3])
    assert move(picture, 0.0, 0.0) is picture


# ------------------------------------------------------------------ tally


def truth(name: str, box: Box, across_m: float = 0.0, visible: float = 1.0) -> ActorTruth:
    return ActorTruth(name, "person", Kind.PERSON, 20.0 if name != "runner" else 5.0, across_m,
                      0.0, 0.0, 0.5, 1.7, box, box, visible, None)  # fmt: skip


def tally_of(detections: list[Detection], actors: list[ActorTruth], **more: Any) -> dict[str, Any]:
    tally = Tally(short().scene)
    decision = Decision(0, 1, OK, Runner(Phase.RUNNING, None), (), ())
    tally.add(Seen(0, tuple(detections), **more), decision, actors)
    return tally.to_plain()


def person(box: Box, kind: Kind = Kind.PERSON) -> Detection:
    return Detection(kind, 0.8, box)


STANDER, RUNNER_BOX = Box(100, 100, 112, 130), Box(300, 80, 308, 100)


def test_finds_are_counted_by_height_and_in_the_way_apart() -> None:
    actors = [truth("runner", RUNNER_BOX), truth("stander", STANDER), truth("coach", STANDER, 3.0)]
    found = tally_of([person(STANDER)], actors)["actors"]
    assert found["stander"]["bins"] == {"24-32": [1, 1]}
    assert found["stander"]["due"] == [1, 1]
    assert found["coach"]["due"] == [0, 0]
    assert (found["runner"]["due"], found["runner"]["bins"]) == ([1, 0], {"16-24": [1, 0]})


def test_a_wrong_name_is_found_but_not_named_and_who_is_hidden_counts_apart() -> None:
    found = tally_of([person(STANDER, Kind.ANIMAL)], [truth("x", STANDER, visible=0.5)])["actors"]
    assert (found["x"]["named"], found["x"]["hidden"]) == (0, {"24-32": [1, 1]})
    assert tally_of([], [truth("x", STANDER, visible=0.2)])["actors"] == {}


def test_a_box_of_nothing_is_false_and_a_badly_placed_one_is_not() -> None:
    beside, away = Box(106, 100, 118, 130), Box(600, 300, 640, 360)
    found = tally_of([person(beside), person(away)], [truth("x", STANDER)])["false_boxes"]
    assert found["kinds"] == {"person": 1}
    assert found["examples"][0][3:] == [600, 300, 640, 360]
    strange = person(Box(101, 120, 111, 130), Kind.STRANGE)
    lane_check = tally_of([], [truth("x", STANDER)], strange_things=(strange,))
    assert lane_check["actors"]["x"]["by_lane_check"] == 1
    assert lane_check["false_boxes"]["with"] == 0


@pytest.mark.parametrize(
    ("px", "name"), [(0.5, "0-8"), (7.99, "0-8"), (8, "8-12"), (191.9, "128-192"), (192, "192+")]
)
def test_height_bins(px: float, name: str) -> None:
    assert bin_of(px) == name


def test_a_box_is_of_somebody_by_overlap() -> None:
    assert is_of(person(Box(100, 100, 112, 118)), STANDER)
    assert not is_of(person(Box(100, 100, 112, 108)), STANDER)


# ------------------------------------------------------------------ end to end


@pytest.fixture
def one_second_and_a_half(monkeypatch: pytest.MonkeyPatch) -> None:
    real = play.draw_drill

    def cut(row: Any, seed: int) -> Drill:
        drill = real(row, seed)
        return replace(drill, scene=replace(drill.scene, duration_s=1.5))

    monkeypatch.setattr(play, "draw_drill", cut)


@pytest.mark.usefixtures("one_second_and_a_half")
def test_a_picture_drill_end_to_end_is_the_same_again_and_makes_a_clip(tmp_path: Path) -> None:
    task = Task("spectators", 1, eye=PICTURES)
    found, again = (json.loads(json.dumps(play.play(task))) for _ in range(2))
    assert found == again
    assert found["rate_hz"] <= 8.0
    assert found["false_boxes"]["frames"] > 8
    assert found["actors"]["runner"]["due"][0] > 8
    seen = sum(hits for a in found["actors"].values() for _, hits in a["bins"].values())
    assert seen > 0
    path = clips.write_clip(task, tmp_path / "clip.mp4")
    with av.open(str(path)) as clip:
        assert clip.streams.video[0].width == 1280
        assert clip.streams.audio
        assert sum(1 for _ in clip.decode(video=0)) == found["false_boxes"]["frames"]


@pytest.mark.usefixtures("one_second_and_a_half")
def test_a_drill_of_boxes_makes_a_clip_too(tmp_path: Path) -> None:
    path = clips.write_clip(Task("spectators", 1), tmp_path / "clip.mp4")
    with av.open(str(path)) as clip:
        frames = [frame.to_ndarray(format="bgr24") for frame in clip.decode(video=0)]
    assert len(frames) >= 10
    assert frames[5].std() > 20


def test_light_rows_are_played_with_pictures_only() -> None:
    names = {n for n, row in FAMILIES.items() if row.is_pictures_only}
    assert names == {"sudden shade", "long shadows"}
    low = drill_of(Task("long shadows", 3, eye=PICTURES)).scene
    assert low.light.name == "low sun"
    assert any(1.5 < a.path.waypoints[0].across_m < 5 for a in low.actors)
