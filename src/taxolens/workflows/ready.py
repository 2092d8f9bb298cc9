"""Ready models: fetched or given by hand, checked, and written with a card, so that they can be used by their name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import onnx

from taxolens.core.errors import ModelError, NetworkError, UsageError
from taxolens.core.progress import Progress, Silent
from taxolens.core.taxonomy import Taxon
from taxolens.core.texts import Say, noted, plain
from taxolens.formats.label_file import taxa_of_labels
from taxolens.imaging.preprocess import Fit
from taxolens.modelfile.arrival import (
    Arrived,
    arrived,
    check_remembered,
    check_stated,
    downloaded_path,
    ready_path,
    remember,
)
from taxolens.modelfile.card import Card, Task
from taxolens.modelfile.read import ModelFile, model_from_bytes, read_bytes, read_model
from taxolens.modelfile.ready import ReadyModel, ready_models
from taxolens.modelfile.verify import card_of, verified_graph
from taxolens.modelfile.write import write_model
from taxolens.probe.adopt import Reading
from taxolens.probe.exported import exported
from taxolens.probe.foreign import ForeignClassifier, describe_classifier
from taxolens.probe.foreign_detector import ForeignDetector, Sighting, describe_detector, sight
from taxolens.storage.atomic import told_as_output
from taxolens.storage.download import Remote, download

_LONGEST_LABELS = 10_000_000
_HERE = noted("{name} is here already. To fetch it anew, add --replace.")


@dataclass(frozen=True, slots=True)
class ReadyRow:
    """One line of `taxolens models list`.

    Attributes:
        task: "detect" or "classify".
        here: it can be used now.
        fetchable: `models get` downloads it; else its makers publish no ONNX file, and one must be made.
        size: of what is downloaded, in bytes, roughly where no exact size is published.
        noncommercial: its licence allows no use that earns money.
        checked: its checksum is known in public.
    """

    name: str
    title: str
    task: str
    here: bool
    fetchable: bool
    size: int | None
    licence: str
    noncommercial: bool
    source: str
    checked: bool


@dataclass(frozen=True, slots=True)
class ReadyRequest:
    """What `taxolens models get` is asked for a ready model.

    Attributes:
        file: what came without network: its ONNX file or the zip that holds it.
        labels: file of its classes, where they are not known and do not lie beside it.
        accept_licence: the user has read a licence that forbids uses which earn money.
        replace: take a file that differs from the one that came before.
    """

    name: str
    file: Path | None = None
    labels: Path | None = None
    accept_licence: bool = False
    replace: bool = False


@dataclass(frozen=True, slots=True)
class ReadyHere:
    """A ready model that can be used.

    Attributes:
        sha256: of what came; None where it was here already.
        published: it is the file that is known in public.
    """

    entry: ReadyModel
    model: ModelFile
    sha256: str | None
    published: bool


def list_ready(home: Path) -> tuple[ReadyRow, ...]:
    """All ready models, in the catalogue's order."""
    return tuple(_row(ready_models()[name], home) for name in ready_models())


def get_ready(
    request: ReadyRequest,
    *,
    home: Path,
    progress: Progress | None = None,
    say: Say = plain,
    entry: ReadyModel | None = None,
) -> ReadyHere:
    """Makes a ready model usable by its name.

    Args:
        home: the user's Taxolens folder.
        progress: told of the licence before anything is downloaded, and of what a user should know of the file.
        entry: the model, where it is not one of the catalogue.

    Raises:
        UsageError: there is none of that name, its licence was not accepted, or its classes are missing.
        NetworkError: it could not be downloaded, or there is nothing to download.
        ModelError: something else arrived, or it cannot be read as the catalogue says.
        OutputError: it cannot be kept.
    """
    entry = entry or ready_models()[request.name]
    listener = progress or Silent()
    place = ready_path(entry.name, home)
    if request.file is None and place.is_file() and not request.replace:
        listener.note(say(_HERE).format(name=entry.name))
        return ReadyHere(entry, read_model(place), None, False)
    _tell_licence(entry, request, listener, say)
    if request.file is not None:
        return _taken(entry, request, request.file, "file", home, listener, say)
    file = _fetched(entry, home, listener, say)
    try:
        return _taken(entry, request, file, "download", home, listener, say)
    finally:
        file.unlink(missing_ok=True)


