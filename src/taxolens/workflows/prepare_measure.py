"""A table of what is measured on the object of each photo: size, shape, colours, share that is diseased."""

from __future__ import annotations

import csv
import importlib
import math
from collections.abc import Callable, Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from taxolens.core.errors import ImageError, MissingExtra
from taxolens.core.progress import Progress
from taxolens.core.records import Image
from taxolens.core.texts import Say
from taxolens.data.dataset import Dataset, load_dataset
from taxolens.execution.local import default_workers, ordered_map
from taxolens.imaging.container import UNREADABLE
from taxolens.imaging.operations.opencv import opencv
from taxolens.imaging.operations.picture import Picture, Pixels
from taxolens.imaging.rewrite import read_photo
from taxolens.inference.forecast import forecast
from taxolens.recipes.prepare import PrepareRecipe
from taxolens.storage.atomic import told_as_output, written_whole
from taxolens.workflows.prepare_photo import changed
from taxolens.workflows.prepare_preview import check_beside
from taxolens.workflows.prepare_steps import Steps, read_steps

_PLANT = "taxolens.imaging.plant.measure"
_AHEAD = 4
_LEARNT_FROM = 100


def measure(recipe: PrepareRecipe, table: Path, *, home: Path, progress: Progress, say: Say) -> int:
    """Writes a row for each photo, after the steps of the recipe.

    Args:
        table: CSV to write; nothing else is written.

    Returns:
        How many photos could not be measured; the table says why.

    Raises:
        MissingExtra: what measures is not installed.
        UsageError: the table would lie among the photos.
        OutputError: it cannot be written.
    """
    steps = read_steps(recipe)
    columns, measured = _loaded()
    check_beside(table, recipe.source.data, (".csv",))
    dataset = load_dataset(recipe.source, home=home, progress=progress, say=say)
    if steps.learn_from:
        steps = steps.fitted(lambda: _pixels(recipe, dataset))
    with told_as_output(table):
        table.parent.mkdir(parents=True, exist_ok=True)
    failed, without, area = len(dataset.failures), 0, columns.index("area_px")
    with written_whole(table) as binary:
        file = TextIOWrapper(binary, encoding="utf-8", errors="surrogateescape", newline="")
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("file", "label", "site", *columns, "failure"))
        for image, found in _looked(recipe, dataset, steps, measured, progress, say):
            failed += isinstance(found, ImageError)
            without += not isinstance(found, ImageError) and math.isnan(found[area])
            rows.writerow(_cells(image, found, len(columns)))
        for failure in dataset.failures:
            rows.writerow((failure.name, "", "", *("",) * len(columns), f"{failure.code}: {failure.reason}"))
        file.flush()
        file.detach()
    if without:
        told = say("No leaf was found in {n} of {total} photos: their measures are empty.")
        progress.note(told.format(n=without, total=len(dataset.images)))
    return failed


def _loaded() -> tuple[tuple[str, ...], Callable[[Pixels], Any]]:
    """Names of the columns, and what measures."""
    opencv()
    try:
        plant = importlib.import_module(_PLANT)
    except ModuleNotFoundError as error:
        raise MissingExtra(
            "Measuring needs an optional part. Install it: pip install 'taxolens[prepare]'"
        ) from error
    return plant.Measurement.columns(), plant.measure


def _looked(
    recipe: PrepareRecipe,
    dataset: Dataset,
    steps: Steps,
    measured: Callable[[Pixels], Any],
    progress: Progress,
    say: Say,
) -> Iterator[tuple[Image, tuple[float, ...] | ImageError]]:
    def look(image: Image) -> tuple[float, ...] | ImageError:
        try:
            picture = Picture.of(_read(recipe, image))
            return changed(lambda: tuple(measured(steps.run(picture, image.name).pixels).values()))
        except ImageError as error:
            return error

    workers = recipe.workers or default_workers()
    found = ordered_map(look, dataset.images, workers=workers, window=workers * _AHEAD)
    total = len(dataset.images)
    told = forecast(found, total=total, progress=progress, say=say)
    yield from zip(
        dataset.images, progress.track(told, what=say("Measuring photos"), total=total), strict=True
    )


def _read(recipe: PrepareRecipe, image: Image) -> Pixels:
    try:
        content = image.path.read_bytes()
    except OSError as error:
        raise ImageError("unreadable", UNREADABLE) from error
    return read_photo(content, max_megapixels=recipe.source.max_megapixels).pixels


def _pixels(recipe: PrepareRecipe, dataset: Dataset) -> Iterator[Pixels]:
    for image in dataset.images[:: -(-len(dataset.images) // _LEARNT_FROM)]:
        try:
            yield _read(recipe, image)
        except ImageError:
            continue


def _cells(image: Image, found: tuple[float, ...] | ImageError, columns: int) -> tuple[str, ...]:
    named = (image.name, image.label or "", image.site or "")
    if isinstance(found, ImageError):
        return (*named, *("",) * columns, f"{found.code}: {found.told()}")
    return (*named, *("" if math.isnan(value) else f"{value:.6g}" for value in found), "")
