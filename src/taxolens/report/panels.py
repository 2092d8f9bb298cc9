"""Smaller things to read on a page: figures in tiles, notices, facts, commands."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from taxolens.report.table import ShareBar


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure that matters.

    Attributes:
        name: what is measured.
        value: the figure as it is read.
        detail: its interval, or what it is out of.
        meaning: one sentence for those who do not know the term.
        bar: the same as a bar, for a share.
    """

    name: str
    value: str
    detail: str = ""
    meaning: str = ""
    bar: ShareBar | None = None


@dataclass(frozen=True, slots=True)
class Tiles:
    """Key figures beside each other."""

    tiles: tuple[Tile, ...]

    template: ClassVar[str] = "tiles"


class Tone(StrEnum):
    """How much a notice wants to be heard."""

    PLAIN = "plain"
    GOOD = "good"
    CAREFUL = "careful"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence that must not be missed; `lines` are listed beneath it."""

    text: str
    tone: Tone = Tone.PLAIN
    lines: tuple[str, ...] = ()

    template: ClassVar[str] = "notice"


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and what is true of it; `mono` for hashes and file names."""

    name: str
    value: str
    mono: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and values beneath each other."""

    facts: tuple[Fact, ...]

    template: ClassVar[str] = "facts"


@dataclass(frozen=True, slots=True)
class Command:
    """Something to type, and what it does."""

    purpose: str
    line: str


@dataclass(frozen=True, slots=True)
class Commands:
    """Things to do next."""

    commands: tuple[Command, ...]

    template: ClassVar[str] = "commands"