def ready_file(name: str, home: Path) -> Path:
    """The model file of a ready model's name.

    Raises:
        UsageError: it is not here yet; the message says how to get it.
    """
    file = ready_path(name, home)
    if not file.is_file():
        raise UsageError(
            "The model {name} is not here yet. Get it first: taxolens models get {name}", name=name
        )
    return file


def remove_ready(name: str, home: Path) -> tuple[Path, ...]:
    """Removes a ready model from this machine; which file it was stays known.

    Returns:
        the files that are gone.

    Raises:
        UsageError: it is not here.
        OutputError: it may not be removed.
    """
    file = ready_path(ready_models()[name].name, home)
    if not file.is_file():
        raise UsageError(
            "Nothing is kept here under the name {name}, so nothing was removed. See: taxolens models list",
            name=name,
        )
    with told_as_output(file):
        file.unlink()
    return (file,)


def _row(entry: ReadyModel, home: Path) -> ReadyRow:
    return ReadyRow(
        name=entry.name,
        title=entry.title,
        task=entry.task.value,
        here=ready_path(entry.name, home).is_file(),
        fetchable=entry.url is not None,
        size=entry.bytes or entry.about,
        licence=entry.licence,
        noncommercial=entry.noncommercial,
        source=entry.source,
        checked=entry.sha256 is not None,
    )


def _tell_licence(entry: ReadyModel, request: ReadyRequest, progress: Progress, say: Say) -> None:
    progress.note(say("Licence: {licence}").format(licence=entry.licence))
    if entry.terms:
        progress.note(say(entry.terms))
    if entry.cite:
        progress.note(say("Please cite: {citation}").format(citation=entry.cite))
    if entry.noncommercial and not request.accept_licence:
        raise UsageError(
            "The licence of {name}, {licence}, forbids uses that earn money. Read it at {source}; if yours is none, "
            "add --accept-licence.",
            name=entry.name,
            licence=entry.licence,
            source=entry.source,
        )


def _fetched(entry: ReadyModel, home: Path, progress: Progress, say: Say) -> Path:
    if entry.url is None:
        raise _not_published(entry)
    target = downloaded_path(entry, home)
    target.unlink(missing_ok=True)
    what = say("Downloading {name}").format(name=entry.name)
    try:
        download(Remote(entry.name, entry.url, entry.bytes), target, what=what, progress=progress)
    except NetworkError as error:
        raise NetworkError(
            "The model {name} could not be downloaded ({why}). Get {url} on a machine with network, then run: "
            "taxolens models get {name} --from FILE",
            name=entry.name,
            why=error.fields["why"],
            url=entry.url,
        ) from error
    try:
        check_stated(entry, target)
    except ModelError:
        target.unlink()
        raise
    return target


def _not_published(entry: ReadyModel) -> NetworkError:
    return NetworkError(
        "The makers of {name} publish it for PyTorch only, as a program that is not run here. Get {checkpoint}, make "
        "an ONNX file of it with their own tools ({export}), then run: taxolens models get {name} --from FILE.onnx",
        name=entry.name,
        checkpoint=entry.checkpoint or entry.source,
        export=entry.export,
    )


def _taken(
    entry: ReadyModel,
    request: ReadyRequest,
    file: Path,
    way: str,
    home: Path,
    progress: Progress,
    say: Say,
) -> ReadyHere:
    came = arrived(entry, file)
    known = check_remembered(entry, came.sha256, home, way=way, replace=request.replace)
    published = came.sha256 == entry.sha256
    model = _made(entry, came, request, file, ready_path(entry.name, home))
    remember(entry, came.sha256, home, way=way)
    progress.note(_told_of_checksum(entry, came.sha256, published, known, say))
    return ReadyHere(entry, model, came.sha256, published)


def _told_of_checksum(entry: ReadyModel, sha256: str, published: bool, known: bool, say: Say) -> str:
    if published:
        template = noted("Its checksum is the known one (sha256 {sha256}).")
    elif known:
        template = noted("It is the same file as before (sha256 {sha256}).")
    elif entry.sha256 is None:
        template = noted(
            "Nobody states the checksum of this file in public. From now on this one is expected: sha256 {sha256}"
        )
    else:
        template = noted(
            "This is not the file that is known in public; it is taken because you gave it. sha256 {sha256}"
        )
    return say(template).format(sha256=sha256)


