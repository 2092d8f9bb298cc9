from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxolens.inference.decoders.candidates import Candidates
from taxolens.inference.suppression import suppress


@st.composite
def crowds(draw: st.DrawFn) -> Candidates:
    """Boxes that overlap often, some without area, some with equal scores."""
    count, classes = draw(st.integers(0, 40)), draw(st.integers(1, 4))
    random = np.random.default_rng(draw(st.integers(0, 10**6)))
    near = random.random((count, 2)).round(1)
    sides = random.choice([0.0, 0.1, 0.3, 0.5], (count, 2))
    scores = random.random((count, classes)).round(draw(st.sampled_from([1, 6])))
    return Candidates(
        np.concatenate([near, near + sides], axis=1).astype(np.float32), scores.astype(np.float32)
    )


def naive(candidates: Candidates, overlap: float) -> list[int]:
    """The rule, box by box."""
    labels = candidates.scores.argmax(axis=1) if len(candidates) else []
    order = sorted(range(len(candidates)), key=lambda one: -candidates.confidences[one])
    kept: list[int] = []
    for one in order:
        if all(
            labels[one] != labels[other]
            or shared(candidates.corners[one], candidates.corners[other]) <= overlap
            for other in kept
        ):
            kept.append(one)
    return kept


def shared(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection over union."""
    left, top, right, bottom = map(float, (*np.maximum(a[:2], b[:2]), *np.minimum(a[2:], b[2:])))
    both = max(right - left, 0.0) * max(bottom - top, 0.0)
    areas = [(float(c[2]) - float(c[0])) * (float(c[3]) - float(c[1])) for c in (a, b)]
    return both / (sum(areas) - both) if both else 0.0


@given(crowd=crowds(), overlap=st.floats(0, 1))
def test_the_same_boxes_are_kept_as_by_the_plain_rule(crowd: Candidates, overlap: float) -> None:
    assert suppress(crowd, overlap).tolist() == naive(crowd, overlap)


@given(crowd=crowds(), overlap=st.sampled_from([0.33, 0.45, 0.7]))
def test_opencv_keeps_the_same_boxes_of_each_class(crowd: Candidates, overlap: float) -> None:
    cv2 = pytest.importorskip("cv2")
    corners = crowd.corners.astype(np.float64)
    # It adds a small margin to boxes without area; equal scores have no order there.
    solid = ((corners[:, 2:] - corners[:, :2]) > 0).all(axis=1)
    confidences = crowd.confidences
    alone = np.array([np.sum(confidences == one) == 1 for one in confidences], bool)
    rows = np.flatnonzero(solid & alone & (confidences > 0))
    mine = Candidates(crowd.corners[rows], crowd.scores[rows])
    kept = set(suppress(mine, overlap).tolist())
    labels = mine.scores.argmax(axis=1) if len(rows) else np.zeros(0)
    theirs: set[int] = set()
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        sides = [(*c[:2], *(c[2:] - c[:2])) for c in corners[rows][own]]
        found = cv2.dnn.NMSBoxes(sides, mine.confidences[own].tolist(), 0.0, overlap)
        theirs |= {int(own[one]) for one in found}
    assert kept == theirs


@given(crowd=crowds(), least=st.floats(0, 1))
def test_what_is_kept_above_a_score_does_not_depend_on_what_lies_below(
    crowd: Candidates, least: float
) -> None:
    kept = [one for one in suppress(crowd, 0.45) if crowd.confidences[one] >= least]
    sure = np.flatnonzero(crowd.confidences >= least)
    alone = suppress(Candidates(crowd.corners[sure], crowd.scores[sure]), 0.45)
    assert sure[alone].tolist() == kept


def test_a_network_that_thins_itself_is_left_alone_but_for_order_and_number() -> None:
    corners = np.tile(np.array([[0, 0, 1, 1]], np.float32), (5, 1))
    crowd = Candidates(corners, np.array([[0.1], [0.5], [0.3], [0.9], [0.2]], np.float32))
    assert suppress(crowd, None).tolist() == [3, 1, 2, 4, 0]
    assert suppress(crowd, None, most=2).tolist() == [3, 1]
    assert suppress(crowd, 0.5).tolist() == [3]
