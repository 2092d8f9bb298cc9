"""Judge several models on the same labelled photos."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from taxolens.core.errors import UsageError
from taxolens.recipes.numbers import check_count, check_share
from taxolens.recipes.source import SourceRecipe


@dataclass(frozen=True, slots=True)
class CompareRecipe:
    """Everything that decides what a comparison leaves.

    Attributes:
        models: model files or run folders, at least two.
        against: name or path of the one that the others are compared with; None: the first.
        unseen: leave out the photos that any of the models is known to have learnt from.
        timed: photos on which the speed is measured; 0: no speed.
        json: file for the figures.
        report: file for the page.
        precision: accuracy that automatic acceptance is to reach.
        workers: photos worked on at once while judging; 0: one per processor.
        language: of the page.
    """

    models: tuple[Path, ...]
    source: SourceRecipe
    against: str | None = None
    unseen: bool = False
    timed: int = 40
    json: Path | None = None
    report: Path | None = None
    precision: float = 0.95
    workers: int = 0
    language: str = "en"

    def __post_init__(self) -> None:
        if len(self.models) < 2:
            raise UsageError(
                "Name at least two models or runs and then the labelled photos: taxolens compare MODEL MODEL DATA"
            )
        check_share("precision", self.precision)
        check_count("workers", self.workers)
        check_count("timed", self.timed)
