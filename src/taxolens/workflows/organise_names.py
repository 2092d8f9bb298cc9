"""Where a copy goes: folders by the pattern, and a file name that nothing else has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import NamedTuple

from taxolens.formats.about import Names
from taxolens.formats.result import Result
from taxolens.recipes.organise import Level
from taxolens.workflows.organise_list import LIST, OWN, Entry
from taxolens.workflows.prepare_names import FreeNames, safe_name

BLANK, UNSURE, FAILED = "blank", "unsure", "failed"
APART = (BLANK, UNSURE, FAILED)
"""Folders of photos that show no species, called as the table calls them in every language."""

_SPECIES = (Level.SPECIES, Level.NAME, Level.SCIENTIFIC)
_TIMES: Mapping[Level, int] = MappingProxyType({Level.DATE: 10, Level.MONTH: 7, Level.YEAR: 4})
"""How much of `2026-05-31T14:05:00` names a folder."""
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,10}")


class Facts(NamedTuple):
    """What is known of a photo beside its species."""

    below: PurePath
    result: Result
    taken: datetime | None
    camera: str | None


class ClassFolders:
    """A folder for each class. Classes whose names differ only in what a system forbids get numbers.

    Args:
        given: folders that were given away before, by what they are named after.
    """

    def __init__(self, given: Mapping[str, str]) -> None:
        self.given = dict(given)
        self._names = FreeNames()
        for name in (*APART, LIST, OWN, *given.values()):
            self._names.take("", name)

    def of(self, text: str) -> str:
        """The folder that is named after a text."""
        if text not in self.given:
            self.given[text] = self._names.take("", safe_name(text))
        return self.given[text]


def folders_of(
    labels: Sequence[str],
    apart: str,
    facts: Facts,
    *,
    levels: Sequence[Level],
    names: Names,
    classes: ClassFolders,
    language: str,
) -> tuple[str, ...]:
    """The folders that a photo belongs to, one for each species that the pattern tells apart.

    Args:
        labels: what is named in it; empty where it belongs to one of `APART`.
        apart: which of them; takes the place of the species, or stands in front where the pattern has none.
    """
    if not labels:
        has_species = any(level in _SPECIES for level in levels)
        parts = [] if has_species else [apart]
        for level in levels:
            parts += [apart] if level in _SPECIES else _parts(level, facts)
        return ("/".join(parts),)
    found = []
    for label in labels:
        parts = []
        for level in levels:
            if level in _SPECIES:
                parts.append(classes.of(_named(level, label, names, language)))
            else:
                parts += _parts(level, facts)
        found.append("/".join(parts))
    return tuple(dict.fromkeys(found))


def needs_time(levels: Iterable[Level]) -> bool:
    """Whether folders are named after the time of photos."""
    return any(level in _TIMES for level in levels)


def file_name(below: PurePath) -> tuple[str, str]:
    """Stem and suffix of a copy, safe on every system."""
    suffix = below.suffix if _SUFFIX.fullmatch(below.suffix) else ""
    return safe_name(below.name.removesuffix(suffix)), suffix


class FileNames:
    """Names of files that nothing else has: neither a copy, nor what somebody else put there.

    Args:
        out: the folder of copies.
        entries: what lies there already.
    """

    def __init__(self, out: Path, entries: Iterable[Entry]) -> None:
        self._out = out
        self._free = FreeNames()
        for entry in entries:
            stem, suffix = file_name(PurePath(entry.file))
            self._free.take(entry.folder, stem, suffix)

    def take(self, folder: str, below: PurePath, suffix: str) -> str:
        """A free name in a folder for a photo that is written with a suffix."""
        stem, own = file_name(below)
        if not _SUFFIX.fullmatch(suffix):  # it is part of the stem already
            suffix = own
        while True:
            name = self._free.take(folder, stem, suffix)
            if not any((self._out / one).is_symlink() or (self._out / one).exists() for one in beside(name)):
                return name


def beside(name: str) -> tuple[str, str]:
    """A copy, and the file of keywords that may stand beside it."""
    return name, f"{name}.xmp"


def _named(level: Level, label: str, names: Names, language: str) -> str:
    if level is Level.NAME:
        return names[label].name(language)
    return (names[label].scientific or label) if level is Level.SCIENTIFIC else label


def _parts(level: Level, facts: Facts) -> list[str]:
    result = facts.result
    above = facts.below.parts[:-1]
    if level is Level.FOLDER:
        return [_safe(part) for part in above]
    if level in _TIMES:
        return [facts.taken.isoformat()[: _TIMES[level]] if facts.taken else "no date"]
    if level is Level.SITE:
        return [_safe(result.site or (above[0] if above else "") or "no site")]
    if level is Level.EVENT:
        event = result.event.name if result.event else result.sequence
        return [_safe(event or "no event")]
    return [_safe(facts.camera or "no camera")]


def _safe(text: str) -> str:
    name = safe_name(text)
    return f"_{name}" if name.casefold() == LIST else name
