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
from taxolens.execution.local import default_workers, ordered_map
from taxolens.imaging.decode import decode
from taxolens.imaging.preprocess import Preprocess
from taxolens.probe.cache import EmbeddingCache
from taxolens.probe.views import WHOLE, seen_as

_AHEAD_PER_WORKER = 16


@dataclass(frozen=True, slots=True)
class Embedded:
    """Embeddings of the images that could be read.

    Attributes:
        vectors: float32 [k, v, d].
        kept: int64 [k], which images they are.
        fresh: bool [k], whether some view had to be computed.
        failures: the others.
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
    failures = tuple(
        Failure(images[row].path, images[row].name, e.code, e.told()) for row, e in failed.items()
    )
    return Embedded(table[kept] if failed else table, kept, np.isin(kept, missing), failures)


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
    def embed(image: Image) -> Found:
        try:
            pixels = decode(image.path, rule, max_megapixels=max_megapixels)
        except ImageError as error:
            return error
        return np.stack([embedder(seen_as(pixels, view)) for view in views])

    threads = workers or default_workers()
    return ordered_map(embed, images, workers=threads, window=threads * _AHEAD_PER_WORKER)
