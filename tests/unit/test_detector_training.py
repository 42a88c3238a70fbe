"""How the detector is judged and trained; what needs PyTorch skips without it."""

from __future__ import annotations

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

from detector import accuracy, classes  # noqa: E402

PERSON_BIT = 1 << classes.PERSON


# ---- labels ----


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
