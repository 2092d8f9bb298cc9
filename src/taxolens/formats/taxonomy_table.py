"""A table that names classes: label, names in several languages, scientific name, rank, GBIF id, role,
and the taxa above them: genus, family, order, class, phylum, kingdom."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from taxolens.core.errors import UsageError
from taxolens.core.taxonomy import Role, Taxon, usual_role

_LANGUAGES = ("en", "fr", "de", "es", "it", "nl", "pt")
_NAMED = 20
HIGHER_RANKS = ("genus", "family", "order", "class", "phylum", "kingdom")


def read_taxonomy(table: Path) -> Mapping[str, Taxon]:
    """Reads a CSV with a column `label` and any of `en`, `fr`, ..., `scientific`, `rank`, `gbif_id`, `role`,
    `genus`, `family`, `order`, `class`, `phylum`, `kingdom`.

    Returns:
        label -> taxon, in the table's order.

    Raises:
        UsageError: the table is absent, has no column `label`, or a cell cannot be meant.
    """
    try:
        text = table.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            "The taxonomy table {table} cannot be read: {why}. Name a CSV file in UTF-8.",
            table=table,
            why=error,
        ) from error
    rows = csv.DictReader(text.splitlines(), delimiter=_delimiter(text))
    if "label" not in (rows.fieldnames or ()):
        raise UsageError("The taxonomy table {table} has no column called label. Add one.", table=table)
    taxa = (_taxon(row, table, line) for line, row in enumerate(rows, start=2))
    return MappingProxyType({taxon.id: taxon for taxon in taxa})


def described(labels: tuple[str, ...], taxonomy: Mapping[str, Taxon]) -> tuple[Taxon, ...]:
    """The taxa of labels: as the table says, else the label alone with its usual role.

    Raises:
        UsageError: the table is about other classes.
    """
    unnamed(labels, taxonomy)
    return tuple(taxonomy.get(label) or Taxon(id=label, role=usual_role(label)) for label in labels)


def unnamed(labels: Sequence[str], taxonomy: Mapping[str, Taxon]) -> tuple[str, ...]:
    """The labels that a table leaves out; it may well name more than there are. Without a table, none.

    Raises:
        UsageError: it names none of them, so it is the table of another model.
    """
    missing = tuple(label for label in labels if label not in taxonomy) if taxonomy else ()
    if missing and len(missing) == len(labels):
        raise UsageError(
            "The taxonomy table names none of the classes: {classes}. Its column label must call them so; "
            "it holds: {known}.",
            classes=", ".join(labels[:_NAMED]),
            known=", ".join(list(taxonomy)[:_NAMED]),
        )
    return missing


def _delimiter(text: str) -> str:
    header = text.partition("\n")[0]
    return max(",;\t", key=header.count)


def _taxon(row: Mapping[str, str | None], table: Path, line: int) -> Taxon:
    cells = {
        key: value.strip() for key, value in row.items() if key and isinstance(value, str) and value.strip()
    }
    label = cells.get("label")
    if not label:
        raise UsageError("Line {line} of {table} has no label. Fill it in.", line=line, table=table)
    try:
        role = Role(cells["role"]) if "role" in cells else usual_role(label)
        gbif_id = int(cells["gbif_id"]) if "gbif_id" in cells else None
    except ValueError as error:
        raise UsageError(
            "Line {line} of {table}: {why}. A role is blank, person, vehicle or other; a gbif_id is a number.",
            line=line,
            table=table,
            why=error,
        ) from error
    return Taxon(
        id=label,
        names=MappingProxyType({code: cells[code] for code in _LANGUAGES if code in cells}),
        scientific=cells.get("scientific"),
        rank=cells.get("rank"),
        gbif_id=gbif_id,
        role=role,
        lineage=MappingProxyType({rank: cells[rank] for rank in HIGHER_RANKS if rank in cells}),
    )
