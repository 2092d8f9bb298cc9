"""Which photos a recipe is about and how their context is found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class SequenceBy(StrEnum):
    """Where the sequence of a photo comes from when no column names it."""

    NONE = "none"
    EXIF = "exif"
    FOLDER = "folder"
    FILENAME = "filename"


class SiteBy(StrEnum):
    """Where the site of a photo comes from when no column names it."""

    NONE = "none"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True)
class SourceRecipe:
    """Labelled photos: a folder of class folders, a CSV, YOLO labels, COCO annotations, or a zip of any.

    Attributes:
        data: the folder, CSV, `data.yaml`, COCO file or zip.
        site_by: "folder": the outermost folder above the class folder is the site.
        sequence_by: how photos of one event are found.
        gap: what still belongs together: seconds between photos (exif), or steps between the
            numbers in file names (filename).
        max_megapixels: photos that announce more pixels are recorded as failures, unread.
    """

    data: Path
    site_by: SiteBy = SiteBy.NONE
    sequence_by: SequenceBy = SequenceBy.NONE
    gap: float = 60.0
    max_megapixels: float = 150.0
