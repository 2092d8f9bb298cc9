"""How a pupil learns from its teacher: from its answers, and from hints of what it decides by.

Sources: Hinton et al. 2015 (answers); Romero et al. 2015, "FitNets" (hints, through a projection that is learnt);
Beyer et al. 2022 (teacher and pupil see the very same views, each in its own size).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from taxolens.core.errors import UsageError
from taxolens.models.network import Network
from taxolens.recipes.network import DistillRecipe, NetworkRecipe
from taxolens.training.features import Features
from taxolens.training.losses import distilled
from taxolens.training.normalise import Normalised
from taxolens.training.teacher import Teacher, Told, open_teacher
from taxolens.training.team import ALONE, Team

_UNCHANGED = "none"
_RATE, _DECAY = 1e-3, 1e-4
_MOST_NUMBERS = 250_000_000


class Guide:
    """A teacher beside a network that learns.

    Args:
        network: the pupil, on its device.
        whole: the same behind its normalisation.
        labels: its classes.

    Raises:
        ModelError: the teacher's file cannot be used.
        UsageError: the teacher does not know all classes, or there are no hints to give or to take.
    """

    def __init__(
        self,
        distill: DistillRecipe,
        recipe: NetworkRecipe,
        network: Network,
        whole: Normalised,
        labels: Sequence[str],
        team: Team = ALONE,
    ) -> None:
        self._distill, self._whole, self._team = distill, whole, team
        self._device = next(whole.parameters()).device
        self._teacher = open_teacher(distill, labels, self._device)
        self._memory = None if recipe.mixup or recipe.cutmix or recipe.augment != _UNCHANGED else _Memory()
        self._features = Features(network) if distill.hints else None
        if self._features:
            torch.manual_seed(recipe.seed)
            self._projection = self._projecting(self._features, network)
            self._optimizer = torch.optim.AdamW(self._projection.parameters(), lr=_RATE, weight_decay=_DECAY)

    def _projecting(self, features: Features, network: Network) -> nn.Linear:
        wanted = network.input
        if not features.known:
            raise UsageError(
                "{name} does not decide by an embedding, so it can take no hints. Leave out --distill-hints.",
                name=wanted.name,
            )
        told = self._teacher.tell(torch.zeros(1, 3, wanted.height, wanted.width, device=self._device))
        dimension = told.seen.shape[1] if told.seen is not None else 0
        return nn.Linear(features.dimension, dimension).to(self._device)

    @contextmanager
    def watching(self) -> Iterator[list[torch.Tensor]]:
        """Collects what the pupil decides by, where hints are given."""
        if self._features is None:
            yield []
            return
        with self._features.watched() as seen:
            yield seen

    def loss(
        self,
        own: torch.Tensor,
        logits: torch.Tensor,
        seen: Sequence[torch.Tensor],
        pixels: torch.Tensor,
        rows: NDArray[np.int64],
    ) -> torch.Tensor:
        """The pupil's own loss and what the teacher adds to it.

        Args:
            own: from the labels.
            logits: float32 [b, c], the pupil's.
            seen: what `watching` collected.
            pixels: normalised float32 [b, 3, h, w], the views that the pupil saw; perhaps in a larger size.
            rows: which photos they are.
        """
        recipe, told = self._distill, self._told(pixels, rows)
        answers = distilled(logits, told.logits.to(logits), recipe.temperature)
        total = (1 - recipe.weight) * own + recipe.weight * answers
        if told.seen is None or not seen:
            return total
        # Directions alone: how long an embedding is means nothing from one network to another.
        alike = functional.cosine_similarity(self._projection(seen[-1]), told.seen.to(logits), dim=1)
        return total + recipe.hints * (1 - alike).mean()

    def _told(self, pixels: torch.Tensor, rows: NDArray[np.int64]) -> Told:
        levels = self._whole.grey_levels(pixels)
        return self._memory.told(self._teacher, levels, rows) if self._memory else self._teacher.tell(levels)

    def step(self) -> None:
        """The projection learns with the pupil."""
        if self._features is None:
            return
        for weights in self._projection.parameters():
            if self._team.size > 1 and weights.grad is not None:
                self._team.averaged(weights.grad)
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)

    def state(self) -> dict[str, Any]:
        """Everything that is needed to go on."""
        if self._features is None:
            return {}
        return {"projection": self._projection.state_dict(), "optimizer": self._optimizer.state_dict()}

    def load(self, state: Mapping[str, Any]) -> None:
        """Goes on from what `state` gave."""
        if self._features is not None:
            self._projection.load_state_dict(state["projection"])
            self._optimizer.load_state_dict(state["optimizer"])


class _Memory:
    """What a teacher said of photos that are always the same, each looked at once and alone.

    Alone, because the last digits may hang on which photos share a look, and a training that was stopped
    would then not go on as it would have without a stop.
    """

    def __init__(self) -> None:
        self._known: dict[int, Told] = {}
        self._numbers = 0

    def told(self, teacher: Teacher, pixels: torch.Tensor, rows: NDArray[np.int64]) -> Told:
        """Of photos, looked at only where they are not known."""
        found = [
            self._one(teacher, pixels[place : place + 1], row) for place, row in enumerate(rows.tolist())
        ]
        hints = [one.seen for one in found if one.seen is not None]
        return Told(torch.cat([one.logits for one in found]), torch.cat(hints) if hints else None)

    def _one(self, teacher: Teacher, pixels: torch.Tensor, row: int) -> Told:
        if row in self._known:
            return self._known[row]
        told = teacher.tell(pixels)
        self._numbers += told.logits.numel() + (told.seen.numel() if told.seen is not None else 0)
        if self._numbers <= _MOST_NUMBERS:
            self._known[row] = told
        return told
