"""What a card says of the division is what was done."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from taxolens.core.records import Image, Part
from taxolens.data.split import split_images
from taxolens.recipes.parse import parse_recipe
from taxolens.recipes.train import TrainRecipe
from taxolens.workflows.lesson import Lesson
from taxolens.workflows.model_card import split_rule


class Divided:
    """The two things of a lesson that the rule is read from."""

    def __init__(self, images: tuple[Image, ...], recipe: TrainRecipe) -> None:
        self.images = images
        self.split = split_images(images, recipe.split)


@pytest.fixture
def recipe(tmp_path: Path) -> TrainRecipe:
    return parse_recipe(TrainRecipe, {"source.data": tmp_path, "out": tmp_path / "run", "split.by": "none"})


@pytest.fixture
def images(tmp_path: Path) -> tuple[Image, ...]:
    return tuple(
        Image(
            path=tmp_path / f"{number}.jpg",
            name=f"{number}.jpg",
            label="ab"[number % 2],
            sha256=f"{number:064}",
        )
        for number in range(30)
    )


def test_the_shares_are_counted_and_the_seed_is_kept_where_we_divided(
    recipe: TrainRecipe, images: tuple[Image, ...]
) -> None:
    lesson = Divided(images, recipe)
    rule = split_rule(recipe, cast(Lesson, lesson))
    parts = lesson.split.parts
    assert rule.train == pytest.approx(100 * parts.count(Part.TRAIN) / 30, abs=0.05)
    assert rule.test == pytest.approx(100 * parts.count(Part.TEST) / 30, abs=0.05)
    assert rule.seed == recipe.split.seed


def test_a_division_that_the_data_brought_is_told_as_it_is_and_without_a_seed(
    recipe: TrainRecipe, images: tuple[Image, ...]
) -> None:
    brought = (Part.TRAIN,) * 15 + (Part.VAL,) * 10 + (Part.TEST,) * 5
    own = tuple(replace(image, part=part) for image, part in zip(images, brought, strict=True))
    rule = split_rule(recipe, cast(Lesson, Divided(own, recipe)))
    assert (rule.train, rule.val, rule.test, rule.seed) == (50.0, 33.3, 16.7, None)
