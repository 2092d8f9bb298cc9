"""A classifier of the timm library with a new head."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from taxolens.core.backbone import BackboneRequest
from taxolens.core.errors import ModelError, UsageError
from taxolens.core.trainer import NetworkInput
from taxolens.models.timm_backbone import built, fetched, read_weights, triple
from taxolens.recipes.network import NetworkRecipe

_TIMM = "timm:"
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class TimmNetwork:
    """What `models.network.Network` holds."""

    module: nn.Module
    input: NetworkInput
    depth: Mapping[str, int]
    pretrained: bool


def timm_network(recipe: NetworkRecipe, classes: int, *, load: bool) -> TimmNetwork:
    """Builds a timm network with `classes` logits.

    With `weights`, everything but the head comes from them; a head of as many classes too.

    Raises:
        UsageError: timm does not know it, or cannot build it so.
        ModelError: weights of another network.
        NetworkError: weights that had to be fetched and could not be.
    """
    request = _request(recipe)
    module = built(request, classes=classes, dropout=recipe.dropout)
    settings: Mapping[str, Any] = module.pretrained_cfg
    if load:
        _load(module, recipe.weights or fetched(request.architecture, settings), settings)
    side = recipe.size or int(settings["input_size"][-1])
    wanted = NetworkInput(
        recipe.name,
        side,
        side,
        recipe.mean or triple(settings["mean"]),
        recipe.std or triple(settings["std"]),
        None if recipe.weights else settings.get("license"),
    )
    return TimmNetwork(module, wanted, _depth(module), pretrained=load)


def _request(recipe: NetworkRecipe) -> BackboneRequest:
    return BackboneRequest(
        recipe.name.removeprefix(_TIMM),
        recipe.weights,
        recipe.arguments,
        recipe.mean,
        recipe.std,
        recipe.size,
    )


def _load(module: Any, weights: Path, settings: Mapping[str, Any]) -> None:
    """Everything but the head must be there and fit; the head is taken where it fits."""
    tensors = read_weights(weights)
    wanted: dict[str, torch.Tensor] = module.state_dict()
    named = settings.get("classifier") or ()
    heads = tuple(f"{head}." for head in ((named,) if isinstance(named, str) else named))
    body = [name for name in wanted if not name.startswith(heads)]
    missing = [name for name in body if name not in tensors]
    misshapen = [name for name in body if name in tensors and tensors[name].shape != wanted[name].shape]
    if missing or misshapen:
        raise ModelError(
            "The weights {file} are not those of this network: {missing} missing, {misshapen} of another shape, "
            "such as {examples}. Check the architecture and its arguments.",
            file=weights,
            missing=len(missing),
            misshapen=len(misshapen),
            examples=", ".join((missing + misshapen)[:_MOST_NAMED]),
        )
    module.load_state_dict({name: tensors[name] for name in body}, strict=False)


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
