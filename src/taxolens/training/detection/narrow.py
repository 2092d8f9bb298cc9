"""A trained detector made narrower, whatever its library: channels out, norms anew, figures told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import torch
from torch import nn

from taxolens.core.errors import UsageError
from taxolens.storage.atomic import written_whole
from taxolens.training.channels import Narrowing, take_out
from taxolens.training.detection.child import multiplications
from taxolens.training.detection.messages import Narrowed
from taxolens.training.detection.order import NARROWED, Order

_GRAIN = 8
"""What widths stay multiples of: processors work on eight numbers at once, and a layer of 9 channels is as slow as 16."""


def gather_gradients(module: nn.Module, losses: Iterable[Callable[[], torch.Tensor]]) -> None:
    """Leaves in the weights what some photos say of them.

    Args:
        module: learning, but its norms keep their statistics.
        losses: each of some photos.
    """
    module.zero_grad()
    for loss in losses:
        torch.autograd.backward(loss())


def learning_alone(module: nn.Module) -> None:
    """Lets a network answer as in training while its norms stay as they are."""
    module.train()
    for layer in module.modules():
        if isinstance(layer, nn.modules.batchnorm._BatchNorm):
            layer.eval()


def narrowed(module: nn.Module, order: Order, kept: Sequence[nn.Module]) -> Narrowed:
    """Takes channels out until the share of multiplications that the order names is left.

    Args:
        module: evaluating, on the processor, with gradients.
        kept: layers that keep all their outputs.

    Raises:
        UsageError: it cannot become so narrow.
    """
    before = _counted(module, order)
    narrowing = Narrowing(
        name=order.family,
        module=module,
        picture=torch.zeros(1, 3, order.side, order.side),
        kept=kept,
        grain=_GRAIN,
        count=lambda: _counted(module, order),
    )
    return Narrowed(before, take_out(narrowing, round(before * (order.keep or 1.0))))


def _counted(module: nn.Module, order: Order) -> int:
    found = multiplications(module, order.side)
    if found is None:
        raise UsageError("No channels can be taken out of {name}. Shrink another network.", name=order.family)
    return found


def remember_narrowed(told: Narrowed, folder: Path) -> None:
    """What was counted, for whoever reads the finished network."""
    with written_whole(folder / NARROWED) as file:
        file.write(json.dumps([told.before, told.after]).encode())
