"""Every photo once, in an order that seed and epoch decide, and nothing else."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

pytest.importorskip("torch")

from taxolens.core.errors import UsageError
from taxolens.data.pixels import KeptPixels
from taxolens.recipes.network import NetworkRecipe, Sampling
from taxolens.training.batches import Batch, Batches, Lesson, balanced
from taxolens.training.team import Alone


class Beside(Alone):
    """One of several processes, seen without the others."""

    def __init__(self, rank: int, size: int) -> None:
        self.rank, self.size = rank, size


PLAIN = NetworkRecipe("small_cnn", batch=4, augment="none")


def lesson(n: int, classes: int = 2, side: int = 8) -> Lesson:
    """Photos whose grey level is their row."""
    rows = np.arange(n)
    pixels = np.broadcast_to(rows.astype(np.uint8)[:, None, None, None], (n, side, side, 3))
    return Lesson(KeptPixels(pixels), rows % classes, rows, classes)


def rows_of(batches: list[Batch]) -> list[int]:
    return [int(photo[0, 0, 0]) for batch in batches for photo in batch.pixels]


@given(n=st.integers(1, 60), batch=st.integers(1, 20), epoch=st.integers(1, 5))
def test_an_epoch_shows_every_photo_once_in_even_steps(n: int, batch: int, epoch: int) -> None:
    batches = Batches(lesson(n), replace(PLAIN, batch=batch))
    shown = list(batches.epoch(epoch))
    sizes = [len(one.truth) for one in shown]
    assert sorted(rows_of(shown)) == list(range(n))
    assert len(shown) == len(batches)
    assert max(sizes) <= batch and max(sizes) - min(sizes) <= 1


def test_truth_belongs_to_its_photo() -> None:
    for batch in Batches(lesson(11), PLAIN).epoch(1):
        assert [int(photo[0, 0, 0]) % 2 for photo in batch.pixels] == batch.truth.tolist()


def test_the_order_depends_on_seed_and_epoch_alone() -> None:
    first = rows_of(list(Batches(lesson(30), PLAIN).epoch(1)))
    assert rows_of(list(Batches(lesson(30), PLAIN).epoch(1))) == first
    assert rows_of(list(Batches(lesson(30), PLAIN).epoch(2))) != first
    assert rows_of(list(Batches(lesson(30), replace(PLAIN, seed=1)).epoch(1))) != first


def test_what_is_done_to_a_photo_does_not_depend_on_the_size_of_a_step() -> None:
    noisy = np.random.default_rng(0).integers(0, 255, (12, 16, 16, 3), dtype=np.uint8)
    taught = Lesson(KeptPixels(noisy), np.zeros(12, np.int64), np.arange(12), 1)
    recipe = replace(PLAIN, augment="strong")
    by_size = [
        np.concatenate([one.pixels.numpy() for one in Batches(taught, replace(recipe, batch=size)).epoch(3)])
        for size in (2, 12)
    ]
    assert np.array_equal(*by_size)
    assert not np.array_equal(np.sort(by_size[0], 0), np.sort(noisy, 0))


@pytest.mark.parametrize(("n", "batch", "processes"), [(21, 4, 2), (21, 4, 3), (10, 4, 4), (5, 5, 5)])
def test_processes_share_every_step_that_one_process_would_make(n: int, batch: int, processes: int) -> None:
    recipe = replace(PLAIN, batch=batch)
    shares = [list(Batches(lesson(n), recipe, Beside(rank, processes)).epoch(1)) for rank in range(processes)]
    together = [rows_of(list(parts)) for parts in zip(*shares, strict=True)]
    for rows, parts in zip(together, zip(*shares, strict=True), strict=True):
        assert all(len(one.truth) and one.of == len(rows) for one in parts)
    assert sorted(row for rows in together for row in rows) == list(range(n))
    if n // -(-n // batch) >= processes:
        assert together == [rows_of([one]) for one in Batches(lesson(n), recipe).epoch(1)]


def test_steps_that_are_too_small_for_the_processes_are_refused() -> None:
    with pytest.raises(UsageError, match="4 photos cannot be shared by 5 processes.*--batch"):
        Batches(lesson(30), replace(PLAIN, batch=4), Beside(0, 5))


def test_balanced_sampling_shows_every_class_as_often() -> None:
    truth = np.array([0] * 30 + [1] * 5 + [2] * 1)
    taught = replace(lesson(36), truth=truth, classes=3)
    shown = rows_of(list(Batches(taught, replace(PLAIN, sampling=Sampling.BALANCED)).epoch(1)))
    assert Counter(truth[shown].tolist()) == {0: 12, 1: 12, 2: 12}
    assert max(Counter(row for row in shown if truth[row] == 0).values()) == 1


@pytest.mark.parametrize("sampling", list(Sampling))
def test_photos_without_a_class_are_shown_once_beside_the_others(sampling: Sampling) -> None:
    truth = np.array([0] * 20 + [1] * 4 + [-1] * 12)
    taught = replace(lesson(36), truth=truth, rows=np.arange(24), unnamed=np.arange(24, 36))
    assert taught.rounds == 1
    batches = Batches(taught, replace(PLAIN, sampling=sampling))
    shown = rows_of(steps := list(batches.epoch(1)))
    assert len(steps) == len(batches) and len(shown) == 36
    assert sorted(row for row in shown if truth[row] < 0) == list(range(24, 36))
    assert all((step.truth.numpy() == truth[step.rows]).all() for step in steps)


@given(named=st.integers(1, 9), others=st.integers(0, 60))
def test_photos_with_a_class_are_shown_often_enough_beside_many_without(named: int, others: int) -> None:
    n = named + others
    truth = np.where(np.arange(n) < named, 0, -1)
    taught = replace(lesson(n), truth=truth, rows=np.arange(named), unnamed=np.arange(named, n))
    shown = Counter(rows_of(list(Batches(taught, replace(PLAIN, augment="none")).epoch(1))))
    assert {shown[row] for row in range(named)} == {taught.rounds}
    assert {shown[row] for row in range(named, n)} <= {1}
    assert 4 * named * taught.rounds >= shown.total() == taught.photos
    assert taught.rounds == 1 or 4 * named * (taught.rounds - 1) < shown.total()


def test_a_photo_that_is_shown_again_in_an_epoch_is_changed_anew() -> None:
    noisy = np.random.default_rng(0).integers(0, 255, (9, 16, 16, 3), dtype=np.uint8)
    taught = Lesson(KeptPixels(noisy), np.array([0] * 8 + [1]), np.arange(9), 2)
    recipe = replace(PLAIN, augment="strong", sampling=Sampling.BALANCED)
    shown = list(Batches(taught, recipe).epoch(1))
    pairs = [pair for one in shown for pair in zip(one.pixels.numpy(), one.truth.tolist(), strict=True)]
    rare = [photo.tobytes() for photo, truth in pairs if truth]
    assert len(rare) >= 4
    assert len(set(rare)) == len(rare)
    again = list(Batches(taught, replace(recipe, batch=9)).epoch(1))
    assert np.array_equal(*(np.concatenate([one.pixels.numpy() for one in way]) for way in (shown, again)))


@given(truth=st.lists(st.integers(0, 4), min_size=1, max_size=40), seed=st.integers(0, 3))
def test_balanced_rows_are_as_many_as_before_and_as_even_as_can_be(truth: list[int], seed: int) -> None:
    classes: NDArray[np.int64] = np.array(truth)
    drawn = balanced(np.arange(len(truth)), classes, np.random.default_rng(seed))
    counts = Counter(classes[drawn].tolist())
    fair = -(-len(truth) // len(set(truth)))
    assert len(drawn) == len(truth)
    assert max(counts.values()) <= fair
