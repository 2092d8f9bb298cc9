from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxolens.evaluation.answers import Answers
from taxolens.evaluation.paired import mcnemar_p
from taxolens.evaluation.rivals import Contender, Finding, choose, pareto_front, rivalries

contenders = st.lists(
    st.builds(Contender, st.sampled_from([0.5, 0.8, 0.9, 0.95]), st.floats(1, 500)), min_size=1, max_size=8
)


def right_on(count: int, n: int = 200, groups: np.ndarray | None = None) -> Answers:
    """Right on the first so many of photos of one class of two."""
    probabilities = np.full((n, 2), 0.1)
    probabilities[np.arange(n), (np.arange(n) >= count).astype(int)] = 0.9
    names = tuple(map(str, range(n)))
    return Answers(("a", "b"), names, np.zeros(n, dtype=np.int64), probabilities, groups)


def test_each_model_is_compared_with_the_one_that_was_named() -> None:
    found = rivalries([right_on(150), right_on(190), right_on(152), right_on(100)], against=2)
    assert [(one.first, one.second) for one in found] == [(2, 0), (2, 1), (2, 3)]
    assert [one.finding for one in found] == [Finding.NO_DIFFERENCE, Finding.BETTER, Finding.WORSE]


def test_several_comparisons_make_each_of_them_less_sure() -> None:
    # Six photos more, none less: 2 (1/2)^6 = 0.031 alone, twice that of two.
    one = rivalries([right_on(150), right_on(156)], 0)
    two = rivalries([right_on(150), right_on(156), right_on(156)], 0)
    assert one[0].p == pytest.approx(mcnemar_p(0, 6)) == pytest.approx(2 / 64)
    assert one[0].finding is Finding.BETTER
    assert [each.p for each in two] == pytest.approx([4 / 64] * 2)
    assert two[0].finding is Finding.NO_DIFFERENCE


def test_a_difference_that_rests_on_one_event_is_not_shown() -> None:
    events = np.repeat(np.arange(10), 20)
    alone = rivalries([right_on(150), right_on(180)], 0)
    together = rivalries([right_on(150, groups=events), right_on(180, groups=events)], 0)
    assert alone[0].finding is Finding.BETTER
    assert together[0].finding is Finding.NO_DIFFERENCE


@given(contenders)
def test_every_model_is_on_the_front_or_beaten_by_one_that_is_as_good_in_both(
    models: list[Contender],
) -> None:
    front = pareto_front(models)
    assert front
    best = max(one.accuracy for one in models)
    assert any(models[place].accuracy == best for place in front)
    for place, one in enumerate(models):
        at_least = [
            other for other in models if other.accuracy >= one.accuracy and other.speed > one.speed * 0.95
        ]
        if place not in front:
            assert any(other != one for other in at_least)


def test_nothing_on_the_front_is_clearly_slower_and_no_more_accurate() -> None:
    models = [
        Contender(0.9, 10),
        Contender(0.95, 5),
        Contender(0.85, 9),
        Contender(0.9, 8),
        Contender(0.5, 100),
    ]
    assert pareto_front(models) == (0, 1, 4)
    # As fast as the clock can tell.
    assert pareto_front([Contender(0.9, 100), Contender(0.95, 97)]) == (1,)


def test_the_faster_of_two_that_do_equally_well_is_chosen_for_speed() -> None:
    answers = [right_on(180), right_on(178), right_on(60)]
    models = [Contender(0.9, 10), Contender(0.89, 40), Contender(0.3, 100)]
    found = choose(models, answers)
    assert (found.accuracy, found.speed, found.fastest, found.front) == (0, 1, 2, (0, 1, 2))
    assert {one.second: one.finding for one in found.against_best} == {
        1: Finding.NO_DIFFERENCE,
        2: Finding.WORSE,
    }


def test_of_models_as_fast_as_each_other_the_more_accurate_is_chosen_for_speed() -> None:
    models = [Contender(0.89, 100), Contender(0.9, 99)]
    found = choose(models, [right_on(178), right_on(180)])
    assert (found.accuracy, found.speed) == (1, 1)
