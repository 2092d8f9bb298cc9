from __future__ import annotations

import numpy as np

from taxolens.probe.clusters import group_alike, k_means
from tests.unit.probe.planted import clouds, shuffled


def test_clusters_of_classes_that_lie_apart_bear_their_numbers() -> None:
    vectors, truth = clouds((50, 30, 70), noise=0.5)

    found = k_means(vectors, truth, 3)

    assert (found.assigned == truth).all()
    assert found.confusion.tolist() == np.diag([50, 30, 70]).tolist()
    assert found.adjusted_rand == 1.0
    assert found.purity == 1.0


def test_clusters_say_nothing_of_labels_dealt_by_lot() -> None:
    vectors, truth = clouds(noise=0.5)

    assert abs(k_means(vectors, shuffled(truth), 3).adjusted_rand) < 0.1


def test_fewer_photos_than_classes_are_clustered_all_the_same() -> None:
    vectors, _ = clouds((2, 2))

    found = k_means(vectors, np.array([0, 1, 2, 3]), 6)

    assert found.confusion.sum() == 4


def test_groups_without_names_come_largest_first_and_begin_in_their_middle() -> None:
    vectors, truth = clouds((20, 70, 40), noise=0.5)

    found = group_alike(vectors, 3)

    assert [len(one) for one in found.members] == [70, 40, 20]
    assert [set(truth[one]) for one in found.members] == [{1}, {2}, {0}]
    for number, members in enumerate(found.members):
        assert (found.assigned[members] == number).all()


def test_photos_that_are_all_the_same_form_one_group() -> None:
    found = group_alike(np.ones((12, 8), dtype=np.float32), 3)

    assert [len(one) for one in found.members] == [12] and not found.assigned.any()
