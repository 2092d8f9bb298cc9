"""From what a user names to the network that is trained: remembered, of an earlier run, of a library, or ours."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from taxolens.core.errors import DataError, UsageError
from taxolens.formats.weights import WeightsCard, read_weights_card
from taxolens.modelfile.catalogue import catalogue
from taxolens.modelfile.remembered import (
    RememberedNetwork,
    is_remembered,
    remembered_names,
    remembered_network,
)
from taxolens.recipes.network import AUTO, NetworkRecipe
from taxolens.workflows.run_folder import MODEL

_SCRATCH = "scratch"
_USUAL_FROM_SCRATCH = "fast_cnn"
_ONNX = ".onnx"


def resolve_network(recipe: NetworkRecipe, method: str, home: Path) -> NetworkRecipe:
    """The recipe with a network that a trainer knows; what the user gave wins over what is remembered.

    Args:
        method: "finetune" begins with weights, "scratch" without.
        home: the user's Taxolens folder.

    Raises:
        UsageError: nothing says which network, or what is named has no weights that could learn further.
    """
    recipe = _with_teacher(recipe)
    if method == _SCRATCH:
        return _from_scratch(recipe, home)
    card = read_weights_card(recipe.weights) if recipe.weights else None
    if card and recipe.name in (AUTO, card.network):
        return _continued(recipe, card)
    name = _only_one(recipe, home) if recipe.name == AUTO else recipe.name
    kept = remembered_network(name, home)
    if kept is not None:
        return _remembered(recipe, kept)
    if is_remembered(name, home) or name in catalogue() or name.lower().endswith(_ONNX):
        raise UsageError(
            "{name} is an ONNX file, which learns nothing further. Use it with --method head, "
            "or name a network of timm: --backbone timm:NAME --weights FILE.safetensors",
            name=name,
        )
    return replace(recipe, name=name)


def _with_teacher(recipe: NetworkRecipe) -> NetworkRecipe:
    """A teacher that is named by its run folder is the model in it."""
    if recipe.distill is None:
        return recipe
    if recipe.distill.photos and not recipe.distill.photos.exists():
        raise DataError("{data} is not there. Check the path.", data=recipe.distill.photos)
    if not recipe.distill.teacher.is_dir():
        return recipe
    folder = recipe.distill.teacher
    if not (folder / MODEL).is_file():
        raise UsageError(
            "{folder} is no run. Name a run folder or a model file as the teacher.", folder=folder
        )
    return replace(recipe, distill=replace(recipe.distill, teacher=folder / MODEL))


def _from_scratch(recipe: NetworkRecipe, home: Path) -> NetworkRecipe:
    if recipe.name == AUTO:
        return replace(recipe, name=_USUAL_FROM_SCRATCH)
    kept = remembered_network(recipe.name, home)
    return recipe if kept is None else replace(_remembered(recipe, kept), weights=None)


def _continued(recipe: NetworkRecipe, card: WeightsCard) -> NetworkRecipe:
    """An earlier run's network, as it was built there."""
    return replace(
        recipe,
        name=card.network,
        arguments=recipe.arguments or card.arguments,
        size=recipe.size or card.size,
        mean=recipe.mean or card.mean,
        std=recipe.std or card.std,
    )


def _remembered(recipe: NetworkRecipe, kept: RememberedNetwork) -> NetworkRecipe:
    return replace(
        recipe,
        name=kept.network,
        weights=recipe.weights or kept.weights,
        arguments=recipe.arguments or kept.arguments,
        mean=recipe.mean or kept.mean,
        std=recipe.std or kept.std,
    )


def _only_one(recipe: NetworkRecipe, home: Path) -> str:
    if recipe.weights:
        raise UsageError(
            "{weights} does not say which network it belongs to. Name it: --backbone timm:NAME",
            weights=recipe.weights,
        )
    known = [name for name in remembered_names(home) if remembered_network(name, home) is not None]
    if len(known) == 1:
        return known[0]
    if known:
        raise UsageError("Name the network to fine-tune: --backbone {known}.", known=" | ".join(known))
    raise UsageError(
        "Fine-tuning begins with weights that have learnt something. Name them: "
        "--backbone timm:NAME --weights FILE.safetensors"
    )
