"""First phase: only the head learns, where possible on what the body makes of each photo once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from taxolens.core.progress import Progress
from taxolens.core.texts import Say, noted
from taxolens.core.trainer import Epoch, TrainingRequest
from taxolens.models.network import Network
from taxolens.recipes.network import NetworkRecipe, Sampling, Schedule
from taxolens.training.batches import Lesson, balanced
from taxolens.training.loop import Loop
from taxolens.training.losses import loss_of, soft_targets
from taxolens.training.normalise import Normalised
from taxolens.training.precision import device_of
from taxolens.training.verdict import judged, validated

PHASE = "head"
_AT_ONCE = 32
_BATCH = 128
_DECAY = 1e-3
_TRIED = 4
_PASSES = 10
"""Epochs on remembered features that one pass of the whole network stands for."""
_EPOCH = noted("Head: epoch {number} of {total}")


def head_of(network: Network) -> nn.Linear | None:
    """The last linear layer of a network that can tell what comes before it; None where it cannot."""
    module: Any = network.module
    if not hasattr(module, "get_classifier") or not hasattr(module, "forward_head"):
        return None
    head = module.get_classifier()
    return head if isinstance(head, nn.Linear) else None


def reads_features(head: nn.Linear, whole: Normalised, request: TrainingRequest[NetworkRecipe]) -> bool:
    """Whether head after features is the network, which is true of most and cannot be known of all."""
    rows = request.train[:_TRIED].tolist()
    pixels = torch.from_numpy(np.stack([request.pixels[row] for row in rows]))
    whole.eval()
    with torch.no_grad():
        features = _seen_by(whole, pixels)
        if features.shape != (len(rows), head.in_features):
            return False
        return torch.allclose(head(features), whole(pixels), rtol=1e-3, atol=1e-4)


def teach_head(
    head: nn.Linear,
    whole: Normalised,
    request: TrainingRequest[NetworkRecipe],
    *,
    fresh: bool,
    progress: Progress,
    say: Say,
) -> tuple[Epoch, ...]:
    """Trains a head on frozen features of unchanged photos; a pass over the photos is needed only once.

    Args:
        head: of `whole`, changed in place.
        fresh: it knows nothing yet.
    """
    whole.to(device_of(request.settings))
    rows = np.concatenate([request.train, request.val])
    looked = progress.track(_features(whole, request, rows), what=say("Looking at photos"), total=len(rows))
    features, truth = torch.cat(list(looked)), torch.from_numpy(request.truth[rows])
    learnt = len(request.train)
    whole.cpu()
    phase = _HeadPhase(head, _Seen(features[:learnt], truth[:learnt]), request, fresh)
    return tuple(phase.epoch(number, _Seen(features[learnt:], truth[learnt:])) for number in phase.numbers)


def teach_any_head(
    network: Network,
    whole: Normalised,
    lesson: Lesson,
    request: TrainingRequest[NetworkRecipe],
    *,
    progress: Progress,
    say: Say,
) -> tuple[Epoch, ...]:
    """Trains the head of a network that cannot tell its features apart, with its body frozen."""
    recipe = request.settings
    total = -(-recipe.head_epochs // _PASSES)
    lesson = replace(lesson, wide=None)
    calm = replace(
        recipe,
        epochs=total,
        rate=recipe.head_rate,
        layer_decay=1.0,
        schedule=Schedule.LINEAR,
        warmup=0.0,
        augment="none",
        mixup=0.0,
        cutmix=0.0,
        ema=0.0,
        distill=None,
    )
    body = [
        weights
        for name, weights in network.module.named_parameters()
        if weights.requires_grad and name not in network.head
    ]
    for weights in body:
        weights.requires_grad_(False)
    whole.to(device_of(recipe), memory_format=torch.channels_last)  # type: ignore[call-overload]
    loop = Loop(network, whole, lesson, calm, None)
    loop.settle()
    epochs = []
    for number in range(1, total + 1):
        began = time.monotonic()
        what = say(_EPOCH).format(number=number, total=total)
        passed = loop.epoch(number, progress.track(loop.batches(number), what=what, total=loop.steps))
        found = validated(whole, request)
        spent = time.monotonic() - began
        epochs.append(Epoch(PHASE, number, passed.rate, passed.loss, passed.accuracy, *found, spent))
    for weights in body:
        weights.requires_grad_(True)
    return tuple(epochs)


@dataclass(frozen=True, slots=True)
class _Seen:
    """Frozen features float32 [k, d] and classes int64 [k]."""

    features: torch.Tensor
    truth: torch.Tensor


class _HeadPhase:
    """A head and what changes it."""

    def __init__(
        self, head: nn.Linear, seen: _Seen, request: TrainingRequest[NetworkRecipe], fresh: bool
    ) -> None:
        self._head, self._seen, self._recipe = head, seen, request.settings
        self._classes = len(request.labels)
        torch.manual_seed(self._recipe.seed)
        if fresh:
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
        order = self._order(number)
        n = len(order)
        learnt = [self._learn(order[start : start + _BATCH]) for start in range(0, n, _BATCH)]
        loss, right = (sum(each) / n for each in zip(*learnt, strict=True))
        return Epoch(PHASE, number, rate, loss, right, *self._judged(held), time.monotonic() - began)

    def _order(self, epoch: int) -> NDArray[np.int64]:
        rng = np.random.default_rng((self._recipe.seed, epoch))
        rows = np.arange(len(self._seen.truth))
        if self._recipe.sampling is Sampling.BALANCED:
            rows = balanced(rows, self._seen.truth.numpy(), rng)
        return rng.permutation(rows)

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
        return judged(logits.numpy(), held.truth.numpy())


def _features(
    whole: Normalised, request: TrainingRequest[NetworkRecipe], rows: NDArray[np.int64]
) -> Iterator[torch.Tensor]:
    """float32 [1, d] of each photo, in order."""
    device = next(whole.parameters()).device
    whole.eval()
    with torch.no_grad():
        for start in range(0, len(rows), _AT_ONCE):
            batch = np.stack([request.pixels[row] for row in rows[start : start + _AT_ONCE].tolist()])
            features = _seen_by(whole, torch.from_numpy(batch).to(device)).cpu()
            yield from (features[row : row + 1] for row in range(len(features)))


def _seen_by(whole: Normalised, pixels: torch.Tensor) -> torch.Tensor:
    """What the network has seen just before it decides, float32 [N, d]."""
    network: Any = whole.network
    seen: torch.Tensor = network.forward_head(
        network.forward_features(whole.floats(pixels)), pre_logits=True
    ).float()
    return seen
