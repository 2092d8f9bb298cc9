"""A classifier of the timm library with a new head."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from taxolens.core.backbone import BackboneRequest
from taxolens.core.errors import UsageError
from taxolens.core.trainer import NetworkInput
from taxolens.models.timm_backbone import built, fetched, triple
from taxolens.recipes.network import NetworkRecipe

_TIMM = "timm:"


@dataclass(frozen=True, slots=True)
class TimmNetwork:
    """What `models.network.Network` holds."""

    module: nn.Module
    input: NetworkInput
    depth: Mapping[str, int]
    head: frozenset[str]


def timm_network(recipe: NetworkRecipe, classes: int) -> TimmNetwork:
    """Builds a timm network with `classes` logits, without weights.

    Raises:
        UsageError: timm does not know it, or cannot build it so.
    """
    module = built(_request(recipe), classes=classes, dropout=recipe.dropout)
    settings: Mapping[str, Any] = module.pretrained_cfg
    side = recipe.size or int(settings["input_size"][-1])
    wanted = NetworkInput(
        recipe.name,
        side,
        side,
        recipe.mean or triple(settings["mean"]),
        recipe.std or triple(settings["std"]),
        None if recipe.weights else settings.get("license"),
    )
    return TimmNetwork(module, wanted, _depth(module), _head(module, settings))


def weights_of(recipe: NetworkRecipe, module: Any) -> Path:
    """The file that the recipe names, else the library's own weights.

    Raises:
        NetworkError: they had to be fetched and could not be.
    """
    return recipe.weights or fetched(recipe.name.removeprefix(_TIMM), module.pretrained_cfg)


def _request(recipe: NetworkRecipe) -> BackboneRequest:
    return BackboneRequest(
        recipe.name.removeprefix(_TIMM),
        recipe.weights,
        recipe.arguments,
        recipe.mean,
        recipe.std,
        recipe.size,
    )


def _head(module: nn.Module, settings: Mapping[str, Any]) -> frozenset[str]:
    """Names of the parameters that decide between classes; some networks have two such layers."""
    named = settings.get("classifier") or ()
    heads = tuple(f"{head}." for head in ((named,) if isinstance(named, str) else named))
    return frozenset(name for name, _ in module.named_parameters() if name.startswith(heads))


def _depth(module: Any) -> dict[str, int]:
    """timm's own grouping of parameters into layers, from the stem to the head."""
    from timm.models import group_parameters

    try:
        found = group_parameters(module, module.group_matcher(coarse=False), reverse=True)
    except (AttributeError, NotImplementedError) as error:
        raise UsageError(
            "timm does not say how {name} is built up, so it cannot be unfrozen by layers. Choose another network.",
            name=type(module).__name__,
        ) from error
    return {str(name): int(layer) for name, layer in found.items()}
