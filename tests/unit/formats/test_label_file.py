from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxolens.core.errors import UsageError
from taxolens.core.taxonomy import Role
from taxolens.formats.label_file import taxa_of_labels

NAMES = st.lists(
    st.text("abcdefgh '-", min_size=1).filter(str.strip), min_size=1, max_size=20, unique_by=str.strip
)
FOX = "ac068717-6079-4aec-a5ab-99e8d14da40b;mammalia;carnivora;canidae;vulpes;vulpes;red fox"
BLANK = "f1856211-cfb7-4a5b-9158-c0f72fd09ee6;;;;;;blank"


@pytest.mark.parametrize("line", ["{name}", "{name},{number}", "{number} {name}", "{number}: {name}"])
@given(names=NAMES)
def test_labels_are_read_in_the_networks_order(line: str, names: list[str]) -> None:
    lines = [line.format(name=name.strip(), number=number) for number, name in enumerate(names)]
    taxa = taxa_of_labels("\n".join(lines) + "\n", "labels.txt")
    assert [taxon.id for taxon in taxa] == [name.strip() for name in names]


def test_numbers_decide_over_the_order_of_the_lines_and_a_header_is_none() -> None:
    taxa = taxa_of_labels("name,index\nhare,1\nlynx,0\nhuman,2\n", "labels.txt")
    assert [taxon.id for taxon in taxa] == ["lynx", "hare", "human"]
    assert taxa[2].role is Role.PERSON


def test_the_seven_words_of_speciesnet_become_a_name_a_taxon_and_a_role() -> None:
    blank, fox = taxa_of_labels(f"{BLANK}\n{FOX}\n", "labels.txt")
    assert (blank.id, blank.role) == ("blank", Role.BLANK)
    assert (fox.id, fox.scientific, fox.rank) == ("red fox", "Vulpes vulpes", "species")


def test_labels_that_stand_there_twice_are_told_apart() -> None:
    taxa = taxa_of_labels(f"{FOX}\n{BLANK}\n{FOX.replace('vulpes;vulpes', 'vulpes;fulva')}\n", "labels.txt")
    assert len({taxon.id for taxon in taxa}) == 3
    assert taxa[1].id == "blank"


@pytest.mark.parametrize("text", ["", "lynx\n\nhare\n", "lynx,0\nhare,2\n"])
def test_a_file_that_cannot_be_meant_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"labels\.txt"):
        taxa_of_labels(text, "labels.txt")
