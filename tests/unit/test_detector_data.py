"""What the detector is taught: labels, unknown classes, tiles and mosaics."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from detector import augment, classes, pictures  # noqa: E402
from detector.augment import MASK_STEP_PX, empty_tile, mosaic, place, single  # noqa: E402
from detector.pictures import Labels  # noqa: E402

PERSON_BIT = 1 << classes.PERSON


def make_labels(boxes, kinds, unknown=0, ignored=(), masks=()):
    return Labels(
        "voc2007test",
        "train",
        "x.webp",
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(kinds, np.int64),
        np.array(ignored, np.float32).reshape(-1, 4),
        np.array(masks, np.int64),
        unknown,
    )


# ---- labels ----


@pytest.mark.parametrize(
    ("source", "labelled", "known"),
    [
        ("people", ["person"], {"person"}),
        ("sites", ["cone", "machinery", "person"], {"person"}),
        ("animalpose", ["cat", "cow", "dog", "horse", "sheep"], {"animal"}),
        ("animalpose", ["cat", "cow", "dog", "horse"], set()),
        ("tracon", ["cone"], {"object"}),
        ("boxes", ["box"], set()),
        ("x", ["bicycle", "person"], {"person"}),
        ("x", ["bicycle", "motorbike", "person"], {"person", "cycle"}),
    ],
)
def test_a_class_is_known_only_if_all_its_parts_are_labelled(source, labelled, known):
    mask = classes.unknown_classes(source, labelled)
    assert {n for i, n in enumerate(classes.CLASSES) if not mask >> i & 1} == known


def write_annotations(folder, marks, labelled):
    detect = folder / "detect"
    detect.mkdir()
    names = ["person", "bird", "dog", "boat"]
    table = {
        "categories": [{"id": i, "name": name} for i, name in enumerate(names)],
        "images": [
            {
                "id": 7, "file_name": "a.webp", "width": 100, "height": 80,
                "source": "people", "split": "val", "labelled": labelled,
            }
        ],
        "annotations": [
            {"id": i, "image_id": 7, "category_id": names.index(name), "bbox": box,
             "iscrowd": crowd, "difficult": difficult}
            for i, (name, box, crowd, difficult) in enumerate(marks)
        ],
    }  # fmt: skip
    (detect / "annotations.json").write_text(json.dumps(table))


def test_difficult_crowd_and_birds_are_ignored_not_taught(tmp_path):
    marks = [
        ("person", [10, 10, 5, 20], 0, 0),
        ("person", [20, 10, 5, 20], 0, 1),
        ("person", [30, 10, 5, 20], 1, 0),
        ("bird", [40, 10, 5, 20], 0, 0),
        ("boat", [50, 10, 5, 20], 0, 0),
    ]
    write_annotations(tmp_path, marks, ["person"])
    (labels,) = pictures.read_labels(tmp_path)
    assert labels.boxes.tolist() == [[10, 10, 15, 30]]
    assert labels.classes.tolist() == [classes.PERSON]
    assert labels.ignored[:, 0].tolist() == [20, 30, 40, 50]
    assert labels.ignored_classes.tolist() == [
        PERSON_BIT, PERSON_BIT, 1 << classes.ANIMAL, 1 << classes.VEHICLE | 1 << classes.OBJECT,
    ]  # fmt: skip


def test_missing_data_is_one_sentence_that_names_sources(tmp_path):
    with pytest.raises(pictures.DataMissing, match=r"annotations\.json is missing.*VOC2007") as e:
        pictures.check_data(tmp_path)
    assert "\n" not in str(e.value)


def test_store_gives_back_what_was_written(tmp_path):
    dice = np.random.default_rng(3)
    shots = [dice.integers(0, 255, (h, w, 3), dtype=np.uint8) for h, w in ((4, 7), (9, 2))]
    writer = pictures.StoreWriter(tmp_path)
    labels = [
        make_labels([[1, 2, 3.25, 4]], [2], unknown=5),
        make_labels([], [], 0, [[0, 0, 1, 1]], [3]),
    ]
    for shot, row in zip(shots, labels, strict=True):
        writer.add(shot, row)
    assert not (tmp_path / "index.json").exists()
    writer.close()
    store = pictures.PictureStore(tmp_path)
    for i in range(2):
        assert np.array_equal(store.picture(i), shots[i])
        assert np.array_equal(store.labels[i].boxes, labels[i].boxes)
        assert store.labels[i].unknown == labels[i].unknown
        assert store.labels[i].ignored_classes.tolist() == labels[i].ignored_classes.tolist()


# ---- tiles ----


@given(
    scale=st.floats(0.2, 2.5),
    x=st.floats(-150, 200),
    y=st.floats(-150, 200),
    is_mirrored=st.booleans(),
)
def test_boxes_go_where_their_pixels_go(scale, x, y, is_mirrored):
    """A white block on black: its label covers the same pixels after any placing."""
    picture = np.zeros((160, 200, 3), np.uint8)
    picture[40:120, 60:100] = 255
    labels = make_labels([[60, 40, 100, 120]], [classes.PERSON])
    tile = empty_tile(320, (0, 0, 0))
    place(tile, picture, labels, (0, 0, 320, 320), (scale, scale), (x, y), is_mirrored)
    rows, columns = np.nonzero(tile.pixels[..., 0] > 127)
    if not tile.boxes:
        area = len(rows) / (40 * 80 * scale * scale)
        small = 80 * scale < augment.MIN_HEIGHT_PX * 1.3 or 40 * scale < augment.MIN_SIDE_PX * 1.3
        nearly_gone = area < augment.MIN_VISIBLE + 0.12
        edge_strip = len(rows) == 0 or np.ptp(rows) < 9 or np.ptp(columns) < 4
        assert small or nearly_gone or edge_strip
        return
    ((x1, y1, x2, y2, kind),) = tile.boxes
    assert kind == classes.PERSON
    assert [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1] == pytest.approx(
        [x1, y1, x2, y2], abs=1.6
    )


def test_what_is_too_small_or_cut_becomes_unknown_instead_of_background():
    picture = np.zeros((160, 200, 3), np.uint8)
    labels = make_labels([[100, 100, 106, 107], [-5, 0, 40, 100]], [classes.PERSON, classes.ANIMAL])
    tile = empty_tile(320, (0, 0, 0))
    place(tile, picture, labels, (0, 0, 320, 320), (1.0, 1.0), (-30.0, 0.0), False)
    assert tile.boxes == []
    step = MASK_STEP_PX
    assert tile.unknown[103 // step, 73 // step] == PERSON_BIT
    assert tile.unknown[50 // step, 5 // step] == 1 << classes.ANIMAL
    assert tile.unknown[50 // step, 100 // step] == 0


@pytest.mark.parametrize("per_side", [2, 3])
def test_each_picture_of_a_mosaic_keeps_its_own_unknown_classes(per_side):
    """Every pixel's colour tells which picture it came from, and so what is unknown there."""
    rng = np.random.default_rng(5)
    count = iter(range(1, 100))

    def draw():
        n = next(count)
        picture = np.full((100, 150, 3), 20 * n, np.uint8)
        return picture, make_labels([[30, 20, 90, 80]], [n % 5], unknown=n)

    tile = mosaic(draw, 256, rng, per_side)
    colours = tile.pixels[MASK_STEP_PX // 2 :: MASK_STEP_PX, MASK_STEP_PX // 2 :: MASK_STEP_PX, 0]
    origin = colours // 20
    assert set(np.unique(origin)) == set(range(1, per_side**2 + 1))
    # Things cut by a cell's border add bits; what was unknown stays unknown.
    assert (tile.unknown & origin == origin).all()
    clean = tile.unknown == origin
    assert clean.mean() > 0.5


def test_the_same_seed_gives_the_same_tile_and_another_seed_another():
    picture = np.random.default_rng(0).integers(0, 255, (120, 90, 3), dtype=np.uint8)
    labels = make_labels([[10, 10, 60, 100]], [0])

    def make(seed):
        return single(lambda: (picture, labels), 256, np.random.default_rng(seed))

    assert np.array_equal(make(4).pixels, make(4).pixels)
    assert make(4).boxes == make(4).boxes
    assert not np.array_equal(make(4).pixels, make(5).pixels)


# ---- accuracy ----


def test_about_a_fifth_of_the_cutouts_is_kept_and_always_the_same():
    from detector.cutouts import is_kept_for_tests

    names = [f"person_white_{i:04d}.webp" for i in range(320)]
    kept = [name for name in names if is_kept_for_tests(name)]
    assert 0.14 < len(kept) / len(names) < 0.26
    assert is_kept_for_tests("person_white_0000.webp") == ("person_white_0000.webp" in kept)
    # The split must never move, or test people leak into training.
    assert kept[:3] == [
        "person_white_0005.webp",
        "person_white_0009.webp",
        "person_white_0010.webp",
    ]


def test_training_cameras_leave_out_the_heights_kept_for_tests():
    from detector.composites import TEST_HEIGHTS_M, TEST_SEED, random_camera

    low, high = TEST_HEIGHTS_M
    heights = [random_camera(seed)[0].height_m for seed in range(300)]
    assert not any(low <= h < high for h in heights)
    assert min(heights) < 1.7
    assert max(heights) > 2.8
    assert all(low <= random_camera(TEST_SEED + i)[0].height_m < high for i in range(50))


def test_tile_labels_cut_hide_and_ignore():
    from detector.composites import Cut, Marked, cut_labels

    from rig.records import Box

    person, cycle = classes.PERSON, classes.CYCLE
    marks = [
        Marked(Box(110, 100, 130, 160), person),
        Marked(Box(80, 100, 104, 160), person),
        Marked(Box(150, 100, 180, 160), person, covered=0.8),
        Marked(Box(200, 100, 260, 160), cycle),
        Marked(Box(600, 100, 660, 160), person),
    ]
    labels = cut_labels(marks, Cut(100, 80, 320, 192, 0.5), "train", "x")
    assert labels.boxes.tolist() == [[5, 10, 15, 40], [50, 10, 80, 40]]
    assert labels.classes.tolist() == [person, cycle]
    assert labels.ignored[:, 0].tolist() == [0, 25, 50]
    assert labels.unknown == 0


# ---- with PyTorch ----
