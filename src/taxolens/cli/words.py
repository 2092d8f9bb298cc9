"""The language of this command line, chosen once at its start."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence

import typer

from taxolens.core.printable import printable
from taxolens.languages.translate import known_language, translator
from taxolens.settings import read_settings


def asked_language(arguments: Sequence[str]) -> str | None:
    """The language named by `--lang`, which must be known before help texts are made."""
    for position, argument in enumerate(arguments):
        if argument == "--lang" and position + 1 < len(arguments):
            return arguments[position + 1]
        if argument.startswith("--lang="):
            return argument.partition("=")[2]
    return None


settings = read_settings()
language = known_language(asked_language(sys.argv[1:]) or settings.language)
say = translator(language)


bars: list[Callable[[], None]] = []
"""End the bars that stand on the terminal."""


def last_words(lines: Iterable[str]) -> None:
    """Writes to the error output what ends a command, below the bar of the work that it ended."""
    while bars:
        bars.pop()()
    tell(lines, err=True)


def tell(lines: Iterable[str], *, err: bool = False) -> None:
    """Writes lines for people. They may quote names out of files, which must not command the terminal."""
    for line in lines:
        typer.echo(printable(line), err=err)
