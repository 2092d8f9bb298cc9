"""Sort copies of identified photos into folders, and take that back."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from taxolens.core.errors import UsageError


class Level(StrEnum):
    """What a folder of the pattern is named after."""

    SPECIES = "species"
    NAME = "name"
    SCIENTIFIC = "scientific"
    SITE = "site"
    DATE = "date"
    MONTH = "month"
    YEAR = "year"
    EVENT = "event"
    CAMERA = "camera"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True)
class OrganiseRecipe:
    """What is copied where, and how copies differ from their originals.

    Attributes:
        results: a table that an identification wrote (or the folder of results beside it), a table that was
            derived from it, or a JSON file of MegaDetector or SpeciesNet.
        out: folder that the copies are written to.
        by: levels of folders, outermost first, with `/` between them.
        link: hard links in place of copies.
        boxes: draw what was found on the copies.
        blur: blur people and vehicles on the copies.
        keywords: write the names of species into the copies' XMP.
        photos: folder that names of photos are relative to; None: as the results say.
        threshold: below it an answer is "unsure" and a detection is none; None: as the results say.
        taxonomy: table of names and taxa.
        language: of names and of what is drawn.
        workers: photos worked on at once; None: one per processor.
        dry_run: say what would be done, and write nothing.
    """

    results: Path
    out: Path
    by: str = Level.SPECIES.value
    link: bool = False
    boxes: bool = False
    blur: bool = False
    keywords: bool = False
    photos: Path | None = None
    threshold: float | None = None
    taxonomy: Path | None = None
    language: str = "en"
    workers: int | None = None
    dry_run: bool = False

    def __post_init__(self) -> None:
        levels_of(self.by)
        if self.link and (self.boxes or self.blur or self.keywords):
            raise UsageError(
                "A hard link is the original itself, so nothing may be drawn, blurred or written into it. "
                "Leave out --link, or leave out --boxes, --blur and --keywords."
            )
        if self.threshold is not None and not 0 <= self.threshold <= 1:
            raise UsageError(
                "The threshold {threshold} is no score. Give one from 0 to 1.", threshold=self.threshold
            )
        if self.workers is not None and self.workers < 1:
            raise UsageError(
                "{workers} workers cannot work. Give 1 or more, or leave --workers out.", workers=self.workers
            )


@dataclass(frozen=True, slots=True)
class UndoRecipe:
    """Which folder of copies is taken back.

    Attributes:
        folder: what was the `out` of an `OrganiseRecipe`.
        dry_run: say what would be removed, and remove nothing.
    """

    folder: Path
    dry_run: bool = False


def levels_of(by: str) -> tuple[Level, ...]:
    """The levels of a pattern such as `species/site/date`.

    Raises:
        UsageError: a word is no level, or stands there twice.
    """
    words = [word.strip().strip("{}").lower() for word in by.strip("/").split("/")]
    for word in words:
        if word not in Level.__members__.values():
            raise UsageError(
                "--by {by}: {word} is nothing that a folder can be named after. Choose from {known}, "
                "with / between them.",
                by=by,
                word=word or "''",
                known=", ".join(Level),
            )
    if len(set(words)) < len(words):
        raise UsageError("--by {by} names a level twice. Name each once.", by=by)
    return tuple(map(Level, words))
