"""Photos on a plane: those that look alike to the backbone lie close to each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from taxolens.probe.regression import Floats
from taxolens.probe.space import Embeddings, Space, space_of
from taxolens.recipes.inspect import MapWay

_AXES = 50
_USUAL_PERPLEXITY = 30.0
_FEWEST_FOR_TSNE = 5
_TURNS = 500


@dataclass(frozen=True, slots=True)
class Map:
    """Photos on a plane.

    Attributes:
        places: float32 [n, 2], -1..1, one scale for both directions.
        explained: shares of all variance that the two directions of a PCA hold; empty for t-SNE.
        way: how the places were found; PCA where there are too few photos for t-SNE.
    """

    places: NDArray[np.float32]
    explained: tuple[float, ...]
    way: MapWay


def project(vectors: Embeddings, *, way: MapWay = MapWay.PCA, seed: int = 0) -> Map:
    """Finds a place for each photo.

    PCA: the two axes of largest variance of the standardised embeddings. t-SNE (van der Maaten and Hinton
    2008, perplexity 30) begins with these, so that it is the same each time.

    Args:
        vectors: float32 [n, d].
    """
    space = space_of(vectors)
    flat = np.zeros((len(space.rows), 2))
    flat[:, : min(2, space.rows.shape[1])] = space.first(2)
    if way is MapWay.TSNE and len(flat) >= _FEWEST_FOR_TSNE and flat.any():
        return Map(_scaled(_tsne(space, flat, seed)), (), way)
    return Map(_scaled(flat), tuple(space.explained[:2].tolist()), MapWay.PCA)


def _tsne(space: Space, start: Floats, seed: int) -> Floats:
    perplexity = min(_USUAL_PERPLEXITY, (len(start) - 1) / 3)
    begin = start / max(float(start[:, 0].std()), 1e-12) * 1e-4
    with threadpool_limits(1, user_api="blas"):
        engine = TSNE(
            2,
            perplexity=perplexity,
            init=begin.astype(np.float32),
            max_iter=_TURNS,
            random_state=seed,
        )
        return np.asarray(engine.fit_transform(space.first(_AXES)), dtype=np.float64)


def _scaled(places: Floats) -> NDArray[np.float32]:
    """The middle of the outermost photos to 0, the farthest to 1."""
    middle = (places.max(axis=0) + places.min(axis=0)) / 2
    off = places - middle
    return np.asarray(off / max(float(np.abs(off).max()), 1e-12), dtype=np.float32)
