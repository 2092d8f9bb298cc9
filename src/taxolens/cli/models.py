"""`taxolens models`: backbones and model files, listed, shown, fetched, remembered, described."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from taxolens.cli import options as shared
from taxolens.cli.progress import progress_for
from taxolens.cli.words import language, say, settings
from taxolens.compose.trainers import load_backbone_maker
from taxolens.core.errors import UsageError
from taxolens.core.texts import noted
from taxolens.imaging.preprocess import Fit
from taxolens.modelfile.card import Card
from taxolens.modelfile.catalogue import CatalogueEntry, catalogue, download_path
from taxolens.modelfile.read import ModelFile, read_model
from taxolens.probe.foreign import Activation
from taxolens.recipes.parse import parse_recipe
from taxolens.recipes.train import BackboneRecipe
from taxolens.workflows.backbones import (
    BackboneRow,
    add_backbone,
    get_backbone,
    list_backbones,
    remove_backbone,
    resolve_backbone,
)
from taxolens.workflows.describe import Description, describe

app = typer.Typer(
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=True,
    help=say("Backbones and model files: list, show, get, add, remove, describe."),
    epilog=say("Example: taxolens models list"),
)

_MEGABYTE = 1_000_000
_CLASSES_SHOWN = 50
_HEADS = (
    noted("Name"),
    noted("Here"),
    noted("CPU budget"),
    noted("Photos/s"),
    noted("ImageNet %"),
    noted("MB"),
    noted("Licence"),
)

AsJson = Annotated[bool, typer.Option("--json", help=say("For programs."))]


@app.command(
    "list", help=say("Backbones by what a photo costs."), epilog=say("Example: taxolens models list")
)
def list_models(as_json: AsJson = False) -> None:
    """Shows shipped, fetchable and remembered backbones."""
    rows = list_backbones(settings.home)
    if as_json:
        typer.echo(json.dumps([_document(row) for row in rows], indent=2, ensure_ascii=False))
        return
    table = Table(box=box.SIMPLE_HEAD)
    for head in _HEADS:
        table.add_column(say(head), no_wrap=head in ("Name", "Licence"))
    for row in rows:
        table.add_row(*_cells(row))
    console = Console(highlight=False, markup=False)
    console.print(table)
    console.print(
        say("Photos/s: batch of one on an Intel i7-12700H as published by timm; only the ratios carry over.")
    )
    console.print(
        say("Get one: taxolens models get NAME. Use one: taxolens train DATA --backbone NAME --out RUN")
    )


@app.command(
    "show",
    help=say("What a model file or backbone says of itself."),
    epilog=say("Example: taxolens models show run/model.onnx"),
)
def show(
    model: Annotated[
        str, typer.Argument(metavar="FILE.onnx|NAME", help=say("Model file, or name of a backbone."))
    ],
    as_json: AsJson = False,
) -> None:
    """Shows the card, or what the catalogue says of a backbone that is not here."""
    if _is_elsewhere(model):
        _show_entry(catalogue()[model], as_json)
        return
    file = _opened(model)
    if as_json:
        typer.echo(json.dumps(json.loads(file.card.to_json()), indent=2, ensure_ascii=False))
        return
    console = Console(highlight=False, markup=False)
    console.print(_facts(file))
    if file.card.classes:
        console.print(_classes(file.card))


@app.command(
    "get",
    help=say("Fetch a backbone of the catalogue."),
    epilog=say("Example: taxolens models get mobilenetv2"),
)
def get(
    name: Annotated[str, typer.Argument(help=say("Name in the catalogue."))], quiet: shared.Quiet = False
) -> None:
    """Downloads, checks and keeps it."""
    found = get_backbone(name, home=settings.home, progress=progress_for(quiet), say=say)
    if not quiet:
        typer.echo(
            say("{name} is here. Use it: taxolens train DATA --backbone {name} --out RUN").format(
                name=found.name
            )
        )


@app.command(
    "add",
    help=say("Remember a backbone under a name."),
    epilog=say(
        "Example: taxolens models add mobilenet --timm mobilenetv2_100 --weights file.safetensors "
        "--backbone-arg pad_type=same --mean 0.5,0.5,0.5 --std 0.5,0.5,0.5"
    ),
)
def add(
    name: Annotated[str, typer.Argument(help=say("New name, or the catalogue entry that the file is."))],
    file: Annotated[
        Path | None, typer.Option("--file", metavar="FILE.onnx", help=say("An ONNX network."))
    ] = None,
    timm: Annotated[
        str | None, typer.Option("--timm", metavar="NAME", help=say("A network of timm."))
    ] = None,
    weights: shared.Weights = None,
    backbone_arg: shared.BackboneArguments = [],  # noqa: B006
    mean: shared.Mean = None,
    std: shared.Std = None,
    embedding: shared.Embedding = None,
    quiet: shared.Quiet = False,
) -> None:
    """Converts it once and keeps the result."""
    if (file is None) == (timm is None):
        raise UsageError("Say what {name} is: --file FILE.onnx or --timm NAME.", name=name)
    given = {
        "name": str(file) if file else f"timm:{timm}",
        "weights": weights,
        "arguments": shared.key_values(backbone_arg, "--backbone-arg"),
        "mean": shared.three_numbers(mean, "--mean"),
        "std": shared.three_numbers(std, "--std"),
        "embedding": embedding,
    }
    found = add_backbone(
        name,
        parse_recipe(BackboneRecipe, given),
        home=settings.home,
        maker=load_backbone_maker,
        progress=progress_for(quiet),
        say=say,
    )
    if not quiet:
        typer.echo(
            say("{name} is here. Use it: taxolens train DATA --backbone {name} --out RUN").format(
                name=found.name
            )
        )


@app.command(
    "remove",
    help=say("Remove a remembered backbone, or a fetched one."),
    epilog=say("Example: taxolens models remove mobilenetv2"),
)
def remove(
    name: Annotated[str, typer.Argument(help=say("Name of the backbone."))], quiet: shared.Quiet = False
) -> None:
    """Deletes what is kept of it."""
    for file in remove_backbone(name, settings.home):
        if not quiet:
            typer.echo(say("Removed: {file}").format(file=file))


@app.command(
    "describe",
    help=say("Give an exported classifier its card, or a model new names."),
    epilog=say(
        "Example: taxolens models describe net.onnx --labels labels.txt --taxonomy taxa.csv --out model.onnx"
    ),
)
def describe_model(
    file: Annotated[Path, typer.Argument(metavar="FILE.onnx", help=say("An ONNX classifier."))],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE.onnx", help=say("Model file to write."))],
    labels: Annotated[
        Path | None,
        typer.Option("--labels", metavar="FILE", help=say("One label a line, in the network's order.")),
    ] = None,
    taxonomy: shared.Taxonomy = None,
    name: shared.ModelName = None,
    mean: shared.Mean = None,
    std: shared.Std = None,
    size: Annotated[
        int | None, typer.Option("--size", metavar="N", help=say("Side of its input in pixels."))
    ] = None,
    fit: Annotated[Fit, typer.Option("--fit", help=say("How photos fill the model's input."))] = Fit.SQUASH,
    activation: Annotated[
        Activation, typer.Option("--activation", help=say("What still turns its numbers into probabilities."))
    ] = Activation.AUTO,
    licence: Annotated[str | None, typer.Option("--licence", help=say("Licence of its weights."))] = None,
) -> None:
    """Writes the model file."""
    said = Description(
        out=out,
        name=name,
        labels=labels,
        taxonomy=taxonomy,
        mean=shared.three_numbers(mean, "--mean"),
        std=shared.three_numbers(std, "--std"),
        size=size,
        fit=fit,
        activation=activation,
        licence=licence,
    )
    written = describe(file, said)
    typer.echo(say("The model, one file: {model}").format(model=written.path))


def _opened(model: str) -> ModelFile:
    path = Path(model)
    if path.exists() or path.suffix.lower() == ".onnx":
        return read_model(path)
    recipe = BackboneRecipe(name=model)
    found = resolve_backbone(recipe, home=settings.home, maker=load_backbone_maker, say=say)
    return ModelFile(found.path or Path(model), found.sha256, found.card, found.graph)


def _is_elsewhere(model: str) -> bool:
    """A name of the catalogue whose file was not fetched: showing it must download nothing."""
    return (
        not Path(model).exists()
        and model in catalogue()
        and not download_path(catalogue()[model], settings.home).is_file()
    )


def _show_entry(entry: CatalogueEntry, as_json: bool) -> None:
    if as_json:
        document = {**entry.model_dump(mode="json"), "url": entry.url, "cached": False}
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return
    table = Table(show_header=False)
    facts = {
        say("Name"): entry.name,
        say("Here"): say("no"),
        say("CPU budget"): say(entry.budget),
        say("Input"): f"{entry.size} x {entry.size}",
        say("Licence"): entry.licence,
        say("Size"): f"{entry.bytes / _MEGABYTE:.1f} {say('MB')}",
        say("Source"): entry.url,
        "sha256": entry.sha256,
        say("Notes"): entry.notes,
    }
    for fact, value in facts.items():
        if value:
            table.add_row(fact, value)
    console = Console(highlight=False, markup=False)
    console.print(table)
    console.print(say("Get it: taxolens models get {name}").format(name=entry.name))


def _document(row: BackboneRow) -> dict[str, object]:
    return {field: getattr(row, field) for field in BackboneRow.__slots__}


def _cells(row: BackboneRow) -> tuple[str, ...]:
    return (
        row.name,
        say("yes") if row.cached else say("no"),
        say(row.budget) if row.budget else say(row.kind),
        f"{row.images_per_second:.0f}" if row.images_per_second else "",
        f"{row.top1:.1f}" if row.top1 else "",
        f"{row.size / _MEGABYTE:.1f}",
        row.licence or "",
    )


def _facts(file: ModelFile) -> Table:
    card = file.card
    table = Table(show_header=False)
    facts = {
        say("Name"): f"{card.name} ({card.version})",
        say("Task"): card.task.value,
        say("Input"): f"{card.input.width} x {card.input.height}, {card.input.fit.value}",
        say("Backbone"): card.backbone.name if card.backbone else "",
        say("Licence"): card.licence or "",
        say("Unsure below"): f"{card.thresholds.unsure:.3f}" if card.classes else "",
        say("Measured"): ", ".join(f"{one.name} {one.value:.3f} (n={one.n})" for one in card.metrics),
        say("Created"): f"{card.created_at:%Y-%m-%d %H:%M} UTC, {card.created_with}",
        say("Size"): f"{len(file.graph) / _MEGABYTE:.1f} {say('MB')}",
        "sha256": file.sha256,
        say("Notes"): " ".join(say(note) for note in card.notes),
    }
    for fact, value in facts.items():
        if value:
            table.add_row(fact, value)
    return table


def _classes(card: Card) -> Table:
    table = Table(say("Class"), say("Name"), say("Scientific name"), say("Role"))
    for taxon in card.taxa[:_CLASSES_SHOWN]:
        table.add_row(
            taxon.id, taxon.name(language), taxon.scientific or "", say(taxon.role) if taxon.role else ""
        )
    if len(card.classes) > _CLASSES_SHOWN:
        table.caption = say("... and {more} more").format(more=len(card.classes) - _CLASSES_SHOWN)
    return table
