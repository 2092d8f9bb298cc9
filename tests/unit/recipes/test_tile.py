"""What is said of tiles."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from taxolens.core.errors import UsageError
from taxolens.recipes.parse import parse_recipe
from taxolens.recipes.tile import TileRecipe, TileSize


@dataclass(frozen=True, slots=True)
class Asked:
    tile: TileRecipe = field(default_factory=TileRecipe)


def asked(**given: object) -> TileRecipe:
    return parse_recipe(Asked, {f"tile.{name}": value for name, value in given.items()}).tile


@pytest.mark.parametrize(
    ("given", "size"), [("auto", TileSize.AUTO), ("off", TileSize.OFF), ("640", 640), (640, 640)]
)
def test_a_size_is_a_word_or_a_number(given: object, size: object) -> None:
    assert asked(size=given).size == size


@pytest.mark.parametrize("given", ["large", "31", "0", "-5", "1e9", "65501"])
def test_another_size_is_refused(given: str) -> None:
    with pytest.raises(UsageError, match="Mend --tile"):
        asked(size=given)


@pytest.mark.parametrize("share", [-0.1, 0.6, float("nan")])
def test_an_overlap_lies_from_none_to_half(share: float) -> None:
    with pytest.raises(UsageError, match="overlap"):
        asked(size=640, overlap=share)


def test_where_no_photo_is_cut_nothing_more_is_said_of_tiles() -> None:
    with pytest.raises(UsageError, match="--tile off"):
        asked(size="off", overlap=0.3)
