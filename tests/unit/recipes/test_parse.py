from __future__ import annotations

import json
from pathlib import Path

import pytest

from taxolens.core.errors import UsageError
from taxolens.languages.translate import translator
from taxolens.recipes.parse import parse_recipe, recipe_document
from taxolens.recipes.split import SplitBy
from taxolens.recipes.train import TrainRecipe, Views

NEEDED = {"source.data": Path("photos"), "out": Path("run")}


def test_what_was_not_given_keeps_the_recipes_own_default() -> None:
    recipe = parse_recipe(TrainRecipe, {**NEEDED, "split.seed": None, "views": None})
    assert recipe == TrainRecipe(source=recipe.source, out=Path("run"))


def test_an_option_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "recipe.toml"
    file.write_text('views = "flip"\n[split]\nseed = 3\nby = "site"\n', encoding="utf-8")
    recipe = parse_recipe(TrainRecipe, {**NEEDED, "split.seed": 7}, file)
    assert (recipe.split.seed, recipe.split.by, recipe.views) == (7, SplitBy.SITE, Views.FLIP)


def test_a_recipe_comes_back_from_its_document(tmp_path: Path) -> None:
    recipe = parse_recipe(
        TrainRecipe, {**NEEDED, "backbone.mean": (0.5, 0.5, 0.5), "backbone.arguments": {"a": "b"}}
    )
    file = tmp_path / "recipe.json"
    file.write_text(json.dumps(recipe_document(recipe)), encoding="utf-8")
    assert parse_recipe(TrainRecipe, {}, file) == recipe


@pytest.mark.parametrize(
    ("options", "where"),
    [
        ({"split.seed": "many"}, "split.seed"),
        ({"views": "sideways"}, "views"),
        ({"out": None}, "out"),
    ],
)
def test_a_wrong_field_is_named(options: dict[str, object], where: str) -> None:
    with pytest.raises(UsageError, match=f"^{where}(: | )"):
        parse_recipe(TrainRecipe, {**NEEDED, **options})


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"out": None}, "out is missing."),
        ({"split.seed": "many"}, "split.seed: many is not a whole number."),
        ({"split.seed": 1.5}, "split.seed: 1.5 is not a whole number."),
        ({"precision": "high"}, "precision: high is not a number."),
        ({"overwrite": "perhaps"}, "overwrite: perhaps is neither true nor false."),
        ({"name": 3}, "name: 3 is not a text."),
        ({"out": 3}, "out: 3 is not a path."),
        ({"backbone.mean": 3}, "backbone.mean wants a list, not 3."),
        ({"backbone.mean": [0, 0]}, "backbone.mean.2 is missing."),
        ({"backbone.mean": [0, 0, 0, 0]}, "backbone.mean: 4 values are too many, 3 are wanted."),
        ({"backbone.arguments": "a=b"}, "backbone.arguments wants a table of fields, not a=b."),
        ({"split": 3}, "split wants a table of fields, not 3."),
        ({"views": "sideways"}, "views: choose one of none, flip, turns, crops, not sideways."),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence_that_has_a_translation(
    options: dict[str, object], sentence: str
) -> None:
    with pytest.raises(UsageError) as caught:
        parse_recipe(TrainRecipe, {**NEEDED, **options})
    assert str(caught.value) == sentence
    assert caught.value.told(translator("fr")) != sentence


def test_a_misspelt_field_in_a_file_is_not_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "recipe.toml"
    file.write_text('vieuws = "flip"\n', encoding="utf-8")
    with pytest.raises(UsageError, match="vieuws"):
        parse_recipe(TrainRecipe, NEEDED, file)


@pytest.mark.parametrize("text", ["= 3", '{"a": 1', "\x00"])
def test_a_recipe_that_is_no_recipe_is_refused_in_a_sentence(tmp_path: Path, text: str) -> None:
    file = tmp_path / "recipe.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="cannot be read"):
        parse_recipe(TrainRecipe, NEEDED, file)


@pytest.mark.parametrize(("suffix", "before"), [(".json", ""), (".toml", "data = ")])
def test_a_recipe_that_is_nested_too_deeply_is_refused_in_a_sentence(
    tmp_path: Path, suffix: str, before: str
) -> None:
    file = tmp_path / f"recipe{suffix}"
    file.write_text(before + "[" * 100_000 + "]" * 100_000, encoding="utf-8")
    with pytest.raises(UsageError, match="cannot be read"):
        parse_recipe(TrainRecipe, {}, file)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"split.by": "camera"}, "split.by: choose one of auto, site, sequence, date, none, not camera."),
        ({"split.seed": "many"}, "split.seed: many is not a whole number."),
        ({"split.train": "half"}, "split.train: half is not a number."),
    ],
)
def test_a_wrong_value_is_told_in_words_that_can_be_translated(options: dict[str, object], told: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_recipe(TrainRecipe, {**NEEDED, **options})
    assert str(refused.value) == told


def test_a_recipe_that_is_not_there_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nothing\.toml is not there\. Check the path\."):
        parse_recipe(TrainRecipe, NEEDED, tmp_path / "nothing.toml")
