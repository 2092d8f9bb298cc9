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
    sure = min(20, most // max(1, sum(count > 0 for count in counts)))
    assert all(got >= min(count, sure) for got, count in zip(found, counts, strict=True))
    assert len(rows) <= most


def test_a_small_set_is_taken_whole_but_for_photos_without_a_class() -> None:
    assert stratified(np.array([0, -1, 1, 0]), 50, 0).tolist() == [0, 2, 3]


def test_the_same_seed_draws_the_same_photos() -> None:
    truth = np.random.default_rng(0).integers(0, 5, 3000)
    assert stratified(truth, 500, 3).tolist() == stratified(truth, 500, 3).tolist()
    assert stratified(truth, 500, 3).tolist() != stratified(truth, 500, 4).tolist()


def test_classes_keep_their_proportion() -> None:
    truth = np.repeat([0, 1], [8000, 2000])
    assert np.bincount(truth[stratified(truth, 1000, 0)]).tolist() == [800, 200]


def test_of_thousands_of_classes_some_are_drawn_each_with_enough_photos_to_be_judged() -> None:
    truth = np.concatenate([np.arange(4000), np.repeat(np.arange(4000, 5000), 30)])
    rows = stratified(truth, 5000, 0)
    found = np.bincount(truth[rows])
    assert len(rows) <= 5000 and np.count_nonzero(found) == 250
    assert found[found > 0].min() == 20
    assert stratified(truth, 5000, 1).tolist() != rows.tolist()


def test_few_photos_of_very_many_classes_are_too_many_classes() -> None:
    rows = stratified(np.repeat(np.arange(5000), 2), 50_000, 0)
    assert len(rows) == 2 * 250


def test_a_small_sample_of_many_classes_keeps_two_of_each() -> None:
    truth = np.repeat(np.arange(100), 30)
    found = np.bincount(truth[stratified(truth, 50, 0)])
    assert found.sum() == 50 and found[found > 0].tolist() == [2] * 25
