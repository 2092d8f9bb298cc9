"""Labelled photos made ready for a head: read, divided, embedded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from taxolens.core.embedder import Embedder
from taxolens.core.errors import DataError
from taxolens.core.progress import Progress
from taxolens.core.records import Failure, Image, Part
from taxolens.core.texts import Say
from taxolens.data.dataset import Dataset, check_trainable, load_dataset, named
from taxolens.data.split import ALONE, Split, split_images
from taxolens.imaging.preprocess import Preprocess
from taxolens.probe.cache import EmbeddingCache, cache_file, open_cache
from taxolens.probe.embeddings import Embedded, embed_images
from taxolens.probe.views import WHOLE, views_of
from taxolens.recipes.train import TrainRecipe, Views


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a head learns from and is judged on.

    Attributes:
        images: the n images that could be read.
        labels: the c classes, sorted.
        truth: int64 [n], index of each image's class.
        vectors: float32 [n, d], embeddings of the whole images.
        extra: float32 [m, v, d], further views of the m training images.
        fresh: bool [n], whether an image was embedded now, not remembered.
        dataset: the source, with what could not be read before embedding.
        failures: everything that could not be read.
    """

    images: tuple[Image, ...]
    labels: tuple[str, ...]
    truth: NDArray[np.int64]
    split: Split
    vectors: NDArray[np.float32]
    extra: NDArray[np.float32]
    fresh: NDArray[np.bool_]
    dataset: Dataset
    failures: tuple[Failure, ...]

    def rows(self, part: Part) -> NDArray[np.int64]:
        """Indices of the images of a part, without those whose label an identical file contradicts."""
        return self.split.indices(part)


def doubts_of(lesson: Lesson, say: Say) -> tuple[str, ...]:
    """What a reader of the figures should know of the split, in the user's language."""
    judged = {lesson.labels[index] for index in lesson.truth[lesson.rows(Part.TEST)]}
    unjudged = [label for label in lesson.labels if label not in judged]
    told = [say(note) for note in lesson.split.notes if note != ALONE]
    if unjudged:
        told.append(
            say("Too few photos to be judged, though they are learnt: {labels}.").format(
                labels=", ".join(unjudged)
            )
        )
    return tuple(told)


@dataclass(frozen=True, slots=True)
class Eye:
    """A backbone with its rule and its memory."""

    embedder: Embedder
    rule: Preprocess
    cache: EmbeddingCache


@contextmanager
def open_eye(embedder: Embedder, rule: Preprocess, home: Path) -> Iterator[Eye]:
    """Embeddings are remembered under everything that decides them."""
    with open_cache(cache_file(home, embedder.identity, rule), embedder.dimension) as cache:
        yield Eye(embedder, rule, cache)


def prepare_lesson(
    recipe: TrainRecipe, dataset: Dataset, eye: Eye, *, progress: Progress, say: Say
) -> Lesson:
    """Embeds first and divides what could be read, so that broken files do not distort the shares."""
    whole = _embed(recipe, dataset.images, eye, (WHOLE,), progress, say)
    images = tuple(dataset.images[index] for index in whole.kept)
    if not images:
        raise DataError(
            "None of the {n} photos in {data} could be read. {file}: {why} Name other photos.",
            n=len(whole.failures),
            data=recipe.source.data,
            file=whole.failures[0].name,
            why=say(whole.failures[0].reason),
        )
    check_trainable(images)
    split = split_images(images, recipe.split)
    labels = tuple(sorted({image.label for image in images if image.label is not None}))
    position = {label: index for index, label in enumerate(labels)}
    learners = [images[row] for row in split.indices(Part.TRAIN)]
    return Lesson(
        images=images,
        labels=labels,
        truth=np.array([position[image.label or ""] for image in images], dtype=np.int64),
        split=split,
        vectors=whole.vectors[:, 0],
        extra=_extra_views(recipe, learners, eye, whole.vectors.shape[2], progress, say),
        fresh=whole.fresh,
        dataset=dataset,
        failures=dataset.failures + whole.failures,
    )


def load_photos(recipe: TrainRecipe, *, home: Path, progress: Progress, say: Say) -> Dataset:
    """The labelled photos of a recipe; refused when nothing can be learnt from them."""
    dataset = load_dataset(recipe.source, home=home, progress=progress, say=say)
    dataset = named(dataset, recipe.source.data)
    check_trainable(dataset.images)
    return dataset


def _extra_views(
    recipe: TrainRecipe, learners: Sequence[Image], eye: Eye, dimension: int, progress: Progress, say: Say
) -> NDArray[np.float32]:
    if recipe.views is Views.NONE:
        return np.empty((len(learners), 0, dimension), dtype=np.float32)
    seen = _embed(recipe, learners, eye, views_of(recipe.views), progress, say)
    if seen.failures:
        raise DataError(
            "{file} could be read at first and then no longer. Keep the photos where they are and train again.",
            file=seen.failures[0].path,
        )
    return seen.vectors


def _embed(
    recipe: TrainRecipe,
    images: Sequence[Image],
    eye: Eye,
    views: tuple[str, ...],
    progress: Progress,
    say: Say,
) -> Embedded:
    return embed_images(
        images,
        eye.embedder,
        eye.rule,
        views=views,
        cache=eye.cache,
        workers=recipe.workers,
        max_megapixels=recipe.source.max_megapixels,
        progress=progress,
        say=say,
    )
