"""The table of springtails."""

from __future__ import annotations

import pytest

from taxolens.core.errors import UsageError
from taxolens.core.taxonomy import Role, usual_role
from taxolens.demo.pattern import PATTERNS
from taxolens.demo.site import SITES
from taxolens.demo.substrate import SUBSTRATES
from taxolens.demo.taxa import BLANK, TAXA, find_taxon


def test_ids_and_names_are_complete_and_unique() -> None:
    for names in zip(*((t.id, t.scientific, t.en, t.fr) for t in (*TAXA, BLANK)), strict=True):
        assert len(set(names)) == len(TAXA) + 1
    assert all(taxon.scientific and taxon.en and taxon.fr for taxon in TAXA)


def test_an_id_is_the_scientific_name_as_a_folder() -> None:
    assert all(taxon.id == taxon.scientific.lower().replace(" ", "_") for taxon in TAXA)


def test_blank_has_the_role_of_a_blank_by_its_name() -> None:
    assert usual_role(BLANK.id) is Role.BLANK


def test_looks_and_sites_use_known_patterns_and_substrates() -> None:
    assert {taxon.look.colouring.pattern for taxon in TAXA if taxon.look} <= set(PATTERNS)
    assert {name for site in SITES for name, _ in site.substrates} == set(SUBSTRATES)


def test_an_unknown_taxon_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="folsomia_candida"):
        find_taxon("unicorn")
