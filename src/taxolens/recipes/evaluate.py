"""Judge a model, or the boxes that any detector found, on labelled photos."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from taxolens.recipes.numbers import check_count, check_share
from taxolens.recipes.source import SourceRecipe
from taxolens.recipes.tile import TileRecipe


@dataclass(frozen=True, slots=True)
class EvaluateRecipe:
    """Everything that decides what an evaluation leaves.

    Attributes:
        model: the model file, a pipeline, or a JSON file of the boxes that a detector found.
        detector: a model file that finds the boxes whose crops `model` names.
        json: file for the figures.
        report: file for the page.
        precision: accuracy that automatic acceptance is to reach; of boxes: the share that is to be right.
        score: boxes below it do not count; None: the score with the best F1.
        crops: a classifier names the boxes of photos, not whole photos.
        one_class: boxes are judged whatever they are called.
        tile: how a detector cuts photos.
        workers: photos worked on at once; 0: one per processor.
        language: of the page.
    """

    model: Path
    source: SourceRecipe
    detector: Path | None = None
    json: Path | None = None
    report: Path | None = None
    precision: float = 0.95
    score: float | None = None
    crops: bool = False
    one_class: bool = False
    tile: TileRecipe = field(default_factory=TileRecipe)
    workers: int = 0
    language: str = "en"

    def __post_init__(self) -> None:
        check_share("precision", self.precision)
        if self.score is not None:
            check_share("score", self.score)
        check_count("workers", self.workers)
