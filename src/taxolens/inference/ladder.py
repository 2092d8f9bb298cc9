"""From species to genus, family and order: what is sure when the species is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from taxolens.core.errors import UsageError
from taxolens.core.records import Score
from taxolens.core.taxonomy import Taxon
from taxolens.core.texts import noted

RANKS = (noted("genus"), noted("family"), noted("order"), noted("class"))
_BINOMIAL_RANKS = (None, "species", "subspecies")


@dataclass(frozen=True, slots=True)
class Rung:
    """One rank.

    Attributes:
        rank: its name.
        taxa: the taxa of this rank that hold a class.
        member: int64 [classes], which of `taxa` a class belongs to; -1: none.
    """

    rank: str
    taxa: tuple[str, ...]
    member: NDArray[np.int64]


class Ladder:
    """Ranks above the classes of a model, lowest first."""

    def __init__(self, rungs: Sequence[Rung]) -> None:
        self._rungs = tuple(rungs)
        self.ranks: Mapping[str, str] = MappingProxyType(
            {taxon: rung.rank for rung in reversed(self._rungs) for taxon in rung.taxa}
        )

    def climb(self, scores: NDArray[np.float32], threshold: float) -> Score | None:
        """The lowest taxon whose classes together reach the threshold; None where none does.

        Args:
            scores: float32 [classes], probabilities.
        """
        for rung in self._rungs:
            known = rung.member >= 0
            sums = np.bincount(rung.member[known], scores[known].astype(np.float64), len(rung.taxa))
            best = int(sums.argmax())
            if sums[best] >= threshold:
                return Score(rung.taxa[best], min(float(sums[best]), 1.0))
        return None


def ladder_of(taxa: Sequence[Taxon], highest: str) -> Ladder:
    """The ladder of a model's classes.

    Args:
        taxa: in the order of the scores.
        highest: the last rank that an answer may have, one of `RANKS`.

    Raises:
        UsageError: there is no such rank, or nothing is known above the classes.
    """
    if highest not in RANKS:
        raise UsageError(
            "There is no roll-up to {rank}. Choose one of: {known}.", rank=highest, known=", ".join(RANKS)
        )
    lineages = [lineage(taxon) for taxon in taxa]
    rungs = tuple(_rungs(lineages, RANKS[: RANKS.index(highest) + 1]))
    if not rungs:
        raise UsageError(
            "No class of the model is known to belong to a {rank}. Give --taxonomy with a table "
            "that has the columns label and {rank}.",
            rank=highest,
        )
    return Ladder(rungs)


def lineage(taxon: Taxon) -> Mapping[str, str]:
    """Rank -> name of a class itself and of what is above it; the genus of a species stands in its name."""
    found = dict(taxon.lineage)
    words = (taxon.scientific or "").split()
    if taxon.role is None and len(words) >= 2 and taxon.rank in _BINOMIAL_RANKS and words[0][0].isupper():
        found.setdefault("genus", words[0])
    if taxon.rank in RANKS and taxon.scientific:
        found.setdefault(taxon.rank, taxon.scientific)
    return found


def _rungs(lineages: Sequence[Mapping[str, str]], ranks: Sequence[str]) -> Iterator[Rung]:
    for rank in ranks:
        taxa = tuple(dict.fromkeys(line[rank] for line in lineages if rank in line))
        if taxa:
            member = [taxa.index(line[rank]) if rank in line else -1 for line in lineages]
            yield Rung(rank, taxa, np.asarray(member, dtype=np.int64))
