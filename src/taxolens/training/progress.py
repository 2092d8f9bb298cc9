"""How a training went so far: its epochs, and the best of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from typing import Any

import torch

from taxolens.core.texts import Say
from taxolens.core.trainer import Epoch

NETWORK = "network"
"""The phase in which the whole network learns."""

State = Mapping[str, torch.Tensor]


class Course:
    """The epochs of a training and the weights of the best one.

    The best has the lowest loss on validation; without validation the last is the best.

    Args:
        patience: epochs without a better one after which to stop; 0: never.
    """

    def __init__(self, patience: int) -> None:
        self._patience = patience
        self.epochs: list[Epoch] = []
        self.best: Epoch | None = None
        self.weights: State = {}

    def note(self, epoch: Epoch) -> None:
        """Takes an epoch."""
        self.epochs.append(epoch)

    def weigh(self, weights: State) -> None:
        """Keeps the weights after the last epoch where none was better; without validation, always."""
        epoch = self.epochs[-1]
        if self.best is None or epoch.val_loss is None or _loss(epoch) < _loss(self.best):
            self.best = epoch
            self.weights = {name: tensor.detach().clone() for name, tensor in weights.items()}

    @property
    def is_over(self) -> bool:
        """Whether waiting any longer is in vain; each phase has its own patience."""
        here = [one for one in self.epochs if one.phase == NETWORK]
        if not self._patience or not here or here[-1].val_loss is None:
            return False
        best = min(here, key=_loss)
        return here[-1].number - best.number >= self._patience

    def state(self) -> dict[str, Any]:
        """For a checkpoint."""
        return {
            "epochs": [list(astuple(epoch)) for epoch in self.epochs],
            "best": self.epochs.index(self.best) if self.best else -1,
            "weights": dict(self.weights),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Goes on from what `state` gave."""
        self.epochs = [Epoch(*values) for values in state["epochs"]]
        self.best = self.epochs[state["best"]] if state["best"] >= 0 else None
        self.weights = state["weights"]


def told(epoch: Epoch, epochs: Sequence[Epoch], total: int, say: Say) -> str:
    """An epoch in one line, with the time that is left."""
    here = [one for one in epochs if one.phase == epoch.phase]
    left = (total - len(here)) * sum(one.seconds for one in here) / len(here)
    minutes, seconds = divmod(round(left), 60)
    if epoch.val_loss is None or epoch.val_accuracy is None:
        return say("Epoch {number} of {total}: loss {loss:.3f}, {minutes}:{seconds:02d} left").format(
            number=len(here), total=total, loss=epoch.train_loss, minutes=minutes, seconds=seconds
        )
    return say(
        "Epoch {number} of {total}: loss {loss:.3f}, validation {val:.3f} and {right:.1f} % right, "
        "{minutes}:{seconds:02d} left"
    ).format(
        number=len(here),
        total=total,
        loss=epoch.train_loss,
        val=epoch.val_loss,
        right=100 * epoch.val_accuracy,
        minutes=minutes,
        seconds=seconds,
    )


def _loss(epoch: Epoch) -> float:
    known = epoch.val_loss is not None and math.isfinite(epoch.val_loss)
    return epoch.val_loss if known and epoch.val_loss is not None else math.inf
