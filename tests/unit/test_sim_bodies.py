"""Bodies: feet that do not slide, legs that keep their length, falls that reach the ground."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rig.sim.bodies import SHANK, THIGH, Posture, contacts, place_joints
from rig.sim.figures import build_person, random_look
from rig.sim.gaits import GAITS, STANCES

TALL = 1.75
phases = st.floats(0.0, 1.0, allow_nan=False)
gaits = st.sampled_from(sorted(GAITS))


def _toe_track(gait: str, stride_m: float, is_backward: bool) -> tuple[np.ndarray, np.ndarray]:
    """Left toe's place on the ground and its share of stance (above 1: swinging), one stride."""
    travel = np.linspace(0.0, stride_m, 400, endpoint=False)
    travel = -travel if is_backward else travel
    toes, shares = [], []
    for far in travel:
        posture = Posture(gait, far / stride_m, stride_m, 0.0)
        toes.append(place_joints(TALL, posture)["left toe"] + (far, 0.0, 0.0))
        shares.append((far / stride_m) % 1.0 / GAITS[gait].duty)
        assert contacts(posture)[0] == (shares[-1] < 1.0)
    return np.array(toes), np.array(shares)


@pytest.mark.parametrize("is_backward", [False, True])
@pytest.mark.parametrize(("gait", "stride_m"), [("run", 1.9), ("run", 2.6), ("walk", 1.35)])
def test_foot_in_flat_stance_does_not_skate(gait: str, stride_m: float, is_backward: bool) -> None:
    toes, shares = _toe_track(gait, stride_m, is_backward)
    is_planted = (shares > 0.15) & (shares < 0.9)
    assert is_planted.sum() > 80
    places = toes[is_planted, 0] - stride_m * np.rint(toes[is_planted, 0] / stride_m - 0.3)
    assert np.ptp(places) < 0.02
    assert toes[is_planted, 2].max() < 0.025 * TALL
    step = np.abs(np.diff(toes[:, 0]))[is_planted[1:] & is_planted[:-1]]
    assert step.max() < 0.0015, "a planted foot stays where it is"


def test_swinging_foot_moves_on_by_a_stride() -> None:
    near = place_joints(TALL, Posture("run", 0.1, 1.9, 0.0))["left toe"][0]
    far = place_joints(TALL, Posture("run", 1.1, 1.9, 0.0))["left toe"][0]
    assert far == pytest.approx(near)


def test_running_has_a_flight_and_walking_a_double_support() -> None:
    shares = np.linspace(0.0, 1.0, 200, endpoint=False)
    feet = {g: [sum(contacts(Posture(g, p, 1.5, 0.0))) for p in shares] for g in GAITS}
    assert min(feet["run"]) == 0
    assert max(feet["run"]) == 1
    assert min(feet["walk"]) == 1
    assert max(feet["walk"]) == 2


@settings(max_examples=60, deadline=None)
@given(gait=gaits, phase=phases, still=st.sampled_from([0.0, 0.4, 1.0]),
       stance=st.sampled_from(sorted(STANCES)))  # fmt: skip
def test_bones_keep_their_length(gait: str, phase: float, still: float, stance: str) -> None:
    stride = 1.9 if gait == "run" else 1.35
    joints = place_joints(TALL, Posture(gait, phase, stride, still, stance))
    for side in ("left", "right"):
        thigh = np.linalg.norm(joints[f"{side} hip"] - joints[f"{side} knee"])
        shank = np.linalg.norm(joints[f"{side} knee"] - joints[f"{side} ankle"])
        assert thigh == pytest.approx(THIGH * TALL, rel=0.02)
        assert shank == pytest.approx(SHANK * TALL, rel=0.02)
        assert joints[f"{side} heel"][2] >= 0
        assert joints[f"{side} toe"][2] >= -1e-9


@pytest.mark.parametrize("height_m", [1.4, 1.75, 2.0])
def test_standing_person_is_as_tall_as_asked(height_m: float) -> None:
    parts = build_person(height_m, random_look(3), Posture())
    top = max(float((p.centres[:, 2] + p.radii).max()) for p in parts)
    low = min(float((p.centres[:, 2] - p.radii).min()) for p in parts)
    assert top == pytest.approx(height_m, rel=0.04)
    assert abs(low) < 0.03


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_fall_ends_flat_and_backward_for_positive_sign(sign: float) -> None:
    joints = place_joints(TALL, Posture(fall=1.0, fall_sign=sign))
    assert joints["head"][2] < 0.4
    assert np.sign(joints["head"][0]) == -sign
    assert min(float(place[2]) for place in joints.values()) >= -1e-9


def test_looks_are_told_apart_by_seed_and_repeat() -> None:
    assert random_look(5) == random_look(5)
    assert len({random_look(seed).shirt for seed in range(40)}) > 25
