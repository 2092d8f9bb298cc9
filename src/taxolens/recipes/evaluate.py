"""Judge a model on labelled photos."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from taxolens.recipes.numbers import check_count, check_share
from taxolens.recipes.source import SourceRecipe


@dataclass(frozen=True, slots=True)
class EvaluateRecipe:
    """Everything that decides what an evaluation leaves.

    Attributes:
        json: file for the figures.
        report: file for the page.
        precision: accuracy that automatic acceptance is to reach.
        workers: photos worked on at once; 0: one per processor.
        language: of the page.
    """

    model: Path
    source: SourceRecipe
    json: Path | None = None
    report: Path | None = None
    precision: float = 0.95
    workers: int = 0
    language: str = "en"

    def __post_init__(self) -> None:
        check_share("precision", self.precision)
        check_count("workers", self.workers)
