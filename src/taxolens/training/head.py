"""First phase: only the head learns, on what the rest of the network makes of each photo once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from taxolens.core.progress import Progress
from taxolens.core.texts import Say
from taxolens.core.trainer import Epoch, TrainingRequest
from taxolens.models.network import Network
from taxolens.recipes.network import NetworkRecipe
from taxolens.training.losses import loss_of, soft_targets
from taxolens.training.normalise import Normalised

PHASE = "head"
_AT_ONCE = 32
_BATCH = 128
_DECAY = 1e-3


def head_of(network: Network) -> nn.Linear | None:
    """The last linear layer of a network that can tell what comes before it; None where it cannot."""
    module: Any = network.module
    if not hasattr(module, "get_classifier") or not hasattr(module, "forward_head"):
        return None
    head = module.get_classifier()
    return head if isinstance(head, nn.Linear) else None


def teach_head(
    head: nn.Linear,
    whole: Normalised,
    request: TrainingRequest[NetworkRecipe],
    *,
    progress: Progress,
    say: Say,
) -> tuple[Epoch, ...]:
    """Trains a new head on frozen features of unchanged photos; a pass over the photos is needed only once.

    Args:
        head: of `whole`, changed in place.
    """
    rows = np.concatenate([request.train, request.val])
    looked = progress.track(_features(whole, request, rows), what=say("Looking at photos"), total=len(rows))
    features, truth = torch.cat(list(looked)), torch.from_numpy(request.truth[rows])
    learnt = len(request.train)
    phase = _HeadPhase(head, _Seen(features[:learnt], truth[:learnt]), request)
    return tuple(phase.epoch(number, _Seen(features[learnt:], truth[learnt:])) for number in phase.numbers)


@dataclass(frozen=True, slots=True)
class _Seen:
    """Frozen features float32 [k, d] and classes int64 [k]."""

    features: torch.Tensor
    truth: torch.Tensor


class _HeadPhase:
    """A new head and what changes it."""

    def __init__(self, head: nn.Linear, seen: _Seen, request: TrainingRequest[NetworkRecipe]) -> None:
        self._head, self._seen, self._recipe = head, seen, request.settings
        self._classes = len(request.labels)
        torch.manual_seed(self._recipe.seed)
        head.reset_parameters()
        self._optimizer = torch.optim.AdamW(head.parameters(), lr=self._recipe.head_rate, weight_decay=_DECAY)
        self._loss = loss_of(self._recipe, np.bincount(seen.truth.numpy(), minlength=self._classes))
        self.numbers = range(1, self._recipe.head_epochs + 1)

    def epoch(self, number: int, held: _Seen) -> Epoch:
        """One pass; the rate goes down in a straight line."""
        began = time.monotonic()
        rate = self._recipe.head_rate * (1 - (number - 1) / self._recipe.head_epochs)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        n = len(self._seen.truth)
        order = np.random.default_rng((self._recipe.seed, number)).permutation(n)
        learnt = [self._learn(order[start : start + _BATCH]) for start in range(0, n, _BATCH)]
        loss, right = (sum(each) / n for each in zip(*learnt, strict=True))
        return Epoch(PHASE, number, rate, loss, right, *self._judged(held), time.monotonic() - began)

    def _learn(self, chosen: NDArray[np.int64]) -> tuple[float, int]:
        """One step; its loss summed over photos, and how many were right."""
        truth = self._seen.truth[chosen]
        logits = self._head(self._seen.features[chosen])
        loss = self._loss(logits, soft_targets(truth, self._classes, self._recipe.label_smoothing))
        self._optimizer.zero_grad()
        torch.autograd.backward(loss)
        self._optimizer.step()
        return loss.item() * len(chosen), int((logits.argmax(1) == truth).sum())

    def _judged(self, held: _Seen) -> tuple[float | None, float | None]:
        if not len(held.truth):
            return None, None
        with torch.no_grad():
            logits = self._head(held.features)
        right = float((logits.argmax(1) == held.truth).float().mean())
        return functional.cross_entropy(logits, held.truth).item(), right


def _features(
    whole: Normalised, request: TrainingRequest[NetworkRecipe], rows: NDArray[np.int64]
) -> Iterator[torch.Tensor]:
    """float32 [1, d] of each photo, in order."""
    network: Any = whole.network
    whole.eval()
    with torch.no_grad():
        for start in range(0, len(rows), _AT_ONCE):
            batch = np.stack([request.pixels[row] for row in rows[start : start + _AT_ONCE].tolist()])
            seen = network.forward_features(whole.floats(torch.from_numpy(batch)))
            features: torch.Tensor = network.forward_head(seen, pre_logits=True).float()
            yield from (features[row : row + 1] for row in range(len(features)))
