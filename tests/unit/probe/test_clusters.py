from __future__ import annotations

import numpy as np

from taxolens.probe.clusters import k_means
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
