"""True boxes and found boxes of photos: one photo at a time, and as columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from taxolens.core.geometry import Box
from taxolens.core.records import Annotation

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

USUAL_LIMIT = 100
"""Boxes of one class that are judged in one photo; COCO's `maxDets`."""


@dataclass(frozen=True, slots=True)
class ScoredBox:
    """A box that a detector found.

    Attributes:
        label: what it calls what is in it.
        score: how sure it is, 0..1.
        scores: float32 [classes of the detector]; None where they are not known, or it is hardly sure of anything.
    """

    label: str
    box: Box
    score: float
    scores: NDArray[np.float32] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Scene:
    """A photo with its true and its found boxes.

    Attributes:
        name: of the photo.
        width: of the upright photo, in pixels.
        height: likewise.
        truth: every thing that is to be found.
        found: in any order.
        group: what photos of one site or sequence share; None where unknown.
    """

    name: str
    width: int
    height: int
    truth: tuple[Annotation, ...]
    found: tuple[ScoredBox, ...]
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Boxes:
    """Boxes as columns.

    Attributes:
        image: int64 [n], number of the photo.
        label: int64 [n], number of the class.
        edges: float64 [n, 4], left, top, width, height in pixels of the upright photo.
    """

    image: Whole
    label: Whole
    edges: Floats

    @property
    def area(self) -> Floats:
        """Square pixels, [n]."""
        return np.asarray(self.edges[:, 2] * self.edges[:, 3])

    def at(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Boxes:
        """Some of them."""
        return Boxes(self.image[rows], self.label[rows], self.edges[rows])

    def __len__(self) -> int:
        return len(self.image)


@dataclass(frozen=True, slots=True)
class BoxAnswers:
    """Found boxes beside the true ones.

    Attributes:
        labels: the c classes.
        names: of the n photos.
        sizes: int64 [n, 2], width and height of the upright photos, in pixels.
        truth: the t true boxes.
        found: the f found boxes.
        score: float64 [f], 0..1.
        groups: int64 [n], which photos belong together (a site or a sequence); None where unknown.
    """

    labels: tuple[str, ...]
    names: tuple[str, ...]
    sizes: Whole
    truth: Boxes
    found: Boxes
    score: Floats
    groups: Whole | None = None

    @property
    def n(self) -> int:
        """How many photos."""
        return len(self.names)


def gathered(scenes: Sequence[Scene], labels: Sequence[str]) -> BoxAnswers:
    """Photos as columns; boxes of other classes than `labels` are left out.

    Groups count where every photo has one, and there are several that are not all of one photo.
    """
    numbers = {label: number for number, label in enumerate(labels)}
    truth = [
        (at, numbers[one.label], _pixels(one.box, scene))
        for at, scene in enumerate(scenes)
        for one in scene.truth
        if one.label in numbers
    ]
    found = [
        (at, numbers[one.label], _pixels(one.box, scene), one.score)
        for at, scene in enumerate(scenes)
        for one in scene.found
        if one.label in numbers
    ]
    return BoxAnswers(
        labels=tuple(labels),
        names=tuple(scene.name for scene in scenes),
        sizes=np.array([(scene.width, scene.height) for scene in scenes], dtype=np.int64).reshape(-1, 2),
        truth=_columns((at, label, edges) for at, label, edges in truth),
        found=_columns((at, label, edges) for at, label, edges, _ in found),
        score=np.array([score for *_, score in found], dtype=np.float64),
        groups=_groups([scene.group for scene in scenes]),
    )


def fullest(truth: Boxes) -> int:
    """The most true boxes of one class in one photo."""
    if not len(truth):
        return 0
    return int(np.unique(np.stack([truth.image, truth.label]), axis=1, return_counts=True)[1].max())


def usual_limit(truth: Boxes) -> int:
    """How many boxes of one class are judged in one photo: 100 as in COCO; where a photo has more true boxes
    than that, twice as many as the fullest has, lest nobody could find them all."""
    most = fullest(truth)
    return USUAL_LIMIT if most <= USUAL_LIMIT else 2 * most


def ranked(answers: BoxAnswers, limit: int) -> BoxAnswers:
    """The same with found boxes by class, photo and falling score, at most `limit` of a class in a photo.

    Of equal scores the first in order stands first, as in pycocotools.
    """
    found = answers.found
    order = np.lexsort((-answers.score, found.image, found.label))
    block = found.label[order] * max(answers.n, 1) + found.image[order]
    begins = np.flatnonzero(np.append(True, np.diff(block) != 0)) if len(block) else np.empty(0, np.int64)
    sizes = np.diff(np.append(begins, len(block)))
    place = np.arange(len(block)) - np.repeat(begins, sizes)
    kept = order[place < limit]
    return replace(answers, found=found.at(kept), score=answers.score[kept])


def _pixels(box: Box, scene: Scene) -> tuple[float, float, float, float]:
    return (
        box.x * scene.width,
        box.y * scene.height,
        box.width * scene.width,
        box.height * scene.height,
    )


def _columns(rows: Iterable[tuple[int, int, tuple[float, float, float, float]]]) -> Boxes:
    listed = list(rows)
    return Boxes(
        np.array([image for image, _, _ in listed], dtype=np.int64),
        np.array([label for _, label, _ in listed], dtype=np.int64),
        np.array([edges for _, _, edges in listed], dtype=np.float64).reshape(-1, 4),
    )


def _groups(names: Sequence[str | None]) -> Whole | None:
    if not all(names) or not 1 < len(set(names)) < len(names):
        return None
    return np.unique([name or "" for name in names], return_inverse=True)[1].astype(np.int64)
