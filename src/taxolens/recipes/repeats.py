"""Find fixed objects among detections, and set them aside."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from taxolens.core.errors import UsageError
from taxolens.recipes.source import SiteBy


@dataclass(frozen=True, slots=True)
class RepeatsRecipe:
    """Everything that decides what counts as a fixed object.

    Attributes:
        results: MegaDetector's batch output.
        out: folder to write, for a person to look through.
        photos: folder that names of photos are relative to; None: no pictures are shown.
        iou: overlap (intersection over union) from which two boxes are at one place.
        times: photos of one camera in which the box must come back.
        hours: least time between the first and the last of them, where times are known.
        confidence: detections below it are not looked at.
        largest: boxes that cover a larger share of the photo are not looked at.
        site_by: "folder": the first folder of a photo's name is its camera; else the folder it lies in, without
            the numbered folders that cameras make on a card.
        language: of the pages.
    """

    results: Path
    out: Path
    photos: Path | None = None
    iou: float = 0.9
    times: int = 10
    hours: float = 24.0
    confidence: float = 0.1
    largest: float = 0.2
    site_by: SiteBy = SiteBy.NONE
    language: str = "en"

    def __post_init__(self) -> None:
        if not 0.5 <= self.iou <= 0.99:
            raise UsageError("Boxes that overlap by {iou} are not one place. Give 0.5 to 0.99.", iou=self.iou)
        if self.times < 2:
            raise UsageError(
                "What is seen {times} times does not come back. Give 2 or more.", times=self.times
            )
        if not 0 <= self.hours < float("inf"):
            raise UsageError("Photos cannot be {hours} hours apart. Give 0 or more.", hours=self.hours)
        for share in (self.confidence, self.largest):
            if not 0 <= share <= 1:
                raise UsageError("{share} is no share. Give a number from 0 to 1.", share=share)


@dataclass(frozen=True, slots=True)
class SetAsideRecipe:
    """What is set aside, and where to.

    Attributes:
        results: the file that was looked through.
        reviewed: the folder with the table that a person filled in.
        out: file to write.
    """

    results: Path
    reviewed: Path
    out: Path
