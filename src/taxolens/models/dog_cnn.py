"""A small network for photos of some size: three convolutions, an average over the picture, two dense layers."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from types import MappingProxyType

from torch import nn

from taxolens.models.widths import DENSE, FILTERS, widths, with_usual_widths
from taxolens.recipes.network import NetworkRecipe

DROPOUT = 0.3
ARGUMENTS: Mapping[str, str] = MappingProxyType({FILTERS: "64,64,128", DENSE: "32"})


def dog_cnn(recipe: NetworkRecipe, classes: int) -> nn.Module:
    """Three convolutions (3x3), each with pooling, global average, dense, dropout, dense c.

    With its usual widths, 116,803 parameters for three classes.
    """
    arguments = with_usual_widths(recipe, ARGUMENTS)
    filters = widths(arguments[FILTERS], FILTERS, 3)
    (units,) = widths(arguments[DENSE], DENSE, 1)
    blocks: list[nn.Module] = []
    for before, after in pairwise((3, *filters)):
        blocks += [nn.Conv2d(before, after, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(
        *blocks,
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(filters[-1], units),
        nn.ReLU(),
        nn.Dropout(DROPOUT if recipe.dropout is None else recipe.dropout),
        nn.Linear(units, classes),
    )
