from __future__ import annotations

import numpy as np
import pytest

from taxolens.core.errors import UsageError
from taxolens.core.taxonomy import Role, Taxon
from taxolens.inference.ladder import ladder_of, lineage

TAXA = (
    Taxon("red fox", scientific="Vulpes vulpes", lineage={"family": "Canidae", "order": "Carnivora"}),
    Taxon("arctic fox", scientific="Vulpes lagopus", lineage={"family": "Canidae", "order": "Carnivora"}),
    Taxon("wolf", scientific="Canis lupus", lineage={"family": "Canidae", "order": "Carnivora"}),
    Taxon("lynx", scientific="Lynx lynx", lineage={"order": "Carnivora"}),
    Taxon("human", scientific="Homo sapiens", role=Role.PERSON),
)


def climbed(*scores: float, highest: str = "order", threshold: float = 0.7) -> str | None:
    found = ladder_of(TAXA, highest).climb(np.asarray(scores, dtype=np.float32), threshold)
    return found.label if found else None


@pytest.mark.parametrize(
    ("scores", "answer"),
    [
        ((0.4, 0.4, 0.1, 0.1, 0.0), "Vulpes"),
        ((0.3, 0.2, 0.3, 0.2, 0.0), "Canidae"),
        ((0.2, 0.1, 0.1, 0.4, 0.2), "Carnivora"),
        ((0.1, 0.1, 0.1, 0.1, 0.6), None),
    ],
)
def test_the_lowest_taxon_that_is_sure_is_the_answer(scores: tuple[float, ...], answer: str | None) -> None:
    assert climbed(*scores) == answer


def test_no_answer_is_higher_than_asked() -> None:
    assert climbed(0.3, 0.2, 0.3, 0.2, 0.0, highest="genus") is None


def test_ranks_are_known_by_the_name_of_their_taxa() -> None:
    ranks = ladder_of(TAXA, "order").ranks
    assert (ranks["Vulpes"], ranks["Canidae"], ranks["Carnivora"]) == ("genus", "family", "order")


def test_the_genus_stands_in_the_name_of_a_species_alone() -> None:
    assert lineage(TAXA[0])["genus"] == "Vulpes"
    assert "genus" not in lineage(TAXA[4])
    assert lineage(Taxon("dogs", scientific="Canidae", rank="family")) == {"family": "Canidae"}
    assert lineage(Taxon("x", scientific="unknown fox")) == {}


def test_a_ladder_without_rungs_is_refused() -> None:
    with pytest.raises(UsageError, match="known to belong to a family"):
        ladder_of((Taxon("fox"),), "family")
    with pytest.raises(UsageError, match="no roll-up to tribe"):
        ladder_of(TAXA, "tribe")
