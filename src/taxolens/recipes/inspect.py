"""Look at labelled photos before anything is learnt from them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from taxolens.core.errors import UsageError
from taxolens.recipes.numbers import check_count
from taxolens.recipes.source import SourceRecipe
from taxolens.recipes.train import BackboneRecipe

LEAST_SAMPLE = 50


class MapWay(StrEnum):
    """How the many numbers of an embedding become a place on a map."""

    PCA = "pca"
    TSNE = "tsne"


@dataclass(frozen=True, slots=True)
class InspectRecipe:
    """Everything that decides what an inspection leaves.

    Attributes:
        report: file for the page.
        json: file for the figures.
        table: file for the table of problems, one row each.
        embed: look through a backbone too; without it there are no likely wrong labels, no look-alikes by
            content and no feasibility study.
        map: how the map is made.
        sample: photos that are cross-validated and drawn on the map; all photos where they are fewer.
        seed: same seed, same photos, same page.
        workers: photos worked on at once; 0: one per processor.
        language: of the page.
    """

    source: SourceRecipe
    report: Path | None = None
    json: Path | None = None
    table: Path | None = None
    backbone: BackboneRecipe = field(default_factory=BackboneRecipe)
    embed: bool = True
    map: MapWay = MapWay.PCA
    sample: int = 5000
    seed: int = 0
    workers: int = 0
    language: str = "en"

    def __post_init__(self) -> None:
        check_count("workers", self.workers)
        check_count("seed", self.seed)
        if self.table is not None and self.table.suffix.lower() != ".csv":
            raise UsageError(
                "{file} must have a name that ends in {suffixes}.", file=self.table, suffixes=".csv"
            )
        if self.sample < LEAST_SAMPLE:
            raise UsageError(
                "A sample of {sample} photos says nothing. Give at least {least}.",
                sample=self.sample,
                least=LEAST_SAMPLE,
            )
