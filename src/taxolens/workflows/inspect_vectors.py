"""Photos through a backbone, with memory that does not grow with the length of an embedding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from taxolens.core.progress import Progress
from taxolens.core.records import Failure, Image
from taxolens.core.texts import Say
from taxolens.probe.embeddings import embed_images
from taxolens.recipes.inspect import InspectRecipe
from taxolens.workflows.lesson import Eye

SHORT = 256
"""Numbers that are kept of each photo of a set so large that all its embeddings would not fit."""

ROOM = 32 << 20
"""Bytes that embeddings in half precision may fill before they are shortened."""

_AT_ONCE = 512

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Seen:
    """What a backbone made of the photos.

    Attributes:
        kept: int64 [k], which images could be embedded.
        short: float16 [k, d or 256]: the embedding, scaled to length one; in very large sets its projection on
            fixed random directions, which keeps angles between near neighbours to about a hundredth (Johnson
            and Lindenstrauss 1984).
        sample: int64 [m], those of the images asked for in full that could be embedded, ascending.
        vectors: float32 [m, d], their embeddings.
        failures: images that could not be read.
    """

    kept: NDArray[np.int64]
    short: NDArray[np.float16]
    sample: NDArray[np.int64]
    vectors: NDArray[np.float32]
    failures: tuple[Failure, ...]


class _Notes:
    """Passes notes on and keeps silent about pieces of work, which are counted as one whole."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._told: set[str] = set()

    def track(self, items: Iterable[Item], *, what: str, total: int | None = None) -> Iterator[Item]:
        """Yields the items."""
        del what, total
        yield from items

    def note(self, text: str) -> None:
        """Says one line, once."""
        if text not in self._told:
            self._told.add(text)
            self._progress.note(text)


def see(
    images: Sequence[Image],
    sample: NDArray[np.int64],
    recipe: InspectRecipe,
    eye: Eye,
    *,
    progress: Progress,
    say: Say,
) -> Seen:
    """Embeds all images; what the cache knows is not computed again.

    Args:
        sample: int64, images whose embeddings are kept in full.
    """
    wanted = np.zeros(len(images), dtype=bool)
    wanted[sample] = True
    directions = _directions(len(images), eye.embedder.dimension)
    kept: list[NDArray[np.int64]] = []
    short: list[NDArray[np.float16]] = []
    full: list[NDArray[np.float32]] = []
    failures: list[Failure] = []
    notes = _Notes(progress)

    def pieces() -> Iterator[int]:
        for start in range(0, len(images), _AT_ONCE):
            piece = images[start : start + _AT_ONCE]
            found = embed_images(
                piece,
                eye.embedder,
                eye.rule,
                cache=eye.cache,
                workers=recipe.workers,
                max_megapixels=recipe.source.max_megapixels,
                progress=notes,
                say=say,
            )
            rows, vectors = found.kept + start, found.vectors[:, 0]
            kept.append(rows)
            short.append(_shortened(vectors, directions))
            full.append(vectors[wanted[rows]])
            failures.extend(found.failures)
            yield from range(len(piece))

    for _ in progress.track(pieces(), what=say("Looking through the backbone"), total=len(images)):
        pass
    rows = np.concatenate(kept)
    return Seen(
        rows,
        np.concatenate(short),
        rows[wanted[rows]],
        np.concatenate(full).astype(np.float32),
        tuple(failures),
    )


def _directions(photos: int, dimension: int) -> NDArray[np.float32] | None:
    """float32 [d, 256]; None where there is room for embeddings as they are."""
    if dimension <= SHORT or 2 * photos * dimension <= ROOM:
        return None
    random = np.random.default_rng(0)
    directions = random.standard_normal((dimension, SHORT)) / np.sqrt(SHORT)
    return np.asarray(directions, dtype=np.float32)


def _shortened(vectors: NDArray[np.float32], directions: NDArray[np.float32] | None) -> NDArray[np.float16]:
    """Scaled to the length of one first, because half precision ends at 65,504."""
    length = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    unit = vectors / length
    return np.asarray(unit if directions is None else unit @ directions, dtype=np.float16)
