"""The pose network: a small cross-stage backbone and a way back up to maps at a quarter.

The same plain convolutions as the detector's, since they vectorise best on a CPU. Per joint one
map of 32 x 24 cells and one number for "outside the frame", a softmax over all of them. Decides
the shape of the network, not how it is taught (`training`).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import torch
from detector.network import Block, Conv
from torch import Tensor, nn
from torch.nn import functional

from rig.core.gait.keypoints import JOINTS
from rig.core.pose_maps import CELL_PX, INPUT_HEIGHT_PX, INPUT_WIDTH_PX

MAP_SHAPE: Final = (INPUT_HEIGHT_PX // CELL_PX, INPUT_WIDTH_PX // CELL_PX)


@dataclass(frozen=True, slots=True)
class Widths:
    """Channel counts: after the stem, of the four stages, and of the way up at 16, 8 and 4 px."""

    stem: int = 16
    stages: tuple[int, ...] = (32, 64, 112, 160)
    blocks: tuple[int, ...] = (1, 2, 3, 2)
    up: tuple[int, ...] = (96, 64, 40)


class PoseNet(nn.Module):
    """Pictures (B, 3, 128, 96) BGR 0..255 to logits (B, 17, 32 * 24 + 1), the last one outside."""

    def __init__(self, widths: Widths | None = None) -> None:
        super().__init__()
        self.widths = widths = widths or Widths()
        self.register_buffer("scale", torch.tensor(1 / 255.0))
        self.stem = Conv(3, widths.stem, 3, 2)
        channels = (widths.stem, *widths.stages)
        self.downs = nn.ModuleList(Conv(a, b, 3, 2) for a, b in pairwise(channels))
        self.stages = nn.ModuleList(
            Block(c, c, n) for c, n in zip(widths.stages, widths.blocks, strict=True)
        )
        above = (widths.stages[3], *widths.up[:2])
        self.tops = nn.ModuleList(Conv(a, b) for a, b in zip(above, widths.up, strict=True))
        self.sides = nn.ModuleList(
            Conv(a, b) for a, b in zip(widths.stages[2::-1], widths.up, strict=True)
        )
        self.joins = nn.ModuleList(Conv(c, c, 3) for c in widths.up)
        self.maps = nn.Conv2d(widths.up[2], len(JOINTS), 1)
        self.outside = nn.Conv2d(widths.stages[3], len(JOINTS), 1)
        nn.init.constant_(self.outside.bias, 4.0)  # type: ignore[arg-type]  # it has a bias

    def forward(self, images: Tensor) -> Tensor:
        """Logits per joint over all cells, row by row, and over being outside."""
        x = self.stem(images * self.scale)
        levels = []
        for down, stage in zip(self.downs, self.stages, strict=True):
            x = stage(down(x))
            levels.append(x)
        outside = self.outside(functional.adaptive_avg_pool2d(x, 1))
        for top, side, join, level in zip(
            self.tops, self.sides, self.joins, levels[2::-1], strict=True
        ):
            x = join(side(level) + functional.interpolate(top(x), scale_factor=2.0))
        return torch.cat([self.maps(x).flatten(2), outside.flatten(2)], 2)


class ExportedPose(nn.Module):
    """The network with the output contract `chance_maps`: maps (1, 17, 32, 24) of chances."""

    def __init__(self, net: PoseNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, images: Tensor) -> Tensor:
        """Chances of each joint being in each cell; they add up to less than 1."""
        chances = torch.softmax(self.net(images), 2)[:, :, :-1]
        return chances.reshape(-1, len(JOINTS), *MAP_SHAPE)
