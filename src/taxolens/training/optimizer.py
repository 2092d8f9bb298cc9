"""Which weights learn, how fast, and how that changes over a training."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import torch
from torch import nn

from taxolens.models.network import Network
from taxolens.recipes.network import NetworkRecipe, Norms, Optimizer, Schedule

_USUAL_RATE: Mapping[tuple[Optimizer, bool], float] = MappingProxyType(
    {
        (Optimizer.ADAMW, True): 5e-4,
        (Optimizer.ADAM, True): 5e-4,
        (Optimizer.SGD, True): 1e-2,
        (Optimizer.RMSPROP, True): 2e-4,
        (Optimizer.ADAMW, False): 2e-3,
        (Optimizer.ADAM, False): 1e-3,
        (Optimizer.SGD, False): 5e-2,
        (Optimizer.RMSPROP, False): 5e-4,
    }
)
"""Learning rate by optimizer and by whether the network has learnt something already."""

_USUAL_DECAY: Mapping[Optimizer, float] = MappingProxyType(
    {Optimizer.ADAMW: 0.02, Optimizer.ADAM: 1e-5, Optimizer.SGD: 5e-4, Optimizer.RMSPROP: 1e-5}
)
"""Weight decay by optimizer; only that of AdamW does not go through the gradient."""

_LEAST = 1e-2
_ENOUGH = 50_000
"""Photos from which on batch norms of a network that has learnt something take their statistics anew.

MobileNetV2 after five epochs on 180 photos of three breeds of dogs, 128 pixels: 88 % of 183 others right with new
statistics, 96 % with those it brought; four epochs on 320 photos of leaves in eight classes: 93 and 94 %.
"""


def usual_rate(recipe: NetworkRecipe, *, pretrained: bool) -> float:
    """The recipe's learning rate, or the one that suits its optimizer."""
    return recipe.rate or _USUAL_RATE[recipe.optimizer, pretrained]


def usual_decay(recipe: NetworkRecipe) -> float:
    """The recipe's weight decay, or the one that suits its optimizer."""
    return _USUAL_DECAY[recipe.optimizer] if recipe.weight_decay is None else recipe.weight_decay


def freeze(network: Network, unfreeze: int) -> None:
    """Lets the last `unfreeze` layers learn (0: all), and stills the others."""
    lowest = max(0, network.layers - unfreeze) if unfreeze else 0
    for name, weights in network.module.named_parameters():
        if weights.requires_grad and network.depth[name] < lowest:
            weights.requires_grad_(False)


def stilled_norms(network: Network, recipe: NetworkRecipe, photos: int) -> tuple[nn.Module, ...]:
    """Batch norms that keep the statistics they have.

    Where nothing of a norm learns, it must not take its statistics from the new photos either. In a network
    that has learnt something, the statistics of a few small steps are worse than those it brought.

    Args:
        photos: how many there are to learn from.
    """
    norms = tuple(one for one in network.module.modules() if isinstance(one, nn.modules.batchnorm._BatchNorm))
    few = network.pretrained and photos < _ENOUGH
    if recipe.norms is Norms.KEEP or (recipe.norms is Norms.AUTO and few):
        return norms
    return tuple(one for one in norms if _is_frozen(one))


def _is_frozen(norm: nn.Module) -> bool:
    weights = tuple(norm.parameters())
    return bool(weights) and not any(one.requires_grad for one in weights)


def optimizer_of(network: Network, recipe: NetworkRecipe) -> torch.optim.Optimizer:
    """The optimizer with a group of weights for every layer and kind.

    A layer learns `layer_decay` times as fast as the one above it where the network is pretrained.
    Biases and norms (weights of one dimension) do not decay.
    """
    rate = usual_rate(recipe, pretrained=network.pretrained)
    slower = recipe.layer_decay if network.pretrained else 1.0
    decay = usual_decay(recipe)
    groups: dict[tuple[int, bool], list[nn.Parameter]] = defaultdict(list)
    for name, weights in network.module.named_parameters():
        if weights.requires_grad:
            groups[network.depth[name], weights.ndim > 1].append(weights)
    described = [
        {
            "params": weights,
            "lr": rate * slower ** (network.layers - 1 - depth),
            "weight_decay": decay if decays else 0.0,
        }
        for (depth, decays), weights in sorted(groups.items())
    ]
    return _MAKERS[recipe.optimizer](described, recipe)


def _adamw(groups: Any, recipe: NetworkRecipe) -> torch.optim.Optimizer:
    del recipe
    return torch.optim.AdamW(groups)


def _adam(groups: Any, recipe: NetworkRecipe) -> torch.optim.Optimizer:
    del recipe
    return torch.optim.Adam(groups)


def _sgd(groups: Any, recipe: NetworkRecipe) -> torch.optim.Optimizer:
    return torch.optim.SGD(groups, momentum=recipe.momentum, nesterov=recipe.momentum > 0)


def _rmsprop(groups: Any, recipe: NetworkRecipe) -> torch.optim.Optimizer:
    return torch.optim.RMSprop(groups, momentum=recipe.momentum)


_MAKERS: Mapping[Optimizer, Callable[[Any, NetworkRecipe], torch.optim.Optimizer]] = MappingProxyType(
    {
        Optimizer.ADAMW: _adamw,
        Optimizer.ADAM: _adam,
        Optimizer.SGD: _sgd,
        Optimizer.RMSPROP: _rmsprop,
    }
)


def share_of_rate(recipe: NetworkRecipe, done: float) -> float:
    """The share of the full learning rate at a point of the second phase.

    Args:
        done: share of the phase that lies behind, 0..1.
    """
    if done < recipe.warmup:
        return _LEAST + (1 - _LEAST) * done / recipe.warmup
    left = (1 - done) / max(1e-9, 1 - recipe.warmup)
    match recipe.schedule:
        case Schedule.COSINE:
            return _LEAST + (1 - _LEAST) * 0.5 * (1 + math.cos(math.pi * (1 - left)))
        case Schedule.LINEAR:
            return _LEAST + (1 - _LEAST) * left
        case Schedule.PLATEAU | Schedule.CONSTANT:
            return 1.0


class Plateau:
    """Lowers the rate where validation has not become better for some epochs.

    Args:
        patience: epochs to wait.
        factor: what the rate is multiplied by.
    """

    def __init__(self, patience: int = 2, factor: float = 0.3) -> None:
        self._patience, self._factor = patience, factor
        self.share, self.best, self.waited = 1.0, math.inf, 0

    def tell(self, loss: float) -> None:
        """Takes the validation loss of an epoch."""
        if loss < self.best:
            self.best, self.waited = loss, 0
            return
        self.waited += 1
        if self.waited > self._patience:
            self.share, self.waited = self.share * self._factor, 0
