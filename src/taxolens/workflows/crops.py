"""A data set whose examples are boxes: what is told of them, and when there is nothing to learn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from taxolens.core.errors import DataError, UsageError
from taxolens.core.progress import Progress
from taxolens.core.records import Image
from taxolens.core.texts import Say, for_count, noted
from taxolens.data.crops import LEAST_PIXELS, Crop, crops_of, photo_of
from taxolens.data.dataset import Dataset
from taxolens.imaging.region import CropRule
from taxolens.recipes.train import TrainRecipe

_HEAD = "head"
_SMALL_ONE = noted("1 box is left out, because a side of it is shorter than {pixels} pixels.")
_SMALL = noted("{count} boxes are left out, because a side of them is shorter than {pixels} pixels.")
_BLANK_ONE = noted("1 photo without a box is left out.")
_BLANK = noted("{count} photos without a box are left out.")
_UNDRAWN_ONE = noted("1 photo that nobody has drawn boxes in is left out.")
_UNDRAWN = noted("{count} photos that nobody has drawn boxes in are left out.")


def with_crops(
    dataset: Dataset, data: Path, rule: CropRule, *, workers: int, progress: Progress, say: Say
) -> Dataset:
    """The boxes of a data set as its examples; what is left out is told.

    Raises:
        DataError: it has no boxes that could be named.
    """
    found = crops_of(dataset.images, rule, workers=workers)
    if not dataset.boxed or not (found.crops or found.small):
        raise DataError(
            "{data} has no boxes, which --crops is about. Leave out --crops, or name data with boxes, as YOLO, COCO, "
            "Pascal VOC or LabelMe have them.",
            data=data,
        )
    if not found.crops:
        raise DataError(
            "All boxes of {data} have a side shorter than {pixels} pixels. Name photos of a higher resolution.",
            data=data,
            pixels=LEAST_PIXELS,
        )
    _tell(found.small, _SMALL_ONE, _SMALL, progress, say)
    _tell(found.blank, _BLANK_ONE, _BLANK, progress, say)
    _tell(found.undrawn, _UNDRAWN_ONE, _UNDRAWN, progress, say)
    return replace(
        dataset, images=found.crops, ignored=dataset.ignored + found.small + found.blank + found.undrawn
    )


def check_method(recipe: TrainRecipe) -> None:
    """Networks look at whole photos.

    Raises:
        UsageError: they are to learn from boxes.
    """
    if recipe.crops and recipe.method != _HEAD:
        raise UsageError(
            "--crops is for --method head, which learns the names of boxes, not for {method}. Leave one of the two out.",
            method=recipe.method,
        )


def check_several(crops: Sequence[Image], data: Path) -> None:
    """Whether there is something to tell apart.

    Raises:
        DataError: all boxes have one name.
    """
    labels = {one.label for one in crops}
    if len(labels) == 1:
        raise DataError(
            "All boxes of {data} are called {label}, so there is nothing to tell apart. Give the boxes the names that "
            "are to be learnt.",
            data=data,
            label=next(iter(labels)),
        )


def boxes_among(examples: Sequence[Image]) -> int | None:
    """How many boxes these are; None where they are whole photos."""
    return len(examples) if examples and isinstance(examples[0], Crop) else None


def photos_among(examples: Sequence[Image]) -> int:
    """How many photos these are, or are parts of."""
    return len({photo_of(one).name for one in examples})


def photos_as_groups(examples: Sequence[Image]) -> NDArray[np.int64] | None:
    """Which boxes are in one photo, int64 [n]; None where no photo has several, or there is one photo alone."""
    if boxes_among(examples) is None:
        return None
    groups = np.unique([one.copy_of or one.name for one in examples], return_inverse=True)[1]
    return groups.astype(np.int64) if 1 < len(np.unique(groups)) < len(groups) else None


def _tell(count: int, one: str, many: str, progress: Progress, say: Say) -> None:
    if count:
        progress.note(say(for_count(count, one, many)).format(count=count, pixels=LEAST_PIXELS))
