"""The network of a first course: two convolutions, two dense layers."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import torch
from torch import nn

from taxolens.models.widths import DENSE, FILTERS, widths, with_usual_widths
from taxolens.recipes.network import NetworkRecipe

SIDE = 32
DROPOUT = 0.5
ARGUMENTS: Mapping[str, str] = MappingProxyType({FILTERS: "32,64", DENSE: "128"})


class SmallCnn(nn.Module):
    """Convolution, pool, convolution, pool, dense, dropout, dense c; 3x3 kernels without padding.

    Args:
        side: of the square input in pixels, at least 10.
        filters: of the two convolutions.
        units: of the first dense layer.
    """

    def __init__(
        self, classes: int, side: int, dropout: float, filters: tuple[int, ...] = (32, 64), units: int = 128
    ) -> None:
        super().__init__()
        first, second = filters
        self.features = nn.Sequential(
            nn.Conv2d(3, first, 3),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(first, second, 3),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        left = ((side - 2) // 2 - 2) // 2
        self.dense = nn.Linear(second * left * left, units)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(units, classes)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """float32 [N, 3, side, side] to logits [N, c]."""
        seen = torch.relu(self.dense(self.features(pixels).flatten(1)))
        logits: torch.Tensor = self.head(self.dropout(seen))
        return logits


def small_cnn(recipe: NetworkRecipe, classes: int) -> nn.Module:
    """The network for the recipe's size and widths."""
    arguments = with_usual_widths(recipe, ARGUMENTS)
    return SmallCnn(
        classes,
        recipe.size or SIDE,
        DROPOUT if recipe.dropout is None else recipe.dropout,
        widths(arguments[FILTERS], FILTERS, 2),
        *widths(arguments[DENSE], DENSE, 1),
    )
