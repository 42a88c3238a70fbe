"""The detector's training code: labels, tiles, accuracy, loss and export agree with their words."""

from __future__ import annotations

import json
import math
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from detector import accuracy, augment, classes, pictures  # noqa: E402
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


def test_iou_of_known_boxes():
    a = np.array([[0, 0, 10, 10]], np.float32)
    b = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [10, 0, 20, 10], [2, 2, 4, 4]], np.float32)
    assert accuracy.iou_matrix(a, b)[0] == pytest.approx([1, 1 / 3, 0, 0.04])


def test_average_precision_by_hand():
    """Right, wrong, right of three wanted: precision 1 to recall 1/3, 2/3 to recall 2/3, then 0."""
    scores = np.array([0.9, 0.8, 0.7])
    verdicts = np.array([1, 0, 1], np.int8)
    assert accuracy.average_precision(scores, verdicts, 3) == pytest.approx((1 + 2 / 3) / 3)
    assert accuracy.average_precision(scores, np.array([1, -1, 1], np.int8), 2) == 1.0
    assert math.isnan(accuracy.average_precision(scores, verdicts, 0))
    assert accuracy.average_precision(np.zeros(0), np.zeros(0, np.int8), 4) == 0.0


@given(st.lists(st.tuples(st.floats(0.01, 0.99), st.booleans()), max_size=30), st.integers(0, 9))
def test_average_precision_is_between_0_and_recall(rows, missed):
    scores = np.array([s for s, _ in rows])
    verdicts = np.array([int(v) for _, v in rows], np.int8)
    n = int(verdicts.sum()) + missed
    if n == 0:
        return
    value = accuracy.average_precision(scores, verdicts, n)
    assert 0.0 <= value <= verdicts.sum() / n + 1e-9


def test_one_wanted_box_is_found_once_and_ignored_ones_cost_nothing():
    found = np.array([[0, 0, 10, 20], [0, 1, 10, 20], [50, 0, 60, 20], [80, 0, 90, 20]], np.float32)
    wanted = accuracy.Wanted(
        np.array([[0, 0, 10, 20]], np.float32), np.array([[49, 0, 70, 30]], np.float32)
    )
    scores = np.array([0.8, 0.9, 0.7, 0.6], np.float32)
    verdict, is_found = accuracy.match(found, scores, wanted, 0.5)
    assert verdict.tolist() == [0, 1, -1, 0]
    assert is_found.tolist() == [True]


def test_suppression_keeps_the_best_of_a_heap_and_all_that_stand_apart():
    boxes = np.array([[0, 0, 10, 20], [1, 0, 11, 20], [30, 0, 40, 20], [2, 0, 12, 20]], np.float32)
    scores = np.array([0.5, 0.9, 0.3, 0.8], np.float32)
    assert accuracy.suppress(boxes, scores, 0.6).tolist() == [1, 2]
    assert accuracy.suppress(boxes[:0], scores[:0], 0.6).tolist() == []


