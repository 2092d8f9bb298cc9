"""Measure how fast this machine names photos."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from taxolens.core.engine import Engine
from taxolens.core.errors import UsageError
from taxolens.recipes.numbers import check_count


@dataclass(frozen=True, slots=True)
class BenchRecipe:
    """Everything that decides what a measurement leaves.

    Attributes:
        photos: a folder of photos, searched to any depth.
        model: model file or run folder; a run's weights allow PyTorch's own way too.
        variant: a faster model file made of it, measured too.
        engine: what computes the model in our own ways.
        most: photos to use, spread over the folder.
        rounds: how often the ways take turns, each time on another part of the photos.
        workers: photos that our way works on at once; 0: one per processor.
        max_megapixels: photos that announce more pixels are left out.
        json: file for the figures.
        markdown: file for a table to put into a page.
    """

    photos: Path
    model: Path
    variant: Path | None = None
    engine: Engine = Engine.ONNXRUNTIME
    most: int = 200
    rounds: int = 5
    workers: int = 0
    max_megapixels: float = 150.0
    json: Path | None = None
    markdown: Path | None = None

    def __post_init__(self) -> None:
        check_count("workers", self.workers)
        if not 1 <= self.rounds <= self.most:
            raise UsageError(
                "Rounds lie from 1 up to the number of photos, not at {rounds} with {most} photos.",
                rounds=self.rounds,
                most=self.most,
            )
