"""Labelled photos, read and divided: what every way of training begins with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from taxolens.core.records import Failure, Image, Part
from taxolens.core.texts import Say
from taxolens.data.dataset import Dataset
from taxolens.data.split import ALONE, Split
from taxolens.evaluation.answers import Answers


@dataclass(frozen=True, slots=True)
class Divided:
    """Photos with their classes and parts.

    Attributes:
        images: the n images that could be read.
        labels: the c classes, sorted.
        truth: int64 [n], index of each image's class.
        dataset: the source, with what could not be read before decoding.
        failures: everything that could not be read.
    """

    images: tuple[Image, ...]
    labels: tuple[str, ...]
    truth: NDArray[np.int64]
    split: Split
    dataset: Dataset
    failures: tuple[Failure, ...]

    def rows(self, part: Part) -> NDArray[np.int64]:
        """Indices of the images of a part, without those whose label an identical file contradicts."""
        return self.split.indices(part)


def classes_of(images: tuple[Image, ...]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """The labels, sorted, and the index of each image's label, int64 [n]."""
    labels = tuple(sorted({image.label for image in images if image.label is not None}))
    position = {label: index for index, label in enumerate(labels)}
    return labels, np.array([position[image.label or ""] for image in images], dtype=np.int64)


def doubts_of(divided: Divided, say: Say) -> tuple[str, ...]:
    """What a reader of the figures should know of the split, in the user's language."""
    judged = {divided.labels[index] for index in divided.truth[divided.rows(Part.TEST)]}
    unjudged = [label for label in divided.labels if label not in judged]
    told = [say(note) for note in divided.split.notes if note != ALONE]
    if unjudged:
        told.append(
            say("Too few photos to be judged, though they are learnt: {labels}.").format(
                labels=", ".join(unjudged)
            )
        )
    return tuple(told)


def answers_on(divided: Divided, rows: NDArray[np.int64], probabilities: NDArray[np.float64]) -> Answers:
    """Answers on some of the photos, with what belongs together.

    Args:
        probabilities: float64 [k, c], of the k rows.
    """
    return Answers(
        labels=divided.labels,
        names=tuple(divided.images[row].name for row in rows),
        truth=divided.truth[rows],
        probabilities=probabilities,
        groups=_independent(divided, rows),
    )


def _independent(divided: Divided, rows: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Which images belong together; None where a single group leaves nothing to compare it with."""
    groups = divided.split.groups[rows]
    return groups if divided.split.grouped and len(np.unique(groups)) > 1 else None
