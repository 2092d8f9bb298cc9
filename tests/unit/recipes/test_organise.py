from __future__ import annotations

from pathlib import Path

import pytest

from taxolens.core.errors import UsageError
from taxolens.recipes.organise import Level, OrganiseRecipe, levels_of

RESULTS, OUT = Path("results.csv"), Path("out")


@pytest.mark.parametrize(
    ("by", "levels"),
    [
        ("species", (Level.SPECIES,)),
        ("site/species/date", (Level.SITE, Level.SPECIES, Level.DATE)),
        ("/{Site}/ {event} /", (Level.SITE, Level.EVENT)),
    ],
)
def test_a_pattern_is_words_between_slashes(by: str, levels: tuple[Level, ...]) -> None:
    assert levels_of(by) == levels


@pytest.mark.parametrize("by", ["", "/", "colour", "site//date", "..", "../species", "site/species/site"])
def test_a_pattern_that_cannot_be_meant_is_refused_with_what_can(by: str) -> None:
    with pytest.raises(UsageError, match="Choose from species, name, |Name each once"):
        OrganiseRecipe(RESULTS, OUT, by=by)


def test_numbers_that_cannot_be_meant_are_refused() -> None:
    with pytest.raises(UsageError, match="is no score"):
        OrganiseRecipe(RESULTS, OUT, threshold=1.5)
    with pytest.raises(UsageError, match="0 workers cannot work"):
        OrganiseRecipe(RESULTS, OUT, workers=0)
