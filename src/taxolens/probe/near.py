"""Photos with the same content by their embeddings: copies that were re-encoded, cropped or brightened.

Cosines are taken of centred embeddings: numbers that all photos share say nothing of a copy. All pairs are
compared along 128 orthonormal axes first, where no distance is larger than in full, so that no pair is ruled
out wrongly; the 32 nearest of each row that remain are compared in full.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from taxolens.probe.regression import Classes, Floats, Vectors

Stored = NDArray[np.float16] | NDArray[np.float32]

_LOWEST, _HIGHEST = 0.80, 0.98
_NEIGHBOUR, _SHARE_OF_PHOTOS, _SHARE_OF_USUAL = 10, 0.1, 0.3
_ASKED = 2000
_ROWS_AT_ONCE = 256
_AXES = 128
_TURNS = 2
_MOST_PER_ROW = 32
_ROUNDING = 2e-3


@dataclass(frozen=True, slots=True)
class Near:
    """Pairs of photos with nearly the same embedding.

    Attributes:
        pairs: int64 [p, 2], rows, the smaller first; ordered by rows. Of each row at most the 32 pairs with
            later rows that are most alike, which keeps groups of any size together.
        similarity: float32 [p], cosine.
        least: the least cosine that counted.
    """

    pairs: NDArray[np.int64]
    similarity: NDArray[np.float32]
    least: float


def near_by_embedding(vectors: Stored, *, least: float | None = None) -> Near:
    """All pairs with a cosine of at least `least`.

    Which cosine tells a copy depends on the backbone and on how alike the photos are. Where `least` is not
    given, a copy has to be far nearer than photos usually are to the tenth most like them (the nine before
    may be copies too): 1 - cosine at most 0.3 of the lowest decile of these, the limit kept between 0.80
    and 0.98. That is strict where a fixed camera took one scene again and again, and wide where all photos
    differ. Misses are likelier than false alarms: perceptual hashes find copies that a backbone loses.

    Args:
        vectors: [n, d], as a backbone gives them or along fewer axes; memory grows by 128 numbers a row.
        least: cosine, -1..1; None: chosen by the photos.
    """
    if len(vectors) < 2:
        return Near(np.empty((0, 2), np.int64), np.empty(0, np.float32), least or _HIGHEST)
    # threads of the matrix library wait for one another longer than they work where others work too
    with threadpool_limits(1, user_api="blas"):
        mean = _mean(vectors)
        short = _shortened(vectors, mean)
        limit = _usual_limit(vectors, mean) if least is None else least
        found = [
            _pairs(vectors, mean, short, begin, limit) for begin in range(0, len(vectors), _ROWS_AT_ONCE)
        ]
    pairs = np.concatenate([one for one, _ in found])
    return Near(pairs, np.concatenate([similarity for _, similarity in found]), limit)


def _mean(vectors: Stored) -> Vectors:
    return np.asarray(vectors.mean(axis=0, dtype=np.float64), dtype=np.float32)


def _unit(vectors: Stored, mean: Vectors) -> Vectors:
    """Centred rows of length one; a row like the mean stays zero."""
    rows = vectors.astype(np.float32) - mean
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6))


def _sampled(n: int) -> Classes:
    return np.sort(np.random.default_rng(0).choice(n, min(n, _ASKED), replace=False))


def _shortened(vectors: Stored, mean: Vectors) -> Vectors:
    """Unit rows along the axes that say most of a sample (Halko et al. 2011, arXiv 0909.4061); [n, 128]."""
    some = _unit(vectors[_sampled(len(vectors))], mean)
    start = np.random.default_rng(0).standard_normal((some.shape[1], min(_AXES, *some.shape)))
    axes = np.linalg.qr(start).Q.astype(np.float32)
    for _ in range(_TURNS):
        axes = np.linalg.qr(some.T @ (some @ axes)).Q
    blocks = range(0, len(vectors), _ROWS_AT_ONCE)
    return np.concatenate([_unit(vectors[begin : begin + _ROWS_AT_ONCE], mean) @ axes for begin in blocks])


def _usual_limit(vectors: Stored, mean: Vectors) -> float:
    """By how near photos of a sample are to the tenth most like them."""
    some = _unit(vectors[_sampled(len(vectors))], mean)
    place = len(some) - 1 - min(_NEIGHBOUR, len(some) - 1)  # the last is the photo itself
    tenth = np.partition(some @ some.T, place, axis=1)[:, place]
    usual = float(np.quantile(1 - tenth, _SHARE_OF_PHOTOS))
    return float(np.clip(1 - _SHARE_OF_USUAL * usual, _LOWEST, _HIGHEST))


def _pairs(
    vectors: Stored, mean: Vectors, short: Vectors, begin: int, least: float
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Pairs of some rows with later ones."""
    row, column = _candidates(short, begin, least)
    similarity = np.empty(len(row), dtype=np.float32)
    for start in range(0, len(row), _ROWS_AT_ONCE):
        part = slice(start, start + _ROWS_AT_ONCE)
        left, right = _unit(vectors[row[part]], mean), _unit(vectors[column[part]], mean)
        similarity[part] = np.einsum("ij,ij->i", left, right)
    kept = similarity >= least
    return np.stack([row[kept], column[kept]], axis=1), similarity[kept]


def _candidates(short: Vectors, begin: int, least: float) -> tuple[Classes, Classes]:
    """Pairs whose distance along few axes does not rule them out, the nearest of each row."""
    block, rest = short[begin : begin + _ROWS_AT_ONCE], short[begin:]
    length = np.einsum("ij,ij->i", rest, rest)
    square = length[: len(block), None] + length[None, :] - 2 * (block @ rest.T)
    square[np.tril_indices(len(block), m=len(rest))] = np.inf
    close = square <= 2 * (1 - least) + _ROUNDING
    if square.shape[1] > _MOST_PER_ROW and close.sum() > _MOST_PER_ROW * len(block):
        close &= square <= np.partition(square, _MOST_PER_ROW - 1, axis=1)[:, _MOST_PER_ROW - 1 :][:, :1]
    row, column = np.nonzero(close)
    kept = _nearest_of_each(row, square[row, column])
    order = np.lexsort((column[kept], row[kept]))
    return row[kept][order] + begin, column[kept][order] + begin


def _nearest_of_each(row: Classes, distance: NDArray[np.float32] | Floats) -> Classes:
    """Places of the 32 nearest of each row; `row` ascends."""
    order = np.lexsort((distance, row))
    first = np.searchsorted(row, row)  # sorted by row, so this is where each row's own begin
    return np.asarray(order[np.arange(len(row)) - first < _MOST_PER_ROW])
