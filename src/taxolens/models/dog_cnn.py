"""A small network for photos of some size: three convolutions, an average over the picture, two dense layers."""

from __future__ import annotations

from torch import nn

from taxolens.recipes.network import NetworkRecipe

_DROPOUT = 0.3


def dog_cnn(recipe: NetworkRecipe, classes: int) -> nn.Module:
    """Convolutions 64, 64 and 128 (3x3), each with pooling, global average, dense 32, dropout, dense c.

    116,803 parameters for three classes.
    """
    dropout = _DROPOUT if recipe.dropout is None else recipe.dropout
    blocks: list[nn.Module] = []
    for before, after in ((3, 64), (64, 64), (64, 128)):
        blocks += [nn.Conv2d(before, after, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(
        *blocks,
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(128, 32),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(32, classes),
    )
