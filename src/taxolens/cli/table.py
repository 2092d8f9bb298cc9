"""Tables and documents on the terminal: the one way in which all commands show them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import typer
from rich import box
from rich.console import Console, RenderableType
from rich.table import Table

from taxolens.core.printable import printable


def plain_table(**said: Any) -> Table:
    """A table without a frame, narrow enough for 80 columns."""
    return Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, **said)


def facts_table(known: Mapping[str, str]) -> Table:
    """What is known of one thing, a fact a row; facts without a value are left out."""
    table = plain_table(show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for fact, value in known.items():
        if value:
            table.add_row(fact, shown(value))
    return table


def shown(value: object) -> str:
    """A value of which every line may be shown: it may come out of a file."""
    return "\n".join(printable(line) for line in str(value).split("\n"))


def show(*parts: RenderableType) -> None:
    """Writes tables and sentences."""
    console = Console(highlight=False, markup=False)
    for part in parts:
        console.print(part)


def show_document(document: Mapping[str, Any] | Iterable[Any]) -> None:
    """Writes values for programs, as JSON."""
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
