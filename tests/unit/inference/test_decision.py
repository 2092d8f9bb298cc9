from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from taxolens.core.errors import UsageError
from taxolens.core.records import UNSURE, Failure, Score, Status
from taxolens.core.taxonomy import Role, Taxon
from taxolens.inference.decision import DecisionRule, blanks_of, decide, failed

LABELS = ("fox", "hare", "empty")
BLANKS = frozenset({"empty"})


def scores(*values: float) -> np.ndarray:
    return np.asarray(values, dtype=np.float32)


@pytest.mark.parametrize(
    ("values", "threshold", "label", "status"),
    [
        ((0.9, 0.05, 0.05), None, "fox", Status.OK),
        ((0.9, 0.05, 0.05), 0.5, "fox", Status.OK),
        ((0.4, 0.35, 0.25), 0.5, "unsure", Status.OK),
        ((0.5, 0.3, 0.2), 0.5, "fox", Status.OK),
        ((0.05, 0.05, 0.9), 0.5, "empty", Status.BLANK),
        ((0.3, 0.3, 0.4), 0.5, "unsure", Status.OK),  # it may hold an animal: not set aside unseen
        ((0.3, 0.3, 0.4), None, "empty", Status.BLANK),
        ((0.4, 0.4, 0.2), None, "fox", Status.OK),
        ((0.0, 0.5, 0.5), None, "hare", Status.OK),
        ((0.4, 0.35, 0.25), 0.0, "fox", Status.OK),
    ],
)
def test_the_rules(values: tuple[float, ...], threshold: float | None, label: str, status: Status) -> None:
    said = decide("a.jpg", scores(*values), DecisionRule(LABELS, BLANKS, threshold))
    assert (said.label, said.status) == (label, status)


def test_an_unsure_answer_keeps_what_the_model_would_have_said() -> None:
    said = decide("a.jpg", scores(0.4, 0.35, 0.25), DecisionRule(LABELS, BLANKS, 0.5))
    assert said.label == "unsure"
    assert said.top1 == "fox"
    assert said.score == pytest.approx(0.4)


def test_a_failed_photo_is_no_blank_and_has_no_label() -> None:
    failure = Failure(Path("a.jpg"), "a.jpg", "empty", "The file is empty.")
    said = failed(failure)
    assert (said.status, said.label, said.top1, said.ranking, said.failure) == (
        Status.FAILED,
        "",
        "",
        (),
        failure,
    )


def test_the_ranking_is_as_long_as_asked_and_no_longer_than_the_classes() -> None:
    rule = DecisionRule(LABELS, top_k=2)
    assert decide("a", scores(0.25, 0.25, 0.5), rule).ranking == (Score("empty", 0.5), Score("fox", 0.25))
    assert len(decide("a", scores(0.25, 0.25, 0.5), DecisionRule(LABELS, top_k=9)).ranking) == 3


@pytest.mark.parametrize(
    ("quantile", "candidates"),
    [(None, ()), (0.0, ("fox",)), (0.5, ("fox",)), (0.7, ("fox", "hare")), (1.0, ("fox", "hare", "empty"))],
)
def test_candidates_are_the_classes_that_cannot_be_ruled_out(
    quantile: float | None, candidates: tuple[str, ...]
) -> None:
    assert (
        decide("a", scores(0.5, 0.3, 0.2), DecisionRule(LABELS, quantile=quantile)).candidates == candidates
    )


@given(
    values=arrays.arrays(np.float32, 6, elements=st.floats(0, 1, width=32)),
    threshold=st.none() | st.floats(0, 1),
    quantile=st.none() | st.floats(0, 1),
    top_k=st.integers(1, 8),
)
def test_whatever_the_scores(
    values: np.ndarray, threshold: float | None, quantile: float | None, top_k: int
) -> None:
    labels = tuple("abcdef")
    said = decide("x", values, DecisionRule(labels, frozenset("f"), threshold, quantile, top_k))
    assert said.score == values.max() == said.ranking[0].score
    assert [one.score for one in said.ranking] == sorted(values.tolist(), reverse=True)[:top_k]
    assert said.label in (said.top1, "unsure")
    assert (said.status is Status.BLANK) == (said.label == "f")
    if quantile is not None:
        assert said.candidates[0] == said.top1
        inside = {label for label, value in zip(labels, values, strict=True) if 1 - float(value) <= quantile}
        assert set(said.candidates) == inside | {said.top1}


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan")])
def test_a_threshold_that_is_no_score_is_refused(threshold: float) -> None:
    with pytest.raises(UsageError, match="from 0 to 1"):
        DecisionRule(LABELS, threshold=threshold)


def test_a_ranking_of_none_is_refused() -> None:
    with pytest.raises(UsageError, match="1 or more"):
        DecisionRule(LABELS, top_k=0)


def test_only_the_role_makes_a_blank() -> None:
    taxa = (Taxon("rien", role=Role.BLANK), Taxon("blank"), Taxon("people", role=Role.PERSON))
    assert blanks_of(taxa) == {"rien"}


@given(st.lists(st.floats(0, 1, width=32), min_size=3, max_size=6), st.data())
def test_what_is_left_after_an_exclusion_sums_to_one_in_the_same_order(
    scores: list[float], data: st.DataObject
) -> None:
    labels = tuple("abcdef"[: len(scores)])
    out = data.draw(st.sets(st.sampled_from(labels), min_size=1, max_size=len(labels) - 1))
    values = np.asarray(scores, dtype=np.float32)
    said = decide("x", values, DecisionRule(labels, top_k=9, excluded=frozenset(out)))
    assert {score.label for score in said.ranking} == set(labels) - out
    kept = {label: value for label, value in zip(labels, values, strict=True) if label not in out}
    total = sum(map(float, kept.values()))
    if total > 1e-5:
        assert sum(score.score for score in said.ranking) == pytest.approx(1, abs=1e-4)
        assert all(
            score.score == pytest.approx(kept[score.label] / total, abs=1e-4) for score in said.ranking
        )
    elif total < 1e-7:
        assert said.label == UNSURE
