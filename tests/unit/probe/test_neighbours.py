from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import StandardScaler

from taxolens.probe.neighbours import leave_one_out
from tests.unit.probe.planted import clouds, shuffled


def test_classes_that_lie_apart_are_named_by_their_neighbours() -> None:
    vectors, truth = clouds(noise=0.5)

    found = leave_one_out(vectors, truth, 3)

    assert found.accuracy == 1.0
    assert found.interval[0] < 1.0
    assert found.confusion.tolist() == np.diag([60, 60, 60]).tolist()
    assert (found.own == 1).all()


def test_labels_dealt_by_lot_are_not() -> None:
    vectors, truth = clouds()

    found = leave_one_out(vectors, shuffled(truth), 3)

    assert found.accuracy < 0.45


def test_a_photo_is_never_its_own_neighbour_nor_one_of_its_group() -> None:
    vectors, truth = clouds((20, 20))
    groups = np.arange(40) // 4

    found = leave_one_out(vectors, truth, 2, k=7, groups=groups)

    assert found.nearest.shape == (40, 7)
    assert not (groups[found.nearest] == groups[:, None]).any()


def test_frames_of_one_event_flatter_only_where_they_count() -> None:
    places = np.random.default_rng(0).normal(size=(40, 30)).astype(np.float32)
    vectors = np.repeat(places, 3, axis=0) + 0.01 * np.random.default_rng(1).normal(size=(120, 30))
    truth = np.repeat(np.random.default_rng(2).integers(0, 2, 40), 3)

    found = leave_one_out(vectors.astype(np.float32), truth, 2, groups=np.repeat(np.arange(40), 3))

    assert found.ungrouped > 0.95
    assert found.accuracy < 0.75


def test_without_any_neighbour_nothing_is_said() -> None:
    vectors, truth = clouds((3, 3))

    found = leave_one_out(vectors, truth, 2, groups=np.zeros(6, dtype=np.int64))

    assert (found.predicted == -1).all()
    assert (found.nearest == -1).all()
    assert found.accuracy == 0


def test_a_class_without_photos_has_no_figure() -> None:
    vectors, truth = clouds((20, 20))

    found = leave_one_out(vectors, truth, 3)

    assert np.isnan(found.per_class[2])
    assert found.per_class[:2] == pytest.approx(1.0)


@given(st.integers(0, 50), st.integers(5, 30))
@settings(max_examples=20, deadline=None)
def test_neighbours_are_those_of_the_largest_cosine(seed: int, n: int) -> None:
    vectors = np.random.default_rng(seed).normal(size=(n, 6)).astype(np.float32)
    truth = np.arange(n) % 2

    found = leave_one_out(vectors, truth, 2, k=3)

    rows = StandardScaler().fit_transform(vectors.astype(np.float64))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    cosines = rows @ rows.T
    np.fill_diagonal(cosines, -2)
    best = np.sort(cosines, axis=1)[:, ::-1][:, :3]
    assert np.take_along_axis(cosines, found.nearest, 1) == pytest.approx(best, abs=1e-4)
