"""Training photos in a teacher's own size, where that is larger than the size of the network that it teaches.

Enlarged from the pupil's few pixels, photos would not show the teacher what it was taught to look for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from taxolens.core.errors import DataError
from taxolens.core.progress import Progress
from taxolens.core.records import Image
from taxolens.core.texts import Say, noted
from taxolens.core.trainer import Pixels
from taxolens.data.pixels import RowPixels, decode_all
from taxolens.formats.weights import read_weights_card
from taxolens.imaging.preprocess import Fit, Preprocess
from taxolens.modelfile.card import Task
from taxolens.modelfile.read import read_model
from taxolens.recipes.network import DistillRecipe
from taxolens.recipes.train import TrainRecipe

VIEW = "view.raw"
_ONNX = ".onnx"
_TOLD = noted(
    "The teacher looks at the photos in its own size, {wide} x {high} pixels; the network learns from the same views, "
    "made smaller."
)


@dataclass(frozen=True, slots=True)
class TeacherView:
    """What a teacher sees.

    Attributes:
        rule: how photos become that; the pupil's own but for the size.
        pixels: the training photos by this rule, by row of all photos.
    """

    rule: Preprocess
    pixels: Pixels


def rule_of_view(distill: DistillRecipe | None, rule: Preprocess) -> Preprocess | None:
    """The pupil's rule in the teacher's size; None where that is not larger, or would frame photos otherwise.

    Args:
        distill: with a file, not the name of a run.
        rule: of the pupil.

    Raises:
        ModelError: the teacher's file cannot be used.
    """
    if distill is None:
        return None
    width, height = _size(distill.teacher, rule)
    larger = width >= rule.width and height >= rule.height and (width, height) != (rule.width, rule.height)
    framed_alike = rule.fit is Fit.SQUASH or width * rule.height == height * rule.width
    return replace(rule, width=width, height=height) if larger and framed_alike else None


def _size(teacher: Path, otherwise: Preprocess) -> tuple[int, int]:
    """Width and height of a teacher's input."""
    if teacher.suffix.lower() == _ONNX:
        wanted = read_model(teacher, task=Task.CLASSIFY).card.input
        return wanted.width, wanted.height
    card = read_weights_card(teacher)
    return (card.size, card.size) if card else (otherwise.width, otherwise.height)


def teacher_view(
    recipe: TrainRecipe,
    rule: Preprocess,
    images: Sequence[Image],
    rows: NDArray[np.int64],
    folder: Path,
    *,
    progress: Progress,
    say: Say,
) -> TeacherView:
    """Decodes the photos that are learnt from in the teacher's size, and says so.

    Args:
        rule: what `rule_of_view` gave.
        images: all that could be decoded in the pupil's size.
        rows: int64 [t], those to learn from.
        folder: where decoded photos lie while they are learnt from.

    Raises:
        DataError: a photo can no longer be read.
    """
    decoded = decode_all(
        [images[row] for row in rows.tolist()],
        rule,
        folder / VIEW,
        workers=recipe.workers,
        max_megapixels=recipe.source.max_megapixels,
        progress=progress,
        say=say,
    )
    if decoded.failures:
        raise DataError(
            "{file} could be read at first and then no longer. Keep the photos where they are and train again.",
            file=decoded.failures[0].path,
        )
    progress.note(say(_TOLD).format(wide=rule.width, high=rule.height))
    return TeacherView(rule, RowPixels.of(decoded.pixels, rows, len(images)))
