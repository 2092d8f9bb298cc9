from __future__ import annotations

import numpy as np
import pytest

from taxolens.probe.crossing import cross_validate
from tests.unit.probe.planted import clouds, shuffled


def test_photos_are_judged_by_models_that_had_not_seen_them() -> None:
    vectors, truth = clouds(noise=3.0, d=100)

    found = cross_validate(vectors, shuffled(truth), 3)

    assert found.accuracy.interval[0] < 1 / 3  # a model that had seen them would name all
    assert found.probabilities.sum(axis=1) == pytest.approx(1.0)


def test_classes_that_lie_apart_are_learnt() -> None:
    vectors, truth = clouds(noise=0.5)

    found = cross_validate(vectors, truth, 3)

    assert found.accuracy.value == 1.0
    assert found.judged.all()


def test_a_class_of_one_group_is_learnt_but_not_judged() -> None:
    vectors, truth = clouds((20, 20, 4))
    groups = np.where(truth == 2, 1000, np.arange(44))

    found = cross_validate(vectors, truth, 3, groups=groups)

    assert found.judged.tolist() == (truth != 2).tolist()
    assert np.isnan(found.probabilities[truth == 2]).all()
    assert (found.predicted[truth == 2] == -1).all()


def test_nothing_is_judged_where_every_class_is_one_group() -> None:
    vectors, truth = clouds((5, 5))

    found = cross_validate(vectors, truth, 2, groups=truth)

    assert not found.judged.any()
    assert found.accuracy.interval == (0.0, 1.0)


def test_groups_do_not_help_to_name_each_other() -> None:
    places = np.random.default_rng(0).normal(size=(60, 30)).astype(np.float32)
    vectors, truth = np.repeat(places, 4, axis=0), np.repeat(np.random.default_rng(1).integers(0, 2, 60), 4)
    groups = np.repeat(np.arange(60), 4)

    apart = cross_validate(vectors, truth, 2, groups=groups)
    mixed = cross_validate(vectors, truth, 2)

    assert apart.accuracy.interval[0] < 0.55
    assert mixed.accuracy.value > apart.accuracy.value
    assert np.diff(apart.accuracy.interval) > np.diff(mixed.accuracy.interval)


def test_a_class_that_lies_in_one_fold_with_what_it_belongs_to_is_not_judged() -> None:
    vectors, truth = clouds((40, 40, 2))
    groups = np.arange(82)
    groups[[0, 1, 2, 80, 81]] = 0  # two rare photos in an event of a common class

    found = cross_validate(vectors, truth, 3, groups=groups)

    assert found.judged.tolist() == (truth != 2).tolist()
    assert np.isnan(found.probabilities[80:]).all()
    assert found.accuracy.value == 1.0
