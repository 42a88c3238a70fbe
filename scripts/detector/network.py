"""The detector's network: a small cross-stage backbone, a two-way neck and one shared head.

Plain 3x3 and 1x1 convolutions with ReLU where the cost lies, because they vectorise best on a CPU
and fuse into one operation in onnxruntime; depthwise only in the head. Strides 8, 16 and 32,
anchor-free. Decides the shape of the network, not how it is taught (`losses`, `training`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from detector.classes import CLASSES

STRIDES_PX: Final = (8, 16, 32)
_MAX_LOG_SIZE: Final = 5.0


@dataclass(frozen=True, slots=True)
class Widths:
    """Channel counts: after the stem, of the four stages, and of neck and head."""

    stem: int = 16
    stages: tuple[int, int, int, int] = (32, 48, 96, 192)
    blocks: tuple[int, int, int, int] = (1, 2, 3, 3)
    neck: int = 64


class Conv(nn.Module):
    """Convolution without bias, batch normalisation, activation."""

    def __init__(
        self, c_in: int, c_out: int, size: int = 1, stride: int = 1, groups: int = 1
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, size, stride, size // 2, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(c_out, eps=1e-3, momentum=0.03)
        self.act = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve, normalise, activate."""
        out: Tensor = self.act(self.norm(self.conv(x)))
        return out


class Block(nn.Module):
    """Cross-stage block: half the channels pass by, half go through `n` 3x3 convolutions.

    Every intermediate result is kept and joined (as in ELAN), so gradients have short ways.
    """

    def __init__(self, c_in: int, c_out: int, n: int, is_residual: bool = True) -> None:
        super().__init__()
        half = c_out // 2
        self.is_residual = is_residual
        self.pass_by = Conv(c_in, half)
        self.enter = Conv(c_in, half)
        self.steps = nn.ModuleList(Conv(half, half, 3) for _ in range(n))
        self.join = Conv((2 + n) * half, c_out)

    def forward(self, x: Tensor) -> Tensor:
        """Join what passed by and what was worked on."""
        parts = [self.pass_by(x), self.enter(x)]
        for step in self.steps:
            y = step(parts[-1])
            parts.append(parts[-1] + y if self.is_residual else y)
        out: Tensor = self.join(torch.cat(parts, 1))
        return out


class Pyramid(nn.Module):
    """Spatial pyramid pooling: three chained 5x5 maxima, so the last level sees the whole tile."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.enter = Conv(channels, half)
        self.join = Conv(4 * half, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Pool and join."""
        parts = [self.enter(x)]
        for _ in range(3):
            parts.append(functional.max_pool2d(parts[-1], 5, 1, 2))
        out: Tensor = self.join(torch.cat(parts, 1))
        return out


class Head(nn.Module):
    """Two branches (class, box), each depthwise 3x3 + 1x1, with weights shared by all levels.

    Batch normalisation is per level, because the levels' statistics differ.
    """

    def __init__(self, channels: int, n_classes: int) -> None:
        super().__init__()
        self.cls_branch = nn.ModuleList(_branch(channels) for _ in STRIDES_PX)
        self.box_branch = nn.ModuleList(_branch(channels) for _ in STRIDES_PX)
        self.cls_out = nn.ModuleList(nn.Conv2d(channels, n_classes, 1) for _ in STRIDES_PX)
        self.box_out = nn.ModuleList(nn.Conv2d(channels, 4, 1) for _ in STRIDES_PX)
        for cls, box in zip(self.cls_out, self.box_out, strict=True):
            nn.init.constant_(cls.bias, -math.log((1 - 0.01) / 0.01))
            nn.init.normal_(cls.weight, std=0.01)
            nn.init.normal_(box.weight, std=0.01)
            with torch.no_grad():
                box.bias.copy_(torch.tensor([0.0, 0.0, math.log(4.0), math.log(4.0)]))

    def forward(self, levels: list[Tensor]) -> list[tuple[Tensor, Tensor]]:
        """Class logits and box numbers of every level."""
        out = []
        for i, x in enumerate(levels):
            cls = self.cls_out[i](self.cls_branch[i](x))
            box = self.box_out[i](self.box_branch[i](x))
            out.append((cls, box))
        return out


def _branch(channels: int) -> nn.Sequential:
    return nn.Sequential(Conv(channels, channels, 3, groups=channels), Conv(channels, channels))


