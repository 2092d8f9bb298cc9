"""What a server may be asked to be."""

from __future__ import annotations

import pytest

from taxolens.core.errors import UsageError
from taxolens.recipes.parse import parse_recipe
from taxolens.recipes.serve import LogForm, ServeRecipe


def test_what_is_not_said_keeps_its_default() -> None:
    recipe = parse_recipe(ServeRecipe, {"models": ["a.onnx"], "log": "json", "tile.size": "640"})
    assert (recipe.models, recipe.host, recipe.port) == (("a.onnx",), "127.0.0.1", 8080)
    assert recipe.log is LogForm.JSON
    assert recipe.tile.size == 640


def test_aliases_mean_models_and_versions() -> None:
    recipe = ServeRecipe(("a.onnx",), alias=("champion=beetles", "last=beetles:2"))
    assert recipe.aliases == {"champion": "beetles", "last": "beetles:2"}


@pytest.mark.parametrize(
    "said",
    [
        {"models": ()},
        {"port": -1},
        {"port": 65_536},
        {"workers": -1},
        {"max_queue": -1},
        {"seconds": 0.0},
        {"max_megabytes": 0.0},
        {"max_megapixels": -1.0},
        {"max_photos": 0},
        {"max_connections": 0},
        {"watch": -1.0},
        {"alias": ("champion",)},
        {"alias": ("=beetles",)},
        {"seconds": float("nan")},
    ],
)
def test_what_cannot_be_meant_is_refused(said: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        ServeRecipe(**{"models": ("a.onnx",), **said})  # type: ignore[arg-type]
