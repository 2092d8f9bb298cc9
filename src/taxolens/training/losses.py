"""What is made small: a number for each step from logits and soft targets."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from taxolens.recipes.network import Loss, NetworkRecipe, Sampling

LossOf = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""Logits [b, c] and targets [b, c] (rows sum to 1, or are zeros) to a number."""

_FOCUS = 2.0
_BETA = 0.999


def loss_of(recipe: NetworkRecipe, counts: NDArray[np.int64]) -> LossOf:
    """The loss that a recipe asks for.

    What makes up for rare classes goes by how often each is shown: where all are shown as often, none is rare.

    Args:
        counts: int64 [c], training photos of each class; a class without any counts as one.
    """
    even = recipe.sampling is Sampling.BALANCED
    shown = torch.from_numpy((np.ones_like(counts) if even else np.maximum(counts, 1)).astype(np.float32))
    match recipe.loss:
        case Loss.FOCAL:
            return _focal
        case Loss.CLASS_BALANCED:
            return _weighted(_effective(shown))
        case Loss.LOGIT_ADJUSTED:
            return _adjusted(torch.log(shown / shown.sum()))
        case Loss.CROSS_ENTROPY:
            return functional.cross_entropy


def soft_targets(truth: torch.Tensor, classes: int, smoothing: float) -> torch.Tensor:
    """float32 [b, c]: 1 for the true class, less what is spread evenly over all; nothing where truth is -1.

    A row of zeros adds nothing to any of the losses.
    """
    sharp = functional.one_hot(truth.clamp(min=0), classes).float()
    return (sharp * (1 - smoothing) + smoothing / classes) * (truth >= 0).unsqueeze(1)


def distilled(logits: torch.Tensor, teacher: torch.Tensor, temperature: float) -> torch.Tensor:
    """How far softened answers are from the teacher's (Hinton et al. 2015), scaled by the temperature squared.

    Args:
        teacher: float32 [b, c], its logits.
    """
    own = functional.log_softmax(logits / temperature, dim=1)
    wanted = functional.log_softmax(teacher / temperature, dim=1)
    return functional.kl_div(own, wanted, reduction="batchmean", log_target=True) * temperature**2


def _focal(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    believed = functional.log_softmax(logits, dim=1)
    return -(targets * (1 - believed.exp()) ** _FOCUS * believed).sum(1).mean()


def _effective(counts: torch.Tensor) -> torch.Tensor:
    """One over the effective number of photos (Cui et al. 2019), with a mean of 1 over classes."""
    weights = (1 - _BETA) / (1 - _BETA**counts)
    return weights / weights.mean()


def _weighted(weights: torch.Tensor) -> LossOf:
    def loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        each = -(targets * weights.to(logits) * functional.log_softmax(logits, dim=1)).sum(1)
        return each.mean()

    return loss


def _adjusted(prior: torch.Tensor) -> LossOf:
    def loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return functional.cross_entropy(logits + prior.to(logits), targets)

    return loss
