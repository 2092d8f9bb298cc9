"""The catalogue of ready models says what a user must know, and invents nothing."""

from __future__ import annotations

import pytest

from taxolens.core.errors import UsageError
from taxolens.core.taxonomy import Role
from taxolens.inference.decoders.registry import DECODERS
from taxolens.modelfile.card import Task
from taxolens.modelfile.catalogue import catalogue
from taxolens.modelfile.ready import ReadyModel, ready_models

ALL = [ready_models()[name] for name in ready_models()]


@pytest.mark.parametrize("entry", ALL, ids=lambda entry: entry.name)
def test_an_entry_states_what_a_user_must_know(entry: ReadyModel) -> None:
    assert entry.licence and entry.source.startswith("https://") and entry.size
    assert entry.url is None or entry.url.startswith("https://")
    assert entry.url is not None or (entry.checkpoint and entry.export), (
        "nothing to fetch and no way to make it"
    )
    assert entry.member is None or entry.url is None or entry.url.endswith(".zip")
    assert (entry.sha256 is None) == (entry.sha256_from == ""), "a checksum says who states it"
    assert entry.decoder is None or entry.decoder in DECODERS
    assert entry.noncommercial == ("-NC-" in entry.licence)
    if entry.task is Task.DETECT:
        assert entry.typical and entry.conservative and entry.conservative < entry.typical
    else:
        assert entry.crop is not None, "a classifier of species looks at boxes"


@pytest.mark.parametrize("entry", ALL, ids=lambda entry: entry.name)
def test_the_classes_of_an_entry_are_told_apart_or_come_in_a_file(entry: ReadyModel) -> None:
    taxa = entry.taxa
    if taxa is None:
        assert entry.count
    else:
        assert len({taxon.id for taxon in taxa}) == len(taxa) > 1


def test_megadetectors_have_their_three_classes_in_their_order() -> None:
    found = [entry.taxa for entry in ALL if entry.name.startswith("megadetector")]
    assert len(found) >= 6
    for taxa in found:
        assert taxa is not None
        assert [(taxon.id, taxon.role) for taxon in taxa] == [
            ("animal", None),
            ("person", Role.PERSON),
            ("vehicle", Role.VEHICLE),
        ]
        assert taxa[1].name("fr") == "personne"


def test_deepfaune_learnt_four_classes_from_one_version_to_the_next() -> None:
    before, now = ready_models()["deepfaune-europe"].taxa, ready_models()["deepfaune-1.4"].taxa
    assert before is not None and now is not None
    assert (len(before), len(now)) == (34, 38)
    assert {taxon.id for taxon in now} - {taxon.id for taxon in before} == {
        "golden jackal",
        "raccoon dog",
        "porcupine",
        "muskrat",
    }


def test_no_name_means_both_a_backbone_and_a_ready_model() -> None:
    assert not set(ready_models()) & set(catalogue())


def test_a_wrong_name_is_answered_with_a_near_one() -> None:
    with pytest.raises(UsageError, match="megadetector-v5a"):
        ready_models()["megadetector-v5"]
