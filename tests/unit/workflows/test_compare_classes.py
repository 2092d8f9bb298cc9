"""One list of classes for several models."""

from __future__ import annotations

import time

from taxolens.core.taxonomy import Taxon
from taxolens.workflows.compare_classes import common_classes


def test_labels_that_models_join_by_turns_are_one_class() -> None:
    first = [Taxon("hare", scientific="Lagomorpha"), Taxon("fox")]
    second = [Taxon("rabbit", scientific="Lagomorpha"), Taxon("hare"), Taxon("fox", scientific="Vulpes")]
    counts = {"Vulpes": 1, "hare": 3, "fox": 2, "Lagomorpha": 4, "rabbit": 5}

    found = common_classes(counts, [first, second])

    assert found.labels[: found.common] == ("hare + Lagomorpha", "fox")
    assert [one.label for one in found.left_out] == ["Vulpes", "rabbit"]


def test_thousands_of_classes_are_joined_in_seconds() -> None:
    taxa = [Taxon(f"class {number}") for number in range(5000)]
    began = time.perf_counter()

    found = common_classes({taxon.id: 1 for taxon in taxa}, [taxa, taxa[::-1], taxa])

    assert found.common == 5000 and found.columns[1].tolist() == list(range(4999, -1, -1))
    assert time.perf_counter() - began < 10
