"""What lies among the photos is nobody's to write over, but for what an earlier inspection left there."""

from __future__ import annotations

from taxolens.core.errors import UsageError
from taxolens.recipes.inspect import InspectRecipe
from taxolens.storage.signature import read_head
from taxolens.workflows.inspect_document import FIRST_KEY
from taxolens.workflows.inspect_list import COLUMNS


def check_spared(recipe: InspectRecipe) -> None:
    """Refuses places that hold a photo, a table of labels or a file of boxes.

    Raises:
        UsageError: something lies there that no inspection wrote.
    """
    data = recipe.source.data.resolve()
    root = data if data.is_dir() else data.parent
    ours = (
        (recipe.report, b"<!doctype html"),
        (recipe.json, b'{\n  "' + FIRST_KEY.encode() + b'":'),
        (recipe.table, ",".join(COLUMNS).encode()),
    )
    for place, beginning in ours:
        if place is None or not place.exists() or not place.resolve().is_relative_to(root):
            continue
        if not read_head(place).lower().startswith(beginning):
            raise UsageError(
                "{place} lies among the photos and no inspection wrote it. Name another file.", place=place
            )
