"""Find a faster variant of a model file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from taxolens.core.errors import UsageError
from taxolens.recipes.numbers import check_count
from taxolens.recipes.source import SourceRecipe

_SUFFIX = ".onnx"


@dataclass(frozen=True, slots=True)
class VariantRecipe:
    """Everything that decides which variant of a model is written.

    Attributes:
        model: the original: a model file, or the run folder that holds it.
        source: labelled photos that the original did not learn from, or the photos of its run.
        out: model file to write.
        rivals: further model files of the same classes that may be the faster one, such as pruned ones.
        smaller: how many smaller inputs are tried.
        integers: whether whole numbers of eight bits are tried.
        calibrating: photos from which the ranges of whole numbers are taken, at most.
        at_most_lost: points of accuracy that may have been lost on the photos of the comparison.
        at_worst_lost: points of accuracy that may have been lost at the worst (95 % bound).
        least_faster: how many times as fast a variant must be.
        unproven: also take what lost little on too few photos to be sure.
        timed: photos to measure the speed on.
        report: page to write; None: beside `out`.
        json: file for the figures.
        name: of the model; None: the original's with the way behind it.
        language: of the page.
        workers: photos worked on at once; 0: one per processor.
        overwrite: replace the model that lies at `out`.
    """

    model: Path
    source: SourceRecipe
    out: Path
    rivals: tuple[Path, ...] = ()
    smaller: int = 2
    integers: bool = True
    calibrating: int = 200
    at_most_lost: float = 0.5
    at_worst_lost: float = 1.0
    least_faster: float = 1.2
    unproven: bool = False
    timed: int = 100
    report: Path | None = None
    json: Path | None = None
    name: str | None = None
    language: str = "en"
    workers: int = 0
    overwrite: bool = False

    def __post_init__(self) -> None:
        check_count("workers", self.workers)
        check_count("smaller", self.smaller)
        if self.out.suffix.lower() != _SUFFIX:
            raise UsageError("A model file ends in .onnx; {out} does not.", out=self.out)
        if self.calibrating < 1 or self.timed < 1:
            raise UsageError(
                "Whole numbers want 1 photo at least, and so does the speed, not {calibrating} and {timed}.",
                calibrating=self.calibrating,
                timed=self.timed,
            )

    @property
    def page(self) -> Path:
        """Where the page goes."""
        return self.report or self.out.with_suffix(".html")
