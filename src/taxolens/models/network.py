"""A classifier as every training sees it, and the networks there are by name."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from torch import nn

from taxolens.core.errors import UsageError
from taxolens.core.trainer import NetworkInput
from taxolens.models.dog_cnn import dog_cnn
from taxolens.models.fast_cnn import fast_cnn
from taxolens.models.small_cnn import small_cnn
from taxolens.models.timm_network import timm_network
from taxolens.recipes.network import NetworkRecipe

TIMM = "timm:"


@dataclass(frozen=True, slots=True)
class Network:
    """A classifier with what a training must know of it.

    Attributes:
        module: float32 [N, 3, height, width], normalised RGB, to logits [N, c].
        input: what it wants to see.
        depth: layer of each parameter by name; 0 is nearest to the pixels, the largest number is the head.
        pretrained: whether its lower layers have learnt something already.
    """

    module: nn.Module
    input: NetworkInput
    depth: Mapping[str, int]
    pretrained: bool

    @property
    def layers(self) -> int:
        """How many layers there are, the head among them."""
        return max(self.depth.values(), default=0) + 1


Builder = Callable[[NetworkRecipe, int], nn.Module]

OWN: Mapping[str, tuple[Builder, int]] = MappingProxyType(
    {"small_cnn": (small_cnn, 32), "dog_cnn": (dog_cnn, 128), "fast_cnn": (fast_cnn, 32)}
)
"""Networks of ours: builder and usual side of the input."""

_HALF = (0.5, 0.5, 0.5)


def build_network(recipe: NetworkRecipe, classes: int, *, load: bool = True) -> Network:
    """Builds the network that a recipe names.

    Args:
        classes: how many logits it is to give.
        load: fill in the recipe's weights; without, only its shape counts.

    Raises:
        UsageError: there is no such network, or its arguments do not fit.
        ModelError: weights of another network.
        NetworkError: weights that had to be fetched and could not be.
    """
    if recipe.name.startswith(TIMM):
        made = timm_network(recipe, classes, load=load)
        return Network(made.module, made.input, made.depth, made.pretrained)
    if recipe.name not in OWN:
        near = difflib.get_close_matches(recipe.name, OWN, n=1) or sorted(OWN)
        raise UsageError(
            "There is no network called {name}. Choose {known}, or timm:NAME.",
            name=recipe.name,
            known=", ".join(near),
        )
    return _own(recipe, classes)


def _own(recipe: NetworkRecipe, classes: int) -> Network:
    if recipe.weights or recipe.arguments:
        raise UsageError(
            "{name} learns from scratch: it takes no weights and no arguments. Leave them out, or choose timm:NAME.",
            name=recipe.name,
        )
    builder, side = OWN[recipe.name]
    side = recipe.size or side
    module = builder(recipe, classes)
    wanted = NetworkInput(recipe.name, side, side, recipe.mean or _HALF, recipe.std or _HALF)
    return Network(module, wanted, _depth_in_order(module), pretrained=False)


def _depth_in_order(module: nn.Module) -> dict[str, int]:
    """Layers in the order in which they are written down, which for plain networks is that of the pixels."""
    layers: dict[str, int] = {}
    return {
        name: layers.setdefault(name.rpartition(".")[0], len(layers)) for name, _ in module.named_parameters()
    }
