"""Names for the photos of a prepared folder: readable, safe on every system, never twice."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from taxolens.core.printable import UNPRINTABLE
from taxolens.formats.source import printable

_UNSAFE = re.compile(rf'[<>:"/\\|?*]|{UNPRINTABLE.pattern}')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_OWN = ".taxolens"
_LONGEST = 120  # bytes; with a suffix and what marks a copy it stays below the 255 of most systems


def safe_name(text: str) -> str:
    """A text as the name of a file or folder: nothing that a system forbids, and not hidden."""
    name = _UNSAFE.sub("_", unicodedata.normalize("NFC", printable(text))).strip().rstrip(". ")
    if not name or name.startswith(".") or _RESERVED.fullmatch(name) or name.lower().endswith(_OWN):
        name = f"_{name.replace('.', '_')}"
    return name.encode("utf-8")[:_LONGEST].decode("utf-8", "ignore").rstrip(". ")


class FreeNames:
    """Names that were given away; systems that know no difference between A and a meet no surprise."""

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}

    def take(self, folder: str, stem: str, suffix: str = "") -> str:
        """`folder/stem.suffix`, or with the first number that makes it free. Names that differ by their
        suffix alone are the same here: two photos would share one text of boxes."""
        free, asked = stem, self._key(folder, stem)
        number = self._taken.get(asked, 1)  # none before it is free: ten thousand cameras write IMG_0001
        while self._key(folder, free) in self._taken:
            number += 1
            free = f"{stem}-{number}"
        self._taken[self._key(folder, free)] = 1
        self._taken[asked] = number
        return f"{folder}/{free}{suffix}" if folder else f"{free}{suffix}"

    @staticmethod
    def _key(folder: str, stem: str) -> str:
        return unicodedata.normalize("NFKC", f"{folder}/{stem}").casefold()


def class_folders(labels: Iterable[str]) -> dict[str, str]:
    """A folder for each class; classes whose safe names are the same get numbers."""
    names = FreeNames()
    return {label: names.take("", safe_name(label)) for label in sorted(labels)}
