"""One list of classes for models that name them in another order, or do not know the same ones.

1. A class is compared where every model knows it. Photos of the others are left out, and counted.
2. What one model takes for one class, and another for two, is one class.
3. A model may answer with a class that the others do not know. That is an answer like any other: a wrong one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from taxolens.core.taxonomy import Taxon
from taxolens.workflows.judging import classes_meant


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A label of the data whose photos are not judged, and which models do not know it."""

    label: str
    photos: int
    unknown_to: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CommonClasses:
    """How labels and each model's classes become columns of one table.

    Attributes:
        labels: names of the columns; the first `common` are those that are compared.
        truth: label of the data to column, below `common`.
        columns: for each model, int64 [its classes]: the column of each.
        further: for each model, names of the classes that another model does not know.
        left_out: labels that are not compared.
    """

    labels: tuple[str, ...]
    common: int
    truth: Mapping[str, int]
    columns: tuple[NDArray[np.int64], ...]
    further: tuple[tuple[str, ...], ...]
    left_out: tuple[LeftOut, ...]

    def table(self, model: int, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Scores [n, classes of the model] as [n, columns]; what became one class is added up."""
        table = np.zeros((len(scores), len(self.labels)))
        for own, column in enumerate(self.columns[model].tolist()):
            table[:, column] += scores[:, own]
        return table


def common_classes(counts: Mapping[str, int], taxa: Sequence[Sequence[Taxon]]) -> CommonClasses:
    """Finds what models have in common.

    Args:
        counts: labels of the data, with how many photos bear them.
        taxa: the classes of each model, in its order.
    """
    meant = [classes_meant(counts, classes) for classes in taxa]
    known = [label for label in counts if all(label in one for one in meant)]
    kinds = _joined(known, meant)
    truth = {label: place for place, labels in enumerate(kinds) for label in labels}
    names = [" + ".join(labels) for labels in kinds]
    columns, further = [], []
    others: dict[str, int] = {}
    for one, classes in zip(meant, taxa, strict=True):
        own = {one[label]: truth[label] for label in known}
        extra = [taxon.id for index, taxon in enumerate(classes) if index not in own]
        for name in extra:
            others.setdefault(name.casefold(), len(names) + len(others))
        row = [own.get(index, others.get(taxon.id.casefold(), -1)) for index, taxon in enumerate(classes)]
        columns.append(np.array(row, dtype=np.int64))
        further.append(extra)
    shown = {name.casefold(): name for extra in further for name in reversed(extra)}
    return CommonClasses(
        labels=(*names, *(shown[key] for key in others)),
        common=len(names),
        truth=truth,
        columns=tuple(columns),
        further=_not_shared(further),
        left_out=tuple(
            LeftOut(label, count, tuple(place for place, one in enumerate(meant) if label not in one))
            for label, count in counts.items()
            if label not in truth
        ),
    )


def _joined(labels: Sequence[str], meant: Sequence[Mapping[str, int]]) -> list[list[str]]:
    """Labels that some model takes for the same class, together; in the order of the labels."""
    first = list(range(len(labels)))

    def root(place: int) -> int:
        while first[place] != place:
            first[place] = first[first[place]]
            place = first[place]
        return place

    for one in meant:
        seen: dict[int, int] = {}
        for place, label in enumerate(labels):
            low, high = sorted((root(place), root(seen.setdefault(one[label], place))))
            first[high] = low
    kinds: dict[int, list[str]] = {}
    for place, label in enumerate(labels):
        kinds.setdefault(root(place), []).append(label)
    return list(kinds.values())


def _not_shared(further: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """Of each model's further classes, those that another model lacks."""
    keys = [{name.casefold() for name in one} for one in further]
    everywhere = set.intersection(*keys) if keys else set()
    return tuple(tuple(name for name in one if name.casefold() not in everywhere) for one in further)