def _made(entry: ReadyModel, came: Arrived, request: ReadyRequest, file: Path, target: Path) -> ModelFile:
    """The model file with its card, written."""
    graph = verified_graph(came.network, file)
    own = card_of(graph, file)
    if own is not None:
        _check_own(entry, own, file)
        return write_model(graph, model_from_bytes(came.network, file).card, target)
    taxa = _taxa(entry, came, request, graph, file)
    if entry.task is Task.CLASSIFY:
        made, card = describe_classifier(came.network, file, _classifier(entry, taxa))
    else:
        seen = _seen(entry, graph, file, len(taxa))
        made, card = describe_detector(seen, file, _detector(entry, taxa))
    return write_model(made, _with_facts(card, entry), target)


def _check_own(entry: ReadyModel, card: Card, file: Path) -> None:
    taxa = entry.taxa
    count = len(taxa) if taxa is not None else entry.count
    if card.task is not entry.task or len(card.classes) != count:
        raise ModelError(
            "The model {file} has a card of its own, and it is not that of {name}. Name another file.",
            file=file,
            name=entry.name,
        )


def _taxa(
    entry: ReadyModel, came: Arrived, request: ReadyRequest, graph: onnx.ModelProto, file: Path
) -> tuple[Taxon, ...]:
    if request.labels is not None:
        return _read_taxa(read_bytes(request.labels, largest=_LONGEST_LABELS), request.labels)
    if entry.taxa is not None:
        return entry.taxa
    if came.labels is not None:
        return _read_taxa(came.labels, file)
    names = exported(graph).names
    if names:
        return tuple(Taxon(name) for name in names)
    raise UsageError(
        "The classes of {name} are listed in a file that comes with its weights. Name it: --labels FILE",
        name=entry.name,
    )


def _read_taxa(data: bytes, file: Path) -> tuple[Taxon, ...]:
    try:
        return taxa_of_labels(data.decode("utf-8-sig"), file)
    except UnicodeDecodeError as error:
        raise UsageError("The labels {file} cannot be read: {why}.", file=file, why=error) from error


def _seen(entry: ReadyModel, graph: onnx.ModelProto, file: Path, classes: int) -> Sighting:
    """What the detector is: as the catalogue says where that fits, for a user's own export may differ."""
    size, decoder = entry.size, entry.decoder
    if decoder is not None:
        try:
            told = sight(graph, file, size=size, decoder=decoder, classes=classes)
        except ModelError:
            told = None
        if told is not None and told.family.classes in (None, classes):
            return told
    return sight(graph, file, size=size, decoder=None, classes=classes)


def _detector(entry: ReadyModel, taxa: tuple[Taxon, ...]) -> ForeignDetector:
    reading = Reading(entry.mean, entry.std, entry.size, licence=entry.licence)
    return ForeignDetector(entry.name, taxa, reading, entry.fit, entry.order)


def _classifier(entry: ReadyModel, taxa: tuple[Taxon, ...]) -> ForeignClassifier:
    reading = Reading(entry.mean, entry.std, entry.size, licence=entry.licence)
    return ForeignClassifier(entry.name, taxa, reading, fit=entry.fit or Fit.SQUASH)


def _with_facts(card: Card, entry: ReadyModel) -> Card:
    """What no network says itself."""
    own = card.thresholds
    limits = own.changed(
        typical=own.typical if entry.typical is None else entry.typical,
        conservative=own.conservative if entry.conservative is None else entry.conservative,
    )
    overlap = card.output.overlap if entry.overlap is None else entry.overlap
    cite = f"Cite: {entry.cite}." if entry.cite else ""
    sentences = [entry.notes, entry.terms, cite, f"Source: {entry.source}"]
    return card.changed(
        thresholds=limits,
        input=card.input.changed(filter=entry.filter, crop=entry.crop),
        output=card.output.changed(overlap=overlap),
        notes=tuple(sentence for sentence in sentences if sentence),
    )
