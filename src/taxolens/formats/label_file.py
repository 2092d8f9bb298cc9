"""Files that list the classes of a network, in the ways in which they are published.

One class a line, in the network's order; or `name,number`, or `number name`; or seven words of SpeciesNet between
semicolons. A label that stands there twice gets its number, since classes are told apart by their labels.
"""

from __future__ import annotations

import re
from collections import Counter

from taxolens.core.errors import UsageError
from taxolens.core.taxonomy import Taxon, usual_role
from taxolens.formats.speciesnet import speciesnet_taxon

_NUMBER_BEHIND = re.compile(r"(.+?)[,;\t](\d+)")
_NUMBER_BEFORE = re.compile(r"(\d+)[\s,:;]+(.+)")


def taxa_of_labels(text: str, file: object) -> tuple[Taxon, ...]:
    """The classes that a file of labels names, in the network's order.

    Args:
        file: what to call it in an error.

    Raises:
        UsageError: it names none, leaves a line empty, or its numbers are not those of the lines.
    """
    lines = [line.strip() for line in text.lstrip("\ufeff").rstrip().splitlines()]
    if not lines or not all(lines):
        raise UsageError("The labels {file} leave a line empty. Mend the file.", file=file)
    found = [speciesnet_taxon(line) for line in lines]
    taxa = [one for one in found if one is not None]
    if len(taxa) != len(lines):
        taxa = [Taxon(name, role=usual_role(name)) for name in _names(lines, file)]
    return _told_apart(taxa)


def _names(lines: list[str], file: object) -> list[str]:
    for pattern, name, number in ((_NUMBER_BEHIND, 1, 2), (_NUMBER_BEFORE, 2, 1)):
        matches = [pattern.fullmatch(line) for line in lines]
        # A header such as "name,index" has no number.
        whole = [match for match in (matches if matches[0] else matches[1:]) if match]
        if whole and len(whole) == len(lines) - (matches[0] is None):
            ordered = sorted((int(match[number]), match[name].strip()) for match in whole)
            if [place for place, _ in ordered] != list(range(len(ordered))):
                raise UsageError(
                    "The numbers in the labels {file} do not go from 0 to {last}. Mend the file.",
                    file=file,
                    last=len(ordered) - 1,
                )
            return [name for _, name in ordered]
    return lines


def _told_apart(taxa: list[Taxon]) -> tuple[Taxon, ...]:
    count = Counter(taxon.id for taxon in taxa)
    return tuple(
        taxon if count[taxon.id] == 1 else _numbered(taxon, number) for number, taxon in enumerate(taxa)
    )


def _numbered(taxon: Taxon, number: int) -> Taxon:
    label = f"{taxon.id} ({taxon.scientific or number})"
    label = label if taxon.scientific is None else f"{label} {number}"
    return Taxon(label, taxon.names, taxon.scientific, taxon.rank, taxon.gbif_id, taxon.role, taxon.lineage)
