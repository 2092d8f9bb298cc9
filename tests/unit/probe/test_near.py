from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taxolens.probe.near import near_by_embedding


def photos(n: int, d: int, seed: int = 0) -> np.ndarray:
    """Embeddings that, as those of photos, are never below zero and share most of their length."""
    rng = np.random.default_rng(seed)
    return np.maximum(rng.normal(0.5, 1.0, size=(n, d)) @ (rng.normal(size=(d, d)) / d), 0).astype(np.float32)


@given(st.integers(0, 99), st.integers(2, 400), st.sampled_from([0.3, 0.6, 0.9]), st.booleans())
@settings(max_examples=25, deadline=None)
def test_pairs_are_those_that_comparing_all_would_find(seed: int, n: int, least: float, half: bool) -> None:
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(n, 200)).astype(np.float16 if half else np.float32)
    vectors[: n // 2] += (3 * rng.normal(size=200)).astype(vectors.dtype) * (rng.random((n // 2, 1)) < 0.05)

    found = near_by_embedding(vectors, least=least)

    rows = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    cosines = np.triu(rows @ rows.T, 1) - np.tril(np.ones((n, n))) * 2
    told = set(map(tuple, found.pairs.tolist()))
    assert told >= set(map(tuple, np.argwhere(cosines > least + 1e-3).tolist()))
    assert told <= set(map(tuple, np.argwhere(cosines > least - 1e-3).tolist()))


def test_copies_with_small_changes_are_found_and_different_photos_are_not() -> None:
    vectors = photos(500, 300)
    copies = vectors[:40] + 0.05 * vectors.std() * np.random.default_rng(1).normal(size=(40, 300))

    found = near_by_embedding(np.concatenate([vectors, copies.astype(np.float32)]))

    assert {(row, 500 + row) for row in range(40)} == set(map(tuple, found.pairs.tolist()))
    assert (found.similarity >= found.least).all()


def test_a_large_group_of_equal_photos_stays_together() -> None:
    vectors = np.concatenate([photos(50, 64), np.repeat(photos(1, 64, seed=9), 700, axis=0)])

    found = near_by_embedding(vectors, least=0.95)

    alike = found.pairs[(found.pairs >= 50).all(axis=1)]
    assert set(alike[:, 1].tolist()) == set(range(51, 750))
    assert len(alike) <= 700 * 32
    assert (alike[:, 0] < alike[:, 1]).all()


@pytest.mark.parametrize("n", [0, 1])
def test_one_photo_has_no_copy(n: int) -> None:
    assert len(near_by_embedding(photos(n, 64)).pairs) == 0


@pytest.mark.slow
def test_twenty_thousand_photos_are_compared_in_seconds() -> None:
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(24_000, 60)).astype(np.float32) @ rng.normal(size=(60, 1280)).astype(np.float32)
    vectors = (shared + rng.normal(size=(24_000, 1280)).astype(np.float32)).astype(np.float16)
    begin = time.perf_counter()

    near_by_embedding(vectors)

    assert time.perf_counter() - begin < 60  # 3 s where nothing else runs
