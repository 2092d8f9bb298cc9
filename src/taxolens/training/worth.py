"""Which channels of a network are worth their multiplications.

Source: Molchanov et al. 2019, "Importance Estimation for Neural Network Pruning": what the loss would change by, to first
order, without a channel. Divided by what the channel costs, so that those go first that save most and matter least.
"""

from __future__ import annotations

from typing import Any

import torch
import torch_pruning as pruning
from torch import nn

_INTO = (pruning.prune_conv_in_channels, pruning.prune_linear_in_channels)


class GrainPruner(pruning.pruner.BasePruner):  # type: ignore[misc]
    """The library's pruner, but one that never takes out channels that matter to make up a round number."""

    def _round_to(self, n_pruned: int, current_channels: int, round_to: int) -> int:
        kept = -(-(current_channels - n_pruned) // round_to) * round_to
        return max(0, current_channels - kept)


class Worth(pruning.importance.GroupTaylorImportance):  # type: ignore[misc]
    """Scores channels that hang together; the gradients of some photos must be there.

    Args:
        module: on the processor.
        picture: float32 [1, 3, h, w], as it takes them.
    """

    def __init__(self, module: nn.Module, picture: torch.Tensor) -> None:
        super().__init__(group_reduction="sum", normalizer=None)
        self._positions = _positions(module, picture)

    def __call__(self, group: Any) -> torch.Tensor | None:
        """float32 [channels]; None where nothing in the group has weights."""
        importance: torch.Tensor | None = super().__call__(group)
        if importance is None:
            return None
        cost = sum(
            self._positions[layer] * layer.weight.numel() * len(channels) / _width(layer, dependency.handler)
            for dependency, channels in group
            if (layer := dependency.target.module) in self._positions
        )
        found: torch.Tensor = importance * len(importance) / max(1.0, cost)
        return found


def _positions(module: nn.Module, picture: torch.Tensor) -> dict[nn.Module, int]:
    """How often each convolution and dense layer is used for one photo."""
    used: dict[nn.Module, int] = {}

    def note(layer: nn.Module, given: Any, made: torch.Tensor) -> None:
        channels = made.shape[1] if isinstance(layer, nn.Conv2d) else made.shape[-1]
        used[layer] = used.get(layer, 0) + made.numel() // channels

    layers = [one for one in module.modules() if isinstance(one, nn.Conv2d | nn.Linear)]
    hooks = [layer.register_forward_hook(note) for layer in layers]
    with torch.no_grad():
        module(picture)
    for hook in hooks:
        hook.remove()
    return used


def _width(layer: Any, handler: Any) -> int:
    """Channels that go out of a layer, or into it, whichever it is about."""
    into = handler in _INTO
    if isinstance(layer, nn.Linear):
        return layer.in_features if into else layer.out_features
    return int(layer.in_channels if into else layer.out_channels)
