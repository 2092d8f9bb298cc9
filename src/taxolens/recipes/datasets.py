"""Which public set to get, what of it, and how to lay it out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Arrangement(StrEnum):
    """How the images of a set are laid out."""

    FOLDERS = "folders"
    BOXES = "boxes"
    CROPS = "crops"


@dataclass(frozen=True, slots=True)
class GetRecipe:
    """A public set to be laid out.

    Attributes:
        name: of the set, in the catalogue.
        out: folder to write.
        sources: local files or folders in the original layout; empty: download.
        classes: names of classes; empty: all.
        arrangement: None: boxes where the set is about them, else class folders.
        variant: version of a set that is published in several; None: the usual one.
    """

    name: str
    out: Path
    sources: tuple[Path, ...] = ()
    classes: tuple[str, ...] = ()
    arrangement: Arrangement | None = None
    variant: str | None = None
