"""`taxolens models`: backbones, ready models and model files, listed, shown, fetched, remembered, described."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from taxolens.cli import options as shared
from taxolens.cli.backbone_options import EMBEDDING, NORMALISATION, READING
from taxolens.cli.help_page import App, examples
from taxolens.cli.model_names import model_named
from taxolens.cli.option_table import Option, with_options
from taxolens.cli.progress import progress_for
from taxolens.cli.ready_tables import entry_document, entry_facts, ready_documents, ready_table
from taxolens.cli.table import facts_table, plain_table, show, show_document, shown
from taxolens.cli.words import language, say, settings, tell
from taxolens.compose.trainers import load_backbone_maker
from taxolens.core.errors import UsageError
from taxolens.core.texts import noted
from taxolens.imaging.preprocess import Colours, Fit
from taxolens.inference.decoders.registry import DECODERS
from taxolens.modelfile.arrival import ready_path
from taxolens.modelfile.card import Card, CardCrop, CardTile, Task
from taxolens.modelfile.catalogue import CatalogueEntry, catalogue, download_path
from taxolens.modelfile.read import ModelFile, read_model
from taxolens.modelfile.ready import ready_models
from taxolens.probe.foreign import Activation
from taxolens.recipes.parse import parse_recipe
from taxolens.recipes.pipeline import PipelineRecipe
from taxolens.recipes.train import BackboneRecipe
from taxolens.report.wording import Wording
from taxolens.workflows.backbones import (
    BackboneRow,
    add_backbone,
    get_backbone,
    list_backbones,
    remove_backbone,
    resolve_backbone,
)
from taxolens.workflows.describe import Description, describe
from taxolens.workflows.pipeline import make_pipeline
from taxolens.workflows.ready import ReadyRequest, get_ready, remove_ready

app = App(
    no_args_is_help=True,
    help=say("Backbones, ready models and model files: list, show, get, add, remove, describe, pipeline."),
    epilog=examples("taxolens models list", "taxolens models show run/model.onnx"),
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


@app.command(
    "list",
    help=say("Backbones by what a photo costs, and ready detectors and classifiers."),
    epilog=examples("taxolens models list", "taxolens models list --json"),
)
def list_models(as_json: shared.AsJson = False) -> None:
    """Shows shipped, fetchable and remembered backbones, and ready models."""
    rows = list_backbones(settings.home)
    if as_json:
        show_document([*(_document(row) for row in rows), *ready_documents()])
        return
    table = plain_table()
    for head in _HEADS:
        table.add_column(say(head), no_wrap=head in ("Name", "Licence"))
    for row in rows:
        table.add_row(*map(shown, _cells(row)))
    show(
        table,
        say("Photos/s: batch of one on an Intel i7-12700H as published by timm; only the ratios carry over."),
        say("Get one: taxolens models get NAME. Use one: taxolens train DATA --backbone NAME --out RUN"),
        "",
        say("Ready detectors and classifiers:"),
        ready_table(),
        say("* No uses that earn money. Details: taxolens models show NAME"),
        say(
            "Get one: taxolens models get NAME. Use one: taxolens identify PHOTOS --model NAME --out results.csv"
        ),
    )


@app.command(
    "show",
    help=say("What a model file, ready model or backbone says of itself."),
    epilog=examples("taxolens models show run/model.onnx", "taxolens models show megadetector-v5a"),
)
def show_model(
    model: Annotated[
        str,
        typer.Argument(
            metavar="FILE.onnx|NAME", help=say("Model file, or name of a ready model or backbone.")
        ),
    ],
    as_json: shared.AsJson = False,
) -> None:
    """Shows the card, or what the catalogue says of what is not here."""
    if model in ready_models() and not Path(model).exists():
        _show_ready(model, as_json)
        return
    if _is_elsewhere(model):
        _show_entry(catalogue()[model], as_json)
        return
    file = _opened(model)
    if as_json:
        show_document(json.loads(file.card.to_json()))
        return
    show(_facts(file), *([_classes(file.card)] if file.card.classes else []))


@app.command(
    "get",
    help=say("Fetch a backbone or a ready model of the catalogue."),
    epilog=examples(
        "taxolens models get mobilenetv2",
        "taxolens models get megadetector-v6-mit-yolov9-c",
        "taxolens models get speciesnet --from speciesnet.onnx --labels labels.txt",
    ),
)
@with_options(
    Option("name", "name", say("Name in the catalogue."), metavar="NAME", required=True),
    Option("--from", "file", say("The file itself, where it came without network."), Path, "FILE"),
    Option("--labels", "labels", say("Its classes, where they come in a file."), Path, "FILE"),
    Option("--accept-licence", "accept_licence", say("My use earns no money, as its licence asks."), bool),
    Option("--replace", "replace", say("Take a file that differs from the one that came before."), bool),
)
def get(given: dict[str, Any], quiet: shared.Quiet = False) -> None:
    """Downloads, checks and keeps it."""
    name = given["name"]
    if name in ready_models():
        _get_ready(ReadyRequest(**given), quiet)
        return
    progress = progress_for(quiet)
    if given.get("file") is not None:
        recipe = BackboneRecipe(name=str(given["file"]))
        catalogue()[name]  # says which there are
        found = add_backbone(
            name, recipe, home=settings.home, maker=load_backbone_maker, progress=progress, say=say
        )
    else:
        found = get_backbone(name, home=settings.home, progress=progress, say=say)
    _tell_here(found.name, quiet)


@app.command(
    "add",
    help=say("Remember a backbone under a name, or bring the file of a ready model."),
    epilog=examples(
        "taxolens models add mine --file network.onnx",
        "taxolens models add mobilenet --timm mobilenetv2_100 --weights file.safetensors "
        "--backbone-arg pad_type=same --mean 0.5,0.5,0.5 --std 0.5,0.5,0.5",
        "taxolens models add megadetector-v5a --file md_v5a.0.0.onnx",
    ),
)
@with_options(
    Option("--file", "file", say("An ONNX network."), Path, "FILE.onnx"),
    Option("--timm", "timm", say("A network of timm."), metavar="NAME"),
    *READING,
    EMBEDDING,
)
def add(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help=say("New name, or the catalogue entry that the file is."))
    ],
    given: dict[str, Any],
    quiet: shared.Quiet = False,
) -> None:
    """Converts it once and keeps the result."""
    file, timm = given.pop("file", None), given.pop("timm", None)
    if (file is None) == (timm is None):
        raise UsageError("Say what {name} is: --file FILE.onnx or --timm NAME.", name=name)
    if name in ready_models():
        _add_ready(name, file, given, quiet)
        return
    found = add_backbone(
        name,
        parse_recipe(BackboneRecipe, {**given, "name": str(file) if file else f"timm:{timm}"}),
        home=settings.home,
        maker=load_backbone_maker,
        progress=progress_for(quiet),
        say=say,
    )
    _tell_here(found.name, quiet)


@app.command(
    "remove",
    help=say("Remove a remembered backbone, or a fetched backbone or ready model."),
    epilog=examples("taxolens models remove mobilenetv2", "taxolens models remove mine --quiet"),
)
def remove(
    name: Annotated[str, typer.Argument(help=say("Name of the backbone or ready model."))],
    quiet: shared.Quiet = False,
) -> None:
    """Deletes what is kept of it."""
    remover = remove_ready if name in ready_models() else remove_backbone
    removed = remover(name, settings.home)
    if not quiet:
        tell(say("Removed: {file}").format(file=file) for file in removed)


@app.command(
    "describe",
    help=say("Give an exported classifier or detector its card, or a model new names."),
    epilog=examples(
        "taxolens models describe net.onnx --labels labels.txt --out model.onnx",
        "taxolens models describe yolox_nano.onnx --labels coco --out detector.onnx",
        "taxolens models describe run/model.onnx --taxonomy taxa.csv --out named.onnx",
    ),
)
@with_options(
    Option("file", "file", say("An ONNX classifier or detector."), Path, "FILE.onnx", required=True),
    Option("--out -o", "out", say("Model file to write."), Path, "FILE.onnx", required=True),
    Option("--labels", "labels", say("One label a line, in the network's order."), Path, "FILE|coco"),
    shared.TAXONOMY,
    shared.MODEL_NAME,
    *NORMALISATION,
    Option("--size", "size", say("Side of its input in pixels."), int, "N"),
    Option("--fit", "fit", say("How photos fill the model's input."), Fit),
    Option("--order", "order", say("Order of the colours that a detector takes."), Colours),
    Option(
        "--decoder",
        "decoder",
        say("How a detector's output is read, where that cannot be seen."),
        metavar="|".join(DECODERS),
    ),
    Option(
        "--activation",
        "activation",
        say("What still turns its numbers into probabilities."),
        Activation,
        default=Activation.AUTO,
    ),
    Option("--licence", "licence", say("Licence of its weights.")),
)
def describe_model(given: dict[str, Any]) -> None:
    """Writes the model file."""
    file = given.pop("file")
    written = describe(file, parse_recipe(Description, given))
    tell([say("The model, one file: {model}").format(model=written.path)])


@app.command(
    "pipeline",
    help=say("Name a detector and a classifier in one file that is used as a model."),
    epilog=examples(
        "taxolens models pipeline --detector detector.onnx --model run/model.onnx --out woods.toml",
        "taxolens identify card/ --model woods.toml --out results.csv",
    ),
)
@with_options(
    Option(
        "--detector",
        "detector",
        say("Model file that finds boxes."),
        Path,
        "FILE.onnx|NAME",
        required=True,
        read=model_named,
    ),
    Option(
        "--model -m",
        "model",
        say("Model file that names what is in them."),
        Path,
        "FILE.onnx|NAME",
        required=True,
        read=model_named,
    ),
    Option("--out -o", "out", say("Pipeline to write."), Path, "FILE.toml", required=True),
    shared.MODEL_NAME,
)
def pipeline(given: dict[str, Any]) -> None:
    """Writes the pipeline."""
    recipe = parse_recipe(PipelineRecipe, given)
    make_pipeline(recipe)
    tell([say("The pipeline: {file}").format(file=recipe.out)])


def _tell_here(name: str, quiet: bool) -> None:
    if not quiet:
        template = say("{name} is here. Use it: taxolens train DATA --backbone {name} --out RUN")
        tell([template.format(name=name)])


def _get_ready(request: ReadyRequest, quiet: bool) -> None:
    here = get_ready(request, home=settings.home, progress=progress_for(quiet), say=say)
    if quiet:
        return
    template = say("{name} is here. Use it: taxolens identify PHOTOS --model {name} --out results.csv")
    hint = (
        say("To name species in its boxes, put a classifier behind it: --model FILE --detector {name}")
        if here.entry.task is Task.DETECT
        else say("It names what is in a box. Find the boxes with a detector: --detector NAME|FILE")
    )
    tell([template.format(name=here.entry.name), hint.format(name=here.entry.name)])


def _add_ready(name: str, file: Path | None, given: dict[str, Any], quiet: bool) -> None:
    """`add NAME --file FILE` for a name of the catalogue: the same as `get NAME --from FILE`."""
    if file is None or given:
        raise UsageError(
            "{name} is a ready model: how it is read is known. Give its file alone: --file FILE.onnx",
            name=name,
        )
    _get_ready(ReadyRequest(name, file), quiet)


def _show_ready(name: str, as_json: bool) -> None:
    entry = ready_models()[name]
    here = ready_path(name, settings.home)
    if as_json:
        show_document(entry_document(entry))
        return
    parts: list[Any] = [entry_facts(entry)]
    if here.is_file():
        file = read_model(here)
        parts += [_facts(file), _classes(file.card)]
    else:
        parts.append(say("Get it: taxolens models get {name}").format(name=name))
    show(*parts)


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
        show_document({**entry.model_dump(mode="json"), "url": entry.url, "cached": False})
        return
    facts = {
        say("Name"): entry.name,
        say("Here"): say("no"),
        say("CPU budget"): say(entry.budget),
        say("Input"): f"{entry.size} x {entry.size}",
        say("Licence"): entry.licence,
        say("Size"): _megabytes(entry.bytes),
        say("Source"): entry.url,
        "sha256": entry.sha256,
        say("Notes"): entry.notes,
    }
    show(facts_table(facts), say("Get it: taxolens models get {name}").format(name=entry.name))


def _document(row: BackboneRow) -> dict[str, object]:
    return {field: getattr(row, field) for field in BackboneRow.__slots__}


def _cells(row: BackboneRow) -> tuple[str, ...]:
    wording = Wording(say, language)
    return (
        row.name,
        say("yes") if row.cached else say("no"),
        say(row.budget) if row.budget else say(row.kind),
        f"{row.images_per_second:.0f}" if row.images_per_second else "",
        wording.decimal(row.top1, 1) if row.top1 else "",
        wording.decimal(row.size / _MEGABYTE, 1),
        row.licence or "",
    )


def _facts(file: ModelFile) -> Table:
    card = file.card
    facts = {
        say("Name"): f"{card.name} ({card.version})",
        say("Task"): card.task.value,
        say("Input"): f"{card.input.width} x {card.input.height}, {card.input.fit.value}",
        say("Tiles"): _tiles(card.input.tile) if card.input.tile else "",
        say("Crops"): _crops(card.input.crop) if card.input.crop else "",
        say("Backbone"): card.backbone.name if card.backbone else "",
        say("Licence"): card.licence or "",
        **_thresholds(card),
        say("Measured"): ", ".join(f"{one.name} {one.value:.3f} (n={one.n})" for one in card.metrics),
        say("Created"): f"{card.created_at:%Y-%m-%d %H:%M} UTC, {card.created_with}",
        say("Size"): _megabytes(len(file.graph)),
        "sha256": file.sha256,
        say("Notes"): " ".join(say(note) for note in card.notes),
    }
    return facts_table(facts)


def _tiles(tile: CardTile) -> str:
    return say("{side} x {side}, overlap {overlap:g}").format(side=tile.side, overlap=tile.overlap)


def _crops(crop: CardCrop) -> str:
    told = say("boxes with a margin of {margin:g} of their sides, at least {pixels} pixels")
    return told.format(margin=crop.margin, pixels=crop.pixels)


def _megabytes(size: int) -> str:
    return f"{Wording(say, language).decimal(size / _MEGABYTE, 1)} {say('MB')}"


def _thresholds(card: Card) -> dict[str, str]:
    if card.task is Task.DETECT:
        said = card.thresholds
        return {
            say("Boxes shown from"): "" if said.typical is None else f"{said.typical:.3f}",
            say("Boxes kept from"): "" if said.conservative is None else f"{said.conservative:.3f}",
        }
    return {say("Unsure below"): f"{card.thresholds.unsure:.3f}" if card.classes else ""}


def _classes(card: Card) -> Table:
    table = plain_table()
    for head in (say("Class"), say("Name"), say("Scientific name"), say("Role")):
        table.add_column(head, overflow="fold")
    for taxon in card.taxa[:_CLASSES_SHOWN]:
        names = (taxon.id, taxon.name(language), taxon.scientific or "")
        table.add_row(*map(shown, names), say(taxon.role) if taxon.role else "")
    if len(card.classes) > _CLASSES_SHOWN:
        table.caption = say("... and {more} more").format(more=len(card.classes) - _CLASSES_SHOWN)
    return table
