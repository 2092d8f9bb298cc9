from __future__ import annotations

import numpy as np
import pytest

from taxolens.probe.suspects import find_suspects
from tests.unit.probe.planted import clouds, shuffled, swapped

LABELS = ("ash", "beech", "cedar")


@pytest.mark.parametrize("seed", range(3))
def test_swapped_labels_stand_first_with_what_they_were(seed: int) -> None:
    vectors, truth = clouds((100, 100, 100), noise=1.5, seed=seed)
    wrong, rows = swapped(truth, 15, seed)

    found = find_suspects(vectors, wrong, LABELS)

    first = [place for place, row in enumerate(found.rows[:30].tolist()) if row in rows]
    assert len(first) >= 14
    assert (found.given == wrong[found.rows]).all()
    assert (found.suggested[first] == truth[found.rows[first]]).mean() > 0.9
    assert (found.suggested != found.given).all()


def test_right_labels_are_hardly_called_wrong() -> None:
    vectors, truth = clouds((100, 100, 100), noise=1.0)

    assert find_suspects(vectors, truth, LABELS).likely <= 1


def test_nothing_is_suspected_where_nothing_was_learnt() -> None:
    vectors, truth = clouds()

    found = find_suspects(vectors, shuffled(truth), LABELS)

    assert len(found.rows) == 0
    assert found.likely == 0


def test_the_surest_come_first() -> None:
    vectors, truth = clouds((100, 100, 100), noise=2.0)
    wrong, _ = swapped(truth, 30)

    found = find_suspects(vectors, wrong, LABELS)

    assert (np.diff(found.of_given[: found.likely]) >= 0).all()
    assert (found.of_given[: found.likely] < 0.05).all()
    assert found.margin == pytest.approx(found.of_suggested - found.of_given)
