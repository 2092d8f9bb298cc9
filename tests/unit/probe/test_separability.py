from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from taxolens.probe.crossing import cross_validate
from taxolens.probe.separability import separability
from tests.unit.probe.planted import clouds


def test_areas_are_those_of_scikit_learn_and_missing_where_photos_are_too_few() -> None:
    vectors, truth = clouds((60, 60, 60, 3), noise=4.0)
    crossed = cross_validate(vectors, truth, 4)

    found = separability(crossed, truth)

    judged = [roc_auc_score(truth == one, crossed.probabilities[:, one]) for one in range(3)]
    assert found[:3] == pytest.approx(judged)
    assert np.isnan(found[3])
