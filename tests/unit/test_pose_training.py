"""How the pose model is taught and judged; what needs PyTorch skips without it."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from pose_training import joints, scoring  # noqa: E402

from rig.core.gait.keypoints import JOINTS, MIRRORED, NUMBERS  # noqa: E402


def test_a_mirror_twice_changes_nothing_and_keeps_the_head():
    assert (MIRRORED[MIRRORED] == np.arange(len(JOINTS))).all()
    assert MIRRORED[NUMBERS["head"]] == NUMBERS["head"]
    assert MIRRORED[NUMBERS["left_toe"]] == NUMBERS["right_toe"]


def test_lsp_joints_come_to_their_places():
    rows = [[number, 10 * number, 1] for number in range(14)]
    rows[1][2] = 0
    points, known = joints.from_lsp(rows)
    assert points[NUMBERS["right_ankle"]].tolist() == [0, 0]
    assert points[NUMBERS["left_wrist"]].tolist() == [11, 110]
    assert points[NUMBERS["head"]].tolist() == [12.5, 125]
    assert not known[NUMBERS["right_knee"]]
    assert not known[[NUMBERS["left_toe"], NUMBERS["right_heel"]]].any()
    assert known.sum() == 12


def test_coco_joints_come_to_their_places_and_a_hidden_ear_is_no_head():
    points = np.stack([np.arange(17), 2 * np.arange(17)], 1).astype(np.float32)
    ours, known = joints.from_coco(points, np.ones(17, bool))
    assert ours[NUMBERS["left_ankle"]].tolist() == [15, 30]
    assert ours[0].tolist() == [3.5, 7]
    assert known.sum() == 13
    few = np.arange(17) > 2
    few[4] = False
    assert not joints.from_coco(points, few)[1][0]


def person() -> np.ndarray:
    """Joints whose torso (left shoulder to right hip) is 100 px long."""
    points = np.zeros((1, len(JOINTS), 2))
    points[0, NUMBERS["right_hip"]] = points[0, NUMBERS["right_shoulder"]] = (60, 80)
    return points


@pytest.mark.parametrize(("far", "pck"), [(9.9, 1.0), (10.1, 0.0)])
def test_pck_is_held_against_the_torso(far: float, pck: float):
    truth, known = person(), np.ones((1, len(JOINTS)), bool)
    boxes = np.array([[0.0, 0, 50, 200]])
    judged = scoring.judge(truth + np.array([far, 0]), truth, known, boxes)
    assert judged.pck(0.1) == pck
    assert judged.pck(0.2) == 1.0
    assert judged.error(scoring.KNEES)[0] == pytest.approx(far / 200)
    assert judged.error(scoring.KNEES)[1] == (far <= 10)


def test_oks_is_one_where_all_is_right_and_joints_a_model_lacks_do_not_count():
    truth, known = person(), np.ones((1, len(JOINTS)), bool)
    boxes = np.array([[0.0, 0, 50, 200]])
    assert scoring.judge(truth, truth, known, boxes).oks() == 1.0
    found = truth.copy()
    found[:, scoring.FOOT_ENDS] = np.nan
    judged = scoring.judge(found, truth, known, boxes)
    assert judged.oks() == 1.0
    assert np.isnan(judged.error(scoring.FOOT_ENDS)[0])


def test_targets_are_chances_and_what_lies_outside_is_told_so():
    torch = pytest.importorskip("torch")
    from pose_training import losses

    from rig.core.pose_maps import read_maps

    points = torch.full((1, len(JOINTS), 2), 30.3)
    points[0, 3] = torch.tensor([-5.0, 40.0])
    wanted = losses.targets(points)
    assert torch.allclose(wanted.sum(-1), torch.ones(1, len(JOINTS)))
    assert wanted[0, 3, -1] == 1.0
    maps = wanted[0, :, :-1].reshape(len(JOINTS), *losses.MAP_SHAPE).numpy()
    found, sure = read_maps(maps)
    assert np.abs(found[0] - 30.3).max() < 0.2
    assert sure[0] > 0.95
    assert sure[3] == 0.0
    exact = torch.log(wanted.clamp_min(1e-12))
    known = torch.ones(1, len(JOINTS))
    assert float(losses.measure_loss(exact, points, known)) == pytest.approx(0.0, abs=1e-3)


def test_a_turned_sample_and_its_joints_stay_together():
    pytest.importorskip("torch")
    from pose_training import batches

    picture = np.zeros((192, 192, 3), np.uint8)
    picture[80:84, 100:104] = 255
    matrix = batches.place(np.array([90.0, 90.0]), 0.9, 0.3)
    image = batches.warp(picture, matrix).astype(float)[..., 0]
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]] + 0.5
    middle = np.array([(image * columns).sum(), (image * rows).sum()]) / image.sum()
    expected = matrix[:, :2] @ np.array([102.0, 82.0]) + matrix[:, 2]
    # The padding is grey; near the light nothing else is bright.
    near = np.hypot(columns - expected[0], rows - expected[1]) < 8
    image = np.where(near, image, 0)
    middle = np.array([(image * columns).sum(), (image * rows).sum()]) / image.sum()
    assert np.abs(middle - expected).max() < 0.1
