"""The recipe of a preparation, from text and back."""

from __future__ import annotations

from pathlib import Path

import pytest

from taxolens.core.errors import UsageError
from taxolens.recipes.parse import parse_recipe
from taxolens.recipes.prepare import BalanceTo, PrepareRecipe, StepRecipe, shard_of


def recipe(**given: object) -> PrepareRecipe:
    return parse_recipe(PrepareRecipe, {"source.data": "photos", **given})


def test_a_file_says_the_same_as_options(tmp_path: Path) -> None:
    file = tmp_path / "prepare.toml"
    file.write_text(
        '[split]\nby = "site"\n[[transform]]\nname = "clahe"\nclip = 2\n[balance]\nto = "max"\n'
        'augment = ["mirror", "random-rotate:strength=0.3"]\n[result]\nphotos = 3\n'
    )
    read = parse_recipe(PrepareRecipe, {"source.data": "photos"}, file)
    assert (read.split.train, read.split.val, read.split.test, read.split.by) == (70, 20, 10, "site")
    assert read.transform == (StepRecipe("clahe", {"clip": 2}),) and read.balance.to is BalanceTo.MAX
    assert [step.text for step in read.balance.augment] == ["mirror", "random-rotate:strength=0.3"]


def test_steps_are_written_as_text_or_as_tables() -> None:
    text = recipe(transform=["clahe:clip=2,tiles=8"]).transform
    assert text == recipe(transform=[{"name": "clahe", "parameters": {"clip": "2", "tiles": "8"}}]).transform
    for wrong in ("", ":", "clahe:clip", "clahe:=2"):
        with pytest.raises(UsageError, match="name:key=value"):
            recipe(transform=[wrong])


@pytest.mark.parametrize("to", ["0", "-3", "few", 0, 2.5])
def test_classes_are_balanced_to_nothing_else(to: object) -> None:
    with pytest.raises(UsageError, match="none, max, median"):
        recipe(**{"balance.to": to})
    assert recipe(**{"balance.to": "40"}).balance.to == 40


def test_a_shard_is_one_of_them() -> None:
    assert shard_of(None) == (1, 1) and shard_of("2/5") == (2, 5)
    for wrong in ("0/4", "5/4", "1", "a/b", "1/0", "-1/4"):
        with pytest.raises(UsageError, match="no shard"):
            recipe(shard=wrong)


def test_misspelt_fields_are_refused() -> None:
    with pytest.raises(UsageError, match="balance"):
        recipe(balanse="max")
