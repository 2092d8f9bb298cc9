"""Blocks that cut a layer's channels into two equal halves, laid open so that they can be pruned and put back.

Of a channel that is taken out of one half, the channel at the same place of the other goes too, so that the block can
go on cutting in the middle.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

_TABLES = ("running_mean", "running_var")


class _Halves(nn.Module):
    """A convolution with its norm, as two that see the same."""

    def __init__(self, whole: Any) -> None:
        super().__init__()
        self.first, self.second = _half(whole, 0), _half(whole, 1)

    def forward(self, given: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        first, second = self.first(given), self.second(given)
        # Adding nothing says to whoever follows the computation that the channels of both belong together.
        return first + second * 0, second


@contextmanager
def laid_open(blocks: Sequence[Any]) -> Iterator[None]:
    """Within it, the layer that each block cuts is two layers.

    Args:
        blocks: with `cv1` (a `conv` and its norm `bn`), `m`, `cv2` and `c`, the width of a half: those known as C2f.
    """
    for block in blocks:
        block.cv1 = _Halves(block.cv1)
        block.forward = _open_forward(block)
    try:
        yield
    finally:
        for block in blocks:
            del block.forward
            block.cv1 = _joined(block.cv1.first, block.cv1.second)
            block.c = block.cv1.conv.out_channels // 2


def _open_forward(block: Any) -> Any:
    def forward(given: torch.Tensor) -> torch.Tensor:
        parts = list(block.cv1(given))
        for layer in block.m:
            parts.append(layer(parts[-1]))
        made: torch.Tensor = block.cv2(torch.cat(parts, 1))
        return made

    return forward


def _half(whole: Any, number: int) -> Any:
    width = whole.conv.out_channels // 2
    rows = slice(number * width, (number + 1) * width)
    half = copy.deepcopy(whole)
    _fill(half, *([one[rows] for one in part] for part in _parts(whole)))
    return half


def _joined(first: Any, second: Any) -> Any:
    """The first, with the channels of the second behind its own."""
    tensors = zip(_parts(first), _parts(second), strict=True)
    _fill(first, *([torch.cat(pair) for pair in zip(*both, strict=True)] for both in tensors))
    return first


def _parts(layer: Any) -> tuple[list[torch.Tensor], list[torch.Tensor], list[torch.Tensor]]:
    """Weights, their gradients (none: zeros), and the tables of the norm."""
    weights = [layer.conv.weight, layer.bn.weight, layer.bn.bias]
    gradients = [torch.zeros_like(one) if one.grad is None else one.grad for one in weights]
    return [one.detach() for one in weights], gradients, [getattr(layer.bn, name) for name in _TABLES]


def _fill(
    layer: Any, weights: list[torch.Tensor], gradients: list[torch.Tensor], tables: list[torch.Tensor]
) -> None:
    filled = [nn.Parameter(one.clone()) for one in weights]
    for one, gradient in zip(filled, gradients, strict=True):
        one.grad = gradient.clone()
    layer.conv.weight, layer.bn.weight, layer.bn.bias = filled
    layer.conv.out_channels = layer.bn.num_features = len(weights[0])
    for name, table in zip(_TABLES, tables, strict=True):
        setattr(layer.bn, name, table.clone())
