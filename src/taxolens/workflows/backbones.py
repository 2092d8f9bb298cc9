"""From the name of a backbone to the backbone: found, fetched, converted once, kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from taxolens.core.backbone import BackboneMaker, BackboneRequest, MadeBackbone
from taxolens.core.errors import ModelError, OutputError, UsageError
from taxolens.core.progress import Progress, Silent
from taxolens.core.texts import Say, noted, plain
from taxolens.modelfile.bundled import BUNDLED_LICENCE, BUNDLED_NAME, bundled_graph
from taxolens.modelfile.card import Task
from taxolens.modelfile.catalogue import Budget, CatalogueEntry, catalogue, download_path, keep
from taxolens.modelfile.download import fetch
from taxolens.modelfile.peek import peek_card
from taxolens.modelfile.protobuf import parse_model
from taxolens.modelfile.read import read_bytes, read_model
from taxolens.modelfile.remembered import (
    RememberedNetwork,
    check_name,
    is_remembered,
    remember_network,
    remembered_files,
    remembered_names,
    remembered_path,
)
from taxolens.modelfile.write import place
from taxolens.probe.adopt import Reading, adopt
from taxolens.probe.backbone import Backbone, bundled_backbone, read_backbone
from taxolens.recipes.train import BackboneRecipe

Makers = Callable[[str], BackboneMaker]
AUTO = "auto"
_LIBRARY_MARK = ":"
_ONNX = ".onnx"
_WAY_OF_CONVERTING = 1
"""To be raised when the same file would be converted to another graph."""


@dataclass(frozen=True, slots=True)
class BackboneRow:
    """One line of `taxolens models list`.

    Attributes:
        kind: "shipped", "catalogue", "remembered" or "damaged".
        cached: it can be used without network.
        size: of the file, in bytes.
        dimension: length of an embedding.
        images_per_second: on one Intel i7-12700H, from timm's published benchmark.
        top1: on ImageNet-1k, percent, as its source states it.
    """

    name: str
    kind: str
    cached: bool
    size: int
    dimension: int | None
    budget: Budget | None
    images_per_second: float | None
    top1: float | None
    licence: str | None


def resolve_backbone(
    recipe: BackboneRecipe,
    *,
    home: Path,
    maker: Makers,
    progress: Progress | None = None,
    say: Say = plain,
    budget: Budget = Budget.BALANCED,
) -> Backbone:
    """The backbone that a recipe names.

    Args:
        recipe: "auto", a catalogue or remembered name, a path to an ONNX file, or "timm:NAME".
        home: the user's Taxolens folder.
        maker: finds the maker for a library by its name.
        progress: told of downloads and of what a user should know of the backbone.
        say: the user's language.
        budget: what "auto" may cost.

    Raises:
        UsageError: no such backbone, or one that cannot be used.
        NetworkError: it had to be fetched and could not be.
    """
    listener = progress or Silent()
    found = _resolved(recipe, home, maker, listener, say, budget)
    for note in found.notes:
        listener.note(say(note))
    return found


def _resolved(
    recipe: BackboneRecipe, home: Path, maker: Makers, progress: Progress, say: Say, budget: Budget
) -> Backbone:
    name = recipe.name
    if name == AUTO:
        return _best(home, budget, progress, say)
    if name == BUNDLED_NAME:
        return _bundled()
    if name in catalogue():
        return get_backbone(name, home=home, progress=progress, say=say)
    if is_remembered(name, home):
        return _as_named(read_model(remembered_path(name, home), task=Task.EMBED).graph, name, home)
    if _is_of_library(name):
        return _from_library(recipe, home, maker)
    if name.lower().endswith(_ONNX) or Path(name).exists():
        return _from_file(recipe, home)
    raise _unknown(name, home)


def get_backbone(name: str, *, home: Path, progress: Progress | None = None, say: Say = plain) -> Backbone:
    """A backbone of the catalogue, fetched where it is not there yet.

    Raises:
        UsageError: the catalogue has none of that name.
        NetworkError: it could not be fetched.
    """
    entry = catalogue()[name]
    file = fetch(entry, home, progress=progress, say=say)
    return _adopted(file, name, _reading_of(entry), home, sha256=entry.sha256)


def _reading_of(entry: CatalogueEntry) -> Reading:
    return Reading(entry.mean, entry.std, entry.size, entry.embedding, entry.token, entry.licence)


def add_backbone(
    name: str,
    recipe: BackboneRecipe,
    *,
    home: Path,
    maker: Makers,
    progress: Progress | None = None,
    say: Say = plain,
) -> Backbone:
    """Remembers a backbone under a name, or brings a file of the catalogue that came without network.

    Args:
        name: new name, or that of a catalogue entry whose file `recipe.name` is.
        recipe: what it is.

    Raises:
        UsageError: a name that cannot be given, or a backbone that cannot be used.
    """
    if name in catalogue():
        keep(catalogue()[name], Path(recipe.name), home)
        return get_backbone(name, home=home, progress=progress, say=say)
    check_name(name)
    found = resolve_backbone(recipe, home=home, maker=maker, progress=progress, say=say)
    for stale in remembered_files(name, home):
        stale.unlink()
    if _is_of_library(recipe.name):
        # Its weights too: the file may move, and only with them can the network be taught further.
        weights = read_bytes(recipe.weights) if recipe.weights else None
        network = RememberedNetwork(recipe.name, recipe.arguments, recipe.mean, recipe.std)
        remember_network(name, home, network, weights)
    target = remembered_path(name, home)
    place(found.graph, target)
    return Backbone(name, target, found.sha256, found.card, found.graph)


def _is_of_library(name: str) -> bool:
    return _LIBRARY_MARK in name and not Path(name).exists()


def list_backbones(home: Path) -> tuple[BackboneRow, ...]:
    """All backbones that have a name: shipped, of the catalogue (cheapest first), remembered."""
    order = list(Budget)
    entries = sorted(
        (catalogue()[name] for name in catalogue()), key=lambda entry: (order.index(entry.budget), entry.rank)
    )
    rows = [] if bundled_graph() is None else [_bundled_row(_bundled())]
    rows += [_catalogue_row(entry, home) for entry in entries]
    rows += [_remembered_row(name, home) for name in remembered_names(home)]
    return tuple(rows)


def remove_backbone(name: str, home: Path) -> tuple[Path, ...]:
    """Removes a remembered backbone, or what was downloaded of one of the catalogue.

    Returns:
        the files that are gone.

    Raises:
        UsageError: there is nothing of that name to remove.
        OutputError: it may not be removed.
    """
    files = _files_of(name, home)
    if not files:
        raise UsageError(
            "Nothing is kept here under the name {name}, so nothing was removed. See: taxolens models list",
            name=name,
        )
    for file in files:
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(
                "{file} cannot be removed: {why}. Check its access rights.", file=file, why=error.strerror
            ) from error
    return files


def _files_of(name: str, home: Path) -> tuple[Path, ...]:
    if name in catalogue():
        entry = catalogue()[name]
        key = _key_of_file(entry.sha256, _reading_of(entry), name)
        files = (download_path(entry, home), _converted_path(home, key))
        return tuple(file for file in files if file.is_file())
    return remembered_files(name, home) if is_remembered(name, home) else ()


def _bundled_row(found: Backbone) -> BackboneRow:
    size = len(found.graph)
    return BackboneRow(
        found.name, noted("shipped"), True, size, found.dimension, None, None, None, found.licence
    )


def _remembered_row(name: str, home: Path) -> BackboneRow:
    """One spoilt file must not hide the others."""
    file = remembered_path(name, home)
    try:
        card = peek_card(file)
    except ModelError:
        card = None
    size = file.stat().st_size if file.is_file() else 0
    if card is None or card.task is not Task.EMBED:
        return BackboneRow(name, noted("damaged"), False, size, None, None, None, None, None)
    kind = noted("remembered")
    return BackboneRow(name, kind, True, size, card.output.size, None, None, None, card.licence)


def _catalogue_row(entry: CatalogueEntry, home: Path) -> BackboneRow:
    return BackboneRow(
        name=entry.name,
        kind=noted("catalogue"),
        cached=download_path(entry, home).is_file(),
        size=entry.bytes,
        dimension=entry.dimension,
        budget=entry.budget,
        images_per_second=entry.images_per_second,
        top1=entry.top1,
        licence=entry.licence,
    )


def _best(home: Path, budget: Budget, progress: Progress, say: Say) -> Backbone:
    """The most accurate cached one within the budget, else the cheapest cached, else the shipped one."""
    order = list(Budget)
    entries = [catalogue()[name] for name in catalogue()]
    affordable = [entry for entry in entries if order.index(entry.budget) <= order.index(budget)]
    wished = max(affordable, key=lambda entry: entry.rank)
    cached = [entry for entry in entries if download_path(entry, home).is_file()]
    within = [entry for entry in cached if entry in affordable]
    chosen = max(within, key=lambda entry: entry.rank, default=None) or min(
        cached, key=lambda entry: (order.index(entry.budget), entry.rank), default=None
    )
    if chosen is None or chosen.rank < wished.rank:
        used = chosen.name if chosen else BUNDLED_NAME
        hint = say("Using the backbone {used}. A better one exists: taxolens models get {better}")
        progress.note(hint.format(used=used, better=wished.name))
    return get_backbone(chosen.name, home=home, progress=progress, say=say) if chosen else _bundled()


def _bundled() -> Backbone:
    graph = bundled_graph()
    if graph is None:
        raise UsageError(
            "This installation has no backbone of its own. Get one: taxolens models get {name}",
            name=next(iter(catalogue())),
        )
    return bundled_backbone(graph, name=BUNDLED_NAME, licence=BUNDLED_LICENCE)


def _from_file(recipe: BackboneRecipe, home: Path) -> Backbone:
    file = Path(recipe.name)
    reading = Reading(mean=recipe.mean, std=recipe.std, embedding=recipe.embedding)
    return _adopted(file, file.stem, reading, home)


def _adopted(file: Path, name: str, reading: Reading, home: Path, *, sha256: str | None = None) -> Backbone:
    data = read_bytes(file)
    found = hashlib.sha256(data).hexdigest()
    if sha256 is not None and found != sha256:
        raise ModelError(
            "The backbone {name} in {file} is not what the catalogue states any more. Delete it and get it again.",
            name=name,
            file=file,
        )
    key = _key_of_file(found, reading, name)
    return _kept(home, key, name, lambda: adopt(data, name=name, file=file, reading=reading))


def _from_library(recipe: BackboneRecipe, home: Path, maker: Makers) -> Backbone:
    library, _, architecture = recipe.name.partition(_LIBRARY_MARK)
    request = BackboneRequest(
        architecture=architecture,
        weights=recipe.weights,
        arguments=dict(recipe.arguments),
        mean=recipe.mean,
        std=recipe.std,
    )
    key = _key(
        {
            "library": library,
            "architecture": architecture,
            "weights": hashlib.sha256(read_bytes(recipe.weights)).hexdigest() if recipe.weights else None,
            "arguments": sorted(request.arguments.items()),
            "mean": recipe.mean,
            "std": recipe.std,
        }
    )
    return _kept(home, key, recipe.name, lambda: _wrapped(maker(library)(request), recipe.name))


def _wrapped(made: MadeBackbone, name: str) -> bytes:
    reading = Reading(
        mean=made.mean, std=made.std, size=made.width, embedding=_output_of(made.onnx), licence=made.licence
    )
    return adopt(made.onnx, name=name, file=Path(name), reading=reading)


def _output_of(graph: bytes) -> str:
    return str(parse_model(graph).graph.output[0].name)


def _kept(home: Path, key: str, name: str, convert: Callable[[], bytes]) -> Backbone:
    """What was converted before, else converted now and kept for the next time."""
    target = _converted_path(home, key)
    if target.is_file():
        # A copy that was spoilt is made anew.
        with suppress(ModelError):
            return read_backbone(read_bytes(target), target, name=name)
    graph = convert()
    place(graph, target)
    return read_backbone(graph, target, name=name)


def _as_named(graph: bytes, name: str, home: Path) -> Backbone:
    return read_backbone(graph, remembered_path(name, home), name=name)


def _converted_path(home: Path, key: str) -> Path:
    return home / "backbones" / "converted" / f"{key}.onnx"


def _key_of_file(sha256: str, reading: Reading, name: str) -> str:
    return _key({"onnx": sha256, "reading": repr(reading), "name": name})


def _key(values: Mapping[str, object]) -> str:
    text = json.dumps({**values, "way": _WAY_OF_CONVERTING}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _unknown(name: str, home: Path) -> UsageError:
    known = [BUNDLED_NAME, *catalogue(), *remembered_names(home)]
    return UsageError(
        "There is no backbone called {name}. Choose {known}, an ONNX file or timm:NAME.",
        name=name,
        known=", ".join(known),
    )
