"""The one epoch loop. The page to read first.

photos in random order -> changed at random -> mixed -> network -> loss -> weights, step by step
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from taxolens.core.errors import TrainingFailed
from taxolens.models.network import Network
from taxolens.recipes.network import NetworkRecipe, Precision, Schedule
from taxolens.training.batches import Batch, Batches, Lesson
from taxolens.training.guide import Guide
from taxolens.training.losses import loss_of, soft_targets
from taxolens.training.mixing import mixed
from taxolens.training.normalise import Normalised
from taxolens.training.optimizer import Plateau, optimizer_of, share_of_rate, stilled_norms
from taxolens.training.precision import autocast, precision_of
from taxolens.training.resize import resized
from taxolens.training.team import ALONE, Team, part_sizes, same_everywhere

_MIXING = 1  # stream of random numbers, apart from that of the photos' order


@dataclass(frozen=True, slots=True)
class Passed:
    """What an epoch did.

    Attributes:
        loss: mean over photos.
        accuracy: 0..1; None where photos were mixed.
        rate: largest learning rate at its end.
    """

    loss: float
    accuracy: float | None
    rate: float


class Loop:
    """A network with everything that changes its weights; can be put down and taken up again.

    Args:
        whole: the network behind its normalisation, on its device, parts of it frozen perhaps.
        guide: what it learns from beside the labels.
        team: the processes that learn it together.
    """

    def __init__(
        self,
        network: Network,
        whole: Normalised,
        lesson: Lesson,
        recipe: NetworkRecipe,
        guide: Guide | None,
        team: Team = ALONE,
    ) -> None:
        self._recipe, self._lesson, self._guide, self._team = recipe, lesson, guide, team
        self._whole, self._shared = whole, team.sharing(whole.network)
        self._device = next(whole.parameters()).device
        self._size = network.input.height, network.input.width
        self._batches = Batches(lesson, recipe, team)
        self._optimizer = optimizer_of(network, recipe)
        self._full_rates = [group["lr"] for group in self._optimizer.param_groups]
        self._plateau = Plateau()
        self._still = stilled_norms(network, recipe, len(lesson.rows) + len(lesson.unnamed))
        counts = np.bincount(lesson.truth[lesson.rows], minlength=lesson.classes)
        # Photos without a class add nothing to the loss of the labels; its mean is to be over those that have one.
        self._share = lesson.rounds * len(lesson.rows) / max(1, lesson.photos)
        self._loss = loss_of(recipe, counts)
        self._average = (
            AveragedModel(whole, multi_avg_fn=_averaging(recipe.ema), use_buffers=True)
            if recipe.ema
            else None
        )
        self._precision: Precision | None = None

    @property
    def steps(self) -> int:
        """Steps in an epoch."""
        return len(self._batches)

    @property
    def _mixes(self) -> bool:
        return bool(self._recipe.mixup or self._recipe.cutmix)

    @property
    def precision(self) -> Precision | None:
        """Numbers that are computed with, once that is known."""
        return self._precision

    @property
    def kept(self) -> nn.Module:
        """What is judged and kept: the moving average where there is one, else the network itself."""
        return self._average.module if self._average else self._whole

    def settle(self) -> None:
        """Decides what to compute with before anything is learnt, so that a stop never changes it."""
        if self._precision is None:
            rows = self._lesson.rows[: self._recipe.batch].tolist()
            pixels = torch.from_numpy(np.stack([self._lesson.pixels[row] for row in rows]))
            floats = self._whole.floats(pixels.to(self._device))
            self._precision = precision_of(self._recipe, self._whole.network, floats)

    def examples(self, most: int) -> NDArray[np.uint8]:
        """Photos of the first epoch as the network saw them, mixed too, uint8 [k, height, width, 3]."""
        found = next(iter(self.batches(1)), None)
        if found is None:
            return np.empty((0, 1, 1, 3), np.uint8)
        rng = np.random.default_rng((self._recipe.seed, 1, _MIXING))
        rng.integers(2**62)
        floats = self._whole.floats(found.pixels.to(next(self._whole.parameters()).device))
        targets = soft_targets(found.truth, self._lesson.classes, 0).to(floats.device)
        looked = self._own(mixed(floats, targets, self._recipe, rng)[0][:most])
        seen = self._whole.grey_levels(looked)
        return np.asarray(seen.clamp(0, 255).round().byte().permute(0, 2, 3, 1).cpu().numpy())

    def batches(self, epoch: int) -> Iterable[Batch]:
        """The steps of an epoch (from 1), as the network will see them."""
        return self._batches.epoch(epoch)

    def epoch(self, number: int, batches: Iterable[Batch]) -> Passed:
        """Learns from the steps of epoch `number`.

        Raises:
            TrainingFailed: the loss is no number any more.
        """
        rng = np.random.default_rng((self._recipe.seed, number, _MIXING))
        # Dropout too is to be the same whether or not the training was stopped before this epoch.
        torch.manual_seed(int(rng.integers(2**62)) + self._team.rank)
        self._whole.train()
        self._still_norms()
        total, right, seen = 0.0, 0.0, 0
        for step, batch in enumerate(batches):
            self._set_rate((number - 1 + step / self.steps) / max(1, self._recipe.epochs))
            loss, hits = self._learn(batch, rng, step)
            if not math.isfinite(loss):
                failure = TrainingFailed(
                    "The loss is no number any more in epoch {epoch}, step {step}. Lower --rate.",
                    epoch=number,
                    step=step + 1,
                )
                raise self._team.failed(failure)
            total, right, seen = total + loss * batch.of, right + hits, seen + batch.of
        self._agree()
        rate = max(group["lr"] for group in self._optimizer.param_groups)
        named = max(1.0, seen * self._share)
        return Passed(total / max(1, seen), None if self._mixes else right / named, rate)

    def tell(self, val_loss: float) -> None:
        """Takes the validation loss of an epoch, which may lower the rate."""
        self._plateau.tell(val_loss)

    def _learn(self, batch: Batch, rng: np.random.Generator, step: int) -> tuple[float, int]:
        recipe = self._recipe
        wide, targets = self._seen(batch, rng)
        pixels = self._own(wide)
        first = step - step % recipe.accumulate
        group = min(recipe.accumulate, self.steps - first)
        # What an epoch leaves over must not wait for the next one, which may never come.
        last = step + 1 == first + group
        with nullcontext() if last else self._team.apart(self._shared):
            with self._watching() as features, autocast(self._device, self._precision or Precision.FP32):
                logits = self._shared(pixels)
            logits = logits.float()
            loss = self._loss(logits, targets) / self._share
            if self._guide:
                loss = self._guide.loss(loss, logits, features, wide, batch.rows)
            torch.autograd.backward(self._of_step(loss, batch) / group)
        if last:
            self._step()
        return self._told(loss.item(), int((logits.argmax(1).cpu() == batch.truth).sum()), batch)

    def _seen(self, batch: Batch, rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        """What is looked at and what is to be said of it; photos may be mixed with those of other processes."""
        shown, truth, mine = batch.pixels.to(self._device), batch.truth, slice(None)
        if self._team.size > 1 and self._mixes:
            sizes = part_sizes(batch.of, self._team.size)
            start = sum(sizes[: self._team.rank])
            mine = slice(start, start + len(truth))
            shown = self._team.gathered(shown, sizes)
            truth = self._team.gathered(truth.to(self._device), sizes).cpu()
        targets = soft_targets(truth, self._lesson.classes, self._recipe.label_smoothing)
        return mixed(self._whole.floats(shown), targets.to(self._device), self._recipe, rng, mine)

    def _own(self, floats: torch.Tensor) -> torch.Tensor:
        """Photos in the size that the network wants, which a teacher's may exceed."""
        return resized(floats, *self._size)

    def _of_step(self, loss: torch.Tensor, batch: Batch) -> torch.Tensor:
        """A part's loss, so that its mean over the processes is the loss of the step."""
        if self._team.size == 1:
            return loss
        return loss * (len(batch.truth) * self._team.size / batch.of)

    def _told(self, loss: float, hits: int, batch: Batch) -> tuple[float, int]:
        """Mean loss of a whole step and how many of its photos were right."""
        if self._team.size == 1:
            return loss, hits
        total, right = self._team.summed(loss * len(batch.truth), hits)
        return total / batch.of, int(right)

    def _agree(self) -> None:
        if self._team.size > 1:
            same_everywhere(self._team, self._whole, *([self._average.module] if self._average else []))

    def _watching(self) -> AbstractContextManager[list[torch.Tensor]]:
        return self._guide.watching() if self._guide else nullcontext([])

    def _step(self) -> None:
        if self._recipe.clip:
            torch.nn.utils.clip_grad_norm_(self._whole.parameters(), self._recipe.clip)
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        if self._guide:
            self._guide.step()
        if self._average:
            self._average.update_parameters(self._whole)

    def _still_norms(self) -> None:
        for norm in self._still:
            norm.eval()

    def _set_rate(self, done: float) -> None:
        share = share_of_rate(self._recipe, done)
        if self._recipe.schedule is Schedule.PLATEAU:
            share *= self._plateau.share
        for group, full in zip(self._optimizer.param_groups, self._full_rates, strict=True):
            group["lr"] = full * share

    def state(self) -> dict[str, Any]:
        """Everything that is needed to go on."""
        return {
            "network": self._whole.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "average": self._average.state_dict() if self._average else None,
            "plateau": [self._plateau.share, self._plateau.best, self._plateau.waited],
            "precision": self._precision.value if self._precision else None,
            "guide": self._guide.state() if self._guide else None,
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Goes on from what `state` gave."""
        self._whole.load_state_dict(state["network"])
        self._optimizer.load_state_dict(state["optimizer"])
        if self._average and state["average"]:
            self._average.load_state_dict(state["average"])
        self._plateau.share, self._plateau.best, self._plateau.waited = state["plateau"]
        self._precision = Precision(state["precision"]) if state["precision"] else None
        if self._guide:
            self._guide.load(state["guide"])


def _averaging(decay: float) -> Any:
    """A moving average that forgets quickly at first: a short training would keep what it began with."""

    def update(average: Any, weights: Any, updates: Any) -> None:
        seen = int(updates)
        now = min(decay, (1 + seen) / (10 + seen))
        get_ema_multi_avg_fn(now)(average, weights, updates)  # type: ignore[no-untyped-call]

    return update
