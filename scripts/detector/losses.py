"""What the network is taught by: which cells answer for which box, and what an answer costs.

Task-aligned assignment (Feng et al. 2021, TOOD, arXiv 2108.07755), varifocal loss for the scores
(Zhang et al. 2021, arXiv 2008.13367) and GIoU loss for the boxes (Rezatofighi et al. 2019, arXiv
1902.09630). Classes that are unknown at a place cost nothing there. Called by `training`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from detector.augment import MASK_STEP_PX
from detector.batches import Batch
from detector.network import STRIDES_PX, box_distances

TOP_CELLS: Final = 10
SCORE_POWER: Final = 1.0
OVERLAP_POWER: Final = 6.0
#: A box narrower than this many strides may be answered by cells beside it (finest level only).
NEAR_STRIDES: Final = 0.75
BOX_WEIGHT: Final = 2.5
_EPS: Final = 1e-7


@dataclass(frozen=True, slots=True)
class Cells:
    """All levels laid end to end: centres [A, 2] in px and strides [A]."""

    centres: Tensor
    strides: Tensor


@dataclass(frozen=True, slots=True)
class Answers:
    """Raw network output, levels laid end to end: logits [B, A, C], boxes [B, A, 4] x1y1x2y2."""

    logits: Tensor
    boxes: Tensor


def lay_out(levels: list[tuple[Tensor, Tensor]]) -> tuple[Cells, Answers]:
    """Flatten the maps of all levels and turn distances into boxes in pixels."""
    centres, strides, logits, boxes = [], [], [], []
    for (cls, raw), stride_px in zip(levels, STRIDES_PX, strict=True):
        height, width = cls.shape[2:]
        ys = (torch.arange(height, device=cls.device) + 0.5) * stride_px
        xs = (torch.arange(width, device=cls.device) + 0.5) * stride_px
        grid = torch.stack(torch.meshgrid(xs, ys, indexing="xy"), -1).reshape(-1, 2)
        distance = box_distances(raw.float(), stride_px).flatten(2).transpose(1, 2)
        boxes.append(torch.cat([grid - distance[..., :2], grid + distance[..., 2:]], -1))
        centres.append(grid)
        strides.append(torch.full((height * width,), float(stride_px), device=cls.device))
        logits.append(cls.float().flatten(2).transpose(1, 2))
    return (
        Cells(torch.cat(centres), torch.cat(strides)),
        Answers(torch.cat(logits, 1), torch.cat(boxes, 1)),
    )


def overlaps(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """IoU and generalised IoU of broadcastable boxes [..., 4]."""
    low, high = torch.maximum(a[..., :2], b[..., :2]), torch.minimum(a[..., 2:], b[..., 2:])
    inner = (high - low).clamp(min=0).prod(-1)
    area_a, area_b = (a[..., 2:] - a[..., :2]).prod(-1), (b[..., 2:] - b[..., :2]).prod(-1)
    union = area_a + area_b - inner + _EPS
    hull = (torch.maximum(a[..., 2:], b[..., 2:]) - torch.minimum(a[..., :2], b[..., :2])).prod(-1)
    iou = inner / union
    return iou, iou - (hull - union) / (hull + _EPS)


def unknown_cells(unknown: Tensor, n_classes: int) -> Tensor:
    """[B, S/4, S/4] bit masks, looked up at the cells' centres -> [B, A, C] bool."""
    flat = []
    for stride_px in STRIDES_PX:
        jump = stride_px // MASK_STEP_PX
        flat.append(unknown[:, jump // 2 :: jump, jump // 2 :: jump].flatten(1))
    bits = torch.cat(flat, 1).unsqueeze(-1).int()
    return (bits >> torch.arange(n_classes, device=bits.device)) & 1 > 0


@torch.no_grad()
def assign(
    cells: Cells, scores: Tensor, boxes: Tensor, wanted: Tensor, wanted_class: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Choose the cells that answer for each wanted box of one picture.

    Args: scores [A, C], boxes [A, 4], wanted [M, 4], wanted_class [M].
    Returns: chosen cells [K], the box that each answers for [K], target score [K].
    """
    overlap, _ = overlaps(wanted[:, None], boxes[None])
    metric = scores[:, wanted_class].T ** SCORE_POWER * overlap**OVERLAP_POWER
    is_candidate = _near(cells, wanted)
    metric = (metric + 1e-9 * overlap + 1e-12) * is_candidate
    top, where = metric.topk(min(TOP_CELLS, metric.shape[1]), dim=1)
    chosen = torch.zeros_like(metric, dtype=torch.bool).scatter_(1, where, top > 0)
    best = torch.where(chosen, overlap + 1e-6, torch.zeros_like(overlap))
    cell = best.max(0).values.nonzero().squeeze(1)
    answers_for = best[:, cell].argmax(0)
    value = metric[answers_for, cell]
    peak = torch.zeros(len(wanted), device=metric.device)
    peak.scatter_reduce_(0, answers_for, value, "amax")
    reach = torch.zeros_like(peak)
    reach.scatter_reduce_(0, answers_for, overlap[answers_for, cell], "amax")
    target = value / (peak[answers_for] + 1e-15) * reach[answers_for]
    return cell, answers_for, target


def _near(cells: Cells, wanted: Tensor) -> Tensor:
    """[M, A]: the cell's centre lies in the box, or close beside a tiny one."""
    middle = (wanted[:, :2] + wanted[:, 2:]) / 2
    half = (wanted[:, 2:] - wanted[:, :2]) / 2
    finest = cells.strides == STRIDES_PX[0]
    least = torch.where(finest, NEAR_STRIDES * STRIDES_PX[0], 0.0)
    reach = torch.maximum(half[:, None], least[None, :, None])
    return ((cells.centres[None] - middle[:, None]).abs() < reach).all(-1)


def measure_loss(
    levels: list[tuple[Tensor, Tensor]], batch: Batch
) -> tuple[Tensor, Tensor, Tensor]:
    """Total, score and box loss of a batch."""
    cells, answers = lay_out(levels)
    scores = answers.logits.detach().sigmoid()
    target = torch.zeros_like(scores)
    loss_box = answers.logits.sum() * 0.0
    weight_sum = torch.tensor(0.0, device=scores.device)
    for i in range(len(scores)):
        mine = batch.boxes[batch.boxes[:, 0] == i]
        if not len(mine):
            continue
        wanted, wanted_class = mine[:, 1:5], mine[:, 5].long()
        cell, whose, value = assign(
            cells, scores[i], answers.boxes[i].detach(), wanted, wanted_class
        )
        target[i, cell, wanted_class[whose]] = value
        _, giou = overlaps(answers.boxes[i, cell], wanted[whose])
        loss_box = loss_box + ((1 - giou) * value).sum()
        weight_sum = weight_sum + value.sum()
    weight_sum = weight_sum.clamp(min=1.0)
    known = ~unknown_cells(batch.unknown, scores.shape[2]) | (target > 0)
    loss_score = (varifocal(answers.logits, target) * known).sum() / weight_sum
    loss_box = BOX_WEIGHT * loss_box / weight_sum
    return loss_score + loss_box, loss_score.detach(), loss_box.detach()


def varifocal(logits: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy weighted by the target where positive, by 0.75 p^2 where negative."""
    p = logits.detach().sigmoid()
    weight = torch.where(target > 0, target, 0.75 * p * p)
    return functional.binary_cross_entropy_with_logits(logits, target, reduction="none") * weight
