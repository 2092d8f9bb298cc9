"""What a reader of labelled photos hands over."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from pathlib import Path

from taxolens.core.records import Image


@dataclass(frozen=True, slots=True)
class Labelled:
    """Photos with the names that their source gives them, not yet looked at.

    Attributes:
        root: folder that the names of the images are relative to.
        images: in the order of the source; a table may name files that are not there.
        ignored: photos that lie in the source but belong to no class.
    """

    root: Path
    images: tuple[Image, ...]
    ignored: int = 0


def label_text(text: str) -> str:
    """A label as it is compared: one spelling for each character (NFC), no space around it."""
    return unicodedata.normalize("NFC", printable(text)).strip()


def printable(name: str) -> str:
    """A file name that can be written anywhere, also where its bytes are no UTF-8."""
    if name.isascii():
        return name
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
