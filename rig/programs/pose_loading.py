"""Opens the pose model that a card names: the card, its weights, the session, the model.

Joined here because devices do not know each other. Called by `log_gait` and `gait_video`.
"""

from __future__ import annotations

from rig.devices.detector import load_session
from rig.devices.model_card import load_pose_card
from rig.devices.pose import PoseModel
from rig.programs.judging import MODELS


def open_pose_model(card: str) -> PoseModel:
    """The model of a card in models/ (or at a path of its own), on one thread.

    Raises ModelError where card, weights and graph do not agree.
    """
    found = load_pose_card(MODELS / card)
    return PoseModel(found, load_session(found, 1))
