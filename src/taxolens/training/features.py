"""What a network has seen just before it decides, whatever network it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from taxolens.models.network import Network


class Features:
    """The input of the layer that decides between classes."""

    def __init__(self, network: Network) -> None:
        names = {name.rpartition(".")[0] for name in network.head}
        layers = [layer for name, layer in network.module.named_modules() if name in names]
        deciding = [layer for layer in layers if isinstance(layer, nn.Linear | nn.Conv2d)]
        # Some networks decide twice, side by side; the first stands for both.
        self._layer: nn.Linear | nn.Conv2d | None = deciding[0] if deciding else None

    @property
    def known(self) -> bool:
        """Whether there is such a layer."""
        return self._layer is not None

    @property
    def dimension(self) -> int:
        """How many numbers it decides by."""
        layer: Any = self._layer
        return int(layer.in_features if isinstance(layer, nn.Linear) else layer.in_channels)

    @contextmanager
    def watched(self) -> Iterator[list[torch.Tensor]]:
        """Collects float32 [b, d] of every look in the block."""
        seen: list[torch.Tensor] = []
        layer: Any = self._layer

        def keep(_: nn.Module, given: tuple[torch.Tensor, ...]) -> None:
            one = given[0].float()
            seen.append(one.mean((2, 3)) if one.ndim == 4 else one.flatten(1))

        hook = layer.register_forward_pre_hook(keep)
        try:
            yield seen
        finally:
            hook.remove()
