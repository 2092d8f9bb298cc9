from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from taxolens.workflows.inspect_sample import stratified

COUNTS = st.lists(st.integers(0, 400), min_size=1, max_size=6)


@given(COUNTS, st.integers(50, 500), st.integers(0, 99))
def test_every_class_is_in_the_sample_and_no_row_twice(counts: list[int], most: int, seed: int) -> None:
    truth = np.repeat(np.arange(len(counts)), counts)
    rows = stratified(truth, most, seed)
    assert len(set(rows.tolist())) == len(rows)
    assert (np.diff(rows) > 0).all()
    found = np.bincount(truth[rows], minlength=len(counts))
    assert all(got >= min(count, 20) or len(truth) <= most for got, count in zip(found, counts, strict=True))
    assert len(rows) <= max(most + 21 * len(counts), 0)


def test_a_small_set_is_taken_whole_but_for_photos_without_a_class() -> None:
    assert stratified(np.array([0, -1, 1, 0]), 50, 0).tolist() == [0, 2, 3]


def test_the_same_seed_draws_the_same_photos() -> None:
    truth = np.random.default_rng(0).integers(0, 5, 3000)
    assert stratified(truth, 500, 3).tolist() == stratified(truth, 500, 3).tolist()
    assert stratified(truth, 500, 3).tolist() != stratified(truth, 500, 4).tolist()


def test_classes_keep_their_proportion() -> None:
    truth = np.repeat([0, 1], [8000, 2000])
    assert np.bincount(truth[stratified(truth, 1000, 0)]).tolist() == [800, 200]
