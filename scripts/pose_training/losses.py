"""What the network is asked for: each known joint's place as chances over all cells.

A Gaussian round the joint, or the cell "outside" where the joint lies outside the input; joints
that are not known ask for nothing. Called by `training`.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from pose_training.network import MAP_SHAPE
from rig.core.gait.keypoints import FEET, JOINTS, NUMBERS
from rig.core.pose_maps import CELL_PX, INPUT_HEIGHT_PX, INPUT_WIDTH_PX

SPREAD_CELLS: Final = 0.9
_LEG_WEIGHT: Final = 1.5


def _weights() -> Tensor:
    weights = torch.ones(len(JOINTS))
    weights[[*FEET.tolist(), NUMBERS["left_knee"], NUMBERS["right_knee"]]] = _LEG_WEIGHT
    return weights


_WEIGHTS: Final = _weights()


def targets(points: Tensor) -> Tensor:
    """Chances (B, 17, cells + 1) that points (B, 17, 2) in input pixels ask for."""
    height, width = MAP_SHAPE
    cells = points / CELL_PX - 0.5
    across = torch.arange(width) - cells[..., :1]
    down = torch.arange(height) - cells[..., 1:]
    power = -0.5 / SPREAD_CELLS**2
    maps = torch.exp(power * down**2)[..., None] * torch.exp(power * across**2)[..., None, :]
    flat = maps.flatten(2)
    size = torch.tensor([INPUT_WIDTH_PX, INPUT_HEIGHT_PX])
    is_inside = ((points > 0) & (points < size)).all(-1, keepdim=True)
    flat = torch.where(is_inside, flat / flat.sum(-1, keepdim=True).clamp_min(1e-9), 0.0)
    return torch.cat([flat, (~is_inside).float()], -1)


def measure_loss(logits: Tensor, points: Tensor, known: Tensor) -> Tensor:
    """Mean cross-entropy over known joints, less the targets' own entropy; legs count more."""
    wanted = targets(points)
    own = torch.special.entr(wanted).sum(-1)
    loss = -(wanted * functional.log_softmax(logits.float(), -1)).sum(-1) - own
    weights = known * _WEIGHTS
    return (loss * weights).sum() / weights.sum().clamp_min(1.0)
