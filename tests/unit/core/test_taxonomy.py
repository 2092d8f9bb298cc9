from __future__ import annotations

import pytest

from taxolens.core.taxonomy import Role, Taxon, usual_role


@pytest.mark.parametrize(
    ("label", "role"),
    [
        ("empty", Role.BLANK),
        ("Vide", Role.BLANK),
        ("no_animal", Role.BLANK),
        ("human", Role.PERSON),
        ("vehicle", Role.VEHICLE),
        ("automobile", None),
        ("bobcat", None),
    ],
)
def test_only_words_that_name_a_role_have_one(label: str, role: Role | None) -> None:
    assert usual_role(label) is role


def test_a_name_falls_back_to_english_and_then_to_the_label() -> None:
    taxon = Taxon("lynx_rufus", names={"en": "bobcat", "fr": "lynx roux"})
    assert [taxon.name(code) for code in ("fr", "en", "de")] == ["lynx roux", "bobcat", "bobcat"]
    assert Taxon("x").name("fr") == "x"
