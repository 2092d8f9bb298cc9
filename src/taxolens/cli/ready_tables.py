"""Ready detectors and classifiers as tables."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from rich.table import Table

from taxolens.cli.table import facts_table, plain_table, shown
from taxolens.cli.words import language, say, settings
from taxolens.core.texts import noted
from taxolens.modelfile.arrival import ready_path
from taxolens.modelfile.ready import ReadyModel
from taxolens.report.wording import Wording
from taxolens.workflows.ready import ReadyRow, list_ready

_MEGABYTE = 1_000_000
_HEADS = (
    noted("Name"),
    noted("Task"),
    noted("Here"),
    noted("Licence"),
    noted("MB"),
    noted("Source"),
)
_NOT_CHECKED = noted("nobody states it in public; the first file that comes is remembered")


def ready_table() -> Table:
    """All ready models."""
    table = plain_table()
    for head in _HEADS:
        table.add_column(say(head), no_wrap=head in ("Name", "Licence"), overflow="fold")
    for row in list_ready(settings.home):
        table.add_row(*map(shown, _cells(row)))
    return table


def ready_documents() -> Iterable[dict[str, object]]:
    """The same for programs."""
    return ({"kind": "ready", **asdict(row)} for row in list_ready(settings.home))


def entry_document(entry: ReadyModel) -> dict[str, object]:
    """One ready model for programs."""
    labels = None if entry.taxa is None else [taxon.id for taxon in entry.taxa]
    here = ready_path(entry.name, settings.home).is_file()
    return {**entry.model_dump(mode="json"), "labels": labels, "here": here}


def entry_facts(entry: ReadyModel) -> Table:
    """One ready model for people."""
    taxa = entry.taxa
    here = ready_path(entry.name, settings.home).is_file()
    facts = {
        say("Name"): entry.name,
        say("Title"): entry.title,
        say("Task"): entry.task.value,
        say("Here"): say("yes") if here else say("no"),
        say("Classes"): str(entry.count) if taxa is None else _classes([taxon.id for taxon in taxa]),
        say("Licence"): entry.licence,
        say("Terms"): say(entry.terms),
        say("Source"): entry.source,
        say("Download"): entry.url or "",
        say("Size"): _megabytes(entry.bytes or entry.about),
        "sha256": f"{entry.sha256} ({entry.sha256_from})" if entry.sha256 else say(_NOT_CHECKED),
        say("Weights of PyTorch"): entry.checkpoint or "",
        say("Export to ONNX"): entry.export,
        say("Cite"): entry.cite,
        say("Notes"): say(entry.notes),
    }
    return facts_table({name: value for name, value in facts.items() if value})


def _cells(row: ReadyRow) -> tuple[str, ...]:
    here = say("yes") if row.here else say("no") if row.fetchable else say("export first")
    size = Wording(say, language).decimal(row.size / _MEGABYTE, 1) if row.size else ""
    licence = f"{row.licence} *" if row.noncommercial else row.licence
    return (row.name, row.task, here, licence, size, row.source.removeprefix("https://"))


def _classes(labels: list[str]) -> str:
    shown_at_most = 40
    more = len(labels) - shown_at_most
    told = ", ".join(labels[:shown_at_most])
    return told if more <= 0 else f"{told} {say('... and {more} more').format(more=more)}"


def _megabytes(size: int | None) -> str:
    return f"{Wording(say, language).decimal(size / _MEGABYTE, 1)} {say('MB')}" if size else ""
