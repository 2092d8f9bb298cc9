"""A table of the species that can be met: everywhere, by region, or by site."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from taxolens.core.errors import DataError, UsageError
from taxolens.formats.rows import rows_of


@dataclass(frozen=True, slots=True)
class SpeciesList:
    """Which species are possible where, as they are called in the table.

    Attributes:
        everywhere: possible at each site that has no list of its own; None: there anything is.
        by_site: site -> what is possible there.
    """

    everywhere: frozenset[str] | None = None
    by_site: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))


def read_species_list(table: Path, region: str | None = None) -> SpeciesList:
    """Reads a CSV with the column `species` and, where wanted, `region` (a country, a county) or `site`.

    Args:
        region: which rows count, where the table has a column `region` or `country`.

    Raises:
        DataError: the table cannot be read, names no species, or nothing for this region.
        UsageError: the table is by region, and none was named.
    """
    rows = [row for _, row in rows_of(table, ("species",)) if row["species"]]
    if not rows:
        raise DataError("The table {table} names no species. Give it one a line.", table=table)
    column = next((name for name in ("region", "country") if name in rows[0]), None)
    if column is not None:
        known = sorted({row[column] for row in rows if row[column]})
        rows = [row for row in rows if row[column].casefold() == _asked(region, table, known).casefold()]
        if not rows:
            raise DataError(
                "The table {table} names no species for the region {region}. It knows: {known}.",
                table=table,
                region=region,
                known=", ".join(known[:20]),
            )
    elif region is not None:
        raise DataError(
            "The table {table} has no column called region. Add one, or leave out --region.", table=table
        )
    return _listed(rows)


def _asked(region: str | None, table: Path, known: list[str]) -> str:
    if region is None:
        raise UsageError(
            "The species in {table} are listed by region. Say which one with --region; the table knows: {known}.",
            table=table,
            known=", ".join(known[:20]),
        )
    return region


def _listed(rows: list[Mapping[str, str]]) -> SpeciesList:
    """Rows without a site are possible everywhere, also at sites that have rows of their own."""
    by_site: dict[str, set[str]] = defaultdict(set)
    everywhere = set()
    for row in rows:
        if row.get("site"):
            by_site[row["site"]].add(row["species"])
        else:
            everywhere.add(row["species"])
    return SpeciesList(
        frozenset(everywhere) or None,
        MappingProxyType({site: frozenset(species | everywhere) for site, species in by_site.items()}),
    )
