"""`taxolens doctor`: what is installed, where things lie, what is missing and how to get it."""

from __future__ import annotations

import typer
from rich.table import Table

from taxolens.cli.help_page import App, examples
from taxolens.cli.table import show, shown
from taxolens.cli.words import language, say, settings
from taxolens.report.wording import Wording
from taxolens.workflows.doctor import Diagnosis, diagnose

app = App()

_MEGABYTE = 1_000_000


@app.command(
    help=say("What is installed, where things lie, what is missing and how to get it."),
    epilog=examples(
        "taxolens doctor",
        "taxolens --lang fr doctor",
        note=say("TAXOLENS_HOME keeps caches elsewhere; TAXOLENS_LANG=fr speaks French."),
    ),
)
def command() -> None:
    """Shows the diagnosis; exit code 1 when something needed is missing."""
    diagnosis = diagnose(settings.home)
    head = say("Taxolens {version}, Python {python}, {system}, {processors} processors").format(
        version=diagnosis.version,
        python=diagnosis.python,
        system=diagnosis.system,
        processors=diagnosis.processors,
    )
    show(head, _packages(diagnosis), _extras(diagnosis), _places(diagnosis))
    if diagnosis.missing:
        template = say("Missing: {names}. Mend it with: pip install --upgrade taxolens")
        show(template.format(names=", ".join(diagnosis.missing)))
        raise typer.Exit(1)


def _packages(diagnosis: Diagnosis) -> Table:
    table = Table(say("Package"), say("Version"))
    for part in diagnosis.parts:
        table.add_row(part.name, part.version or say("missing"))
    return table


def _extras(diagnosis: Diagnosis) -> Table:
    table = Table(say("Optional part"), say("For"), say("State"))
    for extra in diagnosis.extras:
        table.add_row(extra.name, say(extra.purpose), say("there") if extra.present else extra.command)
    return table


def _places(diagnosis: Diagnosis) -> Table:
    table = Table(say("Place"), say("Files"), say("MB"), say("For"))
    wording = Wording(say, language)
    for place in diagnosis.places:
        table.add_row(
            shown(place.path),
            wording.count(place.files),
            wording.decimal(place.size / _MEGABYTE, 1),
            say(place.purpose),
        )
    return table
