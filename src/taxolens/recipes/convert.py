"""Labelled photos, or results of other programs, in another format."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from taxolens.core.errors import UsageError
from taxolens.recipes.derive import OutputRecipe
from taxolens.recipes.source import SiteBy, Unlabelled


class SetFiles(StrEnum):
    """What becomes of the photos: copied into the new set, linked from there, or named where they lie."""

    COPY = "copy"
    LINK = "link"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ConvertRecipe:
    """What is read, and how it is written.

    Attributes:
        source: labelled photos, or a file of detections.
        output: what is written.
        files: what becomes of the photos; None: copied into a folder, named by a file.
        photos: folder that the names of a file of detections are relative to.
        threshold: detections below it are none, 0..1; None: what the file calls typical, else 0.2.
        unlabelled: what it means that a photo of a set with boxes has no file of labels.
        taxonomy: table of names and taxa.
        site_by: "folder": the first folder of a photo's name is its site.
        top_k: how many best labels a table shows.
    """

    source: Path
    output: OutputRecipe
    files: SetFiles | None = None
    photos: Path | None = None
    threshold: float | None = None
    unlabelled: Unlabelled | None = None
    taxonomy: Path | None = None
    site_by: SiteBy = SiteBy.NONE
    top_k: int = 3

    def __post_init__(self) -> None:
        if self.threshold is not None and not 0 <= self.threshold <= 1:
            raise UsageError(
                "The threshold {threshold} is no score. Give one from 0 to 1.", threshold=self.threshold
            )
        if self.top_k < 1:
            raise UsageError(
                "At least one label is ranked, not {top_k}. Ask for 1 or more.", top_k=self.top_k
            )
