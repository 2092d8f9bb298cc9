"""Public image sets: listed, fetched or taken from local files, checked, laid out."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

from taxolens.core.errors import DataError, UsageError
from taxolens.core.progress import Progress, Silent
from taxolens.core.texts import Say, for_count, noted, plain
from taxolens.core.version import VERSION
from taxolens.data.public.arrived import Source, fetch_files, given_files, lacks
from taxolens.data.public.catalogue import FamilyName, PublicDataset, Role, Variant, public_datasets
from taxolens.data.public.layout import Laid, lay_out, sync
from taxolens.formats.members import members
from taxolens.formats.public.camera_traps import CameraTraps
from taxolens.formats.public.cifar import read_cifar
from taxolens.formats.public.dogs import read_dogs
from taxolens.formats.public.item import Content, Family, Wanted
from taxolens.formats.public.plantvillage import read_plantvillage
from taxolens.recipes.datasets import Arrangement, GetRecipe
from taxolens.storage.atomic import told_as_output
from taxolens.storage.download import fetch_bytes
from taxolens.storage.lock import held, lock_beside
from taxolens.workflows.run_folder import json_text

ABOUT = "dataset.json"
_ALIKE = noted("{images} images of 1 class are in {out}.")
_CLASSES = noted("{images} images of {classes} classes are in {out}.")
_BOX = noted("1 box.")
_BOXES = noted("{n} boxes.")
_MISSING_ONE = noted("1 photo could not be had, {name}: {why}")
_MISSING = noted("{n} photos could not be had; the first is {name}: {why}")
_CLASSLESS_ONE = noted("1 photo is left out: it has no single class.")
_CLASSLESS = noted("{n} photos are left out: they have no single class.")
_BOXLESS_ONE = noted("1 photo is left out: nobody drew boxes in it.")
_BOXLESS = noted("{n} photos are left out: nobody drew boxes in them.")
_LOST_BOX = noted("1 box is left out: it has no area, or lies outside its photo.")
_LOST_BOXES = noted("{n} boxes are left out: they have no area, or lie outside their photo.")

_REQUEST = ".request.json"
_CONNECTIONS = 8
_MOST_BYTES_OF_A_PHOTO = 100 << 20
_FAMILIES: MappingProxyType[FamilyName, Family] = MappingProxyType(
    {
        FamilyName.CIFAR: read_cifar,
        FamilyName.DOGS: read_dogs,
        FamilyName.PLANTVILLAGE: read_plantvillage,
    }
)


@dataclass(frozen=True, slots=True)
class GetSummary:
    """A public set, laid out.

    Attributes:
        laid: None where it was there already.
        kept: folder of what was downloaded.
    """

    entry: PublicDataset
    out: Path
    arrangement: Arrangement
    laid: Laid | None
    kept: Path | None

    def lines(self, say: Say) -> tuple[str, ...]:
        """The outcome in a few sentences."""
        if self.laid is None:
            return (say("{name} is in {out} already.").format(name=self.entry.title, out=self.out),)
        told = [
            say(for_count(len(self.laid.classes), _ALIKE, _CLASSES)).format(
                images=self.laid.images, classes=len(self.laid.classes), out=self.out
            )
        ]
        told += (
            [say(for_count(self.laid.boxes, _BOX, _BOXES)).format(n=self.laid.boxes)]
            if self.laid.boxes
            else []
        )
        told += self._left_out(self.laid, say)
        if self.laid.failed:
            name, why = self.laid.failed[0]
            missing = say(for_count(len(self.laid.failed), _MISSING_ONE, _MISSING))
            told.append(missing.format(n=len(self.laid.failed), name=name, why=why))
        told.append(say("Licence: {licence}").format(licence=self.entry.licence))
        told.append(say("Please cite: {citation}").format(citation=self.entry.citation))
        told += (
            [say("The original files are kept in {folder}.").format(folder=self.kept)] if self.kept else []
        )
        return tuple(told)

    def _left_out(self, laid: Laid, say: Say) -> list[str]:
        told = []
        if laid.left_out and self.arrangement is Arrangement.FOLDERS:
            told.append(say(for_count(laid.left_out, _CLASSLESS_ONE, _CLASSLESS)).format(n=laid.left_out))
        elif laid.left_out:
            told.append(say(for_count(laid.left_out, _BOXLESS_ONE, _BOXLESS)).format(n=laid.left_out))
        if laid.boxes_left_out:
            text = say(for_count(laid.boxes_left_out, _LOST_BOX, _LOST_BOXES))
            told.append(text.format(n=laid.boxes_left_out))
        return told


def get_dataset(
    recipe: GetRecipe,
    *,
    home: Path,
    progress: Progress | None = None,
    say: Say = plain,
    entry: PublicDataset | None = None,
) -> GetSummary:
    """Lays out a public set; a call that was stopped goes on where it was when it is made again.

    Args:
        home: the user's Taxolens folder, for downloads.
        entry: the set, where it is not one of the catalogue.

    Raises:
        UsageError: there is no such set, version or class, or the folder holds something else.
        DataError: files are not the published ones, or damaged.
        NetworkError: something could not be downloaded.
        OutputError: something cannot be written.
    """
    entry = entry or public_datasets()[recipe.name]
    given = entry.variant_with(path.name for path in recipe.sources)
    variant = entry.variant(recipe.variant or given)
    listener = progress or Silent()
    arrangement = recipe.arrangement or _usual(entry)
    if entry.choose and not recipe.classes:
        raise UsageError(
            "{name} is too large to be had whole. Name classes: --classes one,other", name=entry.title
        )
    request = _request(entry, variant, arrangement, recipe)
    if _is_there(recipe.out, request):
        return GetSummary(entry, recipe.out, arrangement, None, None)
    _check_free(recipe.out, recipe.sources)
    sources = _sources(entry, variant, recipe, home / "datasets", listener, say)
    wanted = Wanted(recipe.classes, variant.name)
    with _building(recipe.out, request) as folder, _contents(entry, variant, sources, wanted) as contents:
        total = None if recipe.classes else entry.images
        tracked = listener.track(contents, what=say("Laying out images"), total=total)
        workers = _CONNECTIONS if variant.images_url else 1
        laid = lay_out(tracked, folder, arrangement, workers=workers)
        about = _about(entry, variant, arrangement, sources, laid)
        (folder / ABOUT).write_text(json_text({**about, "request": request}), encoding="utf-8")
    kept = None if recipe.sources else home / "datasets" / "downloads" / entry.name
    return GetSummary(entry, recipe.out, arrangement, laid, kept)


def _usual(entry: PublicDataset) -> Arrangement:
    return Arrangement.BOXES if entry.task.startswith("detect") else Arrangement.FOLDERS


def _sources(
    entry: PublicDataset, variant: Variant, recipe: GetRecipe, home: Path, progress: Progress, say: Say
) -> tuple[Source, ...]:
    if not recipe.sources:
        return fetch_files(entry, variant, home, progress=progress, say=say)
    found = given_files(entry, variant, recipe.sources, home)
    for file in lacks(variant, found):
        needed = file.role is Role.PHOTOS or (
            file.role is Role.BOXES and recipe.arrangement not in (None, Arrangement.FOLDERS)
        )
        if needed:
            raise DataError(
                "{name} also needs {file}: give it too, as a further --from FILE.",
                name=entry.title,
                file=file.name,
            )
        if file.role is Role.SPLIT:
            progress.note(
                say("The authors' split is left out: it is in {file}, which was not given.").format(
                    file=file.name
                )
            )
    return found


@contextmanager
def _contents(
    entry: PublicDataset, variant: Variant, sources: Sequence[Source], wanted: Wanted
) -> Iterator[Iterator[Content]]:
    """The wanted images; connections for single ones stay open until all are written."""
    opened = [partial(members, source.path) for source in sources]
    if entry.family is not FamilyName.CAMERA_TRAPS:
        yield _FAMILIES[entry.family](opened, wanted)
    elif variant.images_url is None or any(source.path.is_dir() for source in sources):
        yield CameraTraps()(opened, wanted)
    else:
        with _fetcher(variant.images_url) as fetch:
            yield CameraTraps(fetch)(opened, wanted)


@contextmanager
def _fetcher(images_url: str) -> Iterator[Callable[[str], bytes]]:
    """Fetches single photos over connections that stay open."""
    import httpx

    with httpx.Client(limits=httpx.Limits(max_connections=_CONNECTIONS)) as client:
        yield lambda name: fetch_bytes(client, images_url + quote(name), most=_MOST_BYTES_OF_A_PHOTO)


def _request(
    entry: PublicDataset, variant: Variant, arrangement: Arrangement, recipe: GetRecipe
) -> dict[str, object]:
    """What a folder was asked to hold: the same again is the same work."""
    return {
        "name": entry.name,
        "variant": variant.name,
        "arrangement": arrangement.value,
        "classes": sorted(recipe.classes),
        "from": sorted(str(path.resolve()) for path in recipe.sources),
    }


def _about(
    entry: PublicDataset, variant: Variant, arrangement: Arrangement, sources: Sequence[Source], laid: Laid
) -> dict[str, object]:
    """Where the images come from and what their authors ask for."""
    return {
        "name": entry.name,
        "title": entry.title,
        "variant": variant.name,
        "arrangement": arrangement.value,
        "licence": entry.licence,
        "citation": entry.citation,
        "url": entry.url,
        "files": [{"name": one.path.name, "sha256": one.sha256, "checked": one.checked} for one in sources],
        "images": laid.images,
        "boxes": laid.boxes,
        "classes": dict(sorted(laid.classes.items())),
        "parts": dict(sorted(laid.parts.items())),
        "left_out": laid.left_out,
        "boxes_left_out": laid.boxes_left_out,
        "failed": [{"name": name, "reason": why} for name, why in laid.failed],
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "created_with": f"taxolens {VERSION}",
    }


def _is_there(out: Path, request: dict[str, object]) -> bool:
    """Whether the folder holds just this set already; where the files came from does not matter."""
    try:
        found = json.loads((out / ABOUT).read_text(encoding="utf-8"))["request"]
        return {**found, "from": None} == {**request, "from": None}
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _check_free(out: Path, sources: Sequence[Path]) -> None:
    with told_as_output(out):
        if out.is_file():
            raise UsageError("{out} is a file, not a folder. Name a folder with --out.", out=out)
        if out.exists() and any(out.iterdir()):
            raise UsageError("The folder {out} holds other things. Name a new folder with --out.", out=out)
    for source in sources:
        if source.resolve().is_relative_to(out.resolve()):
            raise UsageError(
                "{source} lies in the folder {out} that is to be written. Name another folder with --out.",
                source=source,
                out=out,
            )


@contextmanager
def _building(out: Path, request: dict[str, object]) -> Iterator[Path]:
    """A folder to fill, which becomes `out` when all went well. One that was stopped is filled further, where
    it was for the same request; a wrong request leaves nothing."""
    place = out.resolve()
    unfinished = place.with_name(f".{place.name}.unfinished")
    busy = UsageError(
        "Another command is writing {out}. Wait until it is done, or name another --out.", out=out
    )
    with held(lock_beside(place), busy=busy, place=out):
        with told_as_output(out):
            _begin(unfinished, request)
        try:
            yield unfinished
        except UsageError:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
        with told_as_output(out):
            (unfinished / _REQUEST).unlink()
            _sweep(unfinished)
            sync()
            if place.exists():
                place.rmdir()
            unfinished.replace(place)


def _begin(unfinished: Path, request: dict[str, object]) -> None:
    note = unfinished / _REQUEST
    try:
        same = json.loads(note.read_text(encoding="utf-8")) == request
    except (OSError, ValueError):
        same = False
    if not same:
        if not note.exists() and unfinished.exists() and any(unfinished.iterdir()):
            raise UsageError(
                "The folder {out} holds other things. Name a new folder with --out.", out=unfinished
            )
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        note.write_text(json.dumps(request), encoding="utf-8")


def _sweep(folder: Path) -> None:
    """Removes what was half written when an earlier call was killed."""
    half = re.compile(r"\..*\.part")
    for path in folder.rglob(".*.part"):
        if half.fullmatch(path.name) and path.is_file():
            path.unlink()
