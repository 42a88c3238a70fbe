"""Photographs in rows of one's own: read, refused, drawn by seed, and shown by the camera."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from campaign import rows  # noqa: E402
from campaign.camera import Camera  # noqa: E402
from campaign.photographs import PHOTOGRAPHED, find_photographs  # noqa: E402
from campaign.play import PICTURES, Task, drill_of  # noqa: E402

from rig.sim.effects import PLAIN  # noqa: E402
from rig.sim.things import THINGS  # noqa: E402

SET = ROOT / "scripts" / "campaign" / "photographs.toml"
needs_photographs = pytest.mark.skipif(
    not (ROOT.parent / "shared" / "data" / "cutouts").is_dir(),
    reason="../shared/data/cutouts is absent",
)


def load(tmp_path: Path, actor: str) -> list[rows.OwnRow]:
    path = tmp_path / "own.toml"
    path.write_text(f'[[drill]]\nname = "own"\n[[drill.actor]]\nalong_m = 12\n{actor}\n')
    return rows.load_rows(path)


def test_names_are_those_of_actors() -> None:
    assert set(PHOTOGRAPHED) <= {"person", *THINGS}


@pytest.mark.parametrize(
    ("actor", "told"),
    [
        ("photograph = 1", "photograph is 1; give true or false"),
        ("photograph = true\nwalk_mps = 1.0", "cannot walk"),
        ('photograph = true\nname = "cone"', "no cone is photographed; give person"),
    ],
)
def test_a_wrong_photograph_is_told(tmp_path: Path, actor: str, told: str) -> None:
    with pytest.raises(rows.RowError, match=told):
        load(tmp_path, actor)


def test_without_the_data_a_row_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "find_photographs", lambda name: ())
    with pytest.raises(rows.RowError, match="absent; bring it, or take photograph out"):
        load(tmp_path, "photograph = true")
    assert not load(tmp_path, "photograph = false")[0].actors[0].is_photograph


@needs_photographs
def test_the_shipped_set_shows_photographs_never_trained_on() -> None:
    for row in rows.load_rows(SET):
        drill = drill_of(Task(row.name, 2, eye=PICTURES, own=row))
        again = drill_of(Task(row.name, 2, eye=PICTURES, own=row))
        for actor, other in zip(drill.scene.actors, again.scene.actors, strict=True):
            assert actor.cutout is not None
            assert other.cutout is not None
            assert np.array_equal(actor.cutout.pixels, other.cutout.pixels)
    assert min(len(find_photographs(name)) for name in PHOTOGRAPHED) > 0


@needs_photographs
def test_the_camera_shows_a_photograph_where_its_truth_is() -> None:
    row = next(r for r in rows.load_rows(SET) if "person in" in r.name)
    camera = Camera(drill_of(Task(row.name, 1, eye=PICTURES, own=row)))
    picture, empty = camera.shoot(0), camera.empty_lane()
    truth = next(a for a in camera.scene.truth(0) if a.actor_id == "person 1")
    assert picture is not None
    assert truth.box is not None
    x0, y0, x1, y1 = (round(side) for side in truth.box.sides_px)
    change = np.abs(picture.astype(int) - empty).max(axis=2)
    beside = change[y0:y1, x1 + 60 : x1 + 160]
    assert change[y0:y1, x0:x1].mean() > 2 * beside.mean()
    assert camera.scene.effects != PLAIN
