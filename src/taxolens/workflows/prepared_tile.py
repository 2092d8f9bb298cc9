"""How a data set was cut into tiles, if it was: the recipe of its preparation says it."""

from __future__ import annotations

import tomllib
from pathlib import Path

from taxolens.core.errors import UsageError
from taxolens.modelfile.card import CardTile
from taxolens.workflows.prepare_folder import RECIPE as PREPARED


def tile_of(data: Path) -> CardTile | None:
    """How photos were cut that `prepare --tile` wrote: what learnt from tiles is to look at tiles; None: they were not."""
    file = (data if data.is_dir() else data.parent) / PREPARED
    try:
        tile = tomllib.loads(file.read_text(encoding="utf-8")).get("tile", {})
        return CardTile.made(side=tile["size"], overlap=tile["overlap"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, UsageError):
        return None
