"""What a pupil's raw answers still differ in from those of a larger detector, cell by cell.

Zero where both say the same. Where the teacher believes in nothing, only that is learnt from it: where a box would lie
there is noise.

Sources: Hinton et al. 2015 (answers in place of labels); Zheng et al. 2022, "Localization Distillation for Dense Object
Detection" (distributions of edges).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn import functional

from taxolens.core.errors import UsageError

_LEAST = 1.0
"""Of the certainty of a whole batch, by which losses are divided; as the libraries divide by the boxes in it."""


def columns_of(known: Sequence[str], labels: Sequence[str], file: object) -> list[int]:
    """Where a teacher tells each of the pupil's classes.

    Raises:
        UsageError: it does not know them all.
    """
    unknown = [label for label in labels if label not in known]
    if unknown:
        raise UsageError(
            "The teacher {file} does not know {labels}. Choose one that was taught on the same classes.",
            file=file,
            labels=", ".join(unknown[:5]),
        )
    return [list(known).index(label) for label in labels]


def total_of(sure: torch.Tensor) -> torch.Tensor:
    """What sums over cells are divided by: how much the teacher is sure of in a batch."""
    return sure.sum().clamp_min(_LEAST)


def yes_or_no_apart(logits: torch.Tensor, told: torch.Tensor) -> torch.Tensor:
    """Of each answer, how far the pupil's chance of a yes is from the teacher's (Kullback-Leibler), same shape.

    Args:
        logits: the pupil's.
        told: the teacher's, same shape.
    """
    chance = told.sigmoid()
    apart = functional.binary_cross_entropy_with_logits(logits, chance, reduction="none")
    return apart - functional.binary_cross_entropy_with_logits(told, chance, reduction="none")


def edges_apart(bins: torch.Tensor, told: torch.Tensor) -> torch.Tensor:
    """How far the distributions of the four edges of each cell are apart on average, [b, cells].

    Args:
        bins: float [b, cells, 4, r], the pupil's logits of where each edge lies.
        told: likewise, the teacher's.
    """
    theirs = told.log_softmax(-1)
    return (theirs.exp() * (theirs - bins.log_softmax(-1))).sum(-1).mean(-1)


def boxes_apart(boxes: torch.Tensor, told: torch.Tensor) -> torch.Tensor:
    """1 - intersection over union of each pair, [...].

    Args:
        boxes: float [..., 4], middle, width and height.
        told: likewise.
    """
    low = torch.maximum(boxes[..., :2] - boxes[..., 2:] / 2, told[..., :2] - told[..., 2:] / 2)
    high = torch.minimum(boxes[..., :2] + boxes[..., 2:] / 2, told[..., :2] + told[..., 2:] / 2)
    shared = (high - low).clamp_min(0).prod(-1)
    both = boxes[..., 2:].prod(-1) + told[..., 2:].prod(-1) - shared
    return 1 - shared / both.clamp_min(1e-9)
