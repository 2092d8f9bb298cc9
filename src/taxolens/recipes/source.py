"""Which photos a recipe is about and how their context is found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from taxolens.core.errors import UsageError


class SequenceBy(StrEnum):
    """Where the sequence of a photo comes from when no column names it."""

    NONE = "none"
    EXIF = "exif"
    FOLDER = "folder"
    FILENAME = "filename"


class Unlabelled(StrEnum):
    """What it means that a photo of a set with boxes has no file of labels."""

    LEFT_OUT = "left-out"
    EMPTY = "empty"


class SiteBy(StrEnum):
    """Where the site of a photo comes from when no column names it."""

    NONE = "none"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True)
class SourceRecipe:
    """Labelled photos: a folder of class folders, a CSV, boxes in any format, or a zip of any.

    Attributes:
        data: the folder, CSV, `data.yaml`, COCO file, file of detections or zip.
        site_by: "folder": the outermost folder above the class folder is the site.
        sequence_by: how photos of one event are found.
        gap: what still belongs together: seconds between photos (exif), or steps between the
            numbers in file names (filename).
        max_megapixels: photos that announce more pixels are recorded as failures, unread.
        unlabelled: photos of a set with boxes that nobody has drawn boxes in show nothing ("empty"), or nobody
            has looked at them ("left-out"); None: as the latter, and a sentence asks.
        photos: folder that a file of detections names photos from; None: the one beside it in which they lie.
        min_score: detections below it are no boxes, 0..1; None: what their file calls typical, else 0.2.
    """

    data: Path
    site_by: SiteBy = SiteBy.NONE
    sequence_by: SequenceBy = SequenceBy.NONE
    gap: float = 60.0
    max_megapixels: float = 150.0
    unlabelled: Unlabelled | None = None
    photos: Path | None = None
    min_score: float | None = None

    def __post_init__(self) -> None:
        if self.min_score is not None and not 0 <= self.min_score <= 1:
            raise UsageError("{score} is no score. Give one from 0 to 1.", score=self.min_score)
