"""Results of other programs in another format."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from taxolens.core.errors import UsageError
from taxolens.recipes.derive import OutputRecipe
from taxolens.recipes.source import SiteBy


@dataclass(frozen=True, slots=True)
class ConvertRecipe:
    """What is read, and how it is written.

    Attributes:
        source: a file of detections.
        output: what is written.
        photos: folder that names of photos are relative to, for boxes in pixels.
        threshold: detections below it are none, 0..1; None: what the file calls typical, else 0.2.
        taxonomy: table of names and taxa.
        site_by: "folder": the first folder of a photo's name is its site.
        top_k: how many best labels a table shows.
    """

    source: Path
    output: OutputRecipe
    photos: Path | None = None
    threshold: float | None = None
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
