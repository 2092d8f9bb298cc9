"""Labelled photos, or the boxes in them, made ready for a head: read, divided, embedded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from taxolens.core.embedder import Embedder
from taxolens.core.errors import DataError
from taxolens.core.progress import Progress
from taxolens.core.records import Image, Part
from taxolens.core.texts import Say
from taxolens.data.dataset import Dataset, check_trainable, load_dataset, named
from taxolens.data.split import Split, split_images
from taxolens.imaging.preprocess import Preprocess
from taxolens.imaging.region import CropRule
from taxolens.probe.cache import EmbeddingCache, cache_file, open_cache
from taxolens.probe.embeddings import Embedded, embed_images
from taxolens.probe.views import WHOLE, views_of
from taxolens.recipes.train import TrainRecipe, Views
from taxolens.workflows.crops import check_method, check_several, with_crops
from taxolens.workflows.divided import Divided, classes_of


@dataclass(frozen=True, slots=True)
class Lesson(Divided):
    """What a head learns from and is judged on.

    Attributes:
        vectors: float32 [n, d], embeddings of the whole images, or boxes.
        extra: float32 [m, v, d], further views of the m training images.
        fresh: bool [n], whether an image was embedded now, not remembered.
    """

    vectors: NDArray[np.float32]
    extra: NDArray[np.float32]
    fresh: NDArray[np.bool_]


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
    split = _divided(recipe, images)
    labels, truth = classes_of(images)
    learners = [images[row] for row in split.indices(Part.TRAIN)]
    return Lesson(
        images=images,
        labels=labels,
        truth=truth,
        split=split,
        vectors=whole.vectors[:, 0],
        extra=_extra_views(recipe, learners, eye, whole.vectors.shape[2], progress, say),
        fresh=whole.fresh,
        dataset=dataset,
        failures=dataset.failures + whole.failures,
    )


def load_photos(recipe: TrainRecipe, *, home: Path, progress: Progress, say: Say) -> Dataset:
    """The labelled photos of a recipe, or the boxes in them; refused when nothing can be learnt from them.

    Raises:
        DataError: fewer than two classes, no classes, or folds of which none is held back.
        UsageError: boxes are meant, and the method looks at whole photos.
    """
    check_method(recipe)
    data = recipe.source.data
    dataset = load_dataset(recipe.source, home=home, progress=progress, say=say, one_split=True)
    if recipe.crops:
        rule, workers = CropRule(), recipe.workers
        dataset = with_crops(dataset, data, rule, workers=workers, progress=progress, say=say)
        check_several(dataset.images, data)
    elif dataset.boxed and not any(image.label for image in dataset.images):
        raise DataError(
            "{data} has boxes in its photos and no class for a whole photo. To teach the names of the boxes: taxolens "
            "train --crops. To teach a detector: taxolens train --method detect.",
            data=data,
        )
    else:
        dataset = named(dataset, data)
    check_trainable(dataset.images)
    return dataset


def _divided(recipe: TrainRecipe, images: Sequence[Image]) -> Split:
    """What is in one photo belongs together: the boxes of one are no independent answers."""
    split = split_images(images, recipe.split)
    together = recipe.crops and len(np.unique(split.groups)) < len(images)
    return replace(split, grouped=True) if together else split


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