class Detector(nn.Module):
    """Pictures (float BGR 0..255, [B, 3, H, W], sides multiples of 32) to raw maps per level.

    `forward` returns, per stride, class logits [B, C, h, w] and box numbers [B, 4, h, w]:
    offset of the box's centre from the cell's centre (strides) and log width, log height (strides).
    """

    def __init__(self, widths: Widths | None = None, n_classes: int = len(CLASSES)) -> None:
        super().__init__()
        widths = widths or Widths()
        s4, s8, s16, s32 = widths.stages
        n4, n8, n16, n32 = widths.blocks
        neck = widths.neck
        self.widths = widths
        self.register_buffer("scale", torch.tensor(1.0 / 255.0))
        self.stem = Conv(3, widths.stem, 3, 2)
        self.stage4 = nn.Sequential(Conv(widths.stem, s4, 3, 2), Block(s4, s4, n4))
        self.stage8 = nn.Sequential(Conv(s4, s8, 3, 2), Block(s8, s8, n8))
        self.stage16 = nn.Sequential(Conv(s8, s16, 3, 2), Block(s16, s16, n16))
        self.stage32 = nn.Sequential(Conv(s16, s32, 3, 2), Block(s32, s32, n32), Pyramid(s32))
        self.lateral32 = Conv(s32, neck)
        self.lateral16 = Conv(s16, neck)
        self.lateral8 = Conv(s8, neck)
        self.down_to16 = Block(2 * neck, neck, 1, is_residual=False)
        self.down_to8 = Block(2 * neck, neck, 1, is_residual=False)
        self.step16 = Conv(neck, neck, 3, 2)
        self.up_to16 = Block(2 * neck, neck, 1, is_residual=False)
        self.step32 = Conv(neck, neck, 3, 2)
        self.up_to32 = Block(2 * neck, neck, 1, is_residual=False)
        self.head = Head(neck, n_classes)

    def forward(self, images: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Raw maps of the three levels."""
        x4 = self.stage4(self.stem(images * self.scale))
        x8 = self.stage8(x4)
        x16 = self.stage16(x8)
        x32 = self.stage32(x16)
        t32 = self.lateral32(x32)
        t16 = self.down_to16(torch.cat([_double(t32), self.lateral16(x16)], 1))
        p8 = self.down_to8(torch.cat([_double(t16), self.lateral8(x8)], 1))
        p16 = self.up_to16(torch.cat([self.step16(p8), t16], 1))
        p32 = self.up_to32(torch.cat([self.step32(p16), t32], 1))
        out: list[tuple[Tensor, Tensor]] = self.head([p8, p16, p32])
        return out


def _double(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2.0, mode="nearest")


def box_distances(raw: Tensor, stride_px: int) -> Tensor:
    """Raw box numbers [B, 4, ...] to distances left, top, right, bottom in input pixels.

    Written over the box's centre and size, so the box is never inside out. A distance can be below
    zero where a thing narrower than a cell lies beside the cell's centre; the box stays right.
    """
    offset = raw[:, :2] * stride_px
    half = torch.exp(raw[:, 2:].clamp(-_MAX_LOG_SIZE, _MAX_LOG_SIZE)) * (0.5 * stride_px)
    return torch.cat([half - offset, half + offset], 1)


class ExportedDetector(nn.Module):
    """The network with the output contract `ltrb_maps`: p8, p16, p32, each [1, 4 + C, h, w]."""

    def __init__(self, detector: Detector) -> None:
        super().__init__()
        self.detector = detector

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """The three maps of the contract."""
        levels = self.detector(images)
        return tuple(
            torch.cat([box_distances(box, stride_px), torch.sigmoid(cls)], 1)
            for (cls, box), stride_px in zip(levels, STRIDES_PX, strict=True)
        )


def count_macs(detector: nn.Module, height_px: int, width_px: int) -> int:
    """Multiply-accumulates of all convolutions for one picture (measured with hooks)."""
    total = 0

    def add(module: nn.Module, _: tuple[Tensor, ...], out: Tensor) -> None:
        nonlocal total
        assert isinstance(module, nn.Conv2d)
        kernel = module.kernel_size[0] * module.kernel_size[1]
        total += (
            out.shape[2]
            * out.shape[3]
            * out.shape[1]
            * module.in_channels
            // module.groups
            * kernel
        )

    hooks = [m.register_forward_hook(add) for m in detector.modules() if isinstance(m, nn.Conv2d)]
    with torch.no_grad():
        detector(torch.zeros(1, 3, height_px, width_px))
    for hook in hooks:
        hook.remove()
    return total


def count_parameters(detector: nn.Module) -> int:
    """Numbers learnt by training."""
    return sum(p.numel() for p in detector.parameters())
