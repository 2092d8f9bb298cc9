"""A classifier as every training sees it, and the networks there are by name."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from torch import nn

from taxolens.core.errors import UsageError
from taxolens.core.trainer import NetworkInput
from taxolens.formats.weights import Shapes, read_weights_card
from taxolens.models import dog_cnn as dogs
from taxolens.models import small_cnn as small
from taxolens.models.fast_cnn import fast_cnn
from taxolens.models.narrow import narrow
from taxolens.models.timm_network import timm_network, weights_of
from taxolens.models.torchvision_fallback import load_timm
from taxolens.models.weights import load_weights
from taxolens.models.widths import with_usual_widths
from taxolens.recipes.network import NetworkRecipe

TIMM = "timm:"


@dataclass(frozen=True, slots=True)
class Network:
    """A classifier with what a training must know of it.

    Attributes:
        module: float32 [N, 3, height, width], normalised RGB, to logits [N, c].
        input: what it wants to see.
        depth: layer of each parameter by name; 0 is nearest to the pixels, the largest number is the head.
        head: names of the parameters that decide between classes.
        pretrained: whether its lower layers have learnt something already.
        known: of how many of the classes its head knows something already.
        shapes: of the tensors that pruning once made smaller.
    """

    module: nn.Module
    input: NetworkInput
    depth: Mapping[str, int]
    head: frozenset[str]
    pretrained: bool = False
    known: int = 0
    shapes: Shapes = field(default_factory=lambda: MappingProxyType({}))

    @property
    def layers(self) -> int:
        """How many layers there are, the head among them."""
        return max(self.depth.values(), default=0) + 1


@dataclass(frozen=True, slots=True)
class Own:
    """A network of ours.

    Attributes:
        build: makes it for a number of classes.
        side: usual side of its input in pixels.
        least: smallest side that it can look at.
        dropout: its usual one.
        arguments: every argument that it takes, with the usual value.
    """

    build: Callable[[NetworkRecipe, int], nn.Module]
    side: int
    least: int
    dropout: float = 0.0
    arguments: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


OWN: Mapping[str, Own] = MappingProxyType(
    {
        "small_cnn": Own(small.small_cnn, small.SIDE, 10, small.DROPOUT, small.ARGUMENTS),
        "dog_cnn": Own(dogs.dog_cnn, 128, 8, dogs.DROPOUT, dogs.ARGUMENTS),
        "fast_cnn": Own(fast_cnn, 32, 9),
    }
)

_HALF = (0.5, 0.5, 0.5)


def build_network(
    recipe: NetworkRecipe, labels: Sequence[str], *, pretrained: bool, load: bool = True
) -> Network:
    """Builds the network that a recipe names.

    Args:
        labels: the classes that it is to know; without any it gets one logit, to look at its shape.
        pretrained: it is to begin with weights: the recipe's, else the library's own.
        load: fill them in; without, only its shape counts.

    Raises:
        UsageError: there is no such network, or its arguments do not fit.
        ModelError: weights of another network.
        NetworkError: weights that had to be fetched and could not be.
    """
    network = _built(recipe, max(1, len(labels)))
    if not pretrained:
        return network
    if recipe.name in OWN and recipe.weights is None:
        raise UsageError(
            "{name} has learnt nothing yet. Name the weights of a run of it (--weights RUN/weights.safetensors), "
            "or choose --method scratch.",
            name=recipe.name,
        )
    network, known = _as_left(network, recipe), 0
    if load:
        weights = recipe.weights or weights_of(recipe, network.module)
        known = load_weights(network.module, weights, network.head, labels)
    return replace(network, pretrained=True, known=known)


def _as_left(network: Network, recipe: NetworkRecipe) -> Network:
    """As the run that left the recipe's weights knew it: under its licence, and as narrow as it was pruned."""
    card = read_weights_card(recipe.weights) if recipe.weights else None
    if recipe.weights is None or card is None or card.network != recipe.name:
        return network
    network = replace(network, input=replace(network.input, licence=card.licence))
    if not card.shapes:
        return network
    narrow(network.module, card.shapes, network.head, network.input, recipe.weights)
    return replace(network, shapes=card.shapes)


def settled_network(recipe: NetworkRecipe) -> NetworkRecipe:
    """The recipe with what it leaves open of one of our networks written down; others stay as they are.

    Raises:
        UsageError: arguments that the network does not take.
    """
    own = OWN.get(recipe.name)
    if own is None:
        return recipe
    dropout = own.dropout if recipe.dropout is None else recipe.dropout
    return replace(recipe, dropout=dropout, arguments=with_usual_widths(recipe, own.arguments))


def _built(recipe: NetworkRecipe, classes: int) -> Network:
    if recipe.name.startswith(TIMM):
        made = timm_network(recipe, classes)
        return Network(made.module, made.input, made.depth, made.head)
    if recipe.name not in OWN:
        raise UsageError(
            "There is no network called {name}. Choose {known}, or timm:NAME.",
            name=recipe.name,
            known=", ".join(_near(recipe.name)),
        )
    return _own(recipe, classes)


def _near(name: str) -> list[str]:
    """What may be meant: a network of timm whose mark was left out, or one of ours."""
    if load_timm().is_model(name):
        return [TIMM + name]
    return difflib.get_close_matches(name, OWN, n=1) or sorted(OWN)


def _own(recipe: NetworkRecipe, classes: int) -> Network:
    own = OWN[recipe.name]
    side = recipe.size or own.side
    if side < own.least:
        raise UsageError(
            "{name} looks at {least} pixels at least, not at {side}. Raise --size.",
            name=recipe.name,
            least=own.least,
            side=side,
        )
    with_usual_widths(recipe, own.arguments)
    module = own.build(recipe, classes)
    wanted = NetworkInput(recipe.name, side, side, recipe.mean or _HALF, recipe.std or _HALF)
    depth = _depth_in_order(module)
    top = max(depth.values())
    head = frozenset(name for name, layer in depth.items() if layer == top)
    return Network(module, wanted, depth, head)


def _depth_in_order(module: nn.Module) -> dict[str, int]:
    """Layers in the order in which they are written down, which for plain networks is that of the pixels."""
    layers: dict[str, int] = {}
    return {
        name: layers.setdefault(name.rpartition(".")[0], len(layers)) for name, _ in module.named_parameters()
    }
