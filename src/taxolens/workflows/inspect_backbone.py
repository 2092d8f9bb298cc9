"""The backbone that an inspection looks through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from taxolens.core.backbone import BackboneMaker
from taxolens.core.texts import Say
from taxolens.inference.session import SessionEmbedder
from taxolens.probe.backbone import Backbone
from taxolens.recipes.inspect import InspectRecipe
from taxolens.workflows.backbones import resolve_backbone
from taxolens.workflows.listener import Listener


@dataclass(frozen=True, slots=True)
class Glass:
    """A backbone, and what a reader of the figures should know of it."""

    backbone: Backbone
    hints: tuple[str, ...]

    @property
    def name(self) -> str:
        """Of the backbone."""
        return self.backbone.name

    def embedder(self) -> SessionEmbedder:
        """The backbone, ready to look."""
        return SessionEmbedder(self.backbone.graph, self.backbone.identity, self.backbone.dimension)


def glass_of(
    recipe: InspectRecipe,
    *,
    home: Path,
    maker: Callable[[str], BackboneMaker],
    listener: Listener,
    say: Say,
) -> Glass | None:
    """The backbone that a recipe asks for; None where it asks for none.

    Raises:
        UsageError: no such backbone, or one that cannot be used.
    """
    if not recipe.embed:
        return None
    before = len(listener.notes)
    found = resolve_backbone(recipe.backbone, home=home, maker=maker, progress=listener, say=say)
    return Glass(found, tuple(listener.notes[before:]))
