"""The gate of faster models: what passes it, and that its bound holds in the long run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxolens.core.errors import UsageError
from taxolens.evaluation.answers import Answers
from taxolens.evaluation.gate import (
    GateRule,
    Verdict,
    judge_candidate,
    loss_bound,
    photos_needed,
)
from taxolens.evaluation.paired import Outcomes


def differing(only_first: int, only_second: int, n: int) -> tuple[Answers, Answers]:
    """Two classifiers of two classes that differ on that many of n photos, and are both right on the others."""
    first, second = np.ones(n, bool), np.ones(n, bool)
    second[:only_first] = False
    first[only_first : only_first + only_second] = False
    names = tuple(f"{number}.jpg" for number in range(n))

    def answers(right: np.ndarray) -> Answers:
        sure = np.where(right, 0.9, 0.1)
        return Answers(
            labels=("a", "b"),
            names=names,
            truth=np.zeros(n, int),
            probabilities=np.stack([sure, 1 - sure], axis=1),
            groups=None,
        )

    return answers(first), answers(second)


@pytest.mark.parametrize(
    ("only_first", "only_second", "n", "faster", "verdict"),
    [
        (0, 0, 400, 2.0, Verdict.KEPT),
        (0, 0, 200, 2.0, Verdict.NOT_PROVEN),
        (5, 0, 1000, 2.0, Verdict.NOT_PROVEN),
        (6, 0, 1000, 2.0, Verdict.LOSES),
        (9, 7, 2000, 2.0, Verdict.KEPT),
        (0, 0, 400, 1.19, Verdict.NOT_FASTER),
        (0, 30, 1000, 1.2, Verdict.KEPT),
    ],
)
def test_a_candidate_is_kept_only_where_it_pays(
    only_first: int, only_second: int, n: int, faster: float, verdict: Verdict
) -> None:
    judged = judge_candidate(*differing(only_first, only_second, n), faster=faster)
    assert judged.verdict is verdict
    assert judged.lost == pytest.approx((only_first - only_second) / n)
    assert (judged.needed is not None) == (verdict is Verdict.NOT_PROVEN)


def grouped(pair: tuple[Answers, Answers], groups: np.ndarray) -> tuple[Answers, Answers]:
    first, second = (replace(one, groups=groups) for one in pair)
    return first, second


def test_photos_that_are_lost_together_prove_less() -> None:
    pair, n = differing(4, 0, 1200), 1200
    alone = judge_candidate(*pair, faster=2.0)
    spread = judge_candidate(*grouped(pair, np.arange(n) % 60), faster=2.0)
    together = judge_candidate(*grouped(pair, np.arange(n) // 20), faster=2.0)
    assert alone.verdict is Verdict.KEPT
    assert spread.lost_at_most == pytest.approx(alone.lost_at_most)
    assert together.lost_at_most > alone.lost_at_most
    few = judge_candidate(*grouped(pair, np.arange(n) // 300), faster=2.0)
    assert few.verdict is Verdict.NOT_PROVEN, "one site of four lost all of it"
    assert few.needed is not None and few.needed > n


def test_photos_that_all_hang_together_prove_nothing() -> None:
    pair = differing(0, 0, 400)
    assert judge_candidate(*grouped(pair, np.zeros(400, int)), faster=2.0).verdict is Verdict.NOT_PROVEN


def test_a_bound_over_groups_fails_about_one_time_in_twenty() -> None:
    rng, sites, each, failed = np.random.default_rng(3), 40, 15, 0
    for _ in range(150):
        hard = rng.beta(1, 24, sites)  # 4 % of the photos on average, in some sites many
        lost = rng.random((sites, each)) < hard[:, None]
        found = int(lost.sum())
        pair = differing(found, 0, sites * each)
        # `differing` loses the first photos; their sites are put in that order.
        order = np.argsort(~lost.ravel(), kind="stable")
        groups = np.repeat(np.arange(sites), each)[order]
        failed += judge_candidate(*grouped(pair, groups), faster=2.0).lost_at_most < 0.04
    assert failed / 150 < 0.11


def test_without_a_photo_that_differs_the_bound_is_the_rule_of_three() -> None:
    assert loss_bound(Outcomes(300, 0, 0, 0)) == pytest.approx(1 - 0.05 ** (1 / 300), abs=1e-6)


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 400))
def test_the_bound_lies_above_what_was_seen_and_falls_with_more_photos(b: int, c: int, same: int) -> None:
    few, many = Outcomes(same, b, c, 20), Outcomes(3 * same, 3 * b, 3 * c, 60)
    assert (b - c) / few.n <= loss_bound(few) <= 1
    assert loss_bound(many) <= loss_bound(few) + 1e-6


@given(st.integers(0, 20), st.integers(0, 20))
def test_a_photo_more_lost_never_lowers_the_bound(b: int, c: int) -> None:
    assert loss_bound(Outcomes(200 - 1, b + 1, c, 0)) >= loss_bound(Outcomes(200, b, c, 0)) - 1e-9


@pytest.mark.parametrize(("first", "second"), [(0.01, 0.01), (0.03, 0.01), (0.005, 0.0)])
def test_the_bound_fails_about_one_time_in_twenty(first: float, second: float) -> None:
    rng, n = np.random.default_rng(5), 600
    drawn = rng.multinomial(n, (first, second, 1 - first - second), 2000)
    kinds, times = np.unique(drawn, axis=0, return_counts=True)
    below = [loss_bound(Outcomes(int(same), int(b), int(c), 0)) < first - second for b, c, same in kinds]
    assert np.dot(below, times) / times.sum() < 0.065


def test_the_photos_needed_would_do() -> None:
    seen = Outcomes(295, 3, 2, 0)
    needed = photos_needed(seen, 0.01)
    assert needed is not None and needed > seen.n
    scale = needed / seen.n
    then = Outcomes(round(295 * scale), round(3 * scale), round(2 * scale), 0)
    assert loss_bound(then) == pytest.approx(0.01, abs=0.0015)
    assert photos_needed(Outcomes(90, 10, 0, 0), 0.01) is None


def test_a_rule_that_cannot_be_meant_is_refused() -> None:
    with pytest.raises(UsageError):
        GateRule(most_lost=0.02, most_possible=0.01)
