"""The network of a first course: two convolutions, two dense layers."""

from __future__ import annotations

import torch
from torch import nn

from taxolens.recipes.network import NetworkRecipe

SIDE = 32
_DROPOUT = 0.5


class SmallCnn(nn.Module):
    """Convolution 32, pool, convolution 64, pool, dense 128, dropout, dense c; 3x3 kernels without padding.

    Args:
        side: of the square input in pixels, at least 10.
    """

    def __init__(self, classes: int, side: int, dropout: float) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2)
        )
        left = ((side - 2) // 2 - 2) // 2
        self.dense = nn.Linear(64 * left * left, 128)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(128, classes)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """float32 [N, 3, side, side] to logits [N, c]."""
        seen = torch.relu(self.dense(self.features(pixels).flatten(1)))
        logits: torch.Tensor = self.head(self.dropout(seen))
        return logits


def small_cnn(recipe: NetworkRecipe, classes: int) -> nn.Module:
    """The network for the recipe's size."""
    dropout = _DROPOUT if recipe.dropout is None else recipe.dropout
    return SmallCnn(classes, recipe.size or SIDE, dropout)