def test_decoding_puts_a_box_round_its_cell():
    maps = [np.zeros((9, 320 // s, 320 // s), np.float32) for s in (8, 16, 32)]
    maps[1][:, 3, 5] = [10, 20, 30, 40, 0.1, 0.2, 0.3, 0.4, 0.5]
    boxes, scores = accuracy.decode_maps(maps)
    at = int(scores.sum(1).argmax())
    assert boxes[at].tolist() == [88 - 10, 56 - 20, 88 + 30, 56 + 40]
    assert scores[at] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5])


# ---- the split of the cut-outs ----


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


def import_torch():
    """PyTorch with one thread: spinning ones hold each other up on a busy machine."""
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    return torch


def test_the_loss_teaches_boxes_and_is_silent_where_nothing_is_known():
    torch = import_torch()
    from detector.batches import Batch
    from detector.losses import measure_loss

    torch.manual_seed(0)
    levels = [
        (
            torch.full((1, 5, 64 // s, 64 // s), -4.0, requires_grad=True),
            torch.zeros(1, 4, 64 // s, 64 // s),
        )
        for s in (8, 16, 32)
    ]
    everything = torch.full((1, 16, 16), classes.ALL_CLASSES, dtype=torch.uint8)
    none = torch.zeros(0, 6)
    images = torch.zeros(1, 3, 64, 64)
    assert float(measure_loss(levels, Batch(images, everything, none))[0].detach()) == 0.0
    nothing = torch.zeros_like(everything)
    assert float(measure_loss(levels, Batch(images, nothing, none))[0].detach()) > 0.0
    box = torch.tensor([[0, 30.0, 20.0, 34.0, 32.0, 0.0]])
    total, _, _ = measure_loss(levels, Batch(images, everything, box))
    total.backward()
    pulled = [(level[0].grad < 0).nonzero().tolist() for level in levels]
    assert pulled[0], "a thing narrower than a cell must still be taught at the finest level"
    assert all(row[1] == 0 for level in pulled for row in level)


def test_some_steps_on_one_picture_lower_the_loss():
    torch = import_torch()
    from detector.batches import Batch
    from detector.losses import measure_loss
    from detector.network import Detector, Widths

    torch.manual_seed(1)
    model = Detector(Widths(8, (8, 16, 16, 16), (1, 1, 1, 1), 16)).train()
    image = torch.zeros(2, 3, 64, 64)
    image[:, :, 16:48, 24:40] = 255
    boxes = torch.tensor([[i, 24.0, 16.0, 40.0, 48.0, 0.0] for i in range(2)])
    batch = Batch(image, torch.zeros(2, 16, 16, dtype=torch.uint8), boxes)
    optimiser = torch.optim.AdamW(model.parameters(), lr=5e-3)
    losses = []
    for _ in range(40):
        loss, _, _ = measure_loss(model(image), batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.5 * losses[0]


def test_the_rate_rises_stays_and_falls():
    import_torch()
    from detector.training import rate_at, read_settings

    settings, is_resumed = read_settings(["--hours", "2", "--rate", "0.002"])
    assert not is_resumed
    assert rate_at(0, 0.0, settings) == pytest.approx(0.002 / settings.warm_up_steps)
    assert rate_at(10_000, 1.15 * 3600, settings) == 0.002
    assert rate_at(10_000, 1.6 * 3600, settings) == pytest.approx(0.001)
    assert rate_at(10_000, 2 * 3600, settings) == pytest.approx(0.002 * 0.02)
    longer = replace(settings, hours=20.0)
    assert rate_at(10_000, 2 * 3600, longer) == 0.002


def test_a_checkpoint_gives_back_the_averaged_weights(tmp_path):
    torch = import_torch()
    from detector import checkpoints
    from detector.network import Detector, Widths

    model = Detector(Widths(8, (8, 16, 16, 16), (1, 1, 1, 1), 16))
    smooth = checkpoints.SmoothWeights(model, 0.5)
    before = model.stem.conv.weight.detach().clone()
    with torch.no_grad():
        model.stem.conv.weight.add_(1.0)
    smooth.update(model, 1_000_000)
    progress = checkpoints.Progress(step=3, pictures=96, trained_s=1.5)
    optimiser = torch.optim.AdamW(model.parameters())
    checkpoints.save(tmp_path / "a.pt", checkpoints.pack(model, smooth, optimiser, progress))
    assert [p.name for p in tmp_path.iterdir()] == ["a.pt"]
    loaded, seen = checkpoints.load_smooth(tmp_path / "a.pt")
    assert seen == progress
    assert torch.allclose(loaded.stem.conv.weight, before + 0.5)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_exported_graph_answers_as_the_network_does():
    torch = import_torch()
    from detector.network import Detector, ExportedDetector, Widths
    from detector.onnx_graph import check_parity, fold, to_onnx

    torch.manual_seed(2)
    widths = Widths(8, (8, 16, 16, 16), (1, 1, 1, 1), 16)
    model = Detector(widths).train()
    dice = np.random.default_rng(1)
    shots = [dice.integers(0, 255, (200, 320, 3), dtype=np.uint8) for _ in range(2)]
    model(torch.rand(4, 3, 64, 64) * 255)  # so that the normalisations hold something
    plain = ExportedDetector(Detector(widths))
    plain.detector.load_state_dict(model.state_dict())
    data = to_onnx(fold(model.eval()))
    assert check_parity(plain.eval(), data, shots) < 1e-3


# ---- the shipped card ----


def test_the_shipped_card_belongs_to_the_shipped_weights():
    import hashlib

    card = tomllib.loads((ROOT / "models" / "rearguard-detector.toml").read_text())
    weights = (ROOT / "models" / card["file"]).read_bytes()
    assert hashlib.sha256(weights).hexdigest() == card["sha256"]
    assert card["classes"] == list(classes.CLASSES)
    assert card["cost"]["macs_320x320"] <= 350_000_000
    assert card["cost"]["largest_difference_pytorch_onnx"] <= 1e-3
    assert set(card["thresholds"]["score"]) == set(classes.CLASSES)
