"""Keeps the translations complete: reads every text out of the code into the catalogues.

python -m tools.messages          brings the catalogues up to date and lists what wants a translation
"""

from __future__ import annotations

import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "taxolens"
CATALOGUES = PACKAGE / "languages" / "locale"
ERRORS = (
    "TaxolensError",
    "UsageError",
    "DataError",
    "ModelError",
    "MissingExtra",
    "OutputError",
    "ParityError",
    "NetworkError",
    "TrainingFailed",
    "Busy",
    "TooLate",
    "WorkerDied",
    "UnknownModel",
    "NotReady",
)
KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "say": None,
    "noted": None,
    **dict.fromkeys(ERRORS),
    "ImageError": (2,),
    "Refused": (2,),
}


def texts_in_code() -> Catalog:
    """Every text that a user may read, with the files that say it."""
    catalogue = Catalog(project="Taxolens", charset="utf-8")
    found = extract_from_dir(PACKAGE, method_map=[("**.py", "python")], keywords=KEYWORDS)
    for file, _, message, _, _ in sorted(found, key=lambda entry: (entry[0], entry[1])):
        if isinstance(message, str) and message:
            catalogue.add(message, locations=[(file, 0)])
    return catalogue


def read_catalogue(language: str) -> Catalog:
    """The translations into a language as they stand."""
    file = CATALOGUES / language / "LC_MESSAGES" / "taxolens.po"
    if not file.exists():
        return Catalog(locale=language, project="Taxolens", charset="utf-8")
    with file.open("rb") as stream:
        return read_po(stream, locale=language, abort_invalid=True)


def update(language: str) -> list[str]:
    """Brings a catalogue up to date; answers with the texts that have no translation."""
    catalogue = read_catalogue(language)
    catalogue.update(texts_in_code(), no_fuzzy_matching=True, update_creation_date=False)
    catalogue.obsolete.clear()
    file = CATALOGUES / language / "LC_MESSAGES" / "taxolens.po"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as stream:
        write_po(stream, catalogue, width=0, sort_output=True, omit_header=False, include_lineno=False)
    return [str(message.id) for message in catalogue if message.id and not message.string]


def main() -> None:
    """Updates every catalogue."""
    missing = 0
    for folder in sorted(path for path in CATALOGUES.iterdir() if path.is_dir()):
        for text in update(folder.name):
            missing += 1
            print(f"{folder.name}: {text}")
    sys.exit(1 if missing else 0)


if __name__ == "__main__":
    main()
