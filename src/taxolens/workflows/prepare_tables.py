"""What a prepared folder tells of itself: boxes, failures, the recipe with its figures, the list of photos."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from taxolens.core.geometry import Box
from taxolens.core.records import Annotation, Image, Part
from taxolens.core.version import VERSION
from taxolens.data.columns import PARTS
from taxolens.formats.coco import ANNOTATIONS, write_coco
from taxolens.formats.manifest import LABELS, PHOTOS, Entry, write_manifest
from taxolens.formats.source import Layout, Sized
from taxolens.formats.yolo import write_yolo
from taxolens.formats.yolo_folds import write_yolo_folds
from taxolens.recipes.parse import recipe_document
from taxolens.recipes.prepare import Files, PrepareRecipe, StepRecipe
from taxolens.recipes.toml import toml_text
from taxolens.storage.atomic import written_whole
from taxolens.workflows.prepare_folder import FAILURES, RECIPE, Fault, Head, PreparedFolder
from taxolens.workflows.prepare_photo import Written
from taxolens.workflows.prepare_plan import Planned

_NOT_ASKED = ("out", "shard", "restart", "workers", "result")


@dataclass(slots=True)
class Tally:
    """What was written, counted as it passes.

    Attributes:
        photos: without copies.
        copies: made from them.
        counts: photos with their copies, or boxes, by class and part (or fold).
        faults: photos that could not be prepared.
    """

    photos: int = 0
    copies: int = 0
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)

    def add(self, row: Planned, done: Written) -> None:
        """Counts a planned photo and what became of it."""
        if done.code:
            fault = Fault(row.out if row.copy else row.name, done.code, done.reason)
            if fault not in self.faults[-1:]:  # once, and not for each of its tiles
                self.faults.append(fault)
            return
        self.photos += row.copy == 0
        self.copies += row.copy > 0
        if done.boxes is None:
            self.counts[row.label or "", row.place] += 1
        for label, *_ in done.boxes or ():
            self.counts[label, row.place] += 1

    def table(self) -> dict[str, dict[str, int]]:
        """Counts by class, then by part in their order, or by fold in theirs."""
        known = {place for _, place in self.counts}
        parts = [part.value for part in PARTS if part.value in known]
        folds = sorted(known - set(parts), key=lambda place: (len(place), place))
        labels = sorted({label for label, _ in self.counts})
        return {label: {place: self.counts[label, place] for place in (*parts, *folds)} for label in labels}


def finish_tables(recipe: PrepareRecipe, folder: PreparedFolder, head: Head) -> Tally:
    """Writes the tables of a folder whose photos are all written; the list of photos last.

    Raises:
        OutputError: they cannot be written.
    """
    tally = Tally(faults=list(head.failures))
    for row, done in outcomes(recipe, folder):
        tally.add(row, done)
    if head.boxed:
        _write_boxes(recipe, folder, head)
    write_failures(tally.faults, folder.out / FAILURES)
    write_recipe(recipe, folder, head.by, head.fingerprint, tally)

    def entries() -> Iterator[Entry]:
        return (_entry(row, row.place) for row, done in outcomes(recipe, folder) if not done.code)

    write_list(recipe, folder, entries, labelled=_is_labelled(folder))
    return tally


def outcomes(recipe: PrepareRecipe, folder: PreparedFolder) -> Iterator[tuple[Planned, Written]]:
    """The photos of the plan with what became of them; those that are only named are as they were."""
    done: list[Written] = []
    piece = folder.head().piece
    for row in folder.rows():
        if recipe.files is Files.NONE:
            yield row, Written(row.number, row.out)
            continue
        if row.number % piece == 0:
            done = folder.piece(row.number // piece) or []
        yield row, done[row.number % piece]


def write_list(
    recipe: PrepareRecipe,
    folder: PreparedFolder,
    entries: Callable[[], Iterable[Entry]],
    *,
    labelled: bool,
) -> None:
    """Writes the list of photos, and for folds one for each, in which that fold is the test part.

    Args:
        entries: gives the photos anew each time.
    """
    for fold in range(1, recipe.folds + 1 if labelled else 1):
        held_back = _held_back(entries(), fold)
        write_manifest(held_back, folder.out / f"fold-{fold}.csv", labelled=True, folded=True)
    name = LABELS if labelled else PHOTOS
    write_manifest(entries(), folder.out / name, labelled=labelled, folded=bool(recipe.folds))


def _held_back(entries: Iterable[Entry], fold: int) -> Iterator[Entry]:
    """Copies are for learning: those of the fold that judges are left out."""
    for entry in entries:
        if entry.fold != fold:
            yield entry.in_part(Part.TRAIN)
        elif not entry.copy_of:
            yield entry.in_part(Part.TEST)


def write_failures(faults: Sequence[Fault], table: Path) -> None:
    """Writes the photos that could not be prepared; no table where there are none."""
    if not faults:
        return
    with written_whole(table) as binary:
        file = TextIOWrapper(binary, encoding="utf-8", errors="backslashreplace", newline="")
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("file", "failure", "reason"))
        rows.writerows((fault.name, fault.code, fault.reason) for fault in faults)
        file.flush()
        file.detach()


def write_recipe(recipe: PrepareRecipe, folder: PreparedFolder, by: str, data: str, tally: Tally) -> None:
    """Writes the recipe back, with what came of it.

    Args:
        by: what was kept together.
        data: fingerprint of the data.
    """
    result = {
        "recipe": folder.identity,
        "data": data,
        "taxolens": VERSION,
        "by": by,
        "photos": tally.photos,
        "copies": tally.copies,
        "failed": len(tally.faults),
        "counts": tally.table(),
    }
    with written_whole(folder.out / RECIPE) as file:
        file.write(toml_text({**recipe_text(recipe), "result": result}).encode("utf-8"))


def recipe_text(recipe: PrepareRecipe) -> dict[str, Any]:
    """A recipe as it is written for people: without what the place and the machine decide."""
    document = {key: value for key, value in recipe_document(recipe).items() if key not in _NOT_ASKED}
    document["source"]["data"] = str(recipe.source.data.absolute())
    document["transform"] = [_flat(step) for step in recipe.transform]
    document["balance"]["augment"] = [_flat(step) for step in recipe.balance.augment]
    return document


def _flat(step: StepRecipe) -> dict[str, Any]:
    return {"name": step.name, **step.parameters}


def _is_labelled(folder: PreparedFolder) -> bool:
    return all(row.label is not None for row in folder.rows())


def _entry(row: Planned, place: str) -> Entry:
    return Entry(
        file=row.out,
        label=row.label,
        site=row.site,
        sequence=row.sequence,
        datetime=row.taken,
        split="" if row.fold else place,
        fold=row.fold or None,
        source=row.name,
        copy_of=row.copy_of,
        made_by=row.made_by,
    )


def _write_boxes(recipe: PrepareRecipe, folder: PreparedFolder, head: Head) -> None:
    """Boxes as COCO where they came so, else as YOLO, which most programs that train read."""
    parts = [part for part in PARTS if (folder.out / "images" / part.value).is_dir()]
    if head.layout != Layout.COCO:
        write_yolo(folder.out, (one.image for one in _sized(recipe, folder)), head.classes, parts)
        if recipe.folds:
            write_yolo_folds(folder.out, recipe.folds, head.classes)
        return
    for fold in range(1, recipe.folds + 1):
        write_coco(folder.out / f"fold-{fold}.coco.json", _sized(recipe, folder, fold), head.classes)
    write_coco(folder.out / ANNOTATIONS, _sized(recipe, folder), head.classes)


def _sized(recipe: PrepareRecipe, folder: PreparedFolder, fold: int | None = None) -> Iterator[Sized]:
    """Photos with boxes as they were written; with a fold, as they are where it is held back."""
    for row, done in outcomes(recipe, folder):
        if done.code or (row.fold == fold and row.copy):
            continue
        part = PARTS[row.part] if not row.fold else None
        if fold:
            part = Part.TEST if row.fold == fold else Part.TRAIN
        yield Sized(_image(folder, row, done, part), done.width, done.height)


def _image(folder: PreparedFolder, row: Planned, done: Written, part: Part | None) -> Image:
    boxes = done.boxes
    return Image(
        path=folder.out / row.out,
        name=row.out,
        label=row.label,
        site=row.site or None,
        sequence=row.sequence or None,
        taken=datetime.fromisoformat(row.taken) if row.taken else None,
        part=part,
        annotations=None
        if boxes is None
        else tuple(Annotation(label, Box(*numbers)) for label, *numbers in boxes),
    )
