"""`taxolens datasets`: public image sets, listed, shown, fetched or taken from local files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from taxolens.cli import options as shared
from taxolens.cli.help_page import App, examples
from taxolens.cli.option_table import Option, with_options
from taxolens.cli.progress import progress_for
from taxolens.cli.table import facts_table, plain_table, show, show_document
from taxolens.cli.words import language, say, settings, tell
from taxolens.core.errors import UsageError
from taxolens.core.texts import noted
from taxolens.data.public.catalogue import PublicDataset, PublicFile, public_datasets
from taxolens.recipes.datasets import Arrangement, GetRecipe
from taxolens.recipes.parse import parse_recipe
from taxolens.report.wording import Wording
from taxolens.workflows.datasets import get_dataset

app = App(
    no_args_is_help=True,
    help=say("Public image sets: list, show, get."),
    epilog=examples(
        "taxolens datasets list",
        "taxolens datasets get stanford-dogs --classes Chihuahua,boxer --out dogs",
    ),
)

_SOME_FAILED = 3
_TASK_WIDTH = 9
_GIGABYTE = 1e9
_MEGABYTE = 1e6
_HEADS = (
    noted("Name"),
    noted("Task"),
    noted("Images"),
    noted("Classes"),
    noted("Size"),
    noted("Licence"),
)


@app.command(
    "list",
    help=say("Sets with task, size and licence."),
    epilog=examples("taxolens datasets list", "taxolens datasets list --json"),
)
def list_datasets(as_json: shared.AsJson = False) -> None:
    """Shows the catalogue."""
    entries = [public_datasets()[name] for name in public_datasets()]
    if as_json:
        show_document([_document(entry) for entry in entries])
        return
    table = plain_table()
    for head in _HEADS:
        right = head in ("Images", "Classes", "Size")
        width = _TASK_WIDTH if head == "Task" else None
        table.add_column(
            say(head), no_wrap=head != "Task", min_width=width, justify="right" if right else "left"
        )
    for entry in entries:
        cells = (
            _WORDING.count(entry.images),
            _WORDING.count(entry.classes),
            _size(entry.bytes) or say("as chosen"),
        )
        table.add_row(entry.name, _task(entry), *cells, say(entry.licence))
    show(
        table,
        say("More of one: taxolens datasets show NAME. Get it: taxolens datasets get NAME --out DIR"),
    )


@app.command(
    "show",
    help=say("What is known of a set: source, licence, citation, files, checksums."),
    epilog=examples("taxolens datasets show ena24", "taxolens datasets show cifar10 --json"),
)
def show_dataset(
    name: Annotated[str, typer.Argument(help=say("Name in the catalogue."))], as_json: shared.AsJson = False
) -> None:
    """Shows one set."""
    entry = public_datasets()[name]
    if as_json:
        show_document(_document(entry))
        return
    hint = say("Get it: taxolens datasets get {name} --out DIR").format(name=entry.name)
    show(_facts(entry), _files(entry), hint)


def _classes(text: str) -> tuple[str, ...]:
    wanted = tuple(part.strip() for part in text.split(",") if part.strip())
    if not wanted:
        raise UsageError("--classes names no class. Write it as --classes one,other, or leave it out.")
    return wanted


@app.command(
    "get",
    help=say("Fetch a set, check it and lay it out ready to train. A stopped command goes on where it was."),
    epilog=examples(
        "taxolens datasets get plantvillage --classes apple,grape --out leaves",
        "taxolens datasets get cifar10 --from cifar-10-python.tar.gz --out cifar10",
        "taxolens datasets get stanford-dogs --as crops --out dogs",
        note=say("The second takes a file that is here; the third cuts dogs out of their photos."),
    ),
)
@with_options(
    Option("name", "name", say("Name in the catalogue."), metavar="NAME", required=True),
    Option("--out -o", "out", say("Folder to write."), Path, "DIR", required=True),
    Option(
        "--from",
        "sources",
        say(
            "An original file, or the folder that it was unpacked to, in place of the download; as often as "
            "there are files."
        ),
        list[Path],
        "FILE",
    ),
    Option("--classes", "classes", say("Only these classes, by name."), metavar="A,B", read=_classes),
    Option(
        "--as",
        "arrangement",
        say("Class folders, whole photos with boxes (YOLO and COCO), or boxes cut out."),
        Arrangement,
    ),
    Option(
        "--variant",
        "variant",
        say("A version of it (PlantVillage: color, grayscale, segmented)."),
        metavar="NAME",
    ),
)
def get(given: dict[str, Any], quiet: shared.Quiet = False) -> None:
    """Lays it out."""
    recipe = parse_recipe(GetRecipe, given)
    summary = get_dataset(recipe, home=settings.home, progress=progress_for(quiet), say=say)
    if not quiet:
        tell([*summary.lines(say), say("Look at it: taxolens inspect {out}").format(out=recipe.out)])
    if summary.laid and summary.laid.failed:
        raise typer.Exit(_SOME_FAILED)


def _task(entry: PublicDataset) -> str:
    return ", ".join(say(_TASKS[task]) for task in entry.task.split(", "))


_WORDING = Wording(say, language)
_TASKS = {"classify": noted("classify"), "detect": noted("detect")}
# what the catalogue says in words; the rest are names of licences
_LICENCES = (noted("none stated"), noted("see its page"))


def _size(count: int | None) -> str:
    if count is None:
        return ""
    if count >= _GIGABYTE:
        return say("{size} GB").format(size=_WORDING.decimal(count / _GIGABYTE, 1))
    return say("{size} MB").format(size=_WORDING.decimal(count / _MEGABYTE, 1))


def _facts(entry: PublicDataset) -> Table:
    facts = {
        say("Name"): f"{entry.title} ({entry.name})",
        say("Task"): _task(entry),
        say("Images"): _WORDING.count(entry.images),
        say("Classes"): _WORDING.count(entry.classes),
        say("Licence"): "\n".join(filter(None, (say(entry.licence), entry.terms))),
        say("Please cite"): entry.citation,
        say("Source"): entry.url,
        say("Versions"): ", ".join(variant.name for variant in entry.variants),
        say("Notes"): entry.notes,
    }
    return facts_table(facts)


def _files(entry: PublicDataset) -> Table:
    table = plain_table(show_header=False)
    table.add_column()
    table.add_column(overflow="fold")
    seen: set[str] = set()
    for variant in entry.variants:
        for file in variant.files:
            if file.url not in seen:
                seen.add(file.url)
                size = _size(file.bytes or file.about) or say("size not published")
                table.add_row(file.name, f"{size}\n{_checksum(file)}\n{file.url}")
        if variant.images_url:
            unchecked = say("no checksums are published")
            table.add_row(say("single photos"), f"{unchecked}\n{variant.images_url}")
    return table


def _checksum(file: PublicFile) -> str:
    if file.sha256:
        return f"sha256 {file.sha256}"
    if file.md5:
        return f"md5 {file.md5}"
    return say("no checksum is published: what first arrives is remembered")


def _document(entry: PublicDataset) -> dict[str, object]:
    document = entry.model_dump(mode="json", by_alias=True, exclude_none=True)
    return {**document, "bytes": entry.bytes}
