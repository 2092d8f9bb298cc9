"""A photo looked at tile by tile: small animals keep the pixels that a look at the whole would take from them.

The photo is decoded once, at its full size, and its tiles are looked at one after the other: what is held in memory
is one photo and one input, however large the photo is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from PIL import Image as Pillow

from taxolens.core.errors import ModelError, UsageError
from taxolens.imaging.tiling import Window
from taxolens.inference.row import Boxes
from taxolens.inference.tiles import WHOLE, Seen, merged, together
from taxolens.modelfile.card import CardTile, Task
from taxolens.modelfile.read import ModelFile
from taxolens.recipes.tile import TileRecipe, TileSize

Look = Callable[[Pillow.Image], Boxes]
"""Finds the boxes of a picture, in shares of it."""


def with_tiles(model: ModelFile, recipe: TileRecipe) -> ModelFile:
    """The model with a card that cuts photos as a recipe says; what the recipe leaves open is as the card has it.

    Raises:
        UsageError: something is said of tiles that are not asked for.
        ModelError: the model finds no boxes.
    """
    own = model.card.input.tile
    if recipe == TileRecipe():
        return model
    if model.card.task is not Task.DETECT:
        raise ModelError(
            "Tiles are for detectors, and the model {file} finds no boxes. Leave out --tile.", file=model.path
        )
    if recipe.size is TileSize.AUTO and own is None:
        raise UsageError("Something is said of tiles, and none are asked for. Add --tile PIXELS.")
    tile = None if recipe.size is TileSize.OFF else _tile(recipe, own)
    return replace(model, card=model.card.changed(input=model.card.input.changed(tile=tile)))


def _tile(recipe: TileRecipe, own: CardTile | None) -> CardTile:
    said = {"overlap": recipe.overlap, "whole": recipe.whole}
    if not isinstance(recipe.size, TileSize):
        said["side"] = recipe.size
    known = own.model_dump() if own else {}
    return CardTile.made(**{**known, **{name: value for name, value in said.items() if value is not None}})


def look_in_tiles(picture: Pillow.Image, tile: CardTile, look: Look) -> Boxes:
    """The boxes of one photo; one no larger than a tile is looked at once."""
    windows = tile.tiling.windows(*picture.size)
    if len(windows) == 1:
        return look(picture)
    seen = merged(together(list(_looks(picture, windows, tile, look))), windows, tile.tiling.shared)
    size = np.array(picture.size * 2, np.float64)
    shares = (seen.corners / size).clip(0.0, 1.0)
    places = np.concatenate([shares[:, :2], shares[:, 2:] - shares[:, :2]], axis=1)
    return Boxes(places.astype(np.float32), seen.scores)


def _looks(picture: Pillow.Image, windows: tuple[Window, ...], tile: CardTile, look: Look) -> Iterator[Seen]:
    for number, (left, top, width, height) in enumerate(windows):
        found = look(picture.crop((left, top, left + width, top + height)))
        yield _on_photo(found, (left, top, width, height), number)
    if tile.whole:
        yield _on_photo(look(picture), (0, 0, *picture.size), WHOLE)


def _on_photo(found: Boxes, window: Window, number: int) -> Seen:
    left, top, width, height = window
    places = found.places.astype(np.float64)
    corners = np.concatenate([places[:, :2], places[:, :2] + places[:, 2:]], axis=1)
    corners = corners * (width, height, width, height) + (left, top, left, top)
    return Seen(corners, found.scores, np.full(len(corners), number, np.int64))
