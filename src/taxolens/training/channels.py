"""Channels taken out of any network, those that matter least first, and norms that look at photos anew.

Source: Fang et al. 2023, "DepGraph: Towards Any Structural Pruning" (torch-pruning).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from taxolens.core.errors import UsageError
from taxolens.training.worth import GrainPruner, Worth

_STEPS = 40
_NEAR = 1.2
_MOST_OF_A_LAYER = 0.9


@dataclass(frozen=True, slots=True)
class Narrowing:
    """A network that is to become narrower; the gradients of some photos lie in its weights.

    Attributes:
        name: for messages.
        module: on the processor.
        picture: float32 [1, 3, h, w], as it takes them.
        kept: layers that keep all their outputs.
        grain: what widths stay a multiple of.
        count: its multiplications for one photo, as it is now.
    """

    name: str
    module: nn.Module
    picture: torch.Tensor
    kept: Sequence[nn.Module]
    grain: int
    count: Callable[[], int]


def take_out(narrowing: Narrowing, left: int) -> int:
    """Narrows layer by layer until few enough multiplications are left; says how many those are.

    Raises:
        UsageError: it cannot become so narrow.
    """
    before = reached = narrowing.count()
    for groups in _groups(narrowing):
        near = reached <= left * _NEAR
        for group in groups:
            group.prune()
            # Counting takes a look at a photo, so it is left out while the aim is far.
            reached = narrowing.count() if near else reached
            if reached <= left:
                return reached
        reached = narrowing.count()
        if reached <= left:
            return reached
    if reached == before:
        raise UsageError(
            "No channels can be taken out of {name}. Shrink another network.", name=narrowing.name
        )
    raise UsageError(
        "{name} can lose {share:.0f} % of its multiplications to pruning, not as many as asked. Lower --speedup.",
        name=narrowing.name,
        share=100 * (1 - reached / before),
    )


def _groups(narrowing: Narrowing) -> Iterator[Iterable[Any]]:
    """A few channels of many layers at a time, those that matter least first; what hangs together goes together."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pruner = GrainPruner(
            narrowing.module,
            narrowing.picture,
            Worth(narrowing.module, narrowing.picture),
            global_pruning=True,
            pruning_ratio=1.0,
            max_pruning_ratio=_MOST_OF_A_LAYER,
            iterative_steps=_STEPS,
            ignored_layers=list(narrowing.kept),
            round_to=narrowing.grain,
        )
        for _ in range(_STEPS):
            yield pruner.step(interactive=True)


def look_anew(module: nn.Module, looks: Iterable[Callable[[], object]]) -> None:
    """Batch norms take their statistics from what the narrower layers make of photos.

    Args:
        looks: each shows the network some photos.
    """
    norms = [one for one in module.modules() if isinstance(one, nn.modules.batchnorm._BatchNorm)]
    momenta = [one.momentum for one in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain average
        norm.train()
    with torch.no_grad():
        for look in looks:
            look()
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    module.eval()
