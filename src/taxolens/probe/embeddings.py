"""Photos to embeddings: decoded and embedded in threads, remembered, failures listed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from taxolens.core.embedder import Embedder
from taxolens.core.errors import ImageError
from taxolens.core.progress import Progress
from taxolens.core.records import Failure, Image
from taxolens.core.texts import Say
from taxolens.data.crops import failure_of, looked_at
from taxolens.imaging.preprocess import Preprocess
from taxolens.probe.cache import EmbeddingCache
from taxolens.probe.views import WHOLE, seen_as


@dataclass(frozen=True, slots=True)
class Embedded:
    """Embeddings of the images that could be read.

    Attributes:
        vectors: float32 [k, v, d].
        kept: int64 [k], which images they are.
        fresh: bool [k], whether some view had to be computed.
        failures: the photos of the others.
    """

    vectors: NDArray[np.float32]
    kept: NDArray[np.int64]
    fresh: NDArray[np.bool_]
    failures: tuple[Failure, ...]


Found = NDArray[np.float32] | ImageError


def embed_images(
    images: Sequence[Image],
    embedder: Embedder,
    rule: Preprocess,
    *,
    views: Sequence[str] = (WHOLE,),
    cache: EmbeddingCache,
    workers: int,
    max_megapixels: float,
    progress: Progress,
    say: Say,
) -> Embedded:
    """Embeds the views of images; what the cache knows is neither decoded nor embedded.

    Args:
        images: photos, or boxes in them (`taxolens.data.crops`).
        views: names of views, see `taxolens.probe.views`.
        workers: threads; 0: one per processor.
    """
    table, missing = _remembered(images, views, cache, embedder.dimension)
    failed: dict[int, ImageError] = {}
    found = _computed([images[row] for row in missing], embedder, rule, views, workers, max_megapixels)
    told = progress.track(found, what=say("Looking at photos"), total=len(missing)) if missing else iter(())
    for row, vectors in zip(missing, told, strict=True):
        if isinstance(vectors, ImageError):
            failed[row] = vectors
            continue
        table[row] = vectors
        _remember(cache, images[row], views, vectors)
    if cache.trouble:
        progress.note(say(cache.trouble))
    kept = np.array([row for row in range(len(images)) if row not in failed], dtype=np.int64)
    failures = (failure_of(images[row], error) for row, error in failed.items())
    # A photo fails once, however many of its boxes were to be seen.
    told_once = tuple(dict.fromkeys(failures))
    return Embedded(table[kept] if failed else table, kept, np.isin(kept, missing), told_once)


def _remembered(
    images: Sequence[Image], views: Sequence[str], cache: EmbeddingCache, dimension: int
) -> tuple[NDArray[np.float32], list[int]]:
    """What is known, float32 [n, v, d], and the rows of images of which some view is not."""
    known = cache.get([(image.sha256, view) for image in images if image.sha256 for view in views])
    table = np.zeros((len(images), len(views), dimension), dtype=np.float32)
    missing = []
    for row, image in enumerate(images):
        for column, view in enumerate(views):
            vector = known.get((image.sha256 or "", view))
            if vector is None:
                missing.append(row)
                break
            table[row, column] = vector
    return table, missing


def _remember(
    cache: EmbeddingCache, image: Image, views: Sequence[str], vectors: NDArray[np.float32]
) -> None:
    if image.sha256:
        for view, vector in zip(views, vectors, strict=True):
            cache.put(image.sha256, view, vector)


def _computed(
    images: Sequence[Image],
    embedder: Embedder,
    rule: Preprocess,
    views: Sequence[str],
    workers: int,
    max_megapixels: float,
) -> Iterator[Found]:
    def embed(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.stack([embedder(seen_as(pixels, view)) for view in views])

    return looked_at(images, embed, rule, workers=workers, max_megapixels=max_megapixels)
